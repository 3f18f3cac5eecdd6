// The two models that come with the program: what they hold, and that it is consistent with itself.
import assert from 'node:assert/strict';
import { builtinModel, loadModel } from '../../shared/model/datamodel.ts';
import { isObject, type Model, type ParameterDef, xsdType } from '../../shared/model/definitions.ts';
import { checkValue } from '../../shared/model/values.ts';
import { convertValue, initialValue } from '../support/model-values.ts';

const document = (model: string, types = ''): string =>
  `<dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4" xmlns:x="urn:tandem:datamodel-extension">${types}
   ${model}</dm:document>`;

const sole = async (syntax: string, types = ''): Promise<ParameterDef> => {
  const text = `<model name="Device:1.0"><object name="Device." access="readOnly">
    <parameter name="P" access="readWrite"><syntax>${syntax}</syntax></parameter></object></model>`;
  const found = (await loadModel(document(text, types))).parameters.get('Device.P');
  assert.ok(found);
  return found;
};

for (const name of ['dgw', 'device'] as const) {
  describe(`schemas/${name}.xml`, () => {
    let model: Model;
    before(async () => {
      model = await builtinModel(name);
    });

    it('gives every parameter a default that its own limits allow', () => {
      for (const def of model.parameters.values()) {
        if (def.default === undefined && !def.writable) continue;
        const value = initialValue(def);
        assert.deepEqual(checkValue(def, value, undefined, true), { ok: true, value }, def.path);
      }
    });

    it('gives first rows only columns that exist and values that they allow', () => {
      for (const table of model.objects.values()) {
        for (const row of table.rows ?? []) {
          assert.ok(table.multi, table.path);
          for (const [column, value] of Object.entries(row)) {
            const def = model.parameters.get(table.path + column);
            assert.ok(def, `${table.path}${column}`);
            assert.deepEqual(checkValue(def, value, undefined, true), { ok: true, value }, def.path);
          }
        }
      }
    });

    it('refers only to existing parents, keys, counters, tables and values', () => {
      for (const def of [...model.objects.values(), ...model.parameters.values()]) {
        const parent = def.path.replace(/[^.]+\.?(\{i\}\.)?$/, '');
        assert.ok(parent === '' || model.objects.has(parent), `parent of ${def.path}`);
        assert.deepEqual(model.resolve(def.path), { def, instances: [] });
      }
      for (const table of model.objects.values()) {
        for (const key of table.keys) assert.equal(model.parameters.get(table.path + key)?.key, true, table.path + key);
        if (table.numberOfEntries) assert.ok(model.parameters.has(table.numberOfEntries), table.numberOfEntries);
        if (table.follows) assert.ok(model.objects.get(table.follows)?.multi, table.follows);
      }
    });

    it('refers to other names of a value, which refer back but for the voice service', () => {
      for (const def of model.parameters.values()) {
        if (def.sameAs === undefined) continue;
        const other = model.parameters.get(def.sameAs);
        assert.ok(other, `${def.path} as ${def.sameAs}`);
        if (!isVoice(def)) assert.equal(other.sameAs, def.path);
      }
    });

    it('lists each object and parameter once among the children of its parent', () => {
      const seen = new Set<string>();
      const walk = (path: string): void => {
        const { objects, parameters } = model.children(path);
        for (const def of [...objects, ...parameters]) {
          assert.ok(!seen.has(def.path), def.path);
          seen.add(def.path);
          if (isObject(def)) walk(def.path);
        }
      };
      walk('');
      assert.equal(seen.size, model.objects.size + model.parameters.size);
    });

    it('keeps names within 256 characters, whatever the instance (TR-069 A.2.2)', () => {
      for (const path of model.parameters.keys()) assert.ok(path.replaceAll('{i}', '4294967295').length <= 256, path);
    });

    it('offers the RPCs that TR-069 3.6 requires of a CPE', () => {
      const required = ['GetRPCMethods', 'SetParameterValues', 'GetParameterValues', 'GetParameterNames'];
      const more = [
        'SetParameterAttributes',
        'GetParameterAttributes',
        'AddObject',
        'DeleteObject',
        'Reboot',
        'Download',
      ];
      for (const method of [...required, ...more]) assert.ok(model.methods.includes(method), method);
    });
  });
}

const isVoice = ({ path }: ParameterDef): boolean => path.startsWith('Device.Services.');

describe('schemas/dgw.xml as the DGW', () => {
  let model: Model;
  before(async () => {
    model = await builtinModel('dgw');
  });

  it('reaches every variable by its script name, in any case', () => {
    const variables = [...model.parameters.values()].filter(def => def.script);
    assert.equal(variables.length, 2104);
    for (const def of variables) {
      const name = def.script!.replace(/=(?=[ \]])/g, '="a \\"b] 1"');
      for (const spelled of [
        name,
        name.replace(/^[^"]*/, text => text.toLowerCase()),
        name.replace(/[^\]]*$/, text => text.toUpperCase()),
      ]) {
        const found = model.variable(spelled);
        assert.equal(found?.parameter, def, spelled);
        const keys = Object.values(found.keys);
        assert.ok(
          keys.every(value => value === 'a "b] 1'),
          spelled,
        );
        assert.equal(
          keys.length,
          def.script!.includes('[') ? model.objects.get(def.path.slice(0, -def.name.length))!.keys.length : 0,
        );
      }
      assert.match(def.path, new RegExp(`^Device\\.X_0090F8_${def.service}\\.`));
    }
  });

  it('refuses script names with wrong, missing or surplus keys', () => {
    for (const name of [
      'SipEp.Gateway.SecurePort',
      'SipEp.Gateway[Nam=x].SecurePort',
      'SipEp.Gateway[Name=x Index=1].SecurePort',
      'SipEp.Gateway[Name=x name=y].SecurePort',
      'SipEp.MinSeverity[Name=x]',
      'SipEp[Name=x].MinSeverity',
      'Aaa.RadiusServers[Service=Cli].AuthenticationHost',
      'SipEp.Nothing',
      'SipEp',
      '',
    ]) {
      assert.equal(model.variable(name), undefined, name);
    }
    assert.deepEqual(model.variable('Aaa.RadiusServers[priority=1 Service=Cli].AuthenticationHost')?.keys, {
      Service: 'Cli',
      Priority: '1',
    });
  });

  it('has the documented facts of Cwmp, SipEp and Mipt', () => {
    const variable = (name: string): ParameterDef => model.variable(name)!.parameter;
    assert.deepEqual(variable('Cwmp.TransportHttpsTlsVersion').enumeration, [
      { label: 'SSLv3', code: 100 },
      { label: 'TLSv1', code: 200 },
      { label: 'TLSv1_1', code: 300 },
      { label: 'TLSv1_2', code: 400 },
    ]);
    assert.equal(variable('Cwmp.TransportHttpsTlsVersion').default, 'TLSv1');
    assert.equal(variable('Cwmp.TransportCertificateValidation').default, 'HostName');
    assert.equal(variable('Cwmp.PeriodicInformEnable').default, 'Disable');
    assert.equal(variable('Cwmp.PeriodicInformInterval').max, 31536000);
    assert.equal(variable('SipEp.InteropTlsCertificateValidation').enumeration?.at(-1)?.code, 400);
    assert.equal(variable('SipEp.TransportPersistentBasePort').default, '16000');
    assert.equal(variable('Mipt.DefaultSecurityRtpEncryption').default, 'AesCm128');
    assert.deepEqual(variable('Mipt.IpTransportSrtpBasePort').ranges, [
      { min: 0, max: 0 },
      { min: 1025, max: 65435 },
    ]);
    assert.equal(variable('SipEp.Gateway[Name=default].Delete').rowCommand, true);
    assert.equal(model.table('sipep.gateway')?.path, 'Device.X_0090F8_SipEp.Gateway.{i}.');
    assert.equal(model.table('SipEp.TransportConfig')?.follows, 'Device.X_0090F8_SipEp.Gateway.{i}.');
    assert.equal(model.services.find(each => each.name === 'Cwmp')?.id, 3900);
  });

  it('forces the parameters of Device:1 into every Inform (TR-069 A.3.3.1)', () => {
    assert.deepEqual(
      [...model.parameters.values()].filter(def => def.forcedInform).map(def => def.path),
      [
        'Device.DeviceSummary',
        'Device.DeviceInfo.HardwareVersion',
        'Device.DeviceInfo.SoftwareVersion',
        'Device.ManagementServer.ParameterKey',
        'Device.ManagementServer.ConnectionRequestURL',
        'Device.LAN.IPAddress',
      ],
    );
  });

  it('hides every password and secret, and nothing else', () => {
    const hidden = [...model.parameters.values()].filter(def => def.hidden);
    assert.ok(hidden.length >= 15);
    assert.ok(hidden.every(def => /(Password|Secret|SecretKey)$/.test(def.name)));
    assert.ok([...model.parameters.values()].every(def => def.hidden || !/(Password|SecretKey)$/.test(def.name)));
  });

  it('lets Cwmp act at once and SIP transport wait for a restart', () => {
    for (const def of model.parameters.values()) {
      if (['Cwmp', 'Conf', 'Fpu', 'Nlm'].includes(def.service ?? '')) assert.equal(def.needsRestart, false, def.path);
    }
    for (const name of [
      'TransportTlsVersion',
      'TransportConfig[GatewayName=x].TlsEnable',
      'DefaultStaticRegistrarServerHost',
    ]) {
      assert.equal(model.variable(`SipEp.${name}`)?.parameter.needsRestart, true, name);
    }
  });

  it('converts between the two forms of one value', () => {
    const pair = (path: string): [ParameterDef, ParameterDef] => {
      const def = model.parameters.get(path)!;
      return [def, model.parameters.get(def.sameAs!)!];
    };
    const [enable, cwmpEnable] = pair('Device.ManagementServer.PeriodicInformEnable');
    assert.equal(convertValue('1', enable, cwmpEnable), 'Enable');
    assert.equal(convertValue('Disable', cwmpEnable, enable), '0');
    const [time, cwmpTime] = pair('Device.ManagementServer.PeriodicInformTime');
    assert.equal(convertValue('2026-01-01T02:00:00+02:00', time, cwmpTime), '2026-01-01T00:00:00Z');
    assert.equal(convertValue('0001-01-01T00:00:00Z', time, cwmpTime), '0001-01-01T00:00:00Z');
    assert.equal(convertValue('2026-01-01T00:00:00Z', cwmpTime, time), '2026-01-01T00:00:00Z');
    const [interval, cwmpInterval] = pair('Device.ManagementServer.PeriodicInformInterval');
    assert.equal(convertValue('4000000000', interval, cwmpInterval), undefined);
    for (const def of model.parameters.values()) {
      if (!def.sameAs || isVoice(def)) continue;
      const other = model.parameters.get(def.sameAs)!;
      assert.equal(convertValue(initialValue(def), def, other), initialValue(other), def.path);
    }
  });
});

describe('schemas/device.xml as a TR-181 device', () => {
  it('is of modest size, rooted in Device:2, and offers every transfer RPC', async () => {
    const model = await builtinModel('device');
    assert.equal(`${model.name}:${model.version}`, 'Device:2.9');
    assert.ok(model.parameters.size >= 250 && model.parameters.size <= 400);
    for (const method of ['ScheduleDownload', 'CancelTransfer', 'GetQueuedTransfers', 'GetAllQueuedTransfers']) {
      assert.ok(model.methods.includes(method), method);
    }
    assert.deepEqual(
      [...model.parameters.values()].filter(def => def.forcedInform).map(def => def.path.slice('Device.'.length)),
      [
        'RootDataModelVersion',
        'ManagementServer.ParameterKey',
        'ManagementServer.ConnectionRequestURL',
        'ManagementServer.AliasBasedAddressing',
        'DeviceInfo.HardwareVersion',
        'DeviceInfo.SoftwareVersion',
        'DeviceInfo.ProvisioningCode',
      ].sort((a, b) => order(model, a) - order(model, b)),
    );
  });
});

const order = (model: Model, name: string): number => [...model.parameters.keys()].indexOf(`Device.${name}`);

describe('loadModel', () => {
  it('resolves named types, their bases and their facets', async () => {
    const types = `<dataType name="Short"><string><size maxLength="4"/></string></dataType>
      <dataType name="Letter" base="Short"><pattern value="[a-c]+"/></dataType>
      <dataType name="Word" base="Mode"><enumeration value="b" code="2"/></dataType>
      <dataType name="Mode"><string><enumeration value="a" code="1"/></string></dataType>`;
    const letter = await sole('<dataType ref="Letter"/>', types);
    assert.equal(letter.maxLength, 4);
    assert.equal(checkValue(letter, 'abc').ok, true);
    assert.equal(checkValue(letter, 'abd').ok, false);
    assert.equal(checkValue(letter, 'aaaaa').ok, false);
    const word = await sole('<dataType ref="Word"/>', types);
    assert.deepEqual(word.enumeration, [
      { label: 'a', code: 1 },
      { label: 'b', code: 2 },
    ]);
    const shorter = await sole('<dataType base="Short"><size maxLength="2"/></dataType>', types);
    assert.equal(shorter.maxLength, 2);
  });

  it('reads lists, ranges and defaults', async () => {
    const def = await sole(
      '<list maxItems="3"><size maxLength="9"/></list><int><range minInclusive="-1" maxInclusive="-1"/><range minInclusive="5"/></int><default type="factory" value="7,-1"/>',
    );
    assert.equal(def.list, true);
    assert.deepEqual(checkValue(def, ' 7 , -1'), { ok: true, value: '7,-1' });
    assert.equal(checkValue(def, '0').ok, false);
    assert.equal(checkValue(def, '5,6,7,8').ok, false);
    assert.equal(checkValue(def, '5555,6666').ok, true);
    assert.equal(checkValue(def, '5555,66666').ok, false);
    assert.equal(def.min, -1);
    assert.equal(def.max, undefined);
    const wide = await sole(
      '<unsignedLong><range minInclusive="0" maxInclusive="18446744073709551615"/></unsignedLong>',
    );
    assert.equal(wide.max, 18446744073709551615n);
  });

  it('includes components and the model that another one extends', async () => {
    const text = `<component name="Stats"><parameter name="Count" access="readOnly"><syntax><unsignedInt/></syntax></parameter></component>
      <model name="Device:1.0"><object name="Device." access="readOnly"><parameter name="A" access="readWrite"><syntax><string/></syntax></parameter></object></model>
      <model name="Device:1.1" base="Device:1.0"><object base="Device." access="readOnly"><component ref="Stats"/></object></model>`;
    const model = await loadModel(document(text));
    assert.deepEqual([...model.parameters.keys()], ['Device.A', 'Device.Count']);
    assert.equal(model.version, '1.1');
    assert.deepEqual([...(await loadModel(document(text), { model: 'Device:1.0' })).parameters.keys()], ['Device.A']);
  });

  it('reports the error of a broken document', async () => {
    const parameter = (type: string): string =>
      `<model name="Device:1.0"><object name="Device." access="readOnly"><parameter name="P" access="readOnly"><syntax>${type}</syntax></parameter></object></model>`;
    const cases: [string, RegExp][] = [
      ['', /root element/],
      ['<a/>', /root element/],
      ['<dm:document>', /Unclosed|root/],
      ['not xml', /Non-whitespace|root/],
      [document(''), /holds no model/],
      [document('<model name="Device:1.0"/>'), /no parameter/],
      [document('<model name="Device:1.1" base="Device:1.0"/>'), /extends Device:1.0/],
      [document('<model name="Device:1.0" base="Device:1.0"/>'), /extends Device:1.0/],
      [document('<model name="Device:1.0"><component ref="X"/></model>'), /component X/],
      [
        document(
          '<component name="X"><component ref="X"/></component><model name="Device:1.0"><component ref="X"/></model>',
        ),
        /too deeply/,
      ],
      [document(parameter('<dataType ref="X"/>')), /data type X/],
      [
        document(parameter('<string/>'), '<dataType name="A" base="B"/><dataType name="B" base="A"/>'),
        /derives from itself/,
      ],
      [document(parameter('<int><range minInclusive="x"/></int>')), /not an integer/],
      [document('<model name="Device:1.0"><object name="Device" access="readOnly"/></model>'), /end with a dot/],
      [`<!DOCTYPE d [<!ENTITY a "b">]>${document(parameter('&a;'))}`, /entity/],
    ];
    for (const [text, message] of cases) {
      await assert.rejects(loadModel(text), (error: Error & { status?: number }) => {
        assert.match(error.message, message, text);
        return error.status === 400;
      });
    }
  });

  it('names the type of a value as in messages', () => {
    assert.equal(xsdType({ type: 'unsignedInt' }), 'xsd:unsignedInt');
    assert.equal(xsdType({ type: 'base64' }), 'xsd:base64Binary');
    assert.equal(xsdType({ type: 'unsignedInt', list: true }), 'xsd:string');
  });
});

// Quirks of single devices: the marks of each, and the calls that change for it.
import assert from 'node:assert/strict';
import type { Cpe } from '../../../../acs/fleet/common/ports.ts';
import { type Quirks, quirkRules, quirksOf } from '../../../../acs/fleet/common/quirks.ts';
import { adapted } from '../../../../acs/fleet/session/adapted-cpe.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import type { CpeMethod } from '../../../../shared/cwmp/methods.ts';
import { type Body, decodeEnvelope, encodeEnvelope, requestBody } from '../../../../shared/cwmp/soap.ts';
import { testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';

const subject = {
  oui: '0090F8',
  manufacturer: 'Media5',
  productClass: '4102S',
  softwareVersion: '49.1.2884',
  root: 'Device.',
};

/** Records the calls that reach the CPE. */
function noting(answer: (method: string, args: object) => object = () => ({})): {
  cpe: Cpe;
  heard: [string, object][];
} {
  const heard: [string, object][] = [];
  const cpe: Cpe = {
    call: async (method: CpeMethod, args: object) => {
      heard.push([method, args]);
      return answer(method, args) as never;
    },
  };
  return { cpe, heard };
}

describe('the table of quirks', () => {
  it('names a reason and a mark by which devices are recognised', () => {
    for (const { reason, quirks, ...by } of quirkRules) {
      assert.ok(reason.length > 20 && Object.keys(quirks).length > 0);
      assert.ok(Object.keys(by).length > 0, reason);
    }
  });

  it('applies a rule when all its marks fit, and lets later rules win', () => {
    assert.deepEqual(quirksOf(subject), { model: 'dgw' });
    assert.deepEqual(quirksOf({ ...subject, oui: '0090f8' }), { model: 'dgw' });
    // A DGW has the root that it is set to.
    assert.deepEqual(quirksOf({ ...subject, root: 'InternetGatewayDevice.' }), { model: 'dgw' });
    assert.deepEqual(quirksOf({ ...subject, oui: '001122' }), {});
    assert.deepEqual(quirksOf({ ...subject, oui: '001122', manufacturer: 'SAGEMCOM', productClass: 'FAST2764' }), {
      namesRoot: true,
    });
    const rules = [
      { reason: 'a', softwareVersion: /^49\./, quirks: { namesAtOnce: 5, booleans: 'words' as const } },
      { reason: 'b', productClass: /^4102/, quirks: { namesAtOnce: 2 } },
    ];
    assert.deepEqual(quirksOf(subject, rules), { namesAtOnce: 2, booleans: 'words' });
    assert.deepEqual(quirksOf({ ...subject, softwareVersion: '50' }, rules), { namesAtOnce: 2 });
  });

  const heardWith = async (quirks: Quirks, method: CpeMethod, args: object): Promise<object | undefined> => {
    const { cpe, heard } = noting();
    await adapted(cpe, quirks, 'Device.').call(method, args as never);
    return heard[0]?.[1];
  };

  it('leaves calls unchanged for a device without quirks', async () => {
    const args = { ParameterList: [{ Name: 'Device.A', Value: '1', Type: 'xsd:boolean' }], ParameterKey: 'k' };
    assert.equal(await heardWith({}, 'SetParameterValues', args), args);
  });

  it('replaces an empty path by the root for namesRoot', async () => {
    const root = { ParameterPath: 'Device.', NextLevel: true };
    assert.deepEqual(await heardWith({ namesRoot: true }, 'GetParameterNames', { ...root, ParameterPath: '' }), root);
    const other = { ParameterPath: 'Device.X.', NextLevel: true };
    assert.deepEqual(await heardWith({ namesRoot: true }, 'GetParameterNames', other), other);
  });

  it('writes Booleans as words in values and arguments for booleans', () => {
    const of = (body: Body): string => encodeEnvelope({ namespace: '1-0', words: true, body });
    const list = [
      ['1', 'xsd:boolean'],
      ['false', 'xsd:boolean'],
      ['1', 'xsd:string'],
      [' xsi:type="xsd:boolean">1<', 'xsd:string'],
    ].map(([Value = '', Type = ''], at) => ({ Name: `Device.P${at}`, Value, Type }));
    const xml = of(requestBody('SetParameterValues', { ParameterList: list, ParameterKey: '' }) as Body);
    assert.match(xml, /P0<\/Name><Value xsi:type="xsd:boolean">true<.*P1<\/Name><Value xsi:type="xsd:boolean">false</);
    assert.match(xml, /P2<\/Name><Value xsi:type="xsd:string">1</);
    const decoded = decodeEnvelope(xml).body;
    assert.ok(decoded.kind === 'request' && decoded.method === 'SetParameterValues');
    assert.equal(
      (decoded.args as unknown as { ParameterList: { Value: string }[] }).ParameterList[3]?.Value,
      list[3]?.Value,
    );
    const names = of(requestBody('GetParameterNames', { ParameterPath: '', NextLevel: true }) as Body);
    assert.match(names, /<NextLevel>true<\/NextLevel>/);
  });

  it('adds milliseconds to times alone for dateTimes', async () => {
    const list = [
      ['1', 'xsd:boolean', '1'],
      ['2026-02-03T04:05:06Z', 'xsd:dateTime', '2026-02-03T04:05:06.000Z'],
      ['2026-02-03T04:05:06.5+01:00', 'xsd:dateTime', '2026-02-03T04:05:06.5+01:00'],
      ['2026-02-03T04:05:06', 'xsd:string', '2026-02-03T04:05:06'],
    ].map(([Value = '', Type = '', after = ''], at) => ({ Name: `Device.P${at}`, Value, Type, after }));
    const heard = await heardWith({ dateTimes: 'milliseconds' }, 'SetParameterValues', {
      ParameterList: list.map(({ Name, Value, Type }) => ({ Name, Value, Type })),
      ParameterKey: 'k',
    });
    assert.deepEqual(heard, {
      ParameterList: list.map(({ Name, Type, after }) => ({ Name, Value: after, Type })),
      ParameterKey: 'k',
    });
  });

  it('splits reads into parts for namesAtOnce, and fails with the fault of any part', async () => {
    const { cpe, heard } = noting((_method, args) => ({
      ParameterList: (args as { ParameterNames: string[] }).ParameterNames.map(Name => ({ Name, Value: '', Type: '' })),
    }));
    const names = ['a', 'b', 'c', 'd', 'e'];
    const answer = await adapted(cpe, { namesAtOnce: 2 }, 'Device.').call('GetParameterValues', {
      ParameterNames: names,
    });
    assert.deepEqual(
      answer.ParameterList.map(({ Name }) => Name),
      names,
    );
    assert.deepEqual(
      heard.map(([, args]) => (args as { ParameterNames: string[] }).ParameterNames.length),
      [2, 2, 1],
    );
    const { cpe: refusing } = noting(() => {
      throw new CwmpFault(9005);
    });
    const call = adapted(refusing, { namesAtOnce: 2 }, 'Device.').call('GetParameterValues', { ParameterNames: names });
    await assert.rejects(call, (error: unknown) => error instanceof CwmpFault && error.code === 9005);
  });

  it('changes the header, namespace and values of a session', async () => {
    const acs = await testAcs({
      enrol: 'auto',
      cpeAuth: 'none',
      quirks: [
        { reason: 't', productClass: /^4102S$/, quirks: { useVersion: false, namespace: '1-0', booleans: 'words' } },
      ],
    });
    try {
      const cpe = new ScriptedCpe(acs.app);
      const inform = { ...cpe.inform(), supportedVersions: ['1.0', '1.4'] };
      const first = await cpe.post(inform);
      assert.equal(first.envelope?.namespace, '1-0');
      assert.equal(first.envelope?.useVersion, undefined);
      await cpe.post(undefined);
      await acs.fleet.tasks.add('0090F8-4102S-0090F8000001', {
        method: 'SetParameterValues',
        args: { ParameterList: [{ Name: 'Device.X.Enable', Value: true, Type: 'xsd:boolean' }] },
      });
      const memory = memoryCpe({});
      await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(memory.answer);
      assert.equal(memory.values.get('Device.X.Enable'), 'true');
    } finally {
      await acs.close();
    }
  });
});

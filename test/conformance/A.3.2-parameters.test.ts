// TR-069 A.3.2.1 to A.3.2.3 over the wire: values and names, one RPC at a time.
import assert from 'node:assert/strict';
import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import type { UnitOptions } from '../support/cpe/unit.ts';
import { type RpcUnit, rpcUnit } from '../support/cpe/unit-rpc.ts';

const P = 'Device.ManagementServer.';
const EVENTS = 'Device.X_0090F8_Nlm.Events.';
const typed = (Name: string, Value: string, Type: string): ParameterValue => ({ Name, Value, Type });
const names = (list: readonly { Name: string }[] | undefined): string[] => (list ?? []).map(({ Name }) => Name);

describe('A.3.2 Parameters over the wire', () => {
  let on: RpcUnit;
  const start = async (options: UnitOptions = {}): Promise<void> => {
    on = await rpcUnit(options);
  };
  afterEach(async () => await on.close());

  describe('A.3.2.1 SetParameterValues', () => {
    for (const [word, canonical] of [
      ['0', '0'],
      ['1', '1'],
      ['true', '1'],
      ['false', '0'],
      ['TRUE', '1'],
    ] as const) {
      it(`takes the boolean ${word} and reads it back as ${canonical}`, async () => {
        await start({ model: 'device' });
        const name = `${P}PeriodicInformEnable`;
        await on.set({ [name]: canonical === '1' ? '0' : '1' });
        assert.equal(await on.set([typed(name, word, 'xsd:boolean')]), 0);
        assert.equal(await on.value(name), canonical);
      });
    }

    it('names each wrong parameter once with its code, and leaves key and values unchanged', async () => {
      await start();
      await on.set({ [`${P}Username`]: 'before' }, 'first');
      const outcome = await on.set(
        [
          typed(`${P}Username`, 'after', 'xsd:string'),
          typed(`${P}Nothing`, 'x', 'xsd:string'),
          typed('Device.DeviceInfo.SoftwareVersion', 'x', 'xsd:string'),
          typed(`${P}PeriodicInformInterval`, '0', 'xsd:unsignedInt'),
          typed('Device.X_0090F8_Hoc.DomainNameConfigSource', 'Nowhere', 'xsd:string'),
          typed('Device.DeviceInfo.ProvisioningCode', 'x'.repeat(65), 'xsd:string'),
          typed(`${P}URL`, 'not a url', 'xsd:string'),
        ],
        'second',
      );
      assert.deepEqual(outcome, [
        9003,
        `${P}Nothing 9005`,
        'Device.DeviceInfo.SoftwareVersion 9008',
        `${P}PeriodicInformInterval 9007`,
        'Device.X_0090F8_Hoc.DomainNameConfigSource 9007',
        'Device.DeviceInfo.ProvisioningCode 9007',
      ]);
      assert.equal(await on.value(`${P}Username`), 'before');
      assert.equal(await on.value(`${P}ParameterKey`), 'first');
      assert.deepEqual(await on.set({ [`${P}URL`]: 'not a url' }), [9003, `${P}URL 9007`], 'what a service refuses');
    });

    it('answers a wrong xsi:type with 9006 in strict mode, and converts it otherwise', async () => {
      await start({ parameters: { 'Cwmp.InteropParameterTypeValidation': 'Strict' } });
      const name = `${P}PeriodicInformInterval`;
      assert.deepEqual(await on.set([typed(name, '60', 'xsd:string')]), [9003, `${name} 9006`]);
      assert.equal(await on.set([typed(name, '60', 'xsd:unsignedInt')]), 0);
      await on.set({ 'Device.X_0090F8_Cwmp.InteropParameterTypeValidation': 'Tolerant' });
      assert.equal(await on.set([typed(name, '61', 'xsd:string')]), 0);
      assert.equal(await on.value(name), '61');
    });

    it('knows full names only: no partial path, alias, wildcard or other case', async () => {
      await start();
      for (const name of [
        P,
        `${EVENTS}[a].Action`,
        `${EVENTS}*.Action`,
        `${P}username`,
        'device.ManagementServer.Username',
        '.ManagementServer.Username',
        `${P}Username.`,
      ])
        assert.deepEqual(await on.set({ [name]: 'x' }), [9003, `${name} 9005`]);
    });

    it('gives the same result for any order of the list', async () => {
      const [enable, interval, time] = ['PeriodicInformEnable', 'PeriodicInformInterval', 'PeriodicInformTime'];
      const items = [
        typed(`${P}${enable}`, '1', 'xsd:boolean'),
        typed(`${P}${interval}`, '77', 'xsd:unsignedInt'),
        typed(`${P}${time}`, '2026-01-01T00:00:00Z', 'xsd:dateTime'),
      ];
      for (const list of [items, [...items].reverse()]) {
        await start();
        assert.equal(await on.set(list), 0);
        assert.equal(await on.value(`${P}${interval}`), '77');
        if (list === items) await on.close();
      }
    });

    it('answers Status 1 for a value that reads back at once and applies after a restart', async () => {
      await start();
      const name = 'Device.X_0090F8_Web.ServerPort';
      assert.equal(await on.set({ [name]: '8081' }, 'waits'), 1);
      assert.equal(await on.value(name), '8081');
      assert.equal(await on.value(`${P}ParameterKey`), 'waits');
      assert.equal(on.unit.gateway.device.config.running('Web.ServerPort'), '80');
      await on.restart();
      assert.equal(on.unit.gateway.device.config.running('Web.ServerPort'), '8081');
    });

    it('takes an empty ParameterKey, and keeps it over a power cut', async () => {
      await start();
      await on.set({ [`${P}Username`]: 'u' }, 'k'.repeat(32));
      await on.restart();
      assert.equal(await on.value(`${P}ParameterKey`), 'k'.repeat(32));
      await on.set({ [`${P}Username`]: 'u' }, '');
      assert.equal(await on.value(`${P}ParameterKey`), '');
    });

    it('sets a thousand parameters in one request', async () => {
      await start();
      const { result } = await on.call('GetParameterValues', { ParameterNames: ['Device.X_0090F8_'.slice(0, 7)] });
      const writable = new Set(
        names(
          (await on.call('GetParameterNames', { ParameterPath: '', NextLevel: false })).result?.ParameterList.filter(
            ({ Writable }) => Writable,
          ),
        ),
      );
      const list = (result?.ParameterList ?? []).filter(
        ({ Name, Value }) => writable.has(Name) && Value !== '' && !/Url|URL|Enable$/.test(Name),
      );
      const some = list.filter(({ Name }) => /Hoc|SipEp|Mipt|Bni/.test(Name));
      assert.ok(some.length > 200, String(some.length));
      assert.ok([0, 1].includes((await on.set(some)) as number));
    });

    it('takes unknown and relative times as dateTime, and refuses text that is no time', async () => {
      await start({ model: 'device' });
      const name = `${P}PeriodicInformTime`;
      for (const time of ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2026-06-01T12:00:00+02:00'])
        assert.equal(await on.set([typed(name, time, 'xsd:dateTime')]), 0, time);
      for (const time of ['soon', '2026-13-01T00:00:00Z', '12:00:00'])
        assert.deepEqual(await on.set([typed(name, time, 'xsd:dateTime')]), [9003, `${name} 9007`], time);
    });
  });

  describe('A.3.2.2 GetParameterValues', () => {
    const get = async (...list: string[]): Promise<string[] | number> => {
      const { result, fault } = await on.call('GetParameterValues', { ParameterNames: list });
      return fault ? fault.code : names(result?.ParameterList);
    };

    it('returns an empty list for an empty table, also beside other names', async () => {
      await start();
      assert.deepEqual(await get(EVENTS), []);
      assert.deepEqual(await get(EVENTS, `${P}Username`), [`${P}Username`]);
    });

    it('returns everything below a partial path, and for a row only that row', async () => {
      await start();
      const row = async () =>
        (await on.call('AddObject', { ObjectName: EVENTS, ParameterKey: '' })).result?.InstanceNumber;
      const [one, two] = [await row(), await row()];
      const all = (await get(EVENTS)) as string[];
      const first = (await get(`${EVENTS}${one}.`)) as string[];
      assert.ok(first.length > 1 && all.length === 2 * first.length);
      assert.ok(first.every(name => name.startsWith(`${EVENTS}${one}.`)));
      assert.ok(all.some(name => name.startsWith(`${EVENTS}${two}.`)));
    });

    it('answers 9005 for the call when one name is unknown, a missing row or lacks its dot', async () => {
      await start();
      for (const bad of [
        'Device.No',
        'Device.No.',
        `${EVENTS}9.`,
        `${EVENTS}9.Action`,
        P.slice(0, -1),
        `${P}Username.`,
        'x',
      ])
        assert.equal(await get(`${P}Username`, bad), 9005, bad);
    });

    it('answers aliases and wildcards with 9005 where the unit lacks AliasBasedAddressing', async () => {
      await start();
      assert.equal(await get(`${P}AliasBasedAddressing`), 9005);
      assert.equal(await get('Device.X_0090F8_SipEp.Gateway.[default].'), 9005);
      assert.equal(await get('Device.X_0090F8_SipEp.Gateway.*.Name'), 9005);
    });

    it('returns each value with its type, and hidden ones empty', async () => {
      await start();
      await on.set({ [`${P}Password`]: 'secret', [`${P}ConnectionRequestPassword`]: 'secret' });
      const { result } = await on.call('GetParameterValues', { ParameterNames: [''] });
      const list = result?.ParameterList ?? [];
      assert.ok(list.length > 1000);
      assert.equal(new Set(names(list)).size, list.length);
      assert.ok(
        list.every(({ Type }) =>
          /^xsd:(string|int|unsignedInt|long|unsignedLong|boolean|dateTime|base64Binary|hexBinary)$/.test(Type),
        ),
      );
      assert.ok(list.every(({ Value }) => !Value.includes('secret')));
      assert.ok((on.acs.heard.at(-1)?.text.length ?? 0) > 32_768);
    });
  });

  describe('A.3.2.3 GetParameterNames', () => {
    const get = async (ParameterPath: string, NextLevel: boolean): Promise<Record<string, boolean> | number> => {
      const { result, fault } = await on.call('GetParameterNames', { ParameterPath, NextLevel });
      if (fault) return fault.code;
      return Object.fromEntries((result?.ParameterList ?? []).map(({ Name, Writable }) => [Name, Writable]));
    };

    it('covers the five cases: itself and all below, next level, root, parameter, unknown', async () => {
      await start();
      const whole = (await get(P, false)) as Record<string, boolean>;
      assert.equal(Object.keys(whole)[0], P);
      assert.ok(`${P}URL` in whole);
      const next = (await get(P, true)) as Record<string, boolean>;
      assert.ok(!(P in next) && `${P}URL` in next);
      assert.ok(Object.keys(next).every(name => !name.slice(P.length, -1).includes('.')));
      assert.deepEqual(await get('', true), { 'Device.': false });
      assert.deepEqual(await get(`${P}URL`, false), { [`${P}URL`]: true });
      assert.equal(await get(`${P}URL`, true), 9003);
      for (const bad of ['Device.No', 'Device.No.', P.slice(0, -1)]) {
        assert.equal(await get(bad, false), 9005, bad);
        assert.equal(await get(bad, true), 9005, bad);
      }
    });

    it('lists nothing on the next level of an empty table, and the table itself otherwise', async () => {
      await start();
      assert.deepEqual(await get(EVENTS, true), {});
      assert.deepEqual(await get(EVENTS, false), { [EVENTS]: true });
    });

    it('reports Writable for settable parameters, growable tables and deletable rows only', async () => {
      await start();
      await on.call('AddObject', { ObjectName: EVENTS, ParameterKey: '' });
      const rows = (await get(EVENTS, false)) as Record<string, boolean>;
      assert.deepEqual([rows[EVENTS], rows[`${EVENTS}1.`], rows[`${EVENTS}1.Action`]], [true, true, true]);
      const fixed = (await get('Device.X_0090F8_SipEp.', true)) as Record<string, boolean>;
      assert.equal(fixed['Device.X_0090F8_SipEp.GatewayStatus.'], false);
      const info = (await get('Device.DeviceInfo.', false)) as Record<string, boolean>;
      assert.deepEqual(
        [
          info['Device.DeviceInfo.'],
          info['Device.DeviceInfo.SoftwareVersion'],
          info['Device.DeviceInfo.ProvisioningCode'],
        ],
        [false, false, true],
      );
    });

    it('lists each name of the tree once, objects with a dot, at most 256 characters', async () => {
      await start();
      const { result } = await on.call('GetParameterNames', { ParameterPath: '', NextLevel: false });
      const all = names(result?.ParameterList);
      assert.equal(all[0], 'Device.');
      assert.equal(new Set(all).size, all.length);
      assert.ok(all.every(name => name.length <= 256));
      const objects = new Set(all.filter(name => name.endsWith('.')));
      assert.ok(all.every(name => name === 'Device.' || objects.has(name.replace(/[^.]+\.?$/, ''))));
    });
  });
});

// TR-069 A.3.2.1 to A.3.2.7 over the wire: values, names, attributes and rows, asked one RPC at a time.
import assert from 'node:assert/strict';
import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import { ask } from '../support/cpe/scripted-acs.ts';
import type { UnitOptions } from '../support/cpe/unit.ts';
import { type AskedUnit, askedUnit } from '../support/cpe/unit-rpc.ts';

const P = 'Device.ManagementServer.';
const EVENTS = 'Device.X_0090F8_Nlm.Events.';
const typed = (Name: string, Value: string, Type: string): ParameterValue => ({ Name, Value, Type });
const names = (list: readonly { Name: string }[] | undefined): string[] => (list ?? []).map(({ Name }) => Name);

describe('A.3.2 Parameters over the wire', () => {
  let on: AskedUnit;
  const start = async (options: UnitOptions = {}): Promise<void> => {
    on = await askedUnit(options);
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

    it('is all or nothing: each wrong parameter once with its own code, ParameterKey and values unchanged', async () => {
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

    it('a wrong xsi:type is 9006 where types are taken strictly, and converted where they are not', async () => {
      await start({ parameters: { 'Cwmp.InteropParameterTypeValidation': 'Strict' } });
      const name = `${P}PeriodicInformInterval`;
      assert.deepEqual(await on.set([typed(name, '60', 'xsd:string')]), [9003, `${name} 9006`]);
      assert.equal(await on.set([typed(name, '60', 'xsd:unsignedInt')]), 0);
      await on.set({ 'Device.X_0090F8_Cwmp.InteropParameterTypeValidation': 'Tolerant' });
      assert.equal(await on.set([typed(name, '61', 'xsd:string')]), 0);
      assert.equal(await on.value(name), '61');
    });

    it('names are full: a partial path, an alias, a wildcard and another case are unknown', async () => {
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

    it('the order of the list makes no difference', async () => {
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

    it('Status 1: what waits for a restart reads back at once and is in force after it', async () => {
      await start();
      const name = 'Device.X_0090F8_Web.ServerPort';
      assert.equal(await on.set({ [name]: '8081' }, 'waits'), 1);
      assert.equal(await on.value(name), '8081');
      assert.equal(await on.value(`${P}ParameterKey`), 'waits');
      assert.equal(on.unit.gateway.device.config.running('Web.ServerPort'), '80');
      await on.restart();
      assert.equal(on.unit.gateway.device.config.running('Web.ServerPort'), '8081');
    });

    it('ParameterKey may be empty, and outlives a power cut', async () => {
      await start();
      await on.set({ [`${P}Username`]: 'u' }, 'k'.repeat(32));
      await on.restart();
      assert.equal(await on.value(`${P}ParameterKey`), 'k'.repeat(32));
      await on.set({ [`${P}Username`]: 'u' }, '');
      assert.equal(await on.value(`${P}ParameterKey`), '');
    });

    it('too many parameters are not too many: a thousand in one request, and none of them in vain', async () => {
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

    it('unknown and relative times are dateTimes; what is no time is not', async () => {
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

    it('an empty table is an empty list and no fault, whatever stands beside it', async () => {
      await start();
      assert.deepEqual(await get(EVENTS), []);
      assert.deepEqual(await get(EVENTS, `${P}Username`), [`${P}Username`]);
    });

    it('a partial path is everything below it, a row only that row', async () => {
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

    it('unknown names are 9005 for the whole call: full, partial, a missing row, a name without its dot', async () => {
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

    it('aliases and wildcards are 9005 on a unit that shows no AliasBasedAddressing', async () => {
      await start();
      assert.equal(await get(`${P}AliasBasedAddressing`), 9005);
      assert.equal(await get('Device.X_0090F8_SipEp.Gateway.[default].'), 9005);
      assert.equal(await get('Device.X_0090F8_SipEp.Gateway.*.Name'), 9005);
    });

    it('every value carries its type, and what is hidden reads as nothing', async () => {
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

    it('the five cases: itself and all below, next level only, root, parameter, unknown', async () => {
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

    it('an empty table: nothing on the next level, itself with all below', async () => {
      await start();
      assert.deepEqual(await get(EVENTS, true), {});
      assert.deepEqual(await get(EVENTS, false), { [EVENTS]: true });
    });

    it('Writable: a parameter that can be set, a table that takes rows, a row that can go; other objects never', async () => {
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

    it('the whole tree: every object ends with a dot, no name is longer than 256 characters, each comes once', async () => {
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

  describe('A.3.2.4 SetParameterAttributes, A.3.2.5 GetParameterAttributes', () => {
    const change = (Name: string, more: object) => ({
      Name,
      NotificationChange: false,
      Notification: 0,
      AccessListChange: false,
      AccessList: [] as string[],
      ...more,
    });
    const set = async (...list: ReturnType<typeof change>[]): Promise<number> =>
      (await on.call('SetParameterAttributes', { ParameterList: list })).fault?.code ?? 0;
    const get = async (...list: string[]) => {
      const { result, fault } = await on.call('GetParameterAttributes', { ParameterNames: list });
      return fault ? fault.code : (result?.ParameterList ?? []);
    };
    const notification = async (name: string): Promise<number | undefined> => {
      const list = await get(name);
      return typeof list === 'number' ? -list : list[0]?.Notification;
    };

    it('a partial path means what is there now, not rows that come later', async () => {
      await start();
      await on.call('AddObject', { ObjectName: EVENTS, ParameterKey: '' });
      assert.equal(await set(change(EVENTS, { NotificationChange: true, Notification: 1 })), 0);
      await on.call('AddObject', { ObjectName: EVENTS, ParameterKey: '' });
      assert.equal(await notification(`${EVENTS}1.Action`), 1);
      assert.equal(await notification(`${EVENTS}2.Action`), 0);
    });

    it('active may be denied where the model says so (9009), passive never, and all of the call or nothing', async () => {
      await start();
      const uptime = 'Device.DeviceInfo.UpTime';
      const active = { NotificationChange: true, Notification: 2 };
      assert.equal(await set(change(`${P}Username`, active), change(uptime, active)), 9009);
      assert.equal(await notification(`${P}Username`), 0);
      assert.equal(await set(change(uptime, { NotificationChange: true, Notification: 1 })), 0);
      assert.equal(await notification(uptime), 1);
    });

    it('a forced notification stays as it is; one that is only the default may be turned off', async () => {
      await start({ model: 'device' });
      assert.equal(await set(change('Device.DeviceInfo.SoftwareVersion', { NotificationChange: true })), 9009);
      assert.equal(await notification('Device.DeviceInfo.SoftwareVersion'), 2);
      assert.equal(await notification(`${P}ConnectionRequestURL`), 2);
      assert.equal(await set(change(`${P}ConnectionRequestURL`, { NotificationChange: true })), 0);
      assert.equal(await notification(`${P}ConnectionRequestURL`), 0);
    });

    it('what the flags do not name is ignored', async () => {
      await start();
      assert.equal(await set(change(`${P}Username`, { Notification: 2, AccessList: ['Subscriber'] })), 0);
      assert.equal(await notification(`${P}Username`), 0);
    });

    it('survive a power cut and a new firmware, and end with a factory reset', async () => {
      await start();
      await set(change(`${P}Username`, { NotificationChange: true, Notification: 1, AccessListChange: true }));
      await on.restart();
      assert.deepEqual(await get(`${P}Username`), [{ Name: `${P}Username`, Notification: 1, AccessList: [] }]);
      const count = on.unit.sessions.length + 1;
      await on.unit.device.power.factoryReset();
      await on.unit.ended(count);
      assert.deepEqual(await get(`${P}Username`), [
        { Name: `${P}Username`, Notification: 0, AccessList: ['Subscriber'] },
      ]);
    });

    it('GetParameterAttributes takes names, partial paths and all, and refuses what it does not know', async () => {
      await start();
      const below = await get(P);
      const all = await get('');
      assert.ok(typeof below !== 'number' && typeof all !== 'number');
      assert.ok(below.length > 5 && all.length > 1000);
      assert.equal(new Set(names(all)).size, all.length);
      assert.deepEqual(await get(EVENTS), []);
      for (const bad of ['Device.No', 'Device.No.', `${EVENTS}1.`]) assert.equal(await get(`${P}URL`, bad), 9005, bad);
    });

    it('other kinds of notification and other entities than Subscriber are 9003', async () => {
      await start();
      for (const Notification of [3, 4, 5, 6])
        assert.equal(await set(change(`${P}Username`, { NotificationChange: true, Notification })), 9003);
    });
  });

  describe('A.3.2.6 AddObject, A.3.2.7 DeleteObject', () => {
    const add = async (ObjectName: string, ParameterKey = 'add') => {
      const { result, fault } = await on.call('AddObject', { ObjectName, ParameterKey });
      return fault ? -fault.code : (result?.InstanceNumber ?? 0);
    };
    const remove = async (ObjectName: string, ParameterKey = 'del') => {
      const { result, fault } = await on.call('DeleteObject', { ObjectName, ParameterKey });
      return fault ? fault.code : result?.Status;
    };

    it('a number once given is never given again, not after deletion and not after a power cut', async () => {
      await start();
      assert.deepEqual([await add(EVENTS), await add(EVENTS)], [1, 2]);
      assert.equal(await remove(`${EVENTS}2.`), 0);
      assert.equal(await add(EVENTS), 3);
      assert.equal(await remove(`${EVENTS}3.`), 0);
      await on.restart();
      assert.equal(await add(EVENTS), 4);
      const { result } = await on.call('GetParameterNames', { ParameterPath: EVENTS, NextLevel: true });
      assert.deepEqual(names(result?.ParameterList), [`${EVENTS}1.`, `${EVENTS}4.`]);
    });

    it('a new row has its defaults, can be set, and goes with everything in it', async () => {
      await start();
      const row = `${EVENTS}${await add(EVENTS)}.`;
      assert.equal(await on.value(`${row}Action`), 'SendViaSyslog');
      assert.equal(await on.set({ [`${row}Action`]: 'LogLocally' }), 0);
      assert.equal(await remove(row), 0);
      assert.equal(await on.value(`${row}Action`), undefined);
      assert.equal(await remove(row), 9005);
    });

    it('ParameterKey follows success and not a fault', async () => {
      await start();
      await add(EVENTS, 'added');
      assert.equal(await on.value(`${P}ParameterKey`), 'added');
      assert.ok((await add('Device.No.', 'no')) < 0);
      assert.equal(await remove('Device.No.1.', 'no'), 9005);
      assert.equal(await on.value(`${P}ParameterKey`), 'added');
      await remove(`${EVENTS}1.`, 'gone');
      assert.equal(await on.value(`${P}ParameterKey`), 'gone');
    });

    it('no table, a row, an object, a fixed table, an alias: refused; a full one: 9004', async () => {
      await start();
      for (const bad of [
        'Device.No.',
        `${EVENTS}1.`,
        'Device.DeviceInfo.',
        'Device.X_0090F8_SipEp.GatewayStatus.',
        `${EVENTS}[a].`,
      ])
        assert.equal(await add(bad), -9005, bad);
      const gateways = 'Device.X_0090F8_SipEp.Gateway.';
      while ((await add(gateways)) > 0);
      assert.equal(await add(gateways), -9004);
      for (const bad of [EVENTS, `${EVENTS}9.`, 'Device.DeviceInfo.', 'Device.X_0090F8_SipEp.GatewayStatus.1.'])
        assert.equal(await remove(bad), 9005, bad);
    });

    it('a name without its dot is 9003 or 9005', async () => {
      await start();
      const text = String(ask('AddObject', { ObjectName: EVENTS, ParameterKey: '' }).text);
      const { fault } = await on.send('AddObject', { text: text.replace(`${EVENTS}<`, `${EVENTS.slice(0, -1)}<`) });
      assert.ok(fault && [9003, 9005].includes(fault.code));
    });

    it('what the ACS adds and deletes is no news to it', async () => {
      await start({ model: 'device' });
      const table = 'Device.DNS.Client.Server.';
      await on.call('SetParameterAttributes', {
        ParameterList: [
          {
            Name: 'Device.DNS.Client.ServerNumberOfEntries',
            NotificationChange: true,
            Notification: 1,
            AccessListChange: false,
            AccessList: [],
          },
        ],
      });
      const row = `${table}${await add(table)}.`;
      assert.equal(await on.value('Device.DNS.Client.ServerNumberOfEntries'), '1');
      await remove(row);
      assert.deepEqual(on.unit.device.state.facts.changed, []);
    });
  });
});

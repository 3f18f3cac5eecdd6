// TR-069 A.3.2.4 to A.3.2.7 over the wire: attributes and rows, one RPC at a time.
import assert from 'node:assert/strict';
import { ask } from '../support/cpe/scripted-acs.ts';
import type { UnitOptions } from '../support/cpe/unit.ts';
import { type RpcUnit, rpcUnit } from '../support/cpe/unit-rpc.ts';

const P = 'Device.ManagementServer.';
const EVENTS = 'Device.X_0090F8_Nlm.Events.';
const names = (list: readonly { Name: string }[] | undefined): string[] => (list ?? []).map(({ Name }) => Name);

describe('A.3.2 Parameters over the wire', () => {
  let on: RpcUnit;
  const start = async (options: UnitOptions = {}): Promise<void> => {
    on = await rpcUnit(options);
  };
  afterEach(async () => await on.close());

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

    it('applies a partial path to the parameters that exist now, not to later rows', async () => {
      await start();
      await on.call('AddObject', { ObjectName: EVENTS, ParameterKey: '' });
      assert.equal(await set(change(EVENTS, { NotificationChange: true, Notification: 1 })), 0);
      await on.call('AddObject', { ObjectName: EVENTS, ParameterKey: '' });
      assert.equal(await notification(`${EVENTS}1.Action`), 1);
      assert.equal(await notification(`${EVENTS}2.Action`), 0);
    });

    it('denies active notification by 9009 where the model says so, passive never, all or nothing', async () => {
      await start();
      const uptime = 'Device.DeviceInfo.UpTime';
      const active = { NotificationChange: true, Notification: 2 };
      assert.equal(await set(change(`${P}Username`, active), change(uptime, active)), 9009);
      assert.equal(await notification(`${P}Username`), 0);
      assert.equal(await set(change(uptime, { NotificationChange: true, Notification: 1 })), 0);
      assert.equal(await notification(uptime), 1);
    });

    it('keeps a forced notification, and lets a default one be turned off', async () => {
      await start({ model: 'device' });
      assert.equal(await set(change('Device.DeviceInfo.SoftwareVersion', { NotificationChange: true })), 9009);
      assert.equal(await notification('Device.DeviceInfo.SoftwareVersion'), 2);
      assert.equal(await notification(`${P}ConnectionRequestURL`), 2);
      assert.equal(await set(change(`${P}ConnectionRequestURL`, { NotificationChange: true })), 0);
      assert.equal(await notification(`${P}ConnectionRequestURL`), 0);
    });

    it('ignores values whose Change flag is not set', async () => {
      await start();
      assert.equal(await set(change(`${P}Username`, { Notification: 2, AccessList: ['Subscriber'] })), 0);
      assert.equal(await notification(`${P}Username`), 0);
    });

    it('keeps attributes over a power cut and a new firmware until a factory reset', async () => {
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

    it('takes full names, partial paths and the empty name, and refuses unknown ones', async () => {
      await start();
      const below = await get(P);
      const all = await get('');
      assert.ok(typeof below !== 'number' && typeof all !== 'number');
      assert.ok(below.length > 5 && all.length > 1000);
      assert.equal(new Set(names(all)).size, all.length);
      assert.deepEqual(await get(EVENTS), []);
      for (const bad of ['Device.No', 'Device.No.', `${EVENTS}1.`]) assert.equal(await get(`${P}URL`, bad), 9005, bad);
    });

    it('answers other notification kinds and entities than Subscriber with 9003', async () => {
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

    it('never reuses an instance number, neither after deletion nor after a power cut', async () => {
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

    it('gives a new row its defaults, sets it, and deletes it with all its values', async () => {
      await start();
      const row = `${EVENTS}${await add(EVENTS)}.`;
      assert.equal(await on.value(`${row}Action`), 'SendViaSyslog');
      assert.equal(await on.set({ [`${row}Action`]: 'LogLocally' }), 0);
      assert.equal(await remove(row), 0);
      assert.equal(await on.value(`${row}Action`), undefined);
      assert.equal(await remove(row), 9005);
    });

    it('sets ParameterKey on success and not on a fault', async () => {
      await start();
      await add(EVENTS, 'added');
      assert.equal(await on.value(`${P}ParameterKey`), 'added');
      assert.ok((await add('Device.No.', 'no')) < 0);
      assert.equal(await remove('Device.No.1.', 'no'), 9005);
      assert.equal(await on.value(`${P}ParameterKey`), 'added');
      await remove(`${EVENTS}1.`, 'gone');
      assert.equal(await on.value(`${P}ParameterKey`), 'gone');
    });

    it('refuses paths that are not a growable table, and answers a full table with 9004', async () => {
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

    it('answers a name without its dot with 9003 or 9005', async () => {
      await start();
      const text = String(ask('AddObject', { ObjectName: EVENTS, ParameterKey: '' }).text);
      const { fault } = await on.send('AddObject', { text: text.replace(`${EVENTS}<`, `${EVENTS.slice(0, -1)}<`) });
      assert.ok(fault && [9003, 9005].includes(fault.code));
    });

    it('does not notify the ACS of rows that it adds and deletes itself', async () => {
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

// RPC methods that a unit answers, one session each.
import assert from 'node:assert/strict';
import type { Arguments, CpeMethod, Results } from '../../../shared/cwmp/methods.ts';
import { ask, informResponse, resultOf, type ScriptedAcs, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../../support/cpe/unit.ts';

type Outcome<M extends CpeMethod> =
  | { result: Results<M>; fault?: never }
  | { result?: never; fault: { code: number; message: string; parameters: { name: string; code: number }[] } };

const P = 'Device.ManagementServer.';
const text = (Name: string, Value: string, Type = 'xsd:string') => ({ Name, Value, Type });
const names = (list: { Name: string }[]): string[] => list.map(({ Name }) => Name);

describe('RPC methods of the unit (TR-069 A.3, A.4)', () => {
  let acs: ScriptedAcs;
  let unit: TestUnit;
  before(async () => {
    acs = await scriptedAcs();
  });
  after(() => acs.close());
  afterEach(() => unit.close());

  const start = async (options: UnitOptions = {}): Promise<void> => {
    unit = await testUnit({ url: acs.url, ...options });
    await unit.boot();
    await unit.ended(1);
  };
  /** One RPC in a session of its own. */
  const call = async <M extends CpeMethod>(method: M, args: Arguments<M>): Promise<Outcome<M>> => {
    const from = acs.heard.length;
    acs.play(informResponse(), ask(method, args));
    const count = unit.sessions.length + 1;
    unit.gateway.agent?.inform();
    await unit.ended(count);
    const answer = acs.heard[from + 2];
    const body = answer?.envelope?.body;
    if (body?.kind === 'fault') return { fault: body.fault };
    return { result: resultOf(answer, method) };
  };
  const set = (list: { Name: string; Value: string; Type: string }[], ParameterKey = 'k') =>
    call('SetParameterValues', { ParameterList: list as never, ParameterKey });
  const value = async (name: string): Promise<string> => {
    const { result } = await call('GetParameterValues', { ParameterNames: [name] });
    return String(result?.ParameterList[0]?.Value);
  };

  it('answers 9004 instead of more than 4 MB, and then the next request', async () => {
    await start();
    const read = unit.device.config.read.bind(unit.device.config);
    const much = Array.from({ length: 5 }, (_, at) => text(`Device.P${at}`, 'x'.repeat(1_000_000)));
    Object.assign(unit.device.config, { read: (name: string) => (name === '' ? much : read(name)) });
    assert.equal((await call('GetParameterValues', { ParameterNames: [''] })).fault?.code, 9004);
    assert.equal(await value(`${P}ParameterKey`), '');
  });

  it('lists exactly the supported methods in GetRPCMethods', async () => {
    await start();
    const { result } = await call('GetRPCMethods', {});
    assert.deepEqual(result?.MethodList, [
      'GetRPCMethods',
      'SetParameterValues',
      'GetParameterValues',
      'GetParameterNames',
      'SetParameterAttributes',
      'GetParameterAttributes',
      'AddObject',
      'DeleteObject',
      'Reboot',
      'Download',
      'Upload',
      'FactoryReset',
      'ScheduleInform',
    ]);
  });

  describe('SetParameterValues (A.3.2.1)', () => {
    it('sets all, keeps the key, and reads back at once', async () => {
      await start();
      const { result } = await set(
        [text(`${P}PeriodicInformInterval`, '1234', 'xsd:unsignedInt'), text(`${P}Username`, 'u')],
        'key-1',
      );
      assert.equal(result?.Status, 0);
      assert.equal(await value(`${P}PeriodicInformInterval`), '1234');
      assert.equal(await value(`${P}Username`), 'u');
      assert.equal(await value(`${P}ParameterKey`), 'key-1');
    });

    it('returns one entry per wrong parameter and leaves key and values unchanged', async () => {
      await start();
      await set([text(`${P}Username`, 'before')], 'key-1');
      const { fault } = await set(
        [
          text(`${P}Username`, 'after'),
          text(`${P}Nothing`, 'x'),
          text('Device.DeviceInfo.SoftwareVersion', 'x'),
          text(`${P}PeriodicInformInterval`, 'many', 'xsd:unsignedInt'),
          text(`${P}PeriodicInformTime`, 'soon', 'xsd:dateTime'),
          text('Device.DeviceInfo.', 'x'),
        ],
        'key-2',
      );
      assert.equal(fault?.code, 9003);
      const codes = Object.fromEntries(fault.parameters.map(({ name, code }) => [name, code]));
      assert.equal(codes[`${P}Nothing`], 9005);
      assert.equal(codes['Device.DeviceInfo.SoftwareVersion'], 9008);
      assert.ok([9006, 9007].includes(codes[`${P}PeriodicInformInterval`] ?? 0));
      assert.ok([9006, 9007].includes(codes[`${P}PeriodicInformTime`] ?? 0));
      assert.equal(codes['Device.DeviceInfo.'], 9005);
      assert.equal(codes[`${P}Username`], undefined);
      assert.equal(await value(`${P}Username`), 'before');
      assert.equal(await value(`${P}ParameterKey`), 'key-1');
    });

    it('refuses a name that is given twice', async () => {
      await start();
      const { fault } = await set([text(`${P}Username`, 'a'), text(`${P}Username`, 'b')]);
      assert.equal(fault?.code, 9003);
      assert.deepEqual(names(fault.parameters.map(({ name }) => ({ Name: name }))), [`${P}Username`]);
      assert.equal(await value(`${P}Username`), '');
    });

    it('sets only the key with an empty list', async () => {
      await start();
      const { result } = await set([], 'only');
      assert.equal(result?.Status, 0);
      assert.equal(await value(`${P}ParameterKey`), 'only');
    });

    it('reads hidden values back empty', async () => {
      await start();
      await set([text(`${P}Password`, 'secret')]);
      assert.equal(await value(`${P}Password`), '');
    });

    it('refuses a key of more than 32 characters', async () => {
      await start();
      acs.play(informResponse(), () => {
        const { text: xml } = ask('SetParameterValues', { ParameterList: [] as never, ParameterKey: 'short' });
        return { text: String(xml).replace('short', 'x'.repeat(33)) };
      });
      const from = acs.heard.length;
      unit.gateway.agent?.inform();
      await unit.ended(2);
      assert.equal(acs.names()[from + 2], 'Fault 9003');
    });
  });

  describe('GetParameterValues (A.3.2.2)', () => {
    it('takes full names and partial paths together, each value once', async () => {
      await start();
      const { result } = await call('GetParameterValues', {
        ParameterNames: ['Device.DeviceInfo.', 'Device.DeviceInfo.SoftwareVersion'],
      });
      const list = names(result?.ParameterList ?? []);
      assert.equal(new Set(list).size, list.length);
      assert.ok(list.length > 3 && list.every(name => name.startsWith('Device.DeviceInfo.')));
      assert.ok(result?.ParameterList.every(({ Type }) => Type.startsWith('xsd:')));
    });

    it('returns the whole tree for the empty name', async () => {
      await start();
      const { result } = await call('GetParameterValues', { ParameterNames: [''] });
      assert.ok((result?.ParameterList.length ?? 0) > 1000);
    });

    it('faults the whole call for one unknown name', async () => {
      await start();
      for (const bad of ['Device.Nothing', 'Device.Nothing.', 'Device', 'device.DeviceInfo.', 'X.']) {
        const { fault } = await call('GetParameterValues', {
          ParameterNames: ['Device.DeviceInfo.SoftwareVersion', bad],
        });
        assert.equal(fault?.code, 9005, bad);
      }
    });
  });

  it('lists the object and all below, or the next level, in GetParameterNames (A.3.2.3)', async () => {
    await start();
    const of = async (ParameterPath: string, NextLevel: boolean): Promise<string[] | number | undefined> => {
      const { result, fault } = await call('GetParameterNames', { ParameterPath, NextLevel });
      return fault ? fault.code : names(result?.ParameterList ?? []);
    };
    assert.deepEqual(await of('', true), ['Device.']);
    assert.deepEqual(await of('Device.DeviceInfo.SoftwareVersion', false), ['Device.DeviceInfo.SoftwareVersion']);
    assert.equal(await of('Device.DeviceInfo.SoftwareVersion', true), 9003);
    assert.equal(await of('Device.Nothing.', false), 9005);
    const below = (await of('Device.DeviceInfo.', true)) as string[];
    assert.ok(below.length > 0 && !below.includes('Device.DeviceInfo.'));
    const all = (await of('Device.DeviceInfo.', false)) as string[];
    assert.equal(all[0], 'Device.DeviceInfo.');
  });

  describe('attributes (A.3.2.4, A.3.2.5)', () => {
    const change = (Name: string, more: object) =>
      call('SetParameterAttributes', {
        ParameterList: [
          { Name, NotificationChange: false, Notification: 0, AccessListChange: false, AccessList: [], ...more },
        ],
      });
    const read = async (name: string) => {
      const { result } = await call('GetParameterAttributes', { ParameterNames: [name] });
      return result?.ParameterList[0];
    };

    it('sets the attributes whose Change flag is set, and no other', async () => {
      await start();
      const name = `${P}Username`;
      assert.deepEqual(await read(name), { Name: name, Notification: 0, AccessList: ['Subscriber'] });
      await change(name, { NotificationChange: true, Notification: 1, AccessList: [] });
      assert.deepEqual(await read(name), { Name: name, Notification: 1, AccessList: ['Subscriber'] });
      await change(name, { AccessListChange: true, AccessList: [] });
      assert.deepEqual(await read(name), { Name: name, Notification: 1, AccessList: [] });
      // All or nothing: some of them refuse active notification.
      const active = await change('Device.ManagementServer.', { NotificationChange: true, Notification: 2 });
      assert.equal(active.fault?.code, 9009);
      assert.equal((await read(name))?.Notification, 1);
      await change('Device.ManagementServer.', { NotificationChange: true, Notification: 0 });
      assert.equal((await read(name))?.Notification, 0);
    });

    it('refuses lightweight notifications, unknown entities and unknown names', async () => {
      await start();
      assert.equal((await change(`${P}Username`, { NotificationChange: true, Notification: 3 })).fault?.code, 9003);
      const stranger = { AccessListChange: true, AccessList: ['Eve'] };
      assert.equal((await change(`${P}Username`, stranger)).fault?.code, 9003);
      assert.equal((await change('Device.X', { NotificationChange: true, Notification: 1 })).fault?.code, 9005);
    });
  });

  it('adds and deletes rows by AddObject and DeleteObject (A.3.2.6, A.3.2.7)', async () => {
    await start();
    const table = [...unit.device.model.objects.values()].find(
      ({ multi, writable, fixed, keys, path }) =>
        multi && writable && !fixed && keys.length > 0 && path.split('{i}').length === 2,
    );
    assert.ok(table);
    const path = table.path.slice(0, -4);
    const added = await call('AddObject', { ObjectName: path, ParameterKey: 'add' });
    const instance = added.result?.InstanceNumber ?? 0;
    assert.ok(instance >= 1);
    assert.equal(await value(`${P}ParameterKey`), 'add');
    assert.ok(unit.device.config.read(`${path}${instance}.`).length > 0);
    for (const bad of ['Device.Nothing.', 'Device.DeviceInfo.', `${path}${instance}.`]) {
      const { fault } = await call('AddObject', { ObjectName: bad, ParameterKey: 'no' });
      assert.ok(fault && [9005, 9001].includes(fault.code), bad);
    }
    assert.equal((await call('DeleteObject', { ObjectName: `${path}99999.`, ParameterKey: 'no' })).fault?.code, 9005);
    assert.equal(await value(`${P}ParameterKey`), 'add');
    const gone = await call('DeleteObject', { ObjectName: `${path}${instance}.`, ParameterKey: 'del' });
    assert.equal(gone.result?.Status, 0);
    assert.equal(
      (await call('DeleteObject', { ObjectName: `${path}${instance}.`, ParameterKey: '' })).fault?.code,
      9005,
    );
  });

  it('takes at most 16 pending ScheduleInforms (A.4.1.2)', async () => {
    await start();
    for (let count = 0; count < 16; count++) {
      assert.ok((await call('ScheduleInform', { DelaySeconds: 1000, CommandKey: `${count}` })).result);
    }
    assert.equal((await call('ScheduleInform', { DelaySeconds: 1000, CommandKey: 'x' })).fault?.code, 9004);
  });
});

// The parameter tree and its changes on the gateway's own model: the rules of TR-069 A.3.2, without services.
import assert from 'node:assert/strict';
import { Configuration } from '../../../cpe/state/configuration.ts';
import { type Hooks, noHooks } from '../../../cpe/state/hooks.ts';
import { emptyLayer, type Layer } from '../../../cpe/state/tree/tree.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import type { Model } from '../../../shared/model/definitions.ts';

const SIP = 'Device.X_0090F8_SipEp.';
const MS = 'Device.ManagementServer.';

/** All services run, so their settings wait for a restart. */
const hooks: Hooks = { ...noHooks, started: () => true };

describe('configuration of a unit', () => {
  let model: Model;
  before(async () => {
    model = await builtinModel('dgw');
  });

  const make = (extra: Partial<Hooks> = {}, base: Layer = emptyLayer()): Configuration =>
    new Configuration(model, base, { ...hooks, ...extra });
  const set = (unit: Configuration, values: Record<string, string>): Promise<0 | 1> =>
    unit.set(
      Object.entries(values).map(([name, value]) => ({ name, value })),
      'acs',
    );
  const faults = async (work: Promise<unknown>): Promise<[number, [string, number][]]> => {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof CwmpFault, String(error));
      return [error.code, error.parameters.map(({ name, code }) => [name, code])];
    }
    return [0, []];
  };

  it('refuses only writes of the unit’s own pages without Subscriber in the AccessList (A.3.2.4)', async () => {
    const unit = make();
    const name = `${MS}Username`;
    await unit.changes.setAttributes([{ path: name, accessList: [] }]);
    assert.deepEqual(await faults(unit.set([{ name, value: 'x' }], 'web')), [9003, [[name, 9001]]]);
    assert.equal(unit.get(name), '');
    for (const source of ['acs', 'script', 'unit'] as const) await unit.set([{ name, value: source }], source);
    assert.equal(unit.get(name), 'unit');
    await unit.changes.setAttributes([{ path: name, accessList: ['Subscriber'] }]);
    await unit.set([{ name, value: 'web' }], 'web');
    assert.equal(unit.get(name), 'web');
  });

  it('refuses a row in a full table with 9004, by maxEntries or by our own bound', async () => {
    const plain = await builtinModel('device');
    const unit = new Configuration(plain, emptyLayer(), hooks);
    const table = 'Device.DNS.Client.Server.';
    const row = plain.objects.get(`${table}{i}.`);
    assert.ok(row);
    const limit = row.maxEntries;
    try {
      row.maxEntries = 2;
      await unit.insert(table, {}, 'acs');
      await unit.insert(table, {}, 'acs');
      assert.deepEqual(await faults(unit.insert(table, {}, 'acs')), [9004, []]);
      await unit.remove(`${table}1.`, 'acs');
      assert.equal((await unit.insert(table, {}, 'acs')).instance, 3);
    } finally {
      row.maxEntries = limit;
    }
    await unit.edit(draft => {
      for (let count = 2; count < 1000; count++) draft.addRow(table);
    }, 'unit');
    assert.deepEqual(await faults(unit.insert(table, {}, 'acs')), [9004, []]);
  });

  describe('reading (A.3.2.2, A.3.2.3)', () => {
    it('reads a partial path, the empty path and a full name', () => {
      const unit = make();
      const all = unit.read('');
      assert.ok(all.length > 1000);
      assert.ok(all.every(({ Name }) => Name.startsWith('Device.')));
      assert.equal(unit.read(`${SIP}Gateway.1.Name`)[0]?.Value, 'default');
      assert.equal(unit.read(`${SIP}Gateway.`).length, unit.read(`${SIP}Gateway.1.`).length);
    });

    it('faults 9005 for unknown names, and returns nothing for an empty table', async () => {
      const unit = make();
      for (const path of [
        'Device.Nothing',
        `${SIP}Gateway.2.Name`,
        `${SIP}Gateway.2.`,
        'Nothing.',
        `${SIP}Gateway.1`,
      ]) {
        assert.throws(() => unit.read(path), { code: 9005 }, path);
      }
      assert.deepEqual(unit.read('Device.X_0090F8_Nlm.Events.'), []);
    });

    it('hides passwords from GetParameterValues but not from the unit', async () => {
      const unit = make();
      await set(unit, { [`${MS}Password`]: 'secret' });
      assert.equal(unit.read(`${MS}Password`)[0]?.Value, '');
      assert.equal(unit.get(`${MS}Password`), 'secret');
      assert.equal(unit.variable('Cwmp.Password'), 'secret');
    });

    it('lists names of the next level or all below, with Writable', () => {
      const unit = make();
      assert.deepEqual(unit.names('', true), [{ Name: 'Device.', Writable: false }]);
      const tables = unit.names(SIP, true);
      assert.ok(tables.some(entry => entry.Name === `${SIP}Gateway.` && entry.Writable));
      assert.ok(tables.some(entry => entry.Name === `${SIP}GatewayStatus.` && !entry.Writable));
      assert.ok(!tables.some(entry => entry.Name === SIP));
      const below = unit.names(`${SIP}Gateway.`, false);
      assert.deepEqual(below.slice(0, 2), [
        { Name: `${SIP}Gateway.`, Writable: true },
        { Name: `${SIP}Gateway.1.`, Writable: true },
      ]);
      assert.deepEqual(unit.names('Device.X_0090F8_Nlm.Events.', true), []);
      assert.throws(() => unit.names(`${SIP}Gateway.1.Name`, true), { code: 9003 });
      assert.throws(() => unit.names('Device.X.', true), { code: 9005 });
    });

    it('finds every variable by its script name, in any case', () => {
      const unit = make();
      assert.equal(unit.pathOf('sipep.gateway[name=default].secureport'), `${SIP}Gateway.1.SecurePort`);
      assert.equal(unit.pathOf('SipEp.Gateway[Name=other].SecurePort'), undefined);
      assert.equal(unit.variable('SipEp.TransportTlsVersion'), 'TLSv1');
      let scalars = 0;
      for (const def of model.parameters.values()) {
        if (!def.script || def.path.includes('{i}')) continue;
        assert.equal(unit.pathOf(def.script), def.path);
        scalars++;
      }
      assert.ok(scalars > 500);
    });
  });

  describe('SetParameterValues (A.3.2.1)', () => {
    it('changes nothing when one value is wrong, and names each wrong value once', async () => {
      const unit = make();
      const [code, parameters] = await faults(
        set(unit, {
          'Device.X_0090F8_Cwmp.PeriodicInformInterval': '100',
          'Device.X_0090F8_Cwmp.ListeningPort': '70000',
          'Device.X_0090F8_Cwmp.AcsUrl': 'http://x',
          'Device.X_0090F8_Cwmp.Nothing': '1',
          'Device.X_0090F8_Cwmp.TransportHttpsCipherSuite': 'CS9',
        }),
      );
      assert.equal(code, 9003);
      assert.deepEqual(parameters, [
        ['Device.X_0090F8_Cwmp.ListeningPort', 9007],
        ['Device.X_0090F8_Cwmp.AcsUrl', 9008],
        ['Device.X_0090F8_Cwmp.Nothing', 9005],
        ['Device.X_0090F8_Cwmp.TransportHttpsCipherSuite', 9007],
      ]);
      assert.equal(unit.get('Device.X_0090F8_Cwmp.PeriodicInformInterval'), '3600');
    });

    it('refuses a name given twice with 9003', async () => {
      const item = { name: 'Device.X_0090F8_Cwmp.ListeningPort', value: '1' };
      assert.equal((await faults(make().set([item, item], 'acs')))[0], 9003);
    });

    it('converts types in tolerant mode, and faults 9006 in strict mode', async () => {
      const unit = make();
      const item = { name: 'Device.X_0090F8_Cwmp.ListeningPort', value: '5', type: 'xsd:string' };
      await unit.set([item], 'acs');
      await set(unit, { 'Device.X_0090F8_Cwmp.InteropParameterTypeValidation': 'Strict' });
      const [, parameters] = await faults(unit.set([item], 'acs'));
      assert.deepEqual(parameters, [[item.name, 9006]]);
    });

    it('keeps two views of one value equal', async () => {
      const unit = make();
      const seen: string[] = [];
      unit.watchers.watch(changes =>
        seen.push(...changes.map(({ path, before, value }) => `${path} ${before}>${value}`)),
      );
      await set(unit, { [`${MS}PeriodicInformEnable`]: 'true' });
      assert.equal(unit.variable('Cwmp.PeriodicInformEnable'), 'Enable');
      assert.equal(unit.get(`${MS}PeriodicInformEnable`), '1');
      assert.deepEqual(seen, [
        'Device.X_0090F8_Cwmp.PeriodicInformEnable Disable>Enable',
        `${MS}PeriodicInformEnable 0>1`,
      ]);
      await set(unit, { 'Device.X_0090F8_Cwmp.PeriodicInformEnable': 'Disable' });
      assert.equal(unit.get(`${MS}PeriodicInformEnable`), '0');
      assert.equal(unit.layers.own.values.size, 0, 'a default costs nothing');
    });

    it('undoes every change when the state cannot be saved', async () => {
      let broken = false;
      const unit = make({
        save: async () => {
          if (broken) throw new Error('disk full');
        },
      });
      await set(unit, { 'Device.X_0090F8_Cwmp.ListeningPort': '5' });
      broken = true;
      await assert.rejects(set(unit, { 'Device.X_0090F8_Cwmp.ListeningPort': '6' }), /disk full/);
      await assert.rejects(unit.insert(`${SIP}Gateway.`, {}, 'acs'), /disk full/);
      await assert.rejects(unit.remove(`${SIP}Gateway.1.`, 'acs'), /disk full/);
      assert.equal(unit.get('Device.X_0090F8_Cwmp.ListeningPort'), '5');
      assert.deepEqual(unit.tree.rows(`${SIP}Gateway.`), [1]);
      await assert.rejects(unit.changes.setAttributes([{ path: `${SIP}MinSeverity`, notification: 2 }]), /disk full/);
      assert.equal(unit.attributes.read(`${SIP}MinSeverity`)[0]?.Notification, 0);
    });

    it('answers 1 and keeps the running value while a service restart is due', async () => {
      const unit = make();
      assert.equal(await set(unit, { [`${SIP}TransportTlsVersion`]: 'TLSv1_2' }), 1);
      assert.equal(unit.variable('SipEp.TransportTlsVersion'), 'TLSv1_2');
      assert.equal(unit.running('SipEp.TransportTlsVersion'), 'TLSv1');
      assert.deepEqual([...unit.pending.services()], ['SipEp']);
      await set(unit, { [`${SIP}TransportTlsVersion`]: 'TLSv1_1' });
      assert.equal(unit.running('SipEp.TransportTlsVersion'), 'TLSv1', 'the first value counts');
      assert.equal(await set(unit, { 'Device.X_0090F8_Cwmp.TransportHttpsTlsVersion': 'TLSv1_2' }), 0);
      unit.pending.release('SipEp');
      assert.equal(unit.running('SipEp.TransportTlsVersion'), 'TLSv1_1');
      assert.deepEqual([...unit.pending.services()], []);
      await set(unit, { [`${SIP}TransportTlsVersion`]: 'TLSv1_2' });
      assert.equal(await set(unit, { [`${SIP}TransportTlsVersion`]: 'TLSv1_1' }), 0, 'set back: nothing waits');
      assert.deepEqual([...unit.pending.services()], []);
    });
  });

  describe('rows (A.3.2.6, A.3.2.7)', () => {
    it('never gives an instance number twice', async () => {
      const unit = make();
      const add = async (): Promise<number> => (await unit.insert(`${SIP}Gateway.`, {}, 'acs')).instance;
      assert.deepEqual([await add(), await add()], [2, 3]);
      await unit.remove(`${SIP}Gateway.3.`, 'acs');
      assert.equal(await add(), 4);
      assert.deepEqual(unit.tree.rows(`${SIP}Gateway.`), [1, 2, 4]);
      const again = new Configuration(model, emptyLayer(), hooks, unit.stored());
      assert.equal((await again.insert(`${SIP}Gateway.`, {}, 'acs')).instance, 5);
    });

    it('gives a new row defaults, unique keys and the rows of tables that follow it', async () => {
      const unit = make();
      const { instance } = await unit.insert(`${SIP}Gateway.`, {}, 'acs');
      assert.equal(unit.get(`${SIP}Gateway.${instance}.SecurePort`), '0');
      const name = unit.get(`${SIP}Gateway.${instance}.Name`);
      assert.notEqual(name, 'default');
      assert.equal(unit.get(`${SIP}TransportConfig.${instance}.GatewayName`), name);
      await set(unit, { [`${SIP}Gateway.${instance}.Name`]: 'trunk 2' });
      assert.equal(unit.variable('SipEp.TransportConfig[GatewayName="trunk 2"].UdpEnable'), 'Enable');
      await set(unit, { [`${SIP}TransportConfig.${instance}.UdpQValue`]: '0.5' });
      await unit.remove(`${SIP}Gateway.${instance}.`, 'acs');
      assert.throws(() => unit.get(`${SIP}TransportConfig.${instance}.UdpQValue`), { code: 9005 });
      assert.ok(![...unit.layers.own.values.keys()].some(path => path.includes(`.${instance}.`)), 'nothing is left');
    });

    it('refuses fixed tables, missing rows, full tables and unknown columns', async () => {
      const unit = make();
      assert.equal((await faults(unit.insert(`${SIP}TransportConfig.`, {}, 'acs')))[0], 9005);
      assert.equal((await faults(unit.insert(`${SIP}Gateway.1.`, {}, 'acs')))[0], 9005);
      assert.equal((await faults(unit.insert('Device.X.', {}, 'acs')))[0], 9005);
      assert.equal((await faults(unit.remove(`${SIP}Gateway.9.`, 'acs')))[0], 9005);
      assert.equal((await faults(unit.remove(`${SIP}TransportConfig.1.`, 'acs')))[0], 9005);
      assert.equal((await faults(unit.insert(`${SIP}Gateway.`, { Nothing: '1' }, 'script')))[0], 9003);
      for (let row = 1; row < 10; row++) await unit.insert(`${SIP}Gateway.`, {}, 'acs');
      assert.equal((await faults(unit.insert(`${SIP}Gateway.`, {}, 'acs')))[0], 9004);
    });

    it('refuses a second row of the same key, made or renamed, and makes default names unique', async () => {
      const unit = make();
      const users = 'Device.X_0090F8_Aaa.Users.';
      const refused = async (work: Promise<unknown>, name: string, key: string): Promise<void> => {
        const fault = await work.then(
          () => assert.fail(`${key} is taken`),
          (error: unknown) => error,
        );
        assert.ok(fault instanceof CwmpFault);
        assert.deepEqual([fault.code, fault.parameters[0]?.name, fault.parameters[0]?.code], [9003, name, 9007]);
        assert.match(fault.parameters[0]?.message ?? '', new RegExp(`has a row with ${key} already$`));
      };
      await unit.insert(`${SIP}Gateway.`, { Name: 'OpenSIPS' }, 'script');
      const again = unit.insert(`${SIP}Gateway.`, { name: 'OpenSIPS' }, 'script');
      await refused(again, `${SIP}Gateway.3.Name`, 'Name="OpenSIPS"');
      assert.deepEqual(unit.tree.rows(`${SIP}Gateway.`), [1, 2]);
      const renamed = set(unit, { [`${SIP}Gateway.1.Name`]: 'OpenSIPS' });
      await refused(renamed, `${SIP}Gateway.1.Name`, 'Name="OpenSIPS"');
      // Both names change places in one request.
      await set(unit, { [`${SIP}Gateway.1.Name`]: 'OpenSIPS', [`${SIP}Gateway.2.Name`]: 'default' });
      const known = unit.get(`${users}1.UserName`);
      await refused(unit.insert(users, { UserName: known }, 'acs'), `${users}3.UserName`, `UserName="${known}"`);
      await unit.insert('Device.X_0090F8_Nlm.Events.', { Index: '4' }, 'script');
      const event = unit.insert('Device.X_0090F8_Nlm.Events.', { Index: '4' }, 'script');
      await refused(event, 'Device.X_0090F8_Nlm.Events.2.Index', 'Index="4"');
      await set(unit, { [`${SIP}Gateway.1.Name`]: 'Gateway3' });
      const { instance } = await unit.insert(`${SIP}Gateway.`, {}, 'acs');
      assert.equal(unit.get(`${SIP}Gateway.${instance}.Name`), 'Gateway4');
    });

    it('numbers numeric keys on from the existing rows', async () => {
      const unit = make();
      const events = 'Device.X_0090F8_Nlm.Events.';
      const first = await unit.insert(events, {}, 'acs');
      const second = await unit.insert(events, {}, 'acs');
      assert.equal(unit.get(`${events}${second.instance}.Index`), '2');
      await unit.remove(`${events}${first.instance}.`, 'acs');
      await unit.remove(`${events}${second.instance}.`, 'acs');
      const third = await unit.insert(events, {}, 'acs');
      assert.equal(third.instance, 3);
      assert.equal(unit.get(`${events}3.Index`), '1');
    });

    it('deletes a row through its Delete column', async () => {
      const unit = make();
      await unit.insert(`${SIP}Gateway.`, {}, 'acs');
      await set(unit, { [`${SIP}Gateway.2.Delete`]: 'Delete', [`${SIP}Gateway.1.Delete`]: 'NoOp' });
      assert.deepEqual(unit.tree.rows(`${SIP}Gateway.`), [1]);
      assert.equal(unit.get(`${SIP}Gateway.1.Delete`), 'NoOp');
    });

    it('passes other row commands to the service after the commit', async () => {
      const run: string[] = [];
      const unit = make({ rowCommand: async (_template, path) => void run.push(path) });
      const path = unit.pathOf('Scm.ServiceCommands[Name=SipEp].Restart');
      assert.ok(path);
      await set(unit, { [path]: 'Restart' });
      assert.deepEqual(run, [path]);
    });
  });

  describe('attributes (A.3.2.4, A.3.2.5)', () => {
    it('applies a partial path to existing parameters, all or nothing', async () => {
      const unit = make();
      await unit.changes.setAttributes([{ path: `${SIP}Gateway.`, notification: 1 }]);
      assert.ok(unit.attributes.read(`${SIP}Gateway.1.`).every(({ Notification }) => Notification === 1));
      await unit.insert(`${SIP}Gateway.`, {}, 'acs');
      assert.ok(unit.attributes.read(`${SIP}Gateway.2.`).every(({ Notification }) => Notification === 0));
      const bad = [
        { path: `${SIP}MinSeverity`, notification: 2 },
        { path: 'Device.Nothing', notification: 2 },
      ];
      assert.equal((await faults(unit.changes.setAttributes(bad)))[0], 9005);
      assert.equal(unit.attributes.read(`${SIP}MinSeverity`)[0]?.Notification, 0);
      assert.deepEqual(unit.attributes.read(`${SIP}MinSeverity`)[0]?.AccessList, ['Subscriber']);
    });

    it('denies active notification where the model says so, and keeps forced notifications on', async () => {
      const unit = make();
      assert.equal(
        (await faults(unit.changes.setAttributes([{ path: 'Device.DeviceInfo.UpTime', notification: 2 }])))[0],
        9009,
      );
      await unit.changes.setAttributes([{ path: 'Device.DeviceInfo.UpTime', notification: 1 }]);
      const version = 'Device.DeviceInfo.SoftwareVersion';
      assert.equal(unit.attributes.read(version)[0]?.Notification, 2);
      assert.equal((await faults(unit.changes.setAttributes([{ path: version, notification: 0 }])))[0], 9009);
      assert.equal((await faults(unit.changes.setAttributes([{ path: version, notification: 9 }])))[0], 9003);
    });
  });

  it('restores from its stored form', async () => {
    const unit = make();
    await set(unit, { [`${MS}Username`]: 'u', [`${SIP}Gateway.1.Port`]: '5070' });
    await unit.insert(`${SIP}Gateway.`, { name: 'b' }, 'script');
    await unit.changes.setAttributes([{ path: `${SIP}MinSeverity`, notification: 2, accessList: [] }]);
    const stored = JSON.parse(JSON.stringify(unit.stored())) as ReturnType<Configuration['stored']>;
    const again = new Configuration(model, emptyLayer(), hooks, stored);
    assert.deepEqual(again.read(''), unit.read(''));
    assert.deepEqual(again.attributes.read(SIP), unit.attributes.read(SIP));
  });

  it('shows the layer below where the unit has no value of its own, and returns to it', async () => {
    const base = make();
    await set(base, { [`${MS}Username`]: 'profile', [`${SIP}Gateway.1.Port`]: '5070' });
    await base.insert('Device.X_0090F8_Nlm.Events.', { Criteria: 'All' }, 'script');
    const unit = make({}, base.layers.own);
    assert.equal(unit.get(`${MS}Username`), 'profile');
    await set(unit, { [`${MS}Username`]: 'own' });
    await unit.remove('Device.X_0090F8_Nlm.Events.1.', 'acs');
    unit.restore();
    assert.equal(unit.get(`${MS}Username`), 'profile');
    assert.equal(unit.get('Device.X_0090F8_Nlm.Events.1.Criteria'), 'All');
    await set(unit, { [`${MS}Username`]: '' });
    assert.equal(unit.get(`${MS}Username`), '', 'a model default over a profile value is kept');
  });
});

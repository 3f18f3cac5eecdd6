// Aliases and wildcards in the paths of an ACS, on the plain device, over the wire.
import assert from 'node:assert/strict';
import type { Arguments, CpeMethod, Results } from '../../../shared/cwmp/methods.ts';
import {
  argumentsOf,
  ask,
  informResponse,
  resultOf,
  type ScriptedAcs,
  scriptedAcs,
} from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';

const P = 'Device.ManagementServer.';
const SERVERS = 'Device.DNS.Client.Server.';

describe('aliases and wildcards (TR-069 3.6.1)', () => {
  let acs: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    unit = await testUnit({ url: acs.url, model: 'device' });
    await unit.boot();
    await unit.ended(1);
  });
  afterEach(async () => {
    await unit.close();
    await acs.close();
  });

  /** Sends one RPC in a session of its own. @returns its result, or its fault as codes and names */
  const call = async <M extends CpeMethod>(method: M, args: Arguments<M>): Promise<Results<M> | unknown[]> => {
    const from = acs.heard.length;
    acs.play(informResponse(), ask(method, args));
    const count = unit.sessions.length + 1;
    unit.gateway.agent?.inform();
    await unit.ended(count);
    const body = acs.heard[from + 2]?.envelope?.body;
    if (body?.kind !== 'fault') return resultOf(acs.heard[from + 2], method);
    return [body.fault.code, ...body.fault.parameters.map(({ name, code }) => `${name} ${code}`)];
  };
  const add = (ObjectName: string) => call('AddObject', { ObjectName, ParameterKey: '' });
  const set = (values: Record<string, string>) =>
    call('SetParameterValues', {
      ParameterList: Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })) as never,
      ParameterKey: '',
    });
  const get = async (...ParameterNames: string[]): Promise<unknown> => {
    const result = await call('GetParameterValues', { ParameterNames });
    return Array.isArray(result)
      ? result
      : Object.fromEntries(result.ParameterList.map(({ Name, Value }) => [Name, Value]));
  };

  it('announces AliasBasedAddressing in its Inform', () => {
    const inform = argumentsOf(acs.heard[0], 'Inform');
    assert.equal(inform.ParameterList.find(({ Name }) => Name === `${P}AliasBasedAddressing`)?.Value, '1');
  });

  it('names a row by AddObject, and takes alias and number alike everywhere', async () => {
    assert.deepEqual(await add(SERVERS), { InstanceNumber: 1, Status: 0 });
    assert.deepEqual(await add(`${SERVERS}[main].`), { InstanceNumber: 2, Status: 0 });
    assert.deepEqual(await get(`${SERVERS}1.Alias`, `${SERVERS}[main].Alias`), {
      [`${SERVERS}1.Alias`]: 'cpe-1',
      [`${SERVERS}2.Alias`]: 'main',
    });
    assert.deepEqual(await set({ [`${SERVERS}[main].DNSServer`]: '192.0.2.1', [`${SERVERS}[cpe-1].Enable`]: '1' }), {
      Status: 0,
    });
    assert.equal(unit.device.config.get(`${SERVERS}2.DNSServer`), '192.0.2.1');
    assert.deepEqual(await add(`${SERVERS}[main].`), [9005, `${SERVERS}3.Alias 9007`], 'taken');
    assert.deepEqual(await call('DeleteObject', { ObjectName: `${SERVERS}[main].`, ParameterKey: '' }), { Status: 0 });
    assert.deepEqual(await get(`${SERVERS}[main].`), [9005]);
  });

  it('refuses a malformed or duplicate alias with 9007 under the name in the request', async () => {
    await add(`${SERVERS}[a].`);
    await add(`${SERVERS}[b].`);
    assert.deepEqual(await set({ [`${SERVERS}[a].Alias`]: 'b' }), [9003, `${SERVERS}[a].Alias 9007`]);
    assert.deepEqual(await set({ [`${SERVERS}1.Alias`]: '9x' }), [9003, `${SERVERS}1.Alias 9007`]);
    assert.deepEqual(await set({ [`${SERVERS}[a].Alias`]: 'c.d' }), { Status: 0 });
    assert.deepEqual(await get(`${SERVERS}[c.d].Alias`), { [`${SERVERS}1.Alias`]: 'c.d' });
    assert.deepEqual(
      await set({ [`${SERVERS}[c.d].Enable`]: '1', [`${SERVERS}1.Enable`]: '0' }),
      [9003],
      'one value, two names',
    );
  });

  it('makes the row of an unknown alias with AutoCreateInstances, all or nothing', async () => {
    const values = { [`${SERVERS}[new].Enable`]: '1', [`${SERVERS}[new].DNSServer`]: '192.0.2.9' };
    assert.deepEqual(await set(values), [9003, ...Object.keys(values).map(name => `${name} 9005`)]);
    await set({ [`${P}AutoCreateInstances`]: '1' });
    assert.deepEqual(await set({ ...values, 'Device.No': '1' }), [9003, 'Device.No 9005']);
    assert.deepEqual(await get(SERVERS), {});
    assert.deepEqual(await set(values), { Status: 0 });
    assert.deepEqual(await get(`${SERVERS}1.Alias`, `${SERVERS}1.DNSServer`), {
      [`${SERVERS}1.Alias`]: 'new',
      [`${SERVERS}1.DNSServer`]: '192.0.2.9',
    });
    assert.equal(unit.device.config.get('Device.DNS.Client.ServerNumberOfEntries'), '1');
  });

  it('names rows by their aliases in answers and Informs with InstanceMode InstanceAlias', async () => {
    await add(`${SERVERS}[main].`);
    await call('SetParameterAttributes', {
      ParameterList: [
        {
          Name: `${SERVERS}[main].Enable`,
          NotificationChange: true,
          Notification: 1,
          AccessListChange: false,
          AccessList: [],
        },
      ],
    });
    await set({ [`${P}InstanceMode`]: 'InstanceAlias' });
    const names = await call('GetParameterNames', { ParameterPath: SERVERS, NextLevel: true });
    assert.deepEqual(names, { ParameterList: [{ Name: `${SERVERS}[main].`, Writable: true }] });
    assert.deepEqual(await get(`${SERVERS}1.Alias`), { [`${SERVERS}[main].Alias`]: 'main' });
    await unit.device.config.set([{ name: `${SERVERS}1.Enable`, value: '1' }], 'web');
    const from = acs.heard.length;
    unit.gateway.agent?.inform();
    await unit.ended(unit.sessions.length + 1);
    const inform = argumentsOf(acs.heard[from], 'Inform');
    assert.equal(inform.ParameterList.find(({ Name }) => Name === `${SERVERS}[main].Enable`)?.Value, '1');
  });

  it('expands * to every row for reads, and nowhere else', async () => {
    assert.deepEqual(await get(`${SERVERS}*.Enable`), {}, 'no row is no fault');
    await add(`${SERVERS}[a].`);
    await add(`${SERVERS}[b].`);
    assert.deepEqual(await get(`${SERVERS}*.Alias`), { [`${SERVERS}1.Alias`]: 'a', [`${SERVERS}2.Alias`]: 'b' });
    const attributes = await call('GetParameterAttributes', { ParameterNames: [`${SERVERS}*.Enable`] });
    assert.equal('ParameterList' in attributes && attributes.ParameterList.length, 2);
    const names = await call('GetParameterNames', { ParameterPath: `${SERVERS}*.Enable`, NextLevel: false });
    assert.equal('ParameterList' in names && names.ParameterList.length, 2);
    for (const bad of [
      `${SERVERS}*.No`,
      `${SERVERS}*`,
      'Device.*.Enable',
      'Device.No.*.X',
      `${SERVERS}[a.Enable`,
      `${SERVERS}[].Enable`,
    ]) {
      assert.deepEqual(await get(bad), [9005], bad);
    }
    assert.deepEqual(await set({ [`${SERVERS}*.Enable`]: '1' }), [9003, `${SERVERS}*.Enable 9005`]);
    const denied = await call('SetParameterAttributes', {
      ParameterList: [
        {
          Name: `${SERVERS}*.Enable`,
          NotificationChange: true,
          Notification: 1,
          AccessListChange: false,
          AccessList: [],
        },
      ],
    });
    assert.deepEqual(denied, [9005]);
  });
});

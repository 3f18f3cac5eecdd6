// Drift: values that change though the ParameterKey stays are found, and corrected, reported or left alone as a fight.
import assert from 'node:assert/strict';
import type { Drift } from '../../../../acs/device/desired-state.ts';
import type { Wanted } from '../../../../acs/fleet/presets/desired.ts';
import { recordsAfter } from '../../../../acs/fleet/reconcile/drift.ts';
import type { Device } from '../../../../cpe/state/device.ts';
import { testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';
import { informingEvery, openVirtualWorld, type VirtualWorld } from '../../../support/worlds/virtual-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const user = 'Device.X_0090F8_Cwmp.Tr111StunUsername';
const level = 'Device.X_0090F8_Cwmp.MinSeverity';
const events = 'Device.X_0090F8_Nlm.Events.';

interface Fault {
  id: string;
  cause: string;
  code: string;
  parameter: string;
  message: string;
  hint: string;
  count: number;
}

describe('drift', () => {
  let world: VirtualWorld;
  let device: Device;
  /** @returns RPCs to the device since the last call */
  let asked: string[];

  beforeEach(async () => {
    world = await openVirtualWorld(informingEvery(600));
    asked = [];
    world.events.on('rpc', ({ direction, method }) => direction === 'to-cpe' && asked.push(method));
    world.start();
    await world.pass(MINUTE);
    device = world.group.units[0]!.gateway.device;
  });
  afterEach(async () => await world.close());

  const put = async (name: string, preset: object): Promise<unknown> =>
    await world.api('PUT', `/presets/${name}`, preset);
  const faults = async (): Promise<Fault[]> => ((await world.api('GET', '/faults')) as { items: Fault[] }).items;
  const drift = async (): Promise<Drift[]> => ((await world.api('GET', `/devices/${id}`)) as { drift: Drift[] }).drift;
  /** Sets a value as a user of the unit's own web page does. */
  const locally = async (path: string, value: string): Promise<unknown> =>
    await device.config.set([{ name: path, value }], 'web');
  const settled = async (): Promise<void> => {
    await world.pass(11 * MINUTE);
    asked = [];
  };
  const notify = async (path: string): Promise<void> =>
    await device.config.changes.setAttributes([{ path, notification: 2 }]);

  it('is corrected in the session of its 4 VALUE CHANGE, and recorded', async () => {
    await put('p', { set: { [user]: 'acme', [level]: 'Error' } });
    await settled();
    await notify(user);
    const since = world.clock.now();
    await locally(user, 'mallory');
    await world.pass(MINUTE);
    assert.equal(device.config.get(user), 'acme');
    const [entry, ...more] = await drift();
    assert.deepEqual(more, []);
    assert.deepEqual(
      [entry?.path, entry?.preset, entry?.wanted, entry?.found, entry?.state, entry?.count],
      [user, 'p', 'acme', 'mallory', 'corrected', 1],
    );
    assert.ok(Date.parse(String(entry?.since)) >= since && Date.parse(String(entry?.since)) < since + MINUTE);
    assert.deepEqual(await faults(), []);
    assert.deepEqual(asked, ['GetParameterValues', 'SetParameterValues']);
  });

  it('costs no RPC when a 4 VALUE CHANGE reports an unmanaged value', async () => {
    await put('p', { set: { [level]: 'Error' } });
    await settled();
    await notify(user);
    await locally(user, 'x');
    await world.pass(11 * MINUTE);
    assert.deepEqual([asked, await drift()], [[], []]);
    assert.equal(device.config.get(user), 'x');
  });

  it('is found by an audit when no notification reports it, at the cost of one read', async () => {
    await put('p', { set: { [user]: 'acme' }, audit: '6h' });
    await settled();
    await world.pass(5 * HOUR);
    assert.deepEqual(asked, [], 'thirty sessions, nothing due');
    await world.pass(2 * HOUR);
    assert.deepEqual(asked, ['GetParameterValues']);
    await locally(user, 'mallory');
    await world.pass(7 * HOUR);
    assert.equal(device.config.get(user), 'acme');
    assert.deepEqual(asked, ['GetParameterValues', 'GetParameterValues', 'SetParameterValues']);
    const wanted = (await world.api('GET', `/devices/${id}/wanted`)) as { auditAt: string; drift: Drift[] };
    assert.ok(Date.parse(wanted.auditAt) > world.clock.now());
    assert.deepEqual(wanted.drift, await drift());
  });

  it('is reported by a fault and left alone when its preset asks for that', async () => {
    await put('p', { set: { [user]: 'acme' }, audit: '1h', drift: 'report' });
    await settled();
    await locally(user, 'mallory');
    await world.pass(90 * MINUTE);
    const [fault, ...more] = await faults();
    assert.deepEqual(more, []);
    assert.deepEqual([fault?.cause, fault?.code, fault?.parameter], ['drift:p', 'drift', user]);
    assert.match(String(fault?.message), /Tr111StunUsername is 'mallory', not 'acme'/);
    assert.match(String(fault?.hint), /drift: correct/);
    assert.deepEqual(
      (await drift()).map(({ state }) => state),
      ['reported'],
    );
    await put('other', { set: { [level]: 'Error' } });
    await settled();
    assert.deepEqual([device.config.get(level), device.config.get(user)], ['Error', 'mallory']);
    // The drift is corrected as soon as the preset asks for that.
    await put('p', { set: { [user]: 'acme' }, audit: '1h' });
    await settled();
    assert.equal(device.config.get(user), 'acme');
    assert.deepEqual(await faults(), []);
  });

  it('clears its fault when the value is right again', async () => {
    await put('p', { set: { [user]: 'acme' }, audit: '1h', drift: 'report' });
    await settled();
    await locally(user, 'mallory');
    await world.pass(90 * MINUTE);
    assert.equal((await faults()).length, 1);
    await locally(user, 'acme');
    await world.pass(90 * MINUTE);
    assert.deepEqual([await faults(), await drift()], [[], []]);
  });

  it("is corrected and reported in the session of the operator's task that caused it", async () => {
    await put('p', { set: { [user]: 'acme' } });
    await settled();
    const set = async (path: string, value: string): Promise<void> => {
      await world.api('POST', `/devices/${id}/tasks`, {
        method: 'SetParameterValues',
        args: { ParameterList: { [path]: value } },
      });
      await world.pass(11 * MINUTE);
    };
    await set(level, 'Error');
    assert.deepEqual(asked, ['SetParameterValues'], 'what is not managed is left as the operator set it');
    await set(user, 'operator');
    assert.equal(device.config.get(user), 'acme');
    assert.deepEqual(
      (await drift()).map(({ found }) => found),
      ['operator'],
    );
  });

  it('is corrected in rows of tables as in values', async () => {
    await put('p', {
      objects: { [events]: { keys: ['Criteria'], rows: [{ Criteria: 'All', Activation: 'Enable' }], exclusive: true } },
    });
    await settled();
    const before = device.config.read(events).filter(({ Name }) => Name.endsWith('.Criteria'));
    assert.equal(before.length, 1);
    const instance = before[0]?.Name.replace('Criteria', '') ?? '';
    await world.api('POST', `/devices/${id}/tasks`, { method: 'AddObject', args: { ObjectName: events } });
    await world.api('POST', `/devices/${id}/tasks`, {
      method: 'SetParameterValues',
      args: { ParameterList: { [`${instance}Activation`]: 'Disable' } },
    });
    await world.pass(11 * MINUTE);
    assert.deepEqual(
      device.config
        .read(events)
        .filter(({ Name }) => /\.(Criteria|Activation)$/.test(Name))
        .map(({ Value }) => Value)
        .sort(),
      ['All', 'Enable'],
    );
    const [entry] = await drift();
    assert.equal(entry?.path, events);
    assert.match(String(entry?.found), /row 1 Activation is Disable; instance \d+ is too much/);
  });

  it('is left alone after repeated corrections, with a fault until that is cleared', async () => {
    await put('p', { set: { [user]: 'acme', [level]: 'Error' } });
    await settled();
    await notify(user);
    for (let turn = 0; turn < 8; turn++) {
      await locally(user, 'mallory');
      await world.pass(20 * MINUTE);
    }
    const sets = asked.filter(method => method === 'SetParameterValues').length;
    assert.equal(sets, 3, 'no more corrections');
    assert.equal(device.config.get(user), 'mallory');
    const [fault, ...more] = await faults();
    assert.deepEqual(more, []);
    assert.deepEqual([fault?.cause, fault?.code, fault?.parameter], [`fight:${user}`, 'fight', user]);
    assert.match(String(fault?.message), /set right 3 times lately: something else sets it/);
    // The other values of the preset are still applied.
    await world.api('POST', `/devices/${id}/tasks`, {
      method: 'SetParameterValues',
      args: { ParameterList: { [level]: 'Debug' } },
    });
    await world.pass(11 * MINUTE);
    assert.deepEqual([device.config.get(level), device.config.get(user)], ['Error', 'mallory']);
    await world.api('DELETE', `/faults/${fault?.id}`);
    await world.pass(11 * MINUTE);
    assert.equal(device.config.get(user), 'acme');
    assert.deepEqual(await faults(), []);
  });

  it('is corrected after a fight when the preset changes', async () => {
    await put('p', { set: { [user]: 'acme' } });
    await settled();
    await notify(user);
    for (let turn = 0; turn < 4; turn++) {
      await locally(user, 'mallory');
      await world.pass(20 * MINUTE);
    }
    assert.equal((await faults()).length, 1);
    await put('p', { set: { [user]: 'other' } });
    await settled();
    assert.equal(device.config.get(user), 'other');
    assert.deepEqual(await faults(), []);
  });

  it('is forgotten at 0 BOOTSTRAP', async () => {
    await put('p', { set: { [user]: 'acme' }, audit: '1h', drift: 'report' });
    await settled();
    await locally(user, 'mallory');
    await world.pass(90 * MINUTE);
    await world.api('POST', `/devices/${id}/tasks`, { method: 'FactoryReset' });
    await world.pass(HOUR);
    const now = world.group.units[0]!.gateway.device;
    assert.equal(now.config.get(user), 'acme');
    assert.deepEqual([await faults(), await drift()], [[], []]);
  });
});

describe('drift that a lost session reported', () => {
  it('is audited in the next session, which does not report it again', async () => {
    const acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
    await acs.fleet.presets.put('p', { set: { [user]: 'acme' } });
    const cpe = memoryCpe({ [user]: '' });
    const next = (codes: string[], told: Record<string, string> = {}): ScriptedCpe => {
      const parameters = { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '', ...told };
      return new ScriptedCpe(acs.app, { events: codes, parameters });
    };
    await next(['1 BOOT']).session(cpe.answer);
    assert.deepEqual((await next(['2 PERIODIC']).session(cpe.answer)).asked, []);
    cpe.values.set(user, 'mallory');
    const lost = next(['4 VALUE CHANGE'], { [user]: 'mallory' });
    assert.equal((await lost.post(lost.inform())).status, 200);
    await acs.clock.advance(HOUR);
    await next(['2 PERIODIC']).session(cpe.answer);
    assert.equal(cpe.values.get(user), 'acme');
    assert.deepEqual((await next(['2 PERIODIC']).session(cpe.answer)).asked, []);
    await acs.close();
  });
});

describe('the record of drift', () => {
  const wanted = (more: Partial<Wanted> = {}): Wanted => ({
    revision: 'r',
    set: new Map([['A', { value: '1', preset: 'p', secret: false }]]),
    objects: [],
    files: [],
    restart: { wish: 'never' },
    refused: [],
    reporting: new Set(),
    moves: new Map(),
    tags: new Map([['p', 't']]),
    ...more,
  });
  const found = { path: 'A', preset: 'p', wanted: '1', found: '2', basis: 'b' };

  it('counts corrections within a day, or within six audits where those are rarer', () => {
    const day = 24 * HOUR;
    const states = (step: number, more: Partial<Wanted> = {}): string[] => {
      let drift: Drift[] = [];
      return Array.from({ length: 6 }, (_, turn) => {
        drift = recordsAfter(drift, [found], wanted(more), 1e9 + turn * step);
        return String(drift[0]?.state);
      });
    };
    const fight = ['corrected', 'corrected', 'corrected', 'fight', 'fight', 'fight'];
    assert.deepEqual(states(HOUR), fight);
    assert.deepEqual(states(9 * HOUR), Array(6).fill('corrected'));
    assert.deepEqual(states(day, { auditMs: day }), fight);
    assert.deepEqual(states(3 * day, { auditMs: day }), Array(6).fill('corrected'));
  });

  it('begins again with another desired value', () => {
    let drift = recordsAfter([], [found], wanted(), 1000);
    drift = recordsAfter(drift, [{ ...found, basis: 'other' }], wanted(), 2000);
    assert.deepEqual([drift.length, drift[0]?.since, drift[0]?.corrections], [1, 2000, [2000]]);
  });
});

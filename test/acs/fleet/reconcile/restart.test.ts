// Restarts for settings that need them: at once, when no call is up, or never; kept over sessions and crashes, done once.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peekSlot, slotOf, type Unit } from '../../../../cpe/services/service.ts';
import { sipep } from '../../../../cpe/services/sip/sipep.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';
import { informingEvery, openVirtualWorld, type VirtualWorld } from '../../../support/worlds/virtual-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const port = 'Device.X_0090F8_Mipt.IpTransportRtpBasePort';
const table = 'Device.X_0090F8_Scm.ServiceCommands.';

interface View {
  restart: { services: string[]; wish: string; preset: string; since: string; waits?: string; asked?: string } | null;
}

describe('restarts of a gateway', () => {
  let world: VirtualWorld;
  let unit: Unit;
  beforeEach(async () => {
    world = await openVirtualWorld(informingEvery(600));
    world.start();
    await world.pass(MINUTE);
    unit = world.group.units[0]!.gateway.device as Unit;
  });
  afterEach(async () => await world.close());

  const put = async (restart: string): Promise<unknown> =>
    await world.api('PUT', '/presets/p', { set: { [port]: 7000 }, restart });
  const view = async (): Promise<View> => (await world.api('GET', `/devices/${id}`)) as View;
  const runsWith = (): string | undefined => unit.config.running('Mipt.IpTransportRtpBasePort');
  /** Sets the state of the unit's calls: SIP needs sockets, and there are none here. */
  const calls = (count: number): void => {
    const agent = {
      calls: () => Array(count).fill({ hangup: async () => undefined }),
      stop: async () => undefined,
      connections: () => [],
      registrations: () => [],
    };
    slotOf(unit, sipep, () => ({ gateways: new Map(), shown: new Map(), turn: Promise.resolve() }));
    const { gateways } = peekSlot<{ gateways: Map<string, unknown> }>(unit, sipep)!;
    gateways.set('default', { agent, state: 'Ready' });
  };

  it('restarts the one service by its own command for `now`', async () => {
    await put('now');
    await world.pass(11 * MINUTE);
    assert.deepEqual([runsWith(), (await view()).restart], ['7000', null]);
    assert.equal(world.report().units?.[0]?.boots, 1, 'the unit stayed up');
  });

  it('shows the restart as pending for `never`, until any next boot', async () => {
    await put('never');
    await world.pass(11 * MINUTE);
    const { restart } = await view();
    assert.deepEqual([restart?.services, restart?.wish, restart?.preset], [['Mipt'], 'never', 'p']);
    assert.notEqual(runsWith(), '7000');
    await world.api('POST', `/devices/${id}/tasks`, { method: 'Reboot' });
    await world.pass(HOUR);
    unit = world.group.units[0]!.gateway.device as Unit;
    assert.deepEqual([runsWith(), (await view()).restart], ['7000', null]);
  });

  it('waits for the end of a call for `idle`, and shows the reason', async () => {
    calls(1);
    assert.equal(unit.config.variable('EpAdm.UnitUsageState'), 'Active');
    await put('idle');
    await world.pass(3 * HOUR);
    assert.notEqual(runsWith(), '7000');
    const { restart } = await view();
    assert.deepEqual([restart?.wish, restart?.waits], ['idle', 'a call is up']);
    const wanted = (await world.api('GET', `/devices/${id}/wanted`)) as { restart: { wish: string; pending: object } };
    assert.deepEqual([wanted.restart.wish, wanted.restart.pending], ['idle', restart]);
    calls(0);
    await world.pass(11 * MINUTE);
    assert.deepEqual([runsWith(), (await view()).restart], ['7000', null]);
  });

  it('waits no longer when `idle` becomes `now`', async () => {
    calls(2);
    await put('idle');
    await world.pass(30 * MINUTE);
    assert.notEqual(runsWith(), '7000');
    await put('now');
    await world.pass(11 * MINUTE);
    assert.equal(runsWith(), '7000');
  });

  it('does not restart what was restarted meanwhile', async () => {
    calls(1);
    await put('idle');
    await world.pass(30 * MINUTE);
    await unit.services.command('Mipt', 'Restart');
    const commands: string[] = [];
    world.events.on('rpc', ({ method }) => commands.push(method));
    await world.pass(11 * MINUTE);
    assert.equal((await view()).restart, null);
    assert.ok(!commands.includes('SetParameterValues'));
  });
});

describe('restarts, message by message', () => {
  let acs: TestAcs;
  afterEach(async () => await acs.close());

  const open = async (file?: string): Promise<void> => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none', ...(file ? { file } : {}) });
  };
  /** Makes a device each of whose changes needs a restart. */
  const slow = (values: Record<string, string> = { [port]: '5004' }) => {
    const cpe = memoryCpe(values);
    const answer: typeof cpe.answer = (method, args) =>
      method === 'SetParameterValues' ? { ...cpe.answer(method, args), Status: 1 } : cpe.answer(method, args);
    return { ...cpe, answer };
  };
  type Slow = ReturnType<typeof slow>;
  const session = async (
    cpe: Slow,
    events = ['2 PERIODIC'],
    answer: Slow['answer'] = cpe.answer,
    told: Record<string, string> = {},
  ) =>
    await new ScriptedCpe(acs.app, {
      events,
      parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '', ...told },
    }).session(answer);
  const asked = (result: Awaited<ReturnType<typeof session>>): string[] => result.asked.map(({ method }) => method);
  const pending = async () => (await acs.store.device(id))?.restart;

  it('reboots the unit by a task, and asks nothing after it, when there is no command', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    const first = await session(cpe, ['1 BOOT']);
    assert.deepEqual(asked(first).slice(-1), ['Reboot']);
    const {
      items: [task],
    } = await acs.store.tasks({ device: id, limit: 10 });
    assert.deepEqual(
      [task?.method, task?.origin, task?.state, task?.args.CommandKey],
      ['Reboot', 'reconcile', 'waiting', task?.id],
    );
    assert.equal(first.asked.at(-1)?.args.CommandKey, task?.id);
    assert.deepEqual(asked(await session(cpe)), [], 'not again while its outcome is awaited');
    await session(cpe, ['1 BOOT', `M Reboot|${task?.id}`]);
    assert.equal((await acs.fleet.tasks.get(String(task?.id))).state, 'done');
    assert.equal(await pending(), undefined);
  });

  it('does not repeat a Reboot that was sent before a crash, but one that was not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-restart-'));
    const file = join(folder, 'acs.db');
    await open(file);
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    // The server crashes, and the session ends, while the device has the Reboot in hand.
    const inform = new ScriptedCpe(acs.app, { events: ['1 BOOT'] });
    const dies: Slow['answer'] = (method, args) => {
      if (method === 'Reboot') throw new Error('cut');
      return cpe.answer(method, args);
    };
    await assert.rejects(inform.session(dies), /cut/);
    await acs.close();
    await open(file);
    assert.deepEqual((await pending())?.services, ['Mipt'], 'what waits is kept');
    const reboots = (list: string[]): number => list.filter(method => method === 'Reboot').length;
    assert.equal(reboots(asked(await session(cpe))), 0);
    await session(cpe, ['1 BOOT']);
    assert.equal(await pending(), undefined);
    assert.equal(reboots(asked(await session(cpe))), 0);
    // The process ends after the task was made and before it is marked as sent.
    await acs.fleet.presets.put('p', { set: { [port]: 8000 }, restart: 'now' });
    await acs.fleet.tasks.make(id, { method: 'Reboot' }, 'reconcile');
    assert.equal(reboots(asked(await session(cpe))), 1);
    await rm(folder, { recursive: true });
  });

  it('raises a fault for a device that does not boot, and asks again after a while', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    await session(cpe, ['1 BOOT']);
    for (let time = 0; time < 4; time++) await session(cpe);
    const [fault] = (await acs.store.faults({ limit: 10, now: 0 })).items;
    assert.deepEqual([fault?.cause, fault?.code], ['restart', 'not-restarted']);
    assert.deepEqual(asked(await session(cpe)), []);
    await acs.clock.advance(2 * HOUR);
    assert.deepEqual(asked(await session(cpe)).slice(-1), ['Reboot']);
    await session(cpe, ['1 BOOT']);
    assert.deepEqual((await acs.store.faults({ limit: 10, now: 0 })).items, []);
  });

  it('raises a fault with backoff for a refused restart, and keeps the values', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    await session(cpe, ['1 BOOT'], (method, args) =>
      method === 'Reboot' ? (new CwmpFault(9001, 'not now') as never) : cpe.answer(method, args),
    );
    const [fault, ...more] = (await acs.store.faults({ limit: 10, now: 0 })).items;
    assert.deepEqual([more.length, fault?.cause, fault?.code], [0, 'restart', 9001]);
    const wait = ((fault?.retryAt ?? 0) - (fault?.last ?? 0)) / HOUR;
    assert.ok(wait >= 0.75 && wait <= 1.25 && wait !== 1, `an hour by chance, ${wait}`);
    assert.deepEqual([cpe.values.get(port), asked(await session(cpe))], ['7000', []]);
  });

  it('restarts services by their commands, or the unit where one of them has none', async () => {
    await open();
    const web = 'Device.X_0090F8_Web.ServerPort';
    await acs.fleet.presets.put('p', { set: { [port]: 7000, [web]: 8088 }, restart: 'now' });
    const values = {
      [port]: '5004',
      [web]: '80',
      'Device.X_0090F8_Mipt.NeedRestartInfo': 'Yes',
      'Device.X_0090F8_Web.NeedRestartInfo': 'Yes',
      [`${table}1.Name`]: 'Mipt',
      [`${table}1.Restart`]: 'NoOp',
    };
    const cpe = slow({ ...values, [`${table}2.Name`]: 'Web', [`${table}2.Restart`]: 'NoOp' });
    const both = await session(cpe, ['1 BOOT']);
    assert.deepEqual(
      [cpe.values.get(`${table}1.Restart`), cpe.values.get(`${table}2.Restart`)],
      ['Restart', 'Restart'],
    );
    assert.ok(!asked(both).includes('Reboot'));
    assert.equal(await pending(), undefined);
    await acs.store.apply(id, 'removed', {});
    const one = slow(values);
    assert.deepEqual(asked(await session(one, ['1 BOOT'])).slice(-1), ['Reboot']);
    assert.equal(one.values.get(`${table}1.Restart`), 'NoOp');
  });

  it('asks the services whether they need the restart when an answer was lost', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow({
      [port]: '5004',
      'Device.X_0090F8_Mipt.NeedRestartInfo': 'Yes',
      [`${table}1.Name`]: 'Mipt',
      [`${table}1.Restart`]: 'NoOp',
    });
    await assert.rejects(
      session(cpe, ['1 BOOT'], (method, args) => {
        const answer = cpe.answer(method, args);
        if (method === 'SetParameterValues') throw new Error('cut');
        return answer;
      }),
      /cut/,
    );
    assert.equal(cpe.values.get(port), '7000');
    const quiet: Slow['answer'] = (method, args) => ({
      ...cpe.answer(method, args),
      ...(method === 'SetParameterValues' ? { Status: 0 } : {}),
    });
    await session(cpe, ['2 PERIODIC'], quiet);
    assert.equal(cpe.values.get(`${table}1.Restart`), 'Restart');
  });

  it('restarts for `idle` when no line of TR-104 has a call', async () => {
    await open();
    const line = 'Device.Services.VoiceService.1.VoiceProfile.1.Line.1.CallState';
    await acs.fleet.presets.put('p', { set: { 'Device.X_ABCDEF_A.B': 'x' }, restart: 'idle' });
    const cpe = slow({ 'Device.X_ABCDEF_A.B': '', [line]: 'InCall' });
    const plain = { DeviceId: { Manufacturer: 'Acme', OUI: 'ABCDEF', ProductClass: '4102S', SerialNumber: '1' } };
    const other = 'ABCDEF-4102S-1';
    const session = async () => {
      const one = new ScriptedCpe(acs.app, {
        events: ['2 PERIODIC'],
        parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '' },
      });
      const { inform } = one;
      one.inform = (overrides = {}) => inform.call(one, { ...plain, ...overrides });
      return asked(await one.session(cpe.answer));
    };
    // The device does not report calls, and it is midnight.
    assert.ok(!(await session()).includes('Reboot'));
    assert.match(
      String((await acs.store.device(other))?.restart?.waits),
      /cannot tell whether a call is up: .* 02:00 and 05:00 \(UTC\)/,
    );
    await acs.store.putParameters(other, [{ path: line, value: 'InCall', type: 'xsd:string', time: 0 }]);
    assert.ok(!(await session()).includes('Reboot'));
    assert.equal((await acs.store.device(other))?.restart?.waits, 'a call is up');
    cpe.values.set(line, 'Idle');
    assert.deepEqual((await session()).slice(-1), ['Reboot']);
  });

  it('restarts a device that does not report calls at night for `idle`', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'idle' });
    const cpe = slow();
    const plain = (method: string, args: Record<string, unknown>) =>
      method === 'GetParameterValues' && JSON.stringify(args).includes('EpAdm')
        ? (new CwmpFault(9005, 'no such name') as never)
        : cpe.answer(method as 'Reboot', args);
    assert.ok(!asked(await session(cpe, ['1 BOOT'], plain)).includes('Reboot'));
    await acs.clock.advance(3 * HOUR);
    assert.deepEqual(asked(await session(cpe, ['2 PERIODIC'], plain)).slice(-1), ['Reboot']);
  });
});

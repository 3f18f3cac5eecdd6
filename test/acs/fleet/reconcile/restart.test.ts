// Settings that wait for a restart: at once, when no call is up, never; kept over sessions and crashes, done once.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peekSlot, slotOf, type Unit } from '../../../../cpe/services/service.ts';
import { sipep } from '../../../../cpe/services/sipep.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { memoryCpe, ScriptedCpe, type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
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
  /** SIP needs sockets, which there are none of here: what the unit's usage is told from is put in its place. */
  const calls = (count: number): void => {
    const agent = {
      calls: () => Array(count).fill({}),
      stop: async () => undefined,
      connections: () => [],
      registrations: () => [],
    };
    slotOf(unit, sipep, () => ({ gateways: new Map(), shown: new Map(), turn: Promise.resolve() }));
    const { gateways } = peekSlot<{ gateways: Map<string, unknown> }>(unit, sipep)!;
    gateways.set('default', { agent, state: 'Ready' });
  };

  it('now: by its own command, of the one service', async () => {
    await put('now');
    await world.pass(11 * MINUTE);
    assert.deepEqual([runsWith(), (await view()).restart], ['7000', null]);
    assert.equal(world.report().units?.[0]?.boots, 1, 'the unit stayed up');
  });

  it('never: shown as waiting, and gone with the next boot, whoever orders it', async () => {
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

  it('idle: waits while a call is up, is shown with the reason, and comes in the first session after its end', async () => {
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

  it('idle that becomes now waits no longer', async () => {
    calls(2);
    await put('idle');
    await world.pass(30 * MINUTE);
    assert.notEqual(runsWith(), '7000');
    await put('now');
    await world.pass(11 * MINUTE);
    assert.equal(runsWith(), '7000');
  });

  it('is not done where someone else did it meanwhile', async () => {
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
  /** A device whose every change waits for a restart. */
  const slow = (values: Record<string, string> = { [port]: '5004' }) => {
    const cpe = memoryCpe(values);
    const answer: typeof cpe.answer = (method, args) =>
      method === 'SetParameterValues' ? { ...cpe.answer(method, args), Status: 1 } : cpe.answer(method, args);
    return { ...cpe, answer };
  };
  type Slow = ReturnType<typeof slow>;
  const visit = async (
    cpe: Slow,
    events = ['2 PERIODIC'],
    answer: Slow['answer'] = cpe.answer,
    told: Record<string, string> = {},
  ) =>
    await new ScriptedCpe(acs.app, {
      events,
      parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '', ...told },
    }).session(answer);
  const asked = (result: Awaited<ReturnType<typeof visit>>): string[] => result.asked.map(({ method }) => method);
  const pending = async () => (await acs.store.device(id))?.restart;

  it('without a command of the service the unit reboots: a task of its own CommandKey, waiting for its evidence, and nothing after it', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    const first = await visit(cpe, ['1 BOOT']);
    assert.deepEqual(asked(first).slice(-1), ['Reboot']);
    const [task] = await acs.store.tasks({ device: id, limit: 10 });
    assert.deepEqual(
      [task?.method, task?.origin, task?.state, task?.args.CommandKey],
      ['Reboot', 'reconcile', 'waiting', task?.id],
    );
    assert.equal(first.asked.at(-1)?.args.CommandKey, task?.id);
    assert.deepEqual(asked(await visit(cpe)), [], 'not again while its outcome is awaited');
    await visit(cpe, ['1 BOOT', `M Reboot|${task?.id}`]);
    assert.equal((await acs.fleet.tasks.get(String(task?.id))).state, 'done');
    assert.equal(await pending(), undefined);
  });

  it('a Reboot is not repeated by a crash after it was sent; one that was never sent is made anew', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-restart-'));
    const file = join(folder, 'acs.db');
    await open(file);
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    // The session ends as the Reboot is in the device's hands, and the server with it.
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
    assert.equal(reboots(asked(await visit(cpe))), 0);
    await visit(cpe, ['1 BOOT']);
    assert.equal(await pending(), undefined);
    assert.equal(reboots(asked(await visit(cpe))), 0);
    // Made, and the process ended before it was marked as sent.
    await acs.fleet.presets.put('p', { set: { [port]: 8000 }, restart: 'now' });
    await acs.fleet.tasks.make(id, { method: 'Reboot' }, 'reconcile');
    assert.equal(reboots(asked(await visit(cpe))), 1);
    await rm(folder, { recursive: true });
  });

  it('a device that said yes and has not booted gets a fault, and is asked again after a while', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    await visit(cpe, ['1 BOOT']);
    for (let session = 0; session < 4; session++) await visit(cpe);
    const [fault] = await acs.store.faults(10);
    assert.deepEqual([fault?.cause, fault?.code], ['restart', 'not-restarted']);
    assert.deepEqual(asked(await visit(cpe)), []);
    await acs.clock.advance(2 * HOUR);
    assert.deepEqual(asked(await visit(cpe)).slice(-1), ['Reboot']);
    await visit(cpe, ['1 BOOT']);
    assert.deepEqual(await acs.store.faults(10), []);
  });

  it('a refused restart is a fault with backoff; what the preset set stays', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow();
    await visit(cpe, ['1 BOOT'], (method, args) =>
      method === 'Reboot' ? (new CwmpFault(9001, 'not now') as never) : cpe.answer(method, args),
    );
    const [fault, ...more] = await acs.store.faults(10);
    assert.deepEqual([more.length, fault?.cause, fault?.code], [0, 'restart', 9001]);
    const wait = ((fault?.retryAt ?? 0) - (fault?.last ?? 0)) / HOUR;
    assert.ok(wait >= 0.75 && wait <= 1.25 && wait !== 1, `an hour by chance, ${wait}`);
    assert.deepEqual([cpe.values.get(port), asked(await visit(cpe))], ['7000', []]);
  });

  it('services are restarted by their commands; where one of them has none, the unit', async () => {
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
    const both = await visit(cpe, ['1 BOOT']);
    assert.deepEqual(
      [cpe.values.get(`${table}1.Restart`), cpe.values.get(`${table}2.Restart`)],
      ['Restart', 'Restart'],
    );
    assert.ok(!asked(both).includes('Reboot'));
    assert.equal(await pending(), undefined);
    await acs.store.apply(id, 'removed', {});
    const one = slow(values);
    assert.deepEqual(asked(await visit(one, ['1 BOOT'])).slice(-1), ['Reboot']);
    assert.equal(one.values.get(`${table}1.Restart`), 'NoOp');
  });

  it('an answer that was lost is made up for: the services say themselves whether they wait', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'now' });
    const cpe = slow({
      [port]: '5004',
      'Device.X_0090F8_Mipt.NeedRestartInfo': 'Yes',
      [`${table}1.Name`]: 'Mipt',
      [`${table}1.Restart`]: 'NoOp',
    });
    await assert.rejects(
      visit(cpe, ['1 BOOT'], (method, args) => {
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
    await visit(cpe, ['2 PERIODIC'], quiet);
    assert.equal(cpe.values.get(`${table}1.Restart`), 'Restart');
  });

  it('idle, of a device whose lines tell by TR-104: when none has a call', async () => {
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
    // It cannot tell, and it is midnight.
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

  it('idle, of a device that cannot tell: at night', async () => {
    await open();
    await acs.fleet.presets.put('p', { set: { [port]: 7000 }, restart: 'idle' });
    const cpe = slow();
    const plain = (method: string, args: Record<string, unknown>) =>
      method === 'GetParameterValues' && JSON.stringify(args).includes('EpAdm')
        ? (new CwmpFault(9005, 'no such name') as never)
        : cpe.answer(method as 'Reboot', args);
    assert.ok(!asked(await visit(cpe, ['1 BOOT'], plain)).includes('Reboot'));
    await acs.clock.advance(3 * HOUR);
    assert.deepEqual(asked(await visit(cpe, ['2 PERIODIC'], plain)).slice(-1), ['Reboot']);
  });
});

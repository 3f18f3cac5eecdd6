// Liveness: late and lost devices are announced once, by their own interval, and not after a time in which no process served.
import assert from 'node:assert/strict';
import { createSchedule } from '../../../../acs/fleet/cluster/schedule.ts';
import { learnInterval } from '../../../../acs/fleet/common/inform-interval.ts';
import type { Schedule } from '../../../../acs/fleet/common/schedule.ts';
import { startDuties } from '../../../../acs/fleet/duties.ts';
import { LivenessWatch, LOOK_MS } from '../../../../acs/fleet/monitoring/liveness.ts';
import { parseFilter } from '../../../../acs/query/parser.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { identityOf, idOf } from '../../../support/devices.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const interval = 'Device.ManagementServer.PeriodicInformInterval';

describe('liveness', () => {
  let acs: TestAcs;
  let announced: string[];
  const schedules: Schedule[] = [];

  const serve = (owner: string): Schedule => {
    const { store, clock, log, events } = acs;
    const schedule = createSchedule({ store, clock, log, owner });
    startDuties(
      schedule,
      { store, clock, liveness: new LivenessWatch({ store, clock, events }) },
      { tasks: 30, audit: 365 },
    );
    schedules.push(schedule);
    return schedule;
  };
  const inform = async (serial: string, seconds: number): Promise<void> => {
    const parameters = { [interval]: String(seconds) };
    const cpe = new ScriptedCpe(acs.app, { serial, parameters, events: ['2 PERIODIC'], scheme: 'none' });
    const { inform: answer } = await cpe.session();
    assert.equal(answer.status, 200);
  };
  const minutes = (): number => Math.round((acs.clock.now() - start) / MINUTE);
  let start: number;

  beforeEach(async () => {
    acs = await testAcs({ cpeAuth: 'none', enrol: 'auto' });
    start = acs.clock.now();
    announced = [];
    for (const name of ['late', 'lost', 'back'] as const)
      acs.events.on(name, ({ device }) => announced.push(`${minutes()} ${name} ${device.split('-').at(-1)}`));
  });
  afterEach(async () => {
    for (const schedule of schedules.splice(0)) await schedule.stop();
    await acs.close();
  });

  it('announces late, lost and back once each from three processes', async () => {
    for (const owner of ['one', 'two', 'three']) serve(owner);
    await inform('A', 240);
    await inform('B', 3600);
    await acs.clock.advance(30 * MINUTE);
    assert.deepEqual(announced, ['11 late A', '21 lost A']);
    const view = await acs.fleet.devices.view(idOf(identityOf('A')));
    assert.deepEqual([view.online, view.liveness], [false, 'lost']);
    await inform('A', 240);
    await inform('A', 240);
    await acs.clock.advance(5 * MINUTE);
    assert.deepEqual(announced.slice(2), ['30 back A']);
    assert.equal((await acs.fleet.devices.view(idOf(identityOf('A')))).liveness, 'online');
    const late = await acs.fleet.devices.list({ filter: parseFilter('late or liveness = "lost"') });
    assert.deepEqual(late.items, []);
  });

  it('does not repeat an announcement after a restart', async () => {
    const first = serve('one');
    await inform('A', 60);
    await acs.clock.advance(4 * MINUTE);
    assert.deepEqual(announced, ['3 late A']);
    await first.stop();
    serve('again');
    await acs.clock.advance(10 * MINUTE);
    assert.deepEqual(announced, ['3 late A', '6 lost A']);
  });

  it('gives each device its interval after the server was down', async () => {
    const first = serve('one');
    await inform('A', 600);
    await inform('B', 600);
    await acs.clock.advance(5 * MINUTE);
    await first.stop();
    await acs.clock.advance(10 * HOUR);
    serve('again');
    await acs.clock.advance(2 * MINUTE);
    await inform('B', 600);
    await acs.clock.advance(15 * MINUTE);
    assert.deepEqual(announced, [], 'of the 25 minutes 5 had passed before, 17 since');
    await acs.clock.advance(5 * MINUTE);
    assert.deepEqual(announced, ['626 late A']);
    await acs.clock.advance(6 * MINUTE);
    assert.deepEqual(announced.slice(1), ['633 late B']);
  });

  it('announces more devices in one look than one read finds', async () => {
    serve('one');
    const { store, clock } = acs;
    for (let n = 0; n < 1100; n++)
      await store.apply(`0090F8-X-${n}`, 'informed', {
        identity: identityOf(String(n), 'X'),
        events: [],
        report: { values: '{}', informInterval: 60 },
        retryCount: 0,
        address: '127.0.0.1',
        now: clock.now(),
        owner: 'test',
        admission: 'enrolled',
      });
    await clock.advance(150_000 + LOOK_MS);
    assert.equal(announced.length, 1100);
  }).timeout(20_000);

  it('learns the interval when an Inform does not carry it', async () => {
    await acs.fleet.presets.put('often', { set: { 'Device.X_0090F8_Cwmp.PeriodicInformInterval': 120 } });
    const cpe = new ScriptedCpe(acs.app, { serial: 'A', events: ['0 BOOTSTRAP'], scheme: 'none' });
    await cpe.session(memoryCpe({ 'Device.X_0090F8_Cwmp.PeriodicInformInterval': '86400' }).answer);
    const id = idOf(identityOf('A'));
    assert.equal((await acs.store.device(id))?.informInterval, 120);

    await acs.fleet.presets.remove('often');
    await acs.fleet.tasks.add(id, {
      method: 'SetParameterValues',
      args: { ParameterList: { [interval]: '30' } },
    });
    await cpe.session(memoryCpe({}).answer);
    assert.equal((await acs.store.device(id))?.informInterval, 30);
    const row = await acs.fleet.devices.row(id);
    await learnInterval(acs.store, row, [
      { path: interval, value: '30' },
      { path: 'Device.ManagementServer.PeriodicInformEnable', value: '0' },
    ]);
    assert.equal((await acs.store.device(id))?.informInterval, undefined);
    await learnInterval(acs.store, await acs.fleet.devices.row(id), [{ path: interval, value: 'soon' }]);
    assert.equal((await acs.store.device(id))?.informInterval, undefined);
  });
});

// Waves, limits, windows and absent devices of jobs, and devices that misbehave.
import assert from 'node:assert/strict';
import { type JobTest, type JobUnit, jobTest } from '../../../support/acs/jobs.ts';

const interval = 'Device.ManagementServer.PeriodicInformInterval';
const setting = { set: { [interval]: 600 } };
const HOUR = 3_600_000;

describe('the waves of a job', () => {
  let test: JobTest;
  beforeEach(async () => {
    test = await jobTest();
  });
  afterEach(async () => await test.close());
  const setCalls = (units: readonly JobUnit[]): number =>
    units.flatMap(({ asked }) => asked.filter(method => method === 'SetParameterValues')).length;

  it('open one after the other, each when the one before it is done', async () => {
    const units = await test.fleet(6);
    const ids = units.map(({ id }) => id);
    await test.make([setting], { devices: { ids }, waves: [1, '50%'] });
    await test.comesTo({ planned: 5, running: 1 });
    await test.play(units.slice(0, 1), { done: 1, running: 3, planned: 2 });
    assert.equal((await test.job()).wave, 2);
    await test.play(units.slice(1, 4), { done: 4, running: 2 });
    await test.play(units, { done: 6 });
    const { perWave, sizes } = await test.endsAs('done');
    assert.deepEqual(sizes, [1, 3, 2]);
    assert.deepEqual(
      (perWave as { totals: { done: number } }[]).map(({ totals }) => totals.done),
      [1, 3, 2],
    );
  });

  it('stop at the limit of failures, and go on when an operator accepts them', async () => {
    const units = await test.fleet(4);
    for (const unit of units.slice(0, 2)) unit.manner = 'fault';
    const ids = units.map(({ id }) => id);
    await test.make([setting], { devices: { ids }, parallelism: 1, failure: { total: 1 } });
    await test.play(units, { failed: 2, planned: 2 });
    const { reason, limits } = await test.endsAs('paused');
    assert.equal(reason, '2 have failed; 1 are allowed');
    assert.deepEqual((limits as { total: object }).total, { used: 2, of: 1 });
    await test.act('resume');
    await test.play(units, { failed: 2, done: 2 });
    await test.endsAs('done');
  });

  it('let devices begin only while the window is open', async () => {
    // The clock of the test begins at midnight.
    const units = await test.fleet(2);
    await test.make([setting], { window: { from: '02:00', to: '03:00' } });
    await test.turn(HOUR);
    assert.deepEqual(await test.totals(), { planned: 2 });
    await test.turn(HOUR + 60_000);
    await test.play(units, { done: 2 });
  });

  it('begin at the time that was asked for', async () => {
    await test.fleet(1);
    const notBefore = new Date(test.acs.clock.now() + HOUR).toISOString();
    await test.make([{ tags: { add: ['later'] } }], { notBefore });
    await test.turn(HOUR - 10_000);
    assert.deepEqual(await test.totals(), { planned: 1 });
    await test.turn(20_000);
    assert.deepEqual(await test.totals(), { done: 1 });
  });

  it('are not held up by devices that are away, which are done when they return', async () => {
    const units = await test.fleet(3);
    await test.turn(3 * HOUR);
    for (const unit of units.slice(0, 2)) await unit.session();
    await test.make([setting], { waves: ['50%'], after: 60 });
    await test.play(units.slice(0, 2), { done: 2, away: 1 });
    await test.turn(120_000);
    assert.equal((await test.endsAs('done')).waiting, 1);
    await test.acs.fleet.liveness.look();
    await units[2]!.session();
    await test.play(units, { done: 3 });
    await test.turn(60_000);
    assert.equal((await test.job()).waiting, 0);
  });

  it('take a task back from a device that goes away before it left', async () => {
    const units = await test.fleet(2);
    await test.make([setting], { parallelism: 1 });
    await test.comesTo({ running: 1, planned: 1 });
    await test.turn(4 * HOUR);
    assert.deepEqual(await test.totals(), { away: 2 });
    assert.equal(setCalls(units), 0);
  });

  it('end for a device that takes its task and never answers', async () => {
    const [unit] = await test.fleet(1);
    unit!.manner = 'vanish';
    await test.make([setting]);
    await test.comesTo({ running: 1 });
    for (let session = 0; session < 4; session++) {
      await unit!.session();
      await test.turn(60_000);
    }
    await test.comesTo({ failed: 1 });
    const [reason] = (await test.call('GET', '/jobs/j/reasons')).json.items;
    assert.equal(reason?.code, 'unanswered');
  });

  it('end for a device that stays silent, after the time-out', async () => {
    const [unit] = await test.fleet(1);
    await test.make([{ task: { method: 'Reboot' } }], { timeout: 1800 });
    await test.comesTo({ running: 1 });
    await unit!.session();
    await test.turn(1900_000);
    assert.deepEqual(await test.totals(), { failed: 1 });
    assert.equal((await test.call('GET', '/jobs/j/reasons')).json.items[0]?.code, 'timeout');
  });

  it('skip devices that take part in no sessions, and go on without one that was removed', async () => {
    const units = await test.fleet(2);
    const known = '0090F8-4102S-NEW';
    await test.call('POST', '/devices', { body: { id: known } });
    const ids = [...units.map(({ id }) => id), known];
    await test.make([setting], { devices: { ids }, parallelism: 1 });
    await test.comesTo({ running: 1, planned: 1, skipped: 1 });
    await test.call('DELETE', `/devices/${units[0]!.id}`);
    await test.turn(6 * 60_000);
    await test.play(units.slice(1), { done: 1, failed: 1, skipped: 1 });
    const codes = (await test.call('GET', '/jobs/j/reasons')).json.items.map(({ code }) => code);
    assert.deepEqual(codes.sort(), ['device-removed', 'not-enrolled']);
  });

  it('end with a look at each device where success is asked for', async () => {
    const units = await test.fleet(2);
    await test.make([setting], { success: { soak: 60, filter: 'not tag = "bad"' } });
    await test.play(units, { soaking: 2 });
    await test.call('PATCH', `/devices/${units[1]!.id}`, { body: { tags: { add: ['bad'] } } });
    await test.turn(70_000);
    await test.comesTo({ done: 1, failed: 1 });
    const [reason] = (await test.call('GET', '/jobs/j/reasons')).json.items;
    assert.deepEqual([reason?.code, reason?.reason], ['not-well', 'does not hold: not tag = "bad"']);
  });
});

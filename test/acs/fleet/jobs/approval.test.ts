// Jobs and rollouts that a second person approves, what is left out of them, and what their logs and limits tell.
import assert from 'node:assert/strict';
import type { Json } from '../../../support/acs/api.ts';
import { type JobTest, jobTest } from '../../../support/acs/jobs.ts';
import { type RolloutTest, rolloutTest } from '../../../support/acs/rollout.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';

const tagging = { tags: { add: ['seen'] } };
type Call = RolloutTest['call'];

async function tokenOf(call: Call, name: string, more: object = {}): Promise<string> {
  const made = await call('POST', '/tokens', { body: { name, role: 'operator', ...more } });
  assert.equal(made.status, 201, made.text);
  return String(made.json.token);
}

const logOf = (plan: Json): unknown[] =>
  (plan.log as { text: string; by?: string }[]).map(({ text, by }) => [text, by]);

bothStoresSuite('jobs for approval', subject => {
  let test: JobTest;
  beforeEach(async () => {
    test = await jobTest({ beside: subject });
  });
  afterEach(async () => await test.close());

  it('wait until another user than their author approves them', async () => {
    await test.fleet(2);
    const made = await test.make([tagging], { approval: true });
    assert.deepEqual([made.state, made.approval], ['waiting-for-approval', { by: null, time: null }]);
    await test.turn(120_000);
    await test.restart();
    await test.turn(120_000);
    const waiting = await test.job();
    assert.deepEqual([waiting.state, waiting.planned, await test.totals()], ['waiting-for-approval', null, {}]);
    assert.equal((await test.call('GET', '/jobs?state=waiting-for-approval')).json.items.length, 1);
    await test.refused(403, 'own-plan', 'POST', '/jobs/j/approve');
    for (const action of ['pause', 'resume', 'retry', 'rollback'])
      await test.refused(409, 'wrong-phase', 'POST', `/jobs/j/${action}`);
    const token = await tokenOf(test.call, 'second');
    const approved = await test.call('POST', '/jobs/j/approve', { token });
    assert.equal(approved.json.state, 'planning');
    await test.comesTo({ done: 2 });
    const job = await test.endsAs('done');
    assert.equal((job.approval as Json).by, 'second');
    assert.equal(job.author, 'admin');
    assert.deepEqual(logOf(job).slice(0, 2), [
      ['created', 'admin'],
      ['approved', 'second'],
    ]);
    await test.refused(409, 'wrong-phase', 'POST', '/jobs/j/approve', { token });
  });

  it('are not approved by a viewer, nor by who does not see them', async () => {
    await test.fleet(1);
    await test.make([tagging], { approval: true });
    await test.refused(403, 'forbidden', 'POST', '/jobs/j/approve', { token: 'viewer-token' });
    const north = await tokenOf(test.call, 'north', { filter: 'site.region = "north"' });
    await test.refused(404, 'no-such-job', 'POST', '/jobs/j/approve', { token: north });
    await test.refused(404, 'no-such-job', 'POST', '/jobs/none/approve');
    const [refusal] = (await test.call('GET', '/audit?what=approveJob&refused=true')).json.items;
    assert.equal(refusal?.target, 'none');
  });

  it('are refused by an abort, and can be deleted then', async () => {
    await test.fleet(1);
    await test.make([tagging], { approval: true });
    await test.act('abort');
    await test.endsAs('aborted');
    assert.equal((await test.call('DELETE', '/jobs/j')).status, 204);
  });

  it('tell their pace once 20 devices have ended', async () => {
    const units = await test.fleet(25);
    await test.make([tagging]);
    await test.comesTo({ done: 25 });
    assert.equal((await test.job()).pace, null);
    const interval = 'Device.ManagementServer.PeriodicInformInterval';
    units[24]!.manner = 'vanish';
    await test.make([{ set: { [interval]: 600 } }], { id: 'k', failure: { total: '20%' } });
    await test.comesTo({ running: 25 }, 'k');
    await test.turn(30 * 60_000);
    await test.play(units.slice(0, 24), { done: 24, running: 1 }, 'k');
    const { pace, limits } = await test.job('k');
    assert.ok(Number(pace) > 40 && Number(pace) < 50, String(pace));
    assert.deepEqual(limits, { total: { used: 0, of: 5 }, wave: { used: 0, of: null } });
  });
});

describe('rollouts for approval', () => {
  let test: RolloutTest;
  beforeEach(async () => {
    test = await rolloutTest();
  });
  afterEach(async () => await test.close());

  it('wait until another user than their author approves them', async () => {
    const units = await test.fleet(2);
    await test.roll({ approval: true });
    await test.turn(120_000);
    assert.deepEqual([(await test.rollout()).state, await test.states()], ['waiting-for-approval', {}]);
    const { items } = (await test.call('GET', '/attention')).json;
    assert.match(JSON.stringify(items), /waits for approval/);
    await test.refused(403, 'own-plan', 'POST', '/rollouts/r/approve');
    const token = await tokenOf(test.call, 'second');
    assert.equal((await test.call('POST', '/jobs/r/approve', { token })).json.state, 'planning');
    await test.refused(409, 'wrong-phase', 'POST', '/rollouts/r/approve', { token });
    await test.turn();
    await test.settleAll(units);
    assert.deepEqual(
      units.map(({ flashes }) => flashes.length),
      [1, 1],
    );
    const { author: _author, approval } = (await test.call('GET', '/jobs/r')).json;
    assert.equal((approval as Json).by, 'second');
  });

  it('leave out planned devices of a filter, and name who did what in their log', async () => {
    const units = await test.fleet(3);
    await test.call('PATCH', `/devices/${units[2]!.id}`, { body: { tags: ['vip'] } });
    await test.roll({ waves: [1], devices: units.map(({ id }) => id), filter: undefined, failure: { total: 2 } });
    const token = await tokenOf(test.call, 'second');
    const body = { filter: 'tag = "vip"' };
    await test.refused(409, 'nothing-planned', 'POST', '/rollouts/r/exclude', { body: { filter: 'tag = "none"' } });
    await test.refused(400, 'bad-filter', 'POST', '/rollouts/r/exclude', { body: { filter: 'tag' } });
    assert.equal((await test.call('POST', '/rollouts/r/exclude', { body, token })).status, 200);
    assert.deepEqual((await test.states()).skipped, [units[2]!.id]);
    await test.refused(409, 'nothing-planned', 'POST', '/jobs/r/exclude', { body });
    await test.call('POST', '/rollouts/r/pause', { token });
    await test.call('POST', '/rollouts/r/resume');
    await test.call('POST', '/rollouts/r/abort', { token });
    const rollout = await test.rollout();
    const operators = logOf(rollout).filter(entry => (entry as unknown[])[1] !== undefined);
    assert.deepEqual(operators, [
      ['created', 'admin'],
      ['excluded: 1 devices, tag = "vip"', 'second'],
      ['paused', 'second'],
      ['resumed', 'admin'],
      ['aborted', 'second'],
    ]);
    assert.deepEqual(rollout.limits, { total: { used: 0, of: 2 }, wave: { used: 0, of: null } });
    assert.equal(rollout.pace, null);
    await test.settleAll(units);
    assert.equal(units[2]!.flashes.length, 0);
  });

  it('leave out no device that is out of the rights', async () => {
    const units = await test.fleet(2);
    await test.call('PATCH', `/devices/${units[0]!.id}`, { body: { site: { region: 'north' } } });
    await test.roll({ waves: [1], devices: units.map(({ id }) => id), filter: undefined });
    const token = await tokenOf(test.call, 'north', { filter: 'site.region = "north"' });
    const init = { token, body: { filter: 'productClass = "4102S"' } };
    await test.refused(404, 'no-such-rollout', 'POST', '/rollouts/r/exclude', init);
    await test.refused(404, 'no-such-rollout', 'POST', '/rollouts/r/approve', { token });
  });
});

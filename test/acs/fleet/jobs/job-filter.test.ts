// Searches for devices by the jobs that they are in, and for jobs by their names.
import assert from 'node:assert/strict';
import { createSchedule } from '../../../../acs/fleet/cluster/schedule.ts';
import type { JobPosition } from '../../../../acs/store/job-positions.ts';
import { type JobTest, type JobUnit, jobTest } from '../../../support/acs/jobs.ts';

describe('searches by job', () => {
  let test: JobTest;
  let units: JobUnit[];
  beforeEach(async () => {
    test = await jobTest();
    units = await test.fleet(4);
  });
  afterEach(async () => await test.close());
  const urlOf = (path: string, filter: string): string => `${path}${encodeURIComponent(filter)}`;
  const found = async (filter: string, token?: string): Promise<unknown[]> => {
    const answer = await test.call('GET', urlOf('/devices?count=true&filter=', filter), token ? { token } : {});
    assert.equal(answer.status, 200, answer.text);
    const { items, total } = answer.json as unknown as { items: { id: string }[]; total: number };
    assert.equal(total, items.length);
    return items.map(({ id }) => units.findIndex(unit => unit.id === id));
  };
  const tags = [{ tags: { add: ['x'] } }];
  const ids = (...of: number[]): object => ({ devices: { ids: of.map(at => units[at]!.id) } });

  it('finds and counts the devices of a job, in all its states or in one', async () => {
    await test.make(tags, ids(0, 1));
    await test.comesTo({ done: 2 });
    await test.make([{ task: { method: 'Reboot', args: { CommandKey: 'x' } } }], { id: 'k', ...ids(1, 2) });
    await test.comesTo({ running: 2 }, 'k');
    const searches: [filter: string, devices: number[]][] = [
      ['job = "j"', [0, 1]],
      ['job != "j"', [2, 3]],
      ['job in ("j", "k")', [0, 1, 2]],
      ['job not in ("j", "k")', [3]],
      ['job = "j" and job = "k"', [1]],
      ['job = "j" and jobState = "done"', [0, 1]],
      ['job = "k" and jobState in ("done", "running") and tag = "x"', [1]],
      ['job = "k" and jobState = "failed"', []],
      ['job = "j" and not (jobState = "done" or tag = "y")', []],
      ['(job = "j" and jobState = "failed") or (job = "k" and jobState != "failed")', [1, 2]],
    ];
    for (const [filter, devices] of searches) assert.deepEqual(await found(filter), devices, filter);
    const facets = await test.call('GET', urlOf('/devices/facets?by=tag&filter=', 'job = "k"'));
    assert.deepEqual([facets.status, (facets.json as { total?: number }).total], [200, 2]);
  });

  it('finds the devices of a rollout, which is a job', async () => {
    await test.call('PUT', '/files/fw.bin?type=firmware&version=60', { body: Buffer.from('image') });
    const { store, clock, log, fleet } = test.acs;
    const schedule = createSchedule({ store, clock, log, owner: 'test' });
    fleet.rollouts.run(schedule);
    await test.make([{ firmware: 'fw.bin' }], ids(0, 3));
    await test.turn(10_000);
    assert.deepEqual(await found('job = "j"'), [0, 3]);
    const inState = async (state: string) => (await found(`job = "j" and jobState = "${state}"`)).length;
    const { totals } = (await test.job()) as unknown as { totals: Record<string, number> };
    for (const state of ['planned', 'running', 'done']) assert.equal(await inState(state), totals[state], state);
    await test.act('abort');
    await test.turn(10_000);
    const [reason] = (await test.call('GET', '/jobs/j/reasons')).json.items;
    assert.equal((await found(`job = "j" and jobCode = "${reason?.code}"`)).length, reason?.count);
    assert.deepEqual(await found('job = "j" and jobCode = "fault-9007"'), []);
    await schedule.stop();
  });

  it('finds the devices of a job with one reason, and compares them with the others', async () => {
    for (const at of [1, 2]) {
      units[at]!.manner = 'fault';
      await test.call('PATCH', `/devices/${units[at]!.id}`, { body: { site: { region: 'south' } } });
    }
    await test.make([{ set: { 'Device.ManagementServer.PeriodicInformInterval': 600 } }], ids(0, 1, 2, 3));
    await test.play(units, { done: 2, failed: 2 });
    assert.deepEqual(await found('job = "j" and jobCode = "fault-9007"'), [1, 2]);
    assert.deepEqual(await found('job = "j" and jobState = "done" and jobCode = "fault-9007"'), []);
    assert.deepEqual(await found('job = "j" and jobCode = "timeout"'), []);
    const body = { these: 'job = "j" and jobCode = "fault-9007"', against: 'job = "j" and jobState = "done"' };
    const { json } = await test.call('POST', '/compare', { body });
    const first = json.items.find(({ field }) => field === 'site.region');
    assert.deepEqual([json.these, json.against, first?.value, first?.these], [2, 2, 'south', { n: 2, of: 2 }]);
    await test.refused(400, 'bad-filter', 'POST', '/compare', { body: { these: 'job = "none"' } });
  });

  it('refuses what it cannot tell, each by its reason', async () => {
    await test.make(tags, ids(0));
    const wrongs: [filter: string, says: RegExp][] = [
      ['job = "none"', /no job "none"/],
      ['job = "j" and jobState = "ended"', /no state "ended".*failed/],
      ['jobState = "failed"', /one job/],
      ['job = "j" or jobState = "failed"', /one job/],
      ['job like "j%"', /= != or in/],
      ['job = j', /quotes/],
      ['jobCode = "timeout"', /one job/],
      ['job = "j" and jobCode = timeout', /reason code in quotes/],
      ['job', /= != or in/],
    ];
    for (const [filter, says] of wrongs) {
      const { detail } = await test.refused(400, 'bad-filter', 'GET', urlOf('/devices?filter=', filter));
      assert.match(String(detail), says, filter);
    }
    for (const path of ['/tasks?filter=', '/faults?filter='])
      await test.refused(400, 'bad-filter', 'GET', urlOf(path, 'job = "none"'));
    await test.refused(400, 'bad-filter', 'PUT', '/alerts/a', { body: { filter: 'job = "j"' } });
    await test.refused(400, 'bad-filter', 'PUT', '/presets/p', { body: { when: 'job = "j"' } });
  });

  it('takes thousands of devices, and refuses more than ten thousand', async () => {
    await test.make(tags, ids(0));
    await test.comesTo({ done: 1 });
    const position = (await test.acs.store.jobPosition('j', units[0]!.id)) as JobPosition;
    const add = async (from: number, to: number): Promise<void> => {
      const names = Array.from({ length: to - from }, (_, at) => `gone-${String(from + at).padStart(5, '0')}`);
      await test.acs.store.addJobPositions(names.map(device => ({ ...position, device, state: 'failed' as const })));
    };
    await add(0, 9999);
    assert.deepEqual(await found('job = "j"'), [0]);
    assert.deepEqual(await found('not job = "j"'), [1, 2, 3]);
    await add(9999, 10_000);
    const { detail } = await test.refused(400, 'bad-filter', 'GET', urlOf('/devices?filter=', 'job = "j"'));
    assert.match(String(detail), /10000 devices.*jobState/);
    assert.deepEqual(await found('job = "j" and jobState = "done"'), [0]);
  });

  it('shows the job of a caller with other rights neither by filter nor by name', async () => {
    await test.make(tags, { ...ids(0, 1), name: 'All of Bern', handle: 'order 7' });
    await test.call('PATCH', `/devices/${units[0]!.id}`, { body: { site: { region: 'north' } } });
    const grant = { name: 'north', role: 'operator', filter: 'site.region = "north"' };
    const token = String((await test.call('POST', '/tokens', { body: grant })).json.token);
    await test.refused(400, 'bad-filter', 'GET', urlOf('/devices?filter=', 'job = "j"'), { token });
    await test.call('POST', '/jobs', { body: { id: 'own', devices: { filter: 'id exists' }, do: tags }, token });
    await test.comesTo({ done: 1 }, 'own');
    assert.deepEqual(await found('job = "own"', token), [0]);
    const jobs = async (query: string, by = {}): Promise<string[]> =>
      (await test.call('GET', `/jobs?${query}`, by)).json.items.map(({ id }) => String(id));
    for (const find of ['bern', 'ORDER', 'j']) assert.deepEqual(await jobs(`find=${find}`), ['j'], find);
    assert.deepEqual(await jobs('author=north'), ['own']);
    assert.deepEqual(await jobs('find=bern', { token }), []);
    assert.deepEqual(await jobs('find=nowhere'), []);
  });
});

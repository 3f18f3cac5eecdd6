// Jobs of authors with limits: they go no further than their author may, and show no more.
import assert from 'node:assert/strict';
import { type JobTest, type JobUnit, jobTest } from '../../../support/acs/jobs.ts';

const interval = 'Device.ManagementServer.PeriodicInformInterval';
const setting = { set: { [interval]: 600 } };

describe('a job of an author with limits', () => {
  let test: JobTest;
  let units: JobUnit[];
  let token: string;
  beforeEach(async () => {
    test = await jobTest();
    units = await test.fleet(4);
    for (const { id } of units.slice(0, 3))
      await test.call('PATCH', `/devices/${id}`, { body: { site: { region: 'north' } } });
    token = await tokenOf('north', { role: 'operator', filter: 'site.region = "north"' });
  });
  afterEach(async () => await test.close());
  const tokenOf = async (name: string, grant: object): Promise<string> =>
    String((await test.call('POST', '/tokens', { body: { name, ...grant } })).json.token);
  const create = async (steps: object[], more: object = {}, by = token): Promise<void> => {
    const body = { id: 'j', devices: { filter: 'productClass = "4102S"' }, do: steps, ...more };
    const answer = await test.call('POST', '/jobs', { body, token: by });
    assert.equal(answer.status, 201, answer.text);
  };

  it('reaches the devices of its rights alone, and skips those that they reach no more', async () => {
    await create([setting], { parallelism: 1 });
    await test.comesTo({ running: 1, planned: 2 });
    const [moved = ''] = (await test.states()).planned ?? [];
    await test.call('PATCH', `/devices/${moved}`, { body: { site: { region: 'south' } } });
    await test.play(units, { done: 2, skipped: 1 });
    const { items } = (await test.call('GET', '/jobs/j/devices', { token })).json;
    assert.ok(!items.some(({ device }) => device === moved));
    const { totals } = (await test.call('GET', '/jobs/j', { token })).json as unknown as {
      totals: Record<string, number>;
    };
    assert.deepEqual([totals.done, totals.skipped], [2, 0]);
    assert.deepEqual((await test.call('GET', '/jobs/j/reasons', { token })).json.items, []);
  });

  it('is seen by callers with the same rights alone', async () => {
    await create([{ tags: { add: ['x'] } }]);
    const south = await tokenOf('south', { role: 'operator', filter: 'site.region = "south"' });
    assert.deepEqual((await test.call('GET', '/jobs', { token: south })).json.items, []);
    for (const [method, path] of [
      ['GET', '/jobs/j'],
      ['GET', '/jobs/j/devices'],
      ['POST', '/jobs/j/abort'],
      ['DELETE', '/jobs/j'],
    ] as const)
      await test.refused(404, 'no-such-job', method, path, { token: south });
    await test.refused(404, 'no-such-device', 'POST', '/jobs', {
      body: { devices: { ids: [units[3]!.id] }, do: [{ tags: { add: ['x'] } }] },
      token,
    });
  });

  it('pauses when its author is gone, and goes on with the rights of the one that resumes it', async () => {
    await create([setting], { parallelism: 1 });
    await test.comesTo({ running: 1, planned: 2 });
    await test.call('DELETE', '/tokens/north');
    await test.play(units, { done: 1, planned: 2 });
    const { reason, author } = await test.endsAs('paused');
    assert.deepEqual([reason, author], ["its author 'north' may not do this any more", 'north']);
    await test.act('resume');
    await test.play(units, { done: 3 });
    assert.equal((await test.job()).author, 'admin');
  });

  it('needs the right to each of its steps, and to what they set', async () => {
    const operations = ['read', 'createJob', 'patchDevice', 'addTask'];
    const parameters = { set: ['Device.ManagementServer.'], read: ['Device.ManagementServer.'] };
    await test.call('PUT', '/roles/own', { body: { operations, parameters } });
    const own = await tokenOf('own', { role: 'own' });
    const refused = async (code: string, step: object): Promise<void> => {
      const body = { devices: { filter: 'productClass = "4102S"' }, do: [step] };
      await test.refused(403, code, 'POST', '/jobs', { body, token: own });
    };
    await refused('forbidden', { forget: true });
    await refused('forbidden', { approve: true });
    await refused('path-forbidden', { set: { 'Device.WiFi.X': 'y' } });
    await refused('path-forbidden', { overrides: { 'Device.WiFi.X': 'y' } });
    await refused('parameters-forbidden', { task: { method: 'FactoryReset' } });
    await create([setting], {}, own);
    await test.call('PUT', '/roles/own', { body: { operations, parameters: { set: ['Device.WiFi.'] } } });
    await test.turn(65_000);
    assert.equal((await test.job()).state, 'paused');
  });

  it('keeps no value without the right to change devices, and tries no preset by its tag', async () => {
    const parameters = { set: ['Device.ManagementServer.'] };
    const grant = async (operations: string[]): Promise<unknown> =>
      await test.call('PUT', '/roles/own', { body: { operations, parameters } });
    await grant(['read', 'createJob', 'addTask']);
    await test.call('PUT', '/presets/wifi', { body: { when: 'tag = "none"', set: { 'Device.WiFi.X': 'y' } } });
    const own = await tokenOf('own', { role: 'own' });
    const job = (step: object) => ({ body: { devices: { ids: [units[0]!.id] }, do: [step] }, token: own });
    await test.refused(403, 'forbidden', 'POST', '/jobs', job({ ...setting, keep: true }));
    await grant(['read', 'createJob', 'addTask', 'patchDevice']);
    assert.equal((await test.call('POST', '/jobs', job({ ...setting, keep: true }))).status, 201);
    await test.refused(403, 'path-forbidden', 'POST', '/jobs', job({ tags: { add: ['try:wifi'] } }));
    await test.refused(403, 'path-forbidden', 'PATCH', `/devices/${units[0]!.id}`, {
      body: { tags: { add: ['try:wifi'] } },
      token: own,
    });
    await test.call('PATCH', `/devices/${units[0]!.id}`, { body: { tags: { add: ['try:wifi'] } } });
    const again = await test.call('PATCH', `/devices/${units[0]!.id}`, {
      body: { tags: ['try:wifi', 'b'] },
      token: own,
    });
    assert.equal(again.status, 200, again.text);
  });

  it('is told in metrics as long as it has not ended', async () => {
    await create([setting], { parallelism: 1 });
    await test.comesTo({ running: 1, planned: 2 });
    const reply = await test.rest.inject({
      url: '/metrics',
      headers: { authorization: 'Bearer admin-token-of-this-test' },
    });
    assert.match(reply.body, /acs_job_devices\{job="j",state="planned"\} 2/);
    assert.match(reply.body, /acs_job_phase\{job="j",phase="running"\} 1/);
  });
});

describe('the list of jobs', () => {
  let test: JobTest;
  beforeEach(async () => {
    test = await jobTest();
  });
  afterEach(async () => await test.close());

  it('has pages, a total, fields, an order and CSV, with totals of each job', async () => {
    await test.fleet(2);
    for (const id of ['a', 'b', 'c']) {
      await test.make([{ tags: { add: [id] } }], { id });
      await test.comesTo({ done: 2 }, id);
    }
    const page = async (query: string) => (await test.call('GET', `/jobs?${query}`)).json;
    const first = await page('limit=2&count=true&fields=id,totals.done');
    assert.deepEqual(first.items, [
      { id: 'c', 'totals.done': 2 },
      { id: 'b', 'totals.done': 2 },
    ]);
    assert.equal(first.total, 3);
    const rest = await page(`limit=2&cursor=${first.next}`);
    assert.deepEqual([rest.items.map(({ id }) => id), rest.next], [['a'], null]);
    assert.deepEqual(
      (await page('sort=created&state=done')).items.map(({ id }) => id),
      ['a', 'b', 'c'],
    );
    assert.deepEqual((await page('state=paused')).items, []);
    await test.refused(400, 'bad-cursor', 'GET', '/jobs?cursor=x');
    const { text } = await test.call('GET', '/jobs?format=csv&fields=id,state');
    assert.match(text, /^id,state\r\nc,done\r\n/);
  });
});

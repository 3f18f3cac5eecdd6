// Filters that name presets and jobs, wherever devices are looked for.
import assert from 'node:assert/strict';
import { type JobTest, jobTest } from '../../../support/acs/jobs.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';

const setting = { set: { 'Device.ManagementServer.PeriodicInformInterval': 600 } };
const query = (filter: string): string => `filter=${encodeURIComponent(filter)}`;

bothStoresSuite('presets and jobs in filters', subject => {
  let test: JobTest;
  let ids: string[];
  beforeEach(async () => {
    test = await jobTest({ beside: subject });
    const units = await test.fleet(3);
    ids = units.map(({ id }) => id);
    await test.call('PATCH', `/devices/${ids[0]}`, { body: { tags: ['lab'] } });
    await test.call('PUT', '/presets/lab', { body: { when: 'tag = "lab"', weight: 1 } });
    units[1]!.manner = 'fault';
    await test.make([setting]);
    await test.comesTo({ running: 3 });
    await test.play(units, { done: 2, failed: 1 });
    await test.endsAs('done');
  });
  afterEach(async () => await test.close());

  it('find tasks and faults', async () => {
    const devices = async (filter: string): Promise<unknown[]> =>
      (await test.call('GET', `/tasks?method=SetParameterValues&${query(filter)}`)).json.items.map(
        ({ device }) => device,
      );
    assert.deepEqual(await devices('job = "j" and jobState = "failed"'), [ids[1]]);
    assert.deepEqual(await devices('preset = "lab"'), [ids[0]]);
    const { store } = test.acs;
    for (const id of ids)
      await store.apply(id, 'faultRaised', { cause: 'x', code: 1, message: 'm', retryAt: 0, now: 1 });
    const faults = (await test.call('GET', `/faults?${query('preset = "lab" and fault.code = 1')}&count=true`)).json;
    assert.deepEqual([faults.total, faults.items.map(({ device }) => device)], [1, [ids[0]]]);
    const groups = (await test.call('GET', `/faults/groups?by=code&${query('job = "j" and not preset = "lab"')}`)).json;
    assert.equal(groups.total, 2);
    const body = { filter: 'job = "j" and jobState = "failed"', expect: 1 };
    assert.equal((await test.call('POST', '/faults/retry', { body })).json.cleared, 1);
    await test.refused(400, 'bad-filter', 'GET', `/tasks?${query('preset = "none"')}`);
    await test.refused(400, 'bad-filter', 'GET', `/faults?${query('job = "none"')}`);
  });

  it('make jobs over the devices that they have then', async () => {
    const tagging = [{ tags: { add: ['again'] } }];
    const failed = { devices: { filter: 'job = "j" and jobState = "failed"' } };
    const dry = await test.call('POST', '/jobs?dryRun=true', { body: { ...failed, do: tagging, expect: 1 } });
    assert.deepEqual([dry.json.count, dry.json.sample], [1, [ids[1]]]);
    const made = await test.make(tagging, { ...failed, id: 'k', expect: 1 });
    assert.equal(made.filter, failed.devices.filter);
    await test.comesTo({ done: 1 }, 'k');
    assert.deepEqual(await test.states('k'), { done: [ids[1]] });
    await test.make(tagging, { id: 'p', devices: { filter: 'not preset = "lab" and online' } });
    await test.comesTo({ done: 2 }, 'p');
    assert.deepEqual((await test.states('p')).done?.sort(), ids.slice(1));
    const body = { id: 'q', do: tagging, devices: { filter: 'job = "none"' } };
    await test.refused(400, 'bad-filter', 'POST', '/jobs', { body });
  });

  it('make jobs that reach no device out of the rights', async () => {
    const [, failed = ''] = ids;
    await test.call('PATCH', `/devices/${ids[0]}`, { body: { site: { region: 'north' } } });
    const token = { name: 'n', role: 'operator', filter: 'site.region = "north"' };
    const made = await test.call('POST', '/tokens', { body: token });
    const body = {
      id: 'k',
      do: [{ tags: { add: ['mine'] } }],
      devices: { filter: 'preset = "lab" or not tag = "none"' },
    };
    const init = { body, token: String(made.json.token) };
    assert.equal((await test.call('POST', '/jobs', init)).status, 201);
    await test.comesTo({ done: 1 }, 'k');
    assert.deepEqual(await test.states('k'), { done: [ids[0]] });
    assert.equal((await test.acs.store.device(failed))?.tags.includes('mine'), false);
    const others = { ...init, body: { ...body, id: 'l', devices: { filter: 'job = "j"' } } };
    await test.refused(400, 'bad-filter', 'POST', '/jobs', others);
  });
});

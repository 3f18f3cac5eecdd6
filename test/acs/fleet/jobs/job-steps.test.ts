// The steps of jobs, their way back, dry runs, devices that come later and those that are left out.
import assert from 'node:assert/strict';
import { type JobTest, type JobUnit, jobTest } from '../../../support/acs/jobs.ts';

const interval = 'Device.ManagementServer.PeriodicInformInterval';
const url = 'Device.X_Maker.Url';

describe('the steps of a job', () => {
  let test: JobTest;
  let units: JobUnit[];
  beforeEach(async () => {
    test = await jobTest();
    units = await test.fleet(2);
  });
  afterEach(async () => await test.close());
  const device = async (at = 0) => (await test.call('GET', `/devices/${units[at]!.id}`)).json;
  const setCalls = (): number =>
    units.flatMap(({ asked }) => asked.filter(method => method === 'SetParameterValues')).length;

  it('change site fields and overrides, and go back to what was there before', async () => {
    await test.call('PATCH', `/devices/${units[0]!.id}`, { body: { site: { region: 'south', floor: '1' } } });
    const steps = [
      { site: { region: 'north', floor: null } },
      { overrides: { [url]: 'http://a' } },
      { tags: { add: ['x'] } },
    ];
    await test.make(steps);
    await test.comesTo({ done: 2 });
    assert.deepEqual((await device()).site, { region: 'north' });
    assert.deepEqual((await device()).tags, ['x']);
    assert.ok(url in ((await device()).overrides as object));
    await test.act('rollback');
    const { log } = await test.endsAs('rolled-back');
    assert.ok(
      (log as { text: string; by?: string }[]).some(({ text, by }) => text === 'rolled back' && by === 'admin'),
    );
    assert.deepEqual((await device()).site, { region: 'south', floor: '1' });
    assert.deepEqual((await device(1)).site, {});
    assert.deepEqual([(await device()).tags, (await device()).overrides], [[], {}]);
    const [first] = (await test.call('GET', '/jobs/j/devices')).json.items;
    assert.deepEqual([first?.state, first?.back], ['done', true]);
  });

  it('set values back to those that were known, on devices that have them', async () => {
    await test.call('POST', `/devices/${units[0]!.id}/tasks`, {
      body: { method: 'GetParameterValues', args: { ParameterNames: [interval] } },
    });
    await units[0]!.session();
    await test.make([{ set: { [interval]: 600 } }]);
    await test.play(units, { done: 2 });
    await test.act('rollback');
    for (let round = 0; round < 3; round++) {
      await test.turn(2000);
      for (const unit of units) await unit.session();
    }
    await test.endsAs('rolled-back');
    assert.equal(units[0]!.values.values.get(interval), '3600');
  });

  it('refuse the way back where one of them has none', async () => {
    await test.make([{ tags: { add: ['x'] } }, { task: { method: 'Reboot' } }]);
    await test.comesTo({ running: 2 });
    const { detail } = await test.refused(409, 'no-way-back', 'POST', '/jobs/j/rollback');
    assert.match(String(detail), /task cannot be undone/);
    await test.refused(409, 'no-way-back', 'POST', '/jobs', {
      body: { devices: { filter: 'online' }, do: [{ forget: true }], failure: { total: 1, action: 'rollback' } },
    });
  });

  it('keep what was set as overrides, where asked for', async () => {
    await test.make([{ set: { [url]: 'http://b' }, keep: true }]);
    await test.play(units, { done: 2 });
    assert.deepEqual(((await device()).overrides as Record<string, { value: string }>)[url]?.value, 'http://b');
  });

  it('hold devices back, and approve them again', async () => {
    await test.make([{ hold: true }]);
    await test.comesTo({ done: 2 });
    const { state, hold } = await device();
    assert.deepEqual([state, (hold as { reason: string }).reason], ['held', 'operator']);
    await test.make([{ approve: true }], { id: 'k' });
    await test.comesTo({ done: 2 }, 'k');
    assert.equal((await device()).state, 'enrolled');
  });

  it('try a preset on devices that its filter does not fit', async () => {
    await test.call('PUT', '/presets/slow', { body: { when: 'tag = "none"', set: { [interval]: 1800 } } });
    await test.make([{ preset: 'slow' }], { devices: { ids: [units[0]!.id] } });
    await test.comesTo({ done: 1 });
    for (const unit of units) await unit.session();
    assert.deepEqual(
      units.map(unit => unit.values.values.get(interval)),
      ['1800', '3600'],
    );
    await test.refused(404, 'no-such-preset', 'POST', '/jobs', {
      body: { devices: { filter: 'online' }, do: [{ preset: 'other' }] },
    });
  });

  it('download a stored script, and refuse an image for that', async () => {
    await test.call('PUT', '/files/s.cfg?type=script', { body: Buffer.from('Scm.LockConfig=1') });
    await test.call('PUT', '/files/fw.bin?type=firmware&version=2', { body: Buffer.from('x') });
    await test.refused(400, 'wrong-file-type', 'POST', '/jobs', {
      body: { devices: { filter: 'online' }, do: [{ file: 'fw.bin' }] },
    });
    await test.make([{ file: 's.cfg' }]);
    assert.deepEqual((await test.refused(409, 'file-in-use', 'DELETE', '/files/s.cfg')).users, ['j']);
    await test.comesTo({ running: 2 });
    for (const unit of units) await unit.session();
    assert.ok(units.every(({ asked }) => asked.includes('Download')));
  });

  it('download a stored certificate', async () => {
    await test.call('PUT', '/files/ca.pem?type=certificate', { body: Buffer.from('-----BEGIN') });
    await test.make([{ file: 'ca.pem' }]);
    await test.comesTo({ running: 2 });
    for (const unit of units) await unit.session();
    const { items } = (await test.call('GET', '/tasks?method=Download&fields=file,state')).json;
    assert.deepEqual(items, Array(2).fill({ file: 'ca.pem', state: 'waiting' }));
  });

  it('send connection requests, and name the reason of one that was not accepted', async () => {
    await test.make([{ connectionRequest: true }]);
    await test.comesTo({ done: 2 });
    assert.deepEqual(test.acs.woken.sort(), units.map(({ id }) => id).sort());
  });

  it('run a diagnostic, and refuse one with a wrong setting', async () => {
    await test.refused(400, 'bad-setting', 'POST', '/jobs', {
      body: { devices: { filter: 'online' }, do: [{ diagnostic: { kind: 'ping', settings: { colour: 'red' } } }] },
    });
    await test.make([{ diagnostic: { kind: 'ping', settings: { host: 'a.example' } } }], { parallelism: 1 });
    await test.comesTo({ running: 1, planned: 1 });
    const [task] = (await test.call('GET', '/tasks?limit=10')).json.items.filter(({ job }) => job === 'j');
    assert.equal(task?.diagnostic, 'ping');
  });

  it('forget devices, which stay in the list of the job', async () => {
    await test.make([{ forget: true }]);
    await test.comesTo({ done: 2 });
    await test.refused(404, 'no-such-device', 'GET', `/devices/${units[0]!.id}`);
    await test.endsAs('done');
  });

  it('of firmware make the job a rollout, which is shown as both', async () => {
    await test.call('PUT', '/files/fw.bin?type=firmware&version=60&productClass=4102S', { body: Buffer.from('x') });
    const body = { id: 'fw', devices: { filter: 'productClass = "4102S"' }, do: [{ firmware: 'fw.bin' }] };
    assert.equal((await test.call('POST', '/jobs', { body })).status, 201);
    assert.equal((await test.call('GET', '/rollouts/fw')).json.id, 'fw');
    assert.deepEqual((await test.job('fw')).do, [{ firmware: 'fw.bin' }]);
    await test.make([{ tags: { add: ['x'] } }]);
    assert.deepEqual((await test.call('GET', '/jobs')).json.items.map(({ id }) => id).sort(), ['fw', 'j']);
    assert.equal((await test.call('POST', '/jobs/fw/abort')).json.state, 'aborted');
    await test.refused(400, 'bad-job', 'POST', '/jobs', {
      body: { ...body, id: 'mixed', do: [{ firmware: 'fw.bin' }, { tags: { add: ['x'] } }] },
    });
  });

  it('are tried out by a dry run, which creates nothing', async () => {
    await test.call('POST', '/devices', { body: { id: '0090F8-4102S-NEW' } });
    const body = { devices: { filter: 'productClass = "4102S"' }, do: [{ set: { [interval]: 60 } }], waves: [1] };
    const { status, json } = await test.call('POST', '/jobs?dryRun=true', { body });
    const { preflight, ...rest } = json;
    assert.equal(status, 200);
    assert.deepEqual(rest, {
      count: 3,
      reachable: 2,
      left: [{ code: 'not-enrolled', count: 1 }],
      sizes: [1, 2],
      sample: ['0090F8-4102S-NEW', ...units.map(({ id }) => id)],
    });
    assert.ok(preflight);
    assert.deepEqual((await test.call('GET', '/jobs')).json.items, []);
    const named = { ...body, devices: { ids: [units[0]!.id, 'none'] } };
    assert.deepEqual((await test.call('POST', '/jobs?dryRun=true', { body: named })).json.left, [
      { code: 'no-such-device', count: 1 },
    ]);
  });

  it('are refused where the number of devices has moved', async () => {
    const body = { devices: { filter: 'productClass = "4102S"' }, do: [{ tags: { add: ['x'] } }] };
    assert.equal((await test.refused(409, 'count-moved', 'POST', '/jobs', { body: { ...body, expect: 40 } })).count, 2);
    assert.equal((await test.call('POST', '/jobs', { body: { ...body, expect: 2 } })).status, 201);
  });

  it('reach devices that come to fit later, where the job is dynamic', async () => {
    await test.make([{ tags: { add: ['seen'] } }], { dynamic: true });
    await test.comesTo({ done: 2 });
    await test.unit('LATE').session(['0 BOOTSTRAP', '1 BOOT']);
    await test.turn(6 * 60_000);
    await test.comesTo({ done: 3 });
    assert.equal((await test.job()).state, 'running');
    await test.act('abort');
    await test.endsAs('aborted');
  });

  it('pass devices by that are left out before they begin', async () => {
    await test.make([{ set: { [interval]: 600 } }], { parallelism: 1, devices: { ids: units.map(({ id }) => id) } });
    await test.comesTo({ running: 1, planned: 1 });
    await test.call('PATCH', `/devices/${units[1]!.id}`, { body: { tags: { add: ['vip'] } } });
    await test.act('exclude', { filter: 'tag = "vip"' });
    await test.refused(409, 'nothing-planned', 'POST', '/jobs/j/exclude', { body: { filter: 'tag = "vip"' } });
    await test.play(units, { done: 1, skipped: 1 });
    assert.equal(setCalls(), 1);
  });

  it('keep secrets sealed in the store, and masked in answers', async () => {
    const password = 'Device.X_Maker.Password';
    const { text } = await test.call('POST', '/jobs', {
      body: { id: 's', devices: { filter: 'online' }, do: [{ set: { [password]: 'hush-hush' } }] },
    });
    const stored = JSON.stringify(await test.acs.store.documents('job'));
    for (const shown of [text, stored, (await test.call('GET', '/jobs')).text, test.acs.logged.join('')])
      assert.ok(!shown.includes('hush-hush'), shown);
    await test.play(units, { done: 2 }, 's');
    assert.equal(units[0]!.values.values.get(password), 'hush-hush');
  });
});

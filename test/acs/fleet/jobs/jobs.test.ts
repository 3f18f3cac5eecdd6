// Jobs over many devices on every store: steps that change rows, steps that are tasks, and what operators do with a job.
import assert from 'node:assert/strict';
import { UserError } from '../../../../acs/errors.ts';
import { ForeignCpe, type ForeignIdentity } from '../../../support/acs/foreign-cpe.ts';
import { type JobTest, jobTest } from '../../../support/acs/jobs.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';
import { eventually } from '../../../support/eventually.ts';

const interval = 'Device.ManagementServer.PeriodicInformInterval';
const setting = { set: { [interval]: 600 } };

bothStoresSuite('jobs', subject => {
  let test: JobTest;
  beforeEach(async () => {
    test = await jobTest({ beside: subject });
  });
  afterEach(async () => await test.close());

  it('adds and removes tags of the devices of a filter, and ends', async () => {
    const [first] = await test.fleet(3);
    await test.call('PATCH', `/devices/${first!.id}`, { body: { tags: ['old', 'kept'] } });
    await new ForeignCpe(test.acs, foreign, {}).run();
    const made = await test.make([{ tags: { add: ['new'], remove: ['old'] } }], { name: 'retag' });
    assert.equal(made.name, 'retag');
    await test.comesTo({ done: 3 });
    assert.deepEqual((await test.call('GET', `/devices/${first!.id}`)).json.tags, ['kept', 'new']);
    const other = (await test.call('GET', '/devices?filter=oui = "A1B2C3"')).json.items[0];
    assert.deepEqual(other?.tags, []);
    const job = await test.endsAs('done');
    assert.equal(job.waiting, 0);
    const log = (job.log as { text: string; by?: string }[]).map(({ text, by }) => [text, by]);
    assert.deepEqual(log, [
      ['created', 'admin'],
      ['planned: 3 devices in 1 waves', undefined],
      ['ended: done, 0 failed', undefined],
    ]);
  });

  it('sets a parameter by one task for each device, confirmed by its answer', async () => {
    const units = await test.fleet(3);
    await test.make([setting]);
    await test.comesTo({ running: 3 });
    await test.play(units, { done: 3 });
    for (const unit of units) {
      assert.equal(unit.values.values.get(interval), '600');
      const tasks = (await test.call('GET', `/tasks?device=${unit.id}`)).json.items;
      assert.deepEqual(
        tasks.filter(task => task.job === 'j').map(({ state }) => state),
        ['done'],
      );
    }
    await test.endsAs('done');
  });

  it('says why a device has failed, by a stable code, and retries it at the step that has failed', async () => {
    const units = await test.fleet(3);
    units[1]!.manner = 'fault';
    await test.make([{ tags: { add: ['seen'] } }, setting]);
    await test.comesTo({ running: 3 });
    await test.play(units, { done: 2, failed: 1 });
    const [reason] = (await test.call('GET', '/jobs/j/reasons')).json.items;
    assert.deepEqual(reason, {
      state: 'failed',
      code: 'fault-9007',
      reason: reason?.reason,
      count: 1,
      examples: [units[1]!.id],
    });
    units[1]!.manner = 'good';
    await test.refused(409, 'nothing-failed', 'POST', '/jobs/j/retry', { body: { code: 'other' } });
    await test.act('retry', { code: 'fault-9007' });
    await test.comesTo({ done: 2, running: 1 });
    await test.play([units[1]!], { done: 3 });
    assert.equal(units[0]!.asked.filter(method => method === 'SetParameterValues').length, 1);
  });

  it('retries what has failed though the engine changes the job at the same time', async () => {
    const units = await test.fleet(2);
    units[1]!.manner = 'fault';
    await test.make([setting]);
    await test.comesTo({ running: 2 });
    await test.play(units, { done: 1, failed: 1 });
    await test.endsAs('done');
    units[1]!.manner = 'good';
    const { store } = test.acs;
    const put = store.putDocument.bind(store);
    let conflicts = 1;
    store.putDocument = async (kind, name, body, ...rest) => {
      const isRetry = kind === 'job' && (body as { log: { text: string }[] }).log.at(-1)?.text.startsWith('retried');
      if (isRetry && conflicts-- > 0) throw new UserError(409, 'changed-meanwhile', 'changed by the engine');
      return await put(kind, name, body, ...rest);
    };
    await test.act('retry');
    store.putDocument = put;
    await test.comesTo({ done: 1, running: 1 });
    await test.play([units[1]!], { done: 2 });
  });

  it('begins no device while it is paused, and takes tasks back that have not left', async () => {
    const units = await test.fleet(4);
    await test.make([setting], { parallelism: 2 });
    await test.comesTo({ planned: 2, running: 2 });
    assert.equal((await test.act('pause')).state, 'paused');
    await test.comesTo({ planned: 4 });
    for (const unit of units) await unit.session();
    assert.deepEqual(
      units.flatMap(unit => unit.asked.filter(method => method === 'SetParameterValues')),
      [],
    );
    await test.act('resume');
    await test.play(units, { done: 4 });
    assert.ok(units.every(unit => unit.asked.filter(method => method === 'SetParameterValues').length === 1));
  });

  it('ends by an abort for devices that have not begun, and is deleted after it', async () => {
    const units = await test.fleet(4);
    await test.make([setting], { parallelism: 1 });
    await test.comesTo({ planned: 3, running: 1 });
    await test.refused(409, 'job-live', 'DELETE', '/jobs/j');
    await test.act('abort');
    await test.comesTo({ skipped: 4 });
    await eventually('it has ended', async () => {
      await test.turn(1000);
      return (await test.job()).ended !== null;
    });
    for (const unit of units) await unit.session();
    assert.deepEqual(
      units.flatMap(unit => unit.asked.filter(method => method === 'SetParameterValues')),
      [],
    );
    assert.equal((await test.call('DELETE', '/jobs/j')).status, 204);
    await test.refused(404, 'no-such-job', 'GET', '/jobs/j');
    await eventually('its positions are gone', async () => {
      await test.turn(1000);
      return (await test.acs.store.jobPositions({ job: 'j', limit: 9 })).items.length === 0;
    });
  });

  it('reads and sets parameters of a device of another maker, and tells of its refusal by code', async () => {
    const ssid = 'Device.WiFi.SSID.1.SSID';
    const cpe = new ForeignCpe(test.acs, foreign, {
      [ssid]: { value: 'old' },
      'Device.WiFi.Radio.1.Channel': { value: '1', takes: value => Number(value) <= 13 },
    });
    await cpe.run();
    const devices = { filter: 'oui = "A1B2C3"' };
    await test.make([{ set: { [ssid]: 'new' } }, { set: { 'Device.WiFi.Radio.1.Channel': '99' } }], { devices });
    await eventually('it has refused the second step', async () => {
      await cpe.run();
      await test.turn(1000);
      return (await test.totals()).failed === 1;
    });
    assert.equal(cpe.value(ssid), 'new');
    const [position] = (await test.call('GET', '/jobs/j/devices')).json.items;
    assert.deepEqual([position?.step, position?.code], [1, 'fault-9003']);
  });

  it('goes on after a restart, and does nothing twice', async () => {
    const units = await test.fleet(3);
    await test.make([setting, { tags: { add: ['done'] } }]);
    await test.comesTo({ running: 3 });
    await test.restart();
    for (const unit of units) await unit.session();
    await test.restart();
    await test.play(units, { done: 3 });
    for (const unit of units) {
      assert.equal(unit.asked.filter(method => method === 'SetParameterValues').length, 1);
      assert.deepEqual((await test.call('GET', `/devices/${unit.id}`)).json.tags, ['done']);
    }
  });
});

const foreign: ForeignIdentity = {
  manufacturer: 'Acme',
  oui: 'A1B2C3',
  productClass: 'Router7',
  serial: 'R1',
  version: '3.1',
  root: 'Device.',
};

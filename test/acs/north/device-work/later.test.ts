// Tasks and overrides that begin at a later time: tonight, not now.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { ForeignCpe } from '../../../support/acs/foreign-cpe.ts';
import { testAcs } from '../../../support/acs/memory-acs.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';

const HOUR = 3_600_000;
const interval = 'Device.ManagementServer.PeriodicInformInterval';
const level = 'Device.X_ACME_Log.Level';

bothStoresSuite('work for a later time', subject => {
  let api: TestApi;
  let cpe: ForeignCpe;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none', beside: subject });
    cpe = new ForeignCpe(
      api.acs,
      { manufacturer: 'A', oui: '0A0001', productClass: 'Router', serial: 'S1', version: '1', root: 'Device.' },
      { [interval]: { value: '3600', type: 'xsd:unsignedInt' }, [level]: { value: 'low' } },
    );
    await cpe.run();
  });
  afterEach(async () => await api.close());

  const at = (ms: number): string => new Date(api.acs.clock.now() + ms).toISOString();
  const post = async (body: object, query = ''): Promise<Json> => {
    const answer = await api.call('POST', `/devices/${cpe.id}/tasks${query}`, { body });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
  };
  const setLevel = { method: 'SetParameterValues', args: { ParameterList: { [level]: 'high' } } };
  const override = async (wanted: unknown): Promise<Json> => {
    const answer = await api.call('PATCH', `/devices/${cpe.id}`, { body: { overrides: { [level]: wanted } } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };

  it('offers a task to the device once its time has come, and not before', async () => {
    const notBefore = at(2 * HOUR);
    const task = await post({ ...setLevel, notBefore, expiresIn: 60 });
    assert.equal(task.notBefore, notBefore);
    assert.equal(task.expires, at(2 * HOUR + 60_000));
    await api.acs.clock.advance(2 * HOUR - 1);
    await cpe.run();
    assert.equal(cpe.value(level), 'low');
    assert.equal((await api.call('GET', `/tasks/${task.id}`)).json.state, 'queued');
    await api.acs.clock.advance(1);
    await cpe.run();
    assert.equal(cpe.value(level), 'high');
    assert.equal((await api.call('GET', `/tasks/${task.id}`)).json.state, 'done');
  });

  it('sends a task whose time is past at once, and refuses one that is more than a year away', async () => {
    const task = await post({ ...setLevel, notBefore: at(-HOUR) });
    assert.equal(task.notBefore, undefined);
    await cpe.run();
    assert.equal(cpe.value(level), 'high');
    const path = `/devices/${cpe.id}/tasks`;
    await api.refused(400, 'bad-time', 'POST', path, { body: { ...setLevel, notBefore: at(9000 * HOUR) } });
    await api.refused(400, 'bad-input', 'POST', path, { body: { ...setLevel, notBefore: 'tonight' } });
    await api.refused(400, 'bad-input', 'POST', path, { body: { ...setLevel, wake: true } });
    await api.refused(400, 'bad-input', 'POST', `${path}?wait=1`, { body: { ...setLevel, notBefore: at(HOUR) } });
  });

  it('asks the device to connect at that time where the task asks for it, also after a restart', async () => {
    await post({ ...setLevel, notBefore: at(HOUR), wake: true });
    const { clock, store } = api.acs;
    assert.equal(await api.acs.fleet.requestRetries.step(), clock.now() + HOUR);
    await clock.advance(HOUR);
    const after = await testAcs({ beside: { clock, store }, cpeAuth: 'none' });
    assert.equal(await after.fleet.requestRetries.step(), undefined);
    assert.deepEqual(after.woken, [cpe.id]);
  });

  it('asks a device again until it takes the task, from that time on', async () => {
    await post({ ...setLevel, notBefore: at(HOUR), retry: { attempts: 2, everySeconds: 60 } });
    const { clock, fleet, woken } = api.acs;
    await fleet.requestRetries.step();
    assert.deepEqual(woken, []);
    await clock.advance(HOUR);
    assert.equal(await fleet.requestRetries.step(), clock.now() + 60_000);
    await clock.advance(60_000);
    assert.equal(await fleet.requestRetries.step(), undefined);
    assert.deepEqual(woken, [cpe.id, cpe.id]);
  });

  it('brings an override about once its time has come, and leaves the one before it until then', async () => {
    await override('middle');
    await cpe.run();
    assert.equal(cpe.value(level), 'middle');
    const notBefore = at(HOUR);
    const changed = await override({ value: 'high', notBefore, wake: true });
    assert.deepEqual(changed.overrides, { [level]: { value: 'high', notBefore, earlier: { value: 'middle' } } });
    await cpe.run();
    assert.equal(cpe.value(level), 'middle');
    const { set } = (await api.call('GET', `/devices/${cpe.id}/wanted`)).json as unknown as { set: Json[] };
    assert.deepEqual(
      set.map(({ value }) => value),
      ['middle'],
    );
    // The overrides of an answer may come back.
    const back = await api.call('PATCH', `/devices/${cpe.id}`, { body: { overrides: changed.overrides } });
    assert.deepEqual(back.json.overrides, changed.overrides);
    const { clock, fleet, woken } = api.acs;
    assert.equal(await fleet.requestRetries.step(), clock.now() + HOUR);
    await clock.advance(HOUR);
    await fleet.requestRetries.step();
    assert.deepEqual(woken, [cpe.id]);
    await cpe.run();
    assert.equal(cpe.value(level), 'high');
  });

  it('wants nothing before the time of a first override, and takes another one in its place', async () => {
    await override({ value: 'high', notBefore: at(HOUR) });
    await cpe.run();
    assert.equal(cpe.value(level), 'low');
    assert.deepEqual((await override({ value: 'top', notBefore: at(2 * HOUR) })).overrides, {
      [level]: { value: 'top', notBefore: at(2 * HOUR) },
    });
    await api.acs.clock.advance(HOUR);
    await cpe.run();
    assert.equal(cpe.value(level), 'low');
    assert.deepEqual((await override(null)).overrides, {});
    await api.acs.clock.advance(HOUR);
    await cpe.run();
    assert.equal(cpe.value(level), 'low');
  });

  it('refuses an override whose time or value is wrong', async () => {
    const refused = async (code: string, status: number, wanted: unknown, path = level): Promise<void> => {
      await api.refused(status, code, 'PATCH', `/devices/${cpe.id}`, { body: { overrides: { [path]: wanted } } });
    };
    await refused('bad-time', 400, { value: 'x', notBefore: at(9000 * HOUR) });
    await refused('bad-input', 400, { value: 'x', wake: true });
    await refused('bad-input', 400, { value: 'x', notBefore: 'tonight' });
    await refused('bad-value', 400, { value: 'soon', notBefore: at(HOUR) }, interval);
  });
});

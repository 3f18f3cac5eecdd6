// Alerts: groups that the store counts fire once after their time, and are resolved when they no longer hold.
import assert from 'node:assert/strict';
import { reportOf } from '../../../../acs/device/inform.ts';
import { createSchedule } from '../../../../acs/fleet/cluster/schedule.ts';
import type { Schedule } from '../../../../acs/fleet/common/schedule.ts';
import { startDuties } from '../../../../acs/fleet/duties.ts';
import { Alerts } from '../../../../acs/fleet/monitoring/alerts.ts';
import { LivenessWatch } from '../../../../acs/fleet/monitoring/liveness.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { identityOf, idOf, valuesOf } from '../../../support/devices.ts';

interface AlertJson {
  name: string;
  state: string;
  count: number;
  groups: { key: string; count: number; total: number; samples: string[]; since: string; firing: string }[];
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('alerts', () => {
  let api: TestApi;
  let announced: string[];
  const schedules: Schedule[] = [];

  const serve = (owner: string): void => {
    const { store, clock, log, events } = api.acs;
    const schedule = createSchedule({ store, clock, log, owner });
    const parts = {
      liveness: new LivenessWatch({ store, clock, events }),
      alerts: new Alerts({ store, clock, events, log }),
    };
    startDuties(schedule, { store, clock, ...parts }, { tasks: 30, audit: 365 });
    schedules.push(schedule);
  };
  const inform = async (serial: string, site: string, firmware = '49.1', interval = 60): Promise<void> => {
    const { store, clock } = api.acs;
    const id = idOf(identityOf(serial));
    const report = reportOf(
      valuesOf({
        'Device.DeviceInfo.SoftwareVersion': firmware,
        'Device.ManagementServer.PeriodicInformInterval': String(interval),
      }),
    );
    await store.apply(id, 'informed', {
      identity: identityOf(serial),
      events: [],
      report,
      retryCount: 0,
      address: '127.0.0.1',
      now: clock.now(),
      owner: 'test',
      admission: 'enrolled',
    });
    await store.apply(id, 'patched', { patch: { site: { name: site } } });
  };
  const put = async (name: string, body: unknown, status = 201) => {
    const answer = await api.call('PUT', `/alerts/${name}`, { body });
    assert.equal(answer.status, status, answer.text);
    return answer.json as unknown as AlertJson;
  };
  const get = async (name: string) => (await api.call('GET', `/alerts/${name}`)).json as unknown as AlertJson;

  beforeEach(async () => {
    api = await testApi();
    announced = [];
    api.acs.events.on('alert', ({ alert, state, group, count }) =>
      announced.push(`${alert} ${state} ${group} ${count}`),
    );
  });
  afterEach(async () => {
    for (const schedule of schedules.splice(0)) await schedule.stop();
    await api.close();
  });

  it('is pending, fires and is resolved once by several processes, for lost devices by site', async () => {
    for (const owner of ['one', 'two']) serve(owner);
    for (const serial of ['A', 'B', 'C']) await inform(serial, 'Bern');
    await inform('D', 'Basel');
    const rule = { filter: 'lost', groupBy: 'site.name', above: 1, for: '10m', severity: 'critical' };
    assert.deepEqual((await put('lost-by-site', rule)).state, 'ok');
    await api.acs.clock.advance(7 * MINUTE);
    const pending = await get('lost-by-site');
    assert.deepEqual([pending.state, pending.groups.length, pending.count], ['pending', 1, 4]);
    assert.deepEqual(
      [pending.groups[0]?.key, pending.groups[0]?.count, pending.groups[0]?.samples],
      ['Bern', 3, ['A', 'C'].map(serial => idOf(identityOf(serial)))],
    );
    assert.deepEqual(announced, []);
    await api.acs.clock.advance(10 * MINUTE);
    assert.deepEqual(announced, ['lost-by-site firing Bern 3']);
    const firing = await get('lost-by-site');
    assert.equal(firing.state, 'firing');
    assert.ok(Date.parse(firing.groups[0]?.firing ?? '') - Date.parse(firing.groups[0]?.since ?? '') >= 10 * MINUTE);
    await inform('A', 'Bern', '49.1', 3600);
    await inform('B', 'Bern', '49.1', 3600);
    await api.acs.clock.advance(MINUTE);
    assert.deepEqual(announced.slice(1), ['lost-by-site resolved Bern 3']);
    assert.equal((await get('lost-by-site')).state, 'ok');
    await api.acs.clock.advance(10 * MINUTE);
    assert.equal(announced.length, 2);
  });

  it('begins to fire only after its silence, and is not among what needs someone meanwhile', async () => {
    serve('one');
    await inform('A', 'Bern');
    const silentUntil = new Date(api.acs.clock.now() + 30 * MINUTE).toISOString();
    const rule = { filter: 'site.name = "Bern"', severity: 'critical' };
    assert.equal((await put('quiet', { ...rule, silentUntil })).state, 'pending');
    await api.acs.clock.advance(29 * MINUTE);
    assert.deepEqual(announced, []);
    await api.acs.clock.advance(2 * MINUTE);
    assert.deepEqual(announced, ['quiet firing  1']);
    const critical = async (): Promise<unknown> => {
      await api.acs.clock.advance(2000);
      return ((await api.call('GET', '/summary')).json.alerts as { critical: number }).critical;
    };
    const kinds = async (): Promise<unknown[]> =>
      (await api.call('GET', '/attention')).json.items.map(({ kind }) => kind);
    assert.deepEqual([await critical(), (await kinds()).includes('alert')], [1, true]);
    await put('quiet', { ...rule, silentUntil: new Date(api.acs.clock.now() + 30 * MINUTE).toISOString() }, 200);
    assert.deepEqual([await critical(), (await kinds()).includes('alert')], [0, false]);
    assert.equal((await get('quiet')).state, 'firing');
    await api.refused(400, 'bad-input', 'PUT', '/alerts/quiet', { body: { ...rule, silentUntil: 'tomorrow' } });
  });

  it('fires for a share of a group, for firmware other than wanted', async () => {
    for (const [serial, firmware] of ['49.2', '49.2', '49.1', '48.0'].entries())
      await inform(String(serial), serial < 3 ? 'Bern' : 'Basel', firmware);
    const rule = { filter: 'firmware != "49.2"', groupBy: 'site.name', above: { share: 0.4 } };
    const { groups, state, count } = await put('firmware', rule);
    assert.deepEqual([state, count, groups.length], ['firing', 2, 1]);
    assert.deepEqual([groups[0]?.key, groups[0]?.count, groups[0]?.total], ['Basel', 1, 1]);
    const both = await put('firmware', { ...rule, above: { share: 0.3, count: 1 } }, 200);
    assert.deepEqual([both.state, announced], ['ok', ['firmware firing Basel 1', 'firmware resolved Basel 1']]);
    const byVersion = await put('versions', { filter: 'firmware != "49.2"', groupBy: 'firmware' });
    assert.deepEqual(byVersion.groups.map(group => group.key).sort(), ['48.0', '49.1']);
  });

  it('fires for values of certificates and persistent connections', async () => {
    await inform('A', 'Bern');
    await inform('B', 'Bern');
    const soon = new Date(api.acs.clock.now() + 10 * DAY).toISOString();
    const later = new Date(api.acs.clock.now() + 100 * DAY).toISOString();
    const time = api.acs.clock.now();
    const known = (serial: string, values: Record<string, string>) =>
      api.acs.store.putParameters(
        idOf(identityOf(serial)),
        Object.entries(values).map(([path, value]) => ({ path, value, type: 'xsd:string', time })),
      );
    await known('A', {
      'Device.X_0090F8_Cert.HostCertificatesInfo.1.ValidTo': later,
      'Device.X_0090F8_Cert.HostCertificatesInfo.2.ValidTo': soon,
      'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.1.State': 'Up',
    });
    await known('B', {
      'Device.X_0090F8_Cert.HostCertificatesInfo.1.ValidTo': later,
      'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.1.State': 'Up',
      'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.2.State': 'Down',
    });
    const ends = await put('certificate-ends', {
      filter: 'Device.X_0090F8_Cert.HostCertificatesInfo.*.ValidTo < now + 30d',
    });
    assert.deepEqual(ends.groups[0]?.samples, [idOf(identityOf('A'))]);
    const down = await put('tls-down', {
      filter: 'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.*.State != "Down"',
      among: 'state = "enrolled" and Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.*.State exists',
    });
    assert.deepEqual(down.groups[0]?.samples, [idOf(identityOf('A'))], '!= is the opposite of =');
    const up = await put(
      'tls-down',
      { filter: 'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.*.State = "Down"' },
      200,
    );
    assert.deepEqual(up.groups[0]?.samples, [idOf(identityOf('B'))]);
    await known('B', { 'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.2.State': 'Up' });
    serve('one');
    await api.acs.clock.advance(MINUTE);
    assert.equal((await get('tls-down')).state, 'ok');
  });

  it('tells for whom a rule would fire now, and keeps and announces nothing', async () => {
    for (const serial of ['A', 'B']) await inform(serial, 'Bern');
    await inform('C', 'Basel');
    const tried = async (body: Record<string, unknown>) => {
      const answer = await api.call('PUT', '/alerts/sites?dryRun=true', { body });
      assert.equal(answer.status, 200, answer.text);
      return answer.json as unknown as AlertJson & { dryRun: boolean; wouldFire: boolean };
    };
    const rule = { filter: 'id exists', groupBy: 'site.name', above: 1 };
    const { dryRun, wouldFire, count, groups } = await tried(rule);
    assert.deepEqual([dryRun, wouldFire, count], [true, true, 3]);
    const [first] = groups;
    assert.deepEqual([groups.length, first?.key, first?.count, first?.samples.length], [1, 'Bern', 2, 2]);
    await api.refused(404, 'no-such-alert', 'GET', '/alerts/sites');
    await put('sites', { ...rule, above: 2 });
    assert.equal((await tried({ ...rule, for: '5m' })).wouldFire, true);
    assert.equal((await tried({ ...rule, above: 2 })).wouldFire, false);
    const { state, above } = (await get('sites')) as AlertJson & { above: number };
    assert.deepEqual([state, above, announced], ['ok', 2, []]);
    await api.refused(400, 'bad-filter', 'PUT', '/alerts/sites?dryRun=true', { body: { filter: 'firmware <' } });
    await api.refused(400, 'no-such-webhook', 'PUT', '/alerts/sites?dryRun=true', {
      body: { ...rule, webhooks: ['none'] },
    });
  });

  it('is listed and deleted, and resolved by its deletion', async () => {
    await inform('A', 'Bern');
    await put('any', { filter: 'id exists', description: 'any device at all' });
    await put('none', { filter: 'id = "x"' });
    const { items } = (await api.call('GET', '/alerts')).json as unknown as { items: AlertJson[] };
    assert.deepEqual(
      items.map(({ name, state }) => `${name} ${state}`),
      ['any firing', 'none ok'],
    );
    assert.equal((await api.call('DELETE', '/alerts/any')).status, 204);
    assert.deepEqual(announced, ['any firing  1', 'any resolved  1']);
    await api.refused(404, 'no-such-alert', 'GET', '/alerts/any');
    await api.refused(404, 'no-such-alert', 'DELETE', '/alerts/any');
    serve('one');
    await api.acs.clock.advance(5 * MINUTE);
    assert.equal((await api.call('GET', '/alerts')).json.items.length, 1);
  });

  const wrongs: [what: string, body: Record<string, unknown>, code: string, says: RegExp][] = [
    ['an invalid filter', { filter: 'firmware <' }, 'bad-filter', /filter: .*column/],
    ['an invalid among', { filter: 'lost', among: 'nonsense' }, 'bad-filter', /among: .*nonsense/],
    ['an invalid group', { filter: 'lost', groupBy: 'lastInform' }, 'bad-filter', /groupBy: .*grouped/],
    ['a group of many parameters', { filter: 'lost', groupBy: 'Device.*.X' }, 'bad-filter', /name one/],
    ['a share beyond all', { filter: 'lost', above: { share: 2 } }, 'bad-input', /above/],
    ['an invalid time', { filter: 'lost', for: 'soon' }, 'bad-input', /for/],
    ['an unknown field', { filter: 'lost', nonsense: 1 }, 'bad-input', /nonsense/],
  ];
  for (const [what, body, code, says] of wrongs)
    it(`refuses ${what}`, async () => {
      const { detail } = await api.refused(400, code, 'PUT', '/alerts/wrong', { body });
      assert.match(String(detail), says);
    });
  it('refuses an invalid name, and more alerts than the limit', async () => {
    await api.refused(400, 'bad-name', 'PUT', '/alerts/a%20b', { body: { filter: 'lost' } });
    for (let n = 0; n < 200; n++) await put(`a${n}`, { filter: 'lost' });
    await api.refused(409, 'too-many-alerts', 'PUT', '/alerts/one-more', { body: { filter: 'lost' } });
    await put('a7', { filter: 'late' }, 200);
  });
});

// The event stream for callers with limits, and its end when rights change.
import assert from 'node:assert/strict';
import { type TestApi, TOKEN, testApi } from '../../../support/acs/api.ts';
import { type EventReader, readEvents } from '../../../support/acs/live/event-reader.ts';
import { eventually } from '../../../support/eventually.ts';

const NORTH = '0090F8-4102S-N1';
const SOUTH = '0090F8-4102S-S1';

describe('live events for a caller with limits', () => {
  let api: TestApi;
  let base: string;
  const open: EventReader[] = [];
  beforeEach(async () => {
    api = await testApi();
    base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    await api.call('POST', '/devices', { body: { id: NORTH, site: { region: 'north' } } });
    await api.call('POST', '/devices', { body: { id: SOUTH, site: { region: 'south' } } });
  });
  afterEach(async () => {
    for (const stream of open.splice(0)) stream.end();
    await api.close();
  });

  const tokenFor = async (name: string, grant: object): Promise<string> =>
    String((await api.call('POST', '/tokens', { body: { name, ...grant } })).json.token);

  const stream = async (token: string, query = ''): Promise<EventReader> => {
    const made = await readEvents(`${base}/api/v1/events${query}`, token);
    assert.equal(made.status, 200);
    open.push(made);
    return made;
  };

  it('tells of devices that it reaches, and of nothing without a device', async () => {
    const north = await stream(await tokenFor('n', { role: 'viewer', filter: 'site.region = "north"' }));
    const south = await stream(
      await tokenFor('s', { role: 'viewer', filter: 'site.region = "south"' }),
      `?device=${NORTH}`,
    );
    const all = await stream(TOKEN);
    for (const device of [SOUTH, NORTH]) api.acs.events.emit('connectionRequest', { device, accepted: true });
    api.acs.events.emit('change', { what: 'preset', name: 'p', by: 'written' });
    api.acs.events.emit('connectionRequest', { device: NORTH, accepted: false });
    await eventually('both events', async () => north.heard().includes('"accepted":false'));
    await eventually('all events', async () => all.heard().includes('"accepted":false'));
    assert.ok(!north.heard().includes(SOUTH) && !north.heard().includes('preset'));
    assert.ok(all.heard().includes(SOUTH) && all.heard().includes('preset'));
    assert.ok(!south.heard().includes('event:'));
  });

  it('leaves out events about parameters that may not be read', async () => {
    const parameters = { read: ['Device.DeviceInfo.'] };
    await api.call('PUT', '/roles/info', { body: { operations: ['read'], parameters } });
    const info = await stream(await tokenFor('i', { role: 'info' }));
    const drift = { device: NORTH, preset: 'p', state: 'corrected', wanted: 'w', found: 'f' } as const;
    api.acs.events.emit('drift', { ...drift, path: 'Device.Time.NTPServer1' });
    api.acs.events.emit('drift', { ...drift, path: 'Device.DeviceInfo.UpTime' });
    await eventually('the second event', async () => info.heard().includes('UpTime'));
    assert.ok(!info.heard().includes('NTPServer1'));
  });

  it('leaves out why a device of a job or a rollout has failed: it may tell a value', async () => {
    const parameters = { read: ['Device.DeviceInfo.'] };
    await api.call('PUT', '/roles/info', { body: { operations: ['read'], parameters } });
    const info = await stream(await tokenFor('i', { role: 'info' }));
    const all = await stream(TOKEN);
    const failed = { device: NORTH, state: 'failed', wave: 1, reason: 'Device.Time.NTPServer1 is 192.0.2.7' };
    api.acs.events.emit('job', { job: 'j', ...failed });
    api.acs.events.emit('rollout', { rollout: 'r', ...failed });
    api.acs.events.emit('job', { job: 'j', state: 'paused', wave: 1, reason: '2 have failed; 1 are allowed' });
    for (const each of [info, all]) await eventually('the last event', async () => each.heard().includes('2 have'));
    assert.equal(all.heard().split('192.0.2.7').length, 3);
    assert.ok(!info.heard().includes('NTPServer1'), info.heard());
    assert.equal(info.heard().split(NORTH).length, 3);
  });

  it('ends within a second when its token is revoked or its role changes, and alone', async () => {
    await api.call('PUT', '/roles/watch', { body: { operations: ['streamEvents'] } });
    const revoked = await stream(await tokenFor('r', { role: 'viewer' }));
    const changed = await stream(await tokenFor('c', { role: 'watch' }));
    const other = await stream(await tokenFor('o', { role: 'viewer' }));
    await api.call('DELETE', '/tokens/r');
    await api.call('PUT', '/roles/watch', { body: { operations: ['listDevices'] } });
    await api.acs.clock.advance(1000);
    await eventually('the end of both', async () => !revoked.isOpen() && !changed.isOpen());
    assert.ok(other.isOpen());
  });
});

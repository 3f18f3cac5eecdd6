// Searches of devices in every store.
import assert from 'node:assert/strict';
import type { DeviceRow } from '../../../acs/device/row.ts';
import type { Filter } from '../../../acs/query/filter.ts';
import { parseField, parseFilter } from '../../../acs/query/parser.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { announce, contractSuite, deviceId, inform, known, rejectsWith } from '../../support/acs/store-contract.ts';
import { newYear, taskOf, valuesOf } from '../../support/devices.ts';

contractSuite('searches', subject => {
  const firmware = (version: string) => ({
    parameters: valuesOf({ 'Device.DeviceInfo.SoftwareVersion': version }),
  });

  beforeEach(async () => {
    const random = seededRandom(3);
    const work: Promise<unknown>[] = [];
    for (let n = 0; n < 50; n++) {
      const serial = `S${String(n).padStart(2, '0')}`;
      work.push(announce(subject.store, serial, { tags: n % 5 === 0 ? ['fifth', 'x'] : ['x'] }));
      if (n % 2 === 0)
        work.push(
          inform(subject.store, serial, newYear + random.int(0, 9) * 1000, ['1 BOOT'], firmware(`49.${n % 12}`)),
        );
    }
    await Promise.all(work);
  });

  const walk = async (sort: string | undefined, filter?: string): Promise<DeviceRow[]> => {
    const items: DeviceRow[] = [];
    let cursor: string | undefined;
    do {
      const page = await subject.store.devices({
        limit: 7,
        now: newYear,
        ...(sort === undefined ? {} : { sort }),
        ...(filter === undefined ? {} : { filter: parseFilter(filter) }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      assert.ok(page.items.length <= 7);
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return items;
  };

  it('finds devices among thousands of ids, in pages and in numbers', async () => {
    const { store } = subject;
    const wanted = ['S03', 'S11', 'S40'].map(deviceId);
    const ids = [...wanted, ...Array.from({ length: 5000 }, (_, at) => `0090F8-4102S-gone"${at}`)];
    const filter: Filter = {
      op: 'in',
      field: parseField('id'),
      values: ids.map(text => ({ as: 'text', text })),
    };
    const { items } = await store.devices({ limit: 10, now: newYear, filter });
    assert.deepEqual(
      items.map(({ id }) => id),
      wanted,
    );
    assert.equal(await store.countDevices({ op: 'not', of: filter }, newYear), 47);
    const some: Filter = { op: 'and', of: [filter, parseFilter('tag = "fifth"')] };
    assert.equal(await store.countDevices(some, newYear), 1);
  });

  it('walks all devices page by page, in any order and its reverse', async () => {
    const byId = (await walk(undefined)).map(row => row.id);
    assert.equal(byId.length, 50);
    assert.deepEqual(byId, [...byId].sort());
    const sorts =
      'id oui productClass serial manufacturer firmware hardware address state created lastInform lastBoot online';
    for (const sort of sorts.split(' ')) {
      const up = (await walk(sort)).map(row => row.id);
      assert.deepEqual([...up].sort(), byId, sort);
      assert.deepEqual((await walk(`-${sort}`)).map(row => row.id).reverse(), up, sort);
    }
  });

  it('returns rows with only the requested fields, page by page', async () => {
    const whole = await subject.store.devices({ limit: 1000, now: 0 });
    const first = await subject.store.devices({ limit: 3, now: 0, only: ['id', 'site', 'lastBootstrap'] });
    assert.deepEqual(
      first.items,
      whole.items.slice(0, 3).map(({ id, site }) => ({ id, site })),
    );
    const rest = await subject.store.devices({ limit: 1000, now: 0, cursor: first.next ?? '', only: ['id', 'told'] });
    assert.deepEqual(
      rest.items,
      whole.items.slice(3).map(({ id, told }) => ({ id, told })),
    );
    const filter = parseFilter('oui = "0090F8"');
    const query = { filter, sort: '-lastInform', limit: 1000, now: 0 };
    const sorted = await subject.store.devices(query);
    const parts = await subject.store.devices({ ...query, only: ['told', 'tags', 'created', 'overrides'] });
    assert.ok(sorted.items.length > 0);
    assert.deepEqual(
      parts.items,
      sorted.items.map(({ told, tags, created, overrides }) => ({ told, tags, created, overrides })),
    );
    const [alone] = (await subject.store.devices({ limit: 1, now: 0, only: ['told'] })).items;
    assert.deepEqual(alone, { told: whole.items[0]?.told });
  });

  it('sorts by any field, page by page, beginning at a key or after an offset', async () => {
    const [a, b] = [deviceId('S01'), deviceId('S02')];
    await subject.store.apply(a, 'patched', { patch: { site: { floor: '10' } } });
    await subject.store.apply(b, 'patched', { patch: { site: { floor: '9', name: 'x' } } });
    await subject.store.putParameters(a, [known('Device.Up', '-5')]);
    await subject.store.putParameters(b, [known('Device.Up', 'down')]);
    await subject.store.putParameters(deviceId('S03'), [known('Device.Up', '7.5')]);
    const last = async (sort: string, count: number): Promise<string[]> =>
      (await walk(sort)).slice(-count).map(row => row.serialNumber);
    assert.deepEqual(await last('site.floor', 2), ['S02', 'S01']);
    assert.deepEqual(await last('Device.Up', 3), ['S01', 'S03', 'S02']);
    const tasks = taskOf('aaaa', 'Reboot', newYear);
    await subject.store.apply(a, 'taskAdded', { task: { ...tasks, device: a } });
    await subject.store.apply(b, 'faultRaised', { cause: 'x', code: 1, message: '', retryAt: 0, now: newYear });
    assert.deepEqual(await last('tasks', 1), ['S01']);
    assert.deepEqual(await last('faults', 1), ['S02']);
    assert.deepEqual(await last('faultCode', 1), ['S02']);
    for (const sort of [
      'tasks',
      'drift',
      'restart',
      'tag',
      'liveness',
      'username',
      'provisioningCode',
      'site.floor',
      'Device.Up',
      'faults',
      'late',
    ])
      assert.deepEqual(
        (await walk(`-${sort}`)).map(row => row.id).reverse(),
        (await walk(sort)).map(row => row.id),
        sort,
      );
    const found = async (query: { sort: string; at?: string; offset?: number }): Promise<string[]> =>
      (await subject.store.devices({ limit: 2, now: newYear, ...query })).items.map(row => row.serialNumber);
    assert.deepEqual(await found({ sort: 'serial', at: 'S3' }), ['S30', 'S31']);
    assert.deepEqual(await found({ sort: '-serial', at: 'S3' }), ['S29', 'S28']);
    assert.deepEqual(await found({ sort: 'site.floor', at: '9.5' }), ['S01']);
    assert.deepEqual(await found({ sort: 'id', offset: 48 }), ['S48', 'S49']);
    assert.deepEqual(await found({ sort: '-Device.Up', offset: 2 }), ['S01', 'S49']);
    assert.deepEqual(await found({ sort: 'site.floor', offset: 60 }), []);
    const filter = parseFilter('not site.floor exists and Device.Up not exists');
    const third = await subject.store.devices({ filter, limit: 1, offset: 2, now: newYear });
    assert.deepEqual(
      third.items.map(row => row.serialNumber),
      ['S05'],
    );
  });

  it('sorts by time and by version, with the id for equal keys', async () => {
    const rows = await walk('lastInform');
    const keys = rows.map(row => `${String(row.lastInform ?? 0).padStart(15, '0')} ${row.id}`);
    assert.deepEqual(keys, [...keys].sort());
    const versions = (await walk('-firmware', 'firmware exists')).map(row => Number(row.softwareVersion.slice(3)));
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => b - a),
    );
  });

  it('counts and pages through the devices that a filter fits', async () => {
    const found = await walk('-serial', 'tag = "fifth" and not lastInform exists');
    assert.deepEqual(
      found.map(row => row.serialNumber),
      ['S45', 'S35', 'S25', 'S15', 'S05'],
    );
    assert.equal(await subject.store.countDevices(parseFilter('firmware >= "49.10"'), newYear), 4);
    assert.equal(await subject.store.countDevices(undefined, newYear), 50);
  });

  it('finds devices by a parameter of the row and of the tree', async () => {
    await subject.store.putParameters(deviceId('S01'), [known('Device.Deep.Name', 'needle')]);
    assert.deepEqual(
      (await walk('id', 'Device.Deep.Name like "need%"')).map(row => row.serialNumber),
      ['S01'],
    );
    assert.equal((await walk('id', 'Device.DeviceInfo.SoftwareVersion = "49.2"')).length, 4);
  });

  it('finds devices by changed tags and versions', async () => {
    await subject.store.apply(deviceId('S05'), 'patched', { patch: { tags: ['new'] } });
    assert.equal(await subject.store.countDevices(parseFilter('tag = "new"'), newYear), 1);
    assert.equal(await subject.store.countDevices(parseFilter('tag = "fifth"'), newYear), 9);
    await inform(subject.store, 'S05', newYear, [], firmware('50.1'));
    assert.equal(await subject.store.countDevices(parseFilter('firmware > "50"'), newYear), 1);
  });

  it('finds devices by their position in a rollout', async () => {
    const about = { file: 'f', fileHash: 'h', version: '99', productClass: '', soakMs: 5, timeoutMs: 1000 };
    const assign = (serial: string, wave: number, zone: string, id = 'roll') =>
      subject.store.apply(deviceId(serial), 'rolloutAssigned', { ...about, id, wave, zone, now: newYear });
    await assign('S02', 1, '');
    await assign('S04', 2, 'Asia/Tokyo');
    await assign('S06', 2, '');
    assert.equal(await assign('S06', 1, '', 'other'), 'elsewhere');
    const offered = await subject.store.apply(deviceId('S02'), 'rolloutOffered', { id: 'roll', now: newYear });
    assert.ok(offered !== 'stale' && offered.state === 'offered');
    assert.equal(await subject.store.apply(deviceId('S02'), 'rolloutOffered', { id: 'roll', now: newYear }), 'stale');
    const found = async (filter: string, now = newYear) =>
      (await subject.store.devices({ filter: parseFilter(filter), sort: '-rolloutWave', limit: 9, now })).items.map(
        row => row.serialNumber,
      );
    assert.deepEqual(await found('rollout = "roll"'), ['S06', 'S04', 'S02']);
    assert.deepEqual(await found('rolloutState = "planned" and rolloutWave <= 2'), ['S06', 'S04']);
    assert.deepEqual(await found('rollout = "roll" and rolloutZone = "Asia/Tokyo"'), ['S04']);
    assert.deepEqual(await found('rollout = "roll" and rolloutDue <= now'), []);
    assert.deepEqual(await found('rolloutState = "offered" and rolloutDue <= now', newYear + 1000), ['S02']);
    assert.ok(await subject.store.apply(deviceId('S02'), 'rolloutReleased', { id: 'roll', forget: true }));
    assert.equal(await subject.store.countDevices(parseFilter('rollout = "roll"'), newYear), 2);
    assert.equal(await subject.store.countDevices(parseFilter('rolloutState = "offered"'), newYear), 0);
  });

  it('refuses an unknown order and a cursor of another search', async () => {
    await rejectsWith(subject.store.devices({ limit: 5, now: 0, sort: 'password' }), 400, 'bad-sort');
    await rejectsWith(subject.store.devices({ limit: 5, now: 0, cursor: 'zzz' }), 400, 'bad-cursor');
    const { next } = await subject.store.devices({ limit: 5, now: 0, sort: 'serial' });
    assert.ok(next);
    await rejectsWith(subject.store.devices({ limit: 5, now: 0, sort: 'state', cursor: next }), 400, 'bad-cursor');
  });
});

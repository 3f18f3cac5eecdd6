// One suite for every store: what the contract in acs/store/store.ts promises, whatever keeps it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { BlindSpot, DeviceOperations, Informed } from '../../../acs/device/operation-types.ts';
import type { KnownValue } from '../../../acs/device/parameter.ts';
import type { DeviceRow } from '../../../acs/device/row.ts';
import type { Task } from '../../../acs/device/task.ts';
import { parseFilter } from '../../../acs/query/parser.ts';
import { openMongo } from '../../../acs/store/mongo/store.ts';
import type { AuditEntry } from '../../../acs/store/records.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { seededRandom, systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../../support/acs/mongo.ts';
import { bytesOf, inPieces, putBytes, whole } from '../../support/contents.ts';
import { identityOf, idOf, informOf, newYear, taskOf, valuesOf } from '../../support/devices.ts';
import { type Needs, peerSuite } from '../../support/servers/peers.ts';

/** A place where a store lives; `open` opens it again and again. */
interface Home {
  open(): Promise<Store>;
  remove(): Promise<void>;
}

let clock = new VirtualClock(newYear);

async function sqliteHome(inThread: boolean): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-store-'));
  return {
    open: () => openSqlite({ file: join(folder, 'acs.db'), clock, inThread }),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function mongoHome(): Promise<Home> {
  const url = await freshMongo();
  return {
    open: () => openMongo({ url, clock, random: systemRandom() }),
    remove: () => dropMongo(url),
  };
}

/** `durable`: it outlives its closing. */
const homes: Record<string, { durable: boolean; needs?: Needs; make: () => Promise<Home> }> = {
  'SQLite in memory': {
    durable: false,
    make: async () => ({ open: () => openSqlite({ file: ':memory:', clock }), remove: async () => undefined }),
  },
  'SQLite in a file, in-thread': { durable: true, make: () => sqliteHome(true) },
  'SQLite in a file, with its threads': { durable: true, make: () => sqliteHome(false) },
  MongoDB: { durable: true, needs: mongoNeeds, make: mongoHome },
};

const noRetention = { endedTasks: { before: 0, keep: 1000 }, audit: { before: 0, keep: 1000 } };

const claimed = (result: Informed): Extract<Informed, { outcome: 'claimed' }> => {
  assert.equal(result.outcome, 'claimed');
  return result as Extract<Informed, { outcome: 'claimed' }>;
};

const deviceId = (serial: string): string => idOf(identityOf(serial));
const announce = (store: Store, serial: string, patch: DeviceOperations['announced']['args']['patch'] = {}) =>
  store.apply(deviceId(serial), 'announced', { identity: identityOf(serial), now: newYear, patch });
const inform = async (store: Store, serial: string, now: number, events = ['2 PERIODIC'], more = {}) =>
  claimed(await store.apply(deviceId(serial), 'informed', informOf(serial, now, events, more)));
const addTask = (store: Store, serial: string, task: Task) => store.apply(deviceId(serial), 'taskAdded', { task });
const known = (path: string, value: string, more: Partial<KnownValue> = {}): KnownValue => ({
  path,
  value,
  type: 'xsd:string',
  time: newYear,
  ...more,
});

function rejectsWith(work: Promise<unknown>, status: number, code: string): Promise<void> {
  return assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.deepEqual([error.status, error.code], [status, code]);
    return true;
  });
}

for (const [name, { durable, needs, make }] of Object.entries(homes))
  peerSuite(`the store contract: ${name}`, needs ?? {}, () => {
    let home: Home;
    let store: Store;

    if (needs)
      before(async function () {
        this.timeout(MONGO_START_MS);
        await freshMongo();
      });

    beforeEach(async () => {
      clock = new VirtualClock(newYear);
      home = await make();
      store = await home.open();
    });
    afterEach(async () => {
      await store.close();
      await home.remove();
    });

    describe('devices', () => {
      it('are found by id, and by current and next user name', async () => {
        assert.equal(await store.device(deviceId('A')), undefined);
        await announce(store, 'A', { credentials: { username: 'u1', password: 's' } });
        const { token } = await inform(store, 'A', newYear);
        const connectionRequest = { username: 'c', password: 's' };
        const next = { username: 'u2', password: 's' };
        await store.apply(deviceId('A'), 'credentialsOffered', { token, next, connectionRequest });
        for (const username of ['u1', 'u2'])
          assert.equal((await store.deviceByUsername(username))?.id, deviceId('A'), username);
        await inform(store, 'A', newYear + 1, [], { usedNext: true });
        assert.equal(await store.deviceByUsername('u1'), undefined);
        assert.equal((await store.deviceByUsername('u2'))?.id, deviceId('A'));
        assert.equal(await store.deviceByUsername('c'), undefined);
      });

      it('what an operation answered is what is read afterwards', async () => {
        const { row } = await inform(store, 'A', newYear, ['0 BOOTSTRAP', '1 BOOT']);
        assert.deepEqual(await store.device(deviceId('A')), row);
        const patched = await store.apply(deviceId('A'), 'patched', { patch: { tags: ['x'], site: { city: 'Bern' } } });
        assert.deepEqual(await store.device(deviceId('A')), patched);
      });

      it('1,000 operations at once on one device are carried out one after the other', async () => {
        await inform(store, 'A', newYear);
        const results = await Promise.all(
          Array.from({ length: 1000 }, (_, turn) => inform(store, 'A', newYear + turn, ['6 CONNECTION REQUEST'])),
        );
        const tokens = new Set(results.map(result => result.token));
        assert.equal(tokens.size, 1000);
        assert.equal((await store.device(deviceId('A')))?.fence, Math.max(...tokens));
      });

      it('one that fails takes nothing of its neighbours along', async () => {
        const results = await Promise.allSettled([
          announce(store, 'A'),
          announce(store, 'A'),
          store.apply(deviceId('B'), 'patched', { patch: {} }),
          announce(store, 'C', { tags: ['a\0b'] }),
          announce(store, 'D'),
        ]);
        const told = results.map(result =>
          result.status === 'fulfilled' ? 'ok' : result.reason instanceof UserError ? result.reason.code : 'bug',
        );
        assert.deepEqual(told, ['ok', 'device-exists', 'no-such-device', 'nul-in-text', 'ok']);
        assert.equal(await store.countDevices(undefined, newYear), 2);
      });

      it('what the caller changes afterwards is not stored', async () => {
        const patch = { tags: ['before'] };
        const added = announce(store, 'A', patch);
        patch.tags[0] = 'after';
        await added;
        assert.deepEqual((await store.device(deviceId('A')))?.tags, ['before']);
      });

      it('removal forgets all of it, and a return starts anew', async () => {
        const { token } = await inform(store, 'A', newYear);
        await addTask(store, 'A', taskOf('t', 'Reboot', newYear));
        await store.putParameters(deviceId('A'), [known('Device.A', '1')]);
        await store.apply(deviceId('A'), 'faultRaised', { cause: 'c', code: 1, message: '', retryAt: 1, now: 1 });
        assert.equal(await store.apply(deviceId('A'), 'removed', { now: newYear + 5 }), true);
        assert.equal(await store.apply(deviceId('A'), 'removed', {}), false);
        assert.equal(await store.device(deviceId('A')), undefined);
        assert.deepEqual(await store.parameters(deviceId('A'), ''), []);
        assert.deepEqual(await store.faults(10), []);
        assert.equal((await store.task('t'))?.state, 'cancelled');
        await inform(store, 'A', newYear + 10);
        const stale = await store.apply(deviceId('A'), 'released', { token, complete: true, now: newYear + 11 });
        assert.equal(stale, 'stale', 'a token of the removed device means nothing');
        assert.deepEqual(await store.parameters(deviceId('A'), ''), []);
      });
    });

    describe('searches', () => {
      const firmware = (version: string) => ({
        parameters: valuesOf({ 'Device.DeviceInfo.SoftwareVersion': version }),
      });

      beforeEach(async () => {
        const random = seededRandom(3);
        const work: Promise<unknown>[] = [];
        for (let n = 0; n < 50; n++) {
          const serial = `S${String(n).padStart(2, '0')}`;
          work.push(announce(store, serial, { tags: n % 5 === 0 ? ['fifth', 'x'] : ['x'] }));
          if (n % 2 === 0)
            work.push(inform(store, serial, newYear + random.int(0, 9) * 1000, ['1 BOOT'], firmware(`49.${n % 12}`)));
        }
        await Promise.all(work);
      });

      const walk = async (sort: string | undefined, filter?: string): Promise<DeviceRow[]> => {
        const items: DeviceRow[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.devices({
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

      it('gives rows with the fields that are asked for, page by page', async () => {
        const whole = await store.devices({ limit: 1000, now: 0 });
        const first = await store.devices({ limit: 3, now: 0, only: ['id', 'site', 'lastBootstrap'] });
        assert.deepEqual(
          first.items,
          whole.items.slice(0, 3).map(({ id, site }) => ({ id, site })),
        );
        const rest = await store.devices({ limit: 1000, now: 0, cursor: first.next ?? '', only: ['id', 'told'] });
        assert.deepEqual(
          rest.items,
          whole.items.slice(3).map(({ id, told }) => ({ id, told })),
        );
        const filter = parseFilter('oui = "0090F8"');
        const query = { filter, sort: '-lastInform', limit: 1000, now: 0 };
        const sorted = await store.devices(query);
        const parts = await store.devices({ ...query, only: ['told', 'tags', 'created', 'overrides'] });
        assert.ok(sorted.items.length > 0);
        assert.deepEqual(
          parts.items,
          sorted.items.map(({ told, tags, created, overrides }) => ({ told, tags, created, overrides })),
        );
        const [alone] = (await store.devices({ limit: 1, now: 0, only: ['told'] })).items;
        assert.deepEqual(alone, { told: whole.items[0]?.told });
      });

      it('sorts by time and by version, id breaks ties', async () => {
        const rows = await walk('lastInform');
        const keys = rows.map(row => `${String(row.lastInform ?? 0).padStart(15, '0')} ${row.id}`);
        assert.deepEqual(keys, [...keys].sort());
        const versions = (await walk('-firmware', 'firmware exists')).map(row => Number(row.softwareVersion.slice(3)));
        assert.deepEqual(
          versions,
          [...versions].sort((a, b) => b - a),
        );
      });

      it('filters, counts, and pages through what it found', async () => {
        const found = await walk('-serial', 'tag = "fifth" and not lastInform exists');
        assert.deepEqual(
          found.map(row => row.serialNumber),
          ['S45', 'S35', 'S25', 'S15', 'S05'],
        );
        assert.equal(await store.countDevices(parseFilter('firmware >= "49.10"'), newYear), 4);
        assert.equal(await store.countDevices(undefined, newYear), 50);
      });

      it('finds by a parameter of the hot row and of the tree', async () => {
        await store.putParameters(deviceId('S01'), [known('Device.Deep.Name', 'needle')]);
        assert.deepEqual(
          (await walk('id', 'Device.Deep.Name like "need%"')).map(row => row.serialNumber),
          ['S01'],
        );
        assert.equal((await walk('id', 'Device.DeviceInfo.SoftwareVersion = "49.2"')).length, 4);
      });

      it('follows changes of tags and versions', async () => {
        await store.apply(deviceId('S05'), 'patched', { patch: { tags: ['new'] } });
        assert.equal(await store.countDevices(parseFilter('tag = "new"'), newYear), 1);
        assert.equal(await store.countDevices(parseFilter('tag = "fifth"'), newYear), 9);
        await inform(store, 'S05', newYear, [], firmware('50.1'));
        assert.equal(await store.countDevices(parseFilter('firmware > "50"'), newYear), 1);
      });

      it('finds devices by their place in a rollout', async () => {
        const about = { file: 'f', fileHash: 'h', version: '99', productClass: '', soakMs: 5, timeoutMs: 1000 };
        const assign = (serial: string, wave: number, zone: string, id = 'roll') =>
          store.apply(deviceId(serial), 'rolloutAssigned', { ...about, id, wave, zone, now: newYear });
        await assign('S02', 1, '');
        await assign('S04', 2, 'Asia/Tokyo');
        await assign('S06', 2, '');
        assert.equal(await assign('S06', 1, '', 'other'), 'elsewhere');
        const offered = await store.apply(deviceId('S02'), 'rolloutOffered', { id: 'roll', now: newYear });
        assert.ok(offered !== 'stale' && offered.state === 'offered');
        assert.equal(await store.apply(deviceId('S02'), 'rolloutOffered', { id: 'roll', now: newYear }), 'stale');
        const found = async (filter: string, now = newYear) =>
          (await store.devices({ filter: parseFilter(filter), sort: '-rolloutWave', limit: 9, now })).items.map(
            row => row.serialNumber,
          );
        assert.deepEqual(await found('rollout = "roll"'), ['S06', 'S04', 'S02']);
        assert.deepEqual(await found('rolloutState = "planned" and rolloutWave <= 2'), ['S06', 'S04']);
        assert.deepEqual(await found('rollout = "roll" and rolloutZone = "Asia/Tokyo"'), ['S04']);
        assert.deepEqual(await found('rollout = "roll" and rolloutDue <= now'), []);
        assert.deepEqual(await found('rolloutState = "offered" and rolloutDue <= now', newYear + 1000), ['S02']);
        assert.ok(await store.apply(deviceId('S02'), 'rolloutReleased', { id: 'roll', forget: true }));
        assert.equal(await store.countDevices(parseFilter('rollout = "roll"'), newYear), 2);
        assert.equal(await store.countDevices(parseFilter('rolloutState = "offered"'), newYear), 0);
      });

      it('refuses an unknown order and a cursor that is not of this search', async () => {
        await rejectsWith(store.devices({ limit: 5, now: 0, sort: 'password' }), 400, 'bad-sort');
        await rejectsWith(store.devices({ limit: 5, now: 0, cursor: 'zzz' }), 400, 'bad-cursor');
        const { next } = await store.devices({ limit: 5, now: 0, sort: 'serial' });
        assert.ok(next);
        await rejectsWith(store.devices({ limit: 5, now: 0, sort: 'state', cursor: next }), 400, 'bad-cursor');
      });
    });

    describe('liveness', () => {
      const overdue = (now: number, more = {}): Promise<string[]> => store.overdue({ now, limit: 10, ...more });
      const missed = async (serial: string, now: number, blindSpot?: BlindSpot): Promise<string | undefined> =>
        (await store.apply(deviceId(serial), 'missed', { now, ...(blindSpot ? { blindSpot } : {}) }))?.absence;
      const every = (seconds: number) => ({
        parameters: valuesOf({ 'Device.ManagementServer.PeriodicInformInterval': String(seconds) }),
      });

      it('finds who is late or lost by its own interval, once each, and is told who is back', async () => {
        await inform(store, 'A', newYear, [], every(100));
        await inform(store, 'B', newYear, [], every(40));
        await inform(store, 'C', newYear, [], { ...every(1), admission: 'quarantine' });
        await announce(store, 'D');
        assert.deepEqual(await overdue(newYear + 100_000), []);
        assert.deepEqual(await overdue(newYear + 100_001), [deviceId('B')]);
        assert.deepEqual(await overdue(newYear + 250_001), ['B', 'A'].map(deviceId));
        assert.equal(await missed('A', newYear + 250_000), undefined, 'still online');
        assert.equal(await missed('A', newYear + 250_001), 'late');
        assert.equal(await missed('A', newYear + 250_002), undefined, 'said once');
        assert.equal(await missed('B', newYear + 250_001), 'lost', 'late and lost since the last look');
        assert.deepEqual(await overdue(newYear + 500_000), []);
        assert.deepEqual(await overdue(newYear + 500_001), [deviceId('A')]);
        assert.equal((await inform(store, 'A', newYear + 500_002)).back, 'late');
        assert.equal((await inform(store, 'A', newYear + 500_003)).back, undefined);
        assert.equal(await missed('A', newYear + 500_004), undefined, 'heard meanwhile');
        assert.equal((await inform(store, 'B', newYear + 600_000)).back, 'lost');
        assert.equal(await missed('nobody', newYear), undefined);
        await store.apply(deviceId('C'), 'approved', { now: newYear + 600_000 });
        assert.deepEqual(await overdue(newYear + 600_000), [deviceId('C')]);
      });

      it('does not count a time in which nobody served, but for those that informed since', async () => {
        await inform(store, 'A', newYear, [], every(100));
        await inform(store, 'B', newYear, [], every(100));
        const blindSpot = { until: newYear + 900_000, ms: 800_000 };
        await inform(store, 'B', newYear + 900_000);
        assert.deepEqual(await overdue(newYear + 1_050_000, { blindSpot }), []);
        assert.equal(await missed('A', newYear + 1_050_000, blindSpot), undefined);
        assert.deepEqual(await overdue(newYear + 1_050_001, { blindSpot }), [deviceId('A')]);
        assert.equal(await missed('A', newYear + 1_050_001, blindSpot), 'late');
        assert.deepEqual(await overdue(newYear + 1_150_001, { blindSpot }), [deviceId('B')]);
        assert.equal(await missed('B', newYear + 1_150_001, blindSpot), 'late');
      });

      it('an interval that was learned counts from the last Inform on', async () => {
        await inform(store, 'A', newYear, [], { parameters: [] });
        assert.deepEqual(await overdue(newYear + 3_600_000), []);
        assert.equal(await store.apply(deviceId('A'), 'intervalLearned', { informInterval: 10 }), true);
        assert.equal(await store.apply(deviceId('A'), 'intervalLearned', { informInterval: 10 }), false);
        assert.deepEqual(await overdue(newYear + 25_001), [deviceId('A')]);
        const count = (text: string, now: number) => store.countDevices(parseFilter(text), now);
        for (const [name, later] of [
          ['online', 25_000],
          ['late', 25_001],
          ['late', 50_000],
          ['lost', 50_001],
        ] as const)
          assert.equal(await count(`${name} and liveness = "${name}"`, newYear + later), 1, name);
      });
    });

    it('known values of many devices at once: null for what is not known, absent where nothing is', async () => {
      for (const name of ['K1', 'K2', 'K3', 'K4']) await inform(store, name, newYear);
      const put = (name: string, values: Record<string, string>): Promise<void> =>
        store.putParameters(
          deviceId(name),
          Object.entries(values).map(([path, value]) => ({ path, value, type: 'xsd:string', time: newYear })),
        );
      await put('K1', { 'Device.K.A': '1', 'Device.K.B': '2', 'Device.K.C': 'not asked' });
      await put('K2', { 'Device.K.A': '1', 'Device.K.B': '2' });
      await put('K3', { 'Device.K.B': '' });
      await put('K4', { 'Device.K.C': 'not asked' });
      const ids = ['K3', 'K1', 'K4', 'K2'].map(deviceId);
      const found = await store.knownValues([...ids, 'nobody'], ['Device.K.B', 'Device.K.A', 'Device.K.Never']);
      assert.deepEqual(
        [...found].sort(([a], [b]) => (a < b ? -1 : 1)),
        [
          [deviceId('K1'), ['2', '1', null]],
          [deviceId('K2'), ['2', '1', null]],
          [deviceId('K3'), ['', null, null]],
        ],
      );
      assert.equal(found.get(deviceId('K1')), found.get(deviceId('K2')), 'equal answers are one object');
      assert.equal((await store.knownValues([], ['Device.K.A'])).size, 0);
      assert.equal((await store.knownValues(ids, [])).size, 0);
    });

    describe('history', () => {
      const at = newYear + 3600_000;
      const sample = (serial: string, path: string, time: number, value: number) =>
        store.appendHistory([{ device: deviceId(serial), samples: [{ path, time, value }] }]);
      const series = async (serial: string, path: string, level: number) =>
        (await store.series({ device: deviceId(serial), path, level })).sort((a, b) => a.bucket - b.bucket);

      it('numbers are merged into rings of three widths, and what the ring has passed is replaced', async () => {
        await announce(store, 'A');
        for (const [after, value] of [
          [0, 4],
          [10_000, 8],
          [60_000, -1],
          [400_000, 2.5],
        ] as const)
          await sample('A', 'Device.X', at + after, value);
        assert.deepEqual(
          (await series('A', 'Device.X', 0)).map(({ n, sum, min, max }) => [n, sum, min, max]),
          [
            [2, 12, 4, 8],
            [1, -1, -1, -1],
            [1, 2.5, 2.5, 2.5],
          ],
        );
        assert.deepEqual(
          (await series('A', 'Device.X', 1)).map(({ n, sum, min, max }) => [n, sum, min, max]),
          [
            [3, 11, -1, 8],
            [1, 2.5, 2.5, 2.5],
          ],
        );
        assert.deepEqual(
          (await series('A', 'Device.X', 2)).map(({ n, sum, min, max }) => [n, sum, min, max]),
          [[4, 13.5, -1, 8]],
        );
        const day = 24 * 3600_000;
        await sample('A', 'Device.X', at + day, 9);
        await sample('A', 'Device.X', at, 100);
        const raw = await series('A', 'Device.X', 0);
        assert.deepEqual(
          raw.map(({ max }) => max),
          [-1, 2.5, 9],
          'a ring later; one that comes too late is left out',
        );
        assert.deepEqual(await store.seriesPaths(deviceId('A')), ['Device.X']);
        assert.deepEqual(await series('B', 'Device.X', 0), []);
      });

      it('a device has so many series and no more, so many events and no more, and none once it is removed', async () => {
        await announce(store, 'A');
        const many = Array.from({ length: 80 }, (_, n) => ({ path: `Device.P${n}`, time: at, value: n }));
        await store.appendHistory([{ device: deviceId('A'), samples: many }]);
        await sample('A', 'Device.One.More', at, 1);
        assert.equal((await store.seriesPaths(deviceId('A'))).length, 64);
        await sample('A', 'Device.P1', at + 1, 1);
        assert.equal((await series('A', 'Device.P1', 0))[0]?.n, 2);
        const event = (n: number) => ({ time: at + n, type: 'inform', data: { n } });
        for (let from = 0; from < 500; from += 50)
          await store.appendHistory([
            { device: deviceId('A'), events: Array.from({ length: 50 }, (_, n) => event(from + n)) },
            { device: deviceId('nobody'), events: [event(from)] },
          ]);
        const kept = await store.deviceEvents(deviceId('A'), 1000);
        assert.ok(kept.length >= 168 && kept.length <= 200, `${kept.length}`);
        assert.deepEqual(kept.slice(0, 2), [event(499), event(498)]);
        await store.apply(deviceId('A'), 'removed', { now: at });
        await announce(store, 'A');
        assert.deepEqual(await store.deviceEvents(deviceId('A'), 10), []);
        assert.deepEqual(await store.seriesPaths(deviceId('A')), []);
        await sample('A', 'Device.One.More', at, 1);
        assert.deepEqual(await store.seriesPaths(deviceId('A')), ['Device.One.More']);
      });
    });

    describe('notices to webhooks', () => {
      const subscribe = (webhook: string, events: string[], more = {}) =>
        store.putDocument('webhook', webhook, { events, ...more });
      const take = (webhook: string, now: number) => store.takeDeliveries({ webhook, now, leaseMs: 1000, limit: 10 });
      const types = async (webhook: string): Promise<string[]> =>
        (await store.deliveries({ webhook, dead: false, limit: 100 })).map(({ notice }) => notice.type).reverse();
      /** Where the store copies them after the answer. */
      const settled = async (webhook: string, count: number): Promise<void> => {
        for (let look = 0; look < 200 && (await types(webhook)).length < count; look++)
          await new Promise(resolve => setImmediate(resolve));
      };

      it('are kept with the change that they tell of, for each that wants them, and outlive the process', async () => {
        await subscribe('all', ['enrolled', 'task', 'late', 'lost', 'back', 'fault', 'faultCleared', 'removed']);
        await subscribe('tasks', ['task'], { filter: 'serial = "B"' });
        await subscribe('paused', ['enrolled'], { paused: true });
        await inform(store, 'A', newYear);
        await addTask(store, 'A', taskOf('t1', 'Reboot', newYear + 1));
        await store.apply(deviceId('A'), 'taskCancelled', { id: 't1', now: newYear + 2 });
        await store.apply(deviceId('A'), 'missed', { now: newYear + 30_000_000 });
        await inform(store, 'A', newYear + 30_000_001);
        await store.apply(deviceId('A'), 'removed', { now: newYear + 30_000_002 });
        if (durable) {
          await store.close();
          store = await home.open();
        }
        await settled('all', 5);
        assert.deepEqual(await types('all'), ['enrolled', 'task', 'lost', 'back', 'removed']);
        assert.deepEqual(await types('tasks'), []);
        assert.deepEqual(await types('paused'), []);
        await store.deleteDocument('webhook', 'all');
        await store.dropDeliveries('all');
        await inform(store, 'C', newYear);
        assert.deepEqual(await types('all'), []);
      });

      it('and with the document whose change they tell of, or not at all', async () => {
        await subscribe('w', ['alert']);
        const notice = { id: 'n1', type: 'alert' as const, time: newYear, data: { x: 1 } };
        const generation = await store.putDocument('alertState', 'a', { n: 1 }, 0, [notice]);
        await rejectsWith(
          store.putDocument('alertState', 'a', { n: 2 }, generation + 7, [{ ...notice, id: 'n2' }]),
          409,
          'changed-meanwhile',
        );
        await store.putDocument('alertState', 'a', { n: 3 }, generation, [
          { ...notice, id: 'n3', to: ['other'] },
          { ...notice, id: 'n4', time: newYear + 1, to: ['w'] },
        ]);
        await settled('w', 2);
        const found = await store.deliveries({ webhook: 'w', dead: false, limit: 10 });
        assert.deepEqual(
          found.map(delivery => delivery.notice),
          [{ ...notice, id: 'n4', time: newYear + 1 }, notice],
        );
      });

      it('each is taken by one, comes back when that one is silent, and is delivered, tried again or given up', async () => {
        await subscribe('w', ['enrolled']);
        for (const serial of ['A', 'B', 'C']) await inform(store, serial, newYear);
        await settled('w', 3);
        const both = (await Promise.all([take('w', newYear), take('w', newYear)])).flat();
        assert.equal(new Set(both.map(({ id }) => id)).size, both.length);
        assert.equal(both.length, 3);
        assert.deepEqual(await take('w', newYear + 999), []);
        const again = await take('w', newYear + 1000);
        assert.deepEqual(
          again.map(({ attempts }) => attempts),
          [2, 2, 2],
        );
        const [one, two, three] = again.map(({ id }) => id);
        await store.settleDelivery(one ?? '', { state: 'delivered' });
        await store.settleDelivery(two ?? '', { state: 'waiting', due: newYear + 9000, error: 'no' });
        await store.settleDelivery(three ?? '', { state: 'dead', due: newYear, error: 'gone' });
        assert.deepEqual(await store.deliveryCounts(), [{ webhook: 'w', waiting: 1, dead: 1, next: newYear + 9000 }]);
        assert.deepEqual(await take('w', newYear + 8999), []);
        assert.deepEqual(
          (await take('w', newYear + 9000)).map(({ id, error }) => [id, error]),
          [[two, 'no']],
        );
        assert.deepEqual(
          (await store.deliveries({ webhook: 'w', dead: true, limit: 10 })).map(({ id, error }) => [id, error]),
          [[three, 'gone']],
        );
        assert.equal(await store.reviveDeliveries('w', newYear + 9000), 1);
        assert.deepEqual(
          (await take('w', newYear + 9000)).map(({ id, attempts }) => [id, attempts]),
          [[three, 1]],
        );
        await store.settleDelivery(three ?? '', { state: 'dead', due: newYear, error: 'gone' });
        await store.boundDeliveries(newYear + 10_000);
        assert.deepEqual(await store.deliveryCounts(), [{ webhook: 'w', waiting: 1, dead: 0, next: newYear + 10_000 }]);
      });
    });

    describe('members and claims', () => {
      it('a claim of another member stands until its token may be taken over', async () => {
        const { token } = await inform(store, 'A', newYear, [], { owner: 'one' });
        const asked = (more: object) => store.apply(deviceId('A'), 'informed', informOf('A', newYear + 1, [], more));
        const busy = { outcome: 'busy', claim: { token, owner: 'one' } };
        assert.deepEqual(await asked({ owner: 'two' }), busy);
        assert.deepEqual(await asked({ owner: 'two', takeOver: token - 1 }), busy);
        assert.equal(claimed(await asked({ owner: 'two', takeOver: token })).token, token + 1);
        const late = await store.apply(deviceId('A'), 'released', { token, complete: true, now: newYear + 2 });
        assert.equal(late, 'stale');
        await store.apply(deviceId('A'), 'released', { token: token + 1, complete: true, now: newYear + 3 });
        assert.equal((await asked({ owner: 'three' })).outcome, 'claimed', 'a released device is free for all');
      });

      it('members are known by their beat, and until they leave', async () => {
        await store.beat({ id: 'one', address: 'http://127.0.0.1:1' });
        await store.beat({ id: 'two', address: '' });
        const members = await store.beat({ id: 'one', address: 'http://127.0.0.1:2' });
        assert.deepEqual(
          members.sort((a, b) => (a.id < b.id ? -1 : 1)),
          [
            { id: 'one', address: 'http://127.0.0.1:2', beat: 2 },
            { id: 'two', address: '', beat: 1 },
          ],
        );
        await store.leave('two');
        await store.leave('nobody');
        assert.deepEqual(
          (await store.beat({ id: 'one', address: '' })).map(member => member.id),
          ['one'],
        );
      });
    });

    describe('audit', () => {
      const entry = (n: number): AuditEntry => ({
        id: `a${n}`,
        time: newYear + n,
        who: 'admin',
        what: 'putPreset',
        target: `p${n}`,
        status: 204,
      });
      it('is read newest first, page by page, and pruned by age and number', async () => {
        for (let n = 0; n < 5; n++) await store.appendAudit(entry(n));
        const first = await store.audit({ limit: 3 });
        assert.deepEqual(first.items, [entry(4), entry(3), entry(2)]);
        assert.ok(first.next);
        assert.deepEqual(await store.audit({ limit: 3, cursor: first.next }), { items: [entry(1), entry(0)] });
        await rejectsWith(store.audit({ limit: 3, cursor: 'zzz' }), 400, 'bad-cursor');
        await store.prune({ endedTasks: { before: 0, keep: 9 }, audit: { before: newYear + 1, keep: 3 } });
        assert.deepEqual((await store.audit({ limit: 9 })).items, [entry(4), entry(3), entry(2)]);
      });
    });

    describe('parameters', () => {
      const paths = async (path: string): Promise<string[]> =>
        (await store.parameters(deviceId('A'), path)).map(value => value.path);

      beforeEach(async () => {
        await announce(store, 'A');
        const values = ['Device.A.B', 'Device.A.B.1.C', 'Device.A.B.10.C', 'Device.A.Bc', 'Device.Z'];
        await store.putParameters(
          deviceId('A'),
          values.map(path => known(path, path)),
        );
      });

      it('are read whole, below a partial path, or one by one', async () => {
        assert.equal((await paths('')).length, 5);
        assert.equal((await paths('Device.')).length, 5);
        assert.deepEqual(await paths('Device.A.B.'), ['Device.A.B.1.C', 'Device.A.B.10.C']);
        assert.deepEqual(await paths('Device.A.B'), ['Device.A.B']);
        assert.deepEqual(await paths('Device.Q'), []);
        assert.deepEqual(await store.parameters('nobody', ''), []);
      });

      it('merge: what is not told again stays', async () => {
        const told = { writable: true, notification: 2 };
        await store.putParameters(deviceId('A'), [known('Device.Z', '1', told)]);
        await store.putParameters(deviceId('A'), [known('Device.Z', '2', { type: 'xsd:int', time: newYear + 5 })]);
        assert.deepEqual(await store.parameters(deviceId('A'), 'Device.Z'), [
          { path: 'Device.Z', value: '2', type: 'xsd:int', time: newYear + 5, ...told },
        ]);
      });

      it('replace what is below a partial path', async () => {
        await store.putParameters(deviceId('A'), [known('Device.A.B.2.C', 'x')], 'Device.A.B.');
        assert.deepEqual(await paths('Device.A.'), ['Device.A.B', 'Device.A.B.2.C', 'Device.A.Bc']);
        await store.putParameters(deviceId('A'), [], '');
        assert.deepEqual(await paths(''), []);
      });

      it('are refused for a device that is not there, and with a NUL', async () => {
        await rejectsWith(store.putParameters('nobody', [known('Device.A', '1')]), 404, 'no-such-device');
        const values = [known('Device.New', '1'), known('Device.A', 'a\0b')];
        await rejectsWith(store.putParameters(deviceId('A'), values), 400, 'nul-in-text');
        assert.deepEqual(await paths('Device.New'), [], 'all or nothing');
        await store.putParameters(deviceId('A'), [known('Device.New', '1')]);
        assert.deepEqual(await paths('Device.New'), ['Device.New']);
      });
    });

    describe('tasks and faults', () => {
      it('are found by id while they are open and after they ended', async () => {
        const { token } = await inform(store, 'A', newYear);
        const added = await addTask(store, 'A', taskOf('t1', 'Reboot', newYear));
        assert.deepEqual(await store.task('t1'), added);
        await store.apply(deviceId('A'), 'taskSent', { token, id: 't1', now: newYear });
        assert.equal((await store.task('t1'))?.state, 'sent');
        const outcome = { state: 'done', result: { x: 1 } } as const;
        await store.apply(deviceId('A'), 'taskSettled', { token, id: 't1', outcome, now: newYear + 9 });
        const ended = await store.task('t1');
        assert.deepEqual([ended?.state, ended?.result, ended?.ended], ['done', { x: 1 }, newYear + 9]);
        assert.deepEqual((await store.device(deviceId('A')))?.tasks, []);
        assert.equal(await store.task('t2'), undefined);
      });

      it('leave what their answer told in the tree, also when they are gone; the row comes with the outcome', async () => {
        const { token } = await inform(store, 'A', newYear);
        await addTask(store, 'A', taskOf('t1', 'SetParameterValues', newYear));
        const settle = (value: string) =>
          store.apply(deviceId('A'), 'taskSettled', {
            ...{ token, id: 't1', outcome: { state: 'done' }, now: newYear + 9 },
            known: [known('Device.A', value)],
          });
        const value = async () => (await store.parameters(deviceId('A'), 'Device.A')).map(found => found.value);
        await rejectsWith(settle('a\0b'), 400, 'nul-in-text');
        assert.deepEqual([(await store.task('t1'))?.state, await value()], ['queued', []], 'neither or both');
        const settled = await settle('1');
        assert.ok(typeof settled === 'object');
        assert.deepEqual([settled.task, settled.row], [await store.task('t1'), await store.device(deviceId('A'))]);
        assert.deepEqual(await value(), ['1']);
        assert.equal(await settle('2'), 'gone');
        assert.deepEqual(await value(), ['2']);
      });

      it('are listed newest first, open and ended, of one device and of all', async () => {
        for (const serial of ['A', 'B']) await announce(store, serial);
        for (let n = 0; n < 10; n++) await addTask(store, n % 2 ? 'A' : 'B', taskOf(`t${n}`, 'Reboot', newYear + n));
        await store.apply(deviceId('A'), 'taskCancelled', { id: 't7', now: newYear + 100 });
        await store.apply(deviceId('B'), 'taskCancelled', { id: 't2', now: newYear + 100 });
        const ids = async (query: { device?: string; limit: number }): Promise<string> =>
          (await store.tasks(query)).map(task => task.id).join(' ');
        assert.equal(await ids({ limit: 100 }), 't9 t8 t7 t6 t5 t4 t3 t2 t1 t0');
        assert.equal(await ids({ limit: 3 }), 't9 t8 t7');
        assert.equal(await ids({ device: deviceId('A'), limit: 4 }), 't9 t7 t5 t3');
      });

      it('ended ones are pruned by age and by number, open ones never', async () => {
        await announce(store, 'A');
        for (const n of [1, 2, 3, 4]) {
          await addTask(store, 'A', taskOf(`t${n}`, 'Reboot', newYear));
          if (n < 4) await store.apply(deviceId('A'), 'taskCancelled', { id: `t${n}`, now: newYear + n });
        }
        const left = async (before: number, keep: number): Promise<string[]> => {
          await store.prune({ endedTasks: { before, keep }, audit: { before: 0, keep: 100 } });
          return (await store.tasks({ limit: 9 })).map(task => task.id).sort();
        };
        assert.deepEqual(await left(0, 100), ['t1', 't2', 't3', 't4']);
        assert.deepEqual(await left(newYear + 2, 100), ['t2', 't3', 't4']);
        assert.deepEqual(await left(0, 1), ['t3', 't4']);
      });

      it('faults of all devices, the latest first', async () => {
        for (const serial of ['A', 'B']) await announce(store, serial);
        const raise = (serial: string, cause: string, now: number) =>
          store.apply(deviceId(serial), 'faultRaised', { cause, code: 9001, message: 'm', retryAt: now, now });
        await raise('A', 'one', 1);
        await raise('B', 'one', 2);
        const third = await raise('A', 'two', 3);
        const again = await raise('A', 'one', 4);
        const list = await store.faults(2);
        assert.deepEqual(list, [again, third]);
        await store.apply(deviceId('A'), 'faultCleared', { id: again.id });
        assert.deepEqual(
          (await store.faults(9)).map(fault => [fault.device, fault.cause]),
          [
            [deviceId('A'), 'two'],
            [deviceId('B'), 'one'],
          ],
        );
      });
    });

    describe('documents', () => {
      it('have a generation that grows with every change of their kind', async () => {
        assert.equal(store.generation('preset'), 0);
        const first = await store.putDocument('preset', 'a', { set: { x: '1' } });
        const second = await store.putDocument('preset', 'b', [1]);
        assert.ok(second > first && first > 0);
        assert.equal(store.generation('preset'), second);
        assert.equal(store.generation('rollout'), 0);
        assert.deepEqual(await store.document('preset', 'a'), {
          name: 'a',
          generation: first,
          changed: newYear,
          body: { set: { x: '1' } },
        });
        assert.equal(await store.deleteDocument('preset', 'a'), true);
        assert.ok(store.generation('preset') > second);
        const { length } = await store.documents('preset');
        assert.equal(length, 1);
        assert.equal(await store.deleteDocument('preset', 'a'), false);
        assert.equal(await store.document('preset', 'a'), undefined);
        await rejectsWith(store.putDocument('preset', 'c', { 'deep\0': 1 }), 400, 'nul-in-text');
        await store.putDocument('preset', 'c', 'a backslash and u0000: \\u0000');
      });

      it('are replaced only where the expected generation stands', async () => {
        const first = await store.putDocument('duty', 'a', { owner: 'one' }, 0);
        await rejectsWith(store.putDocument('duty', 'a', { owner: 'two' }, 0), 409, 'changed-meanwhile');
        const second = await store.putDocument('duty', 'a', { owner: 'two' }, first);
        await rejectsWith(store.putDocument('duty', 'a', { owner: 'three' }, first), 409, 'changed-meanwhile');
        const standing = await store.document<{ owner: string }>('duty', 'a');
        assert.deepEqual([standing?.body.owner, standing?.generation], ['two', second]);
        const race = await Promise.allSettled(
          Array.from({ length: 8 }, (_, n) => store.putDocument('duty', 'a', { owner: `racer${n}` }, second)),
        );
        assert.equal(race.filter(result => result.status === 'fulfilled').length, 1);
      });
    });

    describe('contents of files', () => {
      const random = seededRandom(1);
      const sumOf = (bytes: Buffer) => ({
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });

      it('come back as they were, whole or in ranges, in chunks of at most 256 KB', async () => {
        const bytes = random.bytes(700_001);
        assert.deepEqual(await store.putContent('firmware.bin', inPieces(bytes)), sumOf(bytes));
        assert.ok((await bytesOf(store, 'firmware.bin'))?.equals(bytes));
        const ranges = [
          [0, 1],
          [65_535, 65_537],
          [65_536, 131_072],
          [123_456, 600_000],
          [700_000, 700_001],
          [699_999, 9_999_999],
          [5, 5],
        ] as const;
        for (const [start, end] of ranges) {
          const part = await bytesOf(store, 'firmware.bin', { start, end });
          assert.ok(part?.equals(bytes.subarray(start, end)), `${start} to ${end}`);
        }
        for await (const chunk of (await store.content('firmware.bin')) ?? []) assert.ok(chunk.length <= 262_144);
        await store.putContent('empty', inPieces(Buffer.alloc(0)));
        assert.equal((await bytesOf(store, 'empty'))?.length, 0);
        assert.deepEqual(await store.contents(), [
          { name: 'empty', ...sumOf(Buffer.alloc(0)), changed: clock.now() },
          { name: 'firmware.bin', ...sumOf(bytes), changed: clock.now() },
        ]);
        assert.equal(await store.deleteContent('firmware.bin'), true);
        assert.equal(await store.deleteContent('firmware.bin'), false);
        assert.equal(await store.content('firmware.bin'), undefined);
        await rejectsWith(store.putContent('a\0b', inPieces(bytes)), 400, 'nul-in-text');
      });

      it('of any length and however they are cut arrive whole', async () => {
        const lengths = fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.constantFrom(65_536, 131_072, 262_144));
        await fc.assert(
          fc.asyncProperty(lengths, fc.integer({ min: 1000, max: 300_000 }), async (length, piece) => {
            const bytes = random.bytes(length);
            assert.deepEqual(await store.putContent('any', inPieces(bytes, piece)), sumOf(bytes));
            assert.ok((await bytesOf(store, 'any'))?.equals(bytes));
          }),
          { numRuns: 12 },
        );
      });

      it('that are replaced or deleted while they are read are read to the end', async () => {
        const [first, second] = [random.bytes(400_000), random.bytes(400_000)];
        await putBytes(store, 'a', first);
        const reading = (await store.content('a'))?.[Symbol.asyncIterator]();
        const start = await reading?.next();
        await putBytes(store, 'a', second);
        await store.prune(noRetention);
        const after = (await store.content('a'))?.[Symbol.asyncIterator]();
        const begun = await after?.next();
        await store.deleteContent('a');
        await store.prune(noRetention);
        for (const [head, rest, bytes] of [
          [start, reading, first],
          [begun, after, second],
        ] as const) {
          const tail = await whole({ [Symbol.asyncIterator]: () => rest! });
          assert.ok(Buffer.concat([head?.value ?? Buffer.alloc(0), tail]).equals(bytes));
        }
        assert.equal(await store.content('a'), undefined);
      });

      it('that were replaced go once nobody can be reading them any more', async () => {
        await putBytes(store, 'a', random.bytes(200_000));
        const stalled = (await store.content('a'))?.[Symbol.asyncIterator]();
        await stalled?.next();
        await putBytes(store, 'a', random.bytes(100));
        await clock.advance(3_600_001);
        await store.prune(noRetention);
        await assert.rejects(async () => stalled?.next(), { status: 410, code: 'content-gone' });
        assert.equal((await bytesOf(store, 'a'))?.length, 100, 'what stands stays');
      });

      it('that break off leave the old one whole, and nothing of the new', async () => {
        const bytes = random.bytes(300_000);
        await putBytes(store, 'a', bytes);
        async function* broken(): AsyncIterable<Uint8Array> {
          yield random.bytes(600_000);
          throw new Error('the line went dead');
        }
        await assert.rejects(store.putContent('a', broken()), /the line went dead/);
        assert.ok((await bytesOf(store, 'a'))?.equals(bytes));
        assert.equal((await store.contents()).length, 1);
      });

      it('two under one name at once: one stands, whole', async () => {
        const all = [random.bytes(300_000), random.bytes(500_000), random.bytes(10)];
        await Promise.all(all.map(bytes => putBytes(store, 'a', bytes)));
        const standing = await bytesOf(store, 'a');
        assert.ok(all.some(bytes => standing?.equals(bytes)));
      });
    });

    describe('closing', () => {
      it('finishes what is in flight, then refuses', async () => {
        const work = Array.from({ length: 50 }, (_, n) => announce(store, `A${n}`));
        const closing = store.close();
        await Promise.all([...work, closing]);
        await rejectsWith(announce(store, 'late'), 503, 'store-closed');
        await store.close();
      });

      // A store in memory has nothing to open again.
      if (durable) {
        it('and opening again gives back all that was acknowledged', async () => {
          const { row } = await inform(store, 'A', newYear, ['1 BOOT']);
          await addTask(store, 'A', taskOf('t', 'Reboot', newYear));
          await store.putParameters(row.id, [known('Device.A', '1')]);
          const generation = await store.putDocument('setting', 's', 1);
          await store.close();
          store = await home.open();
          assert.equal((await store.device(row.id))?.tasks.length, 1);
          assert.equal((await store.parameters(row.id, '')).length, 1);
          assert.equal(store.generation('setting'), generation);
          assert.equal((await inform(store, 'A', newYear + 5)).token, row.fence + 1);
        });
      }
    });
  });

// The suite that every store must pass: the same tests over SQLite in memory, in a file and with its threads, and over MongoDB.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceOperations, Informed } from '../../../acs/device/operation-types.ts';
import type { KnownValue } from '../../../acs/device/parameter.ts';
import type { Task } from '../../../acs/device/task.ts';
import { openMongo } from '../../../acs/store/mongo/store.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { identityOf, idOf, informOf, newYear } from '../devices.ts';
import { type Needs, peerSuite } from '../servers/peers.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from './mongo.ts';

/** A place where a store can be opened again and again. */
interface Home {
  open(clock: VirtualClock): Promise<Store>;
  remove(): Promise<void>;
}

/** The store under test, new for each test. */
export class Subject {
  store!: Store;
  clock!: VirtualClock;
  home!: Home;
  /** The store outlives its closing. */
  readonly durable: boolean;

  constructor(durable: boolean) {
    this.durable = durable;
  }

  async reopen(): Promise<void> {
    this.store = await this.home.open(this.clock);
  }
}

async function sqliteHome(inThread: boolean): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-store-'));
  return {
    open: clock => openSqlite({ file: join(folder, 'acs.db'), clock, inThread }),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function mongoHome(): Promise<Home> {
  const url = await freshMongo();
  return {
    open: clock => openMongo({ url, clock, random: systemRandom() }),
    remove: () => dropMongo(url),
  };
}

const homes: Record<string, { durable: boolean; needs?: Needs; make: () => Promise<Home> }> = {
  'SQLite in memory': {
    durable: false,
    make: async () => ({ open: clock => openSqlite({ file: ':memory:', clock }), remove: async () => undefined }),
  },
  'SQLite in a file, in-thread': { durable: true, make: () => sqliteHome(true) },
  'SQLite in a file, with its threads': { durable: true, make: () => sqliteHome(false) },
  MongoDB: { durable: true, needs: mongoNeeds, make: mongoHome },
};

/** Declares the tests of one topic for each store; one that needs a missing program is skipped by name. */
export function contractSuite(topic: string, declare: (subject: Subject) => void): void {
  suites(`Store contract for ${topic}`, Object.keys(homes), declare);
}

/** Declares tests of what lies above the store for SQLite in memory and for MongoDB. */
export function bothStoresSuite(title: string, declare: (subject: Subject) => void): void {
  suites(title, ['SQLite in memory', 'MongoDB'], declare);
}

function suites(title: string, stores: readonly string[], declare: (subject: Subject) => void): void {
  for (const [name, { durable, needs, make }] of Object.entries(homes).filter(([name]) => stores.includes(name)))
    peerSuite(`${title}: ${name}`, needs ?? {}, () => {
      const subject = new Subject(durable);

      if (needs)
        before(async function () {
          this.timeout(MONGO_START_MS);
          await freshMongo();
        });

      beforeEach(async () => {
        subject.clock = new VirtualClock(newYear);
        subject.home = await make();
        await subject.reopen();
      });
      afterEach(async () => {
        await subject.store.close();
        await subject.home.remove();
      });

      declare(subject);
    });
}

export const claimed = (result: Informed): Extract<Informed, { outcome: 'claimed' }> => {
  assert.equal(result.outcome, 'claimed');
  return result as Extract<Informed, { outcome: 'claimed' }>;
};

export const deviceId = (serial: string): string => idOf(identityOf(serial));

export const announce = (store: Store, serial: string, patch: DeviceOperations['announced']['args']['patch'] = {}) =>
  store.apply(deviceId(serial), 'announced', { identity: identityOf(serial), now: newYear, patch });

export const inform = async (store: Store, serial: string, now: number, events = ['2 PERIODIC'], more = {}) =>
  claimed(await store.apply(deviceId(serial), 'informed', informOf(serial, now, events, more)));

export const addTask = (store: Store, serial: string, task: Task) =>
  store.apply(deviceId(serial), 'taskAdded', { task });

export const known = (path: string, value: string, more: Partial<KnownValue> = {}): KnownValue => ({
  path,
  value,
  type: 'xsd:string',
  time: newYear,
  ...more,
});

export function rejectsWith(work: Promise<unknown>, status: number, code: string): Promise<void> {
  return assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.deepEqual([error.status, error.code], [status, code]);
    return true;
  });
}

// The link to MongoDB: one client, its requests in flight, and writes that are safe on a network that may break at any moment. A document
// carries the id of the write that made it: the next write replaces exactly that document, and a process that lost an answer reads there
// whether its write was carried out. So a write can always be sent again, and none is carried out twice.
import {
  type Collection,
  type Db,
  type Filter,
  type MongoClient,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
  type OptionalUnlessRequiredId,
  type WithoutId,
} from 'mongodb';
import type { Clock, Random } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { clientOf, databaseOf, withoutSecrets } from './client.ts';

export interface MongoOptions {
  /** `mongodb://…` or `mongodb+srv://…`; the database is the one in the path, else `tandem`. */
  url: string;
  /** Dates documents and paces retries. The server and its driver use real time in any case. */
  clock: Clock;
  /** Makes the ids of writes, which must differ between processes. */
  random: Random;
  /** Time for which an operation is retried while the server cannot be reached, milliseconds. */
  patienceMs?: number;
}

/** A document that is replaced only as a whole, and only if it is the expected one. */
export interface Versioned {
  _id: string;
  /** Id of the write that made it. */
  op: string;
  /** Ids of the writes before, the latest first: a process that lost an answer finds its own here even after other writes. */
  past: string[];
}

const PATIENCE_MS = 5000;
const OPENING_MS = 8000;
const MAX_IN_FLIGHT = 50_000;
const MAX_CONFLICTS = 40;
const MAX_PAST = 8;

/** Codes of a server that is stopping, stepping down or no longer the primary, or whose write concern was not met in time. */
const passingCodes: ReadonlySet<unknown> = new Set([
  6, 7, 50, 64, 89, 91, 112, 134, 189, 262, 317, 9001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436,
]);

/** A write matched nothing although the majority holds the document that it replaces: another write is on its way. */
class Unsettled extends Error {}

/** Codes of a socket whose server goes in the middle of a write: the driver passes them on unchanged. */
const brokenSocket: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
]);

function isPassing(error: unknown): boolean {
  if (error instanceof Unsettled || brokenSocket.has((error as NodeJS.ErrnoException).code)) return true;
  if (!(error instanceof MongoError)) return false;
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true;
  if (error instanceof MongoWriteConcernError || error.name === 'MongoWaitQueueTimeoutError') return true;
  return error.hasErrorLabel('RetryableWriteError') || passingCodes.has(error.code);
}

/** True when there already is a document with that `_id`. */
export const isDuplicate = (error: unknown): boolean => error instanceof MongoServerError && error.code === 11_000;

const closedStore = (): UserError => new UserError(503, 'store-closed', 'the store is closed');
const busyStore = (): UserError => new UserError(503, 'store-busy', 'the store does not keep up');

const unavailableAt =
  (where: string, secrets: readonly string[]) =>
  (error: unknown): UserError => {
    const reason = withoutSecrets(messageOf(error), secrets);
    return new UserError(503, 'store-unavailable', `MongoDB at ${where} cannot be used: ${reason}`);
  };

/** Connects and makes sure that the server answers. @throws UserError 503 that names the host, never a password */
export async function openLink(options: MongoOptions): Promise<Link> {
  const link = new Link(options);
  try {
    await link.connect();
  } catch (error) {
    await link.close();
    throw error;
  }
  return link;
}

/** The one client of the store, with its requests in flight. */
export class Link {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly #client: MongoClient;
  readonly #patience: Patience;
  readonly #running = new Set<Promise<unknown>>();
  #isOpen = true;

  constructor({ url, clock, random, patienceMs = PATIENCE_MS }: MongoOptions) {
    const { client, where, secrets } = clientOf(url);
    this.#client = client;
    this.#patience = { clock, random, ms: patienceMs, unavailable: unavailableAt(where, secrets) };
    this.db = client.db(databaseOf(url));
    this.clock = clock;
    this.random = random;
  }

  async connect(): Promise<void> {
    await retryFor({ ...this.#patience, ms: OPENING_MS }, async () => {
      // Explicitly: a client whose first connection failed stays closed otherwise.
      await this.#client.connect();
      await this.db.command({ ping: 1 });
    });
  }

  /** Runs a request of a caller, in flight until it settles. @throws UserError 503 when the store is closed or too busy */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) return Promise.reject(closedStore());
    if (this.#running.size >= MAX_IN_FLIGHT) return Promise.reject(busyStore());
    const running = work();
    this.keep(running);
    return running;
  }

  /** Makes `close` wait for the work; its errors are handled elsewhere. */
  keep(work: Promise<unknown>): void {
    this.#running.add(work);
    const done = (): unknown => this.#running.delete(work);
    work.then(done, done);
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  /** Retries while the server cannot be reached. `work` must be safe to be done twice. @throws UserError 503 `store-unavailable` */
  retry<T>(work: () => Promise<T>): Promise<T> {
    return retryFor(this.#patience, work);
  }

  /**
   * Replaces `before` (undefined: inserts), durably.
   * @returns false when another write came first
   * @throws UserError 503 when it is unknown whether it was carried out
   */
  replace<T extends Versioned>(collection: Collection<T>, before: Versioned | undefined, next: T): Promise<boolean> {
    return this.retry(replacing(collection, before, next, this.#patience.unavailable));
  }

  /** Waits a little longer with each conflict. @throws UserError 503 `store-busy` after many */
  async afterConflict(conflicts: number): Promise<void> {
    if (conflicts > MAX_CONFLICTS) throw busyStore();
    if (conflicts > 2) await this.clock.sleep(Math.min(100, 2 ** conflicts) * this.random.next());
  }

  newId(): string {
    return this.random.bytes(12).toString('base64url');
  }

  /** Waits for requests in flight, then closes. */
  async close(): Promise<void> {
    this.#isOpen = false;
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
    await this.#client.close();
  }
}

/** Pace of retries, and the error when they end. */
interface Patience {
  clock: Clock;
  random: Random;
  ms: number;
  unavailable(error: unknown): UserError;
}

async function retryFor<T>({ clock, random, ms, unavailable }: Patience, work: () => Promise<T>): Promise<T> {
  const started = clock.monotonic();
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error instanceof MongoError ? lastingError(error, unavailable) : error;
      if (clock.monotonic() - started >= ms) throw unavailable(error);
      await clock.sleep(Math.min(1000, 25 * 2 ** attempt) * (0.5 + random.next()));
    }
  }
}

/** One write as something that can be tried again: after a broken connection it looks first whether it was carried out. */
function replacing<T extends Versioned>(
  collection: Collection<T>,
  before: Versioned | undefined,
  next: T,
  unavailable: (error: unknown) => UserError,
): () => Promise<boolean> {
  let unsure = false;
  const byId = { _id: next._id } as Filter<T>;
  const look = async (): Promise<boolean | undefined> => {
    const stored = (await collection.findOne(byId, { projection: { op: 1, past: 1 } })) as Versioned | null;
    if (stored && (stored.op === next.op || stored.past.includes(next.op))) return true;
    // It was deleted meanwhile: the outcome of the write before that cannot be known any more.
    if (before && !stored) throw unavailable(new Error('the answer to a write was lost'));
    return stored?.op === before?.op ? undefined : false;
  };
  return async () => {
    const found = unsure ? await look() : undefined;
    if (found !== undefined) return found;
    try {
      if (await write(collection, before, next)) return true;
    } catch (error) {
      unsure ||= isPassing(error);
      throw error;
    }
    if (!unsure) return false;
    throw new Unsettled('an earlier write is not settled yet');
  };
}

async function write<T extends Versioned>(
  collection: Collection<T>,
  before: Versioned | undefined,
  next: T,
): Promise<boolean> {
  if (before) {
    const filter = { _id: next._id, op: before.op } as Filter<T>;
    const { matchedCount } = await collection.replaceOne(filter, next as WithoutId<T>);
    return matchedCount === 1;
  }
  try {
    await collection.insertOne(next as OptionalUnlessRequiredId<T>);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

/** The ids that the document after `before` carries. */
export const stamp = (link: Link, before: Versioned | undefined): { op: string; past: string[] } => ({
  op: link.newId(),
  past: before ? [before.op, ...before.past].slice(0, MAX_PAST) : [],
});

/** The error of a caller for one that no retry mends. */
function lastingError(error: MongoError, unavailable: (error: unknown) => UserError): Error {
  if (error.code === 14_031)
    return new UserError(507, 'store-full', 'the disk of MongoDB is full; nothing was changed');
  // 13: not authorized; 18: authentication failed.
  return error.code === 13 || error.code === 18 ? unavailable(error) : error;
}

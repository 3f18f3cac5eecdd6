// The way to a MongoDB: one client, what is in flight on it, and how a write is made safe against a network that may break at any
// moment. A document that changes carries the id of the write that made it: the next write replaces exactly that one, and whoever lost
// an answer reads there whether it was carried out. So a write can always be sent again, and none is carried out twice.
import {
  type Collection,
  type Db,
  type Filter,
  MongoClient,
  MongoError,
  MongoNetworkError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
  type OptionalUnlessRequiredId,
  type WithoutId,
} from 'mongodb';
import type { Clock, Random } from '../../../shared/clock.ts';
import { messageOf, UserError } from '../../../shared/errors.ts';

export interface MongoOptions {
  /** `mongodb://…` or `mongodb+srv://…`; the database is the one in the path, else `tandem`. */
  url: string;
  /** Dates documents and paces what is tried again. The server and its driver live in real time whatever it says. */
  clock: Clock;
  /** Makes the ids of writes: no two processes may draw the same ones. */
  random: Random;
  /** How long an operation is tried again while the server cannot be reached, milliseconds. */
  patienceMs?: number;
}

/** A document that is replaced only as a whole, and only where the expected one stands. */
export interface Versioned {
  _id: string;
  /** Id of the write that made it. */
  op: string;
  /** Ids of the writes before, the latest first: whose answer was lost finds its own here even when others have followed. */
  past: string[];
}

export interface Link {
  db: Db;
  clock: Clock;
  random: Random;
  /** Counts as in flight until it settles; refused when the store is closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Work of the store's own that `close` waits for; its errors are its own to handle. */
  keep(work: Promise<void>): void;
  isOpen(): boolean;
  /** Tries again while the server cannot be reached. `work` must be safe to be done twice. @throws UserError 503 `store-unavailable` */
  retry<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Replaces `before` (undefined: inserts) and comes back when that is durable.
   * @returns false when another write came first
   * @throws UserError 503 when it cannot be said whether it was carried out
   */
  replace<T extends Versioned>(collection: Collection<T>, before: Versioned | undefined, next: T): Promise<boolean>;
  /** Waits a little longer with each conflict. @throws UserError 503 `store-busy` after many */
  afterConflict(conflicts: number): Promise<void>;
  newId(): string;
  close(): Promise<void>;
}

const PATIENCE_MS = 5000;
const OPENING_MS = 8000;
const MAX_IN_FLIGHT = 50_000;
const MAX_CONFLICTS = 40;
const MAX_PAST = 8;

/** Errors of a server that is stopping, stepping down or not the primary any more, or whose write concern was not met in time. */
const passingCodes: ReadonlySet<unknown> = new Set([
  6, 7, 50, 64, 89, 91, 112, 134, 189, 262, 317, 9001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436,
]);

/** A write matched nothing although the document that it replaces is what the majority holds: another one is on its way. */
class Unsettled extends Error {}

/** What a socket says by itself when the server goes in the middle of a write: the driver passes it on as it is. */
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

/** Whether a document with that `_id` stands already. */
export const isDuplicate = (error: unknown): boolean => error instanceof MongoServerError && error.code === 11_000;

const closedStore = (): UserError => new UserError(503, 'store-closed', 'the store is closed');
const busyStore = (): UserError => new UserError(503, 'store-busy', 'the store does not keep up');

/** Connects and makes sure that the server answers. @throws UserError 503 that names the host, never a password */
export async function openLink(options: MongoOptions): Promise<Link> {
  const { clock, random } = options;
  const { client, where, secrets } = clientOf(options.url);
  const db = client.db(databaseOf(options.url));
  const running = new Set<Promise<unknown>>();
  let open = true;

  const hidden = (text: string): string => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  const unavailable = (error: unknown): UserError =>
    new UserError(503, 'store-unavailable', `MongoDB at ${where} cannot be used: ${hidden(messageOf(error))}`);

  const retryFor = async <T>(patience: number, work: () => Promise<T>): Promise<T> => {
    const started = clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isPassing(error)) throw error instanceof MongoError ? told(error, unavailable) : error;
        if (clock.monotonic() - started >= patience) throw unavailable(error);
        await clock.sleep(Math.min(1000, 25 * 2 ** attempt) * (0.5 + random.next()));
      }
    }
  };
  const retry = <T>(work: () => Promise<T>): Promise<T> => retryFor(options.patienceMs ?? PATIENCE_MS, work);

  const track = (work: Promise<unknown>): void => {
    running.add(work);
    const done = (): unknown => running.delete(work);
    work.then(done, done);
  };

  const link: Link = {
    db,
    clock,
    random,
    run: work => {
      if (!open) return Promise.reject(closedStore());
      if (running.size >= MAX_IN_FLIGHT) return Promise.reject(busyStore());
      const going = work();
      track(going);
      return going;
    },
    keep: track,
    isOpen: () => open,
    retry,
    replace: (collection, before, next) => retry(replacing(collection, before, next, unavailable)),
    afterConflict: async conflicts => {
      if (conflicts > MAX_CONFLICTS) throw busyStore();
      if (conflicts > 2) await clock.sleep(Math.min(100, 2 ** conflicts) * random.next());
    },
    newId: () => random.bytes(12).toString('base64url'),
    close: async () => {
      open = false;
      while (running.size > 0) await Promise.allSettled([...running]);
      await client.close();
    },
  };
  try {
    await retryFor(OPENING_MS, async () => {
      // By name: a client whose first connection failed stays closed otherwise.
      await client.connect();
      await db.command({ ping: 1 });
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  return link;
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
    const standing = (await collection.findOne(byId, { projection: { op: 1, past: 1 } })) as Versioned | null;
    if (standing && (standing.op === next.op || standing.past.includes(next.op))) return true;
    // Deleted meanwhile: what was before that cannot be known any more, so nothing is promised.
    if (before && !standing) throw unavailable(new Error('the answer to a write was lost'));
    return standing?.op === before?.op ? undefined : false;
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

function told(error: MongoError, unavailable: (error: unknown) => UserError): Error {
  if (error.code === 14_031)
    return new UserError(507, 'store-full', 'the disk of MongoDB is full; nothing was changed');
  // 13: not allowed to; 18: who logs in is not known.
  return error.code === 13 || error.code === 18 ? unavailable(error) : error;
}

/** The options here win over those of the URL: the promises of the store hang on them. */
function clientOf(url: string): { client: MongoClient; where: string; secrets: string[] } {
  const secrets = secretsOf(url);
  try {
    const client = new MongoClient(url, {
      appName: 'tandem',
      connectTimeoutMS: 2500,
      serverSelectionTimeoutMS: 2500,
      waitQueueTimeoutMS: 10_000,
      // A server that has vanished without a word; a search in an order without an index may take a while.
      socketTimeoutMS: 20_000,
      // Our own retry covers all of it, on servers without sessions too.
      retryReads: false,
      retryWrites: false,
      readPreference: 'primary',
      // What the majority holds is what no failover takes back: so every read shows what was, or could have been, acknowledged.
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true },
      ignoreUndefined: true,
    });
    const { hosts, srvHost } = client.options;
    return { client, where: srvHost ?? hosts.map(String).join(','), secrets };
  } catch (error) {
    if (!(error instanceof MongoParseError || error instanceof MongoError || error instanceof TypeError)) throw error;
    const text = secrets.reduce((left, secret) => left.replaceAll(secret, '***'), error.message);
    throw new UserError(503, 'store-unavailable', `the URL of the MongoDB cannot be used: ${text}`);
  }
}

/** What must never be shown of a URL: its password, and those among its options, as written and as meant. */
function secretsOf(url: string): string[] {
  const found = [
    /^[^:]+:\/\/[^:@/]*:([^@/]*)@/.exec(url)?.[1],
    ...[...url.matchAll(/[?&]\w*(?:password|properties)=([^&]*)/gi)].map(option => option[1]),
  ];
  return found.flatMap(secret => (secret ? [secret, decoded(secret)] : []));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded as it should be: then it stands for itself.
    return text;
  }
}

function databaseOf(url: string): string {
  const name = /^[^:]+:\/\/[^/?]+\/([^?]+)/.exec(url)?.[1];
  return name ? decoded(name) : 'tandem';
}

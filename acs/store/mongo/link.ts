// The link to MongoDB: one client and its requests in flight. Every request is tried again for a while where the network breaks (reach.ts);
// writes are made so that this carries none out twice (versioned.ts).
import type { Collection, Db, MongoClient } from 'mongodb';
import type { Clock, Random } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { withoutTexts } from '../../../shared/model/secret-names.ts';
import { UserError } from '../../errors.ts';
import { clientOf, databaseOf } from './client.ts';
import { busyStore, InFlight } from './in-flight.ts';
import { Reach } from './reach.ts';
import { type FieldUpdate, removing, replacing, type Versioned } from './versioned.ts';

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

/** With the time in which the driver finds that a server is away, a request fails within two seconds. */
const PATIENCE_MS = 1500;
const OPENING_MS = 8000;
const MAX_CONFLICTS = 40;

const unavailableAt =
  (where: string, secrets: readonly string[]) =>
  (error: unknown): UserError => {
    const reason = withoutTexts(messageOf(error), secrets);
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
  /** For what must be tried while all else fails at once. */
  readonly reach: Reach;
  readonly #unavailable: (error: unknown) => UserError;
  readonly #inFlight = new InFlight();

  constructor({ url, clock, random, patienceMs = PATIENCE_MS }: MongoOptions) {
    const { client, where, secrets } = clientOf(url);
    this.#client = client;
    this.#unavailable = unavailableAt(where, secrets);
    this.reach = new Reach({ clock, random, patienceMs, unavailable: this.#unavailable });
    this.db = client.db(databaseOf(url));
    this.clock = clock;
    this.random = random;
  }

  async connect(): Promise<void> {
    await this.reach.retry(async () => {
      // Explicitly: a client whose first connection failed stays closed otherwise.
      await this.#client.connect();
      await this.db.command({ ping: 1 });
    }, OPENING_MS);
  }

  /** Runs a request of a caller, in flight until it settles. @throws UserError 503 when the store is closed or too busy */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#inFlight.run(work);
  }

  /** Makes `close` wait for the work; its errors are handled elsewhere. */
  keep(work: Promise<unknown>): void {
    this.#inFlight.keep(work);
  }

  readonly isOpen = (): boolean => this.#inFlight.isOpen();

  /** Retries while the server cannot be reached. `work` must be safe to be done twice. @throws UserError 503 `store-unavailable` */
  retry<T>(work: () => Promise<T>): Promise<T> {
    return this.reach.retry(work);
  }

  /**
   * Replaces `before` (undefined: inserts), durably. @returns false when another write came first
   * @param update makes `next` of `before`, and is sent in place of the whole
   * @param mayReturn a document that is absent although it was perhaps inserted may be inserted again
   * @throws UserError 503 when it is unknown whether it was carried out
   */
  replace<T extends Versioned>(
    collection: Collection<T>,
    before: Versioned | undefined,
    next: T,
    { mayReturn = false, update }: { mayReturn?: boolean; update?: FieldUpdate } = {},
  ): Promise<boolean> {
    return this.retry(replacing({ collection, before, next, mayReturn, update, unavailable: this.#unavailable }));
  }

  /** Deletes `before`, durably. @returns and throws as `replace` does */
  remove<T extends Versioned>(collection: Collection<T>, before: Versioned): Promise<boolean> {
    return this.retry(removing(collection, before, this.#unavailable));
  }

  /** Waits a little longer with each conflict. @throws UserError 503 `store-busy` after many */
  async afterConflict(conflicts: number): Promise<void> {
    if (conflicts > MAX_CONFLICTS) throw busyStore();
    if (conflicts > 2) await this.clock.sleep(Math.min(100, 2 ** conflicts) * this.random.next());
  }

  readonly newId = (): string => this.random.bytes(12).toString('base64url');

  /** Waits for requests in flight and for `last`, then closes. */
  async close(last?: () => Promise<void>): Promise<void> {
    await this.#inFlight.end();
    await last?.();
    await this.#client.close();
  }
}

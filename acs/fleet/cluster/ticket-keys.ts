// The key of TLS session tickets: random, the same for all processes on a store, and replaced once a day. The store keeps the key in
// force and no other one, so that sessions of earlier days cannot be opened with what is found later.
import type { Clock, Random } from '../../../shared/clock.ts';
import { isConflict } from '../../../shared/errors.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import { retryConflicts } from '../common/documents.ts';
import type { Secrets } from '../common/secrets.ts';

/** Bytes that Node takes: a name of 16, and keys of 16 for HMAC and AES-128. */
const KEY_BYTES = 48;
/** A key in force is replaced after that time, milliseconds. */
const LIFE_MS = 86_400_000;
const KIND = 'ticketKey';
const NAME = 'tls';

interface SealedKey {
  key: Sealed;
}

export interface TicketKeysOptions {
  store: Store;
  clock: Clock;
  random: Random;
  secrets: Secrets;
}

export class TicketKeys {
  readonly #options: TicketKeysOptions;
  readonly #cached: CachedDocuments<Buffer>;

  constructor(options: TicketKeysOptions) {
    this.#options = options;
    this.#cached = new CachedDocuments(options.store, KIND, () => this.#readOrMake());
  }

  /** The key in force; the first process makes it. It costs nothing while no process has replaced the key. */
  current(): Promise<Buffer> {
    return this.#cached.get();
  }

  /** Puts a fresh key in the place of one that is a day old. CPEs with a ticket of the old key begin with a full handshake. */
  async replaceOld(): Promise<void> {
    await retryConflicts(async () => {
      const stored = await this.#stored();
      // A time in the future was written by a clock that was wrong.
      if (!stored || Math.abs(this.#options.clock.now() - stored.changed) >= LIFE_MS) await this.#put(stored);
    });
  }

  async #readOrMake(): Promise<Buffer> {
    const stored = await this.#stored();
    const known = stored && this.#opened(stored.body);
    if (known) return known;
    try {
      return await this.#put(stored);
    } catch (error) {
      if (isConflict(error)) return await this.#readOrMake();
      throw error;
    }
  }

  #stored(): Promise<StoredDocument<SealedKey> | undefined> {
    return this.#options.store.document<SealedKey>(KIND, NAME);
  }

  /** @returns undefined for a key that was sealed with another server key: nothing is lost with it */
  #opened({ key }: SealedKey): Buffer | undefined {
    try {
      return Buffer.from(this.#options.secrets.open(key), 'base64');
    } catch (error) {
      if (error instanceof UserError) return undefined;
      throw error;
    }
  }

  /** @throws UserError for which `isConflict` holds where another process was faster */
  async #put(before: StoredDocument<SealedKey> | undefined): Promise<Buffer> {
    const { store, random, secrets } = this.#options;
    const fresh = random.bytes(KEY_BYTES);
    await store.putDocument(KIND, NAME, { key: secrets.seal(fresh.toString('base64')) }, before?.generation ?? 0);
    return fresh;
  }
}

// The record of a duty in the store (kind `duty`): the processes of a fleet agree by it on which of them does the duty.
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';

/** Milliseconds between two times of a prompt duty. */
export const PAUSE_MS = 1000;

export interface ScheduleContext {
  store: Store;
  clock: Clock;
  log: Log;
  /** This process. */
  owner: string;
  /** @returns whether another process has ended, so that its duties are free; none has by default */
  isGone?: (owner: string) => Promise<boolean>;
}

interface DutyRun {
  owner: string;
  /** The duty was last begun then, milliseconds. */
  ran: number;
  /** The prompt duty has ended, so that any process may begin it again. */
  idle?: true;
  /** The prompt duty has something to do again then, milliseconds, though it was done less than its interval ago. */
  next?: number;
}

export type StoredRecord = StoredDocument<DutyRun>;

export class DutyRecord {
  readonly #context: ScheduleContext;
  readonly #name: string;

  constructor(context: ScheduleContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  read(): Promise<StoredRecord | undefined> {
    return this.#context.store.document<DutyRun>('duty', this.#name);
  }

  /** @returns milliseconds since the duty was last begun */
  since(record: StoredRecord | undefined): number {
    return this.#context.clock.now() - (record?.body.ran ?? Number.NEGATIVE_INFINITY);
  }

  /** No process is at a duty that was begun that long ago. */
  async isFree({ body: { owner, idle } }: StoredRecord, since: number): Promise<boolean> {
    if (owner === this.#context.owner || (idle === true && since >= PAUSE_MS)) return true;
    return (await this.#context.isGone?.(owner)) ?? false;
  }

  /** Writes down that this process began the duty then. @throws UserError for which `isConflict` holds where another one was faster */
  write(ran: number, expected: number): Promise<number> {
    return this.#put({ owner: this.#context.owner, ran }, expected);
  }

  /** Any process may begin the duty again. */
  async release(next: number | undefined): Promise<void> {
    const record = await this.read();
    if (record?.body.owner !== this.#context.owner) return;
    await this.#put({ ...record.body, idle: true, ...(next === undefined ? {} : { next }) }, record.generation);
  }

  #put(run: DutyRun, expected: number): Promise<number> {
    return this.#context.store.putDocument('duty', this.#name, run, expected);
  }
}

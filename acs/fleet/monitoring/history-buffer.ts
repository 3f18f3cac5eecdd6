// Gathers history entries and hands them to the store a few times a second, so that no session waits for it. Records of sessions wait
// longer: they come with every session, and cost the store little where many are written at once.
import { messageOf } from '../../../shared/errors.ts';
import { isStoreTrouble } from '../../store/health.ts';
import type { HistoryEntry } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';

const FLUSH_MS = 250;
/** Records of sessions that a killed process had gathered since are lost. */
const SESSIONS_FLUSH_MS = 10_000;
/** The number of entries that are handed over at once. */
const MANY = 500;
/** Beyond this number the oldest entries are dropped, because the store does not keep up. */
const MAX_GATHERED = 20_000;

export class HistoryBuffer {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'log'>;
  readonly #gathered: HistoryEntry[] = [];
  /** The last write; one at a time, so that entries wait here, where they are bounded. */
  #last: Promise<void> = Promise.resolve();
  /** The write that begins after it. */
  #next: Promise<void> | undefined;
  #scheduled: { cancel(): void } | undefined;
  /** The time of the scheduled flush, by the monotonic clock. */
  #due = Number.POSITIVE_INFINITY;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'log'>) {
    this.#context = context;
  }

  add(entry: HistoryEntry): void {
    this.#gathered.push(entry);
    if (this.#gathered.length > MAX_GATHERED) this.#gathered.shift();
    if (this.#gathered.length >= MANY) void this.#flush();
    else this.#schedule(entry.sessions ? SESSIONS_FLUSH_MS : FLUSH_MS);
  }

  addEvent(device: string, type: string, data: Record<string, unknown>): void {
    this.add({ device, events: [{ time: this.#context.clock.now(), type, data }] });
  }

  /** Resolves when the store has taken all entries so far. */
  async flushed(): Promise<void> {
    await this.#flush();
  }

  #schedule(waitMs: number): void {
    const { clock } = this.#context;
    const due = clock.monotonic() + waitMs;
    if (due >= this.#due) return;
    this.#scheduled?.cancel();
    this.#due = due;
    this.#scheduled = clock.after(waitMs, () => void this.#flush());
  }

  /** Hands over all that is gathered once the write that runs has ended. Never rejects. */
  #flush(): Promise<void> {
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    this.#due = Number.POSITIVE_INFINITY;
    this.#next ??= this.#last = this.#last.then(async () => {
      this.#next = undefined;
      await this.#write();
    });
    return this.#next;
  }

  async #write(): Promise<void> {
    const { store, log } = this.#context;
    for (let left = this.#gathered.length; left > 0; left -= MANY) {
      const entries = this.#gathered.splice(0, MANY);
      try {
        await store.appendHistory(entries);
      } catch (error) {
        // A failing disk is logged once, by health.ts.
        log[isStoreTrouble(error) ? 'debug' : 'warn']('history write failed', {
          entries: entries.length,
          reason: messageOf(error),
        });
      }
    }
  }
}

// Gathers history entries and hands them to the store a few times a second, so that no session waits for it.
import { messageOf } from '../../../shared/errors.ts';
import { isStoreTrouble } from '../../store/health.ts';
import type { HistoryEntry } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';

const FLUSH_MS = 250;
/** The number of entries that are handed over at once. */
const MANY = 500;
/** Beyond this number the oldest entries are dropped, because the store does not keep up. */
const MAX_GATHERED = 20_000;

export class HistoryBuffer {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'log'>;
  #gathered: HistoryEntry[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #scheduled: { cancel(): void } | undefined;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'log'>) {
    this.#context = context;
  }

  add(entry: HistoryEntry): void {
    this.#gathered.push(entry);
    if (this.#gathered.length > MAX_GATHERED) this.#gathered.shift();
    if (this.#gathered.length >= MANY) this.#flush();
    else this.#scheduled ??= this.#context.clock.after(FLUSH_MS, () => this.#flush());
  }

  addEvent(device: string, type: string, data: Record<string, unknown>): void {
    this.add({ device, events: [{ time: this.#context.clock.now(), type, data }] });
  }

  /** Resolves when the store has taken all entries so far. */
  async flushed(): Promise<void> {
    this.#flush();
    await this.#flushing;
  }

  #flush(): void {
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    const entries = this.#gathered;
    this.#gathered = [];
    if (entries.length === 0) return;
    const { store, log } = this.#context;
    this.#flushing = this.#flushing
      .then(() => store.appendHistory(entries))
      // A failing disk is logged once, by health.ts.
      .catch(error =>
        log[isStoreTrouble(error) ? 'debug' : 'warn']('history write failed', {
          entries: entries.length,
          reason: messageOf(error),
        }),
      );
  }
}

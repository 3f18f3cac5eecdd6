// Requests on their way to a thread. Those of one turn go in one message; those that the thread carries out in groups are gathered while
// a group is away, so that few messages carry many.
import type { Clock, Timer } from '../../../../shared/clock.ts';
import type { Batch, Packing } from './batch.ts';
import { WaitingRequests } from './waiting-requests.ts';

/** Longest time that a patient request waits for others. */
const PATIENCE_MS = 4;
/** Shortest time from the end of one group to the next once several requests come at a time; a few go at once. */
const GROUP_MS = 5;
const CROWD = 3;

/** Gathers requests and sends them in batches. */
export class Batching<R> {
  readonly #send: (batch: Batch) => void;
  readonly #packing: Packing<R>;
  readonly #clock: Clock;
  readonly #waiting = new WaitingRequests();
  /** Gathered requests whose caller waits, or that have waited long enough. */
  #due = 0;
  /** Requests that the thread has not answered. */
  #away = 0;
  #lastSize = 0;
  #lastReturn = Number.NEGATIVE_INFINITY;
  #isScheduled = false;
  #patience: Timer | undefined;

  constructor(send: (batch: Batch) => void, packing: Packing<R>, clock: Clock) {
    this.#send = send;
    this.#packing = packing;
    this.#clock = clock;
  }

  add(number: number, request: R): void {
    // Made into text at once: what the caller changes afterwards is not what it asked for.
    const [json, bulk] = this.#packing.pack(request);
    const entry: Batch = [number, json, typeof bulk === 'object' ? new Uint8Array(bulk) : bulk];
    this.#waiting.add(entry, this.#packing.isLong?.(request) === true);
    if (this.#packing.isPatient?.(request)) this.#patience ??= this.#clock.after(PATIENCE_MS, () => this.#becomeDue());
    else this.#becomeDue();
  }

  /** Notes that requests have an outcome. */
  returned(count: number): void {
    this.#away -= count;
    // Requests that arrived during a long one have waited long enough.
    if (!this.#waiting.wasLong) this.#lastReturn = this.#clock.monotonic();
    this.#schedule();
  }

  /** Sends all that is gathered. */
  flush(): void {
    while (this.#sendNext());
  }

  /** @returns false where nothing waits */
  #sendNext(): boolean {
    const batch = this.#waiting.take();
    const size = batch.length / 3;
    this.#isScheduled = false;
    if (this.#waiting.wasLong) this.#due--;
    else {
      this.#patience?.cancel();
      this.#patience = undefined;
      this.#due = this.#waiting.long;
      this.#lastSize = size;
    }
    if (size === 0) return false;
    this.#away += size;
    this.#send(batch);
    return true;
  }

  #becomeDue(): void {
    this.#due++;
    this.#schedule();
  }

  #schedule(): void {
    const { grouped } = this.#packing;
    if (this.#isScheduled || this.#due === 0 || (grouped && this.#away > 0)) return;
    this.#isScheduled = true;
    const isCrowd = grouped && !this.#waiting.isLongTurn() && Math.max(this.#lastSize, this.#due) >= CROWD;
    const wait = isCrowd ? this.#lastReturn + GROUP_MS - this.#clock.monotonic() : 0;
    if (wait <= 0) setImmediate(() => this.#sendNext());
    else this.#clock.after(wait, () => this.#sendNext());
  }
}

// Requests on their way to a thread. Those of one turn go in one message; those that the thread carries out in groups are gathered while
// a group is away, so that few messages carry many.
import type { Clock, Timer } from '../../../../shared/clock.ts';
import type { Batch, Packing } from './batch.ts';

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
  #gathered: Batch = [];
  /** Long requests, each a batch of its own. */
  #long: Batch[] = [];
  #wasLong = true;
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
    if (this.#packing.isLong?.(request)) this.#long.push(entry);
    else this.#gathered.push(...entry);
    if (this.#packing.isPatient?.(request)) this.#patience ??= this.#clock.after(PATIENCE_MS, () => this.#becomeDue());
    else this.#becomeDue();
  }

  /** Notes that requests have an outcome. */
  returned(count: number): void {
    this.#away -= count;
    // Those that came during a long one have waited enough.
    if (!this.#wasLong) this.#lastReturn = this.#clock.monotonic();
    this.#schedule();
  }

  /** Sends all that is gathered. */
  flush(): void {
    this.#sendGathered();
    while (this.#long.length > 0) this.#sendLong();
  }

  /** Sends the next group: long requests and the others take turns. */
  #sendNext(): void {
    this.#isScheduled = false;
    if (this.#isLongTurn()) this.#sendLong();
    else this.#sendGathered();
  }

  #isLongTurn(): boolean {
    return this.#long.length > 0 && (!this.#wasLong || this.#gathered.length === 0);
  }

  #sendLong(): void {
    this.#wasLong = true;
    this.#due--;
    this.#sendAway(this.#long.shift() ?? []);
  }

  #sendGathered(): void {
    this.#wasLong = false;
    this.#patience?.cancel();
    this.#patience = undefined;
    this.#due = this.#long.length;
    this.#lastSize = this.#gathered.length / 3;
    const batch = this.#gathered;
    this.#gathered = [];
    if (batch.length > 0) this.#sendAway(batch);
  }

  #sendAway(batch: Batch): void {
    this.#away += batch.length / 3;
    this.#send(batch);
  }

  #becomeDue(): void {
    this.#due++;
    this.#schedule();
  }

  #schedule(): void {
    const { grouped } = this.#packing;
    if (this.#isScheduled || this.#due === 0 || (grouped && this.#away > 0)) return;
    this.#isScheduled = true;
    const isCrowd = grouped && !this.#isLongTurn() && Math.max(this.#lastSize, this.#due) >= CROWD;
    const wait = isCrowd ? this.#lastReturn + GROUP_MS - this.#clock.monotonic() : 0;
    if (wait <= 0) setImmediate(() => this.#sendNext());
    else this.#clock.after(wait, () => this.#sendNext());
  }
}

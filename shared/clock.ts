// Time and randomness, injected everywhere: the one home of Date.now, setTimeout and the random sources.
import { randomBytes } from 'node:crypto';

export interface Timer {
  cancel(): void;
}

/** A source of time. `now` is milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
  /** Milliseconds that only grow; unrelated to the epoch. For measuring durations. */
  monotonic(): number;
  /** Calls `run` once after `ms`; errors of `run` are its own to handle. */
  after(ms: number, run: () => void): Timer;
  /** Resolves after `ms`; rejects with an AbortError when `signal` aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const MAX_TIMEOUT = 2 ** 31 - 1;

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  after(ms: number, run: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (left: number): void => {
      const step = Math.min(left, MAX_TIMEOUT);
      handle = setTimeout(() => (left > step ? arm(left - step) : run()), step);
    };
    arm(Math.max(0, ms));
    return { cancel: () => clearTimeout(handle) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}

function sleepOn(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const onAbort = (): void => {
      timer.cancel();
      reject(abortError(signal));
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function abortError(signal?: AbortSignal): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('The operation was aborted', 'AbortError');
}

/** The clock of the host. */
export function systemClock(): Clock {
  return new SystemClock();
}

interface Due {
  at: number;
  order: number;
  run: (() => void) | undefined;
}

/** Idle turns of the event loop after which all work has ended. */
const QUIET_TURNS = 5;

const before = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Due entries as a binary heap, earliest first; a cancelled entry stays until it comes first. */
class DueHeap {
  readonly #heap: Due[] = [];

  get first(): Due | undefined {
    return this.#heap[0];
  }

  push(entry: Due): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

/** A clock that only `advance` moves: same seed, same run, a day in seconds. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #start: number;
  #sequence = 0;
  readonly #due = new DueHeap();
  /** True when nothing is in flight (no request, no write); time does not move before. */
  idle: () => boolean = () => true;

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    this.#start = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  after(ms: number, run: () => void): Timer {
    const entry: Due = { at: this.#now + Math.max(0, ms), order: this.#sequence++, run };
    this.#due.push(entry);
    return {
      cancel: () => {
        entry.run = undefined;
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Moves time forward by `ms`, running what falls due in order and letting all that follows from it settle first. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await this.settle();
      // A cancelled entry moves nothing, so nothing has to settle after it.
      while (this.#due.first && !this.#due.first.run) this.#due.pop();
      const next = this.#due.first;
      if (!next || next.at > until) break;
      this.#due.pop();
      this.#now = Math.max(this.#now, next.at);
      next.run?.();
    }
    this.#now = until;
    await this.settle();
  }

  /**
   * Waits until nothing is in flight. Promises settle within one turn of the event loop; several idle turns in a row are
   * required, because work that has just ended may continue in a later turn.
   */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await new Promise(resolve => setImmediate(resolve));
      quiet = this.idle() ? quiet + 1 : 0;
    }
  }
}

/** Timers that end together: those of one transaction, one connection. */
export interface TimerGroup {
  after(ms: number, run: () => void): void;
  /** Cancels the timers that have not run yet; more may be set afterwards. */
  cancelAll(): void;
}

export function timerGroup(clock: Clock): TimerGroup {
  const running = new Set<Timer>();
  return {
    after: (ms, run) => {
      const timer = clock.after(ms, () => {
        running.delete(timer);
        run();
      });
      running.add(timer);
    },
    cancelAll: () => {
      for (const timer of running) timer.cancel();
      running.clear();
    },
  };
}

/** The clock with timers that pass their errors to `onError`, so that the other timers still run. */
export function guardedClock(clock: Clock, onError: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          onError(error);
        }
      }),
  };
}

/** A source of randomness. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [min, max], both included. */
  int(min: number, max: number): number;
  bytes(length: number): Buffer;
}

const POOL_BYTES = 4096;

/** Unpredictable: for keys, nonces and paths as well as for waits. Asking the system costs the same for 6 bytes as for 4,096. */
export function systemRandom(): Random {
  let pool = Buffer.alloc(0);
  const bytes = (length: number): Buffer => {
    if (length > POOL_BYTES / 8) return randomBytes(length);
    if (pool.length < length) pool = randomBytes(POOL_BYTES);
    const drawn = Buffer.from(pool.subarray(0, length));
    // Bytes that were handed out must not stay in the pool: they may become keys.
    pool.fill(0, 0, length);
    pool = pool.subarray(length);
    return drawn;
  };
  const next = (): number => bytes(6).readUIntBE(0, 6) / 2 ** 48;
  return { next, int: (min, max) => min + Math.floor(next() * (max - min + 1)), bytes };
}

/** Repeatable from its seed (mulberry32): for simulation and tests only, never for keys of a real network. */
export function seededRandom(seed: number): Random {
  return new SeededRandom(seed);
}

/** Each unit of a fleet has one: methods instead of closures save memory. */
class SeededRandom implements Random {
  /** A signed number of 32 bits: it needs no memory outside this object. */
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): number {
    const state = (this.#state + 0x6d2b79f5) | 0;
    this.#state = state;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => Math.floor(this.next() * 256)));
  }
}

// Admission of sessions. After a power cut all CPEs boot at once: the number of sessions that run at once is bounded, further Informs
// wait in a queue for less time than a CPE waits for an answer, and the rest is asked to come again later.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { type Arrival, ArrivalQueue } from './arrival-queue.ts';
import { type Outcome, StormLog } from './storm-log.ts';

export interface AdmissionLimits {
  /** Sessions at once. */
  running: number;
  /** Informs that wait for a session. */
  waiting: number;
  /** The longest wait, 20 s by default: a CPE waits at least 30 s for an answer (TR-069 3.4.2). */
  waitMs?: number;
  /** Connections of one address whose CPE has proved nothing. */
  perAddress?: number;
}

/**
 * This many sessions keep the server busy over slow lines too, and each answer still comes within a second or two. A waiting Inform
 * costs an open connection: over TLS about 50 KB.
 */
export const DEFAULT_LIMITS: AdmissionLimits = { running: 1000, waiting: 5000 };

export interface AdmissionOptions extends AdmissionLimits {
  clock: Clock;
  random: Random;
  log: Log;
  /** Called for each Inform that had to wait, when its wait ends. */
  observe?: (ended: { outcome: Outcome; waitedMs: number }) => void;
}

export type Entry =
  /** `release` gives the place to the next in the queue; further calls do nothing. */
  { outcome: 'admitted'; release: () => void } | { outcome: 'turned-away' | 'gave-up' };

export interface AdmissionState {
  running: number;
  waiting: number;
  /** Since the start. */
  admitted: number;
  turnedAway: number;
  gaveUp: number;
}

/** Listens for the CPE giving up. @returns ends the listening */
type WhenGone = (onGone: () => void) => () => void;

const WAIT_MS = 20_000;
const RETRY_AFTER = { min: 30, max: 60 };

interface Waiter {
  settle(outcome: Outcome): void;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #queue = new ArrivalQueue<Waiter>();
  readonly #storm: StormLog;
  readonly #counts = { running: 0, admitted: 0, turnedAway: 0, gaveUp: 0 };
  #isClosed = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#storm = new StormLog(options, () => this.#queue.size);
  }

  /** @param whenGone called only where the Inform must wait */
  async enter(arrival: Arrival, whenGone: WhenGone): Promise<Entry> {
    if (this.#isClosed) return this.#refuse('turned-away');
    // A free place means an empty queue, so no Inform overtakes another.
    if (this.#counts.running < this.#options.running) return this.#admit();
    if (this.#queue.size < this.#options.waiting) return await this.#wait(arrival, whenGone);
    const displaced = this.#options.waiting > 0 ? this.#queue.displace(arrival) : undefined;
    if (displaced) {
      displaced.settle('turned-away');
      return await this.#wait(arrival, whenGone);
    }
    this.#storm.refused();
    return this.#refuse('turned-away');
  }

  /** Informs wait now, so connections are scarce. */
  isStormy(): boolean {
    return this.#queue.size > 0;
  }

  state(): AdmissionState {
    return { ...this.#counts, waiting: this.#queue.size };
  }

  /** Seconds after which a rejected CPE should come again: spread, so that not all of them come at once. */
  retryAfter(): number {
    return this.#options.random.int(RETRY_AFTER.min, RETRY_AFTER.max);
  }

  /** Turns away all Informs that wait, and all that come later. */
  close(): void {
    this.#isClosed = true;
    for (let waiter = this.#queue.next(); waiter; waiter = this.#queue.next()) waiter.settle('turned-away');
    this.#storm.close();
  }

  #admit(): Entry {
    this.#counts.running++;
    this.#counts.admitted++;
    const release = once(() => {
      this.#counts.running--;
      if (this.#counts.running < this.#options.running) this.#queue.next()?.settle('admitted');
    });
    return { outcome: 'admitted', release };
  }

  #refuse(outcome: 'turned-away' | 'gave-up'): Entry {
    this.#counts[outcome === 'turned-away' ? 'turnedAway' : 'gaveUp']++;
    return { outcome };
  }

  #wait(arrival: Arrival, whenGone: WhenGone): Promise<Entry> {
    const { clock, waitMs = WAIT_MS, observe } = this.#options;
    return new Promise(resolve => {
      const onEnd = (outcome: Outcome, waitedMs: number): void => {
        this.#storm.waited(outcome, waitedMs);
        observe?.({ outcome, waitedMs });
        resolve(outcome === 'admitted' ? this.#admit() : this.#refuse(outcome));
      };
      queueUp(this.#queue, arrival, { clock, waitMs, whenGone, onEnd });
      this.#storm.waits();
    });
  }
}

/** Waits in the queue until a place is free, the wait is too long or the CPE has gone. `onEnd` is called once, in that very step. */
function queueUp(
  queue: ArrivalQueue<Waiter>,
  arrival: Arrival,
  wait: { clock: Clock; waitMs: number; whenGone: WhenGone; onEnd: (outcome: Outcome, waitedMs: number) => void },
): void {
  const { clock } = wait;
  const since = clock.monotonic();
  const settle = (outcome: Outcome): void => {
    timer.cancel();
    stopListening();
    wait.onEnd(outcome, clock.monotonic() - since);
  };
  const leave = queue.add(arrival, { settle });
  const leaveAs = (outcome: Outcome) => (): void => {
    if (leave()) settle(outcome);
  };
  const timer = clock.after(wait.waitMs, leaveAs('turned-away'));
  const stopListening = wait.whenGone(leaveAs('gave-up'));
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}

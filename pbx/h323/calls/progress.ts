// The state of a call, and the times that the called side has for its next step (Q.931 9.1).
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { CallMessageType } from '../messages.ts';

/** Why a call ends; the cause is one of Q.850. */
export interface CallEnd {
  readonly cause: number;
  readonly why: string;
}

/** T303, T310 and T301. */
const steps = {
  offered: { ms: 4000, end: { cause: 18, why: 'no answer to Setup' } },
  proceeding: { ms: 30_000, end: { cause: 18, why: 'neither Alerting nor Connect' } },
  ringing: { ms: 180_000, end: { cause: 19, why: 'not answered' } },
} as const;

export type CallState = 'trying' | 'ringing' | 'up' | 'ended';

export class CallProgress {
  readonly #clock: Clock;
  readonly #over: (end: CallEnd) => void;
  #state: CallState = 'trying';
  #timer: Timer | undefined;

  /** @param over called when the time of a step is over */
  constructor(clock: Clock, over: (end: CallEnd) => void) {
    this.#clock = clock;
    this.#over = over;
  }

  get state(): CallState {
    return this.#state;
  }

  /** Setup was sent. */
  offered(): void {
    this.#begin('offered');
  }

  /** The called side has sent a message. */
  moved(type: CallMessageType): void {
    if (this.#state === 'up') return;
    if (type === 'connect') {
      this.#state = 'up';
      this.#timer?.cancel();
    } else if (type === 'alerting') {
      this.#state = 'ringing';
      this.#begin('ringing');
    } else if (type === 'callProceeding' && this.#state === 'trying') this.#begin('proceeding');
  }

  /** @returns false where the call has ended before */
  end(): boolean {
    if (this.#state === 'ended') return false;
    this.#state = 'ended';
    this.#timer?.cancel();
    return true;
  }

  #begin(step: keyof typeof steps): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(steps[step].ms, () => this.#over(steps[step].end));
  }
}

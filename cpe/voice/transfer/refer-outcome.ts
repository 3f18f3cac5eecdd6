// The outcome of one REFER, as the NOTIFYs of its implicit subscription tell it, or a time limit (RFC 3515 2.4.4).
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { SipRequest } from '../../../shared/sip/message.ts';
import { CallFailed } from '../call/call.ts';
import { isTerminated } from '../call/replies.ts';
import { readSipfrag } from './refer.ts';

/** A peer rings its target for three minutes at most, and then has to say so; our choice. */
const OUTCOME_MS = 200_000;
/** Time for the outcome after the call has ended. */
const AFTER_CALL_MS = 32_000;

export class ReferOutcome {
  /** Resolves when the peer has reached the target, rejects with CallFailed. */
  readonly reached: Promise<void>;
  readonly #clock: Clock;
  #timer: Timer;
  #settle: (failure?: CallFailed) => void = () => undefined;

  /** @param onSettled the outcome is known, or no longer waited for */
  constructor(clock: Clock, onSettled: () => void) {
    this.#clock = clock;
    this.#timer = clock.after(OUTCOME_MS, () => this.end(new CallFailed(408, 'the transfer has no outcome')));
    this.reached = new Promise((resolve, reject) => {
      this.#settle = failure => {
        onSettled();
        if (failure) reject(failure);
        else resolve();
      };
    });
    // A refusal of the REFER may come before this is waited for.
    this.reached.catch(() => undefined);
  }

  /** Takes a NOTIFY; false for one that tells nothing. */
  take(notify: SipRequest): boolean {
    const progress = readSipfrag(notify.body);
    if (!progress) return false;
    const { status, reason } = progress;
    if (status >= 300) this.end(new CallFailed(status, `the peer did not reach the target: ${status} ${reason}`));
    else if (status >= 200) this.end();
    else if (isTerminated(notify)) this.end(new CallFailed(0, 'the peer does not say whether it reached the target'));
    return true;
  }

  /** The call is over: the outcome has little time left. */
  hurry(): void {
    this.#timer.cancel();
    this.#timer = this.#clock.after(AFTER_CALL_MS, () => this.stop());
  }

  /** The unit does not wait any longer. */
  stop(): void {
    this.end(new CallFailed(0, 'the call ended before the transfer did'));
  }

  /** @param failure absent when the target was reached */
  end(failure?: CallFailed): void {
    this.#timer.cancel();
    this.#settle(failure);
  }
}

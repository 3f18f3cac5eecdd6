// The session timer of a call that is up (RFC 4028 7.2, 10): refreshes at half time, or expires without the peer's refresh.
import type { Clock, Timer } from '../../../../shared/clock.ts';
import type { Agreement } from '../session-timer.ts';

export class SessionRefresh {
  readonly #clock: Clock;
  readonly #agreement: () => Agreement | undefined;
  readonly #refresh: () => void;
  readonly #expire: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, agreement: () => Agreement | undefined, on: { refresh: () => void; expire: () => void }) {
    this.#clock = clock;
    this.#agreement = agreement;
    this.#refresh = on.refresh;
    this.#expire = on.expire;
  }

  /** Starts the timer, after the answer that made the session and after each refresh. */
  arm(): void {
    this.stop();
    const agreed = this.#agreement();
    if (!agreed) return;
    if (agreed.weRefresh) this.#timer = this.#clock.after(500 * agreed.seconds, this.#refresh);
    else {
      const early = Math.min(32, agreed.seconds / 3);
      this.#timer = this.#clock.after(1000 * (agreed.seconds - early), this.#expire);
    }
  }

  stop(): void {
    this.#timer?.cancel();
  }
}

// The 2xx to the peer's last INVITE of a call, repeated until its ACK (RFC 3261 13.3.1.4).
import type { Clock } from '../../../../shared/clock.ts';
import { repeatUntilAcknowledged } from '../../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../../shared/sip/transaction-types.ts';

export class RepeatedAnswer {
  readonly #clock: Clock;
  readonly #onGivenUp: () => void;
  #stop = (): void => undefined;
  #release = (): void => undefined;
  #acknowledged: Promise<void> = Promise.resolve();

  /** @param onGivenUp no ACK came */
  constructor(clock: Clock, onGivenUp: () => void) {
    this.#clock = clock;
    this.#onGivenUp = onGivenUp;
  }

  /** Takes a response that was sent once. */
  start(transaction: ServerTransaction, response: SipResponse): void {
    this.end();
    this.#acknowledged = new Promise(resolve => {
      this.#release = resolve;
    });
    this.#stop = repeatUntilAcknowledged(transaction, response, this.#clock, this.#onGivenUp);
  }

  /** The ACK came, or the call is over. */
  end(): void {
    this.#stop();
    this.#release();
  }

  /** Resolves when nothing is repeated. */
  whenAcknowledged(): Promise<void> {
    return this.#acknowledged;
  }
}

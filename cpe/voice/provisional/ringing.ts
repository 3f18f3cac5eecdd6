// The provisional responses of an incoming call: 180, before it 183 with the session where the unit is set to (early media), each
// repeated until its PRACK where both sides know 100rel (RFC 3262 3).
import { acceptRequest, dialogOfCallee, repeatUntilAcknowledged } from '../../../shared/sip/dialog.ts';
import { namesOption, parseCSeq } from '../../../shared/sip/fields.ts';
import type { MessageParts, SipRequest, SipResponse } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallContext } from '../call/context.ts';

/** RFC 3262 3: the waits double until the end, while those of a 2xx have T2 as their bound. */
const TIMERS = { t1: 500, t2: Number.POSITIVE_INFINITY };

export class Ringing {
  readonly #context: CallContext;
  readonly #transaction: ServerTransaction;
  readonly #isReliable: boolean;
  #number: number;

  constructor(context: CallContext, transaction: ServerTransaction) {
    const { request } = transaction;
    this.#context = context;
    this.#transaction = transaction;
    const isWanted = namesOption(request, 'Supported', '100rel') || namesOption(request, 'Require', '100rel');
    this.#isReliable = context.calls.prack.uas && isWanted;
    this.#number = context.random.int(1, 2 ** 30);
  }

  /**
   * Sends one response, and waits for its PRACK where it is reliable. Nothing is sent once the INVITE has its answer.
   * @returns false when no PRACK came: the INVITE is then answered 504
   */
  async send(status: 180 | 183, parts: MessageParts, cancelled: AbortSignal): Promise<boolean> {
    const { headers = [], ...content } = parts;
    if (this.#transaction.answered) return true;
    if (!this.#isReliable) {
      this.#transaction.respond(status, undefined, parts);
      return true;
    }
    this.#number += 1;
    const reliable: [string, string][] = [
      ['Require', '100rel'],
      ['RSeq', String(this.#number)],
    ];
    const response = this.#transaction.respond(status, undefined, { ...content, headers: [...headers, ...reliable] });
    const isAcknowledged = await this.#whenAcknowledged(response, cancelled);
    if (!isAcknowledged && !this.#transaction.answered) this.#transaction.respond(504);
    return isAcknowledged;
  }

  #whenAcknowledged(response: SipResponse, cancelled: AbortSignal): Promise<boolean> {
    const { clock, remains } = this.#context;
    const early = dialogOfCallee(this.#transaction.request, response);
    const rack = `${this.#number} ${parseCSeq(this.#transaction.request).number} INVITE`;
    return new Promise(resolve => {
      const settle = (isAcknowledged: boolean): void => {
        stopRepeating();
        remains.delete(early.key);
        cancelled.removeEventListener('abort', stop);
        resolve(isAcknowledged);
      };
      const stop = (): void => settle(false);
      const stopRepeating = repeatUntilAcknowledged(this.#transaction, response, clock, stop, TIMERS);
      const take = (prack: ServerTransaction): void => {
        if (!acceptRequest(early, prack.request)) return void prack.respond(500);
        if (prack.request.method !== 'PRACK' || !acknowledges(prack.request, rack)) return void prack.respond(481);
        // RFC 3262 5: an offer here would want an answer before the session stands; our choice is to have none.
        if (prack.request.body.length > 0) return void prack.respond(488);
        prack.respond(200);
        settle(true);
      };
      remains.set(early.key, { take, stop });
      cancelled.addEventListener('abort', stop, { once: true });
    });
  }
}

const acknowledges = ({ headers }: SipRequest, rack: string): boolean =>
  (headers.get('RAck') ?? '').trim().split(/\s+/).join(' ') === rack;

// The unit as transferor: it asks the peer of a call to call another address (RFC 3515, RFC 5589), and hears how that goes.
import { acceptRequest } from '../../../shared/sip/dialog.ts';
import { SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { parseNameAddr, parseUri } from '../../../shared/sip/uri.ts';
import { type Call, CallFailed } from '../call/call.ts';
import { needService } from '../call/context.ts';
import { type DialogSide, requestInDialog } from '../call/request-in-dialog.ts';
import { formatReferTo, type Replaces } from './refer.ts';
import { ReferOutcome } from './refer-outcome.ts';

export class Transferor {
  readonly #side: DialogSide;
  readonly #hangup: () => Promise<void>;
  #pending: ReferOutcome | undefined;

  /** @param hangup ends the call when the peer has reached the target */
  constructor(side: DialogSide, hangup: () => Promise<void>) {
    this.#side = side;
    this.#hangup = hangup;
  }

  /** See Call.transfer. */
  async transferTo(target: string): Promise<void> {
    needService(this.#side.context, 'blindTransfer');
    await this.#transfer(target);
  }

  /** See Call.transferTo. */
  async transferInto(other: Call): Promise<void> {
    needService(this.#side.context, 'attendedTransfer');
    const leg = [...this.#side.context.legs.values()].find(one => one === other);
    if (!leg || leg.dialog === this.#side.dialog) throw new CallFailed(481, 'the other call is not up at this gateway');
    const { callId, remoteTag: toTag, localTag: fromTag, remote } = leg.dialog;
    await this.#transfer(parseNameAddr(remote).uri, { callId, toTag, fromTag, earlyOnly: false });
  }

  /** Takes a NOTIFY of the event `refer`. */
  notified(transaction: ServerTransaction): void {
    const outcome = this.#pending;
    if (!outcome) transaction.respond(481);
    else if (outcome.take(transaction.request)) transaction.respond(200);
    else transaction.respond(400, 'Bad Request: no message/sipfrag');
  }

  /** The call has ended; the outcome may still come (RFC 5057 4). */
  callEnded(): void {
    const outcome = this.#pending;
    if (!outcome) return;
    const { context, dialog } = this.#side;
    outcome.hurry();
    context.remains.set(dialog.key, {
      take: transaction => {
        if (transaction.request.method !== 'NOTIFY') transaction.respond(481);
        else if (!acceptRequest(dialog, transaction.request)) transaction.respond(500);
        else this.notified(transaction);
      },
      stop: () => outcome.stop(),
    });
  }

  async #transfer(target: string, replaces?: Replaces): Promise<void> {
    if (this.#pending) throw new CallFailed(491, 'a transfer is under way');
    const { context, dialog } = this.#side;
    const uri = readTarget(context.addressOf(target));
    const outcome = new ReferOutcome(context.clock, () => {
      this.#pending = undefined;
      context.remains.delete(dialog.key);
    });
    this.#pending = outcome;
    const answer = await requestInDialog(this.#side, 'REFER', {
      headers: [
        ['Refer-To', formatReferTo(uri, replaces)],
        ['Referred-By', `<${parseNameAddr(dialog.local).uri}>`],
      ],
    });
    const { status, reason } = answer?.response ?? { status: 503, reason: 'no connection' };
    if (status >= 300) outcome.end(new CallFailed(status, `the peer refused the transfer: ${status} ${reason}`));
    await outcome.reached;
    await this.#hangup();
  }
}

function readTarget(uri: string): string {
  try {
    parseUri(uri);
    return uri;
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    throw new CallFailed(error.status, error.message);
  }
}

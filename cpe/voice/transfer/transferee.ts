// The unit as transferee: a REFER inside a call makes it call another address, and say by NOTIFY how that goes (RFC 3515 2.4).
import { isAbort, UserError } from '../../../shared/errors.ts';
import { isOverTls } from '../../../shared/sip/dialog.ts';
import { parseCSeq } from '../../../shared/sip/fields.ts';
import { SipSyntaxError } from '../../../shared/sip/message.ts';
import { reasonOf } from '../../../shared/sip/status.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { CallFailed } from '../call/call.ts';
import { MOST_CALLS } from '../call/context.ts';
import { type DialogSide, requestInDialog } from '../call/request-in-dialog.ts';
import { formatReplaces, formatSipfrag, type ReferTarget, readReferTo } from './refer.ts';

/** Seconds of the implicit subscription; our choice, longer than a call rings. */
const EXPIRES = 200;
/** Provisional answers that are passed on. */
const MOST_PROGRESS = 8;

export class Transferee {
  readonly #side: DialogSide;
  #referred = false;
  #isBusy = false;

  constructor(side: DialogSide) {
    this.#side = side;
  }

  /** Answers 202 and calls; 603 while another REFER of this call is carried out, or the unit has no line. */
  refer(transaction: ServerTransaction): void {
    const { context, user, dialog } = this.#side;
    const target = readTarget(transaction);
    if (!target) return;
    if (this.#isBusy || context.legs.size >= MOST_CALLS) return void transaction.respond(603);
    const contact = context.contact(user, transaction.flow, isOverTls(dialog));
    transaction.respond(202, undefined, { headers: [['Contact', contact]] });
    const by = transaction.request.headers.get('Referred-By');
    context.log.info('call transfer asked for', { user, peer: dialog.remote, target: target.uri });
    this.#isBusy = true;
    // RFC 3515 2.4.6: the subscriptions of further REFERs are told apart by their sequence numbers.
    const event = this.#referred ? `refer;id=${parseCSeq(transaction.request).number}` : 'refer';
    this.#referred = true;
    this.#carryOut(target, by, new Progress(this.#side, event))
      .catch((error: unknown) => context.log.error('call transfer failed', { error }))
      .finally(() => {
        this.#isBusy = false;
      });
  }

  async #carryOut({ uri, replaces }: ReferTarget, by: string | undefined, progress: Progress): Promise<void> {
    const { context, user } = this.#side;
    progress.report(100, 'Trying');
    const headers: [string, string][] = [];
    if (replaces) headers.push(['Replaces', formatReplaces(replaces)]);
    if (by !== undefined) headers.push(['Referred-By', by]);
    try {
      await context.place(user, uri, { headers, onProgress: ({ status, reason }) => progress.report(status, reason) });
      progress.end(200, 'OK');
    } catch (error) {
      if (isAbort(error)) return;
      const status = statusOf(error);
      progress.end(status, reasonOf(status));
      if (status === 500) throw error;
    }
    await progress.sent;
  }
}

/** Reads the Refer-To, or refuses the request. */
function readTarget(transaction: ServerTransaction): ReferTarget | undefined {
  try {
    return readReferTo(transaction.request);
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    transaction.respond(error.status, error.status === 400 ? `Bad Request: ${error.message}`.slice(0, 120) : undefined);
    return undefined;
  }
}

/** The final status of a call that did not come about. */
function statusOf(error: unknown): number {
  // A peer's own 500 says no less than 503 (RFC 3261 21.5.1).
  if (error instanceof CallFailed) return error.status === 500 ? 503 : error.status || 488;
  return error instanceof UserError ? 503 : 500;
}

/** The NOTIFYs of one implicit subscription, one after the other; none after the peer ended it. */
class Progress {
  readonly #side: DialogSide;
  readonly #event: string;
  #last = 0;
  #count = 0;
  #isOver = false;
  sent: Promise<void> = Promise.resolve();

  constructor(side: DialogSide, event: string) {
    this.#side = side;
    this.#event = event;
  }

  report(status: number, reason: string): void {
    if (status === this.#last || this.#count >= MOST_PROGRESS) return;
    this.#last = status;
    this.#count += 1;
    this.#notify(`active;expires=${EXPIRES}`, status, reason);
  }

  end(status: number, reason: string): void {
    this.#notify('terminated;reason=noresource', status, reason);
  }

  #notify(state: string, status: number, reason: string): void {
    this.sent = this.sent.then(async () => {
      if (this.#isOver) return;
      const outcome = await requestInDialog(this.#side, 'NOTIFY', {
        headers: [
          ['Event', this.#event],
          ['Subscription-State', state],
        ],
        body: formatSipfrag(status, reason),
        contentType: 'message/sipfrag;version=2.0',
      });
      // RFC 6665 4.2.2: a refusal ends the subscription.
      this.#isOver = (outcome?.response.status ?? 503) >= 300;
    });
  }
}

// The requests that the peer sends inside a call's dialog.
import { acceptRequest } from '../../../shared/sip/dialog.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallDigits } from '../media/dtmf/call-digits.ts';
import { infoTypes, readInfo } from '../media/dtmf/info.ts';
import type { Transferee } from '../transfer/transferee.ts';
import type { Transferor } from '../transfer/transferor.ts';
import type { PeerChanges } from './changes/peer-changes.ts';
import type { CallLifetime } from './lifetime.ts';
import { eventOf, isAllowed, refuseExtensions, refuseMethod } from './replies.ts';
import type { DialogSide } from './request-in-dialog.ts';
import { contentTypeOf } from './sdp-body.ts';

interface RequestsOptions {
  side: DialogSide;
  lifetime: CallLifetime;
  changes: PeerChanges;
  digits: CallDigits;
  transferor: Transferor;
  transferee: Transferee;
}

export class InDialogRequests {
  readonly #options: RequestsOptions;
  /** By method, without ACK and CANCEL, which belong to an INVITE. */
  readonly #handlers: Readonly<Record<string, (transaction: ServerTransaction) => void>> = {
    INVITE: transaction => this.#options.changes.take(transaction),
    UPDATE: transaction => this.#options.changes.take(transaction),
    BYE: transaction => this.#bye(transaction),
    REFER: transaction => this.#options.transferee.refer(transaction),
    NOTIFY: transaction => takeNotify(this.#options, transaction),
    INFO: transaction => takeInfo(this.#options, transaction),
    // No provisional response waits for it any more (RFC 3262 3).
    PRACK: transaction => void transaction.respond(481),
    OPTIONS: transaction => void transaction.respond(200),
  };

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  take(transaction: ServerTransaction): void {
    const { side, lifetime } = this.#options;
    const { request } = transaction;
    if (lifetime.state === 'ended') return void transaction.respond(481);
    // RFC 3261 12.2.2
    if (!acceptRequest(side.dialog, request)) return void transaction.respond(500);
    if (refuseExtensions(transaction, side.context.calls)) return;
    const handler = this.#handlers[request.method];
    if (handler && isAllowed(side.context, side.user, request.method)) handler(transaction);
    else refuseMethod(side.context, transaction, side.user);
  }

  #bye(transaction: ServerTransaction): void {
    transaction.respond(200);
    this.#options.lifetime.endLater('the peer hung up');
  }
}

function takeInfo({ side, digits }: RequestsOptions, transaction: ServerTransaction): void {
  const { body } = transaction.request;
  const type = contentTypeOf(transaction.request);
  const isKnown = infoTypes.some(one => one === type);
  const digit = isKnown ? readInfo(type, body) : undefined;
  if (digit !== undefined) digits.take(digit);
  const isFine = digit !== undefined || (body.length === 0 && side.context.calls.info.emptyAnswer === 200);
  if (isFine) transaction.respond(200);
  else if (isKnown && body.length > 0) transaction.respond(400, 'Bad Request: no digit');
  else transaction.respond(415, undefined, { headers: [['Accept', infoTypes.join(', ')]] });
}

function takeNotify({ transferor }: RequestsOptions, transaction: ServerTransaction): void {
  if (eventOf(transaction.request) === 'refer') transferor.notified(transaction);
  else transaction.respond(489);
}

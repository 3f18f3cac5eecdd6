// The stateful proxy (RFC 3261 16): decides what a request is, and which part of the server handles it. The proxy opens
// connections to routes alone: a call reaches any other callee over the flow that the callee opened, and requests inside the call
// run back over the flows it was made on.
import { maxForwards, needsTls } from '../../shared/sip/fields.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { cloneMessage, type SipRequest, SipSyntaxError } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { parseUri, tagOf } from '../../shared/sip/uri.ts';
import { DialogRequests } from './dialog-requests.ts';
import { InitialRequests } from './initial-requests.ts';
import { type ProxyOptions, refuse, refuseSips } from './proxy-context.ts';
import { preprocess } from './routing.ts';

const methods = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, UPDATE, REFER, NOTIFY, SUBSCRIBE, INFO, PRACK, MESSAGE';

const capabilities: [string, string][] = [
  ['Allow', methods],
  ['Accept', 'application/sdp'],
];

export class SipProxy {
  readonly #options: ProxyOptions;
  readonly #dialogs: DialogRequests;
  readonly #initial: InitialRequests;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#dialogs = new DialogRequests(options);
    this.#initial = new InitialRequests(options);
  }

  /** Answers every request; errors become 4xx or 500. */
  handle(transaction: ServerTransaction): void {
    if (transaction.request.method === 'INVITE') transaction.respond(100);
    transaction.onCancel(() => this.#initial.cancel(transaction));
    this.#route(transaction).catch((error: unknown) => fail(this.#options, transaction, error));
  }

  /** Forwards an ACK of a 2xx to the callee. */
  acknowledge(received: SipRequest, flow: Flow): void {
    const { layer, log, names } = this.#options;
    const ack = cloneMessage(received);
    try {
      if (needsTls(received) && flow.protocol !== 'tls') throw new SipSyntaxError('an ACK for TLS came without it');
      const hops = maxForwards(ack) ?? 70;
      preprocess(ack, uri => names.isOurs(uri, flow));
      const way = this.#dialogs.wayOfAck(ack, flow);
      if (!way || hops === 0) {
        log.debug('ACK without call', { callId: ack.headers.get('Call-ID') });
        return;
      }
      ack.headers.set('Max-Forwards', String(hops - 1));
      if (way.problem !== undefined) removeBody(ack);
      layer().send(way.flow, ack);
      if (way.problem !== undefined) way.end();
    } catch (error) {
      // An ACK has no answer.
      if (!(error instanceof SipSyntaxError)) throw error;
      log.warn('ACK dropped', { address: flow.remote.host, reason: error.message });
    }
  }

  async #route(transaction: ServerTransaction): Promise<void> {
    const { names, register } = this.#options;
    const { flow } = transaction;
    if (needsTls(transaction.request) && flow.protocol !== 'tls') return refuseSips(this.#options, transaction);
    const request = cloneMessage(transaction.request);
    const hops = maxForwards(request) ?? 70;
    preprocess(request, uri => names.isOurs(uri, flow));
    const uri = parseUri(request.uri);
    const ours = names.isOurs(uri, flow);
    const forUs = ours && uri.user === undefined;
    if (this.#answerOurselves(transaction, request, forUs, hops)) return;
    request.headers.set('Max-Forwards', String(hops - 1));
    if (request.method === 'REGISTER') {
      if (ours) await register(transaction);
      else refuse(this.#options, transaction, 404);
    } else if (tagOf(request.headers.get('To') ?? '') !== undefined) await this.#dialogs.take(transaction, request);
    else if (forUs) refuse(this.#options, transaction, 404);
    else await this.#initial.take(transaction, request);
  }

  /** Answers requests for the server itself: keep-alives, the end of a trace (RFC 3261 11, 16.3 step 3), unknown extensions. */
  #answerOurselves(transaction: ServerTransaction, request: SipRequest, forUs: boolean, hops: number): boolean {
    const { method, headers } = request;
    const required = headers.list(method === 'REGISTER' ? 'Require' : 'Proxy-Require');
    if ((method === 'OPTIONS' && (forUs || hops === 0)) || (method === 'PING' && forUs)) {
      transaction.respond(200, undefined, { headers: capabilities });
    } else if (hops === 0) refuse(this.#options, transaction, 483);
    // RFC 3261 16.3 step 5, 8.2.2.3: no extension of proxies or registrars is offered.
    else if (required.length > 0) {
      transaction.respond(420, undefined, { headers: [['Unsupported', required.join(', ')]] });
    } else return false;
    return true;
  }
}

/** The ACK goes on, so that the 2xx is not repeated; the answer in it does not. */
function removeBody(ack: SipRequest): void {
  ack.body = Buffer.alloc(0);
  ack.headers.remove('Content-Type');
}

function fail({ log }: ProxyOptions, transaction: ServerTransaction, error: unknown): void {
  if (error instanceof SipSyntaxError) {
    transaction.respond(error.status, error.status === 400 ? `Bad Request: ${error.message}` : undefined);
    return;
  }
  log.error('proxied request failed', { method: transaction.request.method, error });
  transaction.respond(500);
}

// Transactions (RFC 3261 17, with the Accepted states of RFC 6026): retransmission, timeouts, matching, CANCEL, ACK of refusals.
//
// Use by a user agent:
//   const transport = new SipTransport({ clock, log });
//   const layer = new TransactionLayer({ transport, clock, random, log, onRequest, onAck });
//   const flow = await transport.connect({ protocol: 'tls', host, port, tlsConnect });   // its persistent connection
//   const { response, cause } = await layer.request(flow, createRequest('REGISTER', …)).final;   // never rejects
// A request needs all headers but Via, which the layer adds. `final` answers 408 (cause 'timeout') or 503 (cause
// 'transport') where the peer did not. INVITE: provisional and every (also repeated) 2xx come through `onResponse`; the
// user agent acknowledges each 2xx with `buildAck` (dialog.ts), sent by `layer.send`; the layer acknowledges refusals.
// An incoming request arrives at `onRequest` as a ServerTransaction: `transaction.respond(180)`. `repeatUntilAcknowledged`
// (dialog.ts) repeats a 2xx to INVITE until `onAck` is called. The layer answers CANCEL; `transaction.onCancel` lets the
// user agent answer the INVITE with 487.

import type { Clock, Random } from '../clock.ts';
import type { Log } from '../log.ts';
import { type ClientMachine, startClient } from './client.ts';
import { checkMessage, needsTls } from './fields.ts';
import type { Address, Flow } from './flow-types.ts';
import { BRANCH_COOKIE, clientKey, markSource, replyFlow, serverKey, withVia } from './matching.ts';
import {
  createResponse,
  MalformedRequest,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
} from './message.ts';
import { type ServerMachine, startServer } from './server.ts';
import type { ClientTransaction, ServerTransaction, TimerSettings } from './transaction-types.ts';
import type { SipTransport } from './transport.ts';

const defaultTimers: TimerSettings = { t1: 500, t2: 4_000, t4: 5_000, timeoutMs: 32_000, timerD: 32_000 };

export interface RequestOptions {
  /** Receives every response but repeated refusals, in order: provisional, final, and repeated 2xx to INVITE. */
  onResponse?: (response: SipResponse) => void;
  /** Parameters for the Via besides branch: `rport` → ''. */
  viaParameters?: ReadonlyMap<string, string>;
  /** For this request only. */
  timers?: Partial<TimerSettings>;
}

interface TransactionLayerOptions {
  transport: Pick<SipTransport, 'onMessage' | 'onMalformed'>;
  clock: Clock;
  random: Random;
  log: Log;
  timers?: Partial<TimerSettings>;
  /** Receives every new request but ACK and CANCEL. */
  onRequest: (transaction: ServerTransaction) => void;
  /** Receives an ACK that belongs to no refusal: of a 2xx, or stray. */
  onAck?: (ack: SipRequest, flow: Flow) => void;
  /** The address for our Via; by default the flow's local address. */
  sentBy?: (flow: Flow) => Address;
  /** Beyond it those that are answered and linger give way, the oldest first; without one a request is answered 503. 20,000 by default. */
  maxTransactions?: number;
}

const MAX_TRANSACTIONS = 20_000;
/** Number of the oldest server transactions that are examined for one that lingers. */
const EXAMINED = 100;

/** Takes over `transport.onMessage` and `transport.onMalformed`. */
export class TransactionLayer {
  readonly #options: TransactionLayerOptions;
  readonly #clients: ClientTransactions;
  readonly #servers: ServerTransactions;

  constructor(options: TransactionLayerOptions) {
    const { transport } = options;
    const timers: TimerSettings = { ...defaultTimers, ...options.timers };
    const limit = options.maxTransactions ?? MAX_TRANSACTIONS;
    this.#options = options;
    this.#clients = new ClientTransactions(options, timers);
    this.#servers = new ServerTransactions(options, timers, () => this.size < limit);
    transport.onMessage((message, flow) => this.#receive(message, flow));
    transport.onMalformed((error, flow) => {
      if (error instanceof MalformedRequest) this.#refuseMalformed(error.request, flow, error);
    });
  }

  /** Throws SipSyntaxError, status 416, where a sips address would leave TLS (RFC 3261 26.2.2). */
  request(flow: Flow, request: SipRequest, options: RequestOptions = {}): ClientTransaction {
    return this.#clients.start(flow, this.#withVia(flow, request, options.viaParameters), options);
  }

  /** Sends a request outside any transaction: the ACK of a 2xx. Adds the Via. */
  send(flow: Flow, request: SipRequest): void {
    flow.send(this.#withVia(flow, request));
  }

  /** Live transactions of both kinds. */
  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** Ends every transaction and sends nothing; `final` promises resolve. */
  stop(): void {
    this.#clients.stop();
    this.#servers.stop();
  }

  #withVia(flow: Flow, request: SipRequest, parameters: ReadonlyMap<string, string> = new Map()): SipRequest {
    const { random, sentBy } = this.#options;
    if (flow.protocol !== 'tls' && needsTls(request))
      throw new SipSyntaxError('a sips address is reached over TLS only', 416);
    const address = sentBy?.(flow) ?? flow.local;
    const branch = BRANCH_COOKIE + random.bytes(12).toString('hex');
    return withVia(request, flow.protocol, address, new Map([['branch', branch], ...parameters]));
  }

  #receive(message: SipMessage, flow: Flow): void {
    try {
      checkMessage(message);
      if (message.kind === 'response') this.#clients.receive(message);
      else this.#servers.receive(message, flow);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      const { host: address, port } = flow.remote;
      this.#options.log.warn('SIP message refused', { from: `${address}:${port}`, address, reason: error.message });
      if (message.kind === 'request') this.#refuseMalformed(message, flow, error);
    }
  }

  #refuseMalformed(request: SipRequest, flow: Flow, error: SipSyntaxError): void {
    // Without a Via the answer cannot be matched; without From, To, Call-ID or CSeq it would be malformed itself.
    if (!['Via', 'From', 'To', 'Call-ID', 'CSeq'].every(name => request.headers.has(name))) return;
    try {
      refuse(this.#options.random, request, flow, error.status, `Bad Request: ${error.message}`.slice(0, 120));
    } catch (failure) {
      if (!(failure instanceof SipSyntaxError)) throw failure;
      this.#options.log.debug('malformed SIP request not answered', { reason: failure.message });
    }
  }
}

/** The live client transactions, by branch and method. */
class ClientTransactions {
  readonly #options: TransactionLayerOptions;
  readonly #timers: TimerSettings;
  readonly #machines = new Map<string, ClientMachine>();

  constructor(options: TransactionLayerOptions, timers: TimerSettings) {
    this.#options = options;
    this.#timers = timers;
  }

  get size(): number {
    return this.#machines.size;
  }

  /** @param request with its Via */
  start(flow: Flow, request: SipRequest, options: RequestOptions): ClientMachine {
    const { clock, log } = this.#options;
    const key = clientKey(request);
    const machine = startClient({
      clock,
      timers: { ...this.#timers, ...options.timers },
      flow,
      request,
      onResponse: options.onResponse ?? (() => undefined),
      onBug: error => log.error('SIP response listener failed', { error }),
      sendCancel: cancel => void this.start(flow, cancel, {}),
      ended: () => this.#machines.delete(key),
    });
    if (!machine.ended) this.#machines.set(key, machine);
    return machine;
  }

  receive(response: SipResponse): void {
    const machine = this.#machines.get(clientKey(response));
    if (machine) {
      machine.receive(response);
      return;
    }
    const { status, headers } = response;
    this.#options.log.debug('SIP response without request', { status, callId: headers.get('Call-ID') });
  }

  stop(): void {
    for (const machine of [...this.#machines.values()]) machine.abandon();
  }
}

/** The tag that tells a dialog, or an answer, of ours from others (RFC 3261 19.3). */
const newTag = (random: Random): string => random.bytes(5).toString('hex');

/** Answers a request outside any transaction; an ACK has no answer. */
function refuse(random: Random, request: SipRequest, flow: Flow, status: number, reason?: string): void {
  if (request.method === 'ACK') return;
  replyFlow(request, flow).send(createResponse(request, status, reason, { toTag: newTag(random) }));
}

/** The live server transactions, by the key of their request; answers CANCEL. */
class ServerTransactions {
  readonly #options: TransactionLayerOptions;
  readonly #timers: TimerSettings;
  readonly #hasRoom: () => boolean;
  readonly #machines = new Map<string, ServerMachine>();

  constructor(options: TransactionLayerOptions, timers: TimerSettings, hasRoom: () => boolean) {
    this.#options = options;
    this.#timers = timers;
    this.#hasRoom = hasRoom;
  }

  get size(): number {
    return this.#machines.size;
  }

  receive(request: SipRequest, flow: Flow): void {
    markSource(request, flow);
    const key = serverKey(request);
    const known = this.#machines.get(key);
    if (request.method === 'ACK') {
      if (!known?.acknowledge()) this.#options.onAck?.(request, flow);
      return;
    }
    if (known) known.repeat();
    else if (!this.#hasRoom() && !this.#makeRoom()) refuse(this.#options.random, request, flow, 503);
    else if (request.method === 'CANCEL') this.#cancel(request, flow, key);
    else this.#handOver(this.#open(request, flow, key));
  }

  stop(): void {
    for (const machine of [...this.#machines.values()]) machine.stop();
  }

  /** Over UDP an answered request stays for 64 × T1: a thousand telephones that come back at once would be refused for half a minute. */
  #makeRoom(): boolean {
    let examined = 0;
    for (const machine of this.#machines.values()) {
      if (machine.lingers) {
        machine.stop();
        return true;
      }
      if (++examined === EXAMINED) break;
    }
    return false;
  }

  #cancel(cancel: SipRequest, flow: Flow, key: string): void {
    const invite = this.#machines.get(serverKey({ ...cancel, method: 'INVITE' }));
    // RFC 3261 9.2: the To tag of both answers is the same.
    this.#open(cancel, flow, key, invite?.localTag).respond(invite ? 200 : 481);
    invite?.cancel(cancel);
  }

  #open(request: SipRequest, flow: Flow, key: string, localTag = newTag(this.#options.random)): ServerMachine {
    const { clock, log } = this.#options;
    const machine = startServer({
      clock,
      timers: this.#timers,
      flow,
      reply: replyFlow(request, flow),
      request,
      localTag,
      ended: () => this.#machines.delete(key),
      onBug: error => log.error('SIP transaction listener failed', { error }),
    });
    this.#machines.set(key, machine);
    return machine;
  }

  #handOver(machine: ServerMachine): void {
    try {
      this.#options.onRequest(machine);
    } catch (error) {
      this.#options.log.error('SIP request handler failed', { method: machine.request.method, error });
      machine.respond(500);
    }
  }
}

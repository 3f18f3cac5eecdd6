// Transactions (RFC 3261 17, with the Accepted states of RFC 6026): retransmission, timeouts, matching, CANCEL, ACK of refusals.
//
// How a user agent uses it:
//   const transport = createTransport({ clock, log });
//   const layer = createTransactionLayer({ transport, clock, random, log, onRequest, onAck });
//   const flow = await transport.connect({ protocol: 'tls', host, port, tlsConnect });   // its persistent connection
//   const { response, cause } = await layer.request(flow, createRequest('REGISTER', …)).final;   // never rejects
// A request needs all headers but Via, which the layer puts on. `final` answers 408 (cause 'timeout') or 503 (cause
// 'transport') where the peer did not. INVITE: provisional and every (also repeated) 2xx come through `onResponse`; each
// 2xx is acknowledged by the user agent with `dialog.ack` sent by `layer.send`; refusals are acknowledged here.
// A request that comes in arrives at `onRequest` as a ServerTransaction: `transaction.respond(180)`. A 2xx to INVITE is repeated
// by `repeatUntilAcknowledged` (dialog.ts) until `onAck` is called. CANCEL is answered here; `transaction.onCancel` tells the
// user agent, which answers the INVITE with 487.

import type { Clock, Random } from '../clock.ts';
import type { Log } from '../log.ts';
import { type ClientMachine, startClient } from './client.ts';
import { checkMessage, formatVia, parseCSeq, parseVia, setTopVia, topVia, type Via } from './fields.ts';
import type { Address, Flow } from './flow-types.ts';
import {
  cloneMessage,
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

export const defaultTimers: TimerSettings = { t1: 500, t2: 4_000, t4: 5_000, timeoutMs: 32_000, timerD: 32_000 };

export interface RequestOptions {
  /** Every response but repeated refusals, in order: provisional, final, and repeated 2xx to INVITE. */
  onResponse?: (response: SipResponse) => void;
  /** Parameters for the Via besides branch: `rport` → ''. */
  viaParameters?: ReadonlyMap<string, string>;
  /** For this request only. */
  timers?: Partial<TimerSettings>;
}

export interface TransactionLayerOptions {
  transport: SipTransport;
  clock: Clock;
  random: Random;
  log: Log;
  timers?: Partial<TimerSettings>;
  /** Every new request but ACK and CANCEL. */
  onRequest: (transaction: ServerTransaction) => void;
  /** An ACK that belongs to no refusal: of a 2xx, or stray. */
  onAck?: (ack: SipRequest, flow: Flow) => void;
  /** What Via says of us; by default the flow's local address. */
  sentBy?: (flow: Flow) => Address;
  /** Further requests are answered 503. 20,000 by default. */
  maxTransactions?: number;
}

export interface TransactionLayer {
  request(flow: Flow, request: SipRequest, options?: RequestOptions): ClientTransaction;
  /** Sends a request outside any transaction: the ACK of a 2xx. Puts on Via. */
  send(flow: Flow, request: SipRequest): void;
  /** Live transactions, both kinds. */
  readonly size: number;
  /** Ends every transaction without a word on the wire; `final` promises resolve. */
  stop(): void;
}

const COOKIE = 'z9hG4bK';
const MAX_TRANSACTIONS = 20_000;

/** Takes over `transport.onMessage`. */
export function createTransactionLayer(options: TransactionLayerOptions): TransactionLayer {
  const { transport, clock, random, log } = options;
  const timers: TimerSettings = { ...defaultTimers, ...options.timers };
  const clients = new Map<string, ClientMachine>();
  const servers = new Map<string, ServerMachine>();
  const room = (): boolean => clients.size + servers.size < (options.maxTransactions ?? MAX_TRANSACTIONS);

  const withVia = (flow: Flow, request: SipRequest, parameters?: ReadonlyMap<string, string>): SipRequest => {
    const copy = cloneMessage(request);
    const { host, port } = options.sentBy?.(flow) ?? flow.local;
    const branch = COOKIE + random.bytes(12).toString('hex');
    const via: Via = {
      transport: flow.protocol.toUpperCase(),
      host: host.includes(':') && !host.startsWith('[') ? `[${host}]` : host,
      port,
      parameters: new Map([['branch', branch], ...(parameters ?? [])]),
    };
    copy.headers.prepend('Via', formatVia(via));
    return copy;
  };

  const start = (flow: Flow, sent: SipRequest, wanted: RequestOptions): ClientMachine => {
    const key = clientKey(sent);
    const machine = startClient({
      clock,
      timers: { ...timers, ...wanted.timers },
      flow,
      request: sent,
      onResponse: wanted.onResponse ?? (() => undefined),
      onBug: error => log.error('a response listener failed', { error }),
      sendCancel: cancel => void start(flow, cancel, {}),
      ended: () => clients.delete(key),
    });
    if (!machine.ended) clients.set(key, machine);
    return machine;
  };

  const takeResponse = (response: SipResponse): void => {
    const machine = clients.get(clientKey(response));
    if (machine) machine.receive(response);
    else log.debug('response to nothing', { status: response.status, callId: response.headers.get('Call-ID') });
  };

  const refuse = (request: SipRequest, flow: Flow, status: number, reason?: string): void => {
    if (request.method === 'ACK') return;
    const parts = { toTag: random.bytes(5).toString('hex') };
    replyFlow(request, flow).send(createResponse(request, status, reason, parts));
  };

  const takeCancel = (cancel: SipRequest, flow: Flow, key: string): void => {
    const invite = servers.get(serverKey({ ...cancel, method: 'INVITE' }));
    const machine = open(cancel, flow, key);
    // RFC 3261 9.2: the To tag of both answers is the same.
    machine.transaction.respond(invite ? 200 : 481, undefined, {});
    invite?.cancel(cancel);
  };

  const open = (request: SipRequest, flow: Flow, key: string): ServerMachine => {
    const invite = request.method === 'CANCEL' ? servers.get(serverKey({ ...request, method: 'INVITE' })) : undefined;
    const machine = startServer({
      clock,
      timers,
      flow,
      reply: replyFlow(request, flow),
      request,
      localTag: invite?.transaction.localTag ?? random.bytes(5).toString('hex'),
      ended: () => servers.delete(key),
      onBug: error => log.error('a transaction listener failed', { error }),
    });
    servers.set(key, machine);
    return machine;
  };

  const takeRequest = (request: SipRequest, flow: Flow): void => {
    markSource(request, flow);
    const key = serverKey(request);
    const known = servers.get(key);
    if (request.method === 'ACK') {
      if (!known?.acknowledge()) options.onAck?.(request, flow);
      return;
    }
    if (known) known.repeat();
    else if (!room()) refuse(request, flow, 503);
    else if (request.method === 'CANCEL') takeCancel(request, flow, key);
    else handOver(open(request, flow, key));
  };

  const handOver = (machine: ServerMachine): void => {
    const { request } = machine.transaction;
    try {
      options.onRequest(machine.transaction);
    } catch (error) {
      log.error('a request could not be handled', { method: request.method, error });
      machine.transaction.respond(500);
    }
  };

  transport.onMessage((message, flow) => {
    try {
      checkMessage(message);
      if (message.kind === 'response') takeResponse(message);
      else takeRequest(message, flow);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      log.warn('SIP message refused', { from: `${flow.remote.host}:${flow.remote.port}`, reason: error.message });
      if (message.kind === 'request') answerMalformed(message, flow, error);
    }
  });
  const answerMalformed = (request: SipRequest, flow: Flow, error: SipSyntaxError): void => {
    // Without a Via nobody can match the answer; without From, To, Call-ID or CSeq it would be malformed itself.
    if (!['Via', 'From', 'To', 'Call-ID', 'CSeq'].every(name => request.headers.has(name))) return;
    try {
      refuse(request, flow, error.status, `Bad Request: ${error.message}`.slice(0, 120));
    } catch (failure) {
      if (!(failure instanceof SipSyntaxError)) throw failure;
      log.debug('malformed request not answered', { reason: failure.message });
    }
  };
  transport.onMalformed((error, flow) => {
    if (error instanceof MalformedRequest) answerMalformed(error.request, flow, error);
  });

  return {
    request: (flow, request, wanted = {}) =>
      start(flow, withVia(flow, request, wanted.viaParameters), wanted).transaction,
    send: (flow, request) => flow.send(withVia(flow, request)),
    get size() {
      return clients.size + servers.size;
    },
    stop: () => {
      for (const machine of [...clients.values()]) machine.transaction.abandon();
      for (const machine of [...servers.values()]) machine.stop();
    },
  };
}

/** RFC 3261 17.1.3: the branch and the method. */
function clientKey(message: SipMessage): string {
  return `${topVia(message).parameters.get('branch') ?? ''}|${parseCSeq(message).method}`;
}

/** RFC 3261 17.2.3: branch, sent-by, method; peers of RFC 2543 by what makes their requests the same. */
function serverKey(request: SipRequest): string {
  const via = topVia(request);
  const branch = via.parameters.get('branch') ?? '';
  const method = request.method === 'ACK' ? 'INVITE' : request.method;
  if (branch.toLowerCase().startsWith(COOKIE.toLowerCase())) {
    return `${branch.toLowerCase()}|${via.host.toLowerCase()}:${via.port ?? ''}|${method}`;
  }
  const plain: Via = { ...via, parameters: new Map(via.parameters) };
  for (const name of ['received', 'rport']) plain.parameters.delete(name);
  const { headers } = request;
  const cseq = parseCSeq(request).number;
  return [request.uri, headers.get('From'), headers.get('Call-ID'), cseq, formatVia(plain), method].join('|');
}

/** Notes on the topmost Via where the request really came from. RFC 3261 18.2.1, RFC 3581 4 */
function markSource(request: SipRequest, flow: Flow): void {
  const via = topVia(request);
  const wantsPort = via.parameters.get('rport') === '';
  const host = via.host.replace(/^\[|\]$/g, '');
  if (host === flow.remote.host && !wantsPort) return;
  via.parameters.set('received', flow.remote.host);
  if (wantsPort) via.parameters.set('rport', String(flow.remote.port));
  setTopVia(request, via);
}

/** RFC 3261 18.2.2: back over the connection; over UDP to the port of Via, or of rport. */
function replyFlow(request: SipRequest, flow: Flow): Flow {
  if (flow.reliable) return flow;
  const [first] = request.headers.list('Via');
  const via = first === undefined ? undefined : parseVia(first);
  return via === undefined || via.parameters.has('rport') ? flow : flow.at(via.port ?? 5060);
}

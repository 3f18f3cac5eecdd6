// The stateful proxy (RFC 3261 16): what a request is, who sent it, where it goes. Nobody is ever dialled: a call reaches
// its callee over the flow that the callee opened, and requests inside the call run back over the flows it was made on.
import { isIPv6 } from 'node:net';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { maxForwards } from '../shared/sip/fields.ts';
import type { Address, Flow } from '../shared/sip/flow-types.ts';
import { cloneMessage, type SipRequest, SipSyntaxError } from '../shared/sip/message.ts';
import { parseSdp, SdpError } from '../shared/sip/sdp.ts';
import type { TransactionLayer } from '../shared/sip/transaction.ts';
import type { ServerTransaction } from '../shared/sip/transaction-types.ts';
import { parseNameAddr, parseUri, type SipUri, tagOf, unescapeUser } from '../shared/sip/uri.ts';
import type { Authenticator } from './auth.ts';
import type { Call, Calls, Party } from './calls.ts';
import { forward, type Target } from './forward.ts';
import type { Location } from './location.ts';
import type { SecurityPolicy } from './policy.ts';

export interface ProxyOptions {
  layer: () => TransactionLayer;
  clock: Clock;
  log: Log;
  location: Location;
  calls: Calls;
  authenticator: Authenticator;
  policy: SecurityPolicy;
  /** Whether a URI names this server, its domain included, for a message that came over that flow. */
  isOurs: (uri: SipUri, flow: Flow) => boolean;
  /** Who has an account. */
  hasUser: (user: string) => boolean;
  /** What we call ourselves towards that flow's peer. */
  nameOn: (flow: Flow) => Address;
  register: (transaction: ServerTransaction) => Promise<void>;
}

export interface Proxy {
  /** Answers every request; errors become 4xx or 500. */
  handle(transaction: ServerTransaction): void;
  /** An ACK of a 2xx on its way to the callee. */
  acknowledge(ack: SipRequest, flow: Flow): void;
}

const methods = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, UPDATE, REFER, NOTIFY, SUBSCRIBE, INFO, PRACK, MESSAGE';

export function createProxy(options: ProxyOptions): Proxy {
  const { clock, log, location, calls, authenticator, policy, isOurs, nameOn } = options;

  /** Given up by their callers; one that was not forwarded yet is answered here. */
  const cancelled = new WeakSet<ServerTransaction>();

  const recordRoutes = (from: Flow, target: Target): string[] => {
    const inward = routeUri(from, nameOn(from));
    const outward = routeUri(target.flow, nameOn(target.flow));
    // Two when the sides differ, so that each reads its own transport and address (RFC 5658).
    return inward === outward ? [inward] : [outward, inward];
  };

  /** The flow to a party: the one the call runs on, else where it registered since. */
  const flowTo = (party: Party): Flow | undefined => {
    if (party.flow && !party.flow.closed) return party.flow;
    party.flow = location.find(party.user)[0]?.flow;
    return party.flow;
  };
  const speaksFor = (flow: Flow, party: Party): boolean =>
    party.flow === flow || location.find(party.user).some(binding => binding.flow === flow);

  const inDialog = async (transaction: ServerTransaction, request: SipRequest): Promise<void> => {
    const found = calls.find(request);
    if (!speaksFor(transaction.flow, found?.from ?? { user: userOf(request, 'From'), flow: undefined })) {
      // Nothing shows who sent it, so it must show that itself.
      if ((await authenticator.check(transaction, 'proxy')) === undefined) return;
      authenticator.consume(request);
    }
    const contact = found ? undefined : location.findContact(parseUri(request.uri));
    const flow = found ? flowTo(found.to) : contact?.flow;
    if (!flow) {
      transaction.respond(found ? 480 : 481);
      if (found && request.method === 'BYE') calls.end(found.call);
      return;
    }
    forward({
      layer: options.layer(),
      clock,
      transaction,
      request,
      targets: [{ flow, uri: request.uri }],
      recordRoute: target => (request.method === 'INVITE' ? recordRoutes(transaction.flow, target) : []),
      onResponse: response => {
        if (found && request.method === 'BYE' && response.status >= 200) ended(found.call, 'BYE');
      },
    });
  };

  const ended = (call: Call, why: string): void => {
    calls.end(call);
    const { caller, callee, state, since } = call;
    log.info('call ended', { from: caller.user, to: callee.user, state, why, ms: clock.now() - since });
  };

  /** Flows that ring for a request to that URI: one target each, the contact with the highest q. */
  const targetsOf = (uri: SipUri, flow: Flow): { user: string; targets: Target[] } | 'foreign' => {
    if (!isOurs(uri, flow)) {
      const binding = location.findContact(uri);
      return binding ? { user: binding.user, targets: [{ flow: binding.flow, uri: binding.uri }] } : 'foreign';
    }
    const user = unescapeUser(uri.user ?? '');
    const byFlow = new Map<Flow, Target>();
    for (const binding of location.find(user)) {
      if (!byFlow.has(binding.flow)) byFlow.set(binding.flow, { flow: binding.flow, uri: binding.uri });
    }
    return { user, targets: [...byFlow.values()] };
  };

  const initial = async (transaction: ServerTransaction, request: SipRequest): Promise<void> => {
    const from = await authenticator.check(transaction, 'proxy');
    if (from === undefined) return;
    authenticator.consume(request);
    if (userOf(request, 'From') !== from) return refuse(transaction, 403, 'From is not who authenticated');
    const found = targetsOf(parseUri(request.uri), transaction.flow);
    if (found === 'foreign') return refuse(transaction, 403, 'Relaying Denied');
    const { user: to, targets } = found;
    if (targets.length === 0) return refuse(transaction, options.hasUser(to) ? 480 : 404);
    const media = mediaOf(request);
    const callees = targets.map(target => target.flow);
    const decision = await policy.call({ from, to, caller: transaction.flow, callees, media });
    if (!decision.allow) return refuse(transaction, decision.status, decision.reason);
    if (cancelled.has(transaction)) return refuse(transaction, 487);
    const job = { layer: options.layer(), clock, transaction, request, targets };
    if (request.method !== 'INVITE') {
      const dialog = request.method === 'SUBSCRIBE' || request.method === 'REFER';
      forward({ ...job, recordRoute: target => (dialog ? recordRoutes(transaction.flow, target) : []) });
      return;
    }
    const call = calls.begin(request, { user: from, flow: transaction.flow }, { user: to, flow: undefined }, media);
    if (!call) return refuse(transaction, 503, 'Too Many Calls');
    log.info('call', { from, to, targets: targets.length, media });
    forward({
      ...job,
      recordRoute: target => recordRoutes(transaction.flow, target),
      onResponse: (response, target) => {
        if (response.status >= 300) return ended(call, `${response.status} ${response.reason}`);
        if (call.state === 'up') return;
        call.callee.flow = target.flow;
        call.state = response.status < 200 ? 'ringing' : 'up';
      },
    });
  };

  const refuse = (transaction: ServerTransaction, status: number, reason?: string): void => {
    log.info('refused', { method: transaction.request.method, uri: transaction.request.uri, status, reason });
    transaction.respond(status, reason);
  };

  /** What is for the server itself: keep-alives, the end of a trace (RFC 3261 11, 16.3 step 3), what it cannot do. */
  const answerOurselves = (
    transaction: ServerTransaction,
    request: SipRequest,
    forUs: boolean,
    hops: number,
  ): boolean => {
    const { method, headers } = request;
    const required = headers.list(method === 'REGISTER' ? 'Require' : 'Proxy-Require');
    if ((method === 'OPTIONS' && (forUs || hops === 0)) || (method === 'PING' && forUs)) {
      transaction.respond(200, undefined, {
        headers: [
          ['Allow', methods],
          ['Accept', 'application/sdp'],
        ],
      });
    } else if (hops === 0) refuse(transaction, 483);
    // RFC 3261 16.3 step 5, 8.2.2.3: no extension of proxies or registrars is offered.
    else if (required.length > 0) {
      transaction.respond(420, undefined, { headers: [['Unsupported', required.join(', ')]] });
    } else return false;
    return true;
  };

  const route = async (transaction: ServerTransaction): Promise<void> => {
    const { flow } = transaction;
    const request = cloneMessage(transaction.request);
    const hops = maxForwards(request) ?? 70;
    preprocess(request, uri => isOurs(uri, flow));
    const uri = parseUri(request.uri);
    const ours = isOurs(uri, flow);
    const forUs = ours && uri.user === undefined;
    if (answerOurselves(transaction, request, forUs, hops)) return;
    request.headers.set('Max-Forwards', String(hops - 1));
    if (request.method === 'REGISTER') {
      if (ours) await options.register(transaction);
      else refuse(transaction, 404);
    } else if (tagOf(request.headers.get('To') ?? '') !== undefined) await inDialog(transaction, request);
    else if (forUs) refuse(transaction, 404);
    else await initial(transaction, request);
  };

  /** Answers what went wrong while a request was looked at. */
  const failed = (transaction: ServerTransaction, error: unknown): void => {
    if (error instanceof SipSyntaxError) {
      transaction.respond(error.status, error.status === 400 ? `Bad Request: ${error.message}` : undefined);
      return;
    }
    log.error('a request could not be handled', { method: transaction.request.method, error });
    transaction.respond(500);
  };

  return {
    handle: transaction => {
      if (transaction.request.method === 'INVITE') transaction.respond(100);
      transaction.onCancel(() => void cancelled.add(transaction));
      route(transaction).catch((error: unknown) => failed(transaction, error));
    },
    acknowledge: (received, flow) => {
      const ack = cloneMessage(received);
      try {
        const hops = maxForwards(ack) ?? 70;
        preprocess(ack, uri => isOurs(uri, flow));
        const found = calls.find(ack);
        const to = found && speaksFor(flow, found.from) ? flowTo(found.to) : undefined;
        if (!to || hops === 0) {
          log.debug('ACK of no call', { callId: ack.headers.get('Call-ID') });
          return;
        }
        ack.headers.set('Max-Forwards', String(hops - 1));
        options.layer().send(to, ack);
      } catch (error) {
        // An ACK has no answer.
        if (!(error instanceof SipSyntaxError)) throw error;
        log.warn('ACK dropped', { reason: error.message });
      }
    },
  };
}

const userOf = (request: SipRequest, header: 'From' | 'To'): string =>
  unescapeUser(parseUri(parseNameAddr(request.headers.get(header) ?? '').uri).user ?? '');

/** RFC 3261 16.6 step 4: what goes into Record-Route. */
function routeUri(flow: Flow, { host, port }: Address): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  return `<sip:${name}:${port};transport=${flow.protocol};lr>`;
}

/** RFC 3261 16.4: undoes strict routing, takes our own entries off the route. */
function preprocess(request: SipRequest, isOurs: (uri: SipUri) => boolean): void {
  let routes = request.headers.list('Route');
  const uri = parseUri(request.uri);
  const last = routes.at(-1);
  if (last !== undefined && uri.parameters.has('lr') && isOurs(uri)) {
    request.uri = parseNameAddr(last).uri;
    routes = routes.slice(0, -1);
  }
  while (routes[0] !== undefined && isOurs(parseUri(parseNameAddr(routes[0]).uri))) routes = routes.slice(1);
  request.headers.setAll('Route', routes);
}

/** The profile of the offered audio; what cannot be read is the callee's to refuse. */
function mediaOf(request: SipRequest): string | undefined {
  if (request.body.length === 0 || !/^application\/sdp/i.test(request.headers.get('Content-Type') ?? ''))
    return undefined;
  try {
    return parseSdp(request.body).media[0]?.proto;
  } catch (error) {
    if (error instanceof SdpError) return undefined;
    throw error;
  }
}

// Requests inside a dialog: they run over the flows that the call was made on.
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { isSips, parseUri } from '../../shared/sip/uri.ts';
import { type MediaParty, ruleFor } from '../media/rules.ts';
import { ackProblem, endForAck, judgeAnswerer, refuseOffer } from './call/encryption.ts';
import { follow } from './call/legs.ts';
import { partyOf, trunkOf } from './call/parties.ts';
import { flowTo, speaksFor } from './call/party-flows.ts';
import { routeTarget } from './call/route-target.ts';
import type { Call, CallParty, Party } from './calls.ts';
import { forward, type RouteTarget } from './forward.ts';
import { endCall, type ProxyOptions, refuseSips } from './proxy-context.ts';
import { recordRoutes, userOf } from './routing.ts';

interface Found {
  call: Call;
  from: CallParty;
  to: CallParty;
}

/** The way of an ACK. */
interface AckWay {
  flow: Flow;
  /** The answer in it may not pass; `end` then ends the call. */
  problem: string | undefined;
  end: () => void;
}

export class DialogRequests {
  readonly #options: ProxyOptions;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** @param request a copy of the transaction's, with our own routes removed */
  async take(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const { calls, location, authenticator } = this.#options;
    const found = calls.find(request);
    const secure = found?.call.secure === true || isSips(request.uri);
    if (secure && transaction.flow.protocol !== 'tls') return refuseSips(this.#options, transaction);
    const sender = found?.from ?? { user: userOf(request, 'From'), flow: undefined };
    if (!speaksFor(this.#options, transaction.flow, sender, transaction.request)) {
      // Nothing shows the sender, so it must authenticate.
      if ((await authenticator.check(transaction, 'proxy')) === undefined) return;
      authenticator.consume(request);
    }
    const contact = found ? undefined : location.findContact(parseUri(request.uri));
    const flow = found ? flowTo(this.#options, found.to, secure) : contact?.flow;
    if (!flow) {
      transaction.respond(found ? 480 : 481);
      if (found && request.method === 'BYE') calls.end(found.call);
      return;
    }
    if (secure && flow.protocol !== 'tls') return refuseSips(this.#options, transaction);
    const to = found?.to.user ?? contact?.user ?? '';
    const rule = found?.call.rule ?? this.#ruleOfLost(sender.user, to);
    if (refuseOffer(this.#options, transaction, { rule, from: sender.user, to })) return;
    this.#forward(transaction, request, { flow, found, secure });
  }

  #forward(
    transaction: ServerTransaction,
    request: SipRequest,
    { flow, found, secure }: { flow: Flow; found: Found | undefined; secure: boolean },
  ): void {
    const { layer, clock, nameOn } = this.#options;
    if (found) follow(found.from.leg, request);
    const route = found && this.#routeOf(found.to);
    forward({
      layer: layer(),
      clock,
      transaction,
      request,
      targets: [{ flow, uri: request.uri, route }],
      recordRoute: ({ flow: to }) =>
        request.method === 'INVITE' ? recordRoutes(transaction.flow, to, nameOn, secure) : [],
      ...(found && judgeAnswerer(this.#options, transaction, found)),
      onResponse: response => {
        if (found && request.method === 'BYE' && response.status >= 200) endCall(this.#options, found.call, 'BYE');
      },
    });
  }

  /** The way of an ACK that came over `from`; undefined when it belongs to no call of that peer. */
  wayOfAck(ack: SipRequest, from: Flow): AckWay | undefined {
    const found = this.#options.calls.find(ack);
    if (!found || !speaksFor(this.#options, from, found.from, ack)) return undefined;
    const { call } = found;
    const flow = call.secure && from.protocol !== 'tls' ? undefined : flowTo(this.#options, found.to, call.secure);
    if (!flow) return undefined;
    const problem = ackProblem(ack, call);
    return { flow, problem, end: () => endForAck(this.#options, call, problem ?? '') };
  }

  #routeOf({ route }: Party): RouteTarget | undefined {
    const row = route === undefined ? undefined : this.#options.routes.get(route);
    return row && routeTarget(this.#options, row);
  }

  /** Of a call that began before this server did, or of a request that only claims to be inside one. */
  #ruleOfLost(from: string, to: string): ReturnType<typeof ruleFor> {
    const { exchange } = this.#options;
    const party = (user: string): MediaParty => partyOf(exchange, user, trunkOf(exchange, user));
    return ruleFor(exchange.settings, party(from), party(to));
  }
}

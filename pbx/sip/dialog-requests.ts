// Requests inside a dialog: they run over the flows that the call was made on.
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { isSips, parseUri } from '../../shared/sip/uri.ts';
import type { Party } from './calls.ts';
import { forward } from './forward.ts';
import { endCall, type ProxyOptions, refuseSips } from './proxy-context.ts';
import { recordRoutes, userOf } from './routing.ts';

export class DialogRequests {
  readonly #options: ProxyOptions;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** @param request a copy of the transaction's, with our own routes removed */
  async take(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const { layer, clock, calls, location, authenticator, nameOn } = this.#options;
    const found = calls.find(request);
    const secure = found?.call.secure === true || isSips(request.uri);
    if (secure && transaction.flow.protocol !== 'tls') return refuseSips(this.#options, transaction);
    if (!this.#speaksFor(transaction.flow, found?.from ?? { user: userOf(request, 'From'), flow: undefined })) {
      // Nothing shows the sender, so it must authenticate.
      if ((await authenticator.check(transaction, 'proxy')) === undefined) return;
      authenticator.consume(request);
    }
    const contact = found ? undefined : location.findContact(parseUri(request.uri));
    const flow = found ? this.#flowTo(found.to, secure) : contact?.flow;
    if (!flow) {
      transaction.respond(found ? 480 : 481);
      if (found && request.method === 'BYE') calls.end(found.call);
      return;
    }
    if (secure && flow.protocol !== 'tls') return refuseSips(this.#options, transaction);
    forward({
      layer: layer(),
      clock,
      transaction,
      request,
      targets: [{ flow, uri: request.uri }],
      recordRoute: ({ flow: to }) =>
        request.method === 'INVITE' ? recordRoutes(transaction.flow, to, nameOn, secure) : [],
      onResponse: response => {
        if (found && request.method === 'BYE' && response.status >= 200) endCall(this.#options, found.call, 'BYE');
      },
    });
  }

  /** The flow for an ACK that came over `from`; undefined when it belongs to no call of that peer. */
  flowForAck(ack: SipRequest, from: Flow): Flow | undefined {
    const found = this.#options.calls.find(ack);
    if (!found || !this.#speaksFor(from, found.from)) return undefined;
    const { secure } = found.call;
    return secure && from.protocol !== 'tls' ? undefined : this.#flowTo(found.to, secure);
  }

  /** The flow to a party: the one that the call runs on, else the one of its registration, over TLS where the call is secure. */
  #flowTo(party: Party, secure: boolean): Flow | undefined {
    if (party.flow && !party.flow.closed) return party.flow;
    const bindings = this.#options.location.find(party.user);
    party.flow = bindings.find(({ flow }) => !secure || flow.protocol === 'tls')?.flow;
    return party.flow;
  }

  #speaksFor(flow: Flow, party: Party): boolean {
    const bindings = this.#options.location.find(party.user);
    return party.flow === flow || bindings.some(binding => binding.flow === flow);
  }
}

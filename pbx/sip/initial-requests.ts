// Requests outside any dialog: finds the sender and the targets, asks the policy and the rule for media, and forwards.
import type { SipRequest } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { isSips, parseUri } from '../../shared/sip/uri.ts';
import type { SipRoute } from '../exchange/data.ts';
import { descriptionOf, summaryOf } from '../media/description.ts';
import { type MediaRule, ruleFor } from '../media/rules.ts';
import { type Caller, callerOf } from './call/caller.ts';
import { judgeCallee, refuseOffer } from './call/encryption.ts';
import { partyOf, trunkOf } from './call/parties.ts';
import { type Found, targetsOf } from './call/targets.ts';
import type { Party } from './calls.ts';
import { type Forwarding, forward } from './forward.ts';
import { endCall, type ProxyOptions, refuse, refuseSips } from './proxy-context.ts';
import { recordRoutes } from './routing.ts';

type Job = Omit<Forwarding, 'recordRoute' | 'onResponse'>;

export class InitialRequests {
  readonly #options: ProxyOptions;
  /** Requests cancelled by their callers; one that was not forwarded yet is answered here. */
  readonly #cancelled = new WeakSet<ServerTransaction>();

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  cancel(transaction: ServerTransaction): void {
    this.#cancelled.add(transaction);
  }

  /** @param request a copy of the transaction's, with our own routes removed */
  async take(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const { authenticator, policy, exchange, layer, clock } = this.#options;
    const sender = await callerOf(this.#options, transaction, request);
    if (!sender) return;
    authenticator.consume(request);
    const found = await targetsOf(this.#options, transaction, parseUri(request.uri), sender.route);
    if ('status' in found) return refuse(this.#options, transaction, found.status, found.reason);
    const { user: to, targets, barred } = found;
    if (targets.length === 0 && barred) return refuseSips(this.#options, transaction);
    if (targets.length === 0) return refuseUnregistered(this.#options, transaction, to);
    const media = summaryOf(descriptionOf(request))?.profile;
    const callees = targets.map(target => target.flow);
    const decision = await policy.call({ from: sender.user, to, caller: transaction.flow, callees, media });
    if (!decision.allow) return refuse(this.#options, transaction, decision.status, decision.reason);
    if (this.#cancelled.has(transaction)) return refuse(this.#options, transaction, 487);
    const job = { layer: layer(), clock, transaction, request, targets };
    if (request.method !== 'INVITE') return this.#forwardOther(job);
    const caller = partyOf(exchange, sender.user, sender.route);
    // A gateway is one by its own number, too.
    const callee = partyOf(exchange, to, found.route ?? trunkOf(exchange, to));
    const rule = ruleFor(exchange.settings, caller, callee);
    if (refuseOffer(this.#options, transaction, { rule, from: sender.user, to })) return;
    this.#forwardCall(job, sender, found, rule);
  }

  #forwardCall(job: Job, from: Caller, found: Found, rule: MediaRule): void {
    const { calls, log, nameOn } = this.#options;
    const { transaction, request, targets } = job;
    const media = summaryOf(descriptionOf(request));
    const { user: to } = found;
    const call = calls.begin(request, {
      caller: { user: from.user, flow: transaction.flow, ...behind(from.route) },
      callee: { user: to, flow: undefined, ...behind(found.route) },
      media,
      rule,
    });
    if (!call) {
      refuse(this.#options, transaction, 503, 'Too Many Calls');
      return;
    }
    log.info('proxied call started', { from: from.user, to, targets: targets.length, media: media?.profile });
    forward({
      ...job,
      recordRoute: target => recordRoutes(transaction.flow, target.flow, nameOn, call.secure),
      ...judgeCallee(this.#options, transaction, call),
      onResponse: (response, target) => {
        if (response.status >= 300) endCall(this.#options, call, `${response.status} ${response.reason}`);
        else if (call.state !== 'up') {
          call.callee.flow = target.flow;
          call.state = response.status < 200 ? 'ringing' : 'up';
        }
      },
    });
  }

  #forwardOther(job: Job): void {
    const { method, uri } = job.request;
    const { nameOn } = this.#options;
    const makesDialog = method === 'SUBSCRIBE' || method === 'REFER';
    forward({
      ...job,
      recordRoute: ({ flow }) => (makesDialog ? recordRoutes(job.transaction.flow, flow, nameOn, isSips(uri)) : []),
    });
  }
}

function refuseUnregistered(options: ProxyOptions, transaction: ServerTransaction, to: string): void {
  if (options.isElsewhere(to)) refuse(options, transaction, 488, 'The Called Terminal Is Not a SIP Terminal');
  else refuse(options, transaction, options.hasUser(to) ? 480 : 404);
}

const behind = (row: SipRoute | undefined): Pick<Party, 'route' | 'trunk'> =>
  row ? { route: row.route, trunk: row.registeredAs } : {};

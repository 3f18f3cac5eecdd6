// Requests outside any dialog: authenticates the sender, finds the targets, asks the policy, and forwards.
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import { parseSdp, SdpError } from '../../shared/sip/sdp.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { isSips, parseNameAddr, parseUri, type SipUri, unescapeUser, withScheme } from '../../shared/sip/uri.ts';
import { type Forwarding, forward, type Target } from './forward.ts';
import { endCall, type ProxyOptions, refuse, refuseSips } from './proxy-context.ts';
import { recordRoutes, userOf } from './routing.ts';

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
    const { authenticator, policy, layer, clock, hasUser } = this.#options;
    const from = await authenticator.check(transaction, 'proxy');
    if (from === undefined) return;
    authenticator.consume(request);
    if (userOf(request, 'From') !== from && !isWithheld(request))
      return this.#refuse(transaction, 403, 'From is not who authenticated');
    const found = targetsOf(this.#options, parseUri(request.uri), transaction.flow);
    if (found === 'foreign') return this.#refuse(transaction, 403, 'Relaying Denied');
    const { user: to, targets, barred } = found;
    if (targets.length === 0 && barred) return refuseSips(this.#options, transaction);
    if (targets.length === 0) return this.#refuse(transaction, hasUser(to) ? 480 : 404);
    const media = mediaOf(request);
    const callees = targets.map(target => target.flow);
    const decision = await policy.call({ from, to, caller: transaction.flow, callees, media });
    if (!decision.allow) return this.#refuse(transaction, decision.status, decision.reason);
    if (this.#cancelled.has(transaction)) return this.#refuse(transaction, 487);
    const job = { layer: layer(), clock, transaction, request, targets };
    if (request.method === 'INVITE') this.#forwardCall(job, from, to, media);
    else this.#forwardOther(job);
  }

  #forwardCall(job: Job, from: string, to: string, media: string | undefined): void {
    const { calls, log, nameOn } = this.#options;
    const { transaction, request, targets } = job;
    const caller = { user: from, flow: transaction.flow };
    const call = calls.begin(request, caller, { user: to, flow: undefined }, media);
    if (!call) {
      this.#refuse(transaction, 503, 'Too Many Calls');
      return;
    }
    log.info('proxied call started', { from, to, targets: targets.length, media });
    forward({
      ...job,
      recordRoute: target => recordRoutes(transaction.flow, target.flow, nameOn, call.secure),
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

  #refuse(transaction: ServerTransaction, status: number, reason?: string): void {
    refuse(this.#options, transaction, status, reason);
  }
}

/** RFC 3323 4.1.1.3: the From of a caller that withholds its name. */
function isWithheld(request: SipRequest): boolean {
  return parseUri(parseNameAddr(request.headers.get('From') ?? '').uri).host.toLowerCase() === 'anonymous.invalid';
}

interface Found {
  user: string;
  targets: Target[];
  /** The user has a contact that no sips request may reach. */
  barred: boolean;
}

/**
 * Flows that ring for a request to that URI: one target each, the contact with the highest q. A sips request goes to contacts that were
 * registered over TLS alone. RFC 5630 5.3 asks for a sips Contact too, which units that write `transport=tls` do not register.
 */
function targetsOf({ location, isOurs }: ProxyOptions, uri: SipUri, flow: Flow): Found | 'foreign' {
  const contact = isOurs(uri, flow) ? undefined : location.findContact(uri);
  if (!contact && !isOurs(uri, flow)) return 'foreign';
  const user = contact?.user ?? unescapeUser(uri.user ?? '');
  const byFlow = new Map<Flow, Target>();
  let barred = false;
  for (const binding of contact ? [contact] : location.find(user)) {
    if (uri.scheme === 'sips' && binding.flow.protocol !== 'tls') barred = true;
    else if (!byFlow.has(binding.flow))
      byFlow.set(binding.flow, { flow: binding.flow, uri: withScheme(binding.uri, uri.scheme) });
  }
  return { user, targets: [...byFlow.values()], barred };
}

/** The profile of the offered audio; a description that cannot be read is the callee's to refuse. */
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

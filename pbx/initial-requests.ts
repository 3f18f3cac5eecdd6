// Requests outside any dialog: authenticates the sender, finds the targets, asks the policy, and forwards.
import type { Flow } from '../shared/sip/flow-types.ts';
import type { SipRequest } from '../shared/sip/message.ts';
import { parseSdp, SdpError } from '../shared/sip/sdp.ts';
import type { ServerTransaction } from '../shared/sip/transaction-types.ts';
import { parseNameAddr, parseUri, type SipUri, unescapeUser } from '../shared/sip/uri.ts';
import { type Forwarding, forward, type Target } from './forward.ts';
import { endCall, type ProxyOptions, refuse } from './proxy-context.ts';
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
    const { user: to, targets } = found;
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
      recordRoute: target => recordRoutes(transaction.flow, target.flow, nameOn),
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
    const { method } = job.request;
    const makesDialog = method === 'SUBSCRIBE' || method === 'REFER';
    forward({
      ...job,
      recordRoute: ({ flow }) => (makesDialog ? recordRoutes(job.transaction.flow, flow, this.#options.nameOn) : []),
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

/** Flows that ring for a request to that URI: one target each, the contact with the highest q. */
function targetsOf(
  { location, isOurs }: ProxyOptions,
  uri: SipUri,
  flow: Flow,
): { user: string; targets: Target[] } | 'foreign' {
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

// Forwards one request to one or more targets, and the best response back (RFC 3261 16.6 to 16.10).
import type { Clock, Timer } from '../../shared/clock.ts';
import { setTopVia } from '../../shared/sip/fields.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { cloneMessage, createResponse, type SipRequest, type SipResponse } from '../../shared/sip/message.ts';
import { reasonOf } from '../../shared/sip/status.ts';
import type { RequestOptions, TransactionLayer } from '../../shared/sip/transaction.ts';
import type { ClientTransaction, ServerTransaction, TimerSettings } from '../../shared/sip/transaction-types.ts';

export interface Target {
  flow: Flow;
  /** New Request-URI. */
  uri: string;
  /** The way to another exchange or to a gateway. */
  route?: RouteTarget | undefined;
}

export interface RouteTarget {
  number: number;
  timers: Partial<TimerSettings>;
  /** The request once more, with an answer to the challenge; undefined where there is none. */
  answerTo: (challenge: SipResponse, request: SipRequest) => SipRequest | undefined;
  /** The other side did not answer in time. */
  onSilence: () => void;
}

/** The answer that goes back in place of a response that may not pass. */
export interface Refusal {
  status: number;
  reason?: string;
  headers: [string, string][];
}

export interface Forwarding {
  layer: TransactionLayer;
  clock: Clock;
  transaction: ServerTransaction;
  /** The request to forward, without Request-URI, Record-Route and our Via: those differ by target. */
  request: SipRequest;
  /** At least one. All at once: the first 2xx wins, the others are cancelled. */
  targets: readonly Target[];
  /** Record-Route values to put in front, first on top. */
  recordRoute: (target: Target) => readonly string[];
  /** Judges each provisional and 2xx response; undefined lets it pass. */
  judge?: (response: SipResponse, target: Target) => Refusal | undefined;
  /** Receives each 2xx that does not pass, a repeated one too: whoever sent it must be told that the call is over. */
  takeBack?: (response: SipResponse, target: Target) => void;
  /** Receives each response that goes back, with its target. */
  onResponse?: (response: SipResponse, target: Target) => void;
}

interface Branch {
  target: Target;
  client: ClientTransaction | undefined;
  ended: boolean;
  /** Its response did not pass; this answers for it. */
  refusal: Refusal | undefined;
}

export function forward(job: Forwarding): void {
  new Forwarder(job).start();
}

class Forwarder {
  readonly #job: Forwarding;
  readonly #branches: Branch[];
  readonly #timerC: TimerC;
  #best: { response: SipResponse; target: Target } | undefined;
  #isCancelled = false;

  constructor(job: Forwarding) {
    this.#job = job;
    this.#timerC = new TimerC(job, () => this.#cancelOpen());
    this.#branches = job.targets.map(target => ({ target, client: undefined, ended: false, refusal: undefined }));
  }

  start(): void {
    this.#job.transaction.onCancel(() => this.#cancelOpen());
    this.#timerC.restart();
    for (const branch of this.#branches) this.#send(branch, copyFor(branch.target, this.#job));
  }

  #send(branch: Branch, request: SipRequest): void {
    const onResponse = (response: SipResponse): void => this.#take(response, branch, request);
    branch.client = this.#job.layer.request(branch.target.flow, request, { ...timersOf(branch.target), onResponse });
  }

  #take(response: SipResponse, branch: Branch, request: SipRequest): void {
    const back = withoutOurVia(response);
    if (!back) return;
    if (back.status < 300) branch.refusal ??= this.#job.judge?.(back, branch.target);
    if (back.status < 200) this.#provisional(back, branch);
    else if (back.status < 300) this.#accepted(back, branch);
    else this.#failed(back, branch, request);
  }

  #provisional(response: SipResponse, branch: Branch): void {
    this.#timerC.restart();
    if (branch.refusal) branch.client?.cancel();
    else if (!this.#job.transaction.answered) this.#answer(response, branch.target);
  }

  #accepted(response: SipResponse, branch: Branch): void {
    const isFirst = !branch.ended;
    branch.ended = true;
    if (branch.refusal) {
      if (isFirst) this.#refused(refusalFor(this.#job.transaction, branch.refusal), branch);
      this.#job.takeBack?.(response, branch.target);
      return;
    }
    // RFC 3261 16.7 step 5: every 2xx to INVITE is forwarded, a repeated one too.
    if (this.#timerC.isNeeded || !this.#job.transaction.answered) this.#answer(response, branch.target);
    if (isFirst) this.#cancelOpen();
    this.#timerC.stop();
  }

  #failed(response: SipResponse, branch: Branch, request: SipRequest): void {
    const isOpen = isChallenge(response) && !this.#isCancelled;
    const again = isOpen ? branch.target.route?.answerTo(response, request) : undefined;
    if (again) this.#send(branch, again);
    else this.#refused(failureOf(response, branch, this.#job.transaction), branch);
  }

  #refused(response: SipResponse, branch: Branch): void {
    const { target } = branch;
    branch.ended = true;
    if (!this.#best || rank(response) < rank(this.#best.response)) this.#best = { response, target };
    if (response.status >= 600) this.#cancelOpen();
    if (!this.#branches.every(branch => branch.ended)) return;
    this.#timerC.stop();
    if (!this.#job.transaction.answered) this.#answer(this.#best.response, this.#best.target);
  }

  #answer(response: SipResponse, target: Target): void {
    this.#job.onResponse?.(response, target);
    this.#job.transaction.send(response);
  }

  #cancelOpen(): void {
    this.#isCancelled = true;
    for (const branch of this.#branches) if (!branch.ended) branch.client?.cancel();
  }
}

/** RFC 3261 16.6 step 11: more than three minutes. */
const TIMER_C_MS = 185_000;

/** Bounds the time that a call rings. */
class TimerC {
  /** For INVITE alone. */
  readonly isNeeded: boolean;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #timer: Timer | undefined;

  constructor({ clock, transaction }: Forwarding, onEnd: () => void) {
    this.isNeeded = transaction.request.method === 'INVITE';
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  restart(): void {
    this.stop();
    if (this.isNeeded) this.#timer = this.#clock.after(TIMER_C_MS, this.#onEnd);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}

/** Undefined for a response that goes no further: 100, or one of a request that was ours. */
function withoutOurVia(response: SipResponse): SipResponse | undefined {
  const back = cloneMessage(response);
  setTopVia(back, undefined);
  return response.status > 100 && back.headers.has('Via') ? back : undefined;
}

function copyFor(target: Target, { request, recordRoute }: Forwarding): SipRequest {
  const copy = cloneMessage(request);
  copy.uri = target.uri;
  for (const value of recordRoute(target).toReversed()) copy.headers.prepend('Record-Route', value);
  return copy;
}

const failureOf = (response: SipResponse, branch: Branch, transaction: ServerTransaction): SipResponse =>
  branch.refusal ? refusalFor(transaction, branch.refusal) : forUpstream(response, branch.target);

function refusalFor({ request, localTag }: ServerTransaction, refusal: Refusal): SipResponse {
  const { status, reason = reasonOf(status), headers } = refusal;
  return createResponse(request, status, reason, { headers, toTag: localTag });
}

const timersOf = ({ route }: Target): RequestOptions => (route ? { timers: route.timers } : {});
const isChallenge = ({ status }: SipResponse): boolean => status === 401 || status === 407;

/** A server's 503 is about that server only (RFC 3261 16.7 step 6); a flow that broke makes its user unavailable. */
function forUpstream(response: SipResponse, { flow, route }: Target): SipResponse {
  if (route) return forCaller(response, flow, route);
  if (response.status !== 503) return response;
  const status = flow.closed ? 480 : 500;
  return { ...response, status, reason: reasonOf(status) };
}

/** The failure of a route, told from that of the called party: silent, out of service, or it wants credentials that it does not get. */
function forCaller(response: SipResponse, flow: Flow, route: RouteTarget): SipResponse {
  const { status, headers } = response;
  // The 408 that a transaction makes up has no To tag.
  if (status === 408 && !/;\s*tag\s*=/i.test(headers.get('To') ?? '')) {
    route.onSilence();
    return { ...response, status: 504, reason: `Route ${route.number} Does Not Answer` };
  }
  if (isChallenge(response)) {
    const back = cloneMessage(response);
    for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) back.headers.remove(name);
    return { ...back, status: 502, reason: `Route ${route.number} Wants Other Credentials` };
  }
  if (status !== 503) return response;
  return flow.closed
    ? { ...response, reason: `Route ${route.number} Out Of Service` }
    : { ...response, status: 500, reason: reasonOf(500) };
}

/** RFC 3261 16.7 step 6: 6xx first, then the lowest class; in 4xx those that help a new attempt. Lower is better. */
function rank(response: SipResponse): number {
  if (response.status >= 600) return 0;
  const helpful = [401, 407, 415, 420, 484].includes(response.status) ? 0 : 1;
  return Math.floor(response.status / 100) * 10 + helpful;
}

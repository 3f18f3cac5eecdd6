// Forwards one request to one or more targets, and the best response back (RFC 3261 16.6 to 16.10).
import type { Clock, Timer } from '../../shared/clock.ts';
import { setTopVia } from '../../shared/sip/fields.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { cloneMessage, type SipRequest, type SipResponse } from '../../shared/sip/message.ts';
import { reasonOf } from '../../shared/sip/status.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { ClientTransaction, ServerTransaction } from '../../shared/sip/transaction-types.ts';

export interface Target {
  flow: Flow;
  /** New Request-URI. */
  uri: string;
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
  /** Receives each response that goes back, with its target. */
  onResponse?: (response: SipResponse, target: Target) => void;
}

/** RFC 3261 16.6 step 11: more than three minutes. */
const TIMER_C_MS = 185_000;

interface Branch {
  target: Target;
  client: ClientTransaction | undefined;
  provisional: boolean;
  ended: boolean;
}

export function forward(job: Forwarding): void {
  const { layer, clock, transaction } = job;
  const invite = transaction.request.method === 'INVITE';
  let best: { response: SipResponse; target: Target } | undefined;
  let timerC: Timer | undefined;
  const branches: Branch[] = job.targets.map(target => ({
    target,
    client: undefined,
    provisional: false,
    ended: false,
  }));
  const cancelOpen = (): void => {
    for (const branch of branches) if (!branch.ended) branch.client?.cancel();
  };
  const restartTimerC = (): void => {
    timerC?.cancel();
    if (invite) timerC = clock.after(TIMER_C_MS, cancelOpen);
  };
  const answer = (response: SipResponse, target: Target): void => {
    job.onResponse?.(response, target);
    transaction.send(response);
  };
  const refused = (response: SipResponse, target: Target): void => {
    if (!best || rank(response) < rank(best.response)) best = { response, target };
    if (response.status >= 600) cancelOpen();
    if (!branches.every(branch => branch.ended)) return;
    timerC?.cancel();
    if (!transaction.answered) answer(best.response, best.target);
  };
  const take = (response: SipResponse, branch: Branch): void => {
    const { target } = branch;
    if (response.status === 100) return;
    const back = cloneMessage(response);
    setTopVia(back, undefined);
    if (!back.headers.has('Via')) return;
    if (response.status < 200) {
      restartTimerC();
      if (!transaction.answered) answer(back, target);
      return;
    }
    const first = !branch.ended;
    branch.ended = true;
    if (response.status >= 300) {
      refused(forUpstream(back, target), target);
      return;
    }
    // RFC 3261 16.7 step 5: every 2xx to INVITE is forwarded, a repeated one too.
    if (invite || !transaction.answered) answer(back, target);
    if (!first) return;
    cancelOpen();
    if (branches.every(one => one.ended)) timerC?.cancel();
  };

  transaction.onCancel(cancelOpen);
  restartTimerC();
  for (const branch of branches) {
    const copy = cloneMessage(job.request);
    copy.uri = branch.target.uri;
    for (const value of job.recordRoute(branch.target).toReversed()) copy.headers.prepend('Record-Route', value);
    branch.client = layer.request(branch.target.flow, copy, { onResponse: response => take(response, branch) });
  }
}

/** A server's 503 is about that server only (RFC 3261 16.7 step 6); a flow that broke makes its user unavailable. */
function forUpstream(response: SipResponse, target: Target): SipResponse {
  if (response.status !== 503) return response;
  const status = target.flow.closed ? 480 : 500;
  return { ...response, status, reason: reasonOf(status) };
}

/** RFC 3261 16.7 step 6: 6xx first, then the lowest class; in 4xx those that help a new attempt. Lower is better. */
function rank(response: SipResponse): number {
  if (response.status >= 600) return 0;
  const helpful = [401, 407, 415, 420, 484].includes(response.status) ? 0 : 1;
  return Math.floor(response.status / 100) * 10 + helpful;
}

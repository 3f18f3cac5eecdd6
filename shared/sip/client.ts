// The client's two state machines (RFC 3261 17.1, RFC 6026 7.2): INVITE and the others. Used by transaction.ts alone.
import { type Clock, timerGroup } from '../clock.ts';
import { parseCSeq } from './fields.ts';
import type { Flow } from './flow-types.ts';
import { createRequest, createResponse, type SipRequest, type SipResponse } from './message.ts';
import type { ClientTransaction, Outcome, TimerSettings } from './transaction-types.ts';

export interface ClientParts {
  clock: Clock;
  timers: TimerSettings;
  flow: Flow;
  /** With its Via. */
  request: SipRequest;
  onResponse: (response: SipResponse) => void;
  onBug: (error: unknown) => void;
  sendCancel: (cancel: SipRequest) => void;
  ended: () => void;
}

export interface ClientMachine {
  readonly transaction: ClientTransaction;
  readonly ended: boolean;
  receive(response: SipResponse): void;
}

type State = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

/** Sends the request and follows it to its end. */
export function startClient(parts: ClientParts): ClientMachine {
  const { clock, timers, flow, request } = parts;
  const invite = request.method === 'INVITE';
  const { after, cancelAll: stopTimers } = timerGroup(clock);
  let state: State = 'calling';
  let cancelled = false;
  let ack: SipRequest | undefined;
  let resolve: (outcome: Outcome) => void = () => undefined;
  const final = new Promise<Outcome>(done => {
    resolve = done;
  });

  const terminate = (): void => {
    if (state === 'terminated') return;
    state = 'terminated';
    stopTimers();
    stopWatching();
    parts.ended();
  };
  const tell = (response: SipResponse): void => {
    try {
      parts.onResponse(response);
    } catch (error) {
      parts.onBug(error);
    }
  };
  /** RFC 3261 8.1.3.1: a timeout counts as 408, a transport error as 503. */
  const fail = (cause: 'timeout' | 'transport'): void => {
    if (state === 'terminated') return;
    const waiting = state === 'calling' || state === 'proceeding';
    terminate();
    if (!waiting) return;
    const response = createResponse(request, cause === 'timeout' ? 408 : 503);
    tell(response);
    resolve({ response, cause });
  };
  /** Timers A and E: A doubles without bound, E up to T2, and stays there once a provisional response came. */
  const retransmit = (wait: number): void => {
    if (flow.reliable) return;
    after(wait, () => {
      if (state !== 'calling' && (invite || state !== 'proceeding')) return;
      flow.send(request);
      retransmit(invite ? wait * 2 : state === 'proceeding' ? timers.t2 : Math.min(wait * 2, timers.t2));
    });
  };
  /** Lingers to absorb repetitions; on reliable transports timers D and K are zero. */
  const linger = (next: State, ms: number): void => {
    state = next;
    stopTimers();
    if (ms === 0) terminate();
    else after(ms, terminate);
  };
  /** RFC 3261 9.1: no CANCEL before the peer was heard from. */
  const cancelNow = (): void => {
    parts.sendCancel(followUp(request, 'CANCEL', request.headers.get('To') ?? ''));
    after(timers.timeoutMs, () => fail('timeout'));
  };
  const provisional = (response: SipResponse): void => {
    if (state !== 'calling' && state !== 'proceeding') return;
    const first = state === 'calling';
    state = 'proceeding';
    // Timers A and B end with the first provisional response; F of the other methods goes on.
    if (invite && first) stopTimers();
    if (first && cancelled) cancelNow();
    tell(response);
  };
  const accepted = (response: SipResponse): void => {
    if (state === 'completed') return;
    const first = state !== 'accepted';
    if (first) linger('accepted', 64 * timers.t1);
    tell(response);
    if (first) resolve({ response });
  };
  const refused = (response: SipResponse): void => {
    if (state === 'accepted') return;
    const first = state !== 'completed';
    ack ??= followUp(request, 'ACK', response.headers.get('To') ?? '');
    flow.send(ack);
    if (!first) return;
    linger('completed', flow.reliable ? 0 : timers.timerD);
    tell(response);
    resolve({ response });
  };
  const finalOther = (response: SipResponse): void => {
    if (state === 'completed') return;
    linger('completed', flow.reliable ? 0 : timers.t4);
    tell(response);
    resolve({ response });
  };

  const transaction: ClientTransaction = {
    request,
    flow,
    final,
    cancel: () => {
      if (!invite || cancelled || (state !== 'calling' && state !== 'proceeding')) return;
      cancelled = true;
      if (state === 'proceeding') cancelNow();
    },
    abandon: () => fail('timeout'),
  };
  let stopWatching: () => void = () => undefined;
  flow.send(request);
  retransmit(timers.t1);
  after(timers.timeoutMs, () => fail('timeout'));
  // A flow that is already closed says so at once, inside this call.
  stopWatching = flow.onClose(() => fail('transport'));

  return {
    transaction,
    get ended() {
      return state === 'terminated';
    },
    receive: response => {
      if (state === 'terminated') return;
      if (response.status < 200) provisional(response);
      else if (!invite) finalOther(response);
      else if (response.status < 300) accepted(response);
      else refused(response);
    },
  };
}

/** ACK of a refusal (RFC 3261 17.1.1.3) or CANCEL (9.1): the request's own topmost Via, route, call and CSeq number. */
function followUp(request: SipRequest, method: 'ACK' | 'CANCEL', to: string): SipRequest {
  const { headers } = request;
  const built = createRequest(method, request.uri);
  const [via = ''] = headers.list('Via');
  built.headers.add('Via', via);
  for (const route of headers.all('Route')) built.headers.add('Route', route);
  built.headers.add('Max-Forwards', '70');
  built.headers.add('From', headers.get('From') ?? '').add('To', to);
  built.headers.add('Call-ID', headers.get('Call-ID') ?? '');
  built.headers.add('CSeq', `${parseCSeq(request).number} ${method}`);
  const agent = headers.get('User-Agent');
  if (agent !== undefined) built.headers.add('User-Agent', agent);
  return built;
}

// Client transactions (RFC 3261 17.1, RFC 6026 7.2): one class for INVITE, one for the other methods. For transaction.ts.
import { type Clock, type TimerGroup, timerGroup } from '../clock.ts';
import { parseCSeq } from './fields.ts';
import type { Flow } from './flow-types.ts';
import { createRequest, createResponse, type SipRequest, type SipResponse } from './message.ts';
import type { ClientTransaction, Outcome, TimerSettings } from './transaction-types.ts';

interface ClientParts {
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

export interface ClientMachine extends ClientTransaction {
  readonly ended: boolean;
  receive(response: SipResponse): void;
}

type State = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

/** Sends the request and follows it to its end. */
export function startClient(parts: ClientParts): ClientMachine {
  return parts.request.method === 'INVITE' ? new InviteClient(parts) : new NonInviteClient(parts);
}

/** The part common to both client transactions: state, timers, failure and the final outcome. */
class ClientCore {
  readonly parts: ClientParts;
  readonly final: Promise<Outcome>;
  state: State = 'calling';
  readonly timers: TimerGroup;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #stopWatching: () => void = () => undefined;

  constructor(parts: ClientParts) {
    this.parts = parts;
    this.timers = timerGroup(parts.clock);
    this.final = new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  /** Sends the request; `retransmit` starts timer A or E before timer B or F starts. */
  start(retransmit: () => void): void {
    const { flow, request } = this.parts;
    flow.send(request);
    retransmit();
    this.failLater();
    // A flow that is already closed calls the listener at once.
    this.#stopWatching = flow.onClose(() => this.fail('transport'));
  }

  /** No final response has come, and none is made up. */
  get waiting(): boolean {
    return this.state === 'calling' || this.state === 'proceeding';
  }

  failLater(): void {
    this.timers.after(this.parts.timers.timeoutMs, () => this.fail('timeout'));
  }

  notify(response: SipResponse): void {
    try {
      this.parts.onResponse(response);
    } catch (error) {
      this.parts.onBug(error);
    }
  }

  /** Reports a final response; the first one settles `final`. */
  finish(response: SipResponse): void {
    this.notify(response);
    this.#resolve({ response });
  }

  /** RFC 3261 8.1.3.1: a timeout counts as 408, a transport error as 503. */
  fail(cause: 'timeout' | 'transport'): void {
    if (this.state === 'terminated') return;
    const { waiting } = this;
    this.#terminate();
    if (!waiting) return;
    const response = createResponse(this.parts.request, cause === 'timeout' ? 408 : 503);
    this.notify(response);
    this.#resolve({ response, cause });
  }

  /** Stays in `next` to absorb repetitions; ends at once for 0 ms, which is timer D and K on reliable transports. */
  linger(next: State, ms: number): void {
    this.state = next;
    this.timers.cancelAll();
    if (ms === 0) this.#terminate();
    else this.timers.after(ms, () => this.#terminate());
  }

  #terminate(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.timers.cancelAll();
    this.#stopWatching();
    this.parts.ended();
  }
}

/** RFC 3261 17.1.1 */
class InviteClient implements ClientMachine {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly final: Promise<Outcome>;
  readonly #core: ClientCore;
  #cancelled = false;
  #ack: SipRequest | undefined;

  constructor(parts: ClientParts) {
    this.request = parts.request;
    this.flow = parts.flow;
    this.#core = new ClientCore(parts);
    this.final = this.#core.final;
    this.#core.start(() => this.#retransmit(parts.timers.t1));
  }

  get ended(): boolean {
    return this.#core.state === 'terminated';
  }

  cancel(): void {
    if (this.#cancelled || !this.#core.waiting) return;
    this.#cancelled = true;
    if (this.#core.state === 'proceeding') this.#sendCancel();
  }

  abandon(): void {
    this.#core.fail('timeout');
  }

  receive(response: SipResponse): void {
    if (this.ended) return;
    if (response.status < 200) this.#provisional(response);
    else if (response.status < 300) this.#accepted(response);
    else this.#refused(response);
  }

  /** Timer A doubles without bound. */
  #retransmit(wait: number): void {
    if (this.flow.reliable) return;
    this.#core.timers.after(wait, () => {
      if (this.#core.state !== 'calling') return;
      this.flow.send(this.request);
      this.#retransmit(wait * 2);
    });
  }

  /** RFC 3261 9.1: no CANCEL before the first provisional response. */
  #sendCancel(): void {
    this.#core.parts.sendCancel(followUp(this.request, 'CANCEL', this.request.headers.get('To') ?? ''));
    this.#core.failLater();
  }

  #provisional(response: SipResponse): void {
    if (!this.#core.waiting) return;
    const first = this.#core.state === 'calling';
    this.#core.state = 'proceeding';
    // Timers A and B end with the first provisional response.
    if (first) this.#core.timers.cancelAll();
    if (first && this.#cancelled) this.#sendCancel();
    this.#core.notify(response);
  }

  #accepted(response: SipResponse): void {
    if (this.#core.state === 'completed') return;
    if (this.#core.state !== 'accepted') this.#core.linger('accepted', 64 * this.#core.parts.timers.t1);
    this.#core.finish(response);
  }

  #refused(response: SipResponse): void {
    if (this.#core.state === 'accepted') return;
    this.#ack ??= followUp(this.request, 'ACK', response.headers.get('To') ?? '');
    this.flow.send(this.#ack);
    if (this.#core.state === 'completed') return;
    this.#core.linger('completed', this.flow.reliable ? 0 : this.#core.parts.timers.timerD);
    this.#core.finish(response);
  }
}

/** RFC 3261 17.1.2 */
class NonInviteClient implements ClientMachine {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly final: Promise<Outcome>;
  readonly #core: ClientCore;

  constructor(parts: ClientParts) {
    this.request = parts.request;
    this.flow = parts.flow;
    this.#core = new ClientCore(parts);
    this.final = this.#core.final;
    this.#core.start(() => this.#retransmit(parts.timers.t1));
  }

  get ended(): boolean {
    return this.#core.state === 'terminated';
  }

  cancel(): void {
    // RFC 3261 9.1: only an INVITE can be cancelled.
  }

  abandon(): void {
    this.#core.fail('timeout');
  }

  receive(response: SipResponse): void {
    if (this.ended || this.#core.state === 'completed') return;
    if (response.status < 200) {
      this.#core.state = 'proceeding';
      this.#core.notify(response);
      return;
    }
    this.#core.linger('completed', this.flow.reliable ? 0 : this.#core.parts.timers.t4);
    this.#core.finish(response);
  }

  /** Timer E doubles up to T2, and is T2 after a provisional response. */
  #retransmit(wait: number): void {
    if (this.flow.reliable) return;
    const { t2 } = this.#core.parts.timers;
    this.#core.timers.after(wait, () => {
      if (!this.#core.waiting) return;
      this.flow.send(this.request);
      this.#retransmit(this.#core.state === 'proceeding' ? t2 : Math.min(wait * 2, t2));
    });
  }
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

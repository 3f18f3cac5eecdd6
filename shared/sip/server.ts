// Server transactions (RFC 3261 17.2, RFC 6026 7.1): one class for INVITE, one for the other methods. For transaction.ts.
import { type Clock, type TimerGroup, timerGroup } from '../clock.ts';
import type { Flow } from './flow-types.ts';
import { createResponse, type MessageParts, type SipRequest, type SipResponse } from './message.ts';
import type { ServerTransaction, TimerSettings } from './transaction-types.ts';

interface ServerParts {
  clock: Clock;
  timers: TimerSettings;
  flow: Flow;
  /** The flow that carries the responses; over UDP it can differ from the flow of the request. */
  reply: Flow;
  request: SipRequest;
  localTag: string;
  ended: () => void;
  onBug: (error: unknown) => void;
}

export interface ServerMachine extends ServerTransaction {
  /** The same request came again. */
  repeat(): void;
  /** An ACK came; false when it is not for this machine but for the user agent. */
  acknowledge(): boolean;
  /** A CANCEL came for this request. */
  cancel(cancel: SipRequest): void;
  /** It is answered, and stays only to answer repetitions of its request alike. */
  readonly lingers: boolean;
  stop(): void;
}

type State = 'trying' | 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

/** RFC 3261 17.2.1: 100 is sent when no other response is sent within this time. */
const TRYING_MS = 200;

export function startServer(parts: ServerParts): ServerMachine {
  return parts.request.method === 'INVITE' ? new InviteServer(parts) : new NonInviteServer(parts);
}

/** The part common to both server transactions: state, timers, the last response and the end. */
class ServerCore {
  readonly parts: ServerParts;
  state: State = 'trying';
  last: SipResponse | undefined;
  readonly #timers: TimerGroup;

  constructor(parts: ServerParts) {
    this.parts = parts;
    this.#timers = timerGroup(parts.clock);
  }

  get answered(): boolean {
    return this.state !== 'trying' && this.state !== 'proceeding';
  }

  after(ms: number, run: () => void): void {
    this.#timers.after(ms, run);
  }

  /** Changes the state; timers of the state before end. */
  enter(next: State): void {
    this.state = next;
    this.#timers.cancelAll();
  }

  build(status: number, reason?: string, parts: MessageParts = {}): SipResponse {
    const tag = status > 100 ? { toTag: this.parts.localTag } : {};
    return createResponse(this.parts.request, status, reason, { ...parts, ...tag });
  }

  transmit(response: SipResponse): void {
    this.last = response;
    this.parts.reply.send(response);
  }

  repeatLast(): void {
    if (this.last && (this.state === 'proceeding' || this.state === 'completed')) this.parts.reply.send(this.last);
  }

  /** Stays in `next` to absorb repetitions; ends at once for 0 ms. */
  linger(next: State, ms: number): void {
    this.enter(next);
    if (ms === 0) this.terminate();
    else this.after(ms, () => this.terminate());
  }

  terminate(): void {
    if (this.state === 'terminated') return;
    this.enter('terminated');
    this.parts.ended();
  }
}

/** Listeners of one event; an error of one is reported and stops no other. */
class Listeners<A> {
  readonly #listeners = new Set<(argument: A) => void>();
  readonly #onBug: (error: unknown) => void;

  constructor(onBug: (error: unknown) => void) {
    this.#onBug = onBug;
  }

  add(listener: (argument: A) => void): void {
    this.#listeners.add(listener);
  }

  call(argument: A): void {
    for (const listener of this.#listeners) {
      try {
        listener(argument);
      } catch (error) {
        this.#onBug(error);
      }
    }
  }
}

/** RFC 3261 17.2.1, RFC 6026 7.1 */
class InviteServer implements ServerMachine {
  /** Its refusal is repeated until an ACK comes: it stays. */
  readonly lingers = false;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly localTag: string;
  readonly #core: ServerCore;
  readonly #cancels: Listeners<SipRequest>;
  readonly #timeouts: Listeners<void>;

  constructor(parts: ServerParts) {
    this.request = parts.request;
    this.flow = parts.flow;
    this.localTag = parts.localTag;
    this.#core = new ServerCore(parts);
    this.#cancels = new Listeners(parts.onBug);
    this.#timeouts = new Listeners(parts.onBug);
    this.#core.after(TRYING_MS, () => this.respond(100));
  }

  get answered(): boolean {
    return this.#core.answered;
  }

  respond(status: number, reason?: string, parts?: MessageParts): SipResponse {
    const response = this.#core.build(status, reason, parts);
    this.send(response);
    return response;
  }

  send(response: SipResponse): void {
    const { status } = response;
    if (this.#core.state === 'accepted' && status >= 200 && status < 300) this.#core.transmit(response);
    if (this.answered) return;
    this.#core.transmit(response);
    if (status < 200) this.#core.enter('proceeding');
    else if (status < 300) this.#core.linger('accepted', 64 * this.#core.parts.timers.t1);
    else this.#refuse();
  }

  onCancel(listener: (cancel: SipRequest) => void): void {
    this.#cancels.add(listener);
  }

  onTimeout(listener: () => void): void {
    this.#timeouts.add(listener);
  }

  repeat(): void {
    // A 2xx is repeated by the user agent alone (RFC 6026 7.1), a confirmed refusal not at all.
    this.#core.repeatLast();
  }

  acknowledge(): boolean {
    if (this.#core.state !== 'completed') return this.#core.state === 'confirmed';
    // Timer I
    this.#core.linger('confirmed', this.#core.parts.reply.reliable ? 0 : this.#core.parts.timers.t4);
    return true;
  }

  cancel(cancel: SipRequest): void {
    if (!this.answered) this.#cancels.call(cancel);
  }

  stop(): void {
    this.#core.terminate();
  }

  #refuse(): void {
    const { timers } = this.#core.parts;
    this.#core.enter('completed');
    repeatRefusal(this.#core, timers.t1);
    // Timer H
    this.#core.after(timers.timeoutMs, () => {
      this.#core.terminate();
      this.#timeouts.call();
    });
  }
}

/** Timer G: a refusal is repeated until its ACK comes, on unreliable transports. */
function repeatRefusal(core: ServerCore, wait: number): void {
  const { reply, timers } = core.parts;
  if (reply.reliable) return;
  core.after(wait, () => {
    if (core.state !== 'completed') return;
    core.repeatLast();
    repeatRefusal(core, Math.min(wait * 2, timers.t2));
  });
}

/** RFC 3261 17.2.2 */
class NonInviteServer implements ServerMachine {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly localTag: string;
  readonly #core: ServerCore;

  constructor(parts: ServerParts) {
    this.request = parts.request;
    this.flow = parts.flow;
    this.localTag = parts.localTag;
    this.#core = new ServerCore(parts);
  }

  get answered(): boolean {
    return this.#core.answered;
  }

  respond(status: number, reason?: string, parts?: MessageParts): SipResponse {
    const response = this.#core.build(status, reason, parts);
    this.send(response);
    return response;
  }

  send(response: SipResponse): void {
    if (this.answered) return;
    this.#core.transmit(response);
    const { reply, timers } = this.#core.parts;
    if (response.status < 200) this.#core.enter('proceeding');
    else this.#core.linger('completed', reply.reliable ? 0 : 64 * timers.t1);
  }

  onCancel(): void {
    // Only an INVITE can be cancelled.
  }

  onTimeout(): void {
    // Timer H exists for INVITE only.
  }

  repeat(): void {
    this.#core.repeatLast();
  }

  get lingers(): boolean {
    return this.#core.state === 'completed';
  }

  acknowledge(): boolean {
    return false;
  }

  cancel(): void {
    // Only an INVITE can be cancelled.
  }

  stop(): void {
    this.#core.terminate();
  }
}

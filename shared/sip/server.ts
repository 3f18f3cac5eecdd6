// The server's two state machines (RFC 3261 17.2, RFC 6026 7.1): INVITE and the others. Used by transaction.ts alone.
import { type Clock, timerGroup } from '../clock.ts';
import type { Flow } from './flow-types.ts';
import { createResponse, type SipRequest, type SipResponse } from './message.ts';
import type { ServerTransaction, TimerSettings } from './transaction-types.ts';

export interface ServerParts {
  clock: Clock;
  timers: TimerSettings;
  flow: Flow;
  /** Where responses go; over UDP not always where the request came from. */
  reply: Flow;
  request: SipRequest;
  localTag: string;
  ended: () => void;
  onBug: (error: unknown) => void;
}

export interface ServerMachine {
  readonly transaction: ServerTransaction;
  /** The same request came again. */
  repeat(): void;
  /** An ACK came; false when it is not for this machine but for the user agent. */
  acknowledge(): boolean;
  cancel(cancel: SipRequest): void;
  stop(): void;
}

type State = 'trying' | 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

/** RFC 3261 17.2.1: 100 is sent when nothing else was within so long. */
const TRYING_MS = 200;

export function startServer(parts: ServerParts): ServerMachine {
  const { clock, timers, request, reply } = parts;
  const invite = request.method === 'INVITE';
  const { after, cancelAll: stopTimers } = timerGroup(clock);
  const cancels = new Set<(cancel: SipRequest) => void>();
  const timeouts = new Set<() => void>();
  let state: State = 'trying';
  let last: SipResponse | undefined;

  const terminate = (): void => {
    if (state === 'terminated') return;
    state = 'terminated';
    stopTimers();
    parts.ended();
  };
  const tell = <A>(listeners: Iterable<(argument: A) => void>, argument: A): void => {
    for (const listener of listeners) {
      try {
        listener(argument);
      } catch (error) {
        parts.onBug(error);
      }
    }
  };
  const answered = (): boolean => state !== 'trying' && state !== 'proceeding';
  const transmit = (response: SipResponse): void => {
    last = response;
    reply.send(response);
  };
  const linger = (next: State, ms: number): void => {
    state = next;
    stopTimers();
    if (ms === 0) terminate();
    else after(ms, terminate);
  };
  /** Timer G: a refusal is repeated until its ACK comes, on unreliable transports. */
  const repeatRefusal = (wait: number): void => {
    if (reply.reliable) return;
    after(wait, () => {
      if (state !== 'completed' || !last) return;
      reply.send(last);
      repeatRefusal(Math.min(wait * 2, timers.t2));
    });
  };
  const refuseInvite = (): void => {
    state = 'completed';
    stopTimers();
    repeatRefusal(timers.t1);
    // Timer H
    after(timers.timeoutMs, () => {
      terminate();
      tell(timeouts, undefined);
    });
  };
  const send = (response: SipResponse): void => {
    if (state === 'accepted' && response.status >= 200 && response.status < 300) transmit(response);
    if (answered()) return;
    transmit(response);
    if (response.status < 200) {
      state = 'proceeding';
      stopTimers();
    } else if (!invite) linger('completed', reply.reliable ? 0 : 64 * timers.t1);
    else if (response.status < 300) linger('accepted', 64 * timers.t1);
    else refuseInvite();
  };

  const transaction: ServerTransaction = {
    request,
    flow: parts.flow,
    localTag: parts.localTag,
    get answered() {
      return answered();
    },
    respond: (status, reason, extra = {}) => {
      const tag = status > 100 ? { toTag: parts.localTag } : {};
      const response = createResponse(request, status, reason, { ...extra, ...tag });
      send(response);
      return response;
    },
    send,
    onCancel: listener => void cancels.add(listener),
    onTimeout: listener => void timeouts.add(listener),
  };
  if (invite) after(TRYING_MS, () => transaction.respond(100));

  return {
    transaction,
    repeat: () => {
      // What was accepted is repeated by the user agent alone (RFC 6026 7.1); a confirmed refusal by nobody.
      if (last && (state === 'proceeding' || state === 'completed')) reply.send(last);
    },
    acknowledge: () => {
      if (state === 'completed') {
        // Timer I
        linger('confirmed', reply.reliable ? 0 : timers.t4);
        return true;
      }
      return state === 'confirmed';
    },
    cancel: cancel => {
      if (!answered()) tell(cancels, cancel);
    },
    stop: terminate,
  };
}

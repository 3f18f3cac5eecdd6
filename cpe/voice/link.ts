// The unit's persistent connection to one SIP server (DGW `SipEp.TlsPersistentConnectionStatus`): opened from a local port of its
// own, kept, and opened again after the failback interval. Calls in both directions travel over it.
import type { Clock } from '../../shared/clock.ts';
import { isAbort, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';

/** As the vendor's status table names them. */
export type LinkState = 'Up' | 'Down' | 'WaitingShutdown' | 'WaitingUp';

export interface Link {
  /** As configured. */
  readonly target: Address;
  readonly state: LinkState;
  /** The port it has, had last, or 0. */
  readonly localPort: number;
  readonly flow: Flow | undefined;
  /** Why the last attempt failed or the connection was lost. */
  readonly failure: unknown;
  /** The connection, and a signal that is aborted when it is gone. Rejects when `signal` aborts. */
  whenUp(signal: AbortSignal): Promise<{ flow: Flow; down: AbortSignal }>;
  /** Still up, but about to go. */
  shutDown(): void;
  /** Resolves when the link has ended after `signal` was aborted. */
  readonly done: Promise<void>;
}

/**
 * The local ports to try, in order. Without an interval: from the base upward, each time anew. With one: the ports
 * base..base+interval in a circle, beginning behind the one used last.
 */
export function* localPorts(basePort: number, interval: number, last: number | undefined): Generator<number> {
  if (interval === 0) {
    for (let port = basePort; port <= Math.min(65_535, basePort + 1000); port++) yield port;
    return;
  }
  const size = interval + 1;
  const first = last !== undefined && last >= basePort && last <= basePort + interval ? last - basePort + 1 : 0;
  for (let step = 0; step < size; step++) yield basePort + ((first + step) % size);
}

/** Bind refuses a taken port; connect refuses one whose last connection to that server has not died down yet. */
function portIsTaken(error: unknown): boolean {
  const { code, syscall } = error as { code?: string; syscall?: string };
  return code === 'EADDRINUSE' || (code === 'EADDRNOTAVAIL' && syscall === 'connect');
}

export interface LinkOptions {
  target: Address;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  failbackMs: number;
  /** Candidates for one attempt; [undefined] leaves the choice to the host. */
  ports: (last: number | undefined) => Iterable<number | undefined>;
  lastPort: number | undefined;
  connect: (localPort: number | undefined) => Promise<Flow>;
  onUp: (flow: Flow) => void;
  onChange: () => void;
}

export function startLink(options: LinkOptions): Link {
  const { clock, log, signal, target } = options;
  const waiting = new Set<(up: { flow: Flow; down: AbortSignal }) => void>();
  let state: LinkState = 'Down';
  let localPort = options.lastPort ?? 0;
  let current: { flow: Flow; down: AbortSignal } | undefined;
  let failure: unknown;

  const become = (next: LinkState): void => {
    if (state === next) return;
    state = next;
    options.onChange();
  };

  const open = async (): Promise<Flow> => {
    let refused: unknown = new Error('no local port to try');
    for (const port of options.ports(localPort || undefined)) {
      signal.throwIfAborted();
      try {
        const flow = await options.connect(port);
        localPort = flow.local.port;
        return flow;
      } catch (error) {
        if (!portIsTaken(error)) throw error;
        refused = error;
      }
    }
    throw refused;
  };

  /** One connection from its beginning to its end. */
  const live = async (): Promise<void> => {
    const flow = await open();
    const gone = new AbortController();
    const closed = new Promise<string>(resolve => {
      flow.onClose(reason => {
        gone.abort();
        resolve(reason);
      });
    });
    const stop = (): void => flow.close('the unit stops');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    // Connected and judged; it counts as up once those who wait for it can use it.
    become('WaitingUp');
    if (!flow.closed) {
      current = { flow, down: gone.signal };
      failure = undefined;
      become('Up');
      options.onUp(flow);
      for (const resume of waiting) resume(current);
      waiting.clear();
    }
    const reason = await closed;
    signal.removeEventListener('abort', stop);
    current = undefined;
    failure = new Error(reason);
    log.info('SIP connection lost', { server: `${target.host}:${target.port}`, reason });
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await live();
      } catch (error) {
        if (signal.aborted) break;
        failure = error;
        log.warn('SIP connection failed', { server: `${target.host}:${target.port}`, reason: messageOf(error) });
      }
      become('Down');
      options.onChange();
      // The failback timer starts when the connection drops or fails.
      await clock.sleep(options.failbackMs, signal).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    }
    become('Down');
  };

  return {
    target,
    get state() {
      return state;
    },
    get localPort() {
      return localPort;
    },
    get flow() {
      return current?.flow;
    },
    get failure() {
      return failure;
    },
    whenUp: stopped =>
      new Promise((resolve, reject) => {
        if (stopped.aborted) return reject(stopped.reason);
        if (current) return resolve(current);
        const resume = (up: { flow: Flow; down: AbortSignal }): void => {
          stopped.removeEventListener('abort', giveUp);
          resolve(up);
        };
        const giveUp = (): void => {
          waiting.delete(resume);
          reject(stopped.reason);
        };
        waiting.add(resume);
        stopped.addEventListener('abort', giveUp, { once: true });
      }),
    shutDown: () => {
      if (state === 'Up') become('WaitingShutdown');
    },
    // Not before the caller holds the link that it is told about.
    done: Promise.resolve().then(run),
  };
}

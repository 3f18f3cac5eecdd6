// The unit's persistent connection to one SIP server (DGW `SipEp.TlsPersistentConnectionStatus`): opened from a local port of
// its own, kept, and opened again after the failback interval. It carries calls in both directions.
import { sleepOrAbort } from '../../../shared/abort.ts';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { type Address, addressText, type Flow } from '../../../shared/sip/flow-types.ts';
import type { LinkNotices } from './link-notices.ts';
import { connectFrom } from './local-ports.ts';

/** As the vendor's status table names them. */
export type LinkState = 'Up' | 'Down' | 'WaitingShutdown' | 'WaitingUp';

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
  notices: Pick<LinkNotices, 'connecting' | 'up' | 'failed' | 'lost'>;
  onChange: () => void;
}

interface Connection {
  flow: Flow;
  /** Aborted when the connection is gone. */
  down: AbortSignal;
}

export interface Link {
  /** As configured. */
  readonly target: Address;
  readonly state: LinkState;
  /** The port it has, had last, or 0. */
  readonly localPort: number;
  readonly flow: Flow | undefined;
  /** Why the last attempt failed or the connection was lost. */
  readonly failure: unknown;
  /** Resolves with the connection once it is up. Rejects when `signal` aborts. */
  whenUp(signal: AbortSignal): Promise<Connection>;
  /** Still up, but about to go. */
  shutDown(): void;
  /** Resolves when the link has ended after `signal` was aborted. */
  readonly done: Promise<void>;
}

/** Connects from its construction until `signal` aborts. */
export class PersistentLink implements Link {
  readonly target: Address;
  readonly done: Promise<void>;
  state: LinkState = 'Down';
  localPort: number;
  failure: unknown;
  readonly #options: LinkOptions;
  readonly #connection = new ConnectionSlot();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.target = options.target;
    this.localPort = options.lastPort ?? 0;
    // The first callback must not come before the caller holds the link.
    this.done = Promise.resolve().then(() => this.#run());
  }

  get flow(): Flow | undefined {
    return this.#connection.current?.flow;
  }

  whenUp(signal: AbortSignal): Promise<Connection> {
    return this.#connection.whenUp(signal);
  }

  shutDown(): void {
    if (this.state === 'Up') this.#enter('WaitingShutdown');
  }

  #enter(next: LinkState): void {
    if (this.state === next) return;
    this.state = next;
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    const { clock, log, signal, failbackMs, onChange } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#connectOnce();
      } catch (error) {
        if (signal.aborted) break;
        this.failure = error;
        log.warn('SIP connection failed', { server: addressText(this.target), reason: messageOf(error) });
        this.#options.notices.failed(error);
      }
      this.#enter('Down');
      onChange();
      // The failback timer starts when the connection drops or fails.
      await sleepOrAbort(clock, failbackMs, signal);
    }
    this.#enter('Down');
  }

  /** One connection from its beginning to its end. */
  async #connectOnce(): Promise<void> {
    const { ports, connect, signal, log, notices } = this.#options;
    notices.connecting();
    const flow = await connectFrom(ports(this.localPort || undefined), connect, signal);
    this.localPort = flow.local.port;
    const { down, closed } = watch(flow, signal);
    // Connected and negotiated; it counts as up once its users can have it.
    this.#enter('WaitingUp');
    if (!flow.closed) {
      const connection = { flow, down };
      this.#connection.current = connection;
      this.failure = undefined;
      this.#enter('Up');
      notices.up(flow);
      this.#connection.release(connection);
    }
    const reason = await closed;
    this.#connection.current = undefined;
    this.failure = new Error(reason);
    log.info('SIP connection lost', { server: addressText(this.target), reason });
    if (!signal.aborted) notices.lost(reason);
  }
}

/** The connection of a link while it is up, and the callers that wait for it. */
class ConnectionSlot {
  readonly #waiting = new Set<(connection: Connection) => void>();
  current: Connection | undefined;

  whenUp(signal: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.current) return resolve(this.current);
      const resume = (connection: Connection): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(connection);
      };
      const giveUp = (): void => {
        this.#waiting.delete(resume);
        reject(signal.reason);
      };
      this.#waiting.add(resume);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  release(connection: Connection): void {
    for (const resume of this.#waiting) resume(connection);
    this.#waiting.clear();
  }
}

/** Closes the flow when `signal` aborts; `closed` resolves with the reason when it is gone. */
function watch(flow: Flow, signal: AbortSignal): { down: AbortSignal; closed: Promise<string> } {
  const gone = new AbortController();
  const stop = (): void => flow.close('the unit stops');
  const closed = new Promise<string>(resolve => {
    flow.onClose(reason => {
      signal.removeEventListener('abort', stop);
      gone.abort();
      resolve(reason);
    });
  });
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return { down: gone.signal, closed };
}

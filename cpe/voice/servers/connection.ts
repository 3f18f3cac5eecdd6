// One connection of a link from its beginning to its end, and the place where the users of the link wait for it.

import type { Target } from '../../../shared/dns/locate.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';

/** A connection as its users see it. */
export interface Connection {
  flow: Flow;
  /** Aborted when the connection is gone, or another has taken its place. */
  down: AbortSignal;
}

/** A flow to one target, closed when `signal` aborts. */
export class OpenConnection implements Connection {
  readonly flow: Flow;
  readonly target: Target;
  /** Resolves with the reason when the flow is gone. */
  readonly closed: Promise<string>;
  readonly #gone = new AbortController();
  #forget: () => void = () => undefined;

  constructor(flow: Flow, target: Target, signal: AbortSignal) {
    this.flow = flow;
    this.target = target;
    const stop = (): void => flow.close('the unit stops');
    this.closed = new Promise<string>(resolve => {
      const unlisten = flow.onClose(reason => {
        signal.removeEventListener('abort', stop);
        this.#gone.abort();
        resolve(reason);
      });
      this.#forget = () => {
        unlisten();
        signal.removeEventListener('abort', stop);
      };
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  }

  get down(): AbortSignal {
    return this.#gone.signal;
  }

  /** Its users go to another connection; the flow stays for the calls that it carries. */
  leave(): void {
    this.#gone.abort();
    // Over UDP the same flow serves again, as often as its target is gone back to.
    if (!this.flow.reliable) this.#forget();
  }
}

/** The connection of a link while it is up, and the callers that wait for it. */
export class ConnectionSlot {
  readonly #waiting = new Set<(connection: Connection) => void>();
  current: OpenConnection | undefined;

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

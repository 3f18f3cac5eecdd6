// The life of a link: one connection after the other until the unit stops.
import { sleepOrAbort } from '../../../shared/abort.ts';
import type { Candidates } from './candidates.ts';
import { OpenConnection } from './connection.ts';
import type { LinkOptions } from './link-options.ts';
import type { LinkStatus } from './link-status.ts';
import type { Opener } from './opener.ts';

const LEFT = Symbol('left');

export class LinkService {
  readonly #options: LinkOptions;
  readonly #candidates: Candidates;
  readonly #opener: Opener;
  readonly #status: LinkStatus;
  #leave: (() => void) | undefined;

  constructor(options: LinkOptions, candidates: Candidates, opener: Opener, status: LinkStatus) {
    this.#options = options;
    this.#candidates = candidates;
    this.#opener = opener;
    this.#status = status;
  }

  /** Ends the service of the current target, in favour of another. */
  leave(): void {
    this.#leave?.();
  }

  async run(): Promise<void> {
    const { clock, signal, failbackMs } = this.#options;
    while (!signal.aborted) {
      const first = await this.#opener.open();
      const last = first && (await this.#serve(first));
      if (signal.aborted) break;
      this.#status.down();
      // The failback timer starts when the connection drops or fails; another target needs none.
      if (!last || !this.#candidates.hasOther(last.target)) await sleepOrAbort(clock, failbackMs, signal);
    }
    this.#status.enter('Down');
  }

  /** One connection, and those that take its place, until there is none left. @returns the last */
  async #serve(first: OpenConnection): Promise<OpenConnection> {
    for (let connection = first; ; ) {
      this.#status.opened(connection);
      const better = await this.#untilEnd(connection);
      if (!better) return connection;
      void this.#opener.retire(connection);
      connection = better;
    }
  }

  /** Resolves when the connection is lost or left, or with one to a target that comes before it. */
  async #untilEnd(connection: OpenConnection): Promise<OpenConnection | undefined> {
    const over = new AbortController();
    const left = new Promise<typeof LEFT>(resolve => {
      this.#leave = () => resolve(LEFT);
    });
    const better = this.#candidates.isFirst(connection.target) ? [] : [this.#opener.better(connection, over.signal)];
    const end = await Promise.race([connection.closed, left, ...better]);
    over.abort();
    if (end instanceof OpenConnection) return end;
    if (end === LEFT) void this.#opener.retire(connection);
    else {
      this.#candidates.hold(connection.target);
      this.#status.lost(end ?? '');
    }
    return undefined;
  }
}

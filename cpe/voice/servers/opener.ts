// The opening of a link's connections: to the first target that can be reached, back to a better one, and the end of one replaced.
import { sleepOrAbort } from '../../../shared/abort.ts';
import type { Target } from '../../../shared/dns/locate.ts';
import { isAbort, messageOf } from '../../../shared/errors.ts';
import { addressText, type Flow } from '../../../shared/sip/flow-types.ts';
import type { Candidates } from './candidates.ts';
import { OpenConnection } from './connection.ts';
import type { LinkOptions } from './link-options.ts';
import { connectFrom } from './local-ports.ts';

/** Time between two looks whether calls still need a connection that was replaced. */
const BUSY_MS = 1000;

export class Opener {
  readonly #options: LinkOptions;
  readonly #candidates: Candidates;
  readonly #onFailure: (error: unknown) => void;
  /** The port used last, or 0. */
  localPort: number;

  /** @param onFailure receives the reason of each failed attempt */
  constructor(options: LinkOptions, candidates: Candidates, onFailure: (error: unknown) => void) {
    this.#options = options;
    this.#candidates = candidates;
    this.#onFailure = onFailure;
    this.localPort = options.lastPort ?? 0;
  }

  /** A connection to the first target that can be reached; undefined where there is none. */
  async open(): Promise<OpenConnection | undefined> {
    const { notices, signal } = this.#options;
    notices.connecting();
    try {
      const targets = await this.#candidates.find();
      return await this.#openAny(targets, signal, (error, target) => this.#failed(error, target));
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      return undefined;
    }
  }

  /** Tries the targets before that of the connection, at each end of the failback interval, until one can be reached. */
  async better({ target }: OpenConnection, signal: AbortSignal): Promise<OpenConnection | undefined> {
    while (!signal.aborted) {
      await sleepOrAbort(this.#options.clock, this.#options.failbackMs, signal);
      if (signal.aborted) break;
      const found = await this.#openAny(this.#candidates.before(target), signal);
      if (found && !signal.aborted) return found;
      found?.flow.close('not needed');
    }
    return undefined;
  }

  /** Closes a connection that another has replaced once no call needs it. */
  async retire(connection: OpenConnection): Promise<void> {
    const { clock, isBusy, signal } = this.#options;
    connection.leave();
    if (!connection.flow.reliable) return;
    while (!signal.aborted && !connection.flow.closed && isBusy(connection.flow))
      await sleepOrAbort(clock, BUSY_MS, signal);
    connection.flow.close('another server took over');
  }

  async #openAny(
    targets: readonly Target[],
    signal: AbortSignal,
    onFailure?: (error: unknown, target: Target) => void,
  ): Promise<OpenConnection | undefined> {
    const { ports, connect } = this.#options;
    for (const target of targets) {
      try {
        const attempt = (port: number | undefined): Promise<Flow> => connect(target, port, signal);
        const flow = await connectFrom(ports(this.localPort || undefined), attempt, signal);
        this.localPort = flow.local.port;
        return new OpenConnection(flow, target, this.#options.signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return undefined;
        this.#candidates.hold(target);
        onFailure?.(error, target);
      }
    }
    return undefined;
  }

  #failed(error: unknown, target?: Target): void {
    const { log, notices } = this.#options;
    const at = target && { address: target.address, port: target.port };
    log.warn('SIP connection failed', { server: addressText(this.#options.target), ...at, reason: messageOf(error) });
    notices.failed(error);
    this.#onFailure(error);
  }
}

// The state of a link as the unit's table shows it, its current connection, and the callers that wait for one.
import { addressText } from '../../../shared/sip/flow-types.ts';
import { type Connection, ConnectionSlot, type OpenConnection } from './connection.ts';
import type { LinkOptions } from './link-options.ts';

/** As the vendor's status table names them. */
export type LinkState = 'Up' | 'Down' | 'WaitingShutdown' | 'WaitingUp';

export class LinkStatus {
  state: LinkState = 'Down';
  /** Why the last attempt failed or the connection was lost. */
  failure: unknown;
  readonly #options: LinkOptions;
  readonly #slot = new ConnectionSlot();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get current(): OpenConnection | undefined {
    return this.#slot.current;
  }

  whenUp(signal: AbortSignal): Promise<Connection> {
    return this.#slot.whenUp(signal);
  }

  enter(next: LinkState): void {
    if (this.state === next) return;
    this.state = next;
    this.#options.onChange();
  }

  /** Connected and negotiated; it counts as up once its users can have it. */
  opened(connection: OpenConnection): void {
    this.enter('WaitingUp');
    if (connection.flow.closed) return;
    this.#slot.current = connection;
    this.failure = undefined;
    this.enter('Up');
    this.#options.notices.up(connection.flow);
    this.#slot.release(connection);
  }

  failed(error: unknown): void {
    this.failure = error;
  }

  /** The connection was given up in favour of another. */
  left(): void {
    this.#slot.current = undefined;
  }

  lost(reason: string): void {
    const { log, notices, signal, target } = this.#options;
    this.#slot.current = undefined;
    this.failure = new Error(reason);
    log.info('SIP connection lost', { server: addressText(target), reason });
    if (!signal.aborted) notices.lost(reason);
  }

  down(): void {
    this.enter('Down');
    this.#options.onChange();
  }

  shutDown(): void {
    if (this.state === 'Up') this.enter('WaitingShutdown');
  }
}

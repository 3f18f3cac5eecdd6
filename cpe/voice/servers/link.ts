// The unit's persistent connection to one SIP server (DGW `SipEp.TlsPersistentConnectionStatus`): opened from a local port of
// its own, kept, and opened again after the failback interval. Where DNS names several targets, the next one takes over at once, and
// the first one again once it is back. The connection carries calls in both directions.
import { type Address, addressText, type Flow } from '../../../shared/sip/flow-types.ts';
import { Candidates } from './candidates.ts';
import type { Connection } from './connection.ts';
import type { LinkOptions } from './link-options.ts';
import { LinkService } from './link-service.ts';
import { type LinkState, LinkStatus } from './link-status.ts';
import { Opener } from './opener.ts';

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
  /**
   * The target at the other end of the flow does not serve as it should.
   * @returns true when another target takes over; false where there is none
   */
  failOver(flow: Flow, reason: string): boolean;
  /** Still up, but about to go. */
  shutDown(): void;
  /** Resolves when the link has ended after `signal` was aborted. */
  readonly done: Promise<void>;
}

/** Connects from its construction until `signal` aborts. */
export class PersistentLink implements Link {
  readonly target: Address;
  readonly done: Promise<void>;
  readonly #options: LinkOptions;
  readonly #candidates: Candidates;
  readonly #opener: Opener;
  readonly #status: LinkStatus;
  readonly #service: LinkService;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.target = options.target;
    this.#candidates = new Candidates(options);
    this.#status = new LinkStatus(options);
    this.#opener = new Opener(options, this.#candidates, error => this.#status.failed(error));
    this.#service = new LinkService(options, this.#candidates, this.#opener, this.#status);
    // The first callback must not come before the caller holds the link.
    this.done = Promise.resolve().then(() => this.#service.run());
  }

  get state(): LinkState {
    return this.#status.state;
  }

  get failure(): unknown {
    return this.#status.failure;
  }

  get localPort(): number {
    return this.#opener.localPort;
  }

  get flow(): Flow | undefined {
    return this.#status.current?.flow;
  }

  whenUp(signal: AbortSignal): Promise<Connection> {
    return this.#status.whenUp(signal);
  }

  failOver(flow: Flow, reason: string): boolean {
    const { current } = this.#status;
    // Another caller has said so before, or the connection is lost.
    if (current?.flow !== flow) return this.#candidates.hasOther(undefined);
    if (!this.#candidates.hasOther(current.target)) return false;
    const { address, port } = current.target;
    this.#options.log.warn('SIP server replaced', { server: addressText(this.target), address, port, reason });
    this.#candidates.hold(current.target);
    this.#status.left();
    this.#service.leave();
    return true;
  }

  shutDown(): void {
    this.#status.shutDown();
  }
}

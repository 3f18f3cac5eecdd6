// One call that is routed through the gatekeeper (H.323 8.1.2): two sides, each with a call reference of its own. Messages pass
// as they came, with tunnelled H.245 and addresses in them; only the reference changes.
import type { Clock } from '../../../shared/clock.ts';
import type { Endpoint } from '../gatekeeper/endpoints.ts';
import type { CallMessage } from '../messages.ts';
import type { Leg, SignallingConnection } from '../transport/connection.ts';
import { type CallEnd, CallProgress, type CallState } from './progress.ts';
import { releaseComplete } from './release.ts';

export interface Side {
  readonly connection: SignallingConnection;
  readonly reference: number;
  /** We chose the reference: the call goes out on that side. */
  readonly isOurs: boolean;
  /** Absent for the other side of a route. */
  readonly endpoint: Endpoint | undefined;
}

export interface CallFacts {
  readonly from: string;
  readonly to: string;
  /** Call identifier in hexadecimal. */
  readonly guid: string;
}

const lost: CallEnd = { cause: 41, why: 'connection lost' };

export class RoutedCall {
  readonly facts: CallFacts;
  readonly since: number;
  readonly caller: Side;
  #callee: Side | undefined;
  readonly #progress: CallProgress;
  readonly #ended: (call: RoutedCall, end: CallEnd) => void;

  /** @param ended called once */
  constructor(
    facts: CallFacts,
    caller: Side,
    { clock, ended }: { clock: Clock; ended: (call: RoutedCall, end: CallEnd) => void },
  ) {
    this.facts = facts;
    this.caller = caller;
    this.since = clock.now();
    this.#progress = new CallProgress(clock, end => this.end(end));
    this.#ended = ended;
    caller.connection.attach(caller.reference, caller.isOurs, this.#legOf(caller));
  }

  get state(): CallState {
    return this.#progress.state;
  }

  get callee(): Side | undefined {
    return this.#callee;
  }

  /** Both sides run over TLS. */
  get isSecure(): boolean {
    return this.caller.connection.protocol === 'tls' && this.#callee?.connection.protocol === 'tls';
  }

  /** Between endpoints that are registered here. */
  get isDirect(): boolean {
    return this.caller.endpoint !== undefined && (this.#callee === undefined || this.#callee.endpoint !== undefined);
  }

  /** Sends Setup to the called side. */
  offer(callee: Side, setup: Buffer): void {
    this.#callee = callee;
    callee.connection.attach(callee.reference, callee.isOurs, this.#legOf(callee));
    callee.connection.send(setup);
    this.#progress.offered();
  }

  /** Releases both sides, but for one that has released the call itself. */
  end(end: CallEnd, { by, packet }: { by?: Side; packet?: Buffer } = {}): void {
    if (!this.#progress.end()) return;
    for (const side of [this.caller, this.#callee]) {
      if (!side) continue;
      const { connection, reference, isOurs } = side;
      if (side !== by)
        connection.send(packet ? renumbered(packet, side) : releaseComplete(side, { ...end, guid: this.facts.guid }));
      connection.detach(reference, isOurs);
    }
    this.#ended(this, end);
  }

  #legOf(side: Side): Leg {
    return {
      received: (message, packet) => this.#pass(side, message, packet),
      lost: () => this.end(lost, { by: side }),
    };
  }

  #pass(from: Side, message: CallMessage, packet: Buffer): void {
    const to = from === this.caller ? this.#callee : this.caller;
    if (message.type === 'releaseComplete') {
      const why = from === this.caller ? 'released by the caller' : 'released by the callee';
      this.end({ cause: message.cause ?? 16, why }, { by: from, packet });
      return;
    }
    if (message.type === 'setup' || !to) return;
    if (from !== this.caller) this.#progress.moved(message.type);
    to.connection.send(renumbered(packet, to));
  }
}

/** The message with the call reference of that side; its flag says that the called side sends it. */
function renumbered(packet: Buffer, { reference, isOurs }: Pick<Side, 'reference' | 'isOurs'>): Buffer {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(reference | (isOurs ? 0 : 0x8000), 2);
  return copy;
}

// The links that this process has opened to other members, one to each, on first use.
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import type { Link } from './link.ts';

export interface OutgoingOptions {
  clock: Clock;
  /** A member that is known from the start. */
  known?: { member: string; address: string };
  open(socket: Socket, member: string, closed: () => void): Promise<Link>;
}

/** The time within which a connection must be there. */
const DIAL_MS = 3_000;

export class OutgoingLinks {
  /** Finds the addresses of members; undefined for a member that is gone. */
  addressOf: (member: string) => string | undefined = () => undefined;
  readonly #options: OutgoingOptions;
  readonly #links = new Map<string, Promise<Link>>();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** @throws Error when the member is gone or cannot be reached */
  async to(member: string): Promise<Link> {
    return await (this.#links.get(member) ?? this.#dial(member));
  }

  keepOnly(members: readonly string[]): void {
    for (const [member, opening] of this.#links) {
      if (members.includes(member) || member === this.#options.known?.member) continue;
      this.#links.delete(member);
      void opening.then(link => link.close()).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    for (const opening of [...this.#links.values()]) await opening.then(link => link.close()).catch(() => undefined);
  }

  async #dial(member: string): Promise<Link> {
    const { known, clock, open } = this.#options;
    const address = known?.member === member ? known.address : this.addressOf(member);
    if (address === undefined) throw new Error(`${member} is gone`);
    const socket = connect(endpointOf(address));
    const timer = clock.after(DIAL_MS, () => socket.destroy(new Error('no connection')));
    socket.once('connect', () => timer.cancel());
    const forget = (): void => {
      timer.cancel();
      if (this.#links.get(member) === opening) this.#links.delete(member);
    };
    const opening = open(socket, member, forget);
    this.#links.set(member, opening);
    return await opening;
  }
}

function endpointOf(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

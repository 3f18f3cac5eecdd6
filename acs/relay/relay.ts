// Calls between the processes of a cluster, over one connection in each direction, opened on first use: on loopback within a machine,
// at the addresses of --relay between machines.
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { RelayCall, RelayCalls } from './calls.ts';
import { type Link, openLink } from './link.ts';
import { OutgoingLinks } from './outgoing-links.ts';

export interface Relay {
  /** The member id of this process, and the `host:port` at which the others reach it. */
  readonly self: string;
  readonly address: string;
  /** @throws what the other process throws, or an Error when it cannot be asked */
  call<N extends RelayCall>(
    member: string,
    what: N,
    args: RelayCalls[N]['args'],
    ms?: number,
  ): Promise<RelayCalls[N]['result']>;
  /** Calls without waiting for an answer; a message that cannot be sent is lost. */
  tell<N extends RelayCall>(member: string, what: N, args: RelayCalls[N]['args']): void;
  /** Sets what this process does when it is called. */
  serve<N extends RelayCall>(
    what: N,
    answer: (args: RelayCalls[N]['args'], from: string) => Promise<RelayCalls[N]['result']>,
  ): void;
  /** Sets how the addresses of members are found; undefined for a member that is gone. */
  reach(addressOf: (member: string) => string | undefined): void;
  /** Closes the connections to all other members. */
  keepOnly(members: readonly string[]): void;
  close(): Promise<void>;
}

export interface RelayOptions {
  self: string;
  /** The address to listen at; default: loopback and any port. */
  listen?: { host: string; port: number };
  /** Shared by all processes of the cluster. */
  key: Buffer;
  clock: Clock;
  random: Random;
  log: Log;
  /** A member that is known from the start: the primary of a worker. */
  known?: { member: string; address: string };
}

const CALL_MS = 10_000;
/** A member has one connection to each other. */
const MAX_CONNECTIONS = 2_000;

/** @throws what listening throws */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const connections = new RelayConnections(options);
  await connections.listen();
  return connections;
}

type AnswerAny = (args: never, from: string) => Promise<unknown>;

class RelayConnections implements Relay {
  readonly self: string;
  address = '';
  readonly #options: RelayOptions;
  readonly #answers = new Map<string, AnswerAny>();
  readonly #outgoing: OutgoingLinks;
  readonly #incoming = new Set<Socket>();
  readonly #server: Server;

  constructor(options: RelayOptions) {
    this.self = options.self;
    this.#options = options;
    const open = (socket: Socket, member: string, closed: () => void) => this.#open(socket, member, closed);
    this.#outgoing = new OutgoingLinks({ ...options, open });
    this.#server = createServer(socket => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options.listen ?? { host: '127.0.0.1', port: 0 };
    const bound = await listening(this.#server, host, port);
    this.address = `${host.includes(':') ? `[${host}]` : host}:${bound}`;
  }

  async call<N extends RelayCall>(member: string, what: N, args: RelayCalls[N]['args'], ms = CALL_MS) {
    return (await (await this.#outgoing.to(member)).call(what, args, ms)) as RelayCalls[N]['result'];
  }

  tell<N extends RelayCall>(member: string, what: N, args: RelayCalls[N]['args']): void {
    this.#outgoing.to(member).then(
      link => link.tell(what, args),
      error => this.#options.log.debug('relay message not sent', { member, what, reason: String(error) }),
    );
  }

  serve<N extends RelayCall>(
    what: N,
    answer: (args: RelayCalls[N]['args'], from: string) => Promise<RelayCalls[N]['result']>,
  ): void {
    this.#answers.set(what, answer);
  }

  reach(addressOf: (member: string) => string | undefined): void {
    this.#outgoing.addressOf = addressOf;
  }

  keepOnly(members: readonly string[]): void {
    this.#outgoing.keepOnly(members);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    await this.#outgoing.close();
    for (const socket of this.#incoming) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#incoming.add(socket);
    this.#open(socket, undefined, () => this.#incoming.delete(socket)).catch(error =>
      this.#options.log.warn('relay connection refused', { address: socket.remoteAddress, reason: String(error) }),
    );
  }

  #open(socket: Socket, to: string | undefined, closed: () => void): Promise<Link> {
    const answer = async (what: string, data: unknown, from: string): Promise<unknown> => {
      const found = this.#answers.get(what);
      if (!found) throw new Error(`${this.self} has no call '${what}'`);
      return await found(data as never, from);
    };
    return openLink(socket, to, { ...this.#options, answer, closed });
  }
}

/** `exclusive`: the port is not shared with other workers of node:cluster. @returns the port */
function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve((server.address() as { port: number }).port);
    });
  });
}

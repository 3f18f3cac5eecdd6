// Calls between the processes of a cluster, over one connection in each direction, opened on first use: on loopback within a machine,
// at the addresses of --relay between machines.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { RelayCall, RelayCalls } from './calls.ts';
import { type Link, openLink } from './link.ts';

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
const DIAL_MS = 3_000;
/** A member has one connection to each other. */
const MAX_CONNECTIONS = 2_000;

/** @throws what listening throws */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { self, clock, log } = options;
  const answers = new Map<string, (args: never, from: string) => Promise<unknown>>();
  let addressOf: (member: string) => string | undefined = () => undefined;
  const links = new Map<string, Promise<Link>>();
  const incoming = new Set<Socket>();

  const answer = async (what: string, data: unknown, from: string): Promise<unknown> => {
    const found = answers.get(what);
    if (!found) throw new Error(`${self} has no call '${what}'`);
    return await found(data as never, from);
  };
  const server = createServer(socket => {
    incoming.add(socket);
    openLink(socket, undefined, { ...options, answer, closed: () => incoming.delete(socket) }).catch(error =>
      log.warn('relay connection refused', { address: socket.remoteAddress, reason: String(error) }),
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  const { host, port } = options.listen ?? { host: '127.0.0.1', port: 0 };
  const bound = await listening(server, host, port);

  const dial = async (member: string): Promise<Link> => {
    const { known } = options;
    const address = known?.member === member ? known.address : addressOf(member);
    if (address === undefined) throw new Error(`${member} is gone`);
    const socket = connect(endpointOf(address));
    const timer = clock.after(DIAL_MS, () => socket.destroy(new Error('no connection')));
    socket.once('connect', () => timer.cancel());
    const forget = (): void => {
      timer.cancel();
      if (links.get(member) === opening) links.delete(member);
    };
    const opening = openLink(socket, member, { ...options, answer, closed: forget });
    links.set(member, opening);
    return await opening;
  };
  const linkTo = async (member: string): Promise<Link> => await (links.get(member) ?? dial(member));

  return {
    self,
    address: `${host.includes(':') ? `[${host}]` : host}:${bound}`,
    call: async (member, what, args, ms = CALL_MS) =>
      (await (await linkTo(member)).call(what, args, ms)) as RelayCalls[typeof what]['result'],
    tell: (member, what, args) => {
      linkTo(member).then(
        link => link.tell(what, args),
        error => log.debug('relay message not sent', { member, what, reason: String(error) }),
      );
    },
    serve: (what, given) => {
      answers.set(what, given as (args: never, from: string) => Promise<unknown>);
    },
    reach: given => {
      addressOf = given;
    },
    keepOnly: members => {
      for (const [member, opening] of links) {
        if (members.includes(member) || member === options.known?.member) continue;
        links.delete(member);
        void opening.then(link => link.close()).catch(() => undefined);
      }
    },
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const opening of [...links.values()]) await opening.then(link => link.close()).catch(() => undefined);
      for (const socket of incoming) socket.destroy();
      await closed;
    },
  };
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

function endpointOf(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

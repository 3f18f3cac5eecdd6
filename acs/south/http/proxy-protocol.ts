// Connections from load balancers that pass TCP through: each begins with a PROXY header, which names the CPE's address. The header is
// taken off, the rest is served as ever, and the address of the connection becomes the CPE's.
import { type BlockList, isIP, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { readProxyHeader } from '../../../shared/net/proxy-protocol.ts';
import { ThrottledLog } from '../../../shared/throttled-log.ts';

/** A load balancer sends the header at once. */
const HEADER_TIMEOUT_MS = 10_000;

interface Source {
  address: string;
  port: number;
}

/**
 * @param proxies whose connections begin with a header; all others are served as they are
 * @returns for a server that closes: ends the connections whose header is missing, and those that open later
 */
export function expectProxyHeader(
  server: Server,
  proxies: BlockList,
  { clock, log }: { clock: Clock; log: Log },
): () => void {
  const proxied = new ProxiedConnections(server, proxies, clock, log);
  return () => proxied.close();
}

/** Holds back each connection of a proxy from the server until its PROXY header is read. */
class ProxiedConnections {
  readonly #server: Server;
  readonly #proxies: BlockList;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #throttled: ThrottledLog;
  readonly #serve: ((socket: Socket) => void)[];
  /** The sources of open connections, by the proxy's end of each. */
  readonly #sources = new Map<string, Source>();
  /** Connections whose header has not come yet. */
  readonly #silent = new Set<Socket>();
  #isClosing = false;
  #refused = 0;

  constructor(server: Server, proxies: BlockList, clock: Clock, log: Log) {
    this.#server = server;
    this.#proxies = proxies;
    this.#clock = clock;
    this.#log = log;
    this.#throttled = new ThrottledLog(clock);
    this.#serve = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.#connected(socket));
    // TLS makes its own socket over the connection.
    server.prependListener('secureConnection', (socket: Socket) => {
      const source = this.#sources.get(proxyEnd(socket));
      if (source) setSource(socket, source);
    });
  }

  close(): void {
    this.#isClosing = true;
    for (const socket of this.#silent) socket.destroy();
  }

  #connected(socket: Socket): void {
    if (!isIn(this.#proxies, socket)) {
      this.#pass(socket);
      return;
    }
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    this.#silent.add(socket);
    const end = proxyEnd(socket);
    takeHeader(socket, this.#clock)
      .finally(() => this.#silent.delete(socket))
      .then(
        source => this.#admit(socket, end, source),
        (error: Error) => this.#refuse(socket, error.message),
      );
  }

  #admit(socket: Socket, end: string, source: Source | 'closed' | undefined): void {
    if (source === 'closed') {
      socket.destroy();
      return;
    }
    if (source) {
      this.#sources.set(end, source);
      socket.once('close', () => this.#sources.delete(end));
      setSource(socket, source);
    }
    this.#pass(socket);
  }

  #pass(socket: Socket): void {
    for (const listener of this.#serve) listener.call(this.#server, socket);
  }

  #refuse(socket: Socket, reason: string): void {
    const refused = ++this.#refused;
    this.#throttled.write(() =>
      this.#log.warn('proxy connection refused', { address: socket.remoteAddress, reason, refused }),
    );
    socket.destroy();
  }
}

const isIn = (networks: BlockList, { remoteAddress = '' }: Socket): boolean =>
  isIP(remoteAddress) > 0 && networks.check(remoteAddress, remoteAddress.includes(':') ? 'ipv6' : 'ipv4');

const proxyEnd = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function setSource(socket: Socket, { address, port }: Source): void {
  Object.defineProperties(socket, {
    remoteAddress: { value: address },
    remotePort: { value: port },
    remoteFamily: { value: address.includes(':') ? 'IPv6' : 'IPv4' },
  });
}

/**
 * Takes the header off a connection.
 * @returns its source; undefined where the header names none; `closed` where the proxy closed without a byte, as health checks do
 * @throws Error naming what is wrong with the header
 */
function takeHeader(socket: Socket, clock: Clock): Promise<Source | 'closed' | undefined> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const end = (settle: () => void): void => {
      timer.cancel();
      socket.off('readable', onReadable).off('end', onClose).off('close', onClose).off('error', onClose);
      settle();
    };
    const fail = (reason: string): void => end(() => reject(new Error(reason)));
    const onClose = (): void => {
      if (bytes.length > 0) fail('closed before its PROXY header');
      else end(() => resolve('closed'));
    };
    const onReadable = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (!chunk) return;
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const header = readProxyHeader(bytes);
        if (header.state === 'more') return;
        end(() => {
          if (header.length < bytes.length) socket.unshift(bytes.subarray(header.length));
          resolve(header.source);
        });
      } catch (error) {
        fail((error as Error).message);
      }
    };
    const timer = clock.after(HEADER_TIMEOUT_MS, () => fail('no PROXY header came'));
    socket.on('readable', onReadable).on('end', onClose).on('close', onClose).on('error', onClose);
  });
}

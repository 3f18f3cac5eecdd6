// Behind a load balancer that hands TCP connections on, TLS unopened: the first that comes is its word on whose connection it is. What is
// behind the header is served as ever, and the connection's address is the CPE's.
import { type BlockList, isIP, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { readProxyHeader } from '../../../shared/net/proxy-protocol.ts';
import { ThrottledLog } from '../../../shared/throttled-log.ts';

/** A load balancer says it at once. */
const PATIENCE_MS = 10_000;

interface Source {
  address: string;
  port: number;
}

/**
 * @param proxies whose connections begin with a header; all others are served as they come
 * @returns ends those whose header has not come, and each that comes from then on: the server closes
 */
export function expectProxyHeader(
  server: Server,
  proxies: BlockList,
  { clock, log }: { clock: Clock; log: Log },
): () => void {
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const isProxy = ({ remoteAddress = '' }: Socket): boolean =>
    isIP(remoteAddress) > 0 && proxies.check(remoteAddress, remoteAddress.includes(':') ? 'ipv6' : 'ipv4');
  const told = new Map<string, Source>();
  const silent = new Set<Socket>();
  let isClosing = false;
  let refused = 0;
  const throttled = new ThrottledLog(clock);

  const refuse = (socket: Socket, reason: string): void => {
    refused++;
    throttled.write(() =>
      log.warn('a connection of a proxy was refused', { address: socket.remoteAddress, reason, refused }),
    );
    socket.destroy();
  };

  server.on('connection', (socket: Socket) => {
    const go = (): void => {
      for (const listener of serve) listener.call(server, socket);
    };
    if (!isProxy(socket)) {
      go();
      return;
    }
    if (isClosing) {
      socket.destroy();
      return;
    }
    const key = endOf(socket);
    silent.add(socket);
    readFirst(socket, clock)
      .finally(() => silent.delete(socket))
      .then(
        source => {
          if (source === 'left') {
            socket.destroy();
            return;
          }
          if (source) {
            told.set(key, source);
            socket.once('close', () => told.delete(key));
            comesFrom(socket, source);
          }
          go();
        },
        (error: Error) => refuse(socket, error.message),
      );
  });
  // TLS makes a socket of its own over the connection.
  server.prependListener('secureConnection', (socket: Socket) => {
    const source = told.get(endOf(socket));
    if (source) comesFrom(socket, source);
  });
  return () => {
    isClosing = true;
    for (const socket of silent) socket.destroy();
  };
}

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function comesFrom(socket: Socket, { address, port }: Source): void {
  Object.defineProperties(socket, {
    remoteAddress: { value: address },
    remotePort: { value: port },
    remoteFamily: { value: address.includes(':') ? 'IPv6' : 'IPv4' },
  });
}

/**
 * @returns what the header says, once it is off the connection; undefined where it says nothing; `left` where the proxy went without a
 * byte, as one does that only looks whether somebody is there
 * @throws Error with why there is none
 */
function readFirst(socket: Socket, clock: Clock): Promise<Source | 'left' | undefined> {
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
      else end(() => resolve('left'));
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
    const timer = clock.after(PATIENCE_MS, () => fail('no PROXY header came'));
    socket.on('readable', onReadable).on('end', onClose).on('close', onClose).on('error', onClose);
  });
}

// UDP sockets: one function binds them all, so that none is left open when the bind fails; one sends and one listens, and neither throws.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Log } from '../log.ts';
import { portOf } from './port.ts';

interface BindOptions {
  /** The local address; every address of the family by default. */
  address?: string | undefined;
  /** 0, a free port, by default. */
  port?: number;
  /** Overrides the family that `address` has. */
  family?: 4 | 6;
  /** False by default: in a cluster, processes share the socket. */
  exclusive?: boolean;
  reuseAddress?: boolean;
  broadcast?: boolean;
}

/**
 * Binds a socket. It has no error listener yet: the caller attaches one at once.
 * @throws the system's error (EADDRINUSE, EADDRNOTAVAIL, EACCES, …); the socket is closed then
 */
export async function bindUdp(options: BindOptions): Promise<Socket> {
  const { address, port = 0, exclusive = false, reuseAddress = false, broadcast = false } = options;
  const family = options.family ?? (isIPv6(address ?? '') ? 6 : 4);
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', reuseAddr: reuseAddress });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, exclusive, ...(address && { address }) }, resolve);
    });
    if (broadcast) socket.setBroadcast(true);
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.removeAllListeners('error');
  return socket;
}

/** Sends a datagram. Every failure reaches `done`: Node throws at once where the port is none or the socket is closed. */
export function sendDatagram(
  socket: Socket,
  bytes: Buffer,
  to: { host: string; port: number },
  done: (error: Error | undefined) => void,
): void {
  try {
    socket.send(bytes, to.port, to.host, error => done(error ?? undefined));
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Hands each datagram on; an error of `take` ends with that datagram. One from port 0 has no sender that could be answered. */
export function onDatagram(socket: Socket, log: Log, take: (bytes: Buffer, from: RemoteInfo) => void): void {
  socket.on('message', (bytes, from) => {
    if (portOf(from.port) === undefined) return;
    try {
      take(bytes, from);
    } catch (error) {
      log.error('datagram handler failed', { from: from.address, error });
    }
  });
}

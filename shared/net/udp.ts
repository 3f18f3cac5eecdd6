// UDP sockets: one function binds them all, so that none is left open when the bind fails.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

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

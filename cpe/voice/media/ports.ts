// The ports of one call's media: an even one for RTP and the odd one above it for RTCP (RFC 3550 11).
import type { Socket } from 'node:dgram';
import { bindUdp } from '../../../shared/net/udp.ts';
import { portRange } from './port-range.ts';

export interface MediaPorts {
  readonly address: string;
  readonly port: number;
  readonly rtp: Socket;
  readonly rtcp: Socket;
  close(): Promise<void>;
}

const close = (socket: Socket): Promise<void> => new Promise(resolve => socket.close(() => resolve()));

const isTaken = (error: unknown): boolean => ['EADDRINUSE', 'EACCES'].includes((error as { code?: string }).code ?? '');

async function bindPair(address: string, port: number): Promise<[Socket, Socket] | undefined> {
  let rtp: Socket | undefined;
  try {
    rtp = await bindUdp({ address, port });
    return [rtp, await bindUdp({ address, port: port + 1 })];
  } catch (error) {
    if (rtp) await close(rtp);
    if (isTaken(error)) return undefined;
    throw error;
  }
}

/**
 * Binds the first free pair from `basePort` (rounded up to an even number) on the unit's address.
 * @throws Error when no pair is free or the address is not the host's
 */
export async function openPorts(address: string, basePort: number): Promise<MediaPorts> {
  const { first, last } = portRange(basePort);
  for (let port = first; port < last; port += 2) {
    const pair = await bindPair(address, port);
    if (!pair) continue;
    const [rtp, rtcp] = pair;
    let closing: Promise<void> | undefined;
    const closeBoth = (): Promise<void> => {
      closing ??= Promise.all([close(rtp), close(rtcp)]).then(() => undefined);
      return closing;
    };
    return { address, port, rtp, rtcp, close: closeBoth };
  }
  throw new Error(`no free pair of media ports from ${first} on ${address}`);
}

// The sockets of the gatekeeper: RAS over UDP, call signalling over TCP, and both over TLS. Connections are bounded by address and
// in all, and those that send no message are closed at a deadline.
import type { Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { networkOf, plainAddress } from '../../../shared/net/address.ts';
import { deadlines } from '../../../shared/net/connection-deadlines.ts';
import { ConnectionPlaces } from '../../../shared/net/connection-places.ts';
import { bindUdp, onDatagram, sendDatagram } from '../../../shared/net/udp.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { KeyLogger } from '../../../shared/tls/keylog.ts';
import type { RasChannel } from './channel.ts';

interface ConnectionBounds {
  /** Connections in all. */
  most: number;
  /** Of one address (IPv6: one /64). */
  perAddress: number;
}

export interface ListenOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  /** Certificate, key, versions and suites; absent: plain TCP. */
  tls?: TlsOptions;
  /** Judges a TLS client. @returns why it is refused */
  admit?: ((socket: TLSSocket) => string | undefined) | undefined;
  keylog?: KeyLogger | undefined;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** The time for a TLS handshake, and then for the first message. */
const FIRST_MESSAGE_MS = 20_000;
/** Datagrams that wait: those of thousands of endpoints that register at once, as the system permits. */
const RECEIVE_BYTES = 4 * 1024 * 1024;
/** Connections that have sent no message yet. */
const UNHEARD = { perAddress: 500, unproved: 2000 };

export class StreamListeners {
  readonly #places: ConnectionPlaces;
  readonly #log: Log;
  readonly #bounds: ConnectionBounds;
  readonly #byNetwork = new Map<string, number>();
  #open = 0;

  constructor({ clock, log, bounds }: { clock: Clock; log: Log; bounds: ConnectionBounds }) {
    this.#log = log;
    this.#bounds = bounds;
    this.#places = new ConnectionPlaces({
      ...{ clock, limits: UNHEARD, deadlines: { ...deadlines, openingMs: FIRST_MESSAGE_MS } },
      onClosed: ({ address, reason }) => log.info('silent H.323 connection closed', { address, reason }),
    });
  }

  /** @param accept takes a connection, whose handshake is done */
  async listen(options: ListenOptions, accept: (socket: Socket) => void): Promise<Listener> {
    const { host, port, tls, admit, keylog } = options;
    const log = this.#log;
    const take = (socket: Socket): void => {
      if (this.#admits(socket)) accept(socket);
      else socket.destroy();
    };
    const takeSecured = (socket: TLSSocket): void => {
      const refusal = admit?.(socket);
      if (refusal === undefined) {
        take(socket);
        return;
      }
      log.warn('H.323 TLS client refused', { address: socket.remoteAddress, reason: refusal });
      socket.destroy();
    };
    const server = tls ? createTlsServer(tls, takeSecured) : createServer(take);
    this.#places.watch(server, tls !== undefined);
    if (keylog) server.on('keylog', keylog);
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      log.warn('H.323 TLS handshake failed', { address: socket.remoteAddress, reason: messageOf(error) });
    });
    await begun(server, host, port);
    server.on('error', error => log.error('H.323 listener failed', { reason: messageOf(error) }));
    const bound = server.address();
    return {
      port: typeof bound === 'object' && bound !== null ? bound.port : port,
      close: () => new Promise(resolve => server.close(() => resolve())),
    };
  }

  /** A message came over the connection: it has no deadline any more. */
  heard(socket: Socket): void {
    this.#places.prove(socket);
  }

  /** Closes all connections. */
  close(): void {
    this.#places.close();
  }

  #admits(socket: Socket): boolean {
    const network = networkOf(plainAddress(socket.remoteAddress ?? ''));
    const count = (this.#byNetwork.get(network) ?? 0) + 1;
    if (this.#open >= this.#bounds.most || count > this.#bounds.perAddress) {
      this.#log.warn('H.323 connection limit reached', { address: socket.remoteAddress });
      return false;
    }
    this.#open++;
    this.#byNetwork.set(network, count);
    socket.once('close', () => {
      this.#open--;
      const left = (this.#byNetwork.get(network) ?? 1) - 1;
      if (left > 0) this.#byNetwork.set(network, left);
      else this.#byNetwork.delete(network);
    });
    return true;
  }
}

async function begun(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** @param take called for each datagram with the channel of its sender */
export async function listenRas(
  { host, port, log }: { host: string; port: number; log: Log },
  take: (bytes: Buffer, channel: RasChannel) => void,
): Promise<Listener> {
  const socket = await bindUdp({ address: host, port });
  socket.on('error', error => log.error('RAS socket failed', { reason: messageOf(error) }));
  socket.setRecvBufferSize(RECEIVE_BYTES);
  const local = { host, port: socket.address().port };
  onDatagram(socket, log, (bytes, from) => {
    take(bytes, datagramChannel({ socket, local, log, peer: from.address }, from.port));
  });
  return { port: local.port, close: () => new Promise(resolve => socket.close(() => resolve())) };
}

interface DatagramPeer {
  socket: DatagramSocket;
  local: Address;
  log: Log;
  /** As the socket has it: a dual-stack socket needs the IPv4-mapped form to answer. */
  peer: string;
}

function datagramChannel(way: DatagramPeer, port: number): RasChannel {
  const { socket, local, log, peer } = way;
  const remote = { host: plainAddress(peer), port };
  return {
    ...{ key: `udp ${remote.host} ${port}`, protocol: 'udp', local, remote },
    send: message =>
      sendDatagram(socket, message, { host: peer, port }, error => {
        if (error) log.info('RAS message not sent', { address: remote.host, reason: messageOf(error) });
      }),
    at: other => datagramChannel(way, other),
  };
}

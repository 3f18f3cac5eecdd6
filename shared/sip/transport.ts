// Carries SIP messages over UDP, TCP and TLS (RFC 3261 18): listeners, connections, and the flows that both make.
// A flow leads back to a peer: answers and calls go over it (RFC 5626 idea; the gateway's persistent connection).
// Trust is not decided here: the caller hands in TLS client sockets that are already judged.

import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { KeyLogger } from '../tls/keylog.ts';
import { AcceptedConnections, type ConnectionLimits, serverLimits } from './accepted-connections.ts';
import { connectTcp, streamFlow } from './flow.ts';
import type { Address, ConnectOptions, Flow, Protocol, SipTap } from './flow-types.ts';
import type { SipMessage, SipSyntaxError } from './message.ts';
import { MessageReader } from './message-reader.ts';
import { UdpSockets } from './udp.ts';

export interface ListenOptions {
  protocol: Protocol;
  host: string;
  /** 0: a free one; see the answer. */
  port: number;
  /** cert, key, minVersion, maxVersion, ciphers, … as node:tls takes them. */
  tls?: TlsOptions;
  /** Judges a TLS client before anything of it is read. @returns why it is refused, undefined to admit it */
  admit?: ((socket: TLSSocket) => string | undefined) | undefined;
  /** Receives the keys of TLS connections. */
  keylog?: KeyLogger | undefined;
  /** Closes connections that were silent for this long. None by default. */
  idleMs?: number;
}

interface Listener {
  readonly protocol: Protocol;
  readonly address: Address;
  close(): Promise<void>;
}

export interface TransportOptions {
  clock: Clock;
  log: Log;
  /** Most stream connections at once; further ones are closed at once. */
  maxConnections?: number;
  /** Of connections that peers open; those of a server by default. */
  limits?: ConnectionLimits;
  /** Most bytes of a message over UDP: a longer request is answered 513 when it arrives, and not sent. What UDP carries by default. */
  maxDatagram?: number | undefined;
  tap?: SipTap | undefined;
}

const MAX_CONNECTIONS = 20_000;

/** Opens nothing before `listen` or `connect`. */
export class SipTransport {
  readonly #reader: MessageReader;
  readonly #udp: UdpSockets;
  readonly #streams: StreamListeners;
  #closing = false;

  constructor({
    clock,
    log,
    maxConnections = MAX_CONNECTIONS,
    limits = serverLimits,
    maxDatagram,
    tap,
  }: TransportOptions) {
    this.#reader = new MessageReader(clock, log, tap);
    this.#udp = new UdpSockets(this.#reader, maxDatagram);
    this.#streams = new StreamListeners(this.#reader, maxConnections, limits);
  }

  /** Sets the receiver of every message: the transaction layer. */
  onMessage(listener: (message: SipMessage, flow: Flow) => void): void {
    this.#reader.onMessage = (message, flow) => {
      this.#streams.heard(flow);
      listener(message, flow);
    };
  }

  /** Sets the receiver of what is no message; a MalformedRequest holds what could be read of a request. */
  onMalformed(listener: (error: SipSyntaxError, flow: Flow) => void): void {
    this.#reader.onMalformed = listener;
  }

  /** Calls the listener for each connection that a peer opens. */
  onConnection(listener: (flow: Flow) => void): void {
    this.#streams.onConnection(listener);
  }

  /** Open stream flows and live UDP flows. */
  flows(): Flow[] {
    return this.#reader.flows();
  }

  async listen(options: ListenOptions): Promise<Listener> {
    if (options.protocol !== 'udp') return this.#streams.listen(options);
    const endpoint = await this.#udp.bind(options);
    return { protocol: 'udp', address: endpoint.address, close: () => this.#udp.unbind(endpoint) };
  }

  async connect(options: ConnectOptions): Promise<Flow> {
    if (options.protocol === 'udp') return this.#udp.connect(options);
    const socket = options.protocol === 'tls' ? await handedIn(options) : await connectTcp(options, this.#reader.clock);
    if (socket.destroyed || this.#closing) throw new Error('the connection closed at once');
    return streamFlow(this.#reader, socket, options.protocol, options.idleMs ?? 0);
  }

  /** Closes every listener and flow. */
  async close(): Promise<void> {
    this.#closing = true;
    const ends = this.#streams.close();
    for (const flow of this.flows()) flow.close('transport closed');
    this.#streams.dropUnopened();
    await Promise.all([ends, this.#udp.close()]);
  }
}

/** The listeners for TCP and TLS, and the connections that peers open. */
class StreamListeners {
  readonly #reader: MessageReader;
  readonly #accepted: AcceptedConnections;
  readonly #listeners = new Set<Listener>();
  readonly #connectionListeners = new Set<(flow: Flow) => void>();
  #closing = false;

  constructor(reader: MessageReader, maxConnections: number, limits: ConnectionLimits) {
    this.#reader = reader;
    this.#accepted = new AcceptedConnections({ clock: reader.clock, log: reader.log, maxConnections, limits });
  }

  onConnection(listener: (flow: Flow) => void): void {
    this.#connectionListeners.add(listener);
  }

  /** A message came over a flow. */
  heard(flow: Flow): void {
    this.#accepted.heard(flow);
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const accept = (socket: Socket, protocol: 'tcp' | 'tls') => this.#accept(socket, protocol, options);
    const { port, close } = await listenOn(options, this.#reader.log, this.#accepted, accept);
    const listener: Listener = {
      protocol: options.protocol,
      address: { host: options.host, port },
      close: () => {
        this.#listeners.delete(listener);
        return close();
      },
    };
    this.#listeners.add(listener);
    return listener;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#listeners].map(listener => listener.close()));
  }

  /** Closes the connections that never became a flow. */
  dropUnopened(): void {
    this.#accepted.close();
  }

  #accept(socket: Socket, protocol: 'tcp' | 'tls', { idleMs = 0 }: ListenOptions): void {
    if (this.#closing || !this.#accepted.admits(socket, this.#reader.streams)) return void socket.destroy();
    const flow = streamFlow(this.#reader, socket, protocol, idleMs);
    this.#accepted.opened(flow, socket);
    for (const listener of this.#connectionListeners) listener(flow);
  }
}

/** Listens for TCP or TLS connections; rejects with the system's error. */
async function listenOn(
  options: ListenOptions,
  log: Log,
  accepted: AcceptedConnections,
  accept: (socket: Socket, protocol: 'tcp' | 'tls') => void,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server: Server =
    options.protocol === 'tls'
      ? createTlsServer(options.tls ?? {}, socket => {
          const refusal = options.admit?.(socket);
          if (refusal === undefined) return accept(socket, 'tls');
          log.warn('SIP TLS client refused', { address: socket.remoteAddress, reason: refusal });
          socket.destroy();
        })
      : createServer(socket => accept(socket, 'tcp'));
  accepted.watch(server, options.protocol === 'tls');
  if (options.keylog) server.on('keylog', options.keylog);
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    log.warn('SIP TLS handshake failed', { address: socket.remoteAddress, reason: messageOf(error) });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  server.on('error', error => log.error('SIP listener failed', { reason: messageOf(error) }));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    close: () => new Promise(resolve => server.close(() => resolve())),
  };
}

function handedIn(options: ConnectOptions): Promise<TLSSocket> {
  if (!options.tlsConnect) throw new TypeError('tlsConnect is needed for tls');
  return options.tlsConnect();
}

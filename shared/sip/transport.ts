// Carries SIP messages over UDP, TCP and TLS (RFC 3261 18): listeners, connections, and the flows that both make.
// A flow is where a peer was heard from: answers and calls go back over it (RFC 5626 idea; the gateway's persistent connection).
// Trust is not decided here: TLS client sockets are handed in by the caller, already judged.

import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { connectTcp, streamFlow } from './flow.ts';
import type { Address, ConnectOptions, Flow, FlowHost, Protocol } from './flow-types.ts';
import { MalformedRequest, parseMessage, type SipMessage, type SipRequest, SipSyntaxError } from './message.ts';
import { openUdp, type UdpEndpoint } from './udp.ts';

export interface ListenOptions {
  protocol: Protocol;
  host: string;
  /** 0: a free one; see the answer. */
  port: number;
  /** cert, key, minVersion, maxVersion, ciphers, … as node:tls takes them. */
  tls?: TlsOptions;
  /** Closes connections that were silent for so long. None by default. */
  idleMs?: number;
}

export interface Listener {
  readonly protocol: Protocol;
  readonly address: Address;
  close(): Promise<void>;
}

export interface SipTransport {
  listen(options: ListenOptions): Promise<Listener>;
  connect(options: ConnectOptions): Promise<Flow>;
  /** The one who takes every message; set by the transaction layer. */
  onMessage(listener: (message: SipMessage, flow: Flow) => void): void;
  /** The one who hears of what was no message, with what could be read of a request. */
  onMalformed(listener: (error: SipSyntaxError, flow: Flow) => void): void;
  /** Called for each connection that a peer opened. */
  onConnection(listener: (flow: Flow) => void): void;
  /** Open stream flows and live UDP flows. */
  flows(): Flow[];
  /** Closes every listener and flow. */
  close(): Promise<void>;
}

export interface TransportOptions {
  clock: Clock;
  log: Log;
  /** Most stream connections at once; further ones are closed at once. */
  maxConnections?: number;
}

const MAX_CONNECTIONS = 20_000;
/** See SipTransport. Nothing is opened before `listen` or `connect`. */
export function createTransport(options: TransportOptions): SipTransport {
  const { clock, log } = options;
  const flows = new Set<Flow>();
  const listeners = new Set<Listener>();
  const endpoints = new Set<UdpEndpoint>();
  let sequence = 0;
  let streams = 0;
  let closing = false;
  let take: (message: SipMessage, flow: Flow) => void = () => undefined;
  let malformed: (error: SipSyntaxError, flow: Flow) => void = () => undefined;
  const connections = new Set<(flow: Flow) => void>();

  const refuse = (error: SipSyntaxError, flow: Flow): void => {
    log.warn('malformed SIP message', { from: text(flow.remote), protocol: flow.protocol, reason: error.message });
    malformed(error, flow);
  };
  const read = (bytes: Buffer, flow: Flow): SipMessage | undefined => {
    try {
      return parseMessage(bytes);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      refuse(error, flow);
      return undefined;
    }
  };
  const host: FlowHost = {
    clock,
    log,
    nextId: protocol => `${protocol}-${++sequence}`,
    received: (bytes, flow) => {
      const message = read(bytes, flow);
      if (message) take(message, flow);
    },
    lost: (reason, bytes, flow) => {
      log.warn('SIP stream cannot be followed', { from: text(flow.remote), reason });
      const request = requestIn(bytes);
      malformed(request ? new MalformedRequest(reason, 400, request) : new SipSyntaxError(reason), flow);
    },
    opened: flow => {
      flows.add(flow);
      if (flow.reliable) streams++;
    },
    closed: flow => {
      if (flows.delete(flow) && flow.reliable) streams--;
    },
  };

  const accept = (socket: Socket, protocol: 'tcp' | 'tls', idleMs: number): void => {
    if (closing || streams >= (options.maxConnections ?? MAX_CONNECTIONS)) {
      log.warn('SIP connection refused: too many', { from: socket.remoteAddress });
      socket.destroy();
      return;
    }
    const flow = streamFlow(host, socket, protocol, idleMs);
    log.debug('SIP connection accepted', { from: text(flow.remote), protocol, ...flow.tls });
    for (const listener of connections) listener(flow);
  };

  const listenStream = async (wanted: ListenOptions): Promise<Listener> => {
    const idleMs = wanted.idleMs ?? 0;
    const tls = wanted.protocol === 'tls';
    const server: Server = tls
      ? createTlsServer(wanted.tls ?? {}, socket => accept(socket, 'tls', idleMs))
      : createServer(socket => accept(socket, 'tcp', idleMs));
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      log.warn('TLS handshake failed', { from: socket.remoteAddress, reason: messageOf(error) });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted.port, wanted.host, () => resolve());
    });
    server.on('error', error => log.error('SIP listener failed', { reason: messageOf(error) }));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : wanted.port;
    const listener: Listener = {
      protocol: wanted.protocol,
      address: { host: wanted.host, port },
      close: () => {
        listeners.delete(listener);
        return new Promise(resolve => server.close(() => resolve()));
      },
    };
    return listener;
  };

  const bindUdp = async (local: Address): Promise<UdpEndpoint> => {
    const endpoint = await openUdp(host, local);
    endpoints.add(endpoint);
    return endpoint;
  };
  const unbindUdp = (endpoint: UdpEndpoint): Promise<void> => {
    endpoints.delete(endpoint);
    return endpoint.close();
  };

  const connectUdp = async (wanted: ConnectOptions): Promise<Flow> => {
    const local = {
      host: wanted.localAddress ?? (isIPv6(wanted.host) ? '::' : '0.0.0.0'),
      port: wanted.localPort ?? 0,
    };
    const shared = [...endpoints].find(
      one => local.port !== 0 && one.address.port === local.port && one.address.host === local.host,
    );
    const endpoint = shared ?? (await bindUdp(local));
    const flow = endpoint.flowTo({ host: wanted.host, port: wanted.port });
    // A socket opened for this one peer goes with it.
    if (!shared) flow.onClose(() => void unbindUdp(endpoint));
    return flow;
  };

  return {
    onMessage: listener => {
      take = listener;
    },
    onMalformed: listener => {
      malformed = listener;
    },
    onConnection: listener => void connections.add(listener),
    flows: () => [...flows],
    listen: async wanted => {
      if (wanted.protocol !== 'udp') {
        const listener = await listenStream(wanted);
        listeners.add(listener);
        return listener;
      }
      const endpoint = await bindUdp(wanted);
      return { protocol: 'udp', address: endpoint.address, close: () => unbindUdp(endpoint) };
    },
    connect: async wanted => {
      if (wanted.protocol === 'udp') return connectUdp(wanted);
      const socket = wanted.protocol === 'tls' ? await handedIn(wanted) : await connectTcp(wanted, clock);
      if (socket.destroyed || closing) throw new Error('the connection closed at once');
      return streamFlow(host, socket, wanted.protocol, wanted.idleMs ?? 0);
    },
    close: async () => {
      closing = true;
      const ends = [...listeners].map(listener => listener.close());
      for (const flow of [...flows]) flow.close('transport closed');
      await Promise.all([...ends, ...[...endpoints].map(endpoint => endpoint.close())]);
    },
  };
}

const text = (address: Address): string => `${address.host}:${address.port}`;

/** The request at the head of a stream that lost its framing, as far as it can be read. */
function requestIn(bytes: Buffer): SipRequest | undefined {
  try {
    const message = parseMessage(bytes);
    return message.kind === 'request' ? message : undefined;
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    return error instanceof MalformedRequest ? error.request : undefined;
  }
}

function handedIn(wanted: ConnectOptions): Promise<TLSSocket> {
  if (!wanted.tlsConnect) throw new TypeError('tlsConnect is needed for tls');
  return wanted.tlsConnect();
}

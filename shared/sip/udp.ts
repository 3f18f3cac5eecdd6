// UDP for SIP: bound sockets, and a flow for each peer behind one (RFC 3261 18).
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { messageOf } from '../errors.ts';
import type { Port } from '../net/port.ts';
import { bindUdp, onDatagram, sendDatagram } from '../net/udp.ts';
import { CloseSignal } from './close-signal.ts';
import type { Address, ConnectOptions, Flow, FlowHost } from './flow-types.ts';
import { formatMessage, type SipMessage, SipSyntaxError } from './message.ts';

/** RFC 768, less its header and that of IP. */
const MAX_DATAGRAM = 65_507;
/** UDP peers remembered per socket. */
const MAX_PEERS = 20_000;
/** Number of the oldest peers that are examined for one that can be forgotten. */
const EXAMINED = 100;

/** The UDP sockets of a transport. */
export class UdpSockets {
  readonly #host: FlowHost;
  readonly #limit: number | undefined;
  readonly #endpoints = new Set<UdpEndpoint>();

  /** @param limit most bytes of a message */
  constructor(host: FlowHost, limit?: number) {
    this.#host = host;
    this.#limit = limit;
  }

  async bind(local: Address): Promise<UdpEndpoint> {
    const endpoint = await openUdp(this.#host, local, this.#limit);
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  unbind(endpoint: UdpEndpoint): Promise<void> {
    this.#endpoints.delete(endpoint);
    return endpoint.close();
  }

  /** A flow over a socket bound to that local address, or over a new one that closes with the flow. */
  async connect(options: ConnectOptions): Promise<Flow> {
    const host = options.localAddress ?? (isIPv6(options.host) ? '::' : '0.0.0.0');
    const port = options.localPort ?? 0;
    const isThere = ({ address }: UdpEndpoint): boolean => address.port === port && address.host === host;
    const shared = port === 0 ? undefined : [...this.#endpoints].find(isThere);
    const endpoint = shared ?? (await this.bind({ host, port }));
    const flow = endpoint.flowTo({ host: options.host, port: options.port });
    if (!shared) flow.onClose(() => void this.unbind(endpoint));
    return flow;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#endpoints].map(endpoint => endpoint.close()));
  }
}

/** Binds a socket; received messages go to `host`. Rejects with the system's error. */
export async function openUdp(host: FlowHost, local: Address, limit = MAX_DATAGRAM): Promise<UdpEndpoint> {
  const socket = await bindUdp({ address: local.host, port: local.port });
  return new UdpEndpoint(host, socket, { address: local.host, limit });
}

class UdpEndpoint {
  readonly address: Address;
  /** Most bytes of a message. */
  readonly limit: number;
  readonly #host: FlowHost;
  readonly #socket: Socket;
  /** By host and port; the one heard from least lately first. */
  readonly #peers = new Map<string, UdpPeer>();
  #closing = false;

  constructor(host: FlowHost, socket: Socket, { address, limit }: { address: string; limit: number }) {
    this.limit = limit;
    this.#host = host;
    this.#socket = socket;
    this.address = { host: address, port: socket.address().port };
    socket.on('error', error => host.log.warn('SIP UDP socket failed', { reason: messageOf(error) }));
    onDatagram(socket, host.log, (bytes, from) => {
      // A datagram of CRLFs or zeros alone is a keep-alive of older phones and needs no answer.
      if (bytes.every(byte => byte === 13 || byte === 10 || byte === 0)) return;
      const flow = this.flowTo({ host: from.address, port: from.port });
      if (bytes.length > limit) host.tooLong(limit, bytes, flow);
      else host.received(bytes, flow);
    });
  }

  flowTo(remote: Address): Flow {
    const key = `${remote.host} ${remote.port}`;
    const known = this.#peers.get(key);
    if (known) {
      this.#peers.delete(key);
      this.#peers.set(key, known);
      return known;
    }
    const peer = new UdpPeer(this, this.#socket, this.#host, remote, () => void this.#peers.delete(key));
    this.#peers.set(key, peer);
    this.#makeRoom();
    return peer;
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    for (const peer of [...this.#peers.values()]) peer.close('transport closed');
    await new Promise<void>(resolve => this.#socket.close(() => resolve()));
  }

  /** Forged sources must not push out registered peers: one of the oldest that is not needed goes, the needed move to the end. */
  #makeRoom(): void {
    if (this.#peers.size <= MAX_PEERS) return;
    const oldest = [...this.#peers.entries()].slice(0, EXAMINED);
    const spare = oldest.find(([, peer]) => !peer.needed) ?? oldest[0];
    for (const [key, peer] of oldest) {
      if (peer === spare?.[1]) break;
      this.#peers.delete(key);
      this.#peers.set(key, peer);
    }
    spare?.[1].close('forgotten');
  }
}

/** A flow to one peer; closing it forgets the peer, the socket stays. */
class UdpPeer implements Flow {
  readonly id: string;
  readonly protocol = 'udp';
  readonly reliable = false;
  readonly local: Address;
  readonly remote: Address;
  readonly #endpoint: UdpEndpoint;
  readonly #socket: Socket;
  readonly #host: FlowHost;
  readonly #forget: () => void;
  readonly #signal: CloseSignal;

  constructor(endpoint: UdpEndpoint, socket: Socket, host: FlowHost, remote: Address, forget: () => void) {
    this.id = host.nextId('udp');
    this.local = endpoint.address;
    this.remote = remote;
    this.#endpoint = endpoint;
    this.#socket = socket;
    this.#host = host;
    this.#forget = forget;
    this.#signal = new CloseSignal(host.log);
    host.opened(this);
  }

  get closed(): boolean {
    return this.#signal.reason !== undefined;
  }

  /** A registration or a transaction listens for the end of this flow. */
  get needed(): boolean {
    return this.#signal.listeners > 0;
  }

  send(message: SipMessage): void {
    const bytes = formatMessage(message);
    if (this.closed) return;
    const { limit } = this.#endpoint;
    if (bytes.length > limit)
      throw new SipSyntaxError(`the message has ${bytes.length} bytes, and UDP takes ${limit}`, 513);
    this.#host.tap?.('sent', message, bytes, this);
    sendDatagram(this.#socket, bytes, this.remote, error => {
      if (error) this.#host.log.debug('SIP datagram not sent', { to: this.remote.host, reason: messageOf(error) });
    });
  }

  ping(): Promise<boolean> {
    return Promise.resolve(!this.closed);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#signal.onClose(listener);
  }

  close(reason = 'closed'): void {
    if (this.closed) return;
    this.#forget();
    this.#host.closed(this);
    this.#signal.fire(reason);
  }

  at(port: Port): Flow {
    return port === this.remote.port ? this : this.#endpoint.flowTo({ host: this.remote.host, port });
  }
}

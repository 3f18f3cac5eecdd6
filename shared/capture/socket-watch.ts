// The sockets of this process, as Node announces them: their packets reach a listener while there is one, and none are kept without.
import type { Socket as UdpSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, isIP, Socket, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Endpoint, noBytes, type Packet, type PacketListener } from './packet.ts';
import { Tunnel } from './tunnel.ts';

/** The sockets of its process, as a unit sees them. */
export interface Traffic {
  /** Hands each packet on until the returned function is called. */
  listen(listener: PacketListener): () => void;
  /** A connection whose bytes pass through here, for TLS to be laid upon; undefined while no packet is listened for. */
  readonly dial: (options: TcpNetConnectOpts) => Duplex | undefined;
}

const channels = { tcp: ['net.client.socket', 'net.server.socket'], udp: 'udp.socket' } as const;

/** IPv4 addresses of a dual-stack socket by their IPv4 name. */
const plain = (host: string | undefined): string => (host ?? '').replace(/^::ffff:(?=\d+\.)/i, '');

export class SocketWatch implements Traffic {
  #listener: PacketListener | undefined;
  /** Stands for the address of a socket that is bound to none. */
  address = '127.0.0.1';

  constructor() {
    for (const name of channels.tcp) subscribe(name, this.#onTcp);
    subscribe(channels.udp, this.#onUdp);
  }

  close(): void {
    for (const name of channels.tcp) unsubscribe(name, this.#onTcp);
    unsubscribe(channels.udp, this.#onUdp);
    this.#listener = undefined;
  }

  listen(listener: PacketListener): () => void {
    this.#listener = listener;
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  /** A property, because it is handed on as a function. */
  readonly dial = (options: TcpNetConnectOpts): Duplex | undefined => this.#listener && new Tunnel(connect(options));

  readonly #onUdp = (message: unknown): void => {
    const socket = fieldOf<UdpSocket>(message, 'socket');
    if (!socket) return;
    socket.on('message', (bytes, from) =>
      this.#datagram(socket, false, { host: plain(from.address), port: from.port }, bytes),
    );
    const send: (...given: unknown[]) => void = socket.send.bind(socket) as never;
    Object.defineProperty(socket, 'send', {
      configurable: true,
      value: (...given: unknown[]) => {
        const sent = this.#listener && sentDatagram(socket, given);
        if (sent) this.#datagram(socket, true, sent.remote, sent.bytes);
        send(...given);
      },
    });
  };

  #datagram(socket: UdpSocket, isSent: boolean, remote: Endpoint, bytes: Buffer): void {
    const local = this.#listener && boundTo(socket);
    if (!local) return;
    const host = /^(0\.0\.0\.0|::)$/.test(local.address) ? this.address : plain(local.address);
    this.#tell({
      protocol: 'udp',
      isSent,
      local: { host, port: local.port },
      remote,
      connection: socket,
      kind: 'data',
      bytes,
    });
  }

  readonly #onTcp = (message: unknown, channel: string | symbol): void => {
    const socket = fieldOf<Socket>(message, 'socket');
    if (!(socket instanceof Socket)) return;
    // Node's HTTP server reads past the socket unless its handle counts as read already.
    const handle: unknown = Reflect.get(socket, '_handle');
    const isAccepted = channel === 'net.server.socket';
    if (typeof handle === 'object' && handle !== null && isAccepted) Reflect.set(handle, '_consumed', true);
    const tell = (kind: Packet['kind'], isSent: boolean, bytes: Buffer = noBytes): void => {
      if (!this.#listener || socket.remoteAddress === undefined) return;
      const local = { host: plain(socket.localAddress), port: socket.localPort ?? 0 };
      const remote = { host: plain(socket.remoteAddress), port: socket.remotePort ?? 0 };
      this.#tell({ protocol: 'tcp', isSent, local, remote, connection: socket, kind, bytes });
    };
    watchBytes(socket, tell);
    if (isAccepted) tell('open', false);
    else socket.once('connect', () => tell('open', true));
  };

  #tell(packet: Packet): void {
    if (isIP(packet.local.host) !== 0 && isIP(packet.remote.host) !== 0) this.#listener?.(packet);
  }
}

type TellTcp = (kind: Packet['kind'], isSent: boolean, bytes?: Buffer) => void;

/** Hands on what is written and read. Writes before the connection is up are told once it is. */
function watchBytes(socket: Socket, tell: TellTcp): void {
  const written = (bytes: Buffer): void => {
    if (socket.connecting) socket.once('connect', () => tell('data', true, bytes));
    else tell('data', true, bytes);
  };
  const own = {
    push: socket.push.bind(socket),
    write: socket._write.bind(socket),
    writev: socket._writev?.bind(socket),
    destroy: socket._destroy.bind(socket),
  };
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) tell('data', false, chunk);
    return own.push(chunk, encoding);
  };
  socket._write = (chunk: unknown, encoding, callback) => {
    written(bytesOf(chunk, encoding));
    own.write(chunk, encoding, callback);
  };
  const { writev } = own;
  if (writev) {
    socket._writev = (chunks, callback) => {
      for (const { chunk, encoding } of chunks) written(bytesOf(chunk, encoding));
      writev(chunks, callback);
    };
  }
  socket._destroy = (error, callback) => {
    if (!socket.connecting) tell('close', true);
    own.destroy(error, callback);
  };
}

function bytesOf(message: unknown, encoding?: BufferEncoding): Buffer {
  if (Array.isArray(message)) return Buffer.concat(message.map(part => bytesOf(part, encoding)));
  if (typeof message === 'string') return Buffer.from(message, encoding);
  return message instanceof Uint8Array ? Buffer.from(message) : noBytes;
}

const fieldOf = <T>(message: unknown, name: string): T | undefined =>
  typeof message === 'object' && message !== null ? (Reflect.get(message, name) as T | undefined) : undefined;

/** A socket that is not bound, or not connected, throws. */
function boundTo(socket: UdpSocket): { address: string; port: number } | undefined {
  try {
    return socket.address();
  } catch {
    return undefined;
  }
}

function connectedTo(socket: UdpSocket): Endpoint | undefined {
  try {
    const { address, port } = socket.remoteAddress();
    return { host: plain(address), port };
  } catch {
    return undefined;
  }
}

/** The forms of `send`: bytes, perhaps offset and length, then port and host unless the socket is connected. */
function sentDatagram(socket: UdpSocket, given: readonly unknown[]): { remote: Endpoint; bytes: Buffer } | undefined {
  const [message, ...rest] = given;
  const numbers = rest.filter(value => typeof value === 'number');
  const host = rest.find(value => typeof value === 'string');
  const port = numbers.length % 2 === 1 ? numbers.at(-1) : undefined;
  const bytes = bytesOf(message);
  const part = numbers.length >= 2 ? bytes.subarray(numbers[0], (numbers[0] ?? 0) + (numbers[1] ?? 0)) : bytes;
  const remote = port === undefined ? connectedTo(socket) : { host: plain(host ?? '127.0.0.1'), port };
  return remote && { remote, bytes: part };
}

// A flow on a stream: one peer on TCP or TLS, with framing, keep-alive and idle limit; and the opening of a TCP connection.
import type { X509Certificate } from 'node:crypto';
import { connect as netConnect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { presentedChain } from '../tls/connect.ts';
import { CloseSignal } from './close-signal.ts';
import type { Address, ConnectOptions, Flow, FlowHost, Protocol } from './flow-types.ts';
import { createFramer } from './framing.ts';
import { formatMessage, type SipMessage } from './message.ts';

/** A peer that reads nothing while this many bytes wait for it counts as gone. */
const MAX_UNSENT = 4 * 1024 * 1024;
/** RFC 5626 4.4.1 */
const PONG_MS = 10_000;
const CRLF = '\r\n';

/** IPv4 peers of a dual-stack socket by their IPv4 name. */
const plainHost = (host: string | undefined): string => (host ?? '').replace(/^::ffff:(?=\d+\.)/i, '');

function tlsFacts(socket: Socket): Flow['tls'] {
  if (!(socket instanceof TLSSocket)) return undefined;
  // A connection that has closed again has none.
  const cipher: ReturnType<TLSSocket['getCipher']> | undefined = socket.getCipher();
  const peer = socket.getPeerCertificate();
  const name = peer && Object.keys(peer).length > 0 ? (peer.subject?.CN ?? peer.subjectaltname) : undefined;
  return {
    version: socket.getProtocol() ?? '',
    cipher: cipher?.standardName ?? cipher?.name ?? '',
    ...(name === undefined ? {} : { peer: String(name) }),
  };
}

/**
 * A flow over a connected socket, which it owns from now on.
 * A received CRLF is the pong of a ping we sent, else every second one is a ping that is answered (RFC 5626 3.5.1).
 * @param idleMs silence after which it closes; 0 = never
 */
export function streamFlow(host: FlowHost, socket: Socket, protocol: Exclude<Protocol, 'udp'>, idleMs: number): Flow {
  return new StreamFlow(host, socket, protocol, idleMs);
}

class StreamFlow implements Flow {
  readonly id: string;
  readonly protocol: Protocol;
  readonly reliable = true;
  readonly local: Address;
  readonly remote: Address;
  readonly tls?: Required<Flow>['tls'];
  readonly certificates?: readonly X509Certificate[];
  readonly #host: FlowHost;
  readonly #socket: Socket;
  readonly #signal: CloseSignal;
  readonly #keepAlive: KeepAlive;

  constructor(host: FlowHost, socket: Socket, protocol: Exclude<Protocol, 'udp'>, idleMs: number) {
    this.#host = host;
    this.#socket = socket;
    this.#signal = new CloseSignal(host.log);
    this.#keepAlive = new KeepAlive(host.clock, idleMs, {
      write: bytes => this.#write(bytes),
      expire: reason => this.close(reason),
    });
    this.id = host.nextId(protocol);
    this.protocol = protocol;
    this.local = { host: plainHost(socket.localAddress), port: socket.localPort ?? 0 };
    this.remote = { host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 };
    const tls = tlsFacts(socket);
    if (tls) this.tls = tls;
    if (socket instanceof TLSSocket) {
      const chain = presentedChain(socket);
      if (chain.length > 0) this.certificates = chain;
    }
    follow(socket, this, host, this.#keepAlive);
    host.opened(this);
    this.#keepAlive.start();
    host.log.debug('SIP flow opened', { flow: this.id, remote: `${this.remote.host}:${this.remote.port}` });
  }

  get closed(): boolean {
    return this.#signal.reason !== undefined;
  }

  send(message: SipMessage): void {
    const bytes = formatMessage(message);
    if (!this.closed) this.#host.tap?.('sent', message, bytes, this);
    this.#write(bytes);
  }

  ping(timeoutMs = PONG_MS): Promise<boolean> {
    return this.closed ? Promise.resolve(false) : this.#keepAlive.ping(timeoutMs);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#signal.onClose(listener);
  }

  close(reason = 'closed'): void {
    if (this.closed) return;
    const unanswered = this.#keepAlive.stop();
    this.#host.closed(this);
    // Bytes written before are still sent; a peer that never reads them is cut when its buffer passes the bound.
    if (this.#socket.writable) this.#socket.destroySoon();
    else this.#socket.destroy();
    this.#signal.fire(reason);
    for (const settle of unanswered) settle(false);
  }

  at(): Flow {
    return this;
  }

  #write(bytes: Buffer | string): void {
    if (this.closed || !this.#socket.writable) return;
    this.#socket.write(bytes);
    this.#keepAlive.active();
    if (this.#socket.writableLength > MAX_UNSENT) {
      this.close('the peer does not read');
      this.#socket.destroy();
    }
  }
}

/** Feeds a flow from its socket. */
function follow(socket: Socket, flow: StreamFlow, host: FlowHost, keepAlive: KeepAlive): void {
  const feed = createFramer({
    message: bytes => {
      if (!flow.closed) host.received(bytes, flow);
    },
    crlf: pair => keepAlive.crlf(pair),
    broken: (reason, bytes) => {
      host.lost(reason, bytes, flow);
      flow.close(`framing lost: ${reason}`);
    },
  });
  socket.setNoDelay(true);
  socket.on('data', chunk => {
    keepAlive.active();
    feed(chunk);
  });
  socket.on('error', error => flow.close(messageOf(error)));
  socket.on('end', () => flow.close('the peer closed'));
  socket.on('close', () => flow.close('the connection closed'));
}

/** Pings that wait for their pong, and the limit on silence. */
class KeepAlive {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #stream: { write: (bytes: string) => void; expire: (reason: string) => void };
  #pongs: ((answered: boolean) => void)[] = [];
  #lastActive: number;
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    idleMs: number,
    stream: { write: (bytes: string) => void; expire: (reason: string) => void },
  ) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#stream = stream;
    this.#lastActive = clock.monotonic();
  }

  start(): void {
    if (this.#idleMs > 0) this.#watch();
  }

  /** Ends the watch. Returns the pings that are left without a pong. */
  stop(): ((answered: boolean) => void)[] {
    this.#timer?.cancel();
    const waiting = this.#pongs;
    this.#pongs = [];
    return waiting;
  }

  /** Something was sent or received. */
  active(): void {
    this.#lastActive = this.#clock.monotonic();
  }

  ping(timeoutMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const done = (answered: boolean): void => {
        timer.cancel();
        this.#pongs = this.#pongs.filter(one => one !== done);
        resolve(answered);
      };
      const timer = this.#clock.after(timeoutMs, () => done(false));
      this.#pongs.push(done);
      this.#stream.write(CRLF + CRLF);
    });
  }

  /** A CRLF is the pong of the oldest ping; without one, the second in a row is a ping. */
  crlf(pair: boolean): void {
    const settle = this.#pongs.shift();
    if (settle) settle(true);
    else if (pair) this.#stream.write(CRLF);
  }

  #watch(): void {
    const left = this.#lastActive + this.#idleMs - this.#clock.monotonic();
    if (left <= 0) this.#stream.expire(`silent for ${Math.round(this.#idleMs / 1000)} s`);
    else this.#timer = this.#clock.after(left, () => this.#watch());
  }
}

/** Opens a TCP connection; rejects with the system's error, after `timeoutMs`, or with the signal's reason. */
export function connectTcp(wanted: ConnectOptions, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    wanted.signal?.throwIfAborted();
    const socket = netConnect({
      host: wanted.host,
      port: wanted.port,
      ...(wanted.localAddress === undefined ? {} : { localAddress: wanted.localAddress }),
      ...(wanted.localPort ? { localPort: wanted.localPort } : {}),
    });
    const timeoutMs = wanted.timeoutMs ?? 10_000;
    const give = (error: unknown): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const timer = clock.after(timeoutMs, () => give(new Error(`no connection within ${timeoutMs} ms`)));
    const onAbort = (): void => give(wanted.signal?.reason);
    const settle = (): void => {
      timer.cancel();
      wanted.signal?.removeEventListener('abort', onAbort);
      socket.removeListener('error', give);
    };
    wanted.signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', give);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}

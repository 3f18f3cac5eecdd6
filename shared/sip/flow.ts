// A flow on a stream: one peer on TCP or TLS, with framing, keep-alive and idle limit; and how a TCP connection is opened.
import { connect as netConnect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { ConnectOptions, Flow, FlowHost, Protocol } from './flow-types.ts';
import { createFramer } from './framing.ts';
import { formatMessage } from './message.ts';

/** A peer that reads nothing while so much waits for it is gone. */
const MAX_UNSENT = 4 * 1024 * 1024;
/** RFC 5626 4.4.1 */
const PONG_MS = 10_000;
const CRLF = '\r\n';

/** IPv4 peers of a dual-stack socket by their IPv4 name. */
const plainHost = (host: string | undefined): string => (host ?? '').replace(/^::ffff:(?=\d+\.)/i, '');

/** How a flow tells, once, that it is gone. */
export interface CloseSignal {
  /** Undefined while the flow is open. */
  readonly reason: string | undefined;
  /** How many wait for it. */
  readonly listeners: number;
  fire(reason: string): void;
  onClose(listener: (reason: string) => void): () => void;
}

export function closeSignal(log: FlowHost['log']): CloseSignal {
  const listeners = new Set<(reason: string) => void>();
  let fired: string | undefined;
  return {
    get reason() {
      return fired;
    },
    get listeners() {
      return listeners.size;
    },
    fire: reason => {
      if (fired !== undefined) return;
      fired = reason;
      for (const listener of [...listeners]) {
        try {
          listener(reason);
        } catch (error) {
          log.error('a close listener failed', { error });
        }
      }
      listeners.clear();
    },
    onClose: listener => {
      if (fired === undefined) listeners.add(listener);
      else listener(fired);
      return () => void listeners.delete(listener);
    },
  };
}

function tlsFacts(socket: Socket): Pick<Flow, 'tls'> {
  if (!(socket instanceof TLSSocket)) return {};
  const cipher = socket.getCipher();
  const peer = socket.getPeerCertificate();
  const name = peer && Object.keys(peer).length > 0 ? (peer.subject?.CN ?? peer.subjectaltname) : undefined;
  return {
    tls: {
      version: socket.getProtocol() ?? '',
      cipher: cipher.standardName ?? cipher.name,
      ...(name === undefined ? {} : { peer: String(name) }),
    },
  };
}

/**
 * A flow over a connected socket, which it owns from now on.
 * A CRLF that comes is the pong of a ping we sent, else every second one is a ping that gets its answer (RFC 5626 3.5.1).
 * @param idleMs silence after which it closes; 0 = never
 */
export function streamFlow(host: FlowHost, socket: Socket, protocol: Exclude<Protocol, 'udp'>, idleMs: number): Flow {
  const signal = closeSignal(host.log);
  let pongs: ((answered: boolean) => void)[] = [];
  let heard = host.clock.monotonic();
  let idle: Timer | undefined;

  const close = (reason: string): void => {
    if (signal.reason !== undefined) return;
    idle?.cancel();
    const waiting = pongs;
    pongs = [];
    host.closed(flow);
    // What was written before still goes out; a peer that never reads it is cut when its buffer passes the bound.
    if (socket.writable) socket.destroySoon();
    else socket.destroy();
    signal.fire(reason);
    for (const pong of waiting) pong(false);
  };
  const watch = (): void => {
    const left = heard + idleMs - host.clock.monotonic();
    if (left <= 0) close(`silent for ${Math.round(idleMs / 1000)} s`);
    else idle = host.clock.after(left, watch);
  };
  const write = (bytes: Buffer | string): void => {
    if (signal.reason !== undefined || !socket.writable) return;
    socket.write(bytes);
    heard = host.clock.monotonic();
    if (socket.writableLength > MAX_UNSENT) {
      close('the peer does not read');
      socket.destroy();
    }
  };
  const feed = createFramer({
    message: bytes => {
      if (signal.reason === undefined) host.received(bytes, flow);
    },
    crlf: pair => {
      const pong = pongs.shift();
      if (pong) pong(true);
      else if (pair) write(CRLF);
    },
    broken: (reason, bytes) => {
      host.lost(reason, bytes, flow);
      close(`framing lost: ${reason}`);
    },
  });

  const flow: Flow = {
    id: host.nextId(protocol),
    protocol,
    reliable: true,
    local: { host: plainHost(socket.localAddress), port: socket.localPort ?? 0 },
    remote: { host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 },
    ...tlsFacts(socket),
    get closed() {
      return signal.reason !== undefined;
    },
    send: message => write(formatMessage(message)),
    ping: (timeoutMs = PONG_MS) => {
      if (signal.reason !== undefined) return Promise.resolve(false);
      return new Promise(resolve => {
        const done = (answered: boolean): void => {
          timer.cancel();
          pongs = pongs.filter(one => one !== done);
          resolve(answered);
        };
        const timer = host.clock.after(timeoutMs, () => done(false));
        pongs.push(done);
        write(CRLF + CRLF);
      });
    },
    onClose: signal.onClose,
    close: (reason = 'closed') => close(reason),
    at: () => flow,
  };

  socket.setNoDelay(true);
  socket.on('data', chunk => {
    heard = host.clock.monotonic();
    feed(chunk);
  });
  socket.on('error', error => close(messageOf(error)));
  socket.on('end', () => close('the peer closed'));
  socket.on('close', () => close('the connection closed'));
  host.opened(flow);
  if (idleMs > 0) watch();
  host.log.debug('SIP flow open', { flow: flow.id, remote: `${flow.remote.host}:${flow.remote.port}` });
  return flow;
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

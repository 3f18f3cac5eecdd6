// A TLS connection that carries no application byte before the unit's own judge has accepted the server.
import type { X509Certificate } from 'node:crypto';
import { isIP, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { clientContext, type HostCertificate } from './context.ts';
import { acceptedPath, type JudgedBy, judgeHandshake, type Refusal, refusal, type Verdict } from './judge.ts';
import type { KeyLogger } from './keylog.ts';
import { ianaName, usable, versionOf } from './profiles.ts';
import { judgeRevocation, type Revocation } from './revocation.ts';

/** The unit's side of a handshake: its policy, the installed CA certificates, its own time and names from DNS SRV. */
export interface TlsSettings extends JudgedBy {
  /** Presented when the server asks for a client certificate. */
  host?: HostCertificate | undefined;
  /** Receives the keys of the connection. */
  keylog?: KeyLogger | undefined;
  /** Asks OCSP responders; absent: revocation does not matter. */
  revocation?: Revocation | undefined;
  /** Opens the TCP connection where its bytes are captured; undefined while none are. */
  dial?: ((options: TcpNetConnectOpts) => Duplex | undefined) | undefined;
}

export interface TlsTarget {
  /** The server to reach and judge: a DNS name or an address. */
  host: string;
  port: number;
  /** The address to connect to, when it is known already and differs from `host`. */
  address?: string;
  localAddress?: string | undefined;
  localPort?: number | undefined;
  /** The name sent as SNI (RFC 6066 3); `host` unless that is an address. '' sends none. */
  servername?: string;
  settings: TlsSettings;
  signal?: AbortSignal | undefined;
  clock: Clock;
  /** For TCP and handshake together; 30,000 by default. */
  timeoutMs?: number;
}

/** The handshake made no accepted connection, with the reason. Network failures keep their own error. */
export class TlsRefused extends Error {
  override readonly name = 'TlsRefused';
  readonly verdict: Refusal;

  constructor(verdict: Refusal, cause?: unknown) {
    super(verdict.message, cause === undefined ? {} : { cause });
    this.verdict = verdict;
  }
}

export interface TlsFacts {
  /** `TLSv1.2`. */
  version: string;
  /** IANA name. */
  cipher: string;
  peerCertificate: X509Certificate | undefined;
}

/** The result of a finished handshake. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  return {
    version: socket.getProtocol() ?? '',
    cipher: ianaName(socket.getCipher()?.name ?? ''),
    peerCertificate: presentedChain(socket)[0],
  };
}

const presented = new WeakMap<TLSSocket, X509Certificate[]>();

/**
 * The peer's certificates as sent, its own first. Node gives that once and takes it out of OpenSSL by doing
 * so (its other form loses certificates that are not in order): ask here, not the socket.
 */
export function presentedChain(socket: TLSSocket): readonly X509Certificate[] {
  let chain = presented.get(socket);
  if (!chain) {
    chain = [];
    for (let cert = socket.getPeerX509Certificate(); cert && chain.length < 20; cert = cert.issuerCertificate) {
      chain.push(cert);
    }
    presented.set(socket, chain);
  }
  return chain;
}

/** @param stapled the answer about its certificate that the server sent along */
async function judge(
  socket: TLSSocket,
  host: string,
  settings: TlsSettings,
  stapled: Buffer | undefined,
): Promise<Verdict> {
  const version = versionOf(socket.getProtocol());
  if (!version) return refusal('handshake', 'the handshake ended without a version');
  const chain = presentedChain(socket);
  const verdict = judgeHandshake({ version, chain }, host, settings);
  const { policy, roots, now, revocation } = settings;
  if (!verdict.ok || !revocation || now === undefined) return verdict;
  const path = acceptedPath({ policy, chain, roots, host, now });
  return path ? judgeRevocation(path, stapled, revocation, now) : verdict;
}

/** Alerts about the certificate of the one who receives them (RFC 5246 7.2.2, RFC 8446 6.2). */
const aboutOurCertificate =
  /ALERT_(NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)/;

/**
 * The refusal for an error of OpenSSL, or for a close without one. OpenSSL's text stays in the message.
 * @param suite the server has chosen one
 */
function explain(error: Error & { code?: string }, suite: boolean, host: HostCertificate | undefined): Refusal {
  const code = error.code ?? '';
  const text = messageOf(error);
  // RFC 5246 7.2.2: alert 40 is also sent where a client certificate is missing, but then a suite was agreed before.
  if (aboutOurCertificate.test(code) || (suite && code.includes('ALERT_HANDSHAKE_FAILURE'))) {
    if (host) return refusal('client-certificate-refused', `the server refused the unit's certificate (${text})`);
    return refusal('client-certificate-missing', `the server asks for a certificate, and the unit has none (${text})`);
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION/.test(code)) {
    return refusal('version', `server and unit have no TLS version in common (${text})`);
  }
  if (/ALERT_HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|NO_CIPHERS_AVAILABLE|NO_SHARED_CIPHER/.test(code)) {
    return refusal('no-common-suite', `the server found no cipher suite that it can use with the unit (${text})`);
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE/.test(code)) {
    return refusal('handshake', `the server does not speak TLS (${text})`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return refusal('handshake', `the server closed the connection during the handshake (${text})`);
  }
  return refusal('handshake', `the TLS handshake failed (${text})`);
}

/** Node's types leave out that there is none before the server has chosen, or after the socket is gone. */
const hasSuite = (socket: TLSSocket): boolean =>
  (socket.getCipher() as ReturnType<TLSSocket['getCipher']> | undefined) !== undefined;

const aborted = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new DOMException('The operation was aborted', 'AbortError');

const addresses = ['localAddress', 'localPort', 'remoteAddress', 'remotePort'] as const;

/** Gives a TLS socket the addresses of the connection below it, which Node hides where that is no socket of its own. */
function showAddresses<T extends Duplex>(socket: T, below: Duplex): T {
  for (const name of addresses) {
    Object.defineProperty(socket, name, { configurable: true, get: () => Reflect.get(below, name) as unknown });
  }
  return socket;
}

function open(target: TlsTarget): TLSSocket {
  const { host, port, address, localAddress, localPort, servername, settings } = target;
  if (!usable(settings.policy.suites).length) {
    throw new TlsRefused(refusal('no-common-suite', 'none of the suites asked for can be negotiated here'));
  }
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const sni = servername ?? (isIP(bare) ? '' : bare);
  const tcp = {
    host: address ?? bare,
    port,
    ...(localAddress !== undefined && { localAddress }),
    ...(localPort !== undefined && { localPort }),
  };
  const below = settings.dial?.(tcp);
  const socket = connect({
    ...(below ? { socket: below } : tcp),
    ...(sni && { servername: sni }),
    secureContext: context(settings),
    ...(settings.revocation && { requestOCSP: true }),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  if (!below) return socket;
  below.once('connect', () => socket.emit('connect'));
  return showAddresses(socket, below);
}

function context(settings: TlsSettings): ReturnType<typeof clientContext> {
  try {
    return clientContext(settings.policy, settings.host);
  } catch (error) {
    throw new TlsRefused(
      refusal('handshake', `the unit's own certificate cannot be used (${messageOf(error)})`),
      error,
    );
  }
}

/**
 * Connects and judges the server on the unit's clock before anything is sent on the connection.
 * @throws TlsRefused when the handshake fails or the judge refuses; the system's error when TCP fails; an AbortError;
 *   an Error with code ETIMEDOUT after `timeoutMs`
 */
export async function connectTls(target: TlsTarget): Promise<TLSSocket> {
  const { host, port, settings, signal, clock, timeoutMs = 30_000 } = target;
  if (signal?.aborted) throw aborted(signal);
  const socket = open(target);
  if (settings.keylog) socket.on('keylog', settings.keylog);
  try {
    await new Promise<void>((resolve, reject) => {
      let reached = false;
      let stapled: Buffer | undefined;
      socket.once('OCSPResponse', answer => {
        // Node gives null where the server sent none.
        stapled = (answer as Buffer | null) ?? undefined;
      });
      const timer = clock.after(timeoutMs, () => {
        const step = reached ? 'TLS handshake' : 'connection';
        const text = `no ${step} with ${host}:${port} within ${timeoutMs} ms`;
        finish(Object.assign(new Error(text), { code: 'ETIMEDOUT' }));
      });
      const onAbort = (): void => finish(signal ? aborted(signal) : undefined);
      const onError = (error: Error): void =>
        finish(reached ? new TlsRefused(explain(error, hasSuite(socket), settings.host), error) : error);
      const onClose = (): void => onError(Object.assign(new Error('connection closed'), { code: 'ECONNRESET' }));
      const onSecure = (): void => {
        judge(socket, host, settings, stapled).then(
          verdict => finish(verdict.ok ? undefined : new TlsRefused(verdict)),
          (error: Error) => finish(error),
        );
      };
      const finish = (error?: Error): void => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        socket.off('close', onClose).off('secureConnect', onSecure).off('error', onError);
        if (error) reject(error);
        else resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.once('connect', () => {
        reached = true;
      });
      socket.on('error', onError).on('close', onClose).on('secureConnect', onSecure);
    });
  } catch (error) {
    socket.on('error', () => undefined); // The socket is discarded; its later errors do not matter.
    socket.destroy();
    throw error;
  }
  return socket;
}

// TLS of a listener: the options of its server, and the renewal of its certificates while it runs.
import { createHash } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import { DEFAULT_CIPHERS, type SecureVersion } from 'node:tls';
import { pairOptions } from '../../../shared/tls/certificate-pairs.ts';
import type { KeyLogger } from '../../../shared/tls/keylog.ts';

export interface ListenTls {
  /** Pairs of PEM texts; RSA and EC side by side. */
  certificates: { cert: string; key: string }[];
  minVersion: SecureVersion;
  ciphers?: string;
  clientCa?: string;
  /** Receives the keys of connections. */
  keylog?: KeyLogger;
}

/** Seconds in which a session can be resumed: as long as its ticket key is in force. OpenSSL's default is 300, one Inform interval. */
const RESUMABLE_S = 86_400;
/** A resumed session has the certificate of its first handshake, which is not judged again: such sessions last no longer than by default. */
const RESUMABLE_WITH_CERTIFICATE_S = 300;

/** @param ticketKey 48 bytes, the same in all processes */
export const tlsOptions = (tls: ListenTls, ticketKey?: Buffer): ServerOptions => ({
  ...(ticketKey ? { ticketKeys: ticketKey } : {}),
  sessionIdContext: sessionContext(tls),
  sessionTimeout: tls.clientCa ? RESUMABLE_WITH_CERTIFICATE_S : RESUMABLE_S,
  ...pairOptions(tls.certificates),
  minVersion: tls.minVersion,
  // The DHE suites of the DGW need a group from the server.
  dhparam: 'auto',
  ...cipherOptions(tls),
  ...(tls.clientCa ? { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false } : {}),
});

/**
 * Gives a TLS server new certificates; open connections keep theirs.
 * @param server without TLS, nothing happens
 * @param tls    all other TLS options of the server, which `setSecureContext` would drop
 */
export function renewServer(
  server: unknown,
  certificates: ListenTls['certificates'],
  tls?: ListenTls,
  ticketKey?: Buffer,
): void {
  const { setSecureContext } = server as { setSecureContext?: (options: object) => void };
  setSecureContext?.call(server, tls ? tlsOptions({ ...tls, certificates }, ticketKey) : pairOptions(certificates));
}

/**
 * Gives a TLS server another key of its session tickets. One that was sealed with the key before is answered with a full handshake.
 * @param server without TLS, nothing happens
 */
export function setTicketKey(server: unknown, key: Buffer): void {
  const { setTicketKeys } = server as { setTicketKeys?: (key: Buffer) => void };
  setTicketKeys?.call(server, key);
}

/**
 * OpenSSL resumes within one such context only, 32 bytes at most: sessions of all processes, as long as the settings that were judged in their
 * first handshake are the same.
 */
const sessionContext = ({ minVersion, ciphers = '', clientCa = '' }: ListenTls): string =>
  createHash('sha256')
    .update(JSON.stringify(['tandem', minVersion, ciphers, clientCa]))
    .digest('hex')
    .slice(0, 32);

/** OpenSSL's default security level refuses SHA-1, without which TLS 1.0 and 1.1 do not work. */
function cipherOptions({ ciphers, minVersion }: ListenTls): { ciphers?: string } {
  if (minVersion === 'TLSv1' || minVersion === 'TLSv1.1')
    return { ciphers: `${ciphers ?? DEFAULT_CIPHERS}:@SECLEVEL=0` };
  return ciphers ? { ciphers } : {};
}

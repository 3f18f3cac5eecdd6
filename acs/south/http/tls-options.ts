// TLS of a listener: the options of its server, and the renewal of its certificates while it runs.
import type { ServerOptions } from 'node:https';
import { DEFAULT_CIPHERS, type SecureVersion } from 'node:tls';

export interface ListenTls {
  /** Pairs of PEM texts; RSA and EC side by side. */
  certificates: { cert: string; key: string }[];
  minVersion: SecureVersion;
  ciphers?: string;
  clientCa?: string;
}

/** @param tickets 48 bytes, the same in all processes */
export const tlsOptions = (tls: ListenTls, tickets?: Buffer): ServerOptions => ({
  // Any process resumes a session. OpenSSL resumes within one session id context only, and Node derives it from the command line by default.
  ...(tickets ? { ticketKeys: tickets, sessionIdContext: 'tandem' } : {}),
  ...pairs(tls.certificates),
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
  tickets?: Buffer,
): void {
  const { setSecureContext } = server as { setSecureContext?: (options: object) => void };
  setSecureContext?.call(server, tls ? tlsOptions({ ...tls, certificates }, tickets) : pairs(certificates));
}

const pairs = (certificates: ListenTls['certificates']): { cert: string[]; key: string[] } => ({
  cert: certificates.map(pair => pair.cert),
  key: certificates.map(pair => pair.key),
});

/** OpenSSL's default security level refuses SHA-1, without which TLS 1.0 and 1.1 do not work. */
function cipherOptions({ ciphers, minVersion }: ListenTls): { ciphers?: string } {
  if (minVersion === 'TLSv1' || minVersion === 'TLSv1.1')
    return { ciphers: `${ciphers ?? DEFAULT_CIPHERS}:@SECLEVEL=0` };
  return ciphers ? { ciphers } : {};
}

// Certificates of clients at the SIP server's TLS port, as openSIPS has them: `tls_verify_client` and `tls_require_client_certificate`.
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { plainPolicy } from '../../shared/tls/profiles.ts';
import { judgeClient, judgedClients } from '../../shared/tls/server.ts';

export interface ClientCertificates {
  /** CAs that issue the certificates of clients. */
  roots: readonly X509Certificate[];
  /** Refuses clients without one. */
  areRequired: boolean;
}

/** The part of the listener's options that asks clients. */
export const askingClients: TlsOptions = { ...judgedClients, requestCert: true };

/** @returns why the client is refused; undefined to admit it */
export function refusalOf(
  socket: TLSSocket,
  { roots, areRequired }: ClientCertificates,
  clock: Clock,
): string | undefined {
  const verdict = judgeClient(socket, { policy: plainPolicy, roots, now: clock.now() });
  if (verdict.ok || (verdict.reason === 'no-certificate' && !areRequired)) return undefined;
  return verdict.message;
}

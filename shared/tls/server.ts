// The TLS server of the unit: the options of its listener, and the judgement of a client's certificate on the unit's own clock.
import { constants } from 'node:crypto';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { presentedChain } from './connect.ts';
import { type HostCertificate, tlsOptions } from './context.ts';
import { type JudgedBy, judgeChain, type Verdict } from './judge.ts';
import type { TlsPolicy } from './profiles.ts';

/** The part of a listener's options with which `judgeClient` decides about clients, and OpenSSL does not. */
export const judgedClients: Pick<TlsOptions, 'ca' | 'rejectUnauthorized' | 'secureOptions'> = {
  // A resumed session would carry no chain that could be judged again.
  secureOptions: constants.SSL_OP_NO_TICKET,
  // An empty `ca` keeps Node from loading its own list of roots; it also names no authority to the client (RFC 5246 7.4.4).
  ca: [],
  rejectUnauthorized: false,
};

/**
 * The options of a listener with this policy and certificate.
 * @param asksClients asks each client for a certificate
 */
export function listenerOptions(policy: TlsPolicy, host: HostCertificate, asksClients: boolean): TlsOptions {
  return {
    ...tlsOptions(policy, 'server'),
    cert: host.cert,
    key: host.key,
    dhparam: 'auto',
    honorCipherOrder: true,
    ...judgedClients,
    requestCert: asksClients,
  };
}

/**
 * The judgement of a client that was asked for its certificate: dates and path to an installed CA, no name
 * (DGW `InteropTlsClientAuthenticationEnable`: TrustedCertificate, whatever the level for servers).
 */
export function judgeClient(socket: TLSSocket, { policy, roots, now }: JudgedBy): Verdict {
  const level = { ...policy, validation: 'TrustedCertificate' } as const;
  const verdict = judgeChain({ policy: level, chain: presentedChain(socket), roots, now, host: '', role: 'client' });
  if (verdict.ok || verdict.reason !== 'no-certificate') return verdict;
  return { ...verdict, message: 'the client presented no certificate' };
}

// TLS contexts of OpenSSL, made from policies. Contexts are expensive and shared: one per policy and host certificate.
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import { offeredFrom, protocolOf, type TlsPolicy, usable } from './profiles.ts';

/** The unit's own certificate, PEM; `cert` may be followed by its intermediates. */
export interface HostCertificate {
  cert: string;
  key: string;
}

export interface TlsOptions {
  /** OpenSSL names. */
  ciphers: string;
  minVersion: SecureVersion;
  maxVersion: SecureVersion;
}

/**
 * The options for either role. Below TLS 1.2, OpenSSL 3 needs security level 0.
 * @param role a server (the unit's web page) refuses a low version by itself
 */
export function tlsOptions(policy: TlsPolicy, role: 'client' | 'server' = 'client'): TlsOptions {
  const own = policy.floor === 'SSLv3' ? 'TLSv1' : policy.floor;
  const floor = role === 'client' ? offeredFrom(policy) : own;
  const level = policy.ceiling === 'TLSv1_2' || floor !== 'TLSv1_2' ? ['@SECLEVEL=0'] : [];
  return {
    ciphers: [...usable(policy.suites), ...level].join(':'),
    minVersion: protocolOf(floor) as SecureVersion,
    maxVersion: protocolOf(policy.ceiling) as SecureVersion,
  };
}

const contexts = new Map<string, SecureContext>();
const CACHED = 64;

/**
 * The shared context of a client with this policy and certificate. It trusts no CA by itself: `judge.ts` decides.
 * @throws Error of OpenSSL when the host certificate or key cannot be used
 */
export function clientContext(policy: TlsPolicy, host?: HostCertificate): SecureContext {
  const options = tlsOptions(policy);
  const key = JSON.stringify([options, host?.cert, host?.key]);
  let context = contexts.get(key);
  if (!context) {
    // An empty `ca` keeps Node from loading its own list of roots into every context.
    context = createSecureContext({ ...options, ca: [], ...(host && { cert: host.cert, key: host.key }) });
    if (contexts.size >= CACHED) contexts.delete(contexts.keys().next().value ?? '');
    contexts.set(key, context);
  }
  return context;
}

// The allowed uses of a certificate, read from its extensions, which Node does not offer.
import type { X509Certificate } from 'node:crypto';
import { x509 } from '../pki/x509.ts';

export interface Constraints {
  /** Basic constraints say that it is a CA; a self-signed certificate without any extension (X.509 v1) counts as one. */
  ca: boolean;
  /** Most CAs below it. */
  pathLength?: number;
  /** Absent where the extension is: then every use is allowed (RFC 5280 4.2.1.3). */
  keyUsage?: { certSign: boolean; tls: boolean };
  /** OIDs of critical extensions that nothing here understands (RFC 5280 4.2). */
  unknown: string[];
  /** The extensions could not be read. */
  broken?: boolean;
}

/** Basic constraints, key usage, extended key usage, SAN, policies, and key identifiers, which should not be critical. */
const understood = new Set(['2.5.29.19', '2.5.29.15', '2.5.29.37', '2.5.29.17', '2.5.29.32', '2.5.29.14', '2.5.29.35']);

const cache = new Map<string, Constraints>();
const CACHED = 500;

function read(cert: X509Certificate): Constraints {
  const out: Constraints = { ca: false, unknown: [] };
  let extensions: x509.Extension[];
  try {
    ({ extensions } = new x509.X509Certificate(cert.raw));
  } catch {
    return { ...out, broken: true }; // OpenSSL accepted it, so this is odd rather than impossible; it cannot be an issuer.
  }
  if (!extensions.length) out.ca = cert.subject === cert.issuer;
  for (const extension of extensions) {
    if (extension instanceof x509.BasicConstraintsExtension) {
      out.ca = extension.ca;
      if (extension.pathLength !== undefined) out.pathLength = extension.pathLength;
    } else if (extension instanceof x509.KeyUsagesExtension) {
      const { keyCertSign, digitalSignature, keyEncipherment, keyAgreement } = x509.KeyUsageFlags;
      const has = (bits: number): boolean => (extension.usages & bits) !== 0;
      out.keyUsage = { certSign: has(keyCertSign), tls: has(digitalSignature | keyEncipherment | keyAgreement) };
    } else if (extension.critical && !understood.has(extension.type)) out.unknown.push(extension.type);
  }
  return out;
}

/** The constraints of a certificate, cached by fingerprint, within bounds. */
export function constraintsOf(cert: X509Certificate): Constraints {
  const key = cert.fingerprint256;
  let known = cache.get(key);
  if (!known) {
    known = read(cert);
    if (cache.size >= CACHED) cache.delete(cache.keys().next().value ?? '');
    cache.set(key, known);
  }
  return known;
}

const issuerKey = (cert: X509Certificate): string | undefined =>
  new x509.X509Certificate(cert.raw).getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;

/** True when both name the same key of the same issuer (RFC 5280 4.2.1.1). */
export function isSameIssuer(a: X509Certificate, b: X509Certificate): boolean {
  if (a.issuer !== b.issuer) return false;
  try {
    const key = issuerKey(a);
    return key !== undefined && key === issuerKey(b);
  } catch {
    return false; // Extensions that cannot be read are ignored.
  }
}

// One link of a device: whether its next handshake succeeds, as far as the facts go. The judgement is the gateway's own (shared/tls).
import { describe } from '../../../shared/pki/certificates.ts';
import { isSameIssuer } from '../../../shared/tls/extensions.ts';
import type { JudgedBy, Reason } from '../../../shared/tls/judge.ts';
import { judgeServer, type ServerFacts } from '../../../shared/tls/offer.ts';

export interface LinkVerdict {
  verdict: 'keeps' | 'loses' | 'unknown';
  /** Of a loss that of the gateway itself; of what is unknown the fact that is missing. */
  reason?: Reason | 'server-unknown' | 'name-unknown';
  message?: string;
  /** Of the TLS connection that it keeps, `TLSv1_2` and the suite's IANA name; absent where it uses no TLS. */
  version?: string;
  suite?: string;
}

/**
 * What a session proves of a device whose CAs are not all known. `chain`: it accepts this very chain at this level. `issuer`: it
 * accepted one of the same issuer, so only name and dates are left to judge.
 */
export type Proof = 'chain' | 'issuer';

export interface LinkFacts extends JudgedBy {
  host: string | undefined;
  server: ServerFacts | undefined;
  /** Why the server is not known. */
  missing?: string | undefined;
  proof?: Proof | undefined;
}

export function verdictOf(facts: LinkFacts): LinkVerdict {
  const { server, host, policy, proof } = facts;
  if (!server) {
    const message = facts.missing ?? 'what the server offers is not known';
    return { verdict: 'unknown', reason: 'server-unknown', message };
  }
  const leaves = server.chains.flatMap(([leaf]) => leaf ?? []);
  const needsName = policy.validation === 'HostName' || policy.validation === 'DnsSrvResponse';
  const judged: JudgedBy = { ...facts };
  if (proof === 'chain') judged.policy = { ...policy, validation: 'NoValidation', refuseWithoutClock: false };
  else if (proof === 'issuer') judged.roots = [...facts.roots, ...leaves];
  else if (host === undefined && needsName) judged.policy = { ...policy, validation: 'TrustedCertificate' };
  const outcome = judgeServer(server, host ?? '', judged);
  if (!outcome.ok) return { verdict: 'loses', reason: outcome.reason, message: outcome.message };
  if (host === undefined && needsName && proof !== 'chain') {
    const message = 'all is well but the name, and by which name the device asks is not known';
    return { verdict: 'unknown', reason: 'name-unknown', message };
  }
  return { verdict: 'keeps', version: outcome.version, suite: outcome.suite };
}

/** Whether a session at `informed` says something of these certificates: they were in use then, and are still good. */
export const provenBy = (server: ServerFacts, informed: number | undefined, now: number): boolean =>
  informed !== undefined &&
  server.chains.every(([leaf]) => {
    if (!leaf) return false;
    const { notBefore, notAfter } = describe(leaf);
    return informed >= notBefore && now <= notAfter;
  });

/** Whether each new certificate comes from an issuer of one of the old ones: whoever trusts that, trusts it too. */
export const sameIssuers = (before: ServerFacts, after: ServerFacts): boolean =>
  after.chains.every(([leaf]) => before.chains.some(([old]) => leaf && old && isSameIssuer(leaf, old)));

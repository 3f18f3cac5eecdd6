// The verdict on one link of a device: does its next handshake succeed, as far as the facts go? The gateway's own code judges (shared/tls).
import type { X509Certificate } from 'node:crypto';
import { describe } from '../../../shared/pki/certificates.ts';
import { isSameIssuer } from '../../../shared/tls/extensions.ts';
import type { JudgedBy, Reason, Refusal } from '../../../shared/tls/judge.ts';
import { judgeServer, type ServerFacts } from '../../../shared/tls/offer.ts';

export interface LinkVerdict {
  verdict: 'keeps' | 'loses' | 'unknown';
  /** Of a loss: the gateway's own reason. Of `unknown`: the fact that is missing. */
  reason?: Reason | 'server-unknown' | 'name-unknown' | 'ca-unknown';
  message?: string;
  /** The version (`TLSv1_2`) and the suite's IANA name of a connection that it keeps; absent without TLS. */
  version?: string;
  suite?: string;
}

/**
 * A proof that a session gives of a device whose CAs are not all known. `chain`: it accepts this very chain at this level. `issuer`:
 * it accepted a chain of the same issuer, so only name and dates are left to judge.
 */
export type SessionProof = 'chain' | 'issuer';

export interface LinkFacts extends JudgedBy {
  host: string | undefined;
  server: ServerFacts | undefined;
  /** The reason why the server is not known. */
  missing?: string | undefined;
  proof?: SessionProof | undefined;
  /** The device has this connection now and no CAs are declared for it, so whether it trusts the server is not known. */
  inUse?: boolean;
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
  if (!outcome.ok && facts.inUse) {
    const trusted = judgeServer(server, host ?? '', { ...judged, roots: [...facts.roots, ...leaves] });
    return trusted.ok ? { verdict: 'unknown', reason: 'ca-unknown', message: casMissing } : lossOf(trusted);
  }
  if (!outcome.ok) return lossOf(outcome);
  if (host === undefined && needsName && proof !== 'chain') {
    const message = 'the handshake succeeds if the name fits; the name that the device asks for is not known';
    return { verdict: 'unknown', reason: 'name-unknown', message };
  }
  if (policy.trust === 'OcspMandatory' && policy.validation !== 'NoValidation') {
    const message = 'the handshake succeeds if an OCSP responder vouches for the certificate, which is not known';
    return { verdict: 'unknown', reason: 'revocation-unknown', message };
  }
  return { verdict: 'keeps', version: outcome.version, suite: outcome.suite };
}

const casMissing =
  'the handshake succeeds if the unit has a CA certificate for the server; none are declared for it, so its CAs are not known';

const lossOf = ({ reason, message }: Refusal): LinkVerdict => ({ verdict: 'loses', reason, message });

/** Tells whether a device would trust the server by these CAs alone, whatever its name. */
export function vouchFor(
  roots: readonly X509Certificate[],
  { server, host, policy, now }: { server: ServerFacts } & Pick<LinkFacts, 'host' | 'policy' | 'now'>,
): boolean {
  if (roots.length === 0) return false;
  const judged: JudgedBy = { policy: { ...policy, validation: 'TrustedCertificate' }, roots, now };
  return judgeServer(server, host ?? '', judged).ok;
}

/** The time since which these certificates can be in use, milliseconds: earlier sessions prove nothing of them. */
export const inUseSince = ({ chains }: ServerFacts): number =>
  Math.max(...chains.map(([leaf]) => (leaf ? describe(leaf).notBefore : Number.POSITIVE_INFINITY)));

/** Tells whether none of the certificates has expired. */
export const isInDate = ({ chains }: ServerFacts, now: number): boolean =>
  chains.every(([leaf]) => leaf !== undefined && now <= describe(leaf).notAfter);

/** Tells whether each new certificate has the issuer of an old one, so that a device that trusts that issuer trusts it too. */
export const sameIssuers = (before: ServerFacts, after: ServerFacts): boolean =>
  after.chains.every(([leaf]) => before.chains.some(([old]) => leaf && old && isSameIssuer(leaf, old)));

// One link of a device: whether its next handshake succeeds, as far as the facts go. The judgement is the gateway's own (shared/tls).
import type { X509Certificate } from 'node:crypto';
import { describe } from '../../../shared/pki/certificates.ts';
import { isSameIssuer } from '../../../shared/tls/extensions.ts';
import type { JudgedBy, Reason, Refusal } from '../../../shared/tls/judge.ts';
import { judgeServer, type ServerFacts } from '../../../shared/tls/offer.ts';

export interface LinkVerdict {
  verdict: 'keeps' | 'loses' | 'unknown';
  /** Of a loss that of the gateway itself; of what is unknown the fact that is missing. */
  reason?: Reason | 'server-unknown' | 'name-unknown' | 'ca-unknown';
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
  /** The device has this connection now, and nobody told which CAs it has: what hangs on them alone is not known. */
  stands?: boolean;
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
  if (!outcome.ok && facts.stands) {
    const trusted = judgeServer(server, host ?? '', { ...judged, roots: [...facts.roots, ...leaves] });
    return trusted.ok ? { verdict: 'unknown', reason: 'ca-unknown', message: casMissing } : lossOf(trusted);
  }
  if (!outcome.ok) return lossOf(outcome);
  if (host === undefined && needsName && proof !== 'chain') {
    const message = 'all is well but the name, and by which name the device asks is not known';
    return { verdict: 'unknown', reason: 'name-unknown', message };
  }
  return { verdict: 'keeps', version: outcome.version, suite: outcome.suite };
}

const casMissing =
  'all is well if the unit has a CA certificate for the server, and which it has is not known: no CAs were told of it';

const lossOf = ({ reason, message }: Refusal): LinkVerdict => ({ verdict: 'loses', reason, message });

/** Whether a device would trust the server by these CAs alone, its name apart. */
export function vouchFor(
  roots: readonly X509Certificate[],
  { server, host, policy, now }: { server: ServerFacts } & Pick<LinkFacts, 'host' | 'policy' | 'now'>,
): boolean {
  if (roots.length === 0) return false;
  const judged: JudgedBy = { policy: { ...policy, validation: 'TrustedCertificate' }, roots, now };
  return judgeServer(server, host ?? '', judged).ok;
}

/** Since when a session says something of these certificates, milliseconds: before, they were not in use. */
export const inUseSince = ({ chains }: ServerFacts): number =>
  Math.max(...chains.map(([leaf]) => (leaf ? describe(leaf).notBefore : Number.POSITIVE_INFINITY)));

/** Whether none of them has expired: what was accepted once may still be. */
export const isInDate = ({ chains }: ServerFacts, now: number): boolean =>
  chains.every(([leaf]) => leaf !== undefined && now <= describe(leaf).notAfter);

/** Whether each new certificate comes from an issuer of one of the old ones: whoever trusts that, trusts it too. */
export const sameIssuers = (before: ServerFacts, after: ServerFacts): boolean =>
  after.chains.every(([leaf]) => before.chains.some(([old]) => leaf && old && isSameIssuer(leaf, old)));

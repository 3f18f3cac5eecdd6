// Prediction of a handshake from the server's offer: the policy against versions and suites
// here, then the same judgement that the unit's own handshakes get.
import type { X509Certificate } from 'node:crypto';
import { type JudgedBy, judgeHandshake, judgeVersion, type Refusal, refusal } from './judge.ts';
import { isOlder, offeredFrom, suites, type TlsPolicy, type TlsVersion, tlsVersions } from './profiles.ts';

type SuiteKey = 'RSA' | 'EC' | 'DSS';

interface Offer {
  versions: readonly TlsVersion[];
  /** IANA names in the server's order of preference, which decides. */
  suites: readonly string[];
  /** The kinds of key the server has a certificate for. */
  keys: readonly SuiteKey[];
}

/**
 * Predicts a handshake between the policy and a server, without the certificate. The server takes the newest version
 * of both, then its first suite that the client offers, that fits the version and that it has a key for.
 */
export function judgeOffer(
  policy: TlsPolicy,
  server: Offer,
): { ok: true; version: TlsVersion; suite: string } | Refusal {
  const version = tlsVersions.findLast(
    candidate =>
      server.versions.includes(candidate) &&
      !isOlder(policy.ceiling, candidate) &&
      !isOlder(candidate, offeredFrom(policy)),
  );
  if (!version) {
    return refusal(
      'version',
      `the server speaks ${server.versions.join(', ')}, the unit ${offeredFrom(policy)} to ${policy.ceiling}`,
    );
  }
  const shared = server.suites.filter(name => policy.suites.includes(name));
  const fitting = shared.filter(name => {
    const known = suites[name];
    return known && !isOlder(version, known.from) && !isOlder(known.to, version);
  });
  const suite = fitting.find(name => {
    const key = suites[name]?.key;
    return key === 'any' || (key !== undefined && server.keys.includes(key));
  });
  if (!suite) return refusal('no-common-suite', whyNoSuite(shared, fitting, version, server));
  const verdict = judgeVersion(policy, version);
  return verdict.ok ? { ok: true, version, suite } : verdict;
}

function whyNoSuite(shared: readonly string[], fitting: readonly string[], version: TlsVersion, server: Offer): string {
  if (!shared.length) return 'server and unit have no cipher suite in common';
  if (!fitting.length) return `every suite in common needs a version other than ${version}: ${shared.join(', ')}`;
  return `every suite in common needs a key that the server has no certificate for (it has ${server.keys.join(', ')})`;
}

/** The properties that a server shows its clients. */
export interface ServerFacts {
  versions: readonly TlsVersion[];
  /** IANA names of the suites that it would take, in its order of preference. */
  suites: readonly string[];
  /** Its chains, one for each kind of key, its own certificate first. */
  chains: readonly (readonly X509Certificate[])[];
}

/** The kind of key that decides which suites a certificate serves. */
export function suiteKeyOf(cert: X509Certificate): SuiteKey | undefined {
  const type = cert.publicKey.asymmetricKeyType;
  if (type === 'rsa' || type === 'rsa-pss') return 'RSA';
  if (type === 'dsa') return 'DSS';
  return type === 'ec' ? 'EC' : undefined;
}

/** The chain that goes with a suite; TLS 1.3 suites leave it to the signature, and OpenSSL then takes EC before RSA. */
function chainFor(suite: string, chains: ServerFacts['chains']): readonly X509Certificate[] {
  const held = (key: SuiteKey): readonly X509Certificate[] | undefined =>
    chains.find(([leaf]) => leaf !== undefined && suiteKeyOf(leaf) === key);
  const key = suites[suite]?.key ?? 'any';
  return (key === 'any' ? (held('EC') ?? held('RSA') ?? chains[0]) : held(key)) ?? [];
}

/** Predicts the unit's next handshake with this server: as `connectTls`, without the connection. */
export function judgeServer(
  server: ServerFacts,
  host: string,
  by: JudgedBy,
): { ok: true; version: TlsVersion; suite: string } | Refusal {
  const keys = server.chains.flatMap(([leaf]) => (leaf && suiteKeyOf(leaf)) ?? []);
  const outcome = judgeOffer(by.policy, { versions: server.versions, suites: server.suites, keys });
  if (!outcome.ok) return outcome;
  const chain = chainFor(outcome.suite, server.chains);
  const verdict = judgeHandshake({ version: outcome.version, chain }, host, by);
  return verdict.ok ? outcome : verdict;
}

// The unit's judgement of a TLS peer, as a pure function of policy, chain, installed CAs, name and the unit's own time.
// OpenSSL's verdict would know only the host's clock, and let an expired date hide a missing CA.
import type { X509Certificate } from 'node:crypto';
import { allows, describe } from '../pki/certificates.ts';
import { constraintsOf } from './extensions.ts';
import { namesHost } from './names.ts';
import { isOlder, type TlsPolicy, type TlsVersion } from './profiles.ts';

/**
 * The reason to refuse a peer. One chain can have several faults; the first in this order is reported, so that repairing it reveals
 * the next: nothing presented, nothing to judge by (no CA installed, no time), no path to an installed CA, a path that
 * must not be used, dates, name. The last six come from the handshake itself.
 */
export type Reason =
  | 'no-certificate'
  | 'no-ca'
  | 'clock-not-set'
  | 'untrusted'
  | 'self-signed'
  | 'bad-signature'
  | 'not-a-ca'
  | 'path-length'
  | 'key-usage'
  | 'unsupported-extension'
  | 'expired'
  | 'not-yet-valid'
  | 'name-mismatch'
  | 'revoked'
  | 'revocation-unknown'
  | 'client-certificate-missing'
  | 'client-certificate-refused'
  | 'below-floor'
  | 'no-common-suite'
  | 'version'
  | 'handshake';

/** Reasons that lie in the certificates of the peer, or in the CAs to judge them by. */
const aboutCertificates: readonly Reason[] = [
  'no-certificate',
  'no-ca',
  'untrusted',
  'self-signed',
  'bad-signature',
  'not-a-ca',
  'path-length',
  'key-usage',
  'unsupported-extension',
  'expired',
  'not-yet-valid',
  'name-mismatch',
  'revoked',
  'revocation-unknown',
];

/** True when the peer's certificate was refused, rather than the connection as such. */
export const isAboutCertificate = (reason: Reason): boolean => aboutCertificates.includes(reason);

export interface Refusal {
  ok: false;
  reason: Reason;
  /** One sentence for a log or an operator. */
  message: string;
}

export type Verdict = { ok: true } | Refusal;

export const refusal = (reason: Reason, message: string): Refusal => ({ ok: false, reason, message });
const accepted: Verdict = { ok: true };

export interface ChainInput {
  policy: Pick<TlsPolicy, 'validation' | 'names' | 'ignoreDatesWithoutClock' | 'refuseWithoutClock'>;
  /** As presented, the peer's own certificate first; the order of the rest does not matter. */
  chain: readonly X509Certificate[];
  /** The installed CA certificates. Each is an anchor, self-signed or not (RFC 5280 6.1.1). */
  roots: readonly X509Certificate[];
  /** The server that was asked for: a DNS name or an address. */
  host: string;
  /** Names that a DNS SRV lookup returned, for DnsSrvResponse. */
  srvNames?: readonly string[];
  /** The unit's time, milliseconds since the epoch; undefined while its clock is not set. */
  now: number | undefined;
  /** The role that the certificate must be valid for; `server` by default. */
  role?: 'server' | 'client';
}

const nameOf = (cert: X509Certificate): string => `'${describe(cert).subject}'`;

/** The step that a refused path reached; of several paths, the one that got furthest is reported. */
const stages: readonly Reason[][] = [
  ['untrusted', 'self-signed'],
  ['bad-signature'],
  ['unsupported-extension', 'not-a-ca', 'path-length', 'key-usage'],
  ['expired', 'not-yet-valid'],
  ['name-mismatch'],
];
const stageOf = (reason: Reason): number => stages.findIndex(stage => stage.includes(reason));

/** Most signatures that are checked for one peer. */
const MAX_STEPS = 64;
const MAX_DEPTH = 10;

/** Judges the certificates of a peer, at the policy's validation level. */
export function judgeChain(input: ChainInput): Verdict {
  const { policy, chain, roots, now } = input;
  const [leaf] = chain;
  if (!leaf) return refusal('no-certificate', 'the server presented no certificate');
  const validates = policy.validation !== 'NoValidation';
  if (validates && !roots.length) {
    return refusal('no-ca', `no CA certificate is installed, and ${policy.validation} needs one`);
  }
  if (now === undefined && (policy.refuseWithoutClock || (validates && !policy.ignoreDatesWithoutClock))) {
    return refusal('clock-not-set', 'the clock is not set, so no certificate can be judged');
  }
  if (!validates) return accepted;

  let best: Refusal | undefined;
  for (const outcome of paths(leaf, chain.slice(1), roots)) {
    const verdict = 'path' in outcome ? judgePath(outcome.path, input) : outcome;
    if (verdict.ok) return judgeName(leaf, input);
    if (!best || stageOf(verdict.reason) > stageOf(best.reason)) best = verdict;
  }
  return best ?? refusal('untrusted', `no path from ${nameOf(leaf)} to an installed CA`);
}

/** The path by which a chain is accepted, leaf first; undefined where none is, or nothing was validated. */
export function acceptedPath(input: ChainInput): readonly X509Certificate[] | undefined {
  const [leaf] = input.chain;
  if (!leaf || input.policy.validation === 'NoValidation') return undefined;
  for (const outcome of paths(leaf, input.chain.slice(1), input.roots)) {
    if ('path' in outcome && judgePath(outcome.path, input).ok) return outcome.path;
  }
  return undefined;
}

type Outcome = { path: X509Certificate[] } | Refusal;

/** Every way from the leaf up to an installed certificate, and every dead end, lazily and within bounds (RFC 5280 6.1). */
function* paths(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): Generator<Outcome> {
  let steps = 0;
  const isRoot = (cert: X509Certificate): boolean => roots.some(root => root.raw.equals(cert.raw));
  const pool = [...roots, ...presented.filter(cert => !isRoot(cert))];

  function* from(path: X509Certificate[]): Generator<Outcome> {
    const last = path.at(-1) as X509Certificate;
    if (isRoot(last)) return yield { path };
    const known = (cert: X509Certificate): boolean => path.some(earlier => earlier.raw.equals(cert.raw));
    const issuers = pool.filter(cert => cert.subject === last.issuer && !known(cert));
    if (!issuers.length || path.length >= MAX_DEPTH) yield deadEnd(last);
    for (const issuer of issuers) {
      if (++steps > MAX_STEPS) return;
      if (signedBy(last, issuer)) yield* from([...path, issuer]);
      else {
        const text = `the signature of ${nameOf(last)} was not made by ${nameOf(issuer)}, although it says so`;
        yield refusal('bad-signature', text);
      }
    }
  }
  yield* from([leaf]);
}

function deadEnd(last: X509Certificate): Refusal {
  if (last.subject === last.issuer) {
    return refusal('self-signed', `${nameOf(last)} signed itself and is not among the installed CAs`);
  }
  return refusal('untrusted', `the issuer of ${nameOf(last)}, '${describe(last).issuer}', is not installed`);
}

function signedBy(cert: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return cert.verify(issuer.publicKey);
  } catch {
    return false; // A key of a kind that cannot have made this signature.
  }
}

/** @param path leaf first, the installed certificate last; the leaf alone when it is installed itself */
function judgePath(path: readonly X509Certificate[], input: ChainInput): Verdict {
  for (const [at, cert] of path.entries()) {
    const verdict = at === 0 ? judgeLeaf(cert, input.role ?? 'server') : judgeIssuer(path, at, input.role ?? 'server');
    if (!verdict.ok) return verdict;
  }
  if (input.now === undefined) return accepted;
  for (const cert of path) {
    const verdict = judgeDates(cert, input.now);
    if (!verdict.ok) return verdict;
  }
  return accepted;
}

function judgeLeaf(cert: X509Certificate, role: 'server' | 'client'): Verdict {
  const { unknown, keyUsage } = constraintsOf(cert);
  if (unknown.length) return unsupported(cert, unknown);
  if (!allows(cert, role)) return refusal('key-usage', `${nameOf(cert)} is not meant for a TLS ${role}`);
  if (keyUsage && !keyUsage.tls) return refusal('key-usage', `the key of ${nameOf(cert)} is not meant for TLS`);
  return accepted;
}

const unsupported = (cert: X509Certificate, oids: readonly string[]): Refusal =>
  refusal(
    'unsupported-extension',
    `${nameOf(cert)} has a critical extension that is not understood: ${oids.join(', ')}`,
  );

/** RFC 5280 6.1.4 (k)–(n), for the certificate at `at`, which issued the one before it. */
function judgeIssuer(path: readonly X509Certificate[], at: number, role: 'server' | 'client'): Verdict {
  const cert = path[at] as X509Certificate;
  const { ca, keyUsage, pathLength, unknown, broken } = constraintsOf(cert);
  if (unknown.length) return unsupported(cert, unknown);
  if (!ca || broken) return refusal('not-a-ca', `${nameOf(cert)} issued a certificate but is no CA`);
  if (keyUsage && !keyUsage.certSign)
    return refusal('key-usage', `the key of ${nameOf(cert)} must not sign certificates`);
  const below = path.slice(1, at).filter(issuer => issuer.subject !== issuer.issuer).length;
  if (pathLength !== undefined && below > pathLength) {
    return refusal('path-length', `${nameOf(cert)} allows ${pathLength} CAs below it, not ${below}`);
  }
  // An installed CA is trusted for what it was installed for; one in between must allow the role too, as OpenSSL has it.
  const installed = at === path.length - 1;
  if (!installed && !allows(cert, role)) return refusal('key-usage', `${nameOf(cert)} is not meant for TLS ${role}s`);
  return accepted;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** RFC 5280 4.1.2.5: both ends included. An installed CA must be valid too. */
function judgeDates(cert: X509Certificate, now: number): Verdict {
  const { notBefore, notAfter } = describe(cert);
  if (now > notAfter) return refusal('expired', `${nameOf(cert)} expired on ${day(notAfter)}; it is ${day(now)}`);
  if (now < notBefore) {
    return refusal('not-yet-valid', `${nameOf(cert)} is valid from ${day(notBefore)}; it is ${day(now)}`);
  }
  return accepted;
}

function judgeName(leaf: X509Certificate, { policy, host, srvNames = [] }: ChainInput): Verdict {
  if (policy.validation === 'TrustedCertificate') return accepted;
  const wanted = policy.validation === 'DnsSrvResponse' ? [host, ...srvNames] : [host];
  if (wanted.some(name => namesHost(leaf, name, policy.names ?? 'vendor'))) return accepted;
  const { subject, names } = describe(leaf);
  const has = [`CN ${subject}`, ...names].slice(0, 10).join(', ');
  return refusal('name-mismatch', `the certificate names ${has}, not ${wanted.join(' or ')}`);
}

/** The unit closes after ServerHello when the server chose less than the floor. */
export function judgeVersion(policy: Pick<TlsPolicy, 'floor'>, version: TlsVersion): Verdict {
  return isOlder(version, policy.floor)
    ? refusal('below-floor', `the server chose ${version}, below the minimum ${policy.floor}`)
    : accepted;
}

/** The result of a handshake, real or predicted. */
export interface Handshake {
  version: TlsVersion;
  /** As presented, the server's own certificate first. */
  chain: readonly X509Certificate[];
}

/** The unit's side of the judgement of a server. */
export interface JudgedBy {
  policy: TlsPolicy;
  /** Installed CA certificates. */
  roots: readonly X509Certificate[];
  /** The unit's time, milliseconds since the epoch; undefined while its clock is not set. */
  now: number | undefined;
  /** Names that a DNS SRV lookup returned, for DnsSrvResponse. */
  srvNames?: readonly string[];
}

/** The unit's judgement of a whole handshake: the floor, which shows in ServerHello, then the certificate that follows it. */
export function judgeHandshake({ version, chain }: Handshake, host: string, by: JudgedBy): Verdict {
  const verdict = judgeVersion(by.policy, version);
  if (!verdict.ok) return verdict;
  const { policy, roots, now, srvNames } = by;
  return judgeChain({ policy, chain, roots, host, now, ...(srvNames && { srvNames }) });
}

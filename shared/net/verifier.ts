// The server's side of HTTP authentication: challenges, and the check of digest and basic credentials (RFC 7616, RFC 7617).
import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../clock.ts';
import { type Credentials, formatChallenge, parseCredentials } from './credentials.ts';
import { algorithmOf, type DigestAlgorithm, type ProofInput, proof } from './digest.ts';
import { Nonces, ReplayMemory } from './nonces.ts';
import { originForm } from './request-target.ts';

export interface VerifierOptions {
  realm: string;
  clock: Clock;
  random: Random;
  /** Secret of the nonces, 16 bytes or more; the same in all processes that accept each other's nonces. */
  key: Buffer;
  /** Lifetime of a nonce, in milliseconds; 300,000 by default. */
  lifetimeMs?: number;
  /** One challenge each, in this order; MD5 alone by default. */
  algorithms?: readonly DigestAlgorithm[];
  /** Offers and accepts clear passwords. For TLS connections only (TR-069 3.4.4). */
  basic?: boolean;
  /** Offers and accepts digest; true by default. */
  digest?: boolean;
  opaque?: string;
  /** Nonces remembered against replay; 100,000 by default. */
  maxTracked?: number;
}

interface Verification {
  /** The Authorization header as received. */
  header: string | undefined;
  method: string;
  /** The request target, compared with the digest's `uri`; absent where a proxy may have rewritten it. */
  uri?: string | undefined;
  body?: string | Buffer | undefined;
  /** Ties nonces to one connection, when the challenge named the same. */
  binding?: string | undefined;
  /** Every valid password of that user; undefined for an unknown user. */
  passwords: (username: string) => Promise<readonly string[] | undefined> | readonly string[] | undefined;
}

export type VerifyResult =
  | { ok: true; username: string; scheme: 'digest' | 'basic' /** Index of the matching password. */; index: number }
  | {
      ok: false;
      reason: 'missing' | 'malformed' | 'scheme' | 'realm' | 'algorithm' | 'uri' | 'wrong' | 'stale' | 'replay';
      /** Challenge again with stale=true: the password was right, the nonce too old or its count used (RFC 7616 3.3). */
      stale: boolean;
      username?: string;
    };

type Refusal = (VerifyResult & { ok: false })['reason'];
type DigestCredentials = Credentials & { scheme: 'digest' };
type BasicCredentials = Credentials & { scheme: 'basic' };

/** The nonce count of the credentials; NaN when it is not well formed, Infinity without qop, where a nonce is used once. */
const countOf = (given: DigestCredentials): number =>
  given.qop === undefined
    ? Number.POSITIVE_INFINITY
    : /^[0-9a-f]{8}$/i.test(given.nc ?? '')
      ? Number.parseInt(given.nc ?? '', 16)
      : Number.NaN;

/** Takes the same time wherever the two differ, and however long the secret one is. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  if (left.length === right.length && /^[0-9a-f]{32,}$/.test(a)) return timingSafeEqual(left, right);
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

/** A digest challenge. Its last value is quoted: some clients read a bare last value together with the end of its line. */
function digestChallenge(challenge: {
  realm: string;
  opaque: string | undefined;
  algorithm: DigestAlgorithm;
  stale: boolean;
  nonce: string;
}): string {
  const { realm, opaque, algorithm, stale, nonce } = challenge;
  const parameters: Record<string, string> = { realm, qop: 'auth', algorithm };
  if (stale) parameters.stale = 'true';
  parameters.nonce = nonce;
  if (opaque !== undefined) parameters.opaque = opaque;
  return formatChallenge({ scheme: 'digest', parameters });
}

/**
 * Checks digest and basic credentials. Nonces are stateless, so any process with the same key accepts them. Replays are
 * refused by nonce count (RFC 7616 5.12), which must grow; a client that answers without qop (RFC 2069) needs a new nonce
 * each time.
 */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #digest: boolean;
  readonly #nonces: Nonces;
  readonly #replays: ReplayMemory;

  constructor(options: VerifierOptions) {
    const { lifetimeMs = 300_000, algorithms = ['MD5'], digest = true } = options;
    this.#options = options;
    this.#algorithms = algorithms;
    this.#digest = digest;
    this.#nonces = new Nonces({ ...options, lifetimeMs });
    this.#replays = new ReplayMemory(options.maxTracked ?? 100_000, lifetimeMs);
  }

  /** Header values to send with a 401, one each. */
  challenge({ stale = false, binding = '' }: { stale?: boolean; binding?: string | undefined } = {}): string[] {
    const { realm, opaque, basic } = this.#options;
    const algorithms = this.#digest ? this.#algorithms : [];
    const challenges = algorithms.map(algorithm =>
      digestChallenge({ realm, opaque, algorithm, stale, nonce: this.#nonces.issue(binding) }),
    );
    if (basic) challenges.push(formatChallenge({ scheme: 'basic', parameters: { realm } }));
    return challenges;
  }

  async verify(request: Verification): Promise<VerifyResult> {
    if (request.header === undefined || request.header.trim() === '')
      return { ok: false, reason: 'missing', stale: false };
    const given = parseCredentials(request.header);
    if (!given) {
      const reason = /^\s*(digest|basic)\b/i.test(request.header) ? 'malformed' : 'scheme';
      return { ok: false, reason, stale: false };
    }
    if (given.scheme === 'digest') return this.#verifyDigest(given, request);
    if (this.#options.basic) return verifyBasic(given, request);
    return { ok: false, reason: 'scheme', stale: false, username: given.username };
  }

  /** The reason to refuse a digest before its response is compared. */
  #unfit(given: DigestCredentials, uri: string | undefined): Refusal | undefined {
    if (!this.#digest) return 'scheme';
    if (given.realm !== this.#options.realm) return 'realm';
    const algorithm = algorithmOf(given.algorithm);
    if (!algorithm || !this.#algorithms.includes(algorithm)) return 'algorithm';
    if (given.qop !== undefined && (given.qop.toLowerCase() !== 'auth' || !given.cnonce)) return 'malformed';
    if (!(countOf(given) >= 1)) return 'malformed';
    return uri !== undefined && originForm(given.uri) !== originForm(uri) ? 'uri' : undefined;
  }

  async #verifyDigest(given: DigestCredentials, request: Verification): Promise<VerifyResult> {
    const { username } = given;
    const refuse = (reason: Refusal): VerifyResult => ({
      ok: false,
      reason,
      // A count that was used before is answered as an old nonce is: the login is right (RFC 7616 3.3).
      stale: reason === 'stale' || reason === 'replay',
      username,
    });
    const unfit = this.#unfit(given, request.uri);
    if (unfit) return refuse(unfit);
    const index = await matchingDigest(given, request);
    if (index < 0) return refuse('wrong');
    const issued = this.#nonces.issuedAt(given.nonce, request.binding ?? '');
    if (issued === undefined) return refuse('stale');
    const use = this.#replays.use(given.nonce, issued, countOf(given), this.#options.clock.now());
    // A client without qop cannot count: its second use is answered with stale, so that it takes a new nonce.
    if (use === 'forgotten' || (use === 'replay' && given.qop === undefined)) return refuse('stale');
    return use === 'replay' ? refuse('replay') : { ok: true, username, scheme: 'digest', index };
  }
}

/** Index of the password that the response proves; -1 for none. */
async function matchingDigest(given: DigestCredentials, request: Verification): Promise<number> {
  const algorithm = algorithmOf(given.algorithm) ?? 'MD5';
  const known = await request.passwords(given.username);
  const response = given.response.toLowerCase();
  let index = -1;
  // An unknown user costs as much as a known one.
  for (const [at, password] of (known?.length ? known : ['']).entries()) {
    const { method, body } = request;
    const input: ProofInput = { ...given, algorithm, password, method, body };
    const charsets = /[^\0-\x7f]/.test(given.username + password) ? (['utf8', 'latin1'] as const) : (['utf8'] as const);
    for (const charset of charsets) if (sameText(proof(input, charset), response)) index = at;
  }
  return known?.length ? index : -1;
}

async function verifyBasic(given: BasicCredentials, request: Verification): Promise<VerifyResult> {
  const { username } = given;
  const known = await request.passwords(username);
  let index = -1;
  for (const [at, password] of (known?.length ? known : ['']).entries()) {
    if (sameText(password, given.password) && known?.length) index = at;
  }
  if (index < 0) return { ok: false, reason: 'wrong', stale: false, username };
  return { ok: true, username, scheme: 'basic', index };
}

// HTTP authentication, both sides (RFC 7616, RFC 2617, RFC 2069, RFC 7617): for CWMP, SIP, files and connection requests.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../clock.ts';
import { type Challenge, type Credentials, formatChallenge, parseCredentials, quote } from './credentials.ts';

export {
  type Challenge,
  type Credentials,
  formatBasic,
  formatChallenge,
  parseChallenges,
  parseCredentials,
} from './credentials.ts';

export const digestAlgorithms = [
  'MD5',
  'MD5-sess',
  'SHA-256',
  'SHA-256-sess',
  'SHA-512-256',
  'SHA-512-256-sess',
] as const;
export type DigestAlgorithm = (typeof digestAlgorithms)[number];

const hashes: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };

const algorithmOf = (text: string | undefined): DigestAlgorithm | undefined =>
  text === undefined ? 'MD5' : digestAlgorithms.find(name => name.toLowerCase() === text.toLowerCase());

interface Proof {
  algorithm: DigestAlgorithm;
  username: string;
  realm: string;
  password: string;
  method: string;
  uri: string;
  nonce: string;
  qop?: string | undefined;
  nc?: string | undefined;
  cnonce?: string | undefined;
  body?: string | Buffer | undefined;
}

/** RFC 7616 3.4.1–3.4.3; without qop RFC 2069 2.1.2. Returns lower-case hexadecimal. */
function proof(input: Proof, charset: 'utf8' | 'latin1' = 'utf8'): string {
  const name = hashes[input.algorithm.replace('-sess', '')] ?? 'md5';
  const hashed = (data: string | Buffer): string =>
    hash(name, typeof data === 'string' && charset !== 'utf8' ? Buffer.from(data, charset) : data);
  const { cnonce = '', nonce } = input;
  const base = hashed(`${input.username}:${input.realm}:${input.password}`);
  const a1 = input.algorithm.endsWith('-sess') ? hashed(`${base}:${nonce}:${cnonce}`) : base;
  const body = input.qop === 'auth-int' ? `:${hashed(Buffer.from(input.body ?? ''))}` : '';
  const a2 = hashed(`${input.method}:${input.uri}${body}`);
  if (!input.qop) return hashed(`${a1}:${nonce}:${a2}`);
  return hashed(`${a1}:${nonce}:${input.nc ?? ''}:${cnonce}:${input.qop}:${a2}`);
}

/** The quality of protection to answer with: `auth`, else `auth-int`, none for RFC 2069; undefined when unknown. */
function chooseQop(offered: string | undefined): { qop: string | undefined } | undefined {
  if (offered === undefined || offered.trim() === '') return { qop: undefined };
  const names = offered.split(',').map(name => name.trim().toLowerCase());
  const qop = ['auth', 'auth-int'].find(name => names.includes(name));
  return qop ? { qop } : undefined;
}

/** The first digest challenge that can be answered: the server's order is its preference (RFC 7616 3.7, RFC 8760 2.4). */
export const chooseDigest = (challenges: readonly Challenge[]): Challenge | undefined =>
  challenges.find(
    ({ scheme, parameters }) =>
      scheme === 'digest' && parameters.nonce && algorithmOf(parameters.algorithm) && chooseQop(parameters.qop),
  );

export interface Answer {
  challenge: Challenge;
  username: string;
  password: string;
  method: string;
  /** The request target as sent (path and query); the Request-URI in SIP. */
  uri: string;
  /** Needed for qop `auth-int` only. */
  body?: string | Buffer | undefined;
  random: Random;
  /** How often this nonce was answered, this time included; from 1. */
  nc: number;
  /** For the same nonce always the same, so that a -sess key holds; made up when absent. */
  cnonce?: string | undefined;
}

/**
 * The value of an Authorization header that answers a digest challenge. Bytes outside ASCII stand in it as Latin-1
 * characters of their UTF-8 form, as Node's header writers want them.
 * @throws RangeError the challenge is no digest that this side can answer; ask `chooseDigest` first
 */
export function answerChallenge(input: Answer): string {
  const { parameters } = input.challenge;
  const algorithm = algorithmOf(parameters.algorithm);
  const chosen = chooseQop(parameters.qop);
  if (!algorithm || !chosen || !parameters.nonce) throw new RangeError('not a digest challenge that can be answered');
  const { qop } = chosen;
  const nc = qop ? input.nc.toString(16).padStart(8, '0') : undefined;
  const wantsCnonce = qop !== undefined || algorithm.endsWith('-sess');
  const cnonce = wantsCnonce ? (input.cnonce ?? input.random.bytes(12).toString('hex')) : undefined;
  const realm = parameters.realm ?? '';
  const { username, password, method, uri, body } = input;
  const response = proof({
    algorithm,
    username,
    realm,
    password,
    method,
    uri,
    nonce: parameters.nonce,
    qop,
    nc,
    cnonce,
    body,
  });
  const fields = [
    `username=${quote(username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(parameters.nonce)}`,
    `uri=${quote(uri)}`,
    `response="${response}"`,
  ];
  if (parameters.algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
  if (cnonce !== undefined) fields.push(`cnonce=${quote(cnonce)}`);
  if (parameters.opaque !== undefined) fields.push(`opaque=${quote(parameters.opaque)}`);
  if (qop !== undefined) fields.push(`qop=${qop}`, `nc=${nc}`);
  return `Digest ${fields.join(', ')}`;
}

export interface VerifierOptions {
  realm: string;
  clock: Clock;
  random: Random;
  /** Secret of the nonces, 16 bytes or more; the same in all processes that share the work. */
  key: Buffer;
  /** How long a nonce is good, milliseconds; 300,000 unless told. */
  lifetimeMs?: number;
  /** One challenge each, in this order; MD5 alone unless told. */
  algorithms?: readonly DigestAlgorithm[];
  /** Whether clear passwords are offered and taken. Ask it of TLS connections only (TR-069 3.4.4). */
  basic?: boolean;
  /** Whether digest is offered; true unless told. */
  digest?: boolean;
  opaque?: string;
  /** Nonces remembered against replay; 100,000 unless told. */
  maxTracked?: number;
}

export interface Verification {
  /** The Authorization header as received. */
  header: string | undefined;
  method: string;
  /** The request target, compared with the digest's `uri`; absent where a proxy may have rewritten it. */
  uri?: string | undefined;
  body?: string | Buffer | undefined;
  /** Ties nonces to one connection, when the challenge named the same. */
  binding?: string | undefined;
  /** Every password that is good for that user; undefined for an unknown one. */
  passwords: (username: string) => Promise<readonly string[] | undefined> | readonly string[] | undefined;
}

export type VerifyResult =
  | { ok: true; username: string; scheme: 'digest' | 'basic' /** Which of the good passwords it was. */; index: number }
  | {
      ok: false;
      reason: 'missing' | 'malformed' | 'scheme' | 'realm' | 'algorithm' | 'uri' | 'wrong' | 'stale' | 'replay';
      /** Challenge again with stale=true: the password was right, the nonce too old (RFC 7616 3.3). */
      stale: boolean;
      username?: string;
    };

export interface Verifier {
  /** Header values to send with a 401, one each. */
  challenge(options?: { stale?: boolean; binding?: string | undefined }): string[];
  verify(request: Verification): Promise<VerifyResult>;
}

type Refusal = (VerifyResult & { ok: false })['reason'];
type DigestCredentials = Credentials & { scheme: 'digest' };

/** The nonce count that a client claims; NaN when it has none that is well formed, Infinity where it need not count. */
const countOf = (given: DigestCredentials): number =>
  given.qop === undefined
    ? Number.POSITIVE_INFINITY
    : /^[0-9a-f]{8}$/i.test(given.nc ?? '')
      ? Number.parseInt(given.nc ?? '', 16)
      : Number.NaN;

const NONCE_BYTES = 30;

/** Path and query of a request target, so that an absolute form equals an origin form (RFC 7616 3.4.6). */
const target = (uri: string): string => {
  const found = /^https?:\/\/[^/?#]*(.*)$/i.exec(uri);
  const path = found ? (found[1] ?? '') : uri;
  return path === '' ? '/' : path.replace(/#.*$/s, '');
};

/** Its time tells nothing of where the two differ, nor of how long the secret one is. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  if (left.length === right.length && /^[0-9a-f]{32,}$/.test(a)) return timingSafeEqual(left, right);
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

/** Remembers the highest nonce count of each nonce in use. Bounded: what it forgets, it refuses as stale from then on. */
function createReplayMemory(limit: number, lifetimeMs: number) {
  const seen = new Map<string, { issued: number; count: number }>();
  /** Nonces as old as this, and not remembered, may have been used. */
  let forgotten = Number.NEGATIVE_INFINITY;
  return {
    /** Notes one use; `count` of Infinity means that the nonce is good once. */
    use(nonce: string, issued: number, count: number, now: number): 'new' | 'replay' | 'forgotten' {
      const entry = seen.get(nonce);
      if (entry) {
        if (count <= entry.count) return 'replay';
        entry.count = count;
        return 'new';
      }
      if (issued <= forgotten) return 'forgotten';
      for (const [old, { issued: at }] of seen) {
        const dead = at + lifetimeMs < now;
        if (!dead && seen.size < limit) break;
        if (!dead) forgotten = Math.max(forgotten, at);
        seen.delete(old);
      }
      seen.set(nonce, { issued, count });
      return 'new';
    },
  };
}

/**
 * Checks digest and basic credentials. Nonces are stateless: time, chance and an HMAC over both, the realm and the
 * binding, so any process with the same key accepts them. Replays are refused by nonce count (RFC 7616 5.12), which
 * must grow; a client that answers without qop (RFC 2069) needs a new nonce each time.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { realm, clock, random, key, lifetimeMs = 300_000, algorithms = ['MD5'], digest = true } = options;
  const replays = createReplayMemory(options.maxTracked ?? 100_000, lifetimeMs);

  const seal = (head: Buffer, binding: string): Buffer =>
    createHmac('sha256', key).update(head).update(`${realm}\0${binding}`).digest().subarray(0, 16);

  const issue = (binding: string): string => {
    const head = Buffer.alloc(14);
    head.writeUIntBE(Math.max(0, Math.floor(clock.now())), 0, 6);
    random.bytes(8).copy(head, 6);
    return Buffer.concat([head, seal(head, binding)]).toString('base64url');
  };

  /** When the nonce was issued; undefined when it is not ours, not for this binding, or its time is over. */
  const issuedAt = (nonce: string, binding: string): number | undefined => {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== NONCE_BYTES || bytes.toString('base64url') !== nonce) return undefined;
    const head = bytes.subarray(0, 14);
    if (!timingSafeEqual(seal(head, binding), bytes.subarray(14))) return undefined;
    const issued = head.readUIntBE(0, 6);
    return clock.now() - issued > lifetimeMs || issued > clock.now() + lifetimeMs ? undefined : issued;
  };

  /** What is wrong with a digest before its response is looked at. */
  const unfit = (given: DigestCredentials, uri: string | undefined): Refusal | undefined => {
    if (!digest) return 'scheme';
    if (given.realm !== realm) return 'realm';
    const algorithm = algorithmOf(given.algorithm);
    if (!algorithm || !algorithms.includes(algorithm)) return 'algorithm';
    if (given.qop !== undefined && (given.qop.toLowerCase() !== 'auth' || !given.cnonce)) return 'malformed';
    if (!(countOf(given) >= 1)) return 'malformed';
    return uri !== undefined && target(given.uri) !== target(uri) ? 'uri' : undefined;
  };

  const judgeDigest = async (given: DigestCredentials, request: Verification): Promise<VerifyResult> => {
    const { username } = given;
    const refuse = (reason: Refusal): VerifyResult => ({ ok: false, reason, stale: reason === 'stale', username });
    const wrong = unfit(given, request.uri);
    if (wrong) return refuse(wrong);
    const qop = given.qop !== undefined;
    const index = await matching(given, request);
    if (index < 0) return refuse('wrong');
    const issued = issuedAt(given.nonce, request.binding ?? '');
    if (issued === undefined) return refuse('stale');
    const use = replays.use(given.nonce, issued, countOf(given), clock.now());
    // A client without qop cannot count: its second use is told to fetch a new nonce, not that it is a replay.
    if (use === 'forgotten' || (use === 'replay' && !qop)) return refuse('stale');
    return use === 'replay' ? refuse('replay') : { ok: true, username, scheme: 'digest', index };
  };

  const matching = async (given: DigestCredentials, request: Verification): Promise<number> => {
    const algorithm = algorithmOf(given.algorithm) ?? 'MD5';
    const known = await request.passwords(given.username);
    const response = given.response.toLowerCase();
    let index = -1;
    // An unknown user costs as much as a known one.
    for (const [at, password] of (known?.length ? known : ['']).entries()) {
      const { method, body } = request;
      const input: Proof = { ...given, algorithm, password, method, body };
      const charsets = /[^\0-\x7f]/.test(given.username + password)
        ? (['utf8', 'latin1'] as const)
        : (['utf8'] as const);
      for (const charset of charsets) if (sameText(proof(input, charset), response)) index = at;
    }
    return known?.length ? index : -1;
  };

  const judgeBasic = async (given: Credentials & { scheme: 'basic' }, request: Verification): Promise<VerifyResult> => {
    const { username } = given;
    if (!options.basic) return { ok: false, reason: 'scheme', stale: false, username };
    const known = await request.passwords(username);
    let index = -1;
    for (const [at, password] of (known?.length ? known : ['']).entries()) {
      if (sameText(password, given.password) && known?.length) index = at;
    }
    if (index < 0) return { ok: false, reason: 'wrong', stale: false, username };
    return { ok: true, username, scheme: 'basic', index };
  };

  return {
    challenge({ stale = false, binding = '' } = {}) {
      const out = digest
        ? algorithms.map(algorithm => {
            const parameters: Record<string, string> = { realm, qop: 'auth', nonce: issue(binding), algorithm };
            if (options.opaque !== undefined) parameters.opaque = options.opaque;
            if (stale) parameters.stale = 'true';
            return formatChallenge({ scheme: 'digest', parameters });
          })
        : [];
      if (options.basic) out.push(formatChallenge({ scheme: 'basic', parameters: { realm } }));
      return out;
    },
    async verify(request) {
      if (request.header === undefined || request.header.trim() === '')
        return { ok: false, reason: 'missing', stale: false };
      const given = parseCredentials(request.header);
      if (!given) {
        const reason = /^\s*(digest|basic)\b/i.test(request.header) ? 'malformed' : 'scheme';
        return { ok: false, reason, stale: false };
      }
      return given.scheme === 'basic' ? judgeBasic(given, request) : judgeDigest(given, request);
    },
  };
}

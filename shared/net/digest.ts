// Digest authentication, the client's side and what both share (RFC 7616, RFC 2617, RFC 2069): for CWMP, SIP, files and
// connection requests. The server's side is in verifier.ts.
import { hash } from 'node:crypto';
import type { Random } from '../clock.ts';
import { type Challenge, quote } from './credentials.ts';

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

export const algorithmOf = (text: string | undefined): DigestAlgorithm | undefined =>
  text === undefined ? 'MD5' : digestAlgorithms.find(name => name.toLowerCase() === text.toLowerCase());

export interface ProofInput {
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
export function proof(input: ProofInput, charset: 'utf8' | 'latin1' = 'utf8'): string {
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
  /** Number of answers to this nonce, this one included; from 1. */
  nc: number;
  /** The same for every answer to a nonce, so that a -sess key holds; random when absent. */
  cnonce?: string | undefined;
}

/**
 * The value of an Authorization header that answers a digest challenge. Bytes outside ASCII are written as Latin-1
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
  ];
  if (parameters.algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
  if (qop !== undefined) fields.push(`qop=${qop}`, `nc=${nc}`);
  if (cnonce !== undefined) fields.push(`cnonce=${quote(cnonce)}`);
  if (parameters.opaque !== undefined) fields.push(`opaque=${quote(parameters.opaque)}`);
  // Some servers look for `qop` and `nc` before `response` only, and read a bare last value together with the end of its line.
  fields.push(`response="${response}"`);
  return `Digest ${fields.join(', ')}`;
}

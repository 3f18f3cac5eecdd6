// SDES (RFC 4568): the a=crypto line of an SDP media description, parsed, written, offered and answered.
// The key in a line is the one with which the sender of that SDP encrypts.
import type { Random } from '../../../shared/clock.ts';
import { isSuite, type SrtpKeying, type SrtpSuite, type SrtpSuiteName, srtpSuites } from './srtp.ts';

interface SdesKey {
  /** Master key and master salt, one behind the other. */
  keySalt: Buffer;
  /** As written: a decimal number or `2^n`. */
  lifetime?: string;
  mki?: { value: bigint; length: number };
}

/** The value of one a=crypto attribute. `suite` may be one that we do not know; then the keys are opaque. */
export interface CryptoLine {
  tag: number;
  suite: string;
  keys: SdesKey[];
  params: string[];
}

/** The attribute breaks RFC 4568's grammar or its rules; the text says where. */
export class SdesError extends Error {
  override readonly name = 'SdesError';
}

const LONGEST_LINE = 2048;
const MOST_KEYS = 16;

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** RFC 4568 6.1: at most 2^48 packets, no leading zero. */
function checkLifetime(text: string): string {
  const power = /^2\^([1-9]\d?)$/.exec(text);
  if (power && Number(power[1]) <= 48) return text;
  if (/^[1-9]\d{0,14}$/.test(text) && BigInt(text) <= 1n << 48n) return text;
  throw new SdesError(`lifetime '${text}' is not within 2^48 packets`);
}

/** RFC 4568 6.1: a number and how many bytes it takes in each packet, 1 to 128. */
function parseMki(text: string): { value: bigint; length: number } {
  const match = /^([1-9]\d{0,308}):([1-9]\d{0,2})$/.exec(text);
  const length = Number(match?.[2]);
  if (!match?.[1] || length > 128) throw new SdesError(`MKI '${text}' is not a number and a length of 1 to 128`);
  const value = BigInt(match[1]);
  if (value >= 1n << BigInt(8 * length)) throw new SdesError(`MKI '${text}' does not fit its length`);
  return { value, length };
}

function parseKey(text: string, suite: string): SdesKey {
  if (!text.startsWith('inline:')) throw new SdesError(`key method '${text.slice(0, 20)}' is not 'inline:'`);
  const [encoded = '', ...rest] = text.slice('inline:'.length).split('|');
  if (encoded === '' || !base64Pattern.test(encoded)) throw new SdesError('the key is not base64');
  const keySalt = Buffer.from(encoded, 'base64');
  if (isSuite(suite)) {
    const shape: SrtpSuite = srtpSuites[suite];
    const wanted = shape.keyLength + shape.saltLength;
    if (keySalt.length !== wanted)
      throw new SdesError(`${suite} takes ${wanted} bytes of key and salt, not ${keySalt.length}`);
  }
  const key: SdesKey = { keySalt };
  // Lifetime and MKI are both optional; only the MKI has a colon.
  const lifetime = rest[0]?.includes(':') ? undefined : rest.shift();
  if (lifetime !== undefined) key.lifetime = checkLifetime(lifetime);
  const mki = rest.shift();
  if (mki !== undefined) key.mki = parseMki(mki);
  if (rest.length > 0) throw new SdesError('the key has more than lifetime and MKI');
  return key;
}

/**
 * RFC 4568 9.1, 9.2. @param value what follows `a=crypto:`
 * @throws SdesError when the attribute is invalid; it must then be treated as if it were absent (RFC 4568 6.1)
 */
export function parseCrypto(value: string): CryptoLine {
  if (value.length > LONGEST_LINE) throw new SdesError(`longer than ${LONGEST_LINE} characters`);
  const [tag = '', suite = '', keyParams = '', ...params] = value.trim().split(/[ \t]+/);
  // "No leading zeros", yet 0 itself is a tag that some senders use.
  if (!/^(0|[1-9]\d{0,8})$/.test(tag))
    throw new SdesError(`tag '${tag.slice(0, 20)}' is not a number of 1 to 9 digits`);
  if (!/^[A-Za-z0-9_]+$/.test(suite)) throw new SdesError(`suite '${suite.slice(0, 40)}' is not a name`);
  const texts = keyParams.split(';');
  if (texts.length > MOST_KEYS) throw new SdesError(`more than ${MOST_KEYS} keys`);
  const keys = texts.map(text => parseKey(text, suite));
  if (keys.length > 1) {
    const lengths = new Set(keys.map(key => key.mki?.length));
    const values = new Set(keys.map(key => key.mki?.value));
    if (lengths.has(undefined) || lengths.size > 1 || values.size < keys.length) {
      throw new SdesError('several keys need an MKI each, all of one length');
    }
  }
  return { tag: Number(tag), suite, keys, params };
}

/** The attribute's value for `a=crypto:`. */
export function formatCrypto(line: CryptoLine): string {
  const keys = line.keys.map(key => {
    const parts = [`inline:${key.keySalt.toString('base64')}`];
    if (key.lifetime !== undefined) parts.push(key.lifetime);
    if (key.mki) parts.push(`${key.mki.value}:${key.mki.length}`);
    return parts.join('|');
  });
  return [line.tag, line.suite, keys.join(';'), ...line.params].join(' ');
}

/** The key of a line in the form SRTP takes. Only for lines that `isUsable`. */
export function keyingOf(line: CryptoLine): SrtpKeying {
  const [key] = line.keys;
  if (!key || !isSuite(line.suite)) throw new SdesError(`suite ${line.suite} is not one we know`);
  const { keyLength } = srtpSuites[line.suite];
  const keying: SrtpKeying = {
    suite: line.suite,
    key: key.keySalt.subarray(0, keyLength),
    salt: key.keySalt.subarray(keyLength),
  };
  if (key.mki) keying.mki = Buffer.from(key.mki.value.toString(16).padStart(2 * key.mki.length, '0'), 'hex');
  return keying;
}

/** RFC 4568 6.3.7: an unknown session parameter makes the line unusable unless it begins with '-'. */
function parameterIsHarmless(parameter: string): boolean {
  if (parameter.startsWith('-')) return true;
  // Our window is 128 packets wide: any smaller hint is met (RFC 4568 6.3.6).
  const window = /^WSH=([1-9]\d{1,2})$/.exec(parameter);
  if (window) return Number(window[1]) <= 128;
  // UNENCRYPTED_*, UNAUTHENTICATED_SRTP and FEC_* are not supported: refuse the line (6.3.2-6.3.5).
  return false;
}

/** True when the unit can use the line: a suite that it has, one key, no parameter that changes SRTP. */
export function isUsable(line: CryptoLine, suites: readonly SrtpSuiteName[] = sdesSuites): boolean {
  const known: readonly string[] = suites;
  return known.includes(line.suite) && line.keys.length === 1 && line.params.every(parameterIsHarmless);
}

/** The lines that the unit offers, preferred first. The exact lines a real unit prints are not public: our choice. */
const sdesSuites: readonly SrtpSuiteName[] = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];

function freshLine(tag: number, suite: SrtpSuiteName, random: Random): CryptoLine {
  const { keyLength, saltLength } = srtpSuites[suite];
  return { tag, suite, keys: [{ keySalt: random.bytes(keyLength + saltLength) }], params: [] };
}

/** RFC 4568 5.1.1, 7.1.1: one line per suite, unique tags, each with a key of its own. */
export function offerLines(random: Random, suites: readonly SrtpSuiteName[] = sdesSuites): CryptoLine[] {
  return suites.map((suite, index) => freshLine(index + 1, suite, random));
}

/** The lines that are valid, in their order; an invalid one counts as absent, and so does a tag's second use. */
export function readLines(values: readonly string[]): CryptoLine[] {
  const lines = new Map<number, CryptoLine>();
  for (const value of values) {
    try {
      const line = parseCrypto(value);
      if (!lines.has(line.tag)) lines.set(line.tag, line);
    } catch (error) {
      // RFC 4568 6.1: an invalid attribute is ignored; if none is left the stream is refused by the caller.
      if (!(error instanceof SdesError)) throw error;
    }
  }
  return [...lines.values()];
}

/**
 * RFC 4568 5.1.2, 7.1.2: the first usable line of an offer and our answer to it, with the same tag and suite and our own key.
 * Undefined when none is usable: the stream has to be refused.
 */
export function answerLine(
  offered: readonly CryptoLine[],
  random: Random,
): { chosen: CryptoLine; answer: CryptoLine } | undefined {
  const chosen = offered.find(line => isUsable(line));
  if (!chosen || !isSuite(chosen.suite)) return undefined;
  return { chosen, answer: freshLine(chosen.tag, chosen.suite, random) };
}

/**
 * RFC 4568 5.1.3, 7.4: judges an answer's lines against our offer. The answer must be exactly one line with an offered tag and
 * that tag's suite, and its key must not be ours.
 */
export function acceptAnswer(
  offered: readonly CryptoLine[],
  values: readonly string[],
): { ok: true; ours: CryptoLine; theirs: CryptoLine } | { ok: false; reason: string } {
  if (values.length !== 1) return { ok: false, reason: `the answer has ${values.length} crypto lines, not one` };
  const [theirs] = readLines(values);
  if (!theirs) return { ok: false, reason: 'the crypto line of the answer is invalid' };
  const ours = offered.find(line => line.tag === theirs.tag);
  if (!ours) return { ok: false, reason: `the answer's crypto tag ${theirs.tag} was not offered` };
  if (ours.suite !== theirs.suite)
    return { ok: false, reason: `the answer's suite ${theirs.suite} is not that of tag ${theirs.tag}` };
  if (!isUsable(theirs)) return { ok: false, reason: 'the crypto line of the answer asks for what was not offered' };
  const [mine] = ours.keys;
  const [other] = theirs.keys;
  if (mine && other && mine.keySalt.equals(other.keySalt))
    return { ok: false, reason: 'the answer repeats our own key' };
  return { ok: true, ours, theirs };
}

// The judgement of revocation, after that of the chain: each certificate of the accepted path but the installed one is asked
// about by OCSP, at the trust level of the service.
import type { X509Certificate } from 'node:crypto';
import { messageOf } from '../errors.ts';
import { describe } from '../pki/certificates.ts';
import { type OcspAnswer, OcspProblem, ocspRequest, readOcspAnswer, responderOf } from '../pki/ocsp.ts';
import { refusal, type Verdict } from './judge.ts';

/** The part of the unit that asks responders. */
export interface Revocation {
  /** `OcspMandatory` refuses what cannot be judged, `OcspOptional` lets it through. */
  level: 'OcspOptional' | 'OcspMandatory';
  /** The responder set for certificates of an issuer; undefined: the certificate names its own. */
  override(issuer: X509Certificate): string | undefined;
  /** Sends a request; rejects in bounded time. */
  ask(url: string, request: Buffer): Promise<Buffer>;
  nonce(): Buffer;
  /** Answers until their next update. */
  cache: Map<string, OcspAnswer>;
  /** Told of what was let through without a judgement. */
  onUnknown?(reason: string): void;
}

const CACHED = 200;
/** Difference of clocks that is forgiven. */
const SKEW = 300_000;
/** Age up to which an answer without a next update counts. */
const MAX_AGE = 86_400_000;

/** @throws OcspProblem */
function assertFresh({ thisUpdate, nextUpdate }: OcspAnswer, now: number): void {
  if (thisUpdate > now + SKEW) throw new OcspProblem('the answer is of the future');
  if (now > (nextUpdate ?? thisUpdate + MAX_AGE) + SKEW) throw new OcspProblem('the answer is too old');
}

interface Question {
  cert: X509Certificate;
  issuer: X509Certificate;
  /** An answer that the server sent along (RFC 6066 8). */
  stapled?: Buffer | undefined;
}

/**
 * Judges the certificates of an accepted path.
 * @param path leaf first, the installed certificate last
 * @param stapled the answer about the leaf that the server sent along
 */
export async function judgeRevocation(
  path: readonly X509Certificate[],
  stapled: Buffer | undefined,
  revocation: Revocation,
  now: number,
): Promise<Verdict> {
  const questions = path.slice(0, -1).flatMap((cert, at): Question[] => {
    const issuer = path[at + 1];
    return issuer ? [{ cert, issuer, stapled: at === 0 ? stapled : undefined }] : [];
  });
  const verdicts = await Promise.all(questions.map(question => judgeOne(question, revocation, now)));
  return verdicts.find(({ ok }) => !ok) ?? { ok: true };
}

async function judgeOne(question: Question, revocation: Revocation, now: number): Promise<Verdict> {
  const name = describe(question.cert).subject;
  let reason: string;
  try {
    const { status } = await answerFor(question, revocation, now);
    if (status === 'good') return { ok: true };
    if (status === 'revoked') return refusal('revoked', `'${name}' is revoked`);
    reason = 'the responder does not know the certificate';
  } catch (error) {
    reason = messageOf(error);
  }
  const text = `the revocation of '${name}' is not known: ${reason}`;
  if (revocation.level === 'OcspMandatory') return refusal('revocation-unknown', text);
  revocation.onUnknown?.(text);
  return { ok: true };
}

/** @throws OcspProblem, or the error of the request */
async function answerFor({ cert, issuer, stapled }: Question, by: Revocation, now: number): Promise<OcspAnswer> {
  const sent = stapled && staple(stapled, cert, issuer, now);
  if (sent) return sent;
  const key = `${issuer.fingerprint256} ${cert.serialNumber}`;
  const known = by.cache.get(key);
  if (known?.nextUpdate !== undefined && known.thisUpdate <= now + SKEW && now < known.nextUpdate) return known;
  by.cache.delete(key);
  const url = by.override(issuer) ?? responderOf(cert);
  if (url === undefined) throw new OcspProblem('neither the certificate nor a setting names a responder');
  const nonce = by.nonce();
  const answer = readOcspAnswer(await by.ask(url, ocspRequest(cert, issuer, nonce)), { cert, issuer, nonce, now });
  assertFresh(answer, now);
  if (answer.nextUpdate !== undefined && answer.status !== 'unknown') {
    if (by.cache.size >= CACHED) by.cache.delete(by.cache.keys().next().value ?? '');
    by.cache.set(key, answer);
  }
  return answer;
}

/** A stapled answer that decides; undefined where the responder must be asked. */
function staple(stapled: Buffer, cert: X509Certificate, issuer: X509Certificate, now: number): OcspAnswer | undefined {
  try {
    const answer = readOcspAnswer(stapled, { cert, issuer, now });
    assertFresh(answer, now);
    return answer.status === 'unknown' ? undefined : answer;
  } catch (error) {
    if (error instanceof OcspProblem) return undefined;
    throw error;
  }
}

// OCSP (RFC 6960): the request about one certificate, and the reading and proof of its answer.
import { createHash, verify, X509Certificate } from 'node:crypto';
import {
  BIT_STRING,
  childrenOf,
  DerError,
  type DerValue,
  der,
  INTEGER,
  NULL,
  OCTET_STRING,
  OID,
  readDer,
  SEQUENCE,
} from './der.ts';

export interface OcspAnswer {
  status: 'good' | 'revoked' | 'unknown';
  /** Milliseconds since the epoch. */
  thisUpdate: number;
  /** Absent: newer information is always to be had. */
  nextUpdate?: number;
}

/** An answer that proves nothing, with the reason. */
export class OcspProblem extends Error {
  override readonly name = 'OcspProblem';
}

const SHA1 = Buffer.from('2b0e03021a', 'hex');
const NONCE = Buffer.from('2b0601050507300102', 'hex');
const BASIC = Buffer.from('2b0601050507300101', 'hex');
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

/** Hashes of the signature algorithms that are taken; SHA-1 is not. */
const hashes: Readonly<Record<string, string>> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();

/** RFC 5280 4.1: the parts of a certificate that OCSP names it by. @throws DerError */
function partsOf(cert: X509Certificate): { serial: Buffer; subject: Buffer; key: Buffer } {
  const [tbs] = childrenOf(readDer(cert.raw));
  const fields = childrenOf(need(tbs)).filter(({ tag }) => tag !== 0xa0);
  const bits = childrenOf(need(fields[5]))[1];
  return { serial: need(fields[0]).content, subject: need(fields[4]).whole, key: need(bits).content.subarray(1) };
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new DerError('a part is missing');
  return value;
}

/** RFC 6960 4.1.1 CertID: hashes of the issuer's name and key, and the serial number. */
function certId(cert: X509Certificate, issuer: X509Certificate): Buffer {
  const above = partsOf(issuer);
  const algorithm = der(SEQUENCE, der(OID, SHA1), der(NULL));
  const names = [der(OCTET_STRING, sha1(above.subject)), der(OCTET_STRING, sha1(above.key))];
  return der(SEQUENCE, algorithm, ...names, der(INTEGER, partsOf(cert).serial));
}

/** @param nonce 16 to 32 bytes that the answer repeats (RFC 8954 2.1) */
export function ocspRequest(cert: X509Certificate, issuer: X509Certificate, nonce: Buffer): Buffer {
  const list = der(SEQUENCE, der(SEQUENCE, certId(cert, issuer)));
  const extension = der(SEQUENCE, der(OID, NONCE), der(OCTET_STRING, der(OCTET_STRING, nonce)));
  return der(SEQUENCE, der(SEQUENCE, list, der(0xa2, der(SEQUENCE, extension))));
}

/** The responder that a certificate itself names. */
export const responderOf = (cert: X509Certificate): string | undefined =>
  (cert.infoAccess ?? '').split('\n').flatMap(line => /^OCSP - URI:"?(http:[^"]*)"?$/i.exec(line)?.[1] ?? [])[0];

interface Asked {
  cert: X509Certificate;
  issuer: X509Certificate;
  /** Absent for an answer that was stapled. */
  nonce?: Buffer;
  /** Time by which a delegated responder's certificate must be valid. */
  now: number;
}

/** @returns the answer about the certificate, proved but of any age @throws OcspProblem */
export function readOcspAnswer(bytes: Buffer, asked: Asked): OcspAnswer {
  try {
    return read(bytes, asked);
  } catch (error) {
    if (error instanceof DerError) throw new OcspProblem(`the answer cannot be read (${error.message})`);
    throw error;
  }
}

const failures: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

function read(bytes: Buffer, asked: Asked): OcspAnswer {
  const [status, body] = childrenOf(readDer(bytes));
  const code = need(status).content[0] ?? -1;
  if (code !== 0) throw new OcspProblem(`the responder says ${failures[code] ?? code}`);
  const [type, text] = childrenOf(need(childrenOf(need(body))[0]));
  if (!need(type).content.equals(BASIC)) throw new OcspProblem('the answer is of an unknown type');
  const [data, algorithm, signature, extra] = childrenOf(readDer(need(text).content));
  const fields = childrenOf(need(data));
  if (fields[0]?.tag === 0xa0) fields.shift();
  const [responder, , responses, extensions] = fields;
  const given = extra ? childrenOf(need(childrenOf(extra)[0])) : [];
  const signed = { data: need(data).whole, algorithm: need(algorithm), signature: need(signature) };
  assertSigned(signed, need(responder), given, asked);
  assertNonce(extensions, asked.nonce);
  const wanted = certId(asked.cert, asked.issuer);
  const own = childrenOf(need(responses)).find(single => need(childrenOf(single)[0]).whole.equals(wanted));
  if (!own) throw new OcspProblem('the answer is about another certificate');
  return answerOf(own);
}

function answerOf(single: DerValue): OcspAnswer {
  const [, status, thisUpdate, ...rest] = childrenOf(single);
  const next = rest.find(({ tag }) => tag === 0xa0);
  const kind = need(status).tag & 0x1f;
  return {
    status: kind === 0 ? 'good' : kind === 1 ? 'revoked' : 'unknown',
    thisUpdate: timeOf(need(thisUpdate)),
    ...(next && { nextUpdate: timeOf(need(childrenOf(next)[0])) }),
  };
}

/** GeneralizedTime in the one form that RFC 5280 4.1.2.5.2 allows. */
function timeOf({ content }: DerValue): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(content.toString('latin1'));
  if (!match) throw new DerError('a time is damaged');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, ...number[]];
  return Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second);
}

/** An answer without a nonce is taken, as most responders prepare theirs; another one than was asked with is not. */
function assertNonce(extensions: DerValue | undefined, nonce: Buffer | undefined): void {
  if (!extensions || !nonce) return;
  for (const extension of childrenOf(need(childrenOf(extensions)[0]))) {
    const [id, ...values] = childrenOf(extension);
    if (!need(id).content.equals(NONCE)) continue;
    const value = need(values.at(-1)).content;
    if (!value.equals(der(OCTET_STRING, nonce))) throw new OcspProblem('the answer has the nonce of another request');
  }
}

interface Signed {
  data: Buffer;
  algorithm: DerValue;
  signature: DerValue;
}

/** RFC 6960 4.2.2.2: signed by the issuer, or by a certificate of the issuer that is meant for it. */
function assertSigned(
  { data, algorithm, signature }: Signed,
  responder: DerValue,
  given: DerValue[],
  asked: Asked,
): void {
  const hash = hashes[need(childrenOf(algorithm)[0]).content.toString('hex')];
  if (!hash || signature.tag !== BIT_STRING) throw new OcspProblem('the answer is signed in a way that is not taken');
  const delegated = given.slice(0, 10).flatMap(({ whole }) => mayAnswer(whole, asked) ?? []);
  const signer = [asked.issuer, ...delegated].find(cert => isNamed(cert, responder));
  if (!signer) throw new OcspProblem('the answer is signed by a responder that the issuer has not named');
  if (!isProof(hash, data, signer, signature.content.subarray(1))) {
    throw new OcspProblem('the signature of the answer is wrong');
  }
}

function isProof(hash: string, data: Buffer, signer: X509Certificate, signature: Buffer): boolean {
  try {
    return verify(hash, data, signer.publicKey, signature);
  } catch {
    return false; // A key of a kind that cannot have made this signature.
  }
}

function mayAnswer(raw: Buffer, { issuer, now }: Asked): X509Certificate | undefined {
  let cert: X509Certificate;
  try {
    cert = new X509Certificate(raw);
  } catch {
    return undefined; // A certificate that cannot be read proves nothing.
  }
  const usages = (cert.keyUsage as string[] | undefined) ?? [];
  const isValid = Date.parse(cert.validFrom) <= now && now <= Date.parse(cert.validTo);
  if (!isValid || !usages.includes(OCSP_SIGNING) || cert.issuer !== issuer.subject) return undefined;
  return cert.verify(issuer.publicKey) ? cert : undefined;
}

function isNamed(cert: X509Certificate, responder: DerValue): boolean {
  const { subject, key } = partsOf(cert);
  const value = need(childrenOf(responder)[0]);
  return responder.tag === 0xa1 ? value.whole.equals(subject) : value.content.equals(sha1(key));
}

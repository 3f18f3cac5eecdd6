// Reading what operators and vendors hand over: certificates and keys as PEM or DER, alone, joined, or mixed.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { UserError } from '../errors.ts';

const MAX_BYTES = 1 << 20;
const MAX_CERTIFICATES = 200;

const bad = (message: string): UserError => new UserError(400, 'bad-certificate', message);

const pemBlock = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g;
const certificateLabels = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

function one(bytes: Buffer, which: string): X509Certificate {
  let cert: X509Certificate;
  let isWhole: boolean;
  try {
    cert = new X509Certificate(bytes);
    // OpenSSL takes dates and keys that it cannot read, until they are asked for.
    isWhole =
      Number.isFinite(Date.parse(cert.validFrom) + Date.parse(cert.validTo)) && cert.publicKey.type === 'public';
  } catch {
    throw bad(`${which} is not an X.509 certificate`);
  }
  if (!isWhole) throw bad(`${which} has dates that cannot be read`);
  return cert;
}

/** The length of the DER value at `at`, header included; undefined when it is no SEQUENCE or runs over the end. */
function derLength(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] !== 0x30) return undefined;
  const first = bytes[at + 1] ?? 0xff;
  if (first < 0x80) return at + 2 + first <= bytes.length ? 2 + first : undefined;
  const count = first - 0x80;
  if (count < 1 || count > 4 || at + 2 + count > bytes.length) return undefined;
  const total = 2 + count + bytes.readUIntBE(at + 2, count);
  return at + total <= bytes.length ? total : undefined;
}

function readDer(bytes: Buffer): X509Certificate[] {
  const out: X509Certificate[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = derLength(bytes, at);
    if (length === undefined || out.length >= MAX_CERTIFICATES) {
      throw bad(out.length ? 'something that is no certificate follows the last one' : 'neither PEM nor DER');
    }
    out.push(one(bytes.subarray(at, at + length), `certificate ${out.length + 1}`));
    at += length;
  }
  return out;
}

/**
 * Every certificate in a file: PEM (any number, keys and text between them skipped), DER, or several DER in a row.
 * Order is kept.
 * @throws UserError (400 bad-certificate) when there is none, one is broken, or the input exceeds 1 MiB
 */
export function readCertificates(input: Buffer | string): X509Certificate[] {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  if (bytes.length === 0) throw bad('the certificate file is empty');
  if (bytes.length > MAX_BYTES) throw bad(`the certificate file is larger than ${MAX_BYTES} bytes`);
  if (bytes[0] === 0x30 && derLength(bytes, 0) !== undefined) return readDer(bytes);
  const text = bytes.toString('latin1');
  const out: X509Certificate[] = [];
  let others = '';
  for (const [, label = '', body = ''] of text.matchAll(pemBlock)) {
    if (!certificateLabels.has(label)) {
      others ||= label;
      continue;
    }
    if (out.length >= MAX_CERTIFICATES) throw bad(`more than ${MAX_CERTIFICATES} certificates`);
    out.push(one(Buffer.from(body, 'base64'), `certificate ${out.length + 1}`));
  }
  if (out.length) return out;
  if (others) throw bad(`the file holds ${others} but no certificate`);
  throw bad(text.includes('-----BEGIN ') ? 'the PEM text is cut or damaged' : 'neither PEM nor DER');
}

/**
 * The first private key in a PEM file, which may hold certificates too, or a DER key (PKCS#8, PKCS#1, SEC 1).
 * @throws UserError (400 bad-key) when there is none, it is broken, or the passphrase is wrong or missing
 */
export function readPrivateKey(input: Buffer | string, passphrase?: string): KeyObject {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const refuse = (message: string): UserError => new UserError(400, 'bad-key', message);
  if (bytes.length > MAX_BYTES) throw refuse(`the key file is larger than ${MAX_BYTES} bytes`);
  const text = bytes.toString('latin1');
  const block = [...text.matchAll(pemBlock)].find(([, label = '']) => label.endsWith('PRIVATE KEY'));
  // `[^-]*` stops at a legacy "DEK-Info" header, so such a key is cut out by its label alone.
  const legacy = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/.exec(text);
  const pem = block?.[0] ?? legacy?.[0];
  try {
    if (pem) return createPrivateKey({ key: pem, format: 'pem', ...(passphrase !== undefined && { passphrase }) });
  } catch {
    throw refuse(
      /ENCRYPTED/.test(pem ?? '') ? 'the private key needs another passphrase' : 'the private key is damaged',
    );
  }
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type });
    } catch {
      // Not of this kind: the next one is tried, and after the last the caller throws.
    }
  }
  throw refuse('no private key in the file');
}

interface CertificateSummary {
  /** Common names, or the whole name where there is none. */
  subject: string;
  issuer: string;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
  /** SAN entries as `dns:…`, `ip:…`, `uri:…`. */
  names: string[];
  ca: boolean;
  /** `RSA 2048`, `EC prime256v1`. */
  key: string;
  /** The roles that the extended key usage allows; both where it has none. */
  usage: ('client' | 'server')[];
  /** Hexadecimal, upper case. */
  serial: string;
  /** SHA-256, colon-separated. */
  fingerprint: string;
}

const EKU_SERVER = '1.3.6.1.5.5.7.3.1';
const EKU_CLIENT = '1.3.6.1.5.5.7.3.2';
const EKU_ANY = '2.5.29.37.0';

/** Extended key usages as OIDs; Node types them as always there, but they are undefined where the extension is absent. */
const extendedUsages = (cert: X509Certificate): readonly string[] | undefined => cert.keyUsage as string[] | undefined;

/** True when the extended key usage, if there is one, allows the role (RFC 5280 4.2.1.12). */
export function allows(cert: X509Certificate, role: 'client' | 'server'): boolean {
  const usages = extendedUsages(cert);
  return !usages || usages.includes(role === 'server' ? EKU_SERVER : EKU_CLIENT) || usages.includes(EKU_ANY);
}

/** The common names of a distinguished name as Node prints it, last one most specific. */
export const commonNames = (name: string | undefined): string[] =>
  (name ?? '').split('\n').flatMap(line => (line.startsWith('CN=') ? [unescapeName(line.slice(3))] : []));

/** Node prints names as RFC 2253 2.4 has it: a backslash before a special character, or before a control one in hex. */
const unescapeName = (text: string): string =>
  text.replace(/\\([0-9A-Fa-f]{2})|\\([\s\S])/g, (_, hex?: string, plain?: string) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (plain ?? ''),
  );

/** SAN entries by kind. Node quotes what could be mistaken for a separator, as a JSON string. */
export function alternativeNames(cert: X509Certificate): { kind: 'dns' | 'ip' | 'uri' | 'other'; value: string }[] {
  const out: { kind: 'dns' | 'ip' | 'uri' | 'other'; value: string }[] = [];
  const pattern = /(?:^|, )([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g;
  for (const [, label = '', raw = ''] of (cert.subjectAltName ?? '').matchAll(pattern)) {
    const kind = label === 'DNS' ? 'dns' : label === 'IP Address' ? 'ip' : label === 'URI' ? 'uri' : 'other';
    out.push({ kind, value: raw.startsWith('"') ? String(JSON.parse(raw)) : raw });
  }
  return out;
}

/** A certificate as it is shown to a person. */
export function describe(cert: X509Certificate): CertificateSummary {
  const nameOf = (name: string): string => commonNames(name).join(', ') || name.replaceAll('\n', ', ');
  const { asymmetricKeyType, asymmetricKeyDetails } = cert.publicKey;
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve ?? '';
  return {
    subject: nameOf(cert.subject),
    issuer: nameOf(cert.issuer),
    notBefore: Date.parse(cert.validFrom),
    notAfter: Date.parse(cert.validTo),
    names: alternativeNames(cert).map(({ kind, value }) => `${kind}:${value}`),
    ca: cert.ca,
    key: `${(asymmetricKeyType ?? '?').toUpperCase()} ${size}`.trim(),
    usage: (['client', 'server'] as const).filter(role => allows(cert, role)),
    serial: cert.serialNumber,
    fingerprint: cert.fingerprint256,
  };
}

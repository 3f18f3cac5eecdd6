// A certificate authority: makes itself, intermediates below it, server and client certificates, and a revocation list.
import { isIP } from 'node:net';
import type { Clock, Random } from '../clock.ts';
import { UserError } from '../errors.ts';
import { readCertificates, readPrivateKey } from './certificates.ts';
import { type KeyKind, keyPem, newKey, usableKey } from './keys.ts';
import { x509 } from './x509.ts';

export interface Environment {
  clock: Clock;
  /** For serial numbers; keys are always made from the system's own randomness. */
  random: Random;
}

interface Validity {
  /** An hour ago by default, so that clocks a little behind accept it. */
  notBefore?: Date;
  /** Wins over `days`. */
  notAfter?: Date;
  /** Counted from now; 825 for a certificate, 3,650 for an authority. */
  days?: number;
}

interface CaRequest extends Validity, Environment {
  /** Its common name. */
  name: string;
  key: KeyKind;
  /** Most authorities between it and a certificate; no limit by default. */
  pathLength?: number;
}

export interface IssueRequest extends Validity {
  commonName: string;
  dns?: readonly string[];
  ips?: readonly string[];
  uris?: readonly string[];
  usage: readonly ('server' | 'client')[];
  /** The kind of a new key, unless `keyPem` brings one. */
  key?: KeyKind;
  keyPem?: string;
}

/** All PEM text. */
export interface Issued {
  cert: string;
  key: string;
  /** The certificate, then its issuers up to but without the root: what a server presents. */
  chain: string;
}

interface Revocation {
  /** Hexadecimal serial number. */
  serial: string;
  at: Date;
}

export interface Authority {
  /** PEM of its own certificate and key: keep both, and `loadAuthority` brings it back. */
  readonly cert: string;
  readonly key: string;
  /** Its certificate and those above it but the root; empty for a root. */
  readonly chain: string;
  /** The root's certificate, which its relying parties install. */
  readonly root: string;
  issue(request: IssueRequest): Promise<Issued>;
  /** An authority below this one. */
  issueCa(request: Omit<CaRequest, 'clock' | 'random'>): Promise<Authority>;
  /** Signs a PKCS#10 request; takes its key and, by default, its name and alternative names. */
  sign(
    request: string | Buffer,
    options: Partial<IssueRequest> & Pick<IssueRequest, 'usage'>,
  ): Promise<Omit<Issued, 'key'>>;
  /** A certificate revocation list, DER (RFC 5280 5). */
  revocationList(revoked: readonly Revocation[], nextUpdate: Date): Promise<Buffer>;
}

const DAY = 86_400_000;

function period(validity: Validity, clock: Clock, days: number): { notBefore: Date; notAfter: Date } {
  const now = clock.now();
  const notBefore = validity.notBefore ?? new Date(now - 3_600_000);
  const notAfter = validity.notAfter ?? new Date(now + (validity.days ?? days) * DAY);
  if (!(notBefore < notAfter)) throw new UserError(400, 'bad-validity', 'notBefore is not before notAfter');
  return { notBefore, notAfter };
}

/** Positive and never zero, 16 bytes (RFC 5280 4.1.2.2). */
function serial(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const commonName = (name: string): x509.Name => {
  if (name === '' || name.length > 64) throw new UserError(400, 'bad-name', 'a common name has 1 to 64 characters');
  return new x509.Name([{ CN: [{ utf8String: name }] }]); // An object, so that nothing in the name is read as syntax.
};

const { keyCertSign, cRLSign, digitalSignature, keyEncipherment } = x509.KeyUsageFlags;

const caExtensions = (pathLength: number | undefined): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
];

function alternatives(request: Partial<IssueRequest>): x509.JsonGeneralNames {
  for (const ip of request.ips ?? []) {
    if (!isIP(ip)) throw new UserError(400, 'bad-name', `'${ip}' is not an IP address`);
  }
  return [
    ...(request.dns ?? []).map(value => ({ type: 'dns' as const, value })),
    ...(request.ips ?? []).map(value => ({ type: 'ip' as const, value })),
    ...(request.uris ?? []).map(value => ({ type: 'url' as const, value })),
  ];
}

function leafExtensions(
  usage: readonly ('server' | 'client')[],
  rsa: boolean,
  names: x509.JsonGeneralNames,
): x509.Extension[] {
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(rsa ? digitalSignature | keyEncipherment : digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usage.map(role => (role === 'server' ? serverAuth : clientAuth))),
    ...(names.length ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

const pemOf = (cert: x509.X509Certificate): string => `${cert.toString('pem').trim()}\n`;

/** A new root. @throws UserError for a validity or name that cannot be */
export async function createCa(request: CaRequest): Promise<Authority> {
  const key = await newKey(request.key);
  const { privateKey, publicKey, algorithm } = await usableKey(key);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serial(request.random),
    subject: commonName(request.name),
    issuer: commonName(request.name),
    ...period(request, request.clock, 3650),
    publicKey,
    signingKey: privateKey,
    signingAlgorithm: algorithm,
    extensions: [...caExtensions(request.pathLength), await x509.SubjectKeyIdentifierExtension.create(publicKey)],
  });
  return authority(cert, key, [], request);
}

/**
 * An authority from its PEM texts.
 * @param texts.chain for an intermediate: certificates above it, the root last
 * @throws UserError when a text is damaged, the certificate is no authority's, or the key is not its key
 */
export function loadAuthority(
  texts: { cert: string; key: string; chain?: string },
  environment: Environment,
): Authority {
  const [own] = readCertificates(texts.cert);
  const key = readPrivateKey(texts.key);
  if (!own?.ca) throw new UserError(400, 'bad-certificate', 'the certificate is not that of an authority');
  if (!own.checkPrivateKey(key)) throw new UserError(400, 'bad-key', 'the private key does not fit the certificate');
  const above = texts.chain ? readCertificates(texts.chain).filter(cert => !cert.raw.equals(own.raw)) : [];
  const parents = above.map(cert => new x509.X509Certificate(cert.raw));
  return authority(new x509.X509Certificate(own.raw), keyPem(key), parents, environment);
}

/** @param parents nearest first, the root last; empty for a root */
function authority(
  own: x509.X509Certificate,
  key: string,
  parents: readonly x509.X509Certificate[],
  environment: Environment,
): Authority {
  const { clock, random } = environment;
  const chain = parents.length ? [own, ...parents.slice(0, -1)].map(pemOf).join('') : '';

  /** @throws UserError for a validity or name that cannot be */
  const build = async (
    subject: x509.Name,
    publicKey: x509.PublicKeyType,
    validity: { notBefore: Date; notAfter: Date },
    extensions: x509.Extension[],
  ): Promise<x509.X509Certificate> => {
    const { privateKey, algorithm } = await usableKey(key);
    return x509.X509CertificateGenerator.create({
      serialNumber: serial(random),
      subject,
      issuer: own.subjectName,
      ...validity,
      publicKey,
      signingKey: privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        ...extensions,
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(own.publicKey),
      ],
    });
  };

  return {
    cert: pemOf(own),
    key,
    chain,
    root: pemOf(parents.at(-1) ?? own),
    async issue(request) {
      const leafKey = request.keyPem ?? (await newKey(request.key ?? 'ec'));
      const { publicKey } = await usableKey(leafKey);
      const extensions = leafExtensions(request.usage, publicKey.algorithm.name !== 'ECDSA', alternatives(request));
      const validity = period(request, clock, 825);
      const cert = pemOf(await build(commonName(request.commonName), publicKey, validity, extensions));
      return { cert, key: leafKey, chain: cert + chain };
    },
    async issueCa(request) {
      const caKey = await newKey(request.key);
      const { publicKey } = await usableKey(caKey);
      const validity = period(request, clock, 3650);
      const cert = await build(commonName(request.name), publicKey, validity, caExtensions(request.pathLength));
      return authority(cert, caKey, parents.length ? [own, ...parents] : [own], environment);
    },
    async sign(request, options) {
      const { subject, publicKey, names } = await readRequest(request);
      const wanted = alternatives(options);
      const rsa = publicKey.algorithm.name !== 'ECDSA';
      const extensions = leafExtensions(options.usage, rsa, wanted.length ? wanted : names);
      const name = options.commonName === undefined ? subject : commonName(options.commonName);
      const cert = pemOf(await build(name, publicKey, period(options, clock, 825), extensions));
      return { cert, chain: cert + chain };
    },
    async revocationList(revoked, nextUpdate) {
      const { privateKey, algorithm } = await usableKey(key);
      const list = await x509.X509CrlGenerator.create({
        issuer: own.subjectName,
        thisUpdate: new Date(clock.now()),
        nextUpdate,
        entries: revoked.map(({ serial: serialNumber, at }) => ({ serialNumber, revocationDate: at })),
        signingKey: privateKey,
        signingAlgorithm: algorithm,
      });
      return Buffer.from(list.rawData);
    },
  };
}

/** Reads a PKCS#10 request (PEM or DER) and proves that its sender holds the key. */
async function readRequest(request: string | Buffer) {
  const refuse = (message: string): UserError => new UserError(400, 'bad-request', message);
  let csr: x509.Pkcs10CertificateRequest;
  try {
    csr = new x509.Pkcs10CertificateRequest(typeof request === 'string' ? request : new Uint8Array(request));
  } catch {
    throw refuse('not a PKCS#10 certificate request');
  }
  let valid = false;
  try {
    valid = await csr.verify();
  } catch {
    // A key of a kind that cannot be checked counts as unproven.
  }
  if (!valid) throw refuse('the signature of the certificate request is wrong');
  const names =
    csr.extensions.find(found => found instanceof x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  return { subject: csr.subjectName, publicKey: csr.publicKey, names };
}

/** A PKCS#10 request, PEM, for a key of one's own. */
export async function createRequest(
  request: Pick<IssueRequest, 'commonName' | 'dns' | 'ips' | 'uris'> & { keyPem: string },
): Promise<string> {
  const { privateKey, publicKey, algorithm } = await usableKey(request.keyPem);
  const names = alternatives(request);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: commonName(request.commonName),
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
    extensions: names.length ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return `${csr.toString('pem').trim()}\n`;
}

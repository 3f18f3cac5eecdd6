// A certificate file as it arrives: read, told apart (Host or Other), and made ready for the unit's tables.
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { UserError } from '../../../shared/errors.ts';
import { describe, readCertificates, readPrivateKey } from '../../../shared/pki/certificates.ts';
import { keyPem } from '../../../shared/pki/keys.ts';
import { isPkcs12, openPkcs12 } from '../../../shared/pki/pkcs12-reader.ts';
import { showTime } from '../service.ts';

/** `Host` certifies the unit and has a key, `Other` certifies its peers. */
export type CertificateType = 'Host' | 'Other';

export const blobs = { OthersCertificatesInfo: 'cert.others/', HostCertificatesInfo: 'cert.host/' } as const;

/** The changes that a certificate file makes. */
export interface CertificateFile {
  /** Of `Cert`. */
  table: 'OthersCertificatesInfo' | 'HostCertificatesInfo';
  /** The file is named after its row. */
  blob: string;
  bytes: Buffer;
  /** Of the row, beside FileName; a file with a chain shows its first certificate. */
  columns: Record<string, string>;
}

export interface ReadOptions {
  /** The kind that it must be; absent: its content decides. */
  type?: CertificateType | undefined;
  /** Of a PKCS#12 bundle or an encrypted key; '' by default (TR-069 has no place for one). */
  password?: string | undefined;
  /** Keys that the unit made itself and that wait for their certificate. */
  waiting?: readonly KeyObject[] | undefined;
}

const bad = (message: string): UserError => new UserError(400, 'bad-certificate', message);

/** Equal files of many units in one process are read once. */
const read = new Map<string, readonly X509Certificate[]>();

export function certificatesOf(bytes: Buffer): readonly X509Certificate[] {
  const id = createHash('sha256').update(bytes).digest('base64');
  let certificates = read.get(id);
  if (!certificates) {
    certificates = readCertificates(bytes);
    if (read.size >= 64) read.clear();
    read.set(id, certificates);
  }
  return certificates;
}

/** The first certificate of a PEM text that is known to hold one. */
export function readOne(pem: string): X509Certificate {
  const [first] = readCertificates(pem);
  if (!first) throw bad('the certificate file is empty');
  return first;
}

/** The certificate of a key and the rest of its chain, in the order of presentation. */
function paired(certificates: readonly X509Certificate[], key: KeyObject): { cert: string; key: string } | undefined {
  const own = certificates.find(candidate => candidate.checkPrivateKey(key));
  if (!own) return undefined;
  return { cert: [own, ...certificates.filter(other => other !== own)].map(String).join(''), key: keyPem(key) };
}

const hasKey = (bytes: Buffer): boolean => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(bytes.toString('latin1'));

function hostBundle(bytes: Buffer, { password, waiting }: ReadOptions): { cert: string; key: string } | undefined {
  if (hasKey(bytes)) {
    const pair = paired(readCertificates(bytes), readPrivateKey(bytes, password));
    if (!pair) throw bad('the key belongs to none of the certificates');
    return pair;
  }
  const certificates = readCertificates(bytes);
  return waiting?.map(key => paired(certificates, key)).find(pair => pair !== undefined);
}

/** A PKCS#12 bundle as PEM, read in short turns; other files as they are. @throws UserError for a bundle that cannot be opened */
export async function asPem(bytes: Buffer, password = ''): Promise<Buffer> {
  if (!isPkcs12(bytes)) return bytes;
  const { cert, key, others } = await openPkcs12(bytes, password);
  return Buffer.from(cert + others + key);
}

/** Certificates go to Others, one with its private key to Host. @throws UserError when it is neither, or not of the type asked for */
export function certificateFile(bytes: Buffer, options: ReadOptions = {}): CertificateFile {
  if (options.type === 'Other' && hasKey(bytes)) throw bad('it holds a private key: transfer it as Host');
  const host = hostBundle(bytes, options);
  if (host && options.type !== 'Other') {
    const columns = columnsOf(readOne(host.cert));
    const table = 'HostCertificatesInfo';
    return { table, blob: blobs[table], bytes: Buffer.from(JSON.stringify(host)), columns };
  }
  if (options.type === 'Host') throw bad('a Host certificate needs its private key, and the file holds none');
  const [first] = certificatesOf(bytes);
  if (!first) throw bad('the certificate file is empty');
  const CertificateAuthority = describe(first).ca ? 'Yes' : 'No';
  const table = 'OthersCertificatesInfo';
  return { table, blob: blobs[table], bytes, columns: { ...columnsOf(first), CertificateAuthority } };
}

function columnsOf(certificate: X509Certificate): Record<string, string> {
  const about = describe(certificate);
  return {
    IssuedTo: about.subject,
    IssuedBy: about.issuer,
    ValidFrom: showTime(about.notBefore),
    ValidTo: showTime(about.notAfter),
    Usage: about.usage.map(role => (role === 'client' ? 'TlsClient' : 'TlsServer')).join(', '),
  };
}

/** A name for the file, without directories and odd characters. */
export function safeName(wanted: string, otherwise: string): string {
  const last = wanted.split(/[\\/]/).at(-1) || otherwise;
  return last.replace(/[^\w.-]+/g, '_').slice(0, 64) || 'certificate';
}

// Facts of the running server that its operators need: how CPEs reach it, and the certificates that it shows.
import { readCertificates } from '../../shared/pki/certificates.ts';

export interface ServerFacts {
  /** Milliseconds. */
  started: number;
  cwmp: readonly string[];
  publicUrl?: string | undefined;
  stun?: string | undefined;
  cpeAuth: 'required' | 'none';
  enrol: 'approve' | 'auto';
  enrolmentUser?: string | undefined;
  /** PEM. */
  ca?: string | undefined;
  /** PEM; the first certificate of each is the server's own. */
  certificates: readonly string[];
  hasWorkers: boolean;
}

export interface ShownCertificate {
  subject: string;
  issuer: string;
  names: string[];
  from: string;
  until: string;
  sha256: string;
}

/** @param chain PEM, the server's own certificate first */
export function shownCertificate(chain: string): ShownCertificate[] {
  return readCertificates(chain)
    .slice(0, 1)
    .map(({ subject, issuer, subjectAltName = '', validFrom, validTo, fingerprint256 }) => ({
      subject: onOneLine(subject),
      issuer: onOneLine(issuer),
      names: subjectAltName.split(', ').map(name => name.replace(/^(DNS|IP Address):/, '')),
      from: new Date(validFrom).toISOString(),
      until: new Date(validTo).toISOString(),
      sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    }));
}

const onOneLine = (name: string): string => name.split('\n').join(', ');

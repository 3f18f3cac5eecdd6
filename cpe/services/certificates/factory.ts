// The certificate that units are shipped with: a test authority of the vendor's, expired since 2015. Its facts are those of
// the vendor's page; the certificate itself is made on first need, because the vendor's own is not published.
import { X509Certificate } from 'node:crypto';
import type { Environment } from '../../../shared/pki/authority.ts';

export const FACTORY_NAME = 'Cert_MxDefault001.der';

/** Its row of Cert.OthersCertificatesInfo, in UTC: the vendor's page shows 18:06 by the factory's zone. */
export const factoryRow: Readonly<Record<string, string>> = {
  FileName: FACTORY_NAME,
  IssuedTo: 'test',
  IssuedBy: 'test',
  ValidFrom: '2005-07-29 22:06:00',
  ValidTo: '2015-07-27 22:06:00',
  Usage: 'TlsClient, TlsServer',
  CertificateAuthority: 'Yes',
};

let made: Promise<Buffer> | undefined;

/** The certificate, DER: one for all units of the process, with a key that is forgotten. It never judges a peer. */
export function factoryCertificate(environment: Environment): Promise<Buffer> {
  made ??= make(environment);
  return made;
}

async function make({ clock, random }: Environment): Promise<Buffer> {
  const { createCa } = await import('../../../shared/pki/authority.ts');
  const notBefore = new Date('2005-07-29T22:06:00Z');
  const notAfter = new Date('2015-07-27T22:06:00Z');
  const { cert } = await createCa({ name: 'test', key: 'rsa', notBefore, notAfter, clock, random });
  return new X509Certificate(cert).raw;
}

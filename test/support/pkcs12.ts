// Writes PKCS#12 bundles for the reader's tests. RSA keys only: the library behind it knows no EC key.
import forge from 'node-forge';
import { UserError } from '../../shared/errors.ts';
import { readCertificates, readPrivateKey } from '../../shared/pki/certificates.ts';
import type { readPkcs12 } from '../../shared/pki/pkcs12.ts';

type Bundle = ReturnType<typeof readPkcs12>;

const refuse = (message: string): UserError => new UserError(400, 'bad-pkcs12', message);

/** @throws UserError when the key is not RSA */
export function writePkcs12(bundle: Bundle, password: string, friendlyName?: string): Buffer {
  const key = readPrivateKey(bundle.key);
  if (key.asymmetricKeyType !== 'rsa') throw refuse('a PKCS#12 bundle can hold RSA keys only');
  const certs = readCertificates(bundle.cert + bundle.others).map(cert =>
    forge.pki.certificateFromPem(cert.toString()),
  );
  const privateKey = forge.pki.privateKeyFromPem(key.export({ type: 'pkcs1', format: 'pem' }).toString());
  const asn1 = forge.pkcs12.toPkcs12Asn1(privateKey, certs, password, {
    algorithm: '3des', // Readable by old units.
    ...(friendlyName !== undefined && { friendlyName }),
  });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
}

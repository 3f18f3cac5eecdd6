// PKCS#12 bundles, as units and browsers import them. RSA keys only: the library behind it knows no EC key.
import forge from 'node-forge';
import { UserError } from '../errors.ts';
import { readCertificates, readPrivateKey } from './certificates.ts';

interface Bundle {
  /** PEM of the key's own certificate. */
  cert: string;
  key: string;
  /** PEM of all other certificates in the bundle. */
  others: string;
}

const refuse = (message: string): UserError => new UserError(400, 'bad-pkcs12', message);

/** @throws UserError when it is none, the password is wrong, or it holds no RSA key with its certificate */
export function readPkcs12(bytes: Buffer, password: string): Bundle {
  let bundle: forge.pkcs12.Pkcs12Pfx;
  try {
    bundle = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString('latin1')), false, password);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    throw refuse(/password|MAC/i.test(text) ? 'the password of the PKCS#12 bundle is wrong' : 'not a PKCS#12 bundle');
  }
  const bags = (type: string): forge.pkcs12.Bag[] => bundle.getBags({ bagType: type })[type] ?? [];
  const { oids } = forge.pki;
  const keys = [...bags(oids.pkcs8ShroudedKeyBag ?? ''), ...bags(oids.keyBag ?? '')];
  const key = keys.find(bag => bag.key)?.key;
  if (!key) throw refuse('the PKCS#12 bundle holds no RSA key');
  const keyText = forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)));
  const certs = bags(oids.certBag ?? '').flatMap(bag => (bag.cert ? [forge.pki.certificateToPem(bag.cert)] : []));
  const parsed = certs.flatMap(pem => readCertificates(pem));
  const own = parsed.find(cert => cert.checkPrivateKey(readPrivateKey(keyText)));
  if (!own) throw refuse('the PKCS#12 bundle holds no certificate for its key');
  const others = parsed.filter(cert => cert !== own);
  return { cert: own.toString(), key: keyText, others: others.map(cert => cert.toString()).join('') };
}

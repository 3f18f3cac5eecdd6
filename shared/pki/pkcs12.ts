// PKCS#12 bundles, as units and browsers import them. RSA keys only: the library behind it knows no EC key.
import forge from 'node-forge';
import { UserError } from '../errors.ts';
import { readCertificates, readPrivateKey } from './certificates.ts';

export interface Bundle {
  /** PEM of the key's own certificate. */
  cert: string;
  key: string;
  /** PEM of all other certificates in the bundle. */
  others: string;
}

const refuse = (message: string): UserError => new UserError(400, 'bad-pkcs12', message);

/** Steps of key derivation that one bundle may cost; OpenSSL's own take 2048 for each of three keys. */
const MAX_ITERATIONS = 50_000;

/** Counts the steps named anywhere in the open structure: integers that stand beside a salt. */
function iterations(value: forge.asn1.Asn1, depth = 0): number {
  const { INTEGER, OCTETSTRING } = forge.asn1.Type;
  if (depth > 30) return 0;
  if (!Array.isArray(value.value)) {
    // Contents of a bundle are octet strings with DER inside.
    const inner = value.type === OCTETSTRING && value.value.startsWith('0') ? derIn(value.value) : undefined;
    return inner ? iterations(inner, depth + 1) : 0;
  }
  let sum = 0;
  for (const [at, child] of value.value.entries()) {
    const before = value.value[at - 1];
    const isCount = child.type === INTEGER && before?.type === OCTETSTRING;
    sum += isCount ? Number(`0x${Buffer.from(String(child.value), 'latin1').toString('hex') || '0'}`) : 0;
    sum += iterations(child, depth + 1);
  }
  return sum;
}

function derIn(text: string): forge.asn1.Asn1 | undefined {
  try {
    return forge.asn1.fromDer(text);
  } catch {
    return undefined; // Plain bytes that look like DER.
  }
}

/** @throws UserError when it is none, the password is wrong, or it holds no RSA key with its certificate */
export function readPkcs12(bytes: Buffer, password: string): Bundle {
  let bundle: forge.pkcs12.Pkcs12Pfx;
  try {
    const asn1 = forge.asn1.fromDer(bytes.toString('latin1'));
    if (iterations(asn1) > MAX_ITERATIONS) throw refuse('the PKCS#12 bundle asks for too much work');
    bundle = forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const text = error instanceof Error ? error.message : '';
    throw refuse(/password|MAC/i.test(text) ? 'the password of the PKCS#12 bundle is wrong' : 'not a PKCS#12 bundle');
  }
  const bags = (type: string): forge.pkcs12.Bag[] => bundle.getBags({ bagType: type })[type] ?? [];
  const { oids } = forge.pki;
  const keys = [...bags(oids.pkcs8ShroudedKeyBag ?? ''), ...bags(oids.keyBag ?? '')];
  const key = keys.find(bag => bag.key)?.key;
  if (!key) throw refuse('the PKCS#12 bundle holds no RSA key');
  const keyText = forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)));
  // One with an EC key or signature is left as ASN.1 by the library.
  const certs = bags(oids.certBag ?? '').flatMap(bag =>
    bag.cert ? forge.pki.certificateToAsn1(bag.cert) : (bag.asn1 ?? []),
  );
  const parsed = certs.flatMap(asn1 => readCertificates(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')));
  const own = parsed.find(cert => cert.checkPrivateKey(readPrivateKey(keyText)));
  if (!own) throw refuse('the PKCS#12 bundle holds no certificate for its key');
  const others = parsed.filter(cert => cert !== own);
  return { cert: own.toString(), key: keyText, others: others.map(cert => cert.toString()).join('') };
}

// Key pairs: made by OpenSSL itself, off the main thread, and handed over as PEM.
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { UserError } from '../errors.ts';

export type KeyKind = 'rsa' | 'ec';

const generate = promisify(generateKeyPair);

/** A new private key as PKCS#8 PEM: RSA 2048, or EC P-256. */
export async function newKey(kind: KeyKind): Promise<string> {
  const { privateKey } =
    kind === 'rsa' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ec', { namedCurve: 'P-256' });
  return keyPem(privateKey);
}

export const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

interface Usable {
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
  algorithm: { name: string; hash: string };
}

const curves: Readonly<Record<string, { name: string; hash: string }>> = {
  prime256v1: { name: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'P-521', hash: 'SHA-512' },
};

/**
 * A PEM key as the certificate builder wants it.
 * @throws UserError (400 bad-key) for a kind that cannot sign certificates here (RSA and the NIST curves can)
 */
export async function usableKey(pem: string): Promise<Usable> {
  const key = createPrivateKey(pem);
  const { subtle } = webcrypto;
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (key.asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const privateKey = await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']);
    return { privateKey, publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']), algorithm };
  }
  const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (!curve) throw new UserError(400, 'bad-key', `a key of kind '${key.asymmetricKeyType}' cannot sign certificates`);
  const kind = { name: 'ECDSA', namedCurve: curve.name };
  const privateKey = await subtle.importKey('pkcs8', pkcs8, kind, true, ['sign']);
  const publicKey = await subtle.importKey('spki', spki, kind, true, ['verify']);
  return { privateKey, publicKey, algorithm: { name: 'ECDSA', hash: curve.hash } };
}

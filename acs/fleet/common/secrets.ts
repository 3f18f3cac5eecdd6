// Secrets at rest: sealed with the server's own key (AES-256-GCM), opened only where a message needs them.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../../../shared/clock.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';

export interface Secrets {
  seal(text: string): Sealed;
  /** @throws UserError 500 when the text was sealed with another key */
  open(sealed: Sealed): string;
  /** Makes a password of 160 bits that fits every CPE: 27 letters and digits of base64url. */
  password(): string;
  /** Derives a key for each purpose (nonces, file links, cookies). */
  keyFor(purpose: string): Buffer;
}

/** @param key 32 bytes, kept in the data directory */
export function createSecrets(key: Buffer, random: Random): Secrets {
  if (key.length !== 32) throw new UserError(500, 'bad-key', `the server key has ${key.length} bytes, not 32`);
  const keyFor = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
  const sealKey = keyFor('seal');
  return {
    seal: text => {
      const iv = random.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open: sealed => {
      const bytes = Buffer.from(sealed, 'base64url');
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new UserError(500, 'sealed-with-another-key', 'a stored secret was sealed with another server key', {
          cause: String(error),
        });
      }
    },
    password: () => random.bytes(20).toString('base64url'),
    keyFor,
  };
}

/** A parameter or argument of that name holds a secret: it is never shown, logged or kept as a known value. */
export const isSecretName = (name: string): boolean => /password(?!required)|secret|passphrase|privatekey/i.test(name);

/** Marks a sealed text among plain ones by a character that no value can hold, because XML cannot carry it. */
const SEAL = '\u0001sealed:';

export const isSealedText = (text: string): boolean => text.startsWith(SEAL);

/** @returns the text, sealed if its name says that it is a secret */
export const sealedText = (secrets: Secrets, name: string, text: string): string =>
  text === '' || isSealedText(text) || !isSecretName(name) ? text : SEAL + secrets.seal(text);

/** @throws UserError 500 when the text was sealed with another key */
export const openedText = (secrets: Secrets, text: string): string =>
  isSealedText(text) ? secrets.open(text.slice(SEAL.length)) : text;

/** Makes a keyed tag of `text` for links and cookies: base64url, 160 bits. */
export function tagOf(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest().subarray(0, 20).toString('base64url');
}

// Secrets at rest: sealed with the server's own key (AES-256-GCM), opened only where a message needs them.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../../../shared/clock.ts';
import { holdsUrlSecret, MASK, withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';
import { SecretNames } from './secret-names.ts';

export interface Secrets {
  seal(text: string): Sealed;
  /** @throws UserError 500 when the text was sealed with another key */
  open(sealed: Sealed): string;
  /** Seals what may be compared: the same text at the same place looks the same each time. */
  sealAlike(place: string, text: string): Sealed;
  /** Makes a password of 160 bits that fits every CPE: 27 letters and digits of base64url. */
  password(): string;
  /** Derives a key for each purpose (nonces, file links, cookies). */
  keyFor(purpose: string): Buffer;
  /** Decides what is secret. */
  readonly names: SecretNames;
}

/** @param key 32 bytes, kept in the data directory */
export function createSecrets(key: Buffer, random: Random): Secrets {
  if (key.length !== 32) throw new UserError(500, 'bad-key', `the server key has ${key.length} bytes, not 32`);
  const keyFor = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
  const sealKey = keyFor('seal');
  const alikeKey = keyFor('seal alike');
  const sealWith = (iv: Uint8Array, text: string): Sealed => {
    const cipher = createCipheriv('aes-256-gcm', sealKey, iv);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
  };
  return {
    seal: text => sealWith(random.bytes(12), text),
    // An initialisation vector that is a keyed digest of the place and the text is used again for that text alone.
    sealAlike: (place, text) =>
      sealWith(createHmac('sha256', alikeKey).update(`${place}\0${text}`).digest().subarray(0, 12), text),
    open: sealed => {
      const bytes = Buffer.from(sealed, 'base64url');
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch (error) {
        throw sealedWithAnotherKey(error);
      }
    },
    password: () => random.bytes(20).toString('base64url'),
    keyFor,
    names: new SecretNames(),
  };
}

export const sealedWithAnotherKey = (error: unknown): UserError =>
  new UserError(500, 'sealed-with-another-key', 'a stored secret was sealed with another server key', {
    cause: String(error),
  });

/** Marks a sealed text among plain ones by a character that no value can hold, because XML cannot carry it. */
const SEAL = '\u0001sealed:';

export const isSealedText = (text: string): boolean => text.startsWith(SEAL);

/** The text is to be sealed: its name is one of a secret, or it is a URL with a login in it. */
const isToSeal = (isSecret: IsSecret, name: string, text: string): boolean =>
  text !== '' && !isSealedText(text) && (isSecret(name) || holdsUrlSecret(text));

type IsSecret = (name: string) => boolean;

/** @returns the text, sealed if it is a secret */
export const sealedText = (secrets: Secrets, name: string, text: string, isSecret = secrets.names.has): string =>
  isToSeal(isSecret, name, text) ? SEAL + secrets.seal(text) : text;

/** The same for a value that a device has: an unchanged value of its parameter stays the same text. */
export const sealedKnown = (secrets: Secrets, device: string, path: string, text: string): string =>
  isToSeal(secrets.names.has, path, text) ? SEAL + secrets.sealAlike(`${device} ${path}`, text) : text;

/** The values of a device as they are stored: the list itself where none is secret. */
export function withSealedValues<T extends { Name: string; Value: string }>(
  secrets: Secrets,
  device: string,
  list: readonly T[],
): readonly T[] {
  if (!list.some(({ Name, Value }) => isToSeal(secrets.names.has, Name, Value))) return list;
  return list.map(entry => ({ ...entry, Value: sealedKnown(secrets, device, entry.Name, entry.Value) }));
}

/** @throws UserError 500 when the text was sealed with another key */
export const openedText = (secrets: Secrets, text: string): string =>
  isSealedText(text) ? secrets.open(text.slice(SEAL.length)) : text;

/** The same; a text that was sealed with another key stays sealed. */
export function openedIfOwn(secrets: Secrets, text: string): string {
  try {
    return openedText(secrets, text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return text;
  }
}

/** The text as it may be shown: `***` for a secret, and for the login in a URL. */
export function shownText(secrets: Secrets, name: string, text: string, isSecret = secrets.names.has): string {
  if (text === '') return text;
  if (isSecret(name)) return MASK;
  if (!isSealedText(text)) return withoutUrlSecrets(text);
  const plain = openedIfOwn(secrets, text);
  return holdsUrlSecret(plain) ? withoutUrlSecrets(plain) : MASK;
}

/** Makes a keyed tag of `text` for links and cookies: base64url, 160 bits. */
export function tagOf(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest().subarray(0, 20).toString('base64url');
}

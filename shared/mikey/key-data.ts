// Key data sub-payloads (RFC 3830 6.13, 6.14): what a KEMAC carries, once it is decrypted.
import { ByteReader, counted, uint } from './bytes.ts';
import { MikeyError } from './error.ts';

export interface KeyData {
  /** A key to derive traffic keys from (TGK), or a traffic key itself (TEK). */
  type: 'TGK' | 'TEK';
  key: Buffer;
  /** Counts before a derived one (4.1.3). */
  salt?: Buffer;
  /** Absent: valid until it is replaced. */
  validity?: { mki: Buffer } | { from: Buffer; to: Buffer };
}

const KEY_DATA = 20;
const MAX_KEYS = 16;
const MAX_KEY_BYTES = 256;
const FIELD = 'key data';

/** @throws MikeyError; also where there is no key at all */
export function readKeyData(bytes: Buffer): KeyData[] {
  const reader = new ByteReader(bytes);
  const keys: KeyData[] = [];
  for (let next = KEY_DATA; next !== 0; ) {
    if (next !== KEY_DATA) throw new MikeyError('unspecified', `payload ${next} stands among the keys`);
    if (keys.length === MAX_KEYS) throw new MikeyError('unspecified', `a message has more than ${MAX_KEYS} keys`);
    next = reader.number(1, FIELD);
    keys.push(readKey(reader));
  }
  if (!reader.isAtEnd) throw new MikeyError('unspecified', 'bytes follow the last key');
  return keys;
}

function readKey(reader: ByteReader): KeyData {
  const kind = reader.number(1, FIELD);
  const type = kind >> 4;
  if (type > 3) throw new MikeyError('unspecified', `key type ${type} is not supported`);
  const data: KeyData = { type: type < 2 ? 'TGK' : 'TEK', key: reader.counted(2, MAX_KEY_BYTES, FIELD) };
  if (data.key.length === 0) throw new MikeyError('unspecified', 'a key is empty');
  if (type % 2 === 1) data.salt = reader.counted(2, MAX_KEY_BYTES, FIELD);
  const validity = kind & 0x0f;
  if (validity === 1) data.validity = { mki: reader.counted(1, 255, FIELD) };
  else if (validity === 2) data.validity = { from: reader.counted(1, 255, FIELD), to: reader.counted(1, 255, FIELD) };
  else if (validity !== 0) throw new MikeyError('unspecified', `key validity ${validity} is not supported`);
  return data;
}

/** @param keys at least one */
export function writeKeyData(keys: readonly KeyData[]): Buffer {
  return Buffer.concat(
    keys.flatMap(({ type, key, salt, validity }, at) => [
      uint(1, at === keys.length - 1 ? 0 : KEY_DATA),
      uint(1, (((type === 'TGK' ? 0 : 2) + (salt ? 1 : 0)) << 4) | kindOf(validity)),
      counted(2, key),
      ...(salt ? [counted(2, salt)] : []),
      ...validityBytes(validity),
    ]),
  );
}

const kindOf = (validity: KeyData['validity']): number => (!validity ? 0 : 'mki' in validity ? 1 : 2);

function validityBytes(validity: KeyData['validity']): Buffer[] {
  if (!validity) return [];
  return 'mki' in validity ? [counted(1, validity.mki)] : [counted(1, validity.from), counted(1, validity.to)];
}

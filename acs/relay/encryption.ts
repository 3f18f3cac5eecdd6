// Messages between processes, sealed: who has not the server's key can neither read, change, make, drop, reorder nor repeat one. No
// clock is needed for that: each connection has keys of its own, from a random part of either side, and each message its number.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export const NONCE_BYTES = 32;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** What sealing adds to a message. */
export const SEAL_BYTES = TAG_BYTES;

export interface Sealing {
  /** The next message to the other side. */
  seal(plain: Buffer): Buffer;
  /** The next message from the other side. @throws Error for any other */
  open(sealed: Buffer): Buffer;
}

/**
 * One connection.
 * @param key     what all processes of a fleet share
 * @param caller  random, by who has connected
 * @param called  random, by who was connected to
 */
export function createSealing(key: Buffer, caller: Buffer, called: Buffer, side: 'caller' | 'called'): Sealing {
  const salt = Buffer.concat([caller, called]);
  const keys = Buffer.from(hkdfSync('sha256', key, salt, 'tandem relay 1', 2 * KEY_BYTES));
  const [there, back] = [keys.subarray(0, KEY_BYTES), keys.subarray(KEY_BYTES)];
  const [sending, receiving] = side === 'caller' ? [there, back] : [back, there];
  let sent = 0n;
  let received = 0n;
  return {
    seal: plain => {
      const cipher = createCipheriv('aes-256-gcm', sending, numberOf(sent++));
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open: sealed => {
      if (sealed.length < TAG_BYTES) throw new Error('a message is too short to be sealed');
      const decipher = createDecipheriv('aes-256-gcm', receiving, numberOf(received));
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
      decipher.final();
      received++;
      return plain;
    },
  };
}

function numberOf(count: bigint): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeBigUInt64BE(count, 4);
  return iv;
}

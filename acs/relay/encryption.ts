// Sealing of messages between processes. Without the server key a message cannot be read, changed, forged, dropped, reordered or
// repeated. No clock is needed: each connection has its own keys, from a random part of each side, and each message its number.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export const NONCE_BYTES = 32;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** The bytes that sealing adds to a message. */
export const SEAL_BYTES = TAG_BYTES;

export interface Sealing {
  /** Seals the next message to the other side. */
  seal(plain: Buffer): Buffer;
  /** Opens the next message of the other side. @throws Error for any other */
  open(sealed: Buffer): Buffer;
}

/**
 * The sealing of one connection.
 * @param key     shared by all processes of a cluster
 * @param caller  random part of the side that has connected
 * @param called  random part of the other side
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
      if (sealed.length < TAG_BYTES) throw new Error('a sealed message is too short');
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

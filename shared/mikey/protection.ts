// The protection of a MIKEY message under a pre-shared key: encryption of its keys (RFC 3830 4.2.3), and MACs (4.2.4, 5.2).
import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { MessageKeys } from './derivation.ts';
import { MikeyError } from './error.ts';
import { encodeMessage, type MikeyMessage } from './message.ts';

const MAC_BYTES = 20;

/** 6.6: a counter is padded with zeros in front. */
function paddedTime(timestamp: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(8 - timestamp.length), timestamp]);
}

/** AES in counter mode (4.2.3): encrypts and decrypts. */
export function coverKeys({ encryption, salt }: MessageKeys, csbId: number, timestamp: Buffer, data: Buffer): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(csbId, 2);
  paddedTime(timestamp).copy(iv, 6);
  for (const [at, byte] of salt.entries()) iv[at] = (iv[at] ?? 0) ^ byte;
  return createCipheriv('aes-128-ctr', encryption, iv).update(data);
}

const macOf = ({ mac }: MessageKeys, ...parts: Buffer[]): Buffer => {
  const hmac = createHmac('sha1', mac);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** The message with its MAC, whose field is the end of its last payload. @param behind 5.2: identities and time of a verification */
export function sealed(message: MikeyMessage, keys: MessageKeys, ...behind: Buffer[]): Buffer {
  const last = message.payloads.at(-1);
  if (!last || !('mac' in last)) throw new TypeError('the last payload has no MAC');
  const open = encodeMessage({
    ...message,
    payloads: [...message.payloads.slice(0, -1), { ...last, mac: Buffer.alloc(0) }],
  });
  return Buffer.concat([open, macOf(keys, open, ...behind)]);
}

/** @param bytes of a message whose last payload ends with a MAC @throws MikeyError where it is another one */
export function verify(bytes: Buffer, keys: MessageKeys, ...behind: Buffer[]): void {
  const open = bytes.subarray(0, -MAC_BYTES);
  if (bytes.length < MAC_BYTES || !timingSafeEqual(bytes.subarray(-MAC_BYTES), macOf(keys, open, ...behind)))
    throw new MikeyError('authentication', 'the MAC is not that of the pre-shared key');
}

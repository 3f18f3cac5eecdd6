// Keys from keys (RFC 3830 4.1): the pseudo-random function MIKEY-1, the traffic keys of a TGK, and the keys that protect messages.
import { createHmac } from 'node:crypto';

const hmac = (key: Buffer, ...data: Buffer[]): Buffer => {
  const mac = createHmac('sha1', key);
  for (const part of data) mac.update(part);
  return mac.digest();
};

const BLOCK_BYTES = 32;
const HASH_BYTES = 20;

/** 4.1.2. @param inkey not empty @param length bytes of the key */
export function prf(inkey: Buffer, label: Buffer, length: number): Buffer {
  const rounds = Math.ceil(length / HASH_BYTES);
  const out = Buffer.alloc(rounds * HASH_BYTES);
  for (let from = 0; from < inkey.length; from += BLOCK_BYTES) {
    const block = inkey.subarray(from, from + BLOCK_BYTES);
    let chain = label;
    for (let round = 0; round < rounds; round++) {
      chain = hmac(block, chain);
      for (const [at, byte] of hmac(block, chain, label).entries()) {
        const place = round * HASH_BYTES + at;
        out[place] = (out[place] ?? 0) ^ byte;
      }
    }
  }
  return out.subarray(0, length);
}

/** The part that all labels of one crypto session bundle share. */
export interface Bundle {
  csbId: number;
  rand: Buffer;
}

/** Tables 4.1.3 and 4.1.4 */
const constants = { tek: 0x2ad01c64, salt: 0x39a2c14b, encryption: 0x150533e1, mac: 0x2d22ac75, cover: 0x29b88916 };

function labelOf(constant: number, csId: number, { csbId, rand }: Bundle): Buffer {
  const label = Buffer.alloc(9 + rand.length);
  label.writeUInt32BE(constant, 0);
  label.writeUInt8(csId, 4);
  label.writeUInt32BE(csbId, 5);
  rand.copy(label, 9);
  return label;
}

/** 4.1.3: master key and master salt of a crypto session. @param csId from 1 */
export function trafficKeys(
  tgk: Buffer,
  csId: number,
  bundle: Bundle,
  { keyBytes, saltBytes }: { keyBytes: number; saltBytes: number },
): { key: Buffer; salt: Buffer } {
  return {
    key: prf(tgk, labelOf(constants.tek, csId, bundle), keyBytes),
    salt: prf(tgk, labelOf(constants.salt, csId, bundle), saltBytes),
  };
}

/** The keys that protect the messages of one bundle, from the pre-shared key. */
export interface MessageKeys {
  encryption: Buffer;
  mac: Buffer;
  salt: Buffer;
}

/** Stands where a crypto session's id would. */
const MESSAGE = 0xff;

/** 4.1.4; 4.2.4 makes the key of the MAC as long as the hash. */
export const messageKeys = (preShared: Buffer, bundle: Bundle): MessageKeys => ({
  encryption: prf(preShared, labelOf(constants.encryption, MESSAGE, bundle), 16),
  mac: prf(preShared, labelOf(constants.mac, MESSAGE, bundle), HASH_BYTES),
  salt: prf(preShared, labelOf(constants.cover, MESSAGE, bundle), 14),
});

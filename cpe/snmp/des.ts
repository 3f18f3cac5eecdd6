// DES of SNMPv3 (RFC 3414 8.1.1): OpenSSL 3 has no single DES, but three times the same key is that.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import snmp from 'net-snmp';
import { systemRandom } from '../../shared/clock.ts';

const BLOCK = 8;
const ALGORITHM = 'des-ede3-cbc';

interface Engine {
  engineID: Buffer;
}

/** Of the library, whose types say too little. */
interface Des {
  encryptPdu(pdu: Buffer, protocol: string, password: string, auth: string, engine: Engine): object;
  decryptPdu(pdu: Buffer, protocol: string, salt: Buffer, password: string, auth: string, engine: Engine): Buffer;
}

/** Key and start of the chain. */
function keyOf(auth: string, password: string, { engineID }: Engine, salt: Buffer): { key: Buffer; iv: Buffer } {
  const passwordToKey = snmp.Authentication.passwordToKey as unknown as (...args: unknown[]) => Buffer;
  const made = passwordToKey(auth, password, engineID);
  const single = made.subarray(0, BLOCK);
  const iv = Buffer.from(made.subarray(BLOCK, 2 * BLOCK).map((byte, at) => byte ^ (salt[at] ?? 0)));
  return { key: Buffer.concat([single, single, single]), iv };
}

/** Gives the library a DES that works. */
export function useDes(): void {
  const random = systemRandom();
  const algorithms = snmp.Encryption.algorithms as unknown as Record<string, Des>;
  const des = algorithms[snmp.PrivProtocols.des];
  if (!des) return;
  des.encryptPdu = (pdu, _protocol, password, auth, engine) => {
    const salt = random.bytes(BLOCK);
    const { key, iv } = keyOf(auth, password, engine, salt);
    const padded = Buffer.concat([pdu, Buffer.alloc((BLOCK - (pdu.length % BLOCK)) % BLOCK)]);
    const cipher = createCipheriv(ALGORITHM, key, iv).setAutoPadding(false);
    return { encryptedPdu: Buffer.concat([cipher.update(padded), cipher.final()]), msgPrivacyParameters: salt };
  };
  des.decryptPdu = (pdu, _protocol, salt, password, auth, engine) => {
    const { key, iv } = keyOf(auth, password, engine, salt);
    const decipher = createDecipheriv(ALGORITHM, key, iv).setAutoPadding(false);
    return Buffer.concat([decipher.update(pdu), decipher.final()]);
  };
}

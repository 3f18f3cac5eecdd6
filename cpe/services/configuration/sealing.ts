// Scripts that are encrypted by a key, and scripts with a checksum.
//
// An encrypted script is the file that `openssl enc -aes-256-cbc -pbkdf2 -salt -pass pass:KEY` writes: `Salted__`, 8 bytes of salt, and
// AES-256-CBC with PKCS #7 padding; key (32 bytes) and initial vector (16 bytes) by PBKDF2 with HMAC-SHA-256 and 10,000 rounds.
// A script whose first line is `# MD5 ` and 32 hexadecimal digits is checked: they are the MD5 of all bytes after that line.
import { createCipheriv, createDecipheriv, createHash, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../../../shared/clock.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Unit } from '../service.ts';

const MAGIC = Buffer.from('Salted__', 'latin1');
const SALT = 8;
const ROUNDS = 10_000;

const derive = promisify(pbkdf2);

const isSealed = (bytes: Buffer): boolean => bytes.subarray(0, MAGIC.length).equals(MAGIC);

async function keyOf(secret: string, salt: Buffer): Promise<{ key: Buffer; iv: Buffer }> {
  const bytes = await derive(secret, salt, ROUNDS, 48, 'sha256');
  return { key: bytes.subarray(0, 32), iv: bytes.subarray(32) };
}

export async function seal(bytes: Buffer, secret: string, random: Random): Promise<Buffer> {
  const salt = random.bytes(SALT);
  const { key, iv } = await keyOf(secret, salt);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([MAGIC, salt, cipher.update(bytes), cipher.final()]);
}

/** @throws CwmpFault 9018 */
async function unseal(bytes: Buffer, secret: string): Promise<Buffer> {
  const { key, iv } = await keyOf(secret, bytes.subarray(MAGIC.length, MAGIC.length + SALT));
  const decipher = createDecipheriv('aes-256-cbc', key, iv);
  try {
    const opened = Buffer.concat([decipher.update(bytes.subarray(MAGIC.length + SALT)), decipher.final()]);
    // Another key gives right padding now and then, but never a text.
    new TextDecoder('utf-8', { fatal: true }).decode(opened);
    return opened;
  } catch {
    // OpenSSL says `bad decrypt`, which tells an operator less.
    throw new CwmpFault(9018, 'the script cannot be decrypted with this key');
  }
}

/**
 * The text of a script as it came. With a key, a script that the unit fetches by itself must be encrypted: else whoever
 * answers for the server could put another in its place.
 * @param isOwn the unit fetched it by itself
 * @throws CwmpFault 9018
 */
export async function openScript(unit: Unit, bytes: Buffer, isOwn: boolean): Promise<Buffer> {
  const secret = unit.config.variable('Conf.ScriptsSecretKey') ?? '';
  if (!isSealed(bytes)) {
    if (isOwn && secret !== '') throw new CwmpFault(9018, 'the script is not encrypted, and a key is set');
    return checked(bytes);
  }
  if (secret === '') throw new CwmpFault(9018, 'the script is encrypted, and no key is set');
  return checked(await unseal(bytes, secret));
}

function checked(bytes: Buffer): Buffer {
  const line = /^# MD5 ([0-9a-f]{32})\r?\n/i.exec(bytes.toString('latin1', 0, 64));
  if (!line) return bytes;
  const found = createHash('md5').update(bytes.subarray(line[0].length)).digest('hex');
  if (found !== line[1]?.toLowerCase()) throw new CwmpFault(9018, 'the MD5 of the script is another one');
  return bytes;
}

// PKCS#12 bundles (RFC 7292) read by OpenSSL's own primitives, in short turns: for bundles that strangers send. Bundles with
// RC2, which OpenSSL 3 no longer has, are left to the other reader.
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  type KeyObject,
  pbkdf2,
  timingSafeEqual,
} from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { messageOf, UserError } from '../errors.ts';
import { readCertificates } from './certificates.ts';
import { childrenOf, DerError, type DerValue, readDer } from './der.ts';
import { keyPem } from './keys.ts';
import type { Bundle } from './pkcs12.ts';

const derive = promisify(pbkdf2);
const refuse = (message: string): UserError => new UserError(400, 'bad-pkcs12', message);

/** Steps of one key derivation; OpenSSL takes 2048, keytool 10,000. */
const MAX_ITERATIONS = 50_000;
/** Steps in one turn. */
const STEPS = 2000;
const MAX_BAGS = 200;

/** Algorithms that another reader knows. */
class Unknown extends Error {
  override readonly name = 'Unknown';
}

const DATA = '2a864886f70d010701';
const ENCRYPTED = '2a864886f70d010706';
const PBES2 = '2a864886f70d01050d';
const PBE_3DES = '2a864886f70d010c0103';
const bags = { key: '2a864886f70d010c0a0101', shrouded: '2a864886f70d010c0a0102', cert: '2a864886f70d010c0a0103' };

const digests: Readonly<Record<string, { name: string; block: number }>> = {
  '2b0e03021a': { name: 'sha1', block: 64 },
  '608648016503040201': { name: 'sha256', block: 64 },
  '608648016503040202': { name: 'sha384', block: 128 },
  '608648016503040203': { name: 'sha512', block: 128 },
};
const prfs: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'sha1',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020a': 'sha384',
  '2a864886f70d020b': 'sha512',
};
const ciphers: Readonly<Record<string, { name: string; key: number }>> = {
  '608648016503040102': { name: 'aes-128-cbc', key: 16 },
  '60864801650304012a': { name: 'aes-256-cbc', key: 32 },
  '608648016503040116': { name: 'aes-192-cbc', key: 24 },
  '2a864886f70d0307': { name: 'des-ede3-cbc', key: 24 },
};

function at(value: DerValue | undefined, ...path: readonly number[]): DerValue {
  let found = value;
  for (const index of path) found = found && childrenOf(found)[index];
  if (!found) throw new DerError('a part is missing');
  return found;
}

const hex = (value: DerValue): string => value.content.toString('hex');

function count(value: DerValue): number {
  const { content } = value;
  const number = content.length > 0 && content.length <= 4 ? content.readUIntBE(0, content.length) : MAX_ITERATIONS + 1;
  if (number > MAX_ITERATIONS) throw refuse('the PKCS#12 bundle asks for too much work');
  return number;
}

interface Derivation {
  digest: { name: string; block: number };
  password: string;
  salt: Buffer;
  iterations: number;
}

const repeated = (bytes: Buffer, block: number): Buffer =>
  Buffer.alloc(bytes.length === 0 ? 0 : Math.ceil(bytes.length / block) * block, bytes);

/** RFC 7292 B.2. @param id 1 a key, 2 an initialisation vector, 3 the key of the MAC */
async function deriveBytes(by: Derivation, id: 1 | 2 | 3, length: number): Promise<Buffer> {
  const { digest, iterations } = by;
  const password = Buffer.from(`${by.password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([repeated(by.salt, digest.block), repeated(password, digest.block)]);
  const start = Buffer.alloc(digest.block, id);
  const out: Buffer[] = [];
  for (let done = 0; done < length; ) {
    let hash = createHash(digest.name).update(start).update(input).digest();
    for (let step = 1; step < iterations; step++) {
      hash = createHash(digest.name).update(hash).digest();
      if (step % STEPS === 0) await turn();
    }
    out.push(hash);
    done += hash.length;
    const more = Buffer.alloc(digest.block, hash);
    for (let block = 0; block < input.length; block += digest.block)
      addOne(input.subarray(block, block + digest.block), more);
  }
  return Buffer.concat(out).subarray(0, length);
}

/** Adds `more` and 1 to a big-endian number. */
function addOne(number: Buffer, more: Buffer): void {
  let carry = 1;
  for (let index = number.length - 1; index >= 0; index--) {
    carry += (number[index] ?? 0) + (more[index] ?? 0);
    number[index] = carry & 0xff;
    carry >>= 8;
  }
}

async function assertMac(mac: DerValue, content: Buffer, password: string): Promise<void> {
  const digest = digests[hex(at(mac, 0, 0, 0))];
  if (!digest) throw new Unknown('a MAC of an unknown kind');
  const iterations = childrenOf(mac).length > 2 ? count(at(mac, 2)) : 1;
  const by = { digest, password, salt: at(mac, 1).content, iterations };
  const wanted = at(mac, 0, 1).content;
  const key = await deriveBytes(by, 3, wanted.length);
  const found = createHmac(digest.name, key).update(content).digest();
  if (found.length !== wanted.length || !timingSafeEqual(found, wanted)) {
    throw refuse('the password of the PKCS#12 bundle is wrong');
  }
}

async function decrypt(algorithm: DerValue, bytes: Buffer, password: string): Promise<Buffer> {
  const kind = hex(at(algorithm, 0));
  if (kind === PBE_3DES) {
    const digest = { name: 'sha1', block: 64 };
    const by = { digest, password, salt: at(algorithm, 1, 0).content, iterations: count(at(algorithm, 1, 1)) };
    return decipher('des-ede3-cbc', await deriveBytes(by, 1, 24), await deriveBytes(by, 2, 8), bytes);
  }
  if (kind !== PBES2) throw new Unknown('a cipher of an unknown kind');
  const derivation = at(algorithm, 1, 0, 1);
  const cipher = ciphers[hex(at(algorithm, 1, 1, 0))];
  const prf = childrenOf(derivation).find(({ tag }) => tag === 0x30);
  const hash = prf ? prfs[hex(at(prf, 0))] : 'sha1';
  if (!cipher || !hash) throw new Unknown('a cipher of an unknown kind');
  const key = await derive(password, at(derivation, 0).content, count(at(derivation, 1)), cipher.key, hash);
  return decipher(cipher.name, key, at(algorithm, 1, 1, 1).content, bytes);
}

function decipher(name: string, key: Buffer, iv: Buffer, bytes: Buffer): Buffer {
  try {
    const cipher = createDecipheriv(name, key, iv);
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  } catch {
    throw refuse('the password of the PKCS#12 bundle is wrong');
  }
}

/** The values of all bags, in order. */
async function bagsOf(content: Buffer, password: string): Promise<{ kind: string; value: DerValue }[]> {
  const out: { kind: string; value: DerValue }[] = [];
  for (const part of childrenOf(readDer(content))) {
    const kind = hex(at(part, 0));
    let safe: Buffer;
    if (kind === DATA) safe = at(part, 1, 0).content;
    else if (kind === ENCRYPTED) {
      const info = at(part, 1, 0, 1);
      safe = await decrypt(at(info, 1), at(info, 2).content, password);
    } else throw new Unknown('a part of an unknown kind');
    for (const bag of childrenOf(readDer(safe))) out.push({ kind: hex(at(bag, 0)), value: at(bag, 1, 0) });
    if (out.length > MAX_BAGS) throw refuse('the PKCS#12 bundle holds too much');
  }
  return out;
}

function keyOf({ kind, value }: { kind: string; value: DerValue }, passphrase: string): KeyObject | undefined {
  if (kind !== bags.key && kind !== bags.shrouded) return undefined;
  if (kind === bags.shrouded && hex(at(value, 0, 0)) === PBES2) count(at(value, 0, 1, 0, 1, 1));
  else if (kind === bags.shrouded) count(at(value, 0, 1, 1));
  try {
    return createPrivateKey({ key: value.whole, format: 'der', type: 'pkcs8', passphrase });
  } catch {
    throw new Unknown('a key of an unknown kind');
  }
}

async function open(bytes: Buffer, password: string): Promise<Bundle> {
  const file = readDer(bytes);
  if (hex(at(file, 1, 0)) !== DATA) throw refuse('not a PKCS#12 bundle');
  const { content } = at(file, 1, 1, 0);
  const mac = childrenOf(file)[2];
  if (mac) await assertMac(mac, content, password);
  const all = await bagsOf(content, password);
  const key = all.map(bag => keyOf(bag, password)).find(found => found !== undefined);
  if (!key) throw refuse('the PKCS#12 bundle holds no key');
  const certificates = all
    .filter(({ kind }) => kind === bags.cert)
    .flatMap(({ value }) => readCertificates(at(value, 1, 0).content));
  const own = certificates.find(cert => cert.checkPrivateKey(key));
  if (!own) throw refuse('the PKCS#12 bundle holds no certificate for its key');
  const others = certificates.filter(cert => cert !== own);
  return { cert: own.toString(), key: keyPem(key), others: others.map(cert => cert.toString()).join('') };
}

/** True for bytes that begin as a bundle of version 3 does: the file may still be damaged. */
export function isPkcs12(bytes: Buffer): boolean {
  try {
    return at(readDer(bytes), 0).whole.equals(Buffer.from([2, 1, 3]));
  } catch {
    return false; // No DER at all.
  }
}

/** @throws UserError when it is none, the password is wrong, or it holds no key with its certificate */
export async function openPkcs12(bytes: Buffer, password: string): Promise<Bundle> {
  try {
    return await open(bytes, password);
  } catch (error) {
    if (error instanceof DerError) throw refuse('not a PKCS#12 bundle');
    if (!(error instanceof Unknown)) throw error;
    return await openOld(bytes, password);
  }
}

/** A bundle with an algorithm of old: the library that knows it is large, and loaded for such bundles alone. */
async function openOld(bytes: Buffer, password: string): Promise<Bundle> {
  const { readPkcs12 } = await import('./pkcs12.ts');
  try {
    return readPkcs12(bytes, password);
  } catch (error) {
    if ((error as Error).name === 'UserError') throw refuse(messageOf(error));
    throw error;
  }
}

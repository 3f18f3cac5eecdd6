// Passwords of users: scrypt with its parameters beside the hash, so that they can grow; the same work for names that are unknown.
import { randomFillSync, scrypt, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';

/** A stored password. */
export interface PasswordHash {
  /** scrypt (RFC 7914): cost, block size, parallelisation. */
  n: number;
  r: number;
  p: number;
  /** base64url. */
  salt: string;
  hash: string;
}

/** 32 MB and some 200 ms of another thread for each check: OWASP's password storage cheat sheet, scrypt. */
const COST = { n: 2 ** 15, r: 8, p: 3 };
const BYTES = 32;
const SALT_BYTES = 16;
const LEAST = 12;
const MOST = 256;

/** @throws UserError 400 for a password that is too short or too long */
export function checkPassword(password: string, place = 'body.password'): void {
  const length = [...password].length;
  if (length < LEAST || length > MOST)
    throw new UserError(400, 'bad-password', `${place}: must have ${LEAST} to ${MOST} characters, and has ${length}`);
}

export async function hashPassword(random: Random, password: string): Promise<PasswordHash> {
  const salt = random.bytes(SALT_BYTES);
  const hash = await derive(password, salt, COST);
  return { ...COST, salt: salt.toString('base64url'), hash: hash.toString('base64url') };
}

/** Checks a password. Without a stored hash it does the same work and fails. */
export async function isPassword(password: string, stored: PasswordHash | undefined): Promise<boolean> {
  const { salt, hash, ...cost } = stored ?? absent;
  const found = await derive(password.normalize('NFC').slice(0, 4 * MOST), Buffer.from(salt, 'base64url'), cost);
  const good = Buffer.from(hash, 'base64url');
  return found.length === good.length && timingSafeEqual(found, good) && stored !== undefined;
}

/** Stands for the password of a user that is not there. */
const absent: PasswordHash = { ...COST, salt: '', hash: randomFillSync(Buffer.alloc(BYTES)).toString('base64url') };

const derive = (password: string, salt: Buffer, { n, r, p }: typeof COST): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 256 * n * r };
    scrypt(password.normalize('NFC'), salt, BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });

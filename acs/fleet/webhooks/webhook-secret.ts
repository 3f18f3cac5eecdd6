// Secrets of webhooks: made, checked, and replaced while the old one still signs beside the new one.
import type { Random } from '../../../shared/clock.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';
import type { WebhookFormat } from './webhook-format.ts';

/** A secret that was replaced, and signs beside the current one until this time, milliseconds. */
export interface OldSecret {
  secret: Sealed;
  until: number;
}

/** Bounds of a key, bytes (Standard Webhooks 1.0, symmetric signatures). */
const [MIN_KEY, MAX_KEY] = [24, 64];
const MIN_TEXT = 16;
/** Replaced secrets that sign at a time. */
const MAX_OLD = 2;

/** Makes a secret of 256 bits in the form of Standard Webhooks. */
export const newSecret = (random: Random): string => `whsec_${random.bytes(32).toString('base64')}`;

/** The key of a secret; undefined where it is not `whsec_` and the base64 of 24 to 64 bytes. */
export function standardKey(secret: string): Buffer | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? '';
  const key = Buffer.from(base64, 'base64');
  return key.length >= MIN_KEY && key.length <= MAX_KEY && key.toString('base64') === base64 ? key : undefined;
}

/** The secret can sign messages of the format. */
export const fitsFormat = (secret: string, format: WebhookFormat): boolean =>
  format === 'tandem-1' ? secret.length >= MIN_TEXT : standardKey(secret) !== undefined;

/** @throws UserError 400 for a secret that cannot sign messages of the format */
export function checkSecret(secret: string, format: WebhookFormat): void {
  if (fitsFormat(secret, format)) return;
  const wanted =
    format === 'tandem-1'
      ? `must have at least ${MIN_TEXT} characters`
      : `must be whsec_ and the base64 of ${MIN_KEY} to ${MAX_KEY} bytes; format tandem-1 takes any text`;
  throw new UserError(400, 'bad-input', `body.secret: ${wanted}`);
}

/** The old secrets after one more was replaced. @param until 0: none signs any more */
export const withOldSecret = (
  known: readonly OldSecret[],
  secret: Sealed,
  { now, until }: { now: number; until: number },
): OldSecret[] => (until > now ? [{ secret, until }, ...stillSigning(known, now)].slice(0, MAX_OLD) : []);

export const stillSigning = (known: readonly OldSecret[], now: number): OldSecret[] =>
  known.filter(old => old.until > now);

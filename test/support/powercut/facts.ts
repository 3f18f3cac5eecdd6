// Facts that the recorded writer marks as acknowledged, and how they are found again.
import { createHash } from 'node:crypto';

/** Numbers only grow, and tasks only go forward: what is found may be later than what was marked, never earlier. */
export type DiskFact =
  | { kind: 'device'; id: string; fence: number }
  | { kind: 'task'; id: string; state: 'queued' | 'sent' | 'cancelled' | 'done' }
  | { kind: 'parameters'; id: string; values: string[] }
  | { kind: 'document'; name: string; number: number }
  | { kind: 'file'; name: string; number: number }
  | { kind: 'audit'; id: string }
  | { kind: 'key'; sha: string }
  | { kind: 'ca'; cert: string }
  | { kind: 'token'; token: string }
  | { kind: 'closing' }
  | { kind: 'closed' };

const HEAD = 8;

/** Bytes that tell which they are: some kilobytes up to a quarter of a megabyte. */
export function contentOf(number: number): Buffer {
  const bytes = Buffer.alloc(1000 + (number % 7) * 40_000);
  bytes.writeDoubleLE(number);
  const seed = createHash('sha256').update(String(number)).digest();
  for (let at = HEAD; at < bytes.length; at += seed.length) seed.copy(bytes, at);
  return bytes;
}

/** @returns undefined for bytes that are none of those */
export function numberOf(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD) return undefined;
  const number = bytes.readDoubleLE();
  return Number.isSafeInteger(number) && contentOf(number).equals(bytes) ? number : undefined;
}

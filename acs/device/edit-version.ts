// The version of what an operator writes of a device: it changes with tags, site fields and overrides, and with nothing that sessions change.
import { createHash } from 'node:crypto';
import type { DeviceRow } from './row.ts';

const DIGEST_LENGTH = 16;

const sorted = (record: object): [string, unknown][] => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** Secrets are sealed in a row, so that the digest tells nothing of them. */
export function editVersion({ tags, site, overrides }: Pick<DeviceRow, 'tags' | 'site' | 'overrides'>): string {
  const text = JSON.stringify([[...tags].sort(), sorted(site), sorted(overrides)]);
  return createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_LENGTH);
}

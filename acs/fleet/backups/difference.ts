// The difference between two versions of a configuration: a unified diff of texts, sizes and digests of anything else.
import { buffer } from 'node:stream/consumers';
import { formatPatch, structuredPatch } from 'diff';
import type { BackupVersion } from './versions.ts';

export interface Difference {
  from: Side;
  to: Side;
  isSame: boolean;
  /** The unified diff; absent where they are no texts, too large, or too different. */
  diff?: string;
  /** The reason why there is no diff. */
  reason?: string;
}

type Side = Pick<BackupVersion, 'n' | 'time' | 'size' | 'sha256'>;

/** Bytes of the largest texts that are compared, and the longest time, milliseconds. */
const MAX_TEXT = 2 * 1024 * 1024;
const TIMEOUT_MS = 3000;
const MAX_EDITS = 20_000;
const MAX_DIFF = 4 * 1024 * 1024;

const sideOf = ({ n, time, size, sha256 }: BackupVersion): Side => ({ n, time, size, sha256 });

export async function compareTexts(
  from: BackupVersion,
  to: BackupVersion,
  open: (version: BackupVersion) => Promise<AsyncIterable<Buffer>>,
): Promise<Difference> {
  const sides = { from: sideOf(from), to: sideOf(to), isSame: from.sha256 === to.sha256 };
  if (sides.isSame) return { ...sides, diff: '' };
  if (Math.max(from.size, to.size) > MAX_TEXT)
    return { ...sides, reason: `only texts up to ${MAX_TEXT} bytes are compared` };
  const [before, after] = [textOf(await buffer(await open(from))), textOf(await buffer(await open(to)))];
  if (before === undefined || after === undefined) return { ...sides, reason: 'they are no texts' };
  const diff = await unified(before, after, [`backup ${from.n}`, `backup ${to.n}`]);
  if (diff === undefined || diff.length > MAX_DIFF) return { ...sides, reason: 'they differ in too many lines' };
  return { ...sides, diff };
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Older units write their configuration in Latin-1.
    return bytes.toString('latin1');
  }
}

/** The library compares in turns of the event loop. @returns undefined where they are too different */
async function unified(
  before: string,
  after: string,
  [from, to]: readonly [string, string],
): Promise<string | undefined> {
  const patch = await new Promise<ReturnType<typeof structuredPatch> | undefined>(resolve => {
    const callback = (found: ReturnType<typeof structuredPatch> | undefined): void => resolve(found);
    structuredPatch(from, to, before, after, '', '', {
      ...{ callback, context: 3, timeout: TIMEOUT_MS, maxEditLength: MAX_EDITS },
    });
  });
  return patch && formatPatch(patch).replace(/^=+\n/, '');
}

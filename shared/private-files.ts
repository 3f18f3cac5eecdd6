// Files that only their owner may read, whoever has made them: those of an earlier version, or of a copy, may be open to all.
import { closeSync, openSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

const OTHERS = 0o077;

/** Makes an empty file with mode 0600 where there is none, because SQLite would make one that all can read. A failure is left to SQLite. */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    return;
  }
}

/** Takes all rights of others off the files that exist, and says so in one line. */
export async function tightenFiles(paths: readonly string[], log: Log): Promise<void> {
  const files: string[] = [];
  for (const path of paths) {
    const mode = await modeOf(path);
    if (mode === undefined || (mode & OTHERS) === 0) continue;
    try {
      await chmod(path, mode & ~OTHERS);
      // Windows has no such rights, and changes nothing.
      if ((await modeOf(path)) !== mode) files.push(path);
    } catch (error) {
      log.warn('file permissions not tightened', { file: path, reason: messageOf(error) });
    }
  }
  if (files.length > 0) log.warn('file permissions tightened', { files });
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.mode & 0o777 : undefined;
  } catch {
    return undefined;
  }
}

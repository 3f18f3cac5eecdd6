// The path of a Unix socket, which the system bounds to some hundred bytes: a longer one is reached through its open directory.
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { UserError } from '../errors.ts';

/** Linux takes 107 bytes, macOS 103. */
const MOST_BYTES = 103;
const DESCRIPTORS = '/proc/self/fd';

/**
 * A path for the same socket that the system takes, good until `close`.
 * @throws UserError when there is none; the system's error when the directory of a long path cannot be opened
 */
export async function openSocketPath(path: string): Promise<{ path: string; close(): Promise<void> }> {
  if (Buffer.byteLength(path) <= MOST_BYTES) return { path, close: async () => undefined };
  if (!existsSync(DESCRIPTORS)) {
    const text = `the path of the control socket, ${path}, has more than ${MOST_BYTES} bytes: choose a shorter directory`;
    throw new UserError(400, 'path-too-long', text);
  }
  const directory = await open(dirname(path), 'r');
  return { path: `${DESCRIPTORS}/${directory.fd}/${basename(path)}`, close: () => directory.close() };
}

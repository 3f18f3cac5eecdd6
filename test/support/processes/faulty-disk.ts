// A disk that fails on command under a program of ours: diskfault.c, loaded into it.
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../servers/peers.ts';

export interface FaultyDisk {
  /** Environment of what runs on it. */
  env: Record<string, string>;
  /** From now on it takes nothing. */
  fail(): Promise<void>;
  heal(): Promise<void>;
}

/** Compiles the library into a folder. @returns its path */
export async function compileDiskFault(folder: string): Promise<string> {
  const library = join(folder, 'diskfault.so');
  const source = fileURLToPath(new URL('../diskfault.c', import.meta.url));
  await run('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', library, source]);
  return library;
}

/** @param data folder that lies on the disk  @param error errno of each change while it fails */
export async function faultyDisk(library: string, data: string, error: number): Promise<FaultyDisk> {
  const control = `${data}.errno`;
  // In place: the programs have it mapped.
  const set = async (number: number): Promise<void> => {
    const file = await open(control, 'r+');
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(number);
    await file.write(bytes, 0, 4, 0);
    await file.close();
  };
  await writeFile(control, Buffer.alloc(4));
  const env = { LD_PRELOAD: library, DISKFAULT_FOLDER: data, DISKFAULT_CONTROL: control, UV_USE_IO_URING: '0' };
  return { env, fail: () => set(error), heal: () => set(0) };
}

// libspandsp as a judge: small C programs of the tests, compiled when they are needed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Needs, run } from './peers.ts';

/** Debian: libspandsp-dev and a C compiler. */
export const spandspNeeds: Needs = {
  programs: ['cc'],
  files: ['/usr/include/spandsp/telephony.h'],
};

export interface CompiledProgram {
  path: string;
  folder: string;
  remove(): Promise<void>;
}

/** Compiles a source of test/peers/media. @param name its file without `.c` */
export async function compileSpandsp(name: string): Promise<CompiledProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-spandsp-'));
  const path = join(folder, name);
  const source = fileURLToPath(new URL(`../../peers/media/${name}.c`, import.meta.url));
  await run('cc', ['-O2', '-o', path, source, '-lspandsp', '-ltiff', '-lm']);
  return { path, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

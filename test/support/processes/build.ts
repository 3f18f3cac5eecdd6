// The programs as plain JavaScript: compiled once, started again and again.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Build {
  folder: string;
  /** A compiled file, by its name in the source tree. */
  path(source: string): string;
  remove(): Promise<void>;
}

/** Plain JavaScript of the server, and of the other files and folders that are named, in a folder of its own: it starts twice as fast. */
export async function build(...sources: string[]): Promise<Build> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-crash-build-'));
  await compileInto(folder, sources);
  return {
    folder,
    path: source => join(folder, 'dist', source.replace(/\.ts$/, '.js')),
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** Compiles the server and the sources into `dist` of the folder, which gets the neighbours that `dist` has in the project. */
export async function compileInto(folder: string, sources: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['node_modules', 'schemas', 'package.json']) await symlink(join(root, name), join(folder, name));
  const config = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: { outDir: 'dist', rootDir: root, declaration: false, sourceMap: false },
    include: [join(root, 'acs'), join(root, 'shared'), ...sources.map(source => join(root, source))],
    exclude: [join(root, 'acs', 'ui')],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', folder]);
}

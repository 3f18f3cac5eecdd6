// The programs as plain JavaScript, in a folder of the run: what is measured runs as it is delivered, not through a loader.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const measured = ['acs', 'cpe', 'pbx', 'shared', 'test/bench/load', 'test/bench/servers'];

/** Compiles the product and the processes of the bench. @returns the folder that stands for the root of the project */
export async function buildInto(folder: string): Promise<string> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      outDir: join(tree, 'dist'),
      rootDir: ROOT,
      typeRoots: [join(ROOT, 'node_modules', '@types')],
    },
    include: measured.map(name => join(ROOT, name)),
  };
  await writeFile(join(tree, 'tsconfig.json'), JSON.stringify(config));
  await copyFile(join(ROOT, 'package.json'), join(tree, 'package.json'));
  for (const name of ['node_modules', 'schemas']) await symlink(join(ROOT, name), join(tree, name));
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(tsc, ['-p', join(tree, 'tsconfig.json')], { cwd: ROOT });
  return tree;
}

/** A file of the build by its name in the project, without its ending. */
export const builtFile = (tree: string, name: string): string => join(tree, 'dist', `${name}.js`);

// The versions of Node that a run measures under: the one that runs the bench, and a newer one where it is installed.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { UsageError } from '../../shared/config.ts';

export interface NodeBinary {
  path: string;
  /** `20.20.2` */
  version: string;
}

/** The version beside the lowest that the product supports; it has a column where it is found. */
const NEWER = 24;

export const majorOf = ({ version }: NodeBinary): number => Number(version.split('.')[0]);

/** @returns undefined for a program that is no Node */
function nodeAt(path: string): NodeBinary | undefined {
  try {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' });
    const found = /^v(\d+\.\d+\.\d+)\s*$/.exec(version)?.[1];
    return found ? { path, version: found } : undefined;
  } catch {
    // Absent, or not to be run here.
    return undefined;
  }
}

/** Places where npm, npx, nvm and packages put another Node. */
function candidates(root: string): string[] {
  const inPackage = (folder: string): string => join(folder, 'node_modules', 'node', 'bin', 'node');
  const [npx, nvm] = [join(homedir(), '.npm', '_npx'), join(homedir(), '.nvm', 'versions', 'node')];
  return [
    inPackage(root),
    ...(process.env.PATH ?? '').split(delimiter).map(folder => join(folder, `node${NEWER}`)),
    ...foldersIn(npx).map(inPackage),
    ...foldersIn(nvm).map(folder => join(folder, 'bin', 'node')),
  ];
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : [];

/**
 * @param given paths of `--node`, which are taken as they are, in their order; without any the running Node and a newer one
 * @throws UsageError for a path that is no Node
 */
export function nodesToMeasure(given: readonly string[], root: string): NodeBinary[] {
  if (given.length)
    return given.map(path => {
      const node = nodeAt(path);
      if (!node) throw new UsageError(`--node: ${path} is no Node`);
      return node;
    });
  const running = { path: process.execPath, version: process.versions.node };
  const newer = candidates(root)
    .filter(path => existsSync(path))
    .map(nodeAt)
    .find(node => node && majorOf(node) === NEWER);
  return newer && majorOf(running) !== NEWER ? [running, newer] : [running];
}

// The history of the shell: lines in a file that only its owner may read, without those that hold codes or passwords.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandSyntaxError } from '../syntax/error.ts';
import { parseLine } from '../syntax/parse.ts';
import { commandTable } from '../table.ts';

/** Lines that are kept. */
export const MAX_HISTORY = 500;

/** Names of options that take a secret, in any command. */
const secretNames = [...commandTable.values()].flatMap(({ options }) =>
  Object.entries(options)
    .filter(([, { isSecret }]) => isSecret)
    .map(([name]) => name.toLowerCase()),
);

/** True for a line that may be kept; one that is wrong is judged by its words. */
export function isOpen(line: string): boolean {
  try {
    const parsed = parseLine(commandTable, line);
    if (parsed.kind !== 'command') return true;
    return !parsed.given.some(({ name }) => parsed.command.options[name]?.isSecret);
  } catch (error) {
    if (!(error instanceof CommandSyntaxError)) throw error;
    const text = line.toLowerCase();
    return !['auth_code', 'password', ...secretNames].some(word => text.includes(word));
  }
}

/** The newest line first, as readline has them; none where there is no file. */
export async function readHistory(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter(Boolean).slice(-MAX_HISTORY).reverse();
}

/** @param lines the newest first */
export async function writeHistory(file: string, lines: readonly string[]): Promise<void> {
  const kept = lines.filter(isOpen).slice(0, MAX_HISTORY).reverse();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.new`;
  await writeFile(fresh, kept.map(line => `${line}\n`).join(''), { mode: 0o600 });
  await chmod(fresh, 0o600);
  await rename(fresh, file);
}

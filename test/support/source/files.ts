// The files of the project, as git knows them, and their texts.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const root = new URL('../../..', import.meta.url).pathname;

/** All files that git has or would take, relative to the root. */
export const tracked: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter(Boolean);

export const sources: readonly string[] = tracked.filter(file => /\.tsx?$/.test(file));

const texts = new Map<string, string>();

export function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) {
    text = readFileSync(root + file, 'utf8');
    texts.set(file, text);
  }
  return text;
}

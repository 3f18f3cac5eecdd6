// Exceptions from the rules of the house, by file or room. The lists may only shrink: an entry that is no longer needed, or is larger than
// needed, fails as well. `npx mocha test/house --shrink` takes out what has become good.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('exceptions.json', import.meta.url);

type Counts = Record<string, number>;

interface Exceptions {
  /** Folders with too many files, with how many. */
  folders: Counts;
  /** Files over the limit, with their lines. */
  longFiles: Counts;
  /** Bodies over the limit, as `file name`, with their lines. */
  longBodies: Counts;
  /** Files with titles of tests that are too long or hold several facts, with how many. */
  titles: Counts;
  /** Imports that break the order of rooms in the fleet, and circles, once each. */
  imports: Counts;
  /** Rooms with comments that begin with a question word, with how many. */
  questions: Counts;
}

const exceptions = JSON.parse(readFileSync(file, 'utf8')) as Exceptions;
const shrinks = process.argv.includes('--shrink');

export const once = (found: readonly string[]): Map<string, number> => new Map(found.map(text => [text, 1]));

/** Breaches beyond the exceptions, and exceptions that are not needed any more. */
export function beyond(kind: keyof Exceptions, found: ReadonlyMap<string, number>): string[] {
  const listed = exceptions[kind];
  if (shrinks) {
    const left = Object.keys(listed).filter(key => found.has(key));
    exceptions[kind] = Object.fromEntries(
      left.sort().map(key => [key, Math.min(listed[key] ?? 0, found.get(key) ?? 0)]),
    );
    writeFileSync(file, `${JSON.stringify(exceptions, undefined, 2)}\n`);
  }
  const now = exceptions[kind];
  const worse = [...found].filter(([key, count]) => count > (now[key] ?? 0));
  const better = Object.entries(now).filter(([key, count]) => count > (found.get(key) ?? 0));
  return [
    ...worse.map(
      ([key, count]) => `${key}: ${count}, ${now[key] === undefined ? 'not allowed' : `listed ${now[key]}`}`,
    ),
    ...better.map(
      ([key, count]) => `${key}: listed ${count}, but only ${found.get(key) ?? 'none'} now: shrink the list`,
    ),
  ];
}

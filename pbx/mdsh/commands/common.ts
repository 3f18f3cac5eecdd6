// Options that commands share, and numbers that must exist.
import { Turns } from '../../../shared/turns.ts';
import type { DirectoryNumber } from '../../exchange/data.ts';
import { type Lines, NotExecuted, type OptionSpec, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { directoryNumbers, integer, text } from '../syntax/values.ts';

/** Rows that are worked on without a break: a millisecond or two. */
export const PORTION = 500;

export const flags = {
  initiate: { letter: 'i', help: 'Makes new data.' },
  change: { letter: 'c', help: 'Changes data.' },
  erase: { letter: 'e', help: 'Erases data.' },
  print: { letter: 'p', help: 'Prints data.' },
} as const satisfies Record<string, OptionSpec>;

export const dirs: OptionSpec = { letter: 'd', kind: directoryNumbers, help: 'The extension, or several.' };

export const numbersOf = (args: Arguments): readonly DirectoryNumber[] => args.list('dir') ?? [];

/** Calls the function for each number, with breaks. */
export async function forEachNumber(args: Arguments, run: (dir: DirectoryNumber) => void): Promise<void> {
  const turns = new Turns(PORTION);
  for (const dir of numbersOf(args)) {
    run(dir);
    await turns.spent(1);
  }
}

/** All that the function makes of the numbers, as one list, with breaks. */
export async function forNumbers<T>(args: Arguments, make: (dir: DirectoryNumber) => readonly T[]): Promise<T[]> {
  const made: T[] = [];
  await forEachNumber(args, dir => made.push(...make(dir)));
  return made;
}

/** @throws NotExecuted for a number that is no extension */
export function checkExists({ exchange }: ShellContext, dir: DirectoryNumber): void {
  if (!exchange.get('extensions', dir)) throw new NotExecuted(`DIRECTORY NUMBER ${dir} IS NOT INITIATED`);
}

/** Rows of the numbers that are named, or all of the table; by number. */
export async function chosen<R extends { dir?: DirectoryNumber }>(
  args: Arguments,
  all: () => readonly R[],
  get: (dir: DirectoryNumber) => R | undefined,
): Promise<readonly R[]> {
  if (!args.has('dir')) return all();
  return await forNumbers(args, dir => {
    const row = get(dir);
    return row ? [row] : [];
  });
}

/** The line of a print that has no rows. */
export const NOTHING = 'NO DATA';

/** @param refusal lines of a policy check: the first says that nothing was done @throws NotExecuted with the others */
export function refuseBy(refusal: Lines | undefined): void {
  if (refusal) throw new NotExecuted(...refusal.slice(1));
}

/** SIP routes, and H.323 routes, that the exchange keeps. */
export const MAX_ROUTES = 250;

export const routeNumber = integer(1, 9999);

export const dialledPrefix = text(1, 20, { pattern: /^\+?[\d*#]+$/, about: 'Dialled digits' });

/** Name or address of another host. */
export const hostName = text(1, 253, { pattern: /^[\w.-]+$|^[\da-fA-F:.]+$/, about: 'A name or address' });

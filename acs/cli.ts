// The commands beside serving: backup, check, restore. What they print is for an operator; what they find wrong is exit code 1.
import { join } from 'node:path';
import { systemClock, systemRandom } from '../shared/clock.ts';
import { helpText, type OptionSpecs, type OptionValues, UsageError } from '../shared/config.ts';
import { backUp, type Kept, restore } from './backup.ts';
import { acsOptions, type CommandName } from './config.ts';
import { checkFile } from './store/backup.ts';
import type { StoreCheck } from './store/check.ts';

const { config, data, store } = acsOptions;
const where = { config, data, store: { ...store, check: noMongo } } as const satisfies OptionSpecs;
const replacing = {
  ...where,
  force: { kind: 'boolean', help: 'replace what is there' },
} as const satisfies OptionSpecs;
type Options = OptionValues<typeof where> & { force?: boolean };

export interface CliContext {
  /** Reads options from the command line, the environment and --config. */
  read<T extends OptionSpecs>(specs: T, argv: string[]): { values: OptionValues<T>; positionals: string[] };
  write(text: string): void;
}

interface Command {
  usage: string;
  about: string;
  specs: OptionSpecs;
  run(file: string | undefined, options: Options, write: (text: string) => void): Promise<number>;
}

const keptBy = (options: Options): Kept => ({
  data: options.data,
  store: options.store?.slice('sqlite:'.length) ?? join(options.data, 'tandem.db'),
});

const commands: Record<CommandName, Command> = {
  backup: {
    usage: 'tandem-acs backup FILE [options]',
    about:
      'Saves all that the ACS keeps in one file, also while it runs: the store, the server key, the admin token, the CA.\nWhoever has the file has the secrets.',
    specs: replacing,
    run: async (file, options, write) => {
      const { check, bytes } = await backUp(keptBy(options), named(file), contextOf(options));
      write(`${file}: ${shown(check)}; ${(bytes / 1e6).toFixed(1)} MB\n`);
      return 0;
    },
  },
  check: {
    usage: 'tandem-acs check [FILE] [options]',
    about:
      'Tells whether a backup, or the store of the ACS, running or not, is sound: reads all of it, changes nothing.\nExit code 1 when something is wrong.',
    specs: where,
    run: async (file, options, write) => {
      const path = file ?? keptBy(options).store;
      const check = await checkFile(path);
      for (const problem of check.problems) write(`${path}: ${problem}\n`);
      if (check.unlisted > 0) write(`${path}: and ${check.unlisted} more\n`);
      if (check.problems.length > 0) return 1;
      const made = check.backup ? `backup of ${new Date(check.backup.time).toISOString()}, ` : '';
      write(`${path}: sound; ${made}${shown(check)}\n`);
      return 0;
    },
  },
  restore: {
    usage: 'tandem-acs restore FILE [options]',
    about:
      'Brings back what `backup` saved, after checking it. The ACS must not run. With --force a store that is there is moved aside.',
    specs: replacing,
    run: async (file, options, write) => {
      const kept = keptBy(options);
      const { check, aside } = await restore(kept, named(file), contextOf(options));
      for (const name of aside) write(`moved aside: ${name}\n`);
      write(`${kept.store}: restored; ${shown(check)}\n`);
      return 0;
    },
  },
};

const contextOf = ({ force = false }: Options): Parameters<typeof backUp>[2] => ({
  clock: systemClock(),
  random: systemRandom(),
  force,
});

/** @returns the exit code. @throws UsageError, UserError */
export async function runCommand(name: CommandName, argv: string[], { read, write }: CliContext): Promise<number> {
  const { usage, about, specs, run } = commands[name];
  if (argv.includes('--help')) {
    write(helpText(usage, about, specs));
    return 0;
  }
  const { values, positionals } = read(specs, argv);
  if (positionals.length > 1) throw new UsageError(`${name}: '${positionals[1]}' is not expected; one FILE is`);
  return await run(positionals[0], values as unknown as Options, write);
}

function named(file: string | undefined): string {
  if (!file) throw new UsageError('which FILE? see --help');
  return file;
}

const shown = ({ counts }: StoreCheck): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

function noMongo(text: string): void {
  if (/^mongodb(\+srv)?:/.test(text))
    throw new Error('a MongoDB store is saved and brought back by mongodump and mongorestore');
  store.check(text);
}

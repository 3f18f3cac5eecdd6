// The commands besides serving: backup, check, restore, rollout watch. They print for an operator; exit code 1 means a problem.
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { helpText, type OptionSpecs, type OptionValues, UsageError } from '../../shared/config.ts';
import { acsOptions, type CommandName } from '../config.ts';
import { checkFile } from '../store/sqlite/backup.ts';
import type { StoreCheck } from '../store/sqlite/check.ts';
import { apiOptions } from './api-options.ts';
import { backUp, type DataLocation, restore } from './backup.ts';

const { config, data, store } = acsOptions;
const where = { config, data, store: { ...store, check: noMongo } } as const satisfies OptionSpecs;
const replacing = {
  ...where,
  force: { kind: 'boolean', help: 'replace existing files' },
} as const satisfies OptionSpecs;
const watching = {
  ...apiOptions,
  interval: {
    kind: 'number',
    value: 'SECONDS',
    help: 'interval between two requests',
    default: 2,
    min: 0.1,
    max: 3600,
  },
} as const satisfies OptionSpecs;
type StoreOptions = OptionValues<typeof where>;

export interface CliContext {
  /** Reads options from the command line, the environment and --config. */
  read<T extends OptionSpecs>(specs: T, argv: string[]): { values: OptionValues<T>; positionals: string[] };
  write(text: string): void;
  /** Columns of the terminal; undefined when the output is not a terminal. */
  columns(): number | undefined;
  /** Ends a running command. */
  signal: AbortSignal;
}

interface CommandSpec<S extends OptionSpecs> {
  usage: string;
  about: string;
  specs: S;
  /** The word before the argument. */
  verb?: string;
  run(argument: string | undefined, options: OptionValues<S>, context: CliContext): Promise<number>;
}

/** @returns the exit code. @throws UsageError, UserError */
type Command = (name: CommandName, argv: string[], context: CliContext) => Promise<number>;

function command<S extends OptionSpecs>({ usage, about, specs, verb, run }: CommandSpec<S>): Command {
  return async (name, argv, context) => {
    if (argv.includes('--help')) {
      context.write(helpText(usage, about, specs));
      return 0;
    }
    const { values, positionals } = context.read(specs, argv);
    if (verb !== undefined && positionals.shift() !== verb)
      throw new UsageError(`${name}: '${verb}' is expected; see --help`);
    if (positionals.length > 1) throw new UsageError(`${name}: '${positionals[1]}' is not expected; see --help`);
    return await run(positionals[0], values, context);
  };
}

const locationOf = (options: StoreOptions): DataLocation => ({
  data: options.data,
  store: options.store?.slice('sqlite:'.length) ?? join(options.data, 'tandem.db'),
});

const watchRollout = command({
  usage: 'tandem-acs rollout watch ID [options]',
  about:
    'Shows the progress of a rollout until it has ended: as a table in a terminal, otherwise one line per change.\nExit code 1 when devices have failed, or the rollout was aborted or rolled back.',
  specs: watching,
  verb: 'watch',
  run: async (id, options, { write, columns, signal }) => {
    if (!id) throw new UsageError('rollout watch: ID is missing; see --help');
    const { watch } = await import('./rollout-watch.ts');
    const { data, api, token, ca, interval } = options;
    return await watch({
      id,
      api,
      tokenFile: token ?? join(data, 'admin-token'),
      ca,
      intervalMs: interval * 1000,
      clock: systemClock(),
      signal,
      write,
      columns,
    });
  },
});

const commands: Record<CommandName, Command> = {
  backup: command({
    usage: 'tandem-acs backup FILE [options]',
    about:
      'Saves all data of the ACS in one file, also while it runs: store, server key, admin token, CA.\nThe file contains all secrets: protect it.',
    specs: replacing,
    run: async (file, options, { write }) => {
      const { check, bytes } = await backUp(locationOf(options), named(file), contextOf(options));
      write(`${file}: ${countsText(check)}; ${(bytes / 1e6).toFixed(1)} MB\n`);
      return 0;
    },
  }),
  check: command({
    usage: 'tandem-acs check [FILE] [options]',
    about:
      'Checks a backup, or the store of the ACS, which may run: reads everything and changes nothing.\nExit code 1 when a problem is found.',
    specs: where,
    run: async (file, options, { write }) => {
      const path = file ?? locationOf(options).store;
      const check = await checkFile(path);
      for (const problem of check.problems) write(`${path}: ${problem}\n`);
      if (check.unlisted > 0) write(`${path}: and ${check.unlisted} more\n`);
      if (check.problems.length > 0) return 1;
      const made = check.backup ? `backup of ${new Date(check.backup.time).toISOString()}, ` : '';
      write(`${path}: sound; ${made}${countsText(check)}\n`);
      return 0;
    },
  }),
  restore: command({
    usage: 'tandem-acs restore FILE [options]',
    about: 'Restores a backup after checking it. The ACS must not run. With --force an existing store is moved aside.',
    specs: replacing,
    run: async (file, options, { write }) => {
      const location = locationOf(options);
      const { check, aside } = await restore(location, named(file), contextOf(options));
      for (const name of aside) write(`moved aside: ${name}\n`);
      write(`${location.store}: restored; ${countsText(check)}\n`);
      return 0;
    },
  }),
  rollout: watchRollout,
};

const contextOf = ({ force }: { force: boolean }): Parameters<typeof backUp>[2] => ({
  clock: systemClock(),
  random: systemRandom(),
  force,
});

/** @returns the exit code. @throws UsageError, UserError */
export const runCommand: Command = async (name, argv, context) => await commands[name](name, argv, context);

function named(file: string | undefined): string {
  if (!file) throw new UsageError('FILE is missing; see --help');
  return file;
}

const countsText = ({ counts }: StoreCheck): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

function noMongo(text: string): void {
  if (/^mongodb(\+srv)?:/.test(text))
    throw new Error('a MongoDB store is saved and restored with mongodump and mongorestore');
  store.check(text);
}

#!/usr/bin/env node
// The command line of the simulated gateway: reads options, starts the chosen command, turns signals into an orderly end.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { systemClock } from '../shared/clock.ts';
import { helpText, readOptions, UsageError } from '../shared/config.ts';
import { messageOf, UserError } from '../shared/errors.ts';
import { settled } from '../shared/program.ts';
import { type CommandName, isCommand, commands as unitCommands } from './control/commands.ts';
import { faultsHelp } from './faults/catalogue.ts';
import type { Channel } from './fleet/shards.ts';
import { callOptions, controlOptions, fleetOptions, packOptions, runOptions } from './options.ts';
import type { Terminal } from './run.ts';

const usage = `Usage: tandem-cpe COMMAND [options]

A simulated Mediatrix/Mitel DGW gateway, one or many.

Commands:
  run             one gateway in the foreground
  fleet           many gateways, in one process or several
  pack-firmware   make a firmware image

For a running unit (run --state DIR):
${Object.entries(unitCommands)
  .map(([name, { args, help }]) => `  ${[name, ...args].join(' ').padEnd(16)}${help}`)
  .join('\n')}

COMMAND --help shows its options.
`;

/** An internal command. */
const SHARD = 'fleet-shard';

const stop = new AbortController();

function terminal(): Terminal {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  // The reader of the output is gone: the work has no purpose any more.
  process.stdout.on('error', () => stop.abort());
  return {
    write: text => process.stdout.write(text),
    pretty: process.stdout.isTTY,
    signal: stop.signal,
    memory: () => process.memoryUsage().rss,
  };
}

function forkShard(): Channel {
  const child = fork(process.argv[1] ?? '', [SHARD]);
  return {
    send: message => {
      if (child.connected) child.send(message as object);
    },
    onMessage: listener => child.on('message', listener),
    onGone: listener =>
      child.once('exit', (code, signal) => listener(signal === null ? `exit code ${code}` : `signal ${signal}`)),
    close: () => child.disconnect(),
  };
}

type Command = (argv: string[]) => Promise<number>;

const env = { env: process.env, envPrefix: 'TANDEM_CPE_' };
const inEnvironment = 'Each option also as TANDEM_CPE_… in the environment.';

const commands: Readonly<Record<string, Command>> = {
  async run(argv) {
    if (argv.includes('--help'))
      return help('tandem-cpe run [options]', `Runs one gateway. ${inEnvironment}`, runOptions);
    const { values, positionals } = readOptions(runOptions, { argv, ...env });
    refuseExtra(positionals);
    const { run } = await import('./run.ts');
    return await run(values, terminal());
  },
  async fleet(argv) {
    if (argv.includes('--help')) {
      const about = `Runs many gateways, in one process or several. ${inEnvironment}`;
      help('tandem-cpe fleet [options]', about, fleetOptions);
      process.stdout.write(faultsHelp());
      return 0;
    }
    const { values, positionals } = readOptions(fleetOptions, { argv, ...env });
    refuseExtra(positionals);
    const { fleet } = await import('./fleet/fleet.ts');
    return await fleet(values, { ...terminal(), fork: { cores: availableParallelism(), fork: forkShard } });
  },
  /** Started by `fleet` only: one process of several. */
  async [SHARD]() {
    // Ctrl-C reaches every process of the terminal; the first process decides when the others end.
    process.on('SIGINT', () => undefined);
    const { shard } = await import('./fleet/fleet.ts');
    await shard(
      {
        send: message => process.send?.(message),
        onMessage: listener => process.on('message', listener),
        onGone: listener => process.once('disconnect', () => listener('the first process is gone')),
        close: () => process.disconnect(),
      },
      () => process.memoryUsage().rss,
    );
    return 0;
  },
  async 'pack-firmware'(argv) {
    const about = 'Makes a firmware image in the documented container (shared/firmware.ts).';
    if (argv.includes('--help'))
      return help('tandem-cpe pack-firmware --product P --version V OUT', about, packOptions);
    const { values, positionals } = readOptions(packOptions, { argv });
    const [out, ...extra] = positionals;
    refuseExtra(extra);
    const { product, version } = values;
    if (!product || !version || !out) throw new UsageError('--product, --version and OUT are needed');
    const { writeImage } = await import('./pack-firmware.ts');
    const bytes = await writeImage({ ...values, product, version, out });
    process.stdout.write(`${out}: version ${version} for ${product}, ${bytes} bytes\n`);
    return 0;
  },
};

/** A command for a running unit. */
async function ask(name: CommandName, argv: string[]): Promise<number> {
  const specs = name === 'call' ? callOptions : controlOptions;
  const { args, help: about } = unitCommands[name];
  if (argv.includes('--help'))
    return help(
      `tandem-cpe ${[name, ...args].join(' ')} --state DIR [options]`,
      `${about[0]?.toUpperCase()}${about.slice(1)}. ${inEnvironment}`,
      specs,
    );
  const { values, positionals } = readOptions(specs, { argv, ...env });
  const { ask: askUnit } = await import('./control/cli.ts');
  const { write, signal } = terminal();
  return await askUnit(name, positionals, values, { clock: systemClock(), write, signal });
}

function help(line: string, about: string, specs: Parameters<typeof helpText>[2]): number {
  process.stdout.write(helpText(line, about, specs));
  return 0;
}

function refuseExtra(positionals: string[]): void {
  if (positionals.length > 0) throw new UsageError(`'${positionals[0]}' is not an option`);
}

async function main([name, ...argv]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const known = `run, fleet, pack-firmware, ${Object.keys(unitCommands).join(', ')}`;
  if (name === undefined) throw new UsageError(`a command is needed: ${known}`);
  if (isCommand(name)) return await ask(name, argv);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(`there is no command '${name}' (${known})`);
  return await command(argv);
}

try {
  process.exitCode = await settled(process, 'tandem-cpe', main(process.argv.slice(2)));
} catch (error) {
  const known = error instanceof UsageError || error instanceof UserError;
  process.stderr.write(
    known ? `tandem-cpe: ${messageOf(error)}\n` : `${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

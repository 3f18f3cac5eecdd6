#!/usr/bin/env node
// The ACS as a process: arguments, environment, signals. The server and the commands are imported on use, so --help stays fast.
import { readFileSync } from 'node:fs';
import { helpText, type OptionSpecs, type OptionValues, readOptions, UsageError } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import { settled } from '../shared/program.ts';
import { type AcsOptions, acsOptions, acsVariables, callCommands, commandNames } from './config.ts';
import { UserError } from './errors.ts';
import type { Assignment } from './server/workers.ts';

const usage =
  'tandem-acs [options]\n       tandem-acs backup FILE | restore FILE | check [FILE] [options]\n       tandem-acs rollout watch ID [options]\n       tandem-acs devices | device | set | job | faults | audit | call | completion … [options]';
const about =
  'Tandem ACS: a TR-069 Auto Configuration Server. Each option can also be set as TANDEM_NAME in the environment.';

function options(argv: string[]): AcsOptions {
  const { values, positionals } = optionsOf(acsOptions, argv);
  if (positionals.length)
    throw new UsageError(
      `'${positionals[0]}' is not expected; commands are ${[...commandNames, ...callCommands].join(', ')}, options begin with --`,
    );
  return values;
}

/** Reads the command line, the environment and the file of --config; of the file, a command takes only the options it knows. */
function optionsOf<T extends OptionSpecs>(
  specs: T,
  argv: string[],
): { values: OptionValues<T>; positionals: string[] } {
  const source = { argv, env: process.env, envPrefix: 'TANDEM_' };
  const read = readOptions(specs, source);
  const { config } = read.values as { config?: string };
  if (config === undefined) return read;
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(config, 'utf8'));
  } catch (error) {
    throw new UsageError(`--config: ${config}: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new UsageError(`--config: ${config}: not a JSON object`);
  const known = Object.entries(file).filter(([name]) => specs[name] || !(name in acsOptions));
  return readOptions(specs, { ...source, file: Object.fromEntries(known) });
}

/** The longest time that a log line waits for others. */
const LOG_MS = 10;

/**
 * Writes lines that come close together in one system call. Lines still held are written when the process ends, but not when it is
 * killed.
 */
function writeInBatches(): (line: string) => void {
  let held = '';
  let written = 0;
  const flush = (): void => {
    if (held !== '') process.stdout.write(held);
    held = '';
    written = performance.now();
  };
  process.once('exit', flush);
  return line => {
    if (held === '' && performance.now() - written > LOG_MS) setImmediate(flush);
    else if (held === '') setTimeout(flush, LOG_MS);
    held += `${line}\n`;
  };
}

/** At level debug each line is written at once, so that none is lost when the process is killed. */
const writeAtOnce = (line: string): boolean => process.stdout.write(`${line}\n`);

async function main(argv: string[]): Promise<number> {
  const command = commandNames.find(name => name === argv[0]);
  const call = callCommands.find(name => name === argv[0]);
  if (command ?? call) {
    const stopping = new AbortController();
    for (const signal of call || command === 'rollout' ? (['SIGINT', 'SIGTERM'] as const) : [])
      process.once(signal, () => stopping.abort());
    const context = {
      read: optionsOf,
      write: (text: string) => process.stdout.write(text),
      columns: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
      signal: stopping.signal,
    };
    if (call) return await (await import('./cli/calls/commands.ts')).runCall(call, argv.slice(1), context);
    if (command) return await (await import('./cli/commands.ts')).runCommand(command, argv.slice(1), context);
  }
  if (argv.includes('--help')) {
    process.stdout.write(helpText(usage, about, acsOptions, acsVariables));
    return 0;
  }
  const values = options(argv);
  const { start } = await import('./server/start.ts');
  const assignment = workerAssignment();
  const stopping = new Promise<string>(resolve => {
    for (const signal of assignment ? (['SIGTERM'] as const) : (['SIGINT', 'SIGTERM'] as const))
      process.once(signal, () => resolve(signal));
    // When the reader of the log has gone, the server continues without a log.
    process.stdout.on('error', () => undefined);
  });
  // Ctrl-C reaches the whole process group; a worker ends only when its primary ends it or is gone.
  if (assignment) process.on('SIGINT', () => undefined);
  const { acs, log } = await start(values, {
    adminToken: process.env.TANDEM_ADMIN_TOKEN,
    adminPassword: process.env.TANDEM_ADMIN_PASSWORD,
    oidcClientSecret: process.env.TANDEM_OIDC_CLIENT_SECRET,
    assignment,
    pretty: process.stdout.isTTY,
    write: values.logLevel === 'debug' ? writeAtOnce : writeInBatches(),
  });
  log.info('server stopping', { signal: await stopping });
  await acs.close();
  return 0;
}

/** The assignment of a worker process (server/workers.ts); undefined in the main process. */
function workerAssignment(): Assignment | undefined {
  const text = process.env.TANDEM_WORKER;
  return text === undefined ? undefined : (JSON.parse(text) as Assignment);
}

try {
  process.exitCode = await settled(process, 'tandem-acs', main(process.argv.slice(2)));
} catch (error) {
  const known = error instanceof UsageError || error instanceof UserError;
  process.stderr.write(
    known ? `tandem-acs: ${messageOf(error)}\n` : `${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

// The channel to its primary would keep a worker process alive.
if (process.env.TANDEM_WORKER && process.connected) process.disconnect();

#!/usr/bin/env node
// The ACS as a process: argv, environment, signals. What it does is built in start.ts, imported on use.
import { readFileSync } from 'node:fs';
import { helpText, readOptions, UsageError } from '../shared/config.ts';
import { messageOf, UserError } from '../shared/errors.ts';
import { type AcsOptions, acsOptions } from './config.ts';

const usage = 'tandem-acs [options]';
const about = 'Tandem ACS: a TR-069 Auto Configuration Server. Each option also as TANDEM_NAME in the environment.';

function options(argv: string[]): AcsOptions {
  const source = { argv, env: process.env, envPrefix: 'TANDEM_' };
  const { values, positionals } = readOptions(acsOptions, source);
  if (positionals.length) throw new UsageError(`'${positionals[0]}' is not expected; options begin with --`);
  if (values.config === undefined) return values;
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(values.config, 'utf8'));
  } catch (error) {
    throw new UsageError(`--config: ${values.config}: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new UsageError(`--config: ${values.config}: not a JSON object`);
  return readOptions(acsOptions, { ...source, file: file as Record<string, unknown> }).values;
}

/** Lines of one turn go out together: each write is a system call. What is still held when the process ends goes out then. */
function logLine(): (line: string) => void {
  let held = '';
  const flush = (): void => {
    if (held !== '') process.stdout.write(held);
    held = '';
  };
  process.once('exit', flush);
  return line => {
    if (held === '') setImmediate(flush);
    held += `${line}\n`;
  };
}

async function main(argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(usage, about, acsOptions));
    return 0;
  }
  const values = options(argv);
  const { start } = await import('./start.ts');
  const stopping = new Promise<string>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
    // Whoever read the log has gone; the server goes on without one.
    process.stdout.on('error', () => undefined);
  });
  const { acs, log } = await start(values, {
    adminToken: process.env.TANDEM_ADMIN_TOKEN,
    pretty: process.stdout.isTTY,
    write: logLine(),
  });
  log.info('stopping', { signal: await stopping });
  await acs.close();
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof UsageError || error instanceof UserError;
  process.stderr.write(
    known ? `tandem-acs: ${messageOf(error)}\n` : `${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

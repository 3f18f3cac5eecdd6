#!/usr/bin/env node
// `tandem-pbx`: reads the command line, runs the server or one command against a running one, ends cleanly on signals.
import { join } from 'node:path';
import { systemClock, systemRandom } from '../shared/clock.ts';
import { helpText, readOptions, UsageError } from '../shared/config.ts';
import { asText } from '../shared/control/text.ts';
import { messageOf } from '../shared/errors.ts';
import { createLog } from '../shared/log.ts';
import { settled } from '../shared/program.ts';
import { commands } from './cli.ts';
import { commandOptions, serveOptions } from './options.ts';

const clock = systemClock();

function usage(): string {
  const rows = Object.entries(commands).map(([name, { help }]) => `  ${name.padEnd(14)}${help}`);
  return [
    'Usage: tandem-pbx serve [options]\n       tandem-pbx COMMAND [options]\n',
    'A SIP registrar and proxy over TLS, for gateways that keep one connection open.\n',
    `Commands:\n  ${'serve'.padEnd(14)}run the server in the foreground`,
    ...rows,
    `  ${'mdsh'.padEnd(14)}the shell of the exchange; each of its commands also alone: tandem-pbx sec_policy -set 1`,
    '\nOptions of each: tandem-pbx COMMAND --help\n',
  ].join('\n');
}

async function runServe(argv: string[]): Promise<void> {
  const { values, positionals } = readOptions(serveOptions, { argv, env: process.env, envPrefix: 'TANDEM_PBX_' });
  if (positionals.length > 0) throw new UsageError(`serve takes no argument '${positionals[0]}'`);
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const log = createLog({ clock, level: values.logLevel, write, pretty: process.stdout.isTTY === true });
  const { serve } = await import('./serve.ts');
  const stop = await serve(values, { clock, random: systemRandom(), log });
  let stopping = false;
  const end = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { signal });
    stop().catch((error: unknown) => {
      log.error('stop failed', { error });
      process.exitCode = 1;
    });
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

async function runCommand(name: string, argv: string[]): Promise<void> {
  const { values, positionals } = readOptions(commandOptions, { argv, env: process.env, envPrefix: 'TANDEM_PBX_' });
  const { askControl } = await import('../shared/control/client.ts');
  const path = values.control ?? join(values.data, 'control.sock');
  const result = await askControl(path, name, positionals, clock);
  process.stdout.write(`${values.json ? JSON.stringify(result, null, 2) : asText(result)}\n`);
}

/** A command of the shell, or undefined where the name is none. */
async function runShell(name: string, rest: string[]): Promise<number | undefined> {
  const { isShellCommand, shellHelp, startCommand, startShell } = await import('./mdsh/client/start.ts');
  const { stdin, stdout, stderr, env } = process;
  const host = { stdin, stdout, stderr, env, clock, serverCommands: Object.keys(commands) };
  if (name !== 'mdsh') return isShellCommand(name) ? await startCommand([name, ...rest], host) : undefined;
  if (rest.includes('--help')) {
    stdout.write(shellHelp);
    return 0;
  }
  return await startShell(rest, host);
}

/** Ends where the reader of the output is gone, as in `… | head -1`: a shell carries out no further command then. */
function endWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));
}

async function main(argv: string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name !== 'serve') endWithoutReader();
  if (name === undefined || name === '--help' || name === '-h') {
    if (name === undefined) throw new UsageError(`a command is needed: serve, ${Object.keys(commands).join(', ')}`);
    process.stdout.write(usage());
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (name !== 'serve' && !command) {
    const exit = await runShell(name, rest);
    const known = Object.keys(commands).join(', ');
    if (exit === undefined) throw new UsageError(`'${name}' is none of serve, ${known}, mdsh, nor a command of mdsh`);
    process.exitCode = exit;
    return;
  }
  if (rest.includes('--help')) {
    const text = command
      ? helpText(`tandem-pbx ${name} [options]`, `Shows ${command.help}.`, commandOptions)
      : helpText(
          'tandem-pbx serve [options]',
          'Runs the SIP server. Each option also as TANDEM_PBX_… in the environment.',
          serveOptions,
        );
    process.stdout.write(text);
    return;
  }
  await (command ? runCommand(name, rest) : runServe(rest));
}

settled(process, 'tandem-pbx', main(process.argv.slice(2))).catch((error: unknown) => {
  process.stderr.write(`tandem-pbx: ${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});

// `pbx mdsh` and `pbx COMMAND …` on the command line: which of the ways to use the shell is meant, and its exit code.
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../shared/clock.ts';
import { UsageError } from '../../../shared/config.ts';
import type { Exit } from '../shell.ts';
import { mmlStart } from '../syntax/mml.ts';
import { quoted } from '../syntax/words.ts';
import { commandTable } from '../table.ts';
import { ShellLink } from './link.ts';
import { runPipe } from './pipe.ts';
import { runTerminal } from './terminal.ts';

interface ShellHost {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Commands of the server beside those of the shell. */
  serverCommands: readonly string[];
}

export const shellHelp = `Usage: tandem-pbx mdsh [-f] [--prompt] [--data DIR] [--control FILE]
       tandem-pbx mdsh -c LINE
       tandem-pbx COMMAND [options]

The shell of the exchange: commands as the service node has them, for a server that runs. help lists them, COMMAND -? explains one.
At a terminal it has a prompt, a history and completion by Tab. From a pipe or file it reads one command a line.
It exits with 0 where the last command was executed, 1 where not, 2 for wrong syntax.

Options:
  -c LINE         runs one line
  -f              asks nothing
  --prompt        prints the prompt where the commands come from a pipe
  --data DIR      the data directory that the server was started with (default data/pbx)
  --control FILE  its socket for commands; DATA/control.sock unless given
`;

/** True for the name of a command of the shell, and for `help`. */
export function isShellCommand(name: string): boolean {
  if (name === 'help') return true;
  const command = commandTable.get(mmlStart(name)?.name ?? name) ?? commandTable.get(name);
  return command !== undefined;
}

/** Runs `mdsh …`. @throws UsageError, UserError where no server answers */
export async function startShell(words: readonly string[], host: ShellHost): Promise<Exit> {
  const { rest, path, data } = place(words, host.env);
  const { line, isForced, hasPrompt } = shellOptions(rest);
  const link = new ShellLink(path, host.clock, host.serverCommands);
  if (line !== undefined) return await runOnce(link, line, host);
  if (host.stdin.isTTY && host.stdout.isTTY) {
    const historyFile = join(data, 'mdsh-history');
    return await runTerminal({ link, input: host.stdin, output: host.stdout, historyFile, isForced });
  }
  const streams = { input: host.stdin, out: writer(host.stdout), error: writer(host.stderr) };
  return await runPipe(link, streams, hasPrompt);
}

/** Runs one command. @throws UserError where no server answers */
export async function startCommand(words: readonly string[], host: ShellHost): Promise<Exit> {
  const { rest, path } = place(words, host.env);
  return await runOnce(new ShellLink(path, host.clock, host.serverCommands), lineOf(rest), host);
}

async function runOnce(link: ShellLink, line: string, host: ShellHost): Promise<Exit> {
  let text = '';
  const answer = await link.run({ line }, part => {
    text += part;
  });
  writer(answer.exit === 2 ? host.stderr : host.stdout)(text);
  return answer.exit;
}

const writer =
  (stream: Writable) =>
  (text: string): void =>
    void stream.write(text);

/** Words as one line; those of a command with parameters are a line already. */
const lineOf = (words: readonly string[]): string =>
  mmlStart(words[0] ?? '') && isShellCommand(words[0] ?? '') ? words.join(' ') : words.map(quoted).join(' ');

/** Takes `--data` and `--control` out of the words, wherever they stand. */
function place(words: readonly string[], env: ShellHost['env']): { rest: string[]; path: string; data: string } {
  const found = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [, name = '', value] = /^--(data|control)(?:=(.*))?$/s.exec(words[at] ?? '') ?? [];
    if (name === '') rest.push(words[at] ?? '');
    else {
      const given = value ?? words[++at];
      if (given === undefined) throw new UsageError(`--${name}: a value is missing`);
      found.set(name, given);
    }
  }
  const data = found.get('data') ?? (env.TANDEM_PBX_DATA || 'data/pbx');
  const path = found.get('control') ?? (env.TANDEM_PBX_CONTROL || join(data, 'control.sock'));
  return { rest, path, data };
}

function shellOptions(words: readonly string[]): { line?: string; isForced: boolean; hasPrompt: boolean } {
  const queue = [...words];
  const flags = new Set<string>();
  while (['-c', '-f', '--prompt'].includes(queue[0] ?? '')) flags.add(queue.shift() ?? '');
  const options = { isForced: flags.has('-f'), hasPrompt: flags.has('--prompt') };
  if (!flags.has('-c')) {
    if (queue.length > 0) throw new UsageError(`mdsh takes no argument '${queue[0]}'`);
    return options;
  }
  if (queue.length === 0) throw new UsageError('-c: a line is missing');
  return { ...options, line: queue.join(' ') };
}

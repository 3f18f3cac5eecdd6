// Our programs as the processes they are: started, read line by line, ended by signals.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Line = Record<string, unknown> & { msg?: string };

export interface Program {
  child: ChildProcess;
  /** Log lines so far. */
  lines: Line[];
  /** Output that is no log line, and stderr. */
  text(): string;
  /** The first log line that fits; rejects when the program ends before. */
  line(fits: (line: Line) => boolean): Promise<Line>;
  /** The line that says `ready`. */
  ready(): Promise<Line>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string; err: string }>;
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const running = new Set<ChildProcess>();

/** Options of an ACS of one's own, for CPEs without credentials. */
export const openAcs = (data: string): string[] => [
  ...['--data', data, '--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0'],
  ...['--cpe-auth', 'none', '--enrol', 'auto'],
];

/** A compiled file of the run, by its name in the source tree; undefined where one test file is the whole run, or the run has not compiled it. */
export function compiledInRun(source: string): string | undefined {
  const { TANDEM_TEST_RUN: folder } = process.env;
  if (folder === undefined) return undefined;
  const file = join(folder, 'build', 'dist', source.replace(/\.ts$/, '.js'));
  return existsSync(file) ? file : undefined;
}

/** Arguments of Node that start a program: the run's compiled file starts in a third of the time of its source. */
export function startOf(main: string): string[] {
  const compiled = compiledInRun(main);
  if (compiled !== undefined) return [compiled];
  const path = resolve(ROOT, main);
  return main.endsWith('.ts') ? ['--import', 'tsx', path] : [path];
}

/** @param main path below the project's root: `acs/main.ts` */
export function program(main: string, args: string[], env: Record<string, string> = {}): Program {
  return launched(main, process.execPath, [...startOf(main), ...args], env);
}

/** A script of package.json, with npm between it and its signals. */
export const npmScript = (name: string, args: string[]): Program =>
  launched(name, 'npm', ['run', '--silent', name, '--', ...args], {});

function launched(main: string, command: string, args: string[], env: Record<string, string>): Program {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...env },
  });
  running.add(child);
  const lines: Line[] = [];
  const waiting: { fits: (line: Line) => boolean; resolve: (line: Line) => void; reject: (error: Error) => void }[] =
    [];
  let out = '';
  let err = '';
  createInterface({ input: child.stdout }).on('line', text => {
    out += `${text}\n`;
    const line = parsed(text);
    if (!line) return;
    lines.push(line);
    for (const entry of waiting.splice(0)) {
      if (entry.fits(line)) entry.resolve(line);
      else waiting.push(entry);
    }
  });
  child.stderr.on('data', chunk => {
    err += String(chunk);
  });
  const ended: Program['ended'] = new Promise(resolve => {
    child.once('close', (code, signal) => {
      running.delete(child);
      for (const entry of waiting.splice(0))
        entry.reject(new Error(`${main} ended (${signal ?? code}) before it said what was waited for\n${out}${err}`));
      resolve({ code, signal, out, err });
    });
  });
  const line: Program['line'] = fits => {
    const found = lines.find(fits);
    if (found) return Promise.resolve(found);
    if (child.exitCode !== null || child.signalCode !== null)
      return Promise.reject(new Error(`${main} has ended\n${out}${err}`));
    return new Promise((resolve, reject) => waiting.push({ fits, resolve, reject }));
  };
  return {
    child,
    lines,
    text: () => out + err,
    line,
    ready: () => line(entry => entry.msg === 'ready'),
    ended,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await ended;
    },
  };
}

function parsed(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined; // Not a log line.
  }
}

/** The environment without our own options in it, and without what c8 and mocha add for their own processes. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('TANDEM_') && name !== 'NODE_OPTIONS'),
  );
}

/** For `after` and `afterEach`: ends programs that a failed test has left running. */
export async function endPrograms(): Promise<void> {
  await Promise.all(
    [...running].map(
      child =>
        new Promise<void>(resolve => {
          child.once('close', () => resolve());
          child.kill('SIGKILL');
        }),
    ),
  );
}

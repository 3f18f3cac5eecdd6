// The processes of a bench: how they are started, asked and stopped.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { NodeBinary } from '../nodes.ts';
import { builtFile } from './build.ts';

export const TOKEN = 'bench-token';

/** A built file of the bench as a process; its output is read and dropped, as that of the ACS is. */
export function forked(file: string, node: NodeBinary): ChildProcess {
  const child = fork(file, {
    execPath: node.path,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  return child;
}

export const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

export async function stopped(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await exit;
}

/** Sends a message. @returns the next one that comes back. @throws Error when the process ends first */
export async function answerOf<T>(child: ChildProcess, message: object | string): Promise<T> {
  return await new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`));
    child.once('exit', ended);
    child.once('message', answer => {
      child.off('exit', ended);
      resolve(answer as T);
    });
    child.send(message);
  });
}

/** A built program, and what its environment has in addition. */
export interface Program {
  file: string;
  env: Record<string, string>;
}

export interface AcsSettings {
  tree: string;
  node: NodeBinary;
  directory: string;
  args: readonly string[];
  /** Folder for CPU profiles; none are made without it. */
  profile: string | undefined;
  /** Default: the program of the ACS. */
  program: Program | undefined;
}

export function acsProcess({ tree, node, directory, args, profile, program }: AcsSettings): ChildProcess {
  const loaded = (name: string): string[] => ['--import', builtFile(tree, `test/bench/servers/${name}`)];
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, ...loaded('profile-threads')] : [];
  const common = ['--data', directory, '--api', 'http://127.0.0.1:0', '--enrol', 'auto'];
  const { file = 'acs/main', env = {} } = program ?? {};
  const words = ['--expose-gc', ...loaded('report-memory'), ...profiling, builtFile(tree, file), ...common, ...args];
  return spawn(node.path, words, {
    cwd: tree,
    env: { ...process.env, TANDEM_ADMIN_TOKEN: TOKEN, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

export interface Ready {
  msg: string;
  cwmp: string[];
  api: string;
}

/** Reads all that the ACS logs, as an operator's terminal would. @returns its ready line */
export async function readyOf(child: ChildProcess): Promise<Ready> {
  return await new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('the ACS has no output'));
    createInterface({ input: child.stdout }).on('line', line => {
      if (!line.includes('"msg":"ready"')) return;
      resolve(JSON.parse(line) as Ready);
    });
    child.once('exit', code => reject(new Error(`the ACS ended with ${code}`)));
  });
}

/** One API call. @throws Error for an answer that is no success */
export async function callApi(url: string, method: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(60_000),
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : undefined;
}

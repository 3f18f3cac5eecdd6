// The processes of a bench: how they are started, asked and stopped.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const TOKEN = 'bench-token';

/** A TypeScript file of the bench as a process; `file` is relative to this folder. */
export const forked = (file: string): ChildProcess =>
  fork(new URL(file, import.meta.url), { execArgv: ['--import', 'tsx'] });

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

/** @param profile folder for CPU profiles; none are made without it */
export function acsProcess(directory: string, args: readonly string[], profile: string | undefined): ChildProcess {
  const hook = './test/bench/servers/profile-threads.ts';
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--import', hook] : [];
  const common = ['--data', directory, '--api', 'http://127.0.0.1:0', '--enrol', 'auto'];
  return spawn(process.execPath, ['--import', 'tsx', ...profiling, 'acs/main.ts', ...common, ...args], {
    cwd: ROOT,
    env: { ...process.env, TANDEM_ADMIN_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
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

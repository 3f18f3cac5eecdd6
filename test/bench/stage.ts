// What a bench plays on: filled stores, the ACS and the floor as processes of their own, the load beside them.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openData } from '../../acs/server/data-directory.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { fillStore, type Modelled, storeModels } from './fill.ts';
import type { FloorOrder } from './floor.ts';
import type { LoadOrder, LoadReport } from './orders.ts';

export interface Server {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

export interface AcsServer extends Server {
  /** One API call. @throws Error for anything but a 2xx */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  metrics(): Promise<string>;
}

/** What lies in a store when its server starts. */
export interface Stored {
  devices: number;
  modelled?: Modelled;
}

export interface Stage {
  folder: string;
  /** The profiles of what starts from now on go there; undefined: none are made. */
  profile: string | undefined;
  load(order: LoadOrder): Promise<LoadReport>;
  floor(order: Omit<FloorOrder, 'file'>): Promise<Server>;
  /** The ACS on a store of its own that is filled already. `args` come on top of what every bench needs. */
  acs(stored: Stored, args: readonly string[]): Promise<AcsServer>;
  /** A data directory with a filled store: for who starts the ACS in another way. */
  data(stored: Stored): Promise<{ directory: string; serverKey: Buffer }>;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOKEN = 'bench-token';

export async function createStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
  const started: ChildProcess[] = [];
  const filled = new Map<number, string>();
  let sequence = 0;

  const stopped = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await exit;
  };
  const forked = (file: string): ChildProcess => {
    const child = fork(new URL(file, import.meta.url), { execArgv: ['--import', 'tsx'] });
    started.push(child);
    return child;
  };
  const answerOf = <T>(child: ChildProcess, order: object): Promise<T> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`));
      child.once('exit', ended);
      child.once('message', message => {
        child.off('exit', ended);
        resolve(message as T);
      });
      child.send(order);
    });
  let loader: ChildProcess | undefined;

  /** The same fleet is stored once, and copied for each server. */
  const filledWith = async (devices: number, serverKey: Buffer): Promise<string> => {
    const known = filled.get(devices);
    if (known) return known;
    const file = join(folder, `filled${devices}.db`);
    await fillStore({ file, devices, serverKey });
    filled.set(devices, file);
    return file;
  };
  const data: Stage['data'] = async ({ devices, modelled }) => {
    const directory = join(folder, `acs${++sequence}`);
    const file = join(directory, 'tandem.db');
    await mkdir(directory);
    // One key for all, so that one filled store fits every data directory.
    const { serverKey } = await openData(join(folder, 'key'), systemClock(), systemRandom());
    await copyFile(await filledWith(devices, serverKey), file, constants.COPYFILE_FICLONE);
    await copyFile(join(folder, 'key', 'server-key'), join(directory, 'server-key'));
    if (modelled) await storeModels(file, modelled);
    return { directory, serverKey };
  };

  const stage: Stage = {
    folder,
    profile: undefined,
    data,
    load: async order => {
      loader ??= forked('./load.ts');
      return await answerOf<LoadReport>(loader, order);
    },
    floor: async order => {
      const child = forked('./floor.ts');
      const { port } = await answerOf<{ port: number }>(child, {
        ...order,
        file: join(folder, `floor${++sequence}.db`),
      });
      return { pid: child.pid ?? 0, port, stop: () => stopped(child) };
    },
    acs: async (stored, args) => {
      const { directory } = await data(stored);
      const child = acsProcess(directory, args, stage.profile);
      started.push(child);
      const ready = await readyOf(child);
      return {
        pid: child.pid ?? 0,
        port: Number(new URL(ready.cwmp[0] ?? '').port),
        stop: () => stopped(child),
        api: async (method, path, body) => await callApi(`${ready.api}/api/v1${path}`, method, body),
        metrics: async () =>
          await (await fetch(`${ready.api}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text(),
      };
    },
    close: async () => {
      for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

function acsProcess(directory: string, args: readonly string[], profile: string | undefined): ChildProcess {
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--import', './test/bench/profiled.ts'] : [];
  const common = ['--data', directory, '--api', 'http://127.0.0.1:0', '--enrol', 'auto'];
  return spawn(process.execPath, ['--import', 'tsx', ...profiling, 'acs/main.ts', ...common, ...args], {
    cwd: ROOT,
    env: { ...process.env, TANDEM_ADMIN_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

interface Ready {
  msg: string;
  cwmp: string[];
  api: string;
}

/** Reads all that it logs, as whoever runs it would. */
async function readyOf(child: ChildProcess): Promise<Ready> {
  return await new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('the ACS has no output'));
    createInterface({ input: child.stdout }).on('line', line => {
      if (!line.includes('"msg":"ready"')) return;
      resolve(JSON.parse(line) as Ready);
    });
    child.once('exit', code => reject(new Error(`the ACS ended with ${code}`)));
  });
}

async function callApi(url: string, method: string, body: unknown): Promise<unknown> {
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

// The server of a crash run: compiled once, started again and again on the same data and the same ports, killed without a word.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBalancer } from '../processes/balancer.ts';
import { type Build, build } from '../support/processes/build.ts';
import { compiledInRun, endPrograms, type Line, type Program, program } from '../support/processes/process.ts';
import type { CrashStore } from './stores.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts of a server whose store is out of reach. */
const STARTS = 3;

export interface Server {
  start(): Promise<void>;
  /** SIGKILL: sent before this returns; resolves when the process is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  isUp(): boolean;
  /** Log lines of the process that runs, or ran last. */
  text(): string;
  /** The last lines of a process that ended although nothing had ended it. */
  ownEnd(): string | undefined;
  cwmp: string;
  api: string;
  token: string;
}

/** @param args of the store; `env` for a server with a planted bug */
export function server(main: string, data: string, args: string[], env: Record<string, string> = {}): Server {
  let running: Program | undefined;
  let ownEnd: string | undefined;
  let isReady = false;
  /** A server that cannot reach its store says so and ends; its supervisor starts it again. */
  const begin = async (tries = 1): Promise<Line> => {
    const started = program(
      main,
      ['--data', data, '--cwmp', up.cwmp, '--api', up.api, '--cpe-auth', 'none', '--enrol', 'auto', ...args],
      env,
    );
    running = started;
    void started.ended.then(({ code, signal }) => {
      if (running === started && isReady) ownEnd = `${signal ?? code}\n${started.text().slice(-2000)}`;
    });
    try {
      return await started.ready();
    } catch (error) {
      if (tries === STARTS || !started.text().includes('cannot be used')) throw error;
      return await begin(tries + 1);
    }
  };
  const up: Server = {
    cwmp: 'http://127.0.0.1:0',
    api: 'http://127.0.0.1:0',
    token: '',
    isUp: () => isReady,
    text: () => running?.text() ?? '',
    ownEnd: () => ownEnd,
    start: async () => {
      const ready = await begin();
      up.cwmp = String((ready.cwmp as string[])[0]);
      up.api = String(ready.api);
      isReady = true;
      up.token ||= env.TANDEM_ADMIN_TOKEN ?? (await readFile(join(data, 'admin-token'), 'utf8')).trim();
    },
    kill: async () => {
      const dying = running;
      isReady = false;
      running = undefined;
      await dying?.stop('SIGKILL');
    },
    stop: async () => {
      const stopping = running;
      isReady = false;
      running = undefined;
      const ended = await stopping?.stop();
      if (ended && ended.code !== 0) throw new Error(`the server ended with ${ended.code ?? ended.signal}`);
    },
  };
  return up;
}

/** Servers with one key behind a balancer that sends each POST to the next; each call of the API goes to the next too. */
async function severalServers(main: string, data: string, args: string[], count: number): Promise<Server> {
  const key = join(data, 'server-key');
  await writeFile(key, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const nodes = Array.from({ length: count }, (_, at) =>
    server(main, join(data, `node${at}`), [...args, '--server-key', key, '--trusted-proxy', '127.0.0.0/8'], {
      TANDEM_ADMIN_TOKEN: 'token-of-the-run',
    }),
  );
  const balancer = await openBalancer(() => nodes.map(({ cwmp }) => cwmp));
  let turn = 0;
  return {
    cwmp: balancer.url,
    get api() {
      return nodes[turn++ % count]?.api ?? '';
    },
    token: 'token-of-the-run',
    isUp: () => nodes.every(node => node.isUp()),
    text: () => nodes.map(node => node.text()).join('\n'),
    ownEnd: () => nodes.map(node => node.ownEnd()).find(end => end !== undefined),
    start: async () => {
      for (const node of nodes) await node.start();
    },
    kill: async () => {
      await Promise.all(nodes.map(node => node.kill()));
      await balancer.close();
    },
    stop: async () => {
      for (const node of nodes) await node.stop();
      await balancer.close();
    },
  };
}

/** A run on a server and a store of its own, both gone after it. */
export async function onServer<T>(
  { main, store, env, nodes = 1 }: { main: string; store: CrashStore; env?: Record<string, string>; nodes?: number },
  work: (acs: Server) => Promise<T>,
): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'tandem-crash-'));
  const place = await store.open();
  const acs = nodes === 1 ? server(main, data, place.args, env) : await severalServers(main, data, place.args, nodes);
  try {
    await acs.start();
    return await work(acs);
  } finally {
    await acs.kill();
    await place.close();
    await rm(data, { recursive: true, force: true });
  }
}

/**
 * For a suite: built before its tests, unless the run has compiled these files already; removed after them, with every program that still runs.
 * @returns a compiled file, by its name in the source tree
 */
export function builtFor(...sources: string[]): Build['path'] {
  const isThere = ['acs/main.ts', ...sources].every(source => compiledInRun(source) !== undefined);
  let built: Build | undefined;
  before(async () => {
    if (!isThere) built = await build(...sources);
  });
  after(async () => {
    await endPrograms();
    await built?.remove();
  });
  return source => built?.path(source) ?? compiledInRun(source) ?? source;
}

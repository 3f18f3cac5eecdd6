// Memory of an idle simulated gateway: the difference between a small and a large fleet in one process, after a collection.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeRow } from '../figures.ts';
import type { Bench } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { openArgs } from './sessions.ts';

const FEW = 100;
const MORE = 1000;
const PATIENCE_MS = 60_000;

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

function fleetOf(count: number, port: number, seed: number): ChildProcess {
  const args = [
    '--count',
    String(count),
    '--acs',
    `http://127.0.0.1:${port}`,
    '--oui',
    seed.toString(16).padStart(6, '0').toUpperCase(),
  ];
  const idle = [
    '--processes',
    '1',
    '--ramp',
    '10',
    '--model',
    'device',
    '--listen',
    'none',
    '--duration',
    '600',
    '--log-level',
    'silent',
  ];
  const loaders = ['--expose-gc', '--import', 'tsx', '--import', './test/bench/servers/report-memory.ts'];
  return spawn(process.execPath, [...loaders, 'cpe/main.ts', 'fleet', ...args, ...idle], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

const sessionsIn = (metrics: string): number =>
  Number(/^acs_sessions_total\{outcome="ok"\} (\d+)/m.exec(metrics)?.[1] ?? 0);

/** Kilobytes resident and on the heap once all units have had their first session. */
async function memoryOf(server: AcsServer, count: number, seed: number): Promise<{ rss: number; heap: number }> {
  const before = sessionsIn(await server.metrics());
  const child = fleetOf(count, server.port, seed);
  try {
    const until = performance.now() + PATIENCE_MS;
    while (sessionsIn(await server.metrics()) - before < count) {
      if (performance.now() > until)
        throw new Error(`${count} gateways have not all had a session in ${PATIENCE_MS} ms`);
      await pause(200);
    }
    await pause(1500);
    child.send('collect');
    const [usage] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
    return { rss: usage.rss / 1024, heap: (usage.heapUsed + usage.external) / 1024 };
  } finally {
    child.kill('SIGKILL');
  }
}

export const gateways: Bench = {
  about: 'memory of an idle simulated gateway',
  run: async ({ servers }) => {
    const server = await servers.acs({ devices: 0 }, openArgs);
    const few = await memoryOf(server, FEW, 0xaa01);
    const many = await memoryOf(server, FEW + MORE, 0xaa02);
    await server.stop();
    const each = (what: 'rss' | 'heap'): number[] => [(many[what] - few[what]) / MORE];
    const note = `${MORE} more units in one process, after a collection, without listeners`;
    const name = 'idle simulated gateway (plain device model)';
    const incumbent = '57 MB; best fleet simulator 105 KB';
    return [
      makeRow({
        name: `${name}, resident`,
        unit: 'KB',
        ours: each('rss'),
        goal: { limit: 6, of: 'ours' },
        incumbent,
        note,
      }),
      makeRow({ name: `${name}, on the heap`, unit: 'KB', ours: each('heap'), note }),
    ];
  },
};

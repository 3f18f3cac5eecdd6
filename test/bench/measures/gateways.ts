// Memory of an idle simulated gateway: the difference between a small and a large fleet in one process, after a collection.
import { type ChildProcess, spawn } from 'node:child_process';
import { openArgs, runningNode } from '../contest.ts';
import { makeRow, type Row } from '../figures.ts';
import { type Bench, pause, type Setting } from '../measure.ts';
import { builtFile } from '../servers/build.ts';
import { type AcsServer, heapMb } from '../servers/servers.ts';

/** Units before the first reading: most of the code that all units share is compiled by then, and the difference is theirs alone. */
const FEW = 1000;
const MORE = 1000;
const PATIENCE_MS = 120_000;
const ROUNDS = 3;

interface Fleet {
  setting: Setting;
  count: number;
  /** Part of the units' names. */
  seed: number;
  model: 'device' | 'dgw';
}

function fleetOf({ setting, count, seed, model }: Fleet, port: number): ChildProcess {
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
    '5',
    '--model',
    model,
    '--listen',
    'none',
    '--duration',
    '600',
    '--log-level',
    'silent',
  ];
  const { tree } = setting.servers;
  const loaders = ['--expose-gc', '--import', builtFile(tree, 'test/bench/servers/report-memory')];
  const { path } = setting.nodes?.[0] ?? runningNode;
  return spawn(path, [...loaders, builtFile(tree, 'cpe/main'), 'fleet', ...args, ...idle], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

const sessionsIn = (metrics: string): number =>
  Number(/^acs_sessions_total\{outcome="ok"\} (\d+)/m.exec(metrics)?.[1] ?? 0);

/** Kilobytes on the heap once all units have had their first session. */
async function heapOf(server: AcsServer, fleet: Fleet): Promise<number> {
  const before = sessionsIn(await server.metrics());
  const child = fleetOf(fleet, server.port);
  try {
    const until = performance.now() + PATIENCE_MS;
    while (sessionsIn(await server.metrics()) - before < fleet.count) {
      if (performance.now() > until)
        throw new Error(`${fleet.count} gateways have not all had a session in ${PATIENCE_MS} ms`);
      await pause(200);
    }
    await pause(1500);
    return (await heapMb(child)) * 1024;
  } finally {
    child.kill('SIGKILL');
  }
}

const cases = [
  { model: 'dgw', name: 'idle simulated gateway (DGW model)', goal: { limit: 6, of: 'ours' } },
  { model: 'device', name: 'idle simulated gateway (plain device model)' },
] as const;

export const gateways: Bench = {
  about: 'memory of an idle simulated gateway',
  run: async setting => {
    const server = await setting.servers.acs({ devices: 0 }, openArgs);
    const rows: Row[] = [];
    for (const { model, name, ...about } of cases) {
      const each: number[] = [];
      for (let round = 0; round < Math.min(ROUNDS, setting.rounds); round++) {
        const seed = 0xaa01 + 4 * round + (model === 'dgw' ? 2 : 0);
        const few = await heapOf(server, { setting, count: FEW, seed, model });
        const many = await heapOf(server, { setting, count: FEW + MORE, seed: seed + 1, model });
        each.push((many - few) / MORE);
      }
      const note = `${MORE} more units in one process, after a collection, without listeners`;
      rows.push(makeRow({ name: `${name}, on the heap`, unit: 'KB', ours: each, ...about, note }));
    }
    await server.stop();
    return rows;
  },
};

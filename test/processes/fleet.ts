// Several ACS processes on one MongoDB behind a balancer, a fleet of gateways, and kills: the wanted values change all the while, and at
// the end every gateway has them.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UnitReport } from '../../cpe/fleet/report.ts';
import { eventually } from '../support/eventually.ts';
import { type Line, type Program, program } from '../support/processes/process.ts';
import { type Balancer, openBalancer } from './balancer.ts';
import { contradictions, type Life, sessionsIn } from './checker.ts';

export interface Node {
  name: string;
  cwmp: string;
  /** All that it listens at for CPEs. */
  all: string[];
  api: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export const TOKEN = 'token-of-the-test';

export interface Fleet {
  nodes: Node[];
  balancer: Balancer;
  folder: string;
  lives: Life[];
  api<T>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

const apiCall =
  (base: () => string | undefined): Fleet['api'] =>
  async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${base()}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  };

export interface FleetSettings {
  /** The compiled `acs/main.ts`. */
  main: string;
  store: string;
  nodes: number;
  args?: string[];
}

export async function openProcesses({ main, store, nodes: count, args = [] }: FleetSettings): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-processes-'));
  const key = join(folder, 'server-key');
  await writeFile(key, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const lives: Life[] = [];
  const nodes: Node[] = [];
  const up = new Set<Node>();
  for (let number = 0; number < count; number++) {
    let running: { acs: Program; life: Life } | undefined;
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      const dying = running;
      running = undefined;
      up.delete(node);
      if (!dying) return;
      const ended = await dying.acs.stop(signal);
      dying.life.died = Date.now();
      if (signal !== 'SIGKILL' && ended.code !== 0)
        throw new Error(`${node.name} ended with ${ended.code ?? ended.signal}\n${dying.acs.text().slice(-3000)}`);
    };
    const node: Node = {
      name: `node${number}`,
      cwmp: 'http://127.0.0.1:0',
      all: [],
      api: 'http://127.0.0.1:0',
      start: async () => {
        const data = join(folder, node.name);
        const acs = program(
          main,
          [
            ...['--data', data, '--server-key', key, '--store', store, '--cwmp', node.cwmp, '--api', node.api],
            ...['--cpe-auth', 'none', '--enrol', 'auto', '--trusted-proxy', '127.0.0.0/8', '--log-level', 'debug'],
            ...args,
          ],
          { TANDEM_ADMIN_TOKEN: TOKEN },
        );
        const life: Life = { name: node.name, lines: acs.lines, died: Number.POSITIVE_INFINITY };
        lives.push(life);
        running = { acs, life };
        const ready = await acs.ready();
        node.all = ready.cwmp as string[];
        node.cwmp = String(node.all[0]);
        node.api = String(ready.api);
        up.add(node);
      },
      kill: () => end('SIGKILL'),
      stop: () => end('SIGTERM'),
    };
    nodes.push(node);
  }
  for (const node of nodes) await node.start();
  const balancer = await openBalancer(() => nodes.map(({ cwmp }) => cwmp));
  return {
    ...{ nodes, balancer, folder, lives },
    api: apiCall(() => [...up][0]?.api),
    close: async () => {
      await balancer.close();
      for (const node of nodes) await node.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const named = (acs: Program, msg: string): Line[] => acs.lines.filter(line => line.msg === msg);

/** One server with workers: each worker is a node. */
export async function openWorkers(settings: {
  main: string;
  args: string[];
  workers: number;
}): Promise<Fleet & { acs: Program }> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-workers-'));
  const acs = program(
    settings.main,
    [
      ...['--data', folder, '--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0', '--log-level', 'debug'],
      ...['--cpe-auth', 'none', '--enrol', 'auto', '--trusted-proxy', '127.0.0.0/8'],
      ...['--workers', String(settings.workers), ...settings.args],
    ],
    { TANDEM_ADMIN_TOKEN: TOKEN },
  );
  const ready = await acs.ready();
  const all = ready.cwmp as string[];
  const [cwmp = ''] = all;
  const api = String(ready.api);
  const nodes = Array.from({ length: settings.workers }, (_, at): Node => {
    let back = 0;
    const of = (msg: string): Line[] => named(acs, msg).filter(({ worker }) => worker === at + 1);
    const kill = async (): Promise<void> => {
      const ended = of('worker ended').length;
      back = of('worker restarted').length;
      process.kill(Number(of('worker started').at(-1)?.pid), 'SIGKILL');
      await eventually('it is seen', () => of('worker ended').length > ended);
    };
    const start = async (): Promise<void> => {
      await eventually('it is back', () => of('worker restarted').length > back, 20_000);
    };
    return { ...{ name: `worker${at + 1}`, cwmp, all, api, start, kill }, stop: async () => undefined };
  });
  const balancer = await openBalancer(() => [cwmp]);
  return {
    ...{ acs, nodes, balancer, folder },
    get lives() {
      const ends = new Map(named(acs, 'worker ended').map(line => [line.member, line]));
      return named(acs, 'worker started').map(({ member }): Life => {
        const end = ends.get(member);
        const died = end ? Date.parse(String(end.time)) : Number.POSITIVE_INFINITY;
        return { name: String(member), lines: acs.lines.filter(line => line.member === member), died };
      });
    },
    api: apiCall(() => api),
    close: async () => {
      await balancer.close();
      await acs.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Ordeal {
  gateways: number;
  kills: number;
  /** Milliseconds between kills. */
  everyMs: number;
  /** The limit for all to come to rest at the end. */
  patienceMs: number;
}

export interface OrdealReport {
  sessions: number;
  /** Sessions that were under way when their process was killed. */
  killed: number;
  /** Sessions that another process took over from a live one, POSTs that were handed over. */
  lost: number;
  contradictions: string[];
  units: UnitReport[];
  revision: string;
  requests: Record<string, number>;
}

interface DeviceShown {
  id: string;
  parameterKey: string;
  wantedRevision: string | null;
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
/** The preset that an operator changes repeatedly. */
const wanted = (value: number) => ({
  set: {
    'Device.ManagementServer.PeriodicInformEnable': '1',
    'Device.ManagementServer.PeriodicInformInterval': '4',
    'Device.ManagementServer.DefaultActiveNotificationThrottle': String(value),
  },
});

async function untilFound(look: () => Promise<string | false>, ms: number): Promise<string> {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await pause(500);
  }
  throw new Error(`not every gateway is configured within ${ms / 1000} s`);
}

/** Gateways at work on all nodes while one after the other is killed and started again. */
export async function ordeal(fleet: Fleet, { gateways, kills, everyMs, patienceMs }: Ordeal): Promise<OrdealReport> {
  let value = 1;
  await fleet.api('PUT', '/presets/base', wanted(value));
  const file = join(fleet.folder, 'report.json');
  const cpes = program('cpe/main.ts', [
    ...['fleet', '--count', String(gateways), '--acs', fleet.balancer.url, '--duration', '3600', '--processes', '1'],
    ...['--ramp', '5', '--json', file, '--units', '--listen', 'none'],
    ...[
      '--set',
      'Device.ManagementServer.CWMPRetryMinimumWaitInterval=1',
      '--set',
      'Device.ManagementServer.CWMPRetryIntervalMultiplier=1000',
    ],
    ...['--set', 'Scm.ServicesConfig[Name=SipEp].StartupType=Manual', '--log-level', 'info'],
  ]);
  // The gateways' process takes its time to start, on a busy machine longer than the first kill is away.
  const isServing = (): boolean =>
    fleet.lives.some(({ lines }) => lines.some(({ msg }) => msg === 'device session ended'));
  await eventually('the first gateway had its session', isServing, patienceMs);
  for (let kill = 0; kill < kills; kill++) {
    await pause(everyMs / 2);
    value++;
    await fleet.api('PUT', '/presets/base', wanted(value));
    await pause(everyMs / 2);
    const node = fleet.nodes[kill % fleet.nodes.length]!;
    await node.kill();
    await pause(everyMs / 4);
    await node.start();
  }
  const isConfigured = async (): Promise<string | false> => {
    const { items } = await fleet.api<{ items: DeviceShown[] }>('GET', `/devices?limit=${gateways}`);
    const revisions = new Set(items.map(({ wantedRevision }) => wantedRevision));
    const [revision] = revisions;
    const rest = items.every(({ parameterKey }) => parameterKey === revision);
    return items.length === gateways && revisions.size === 1 && rest && revision ? revision : false;
  };
  await fleet.api('PUT', '/presets/base', wanted(0));
  // An earlier revision may be common to all as well.
  await pause(6_000);
  const revision = await untilFound(isConfigured, patienceMs);
  await cpes.stop('SIGTERM');
  const { units } = JSON.parse(await readFile(file, 'utf8')) as { units: UnitReport[] };
  const sessions = sessionsIn(fleet.lives);
  const lost = fleet.lives
    .flatMap(({ lines }) => lines)
    .filter(line => line.msg === 'device session ended' && line.outcome === 'lost');
  return {
    sessions: sessions.length,
    killed: sessions.filter(({ end }) => end === 'killed').length,
    lost: lost.length,
    contradictions: contradictions(sessions),
    units,
    revision,
    requests: Object.fromEntries(fleet.balancer.counts),
  };
}

// Ours, the floor and the bare floor, under each version of Node, in rounds that take turns: a row of the table.
import { type Goal, interleaved, makeRow, percentile, type Rounds, type Row, rounded } from './figures.ts';
import { answersOf, informTemplate } from './load/envelopes.ts';
import type { LoadReport, LoadRequest, Participants } from './load/requests.ts';
import type { SessionSettings } from './load/session.ts';
import { loaded, type Measured, measured, type Setting } from './measure.ts';
import { majorOf, type NodeBinary } from './nodes.ts';
import type { Modelled } from './servers/fill.ts';
import { bareParts } from './servers/floor/parts.ts';
import type { AcsServer, Server } from './servers/servers.ts';
import { transferred, type Work } from './work.ts';

/** CPEs come in clear and need not prove themselves. */
export const openArgs = ['--cwmp', 'http://127.0.0.1:0', '--cpe-auth', 'none'];

export type Closed = LoadRequest & { kind: 'closed' };

/** The servers of one version of Node. */
export interface Side {
  node: NodeBinary;
  ours: AcsServer;
  floor: Server;
  bare: Server;
}

export interface Sides {
  all: Side[];
  /** Those of the first version. */
  first: Side;
  /** A request for load on any of the servers; default: sessions with an Inform alone. */
  request(server: Server, path?: string): Closed;
  devices: Participants;
}

export interface SideSettings {
  modelled?: Modelled;
  args?: readonly string[];
  login?: SessionSettings['login'];
  tls?: { cert: string[]; key: string[] };
  /** Changes of the request that is made by default. */
  settings?: Partial<SessionSettings>;
}

export const participantsOf = ({ devices, sessions }: Pick<Setting, 'devices' | 'sessions'>): Participants => ({
  count: Math.min(devices, sessions),
  stored: devices,
});

/** A device is in session once at a time. */
const concurrencyOf = ({ count }: Participants): number => Math.min(32, Math.max(1, Math.floor(count / 2)));

export function requestFor(
  setting: Pick<Setting, 'devices' | 'sessions'>,
  server: Server,
  path = '/',
  settings: Partial<SessionSettings> = {},
): Closed {
  const devices = participantsOf(setting);
  return {
    kind: 'closed',
    sessions: setting.sessions,
    concurrency: concurrencyOf(devices),
    devices,
    settings: { port: server.port, path, inform: informTemplate(), answers: answersOf(), ...settings },
  };
}

/** Sessions before those that count. An ACS runs for months; the compiler is at work in its first 10,000 sessions, at a third of their cost. */
export const warmth = ({ sessions }: Pick<Setting, 'sessions'>): number =>
  Math.max(sessions, Math.min(20_000, 40 * sessions));

export const runningNode: NodeBinary = { path: process.execPath, version: process.versions.node };

/** The same with the first version of Node alone: for what is not a matter of the version. */
export const onFirstNode = (setting: Setting): Setting => ({
  ...setting,
  nodes: setting.nodes?.slice(0, 1) ?? [runningNode],
});

/** Opens the servers of each version, warms them with each device, measures, stops them. */
export async function withSides<T>(
  setting: Setting,
  measure: (sides: Sides) => Promise<T>,
  { modelled, args = openArgs, login, tls, settings = {} }: SideSettings = {},
): Promise<T> {
  const { servers, devices } = setting;
  const stored = { devices, ...(modelled ? { modelled } : {}) };
  const request: Sides['request'] = (server, path) =>
    requestFor(setting, server, path, { ...settings, ...(login ? { login } : {}) });
  const all: Side[] = [];
  for (const node of setting.nodes ?? [runningNode]) {
    const floors = { devices, ...(tls ? { tls } : {}) };
    const floor = await servers.floor(floors, undefined, node);
    const bare = await servers.floor(floors, bareParts, node);
    const ours = await servers.acs(stored, args, { node });
    all.push({ node, ours, floor, bare });
  }
  const [first] = all;
  if (!first) throw new Error('no Node to measure under');
  // The first contact of a device, and the first work of a compiler, are another thing than the next.
  for (const { ours, floor, bare } of all)
    for (const server of [floor, bare, ours]) await loaded(servers, { ...request(server), sessions: warmth(setting) });
  const result = await measure({ all, first, request, devices: participantsOf(setting) });
  for (const { ours, floor, bare } of all) for (const server of [floor, bare, ours]) await server.stop();
  return result;
}

export interface Comparison {
  name: string;
  sides: readonly Side[];
  /** The load on ours and on each floor; called once for each round. */
  ours(server: AcsServer, round: number): LoadRequest;
  floor(server: Server, round: number): LoadRequest;
  goal?: Goal;
  incumbent?: string;
  note?: string;
  capacity?: string;
  /** Work of each session, on any side. */
  work(request: LoadRequest): Work;
  /** Looks whether the round was what it claims to be, beyond its work. */
  check?(report: LoadReport): void;
  /** Before each round of ours: tasks that it will carry out. */
  prepare?(server: AcsServer): Promise<void>;
  /** After each round of ours: looks whether the ACS has stored what it was told. */
  stored?(server: AcsServer, round: number): Promise<void>;
  /** Rounds of each that are not counted: code of this kind of session that the others do not run is compiled in them. Default: one. */
  uncounted?: number;
}

type Three = [ours: Measured[], floor: Measured[], bare: Measured[]];

export async function compare(setting: Setting, about: Comparison): Promise<Row> {
  const { servers, rounds } = setting;
  const { uncounted = 1, sides } = about;
  const turns = sides.flatMap(({ ours, floor, bare }) => {
    const counter = { ours: 0, floor: 0, bare: 0 };
    const take = async (server: Server, request: LoadRequest): Promise<Measured> => {
      const result = await measured(servers, server, request, about.work(request));
      about.check?.(result.report);
      return result;
    };
    const ourTurn = async (): Promise<Measured> => {
      const round = counter.ours++;
      await about.prepare?.(ours);
      const result = await take(ours, about.ours(ours, round));
      await about.stored?.(ours, round);
      return result;
    };
    return [
      ourTurn,
      async () => await take(floor, about.floor(floor, counter.floor++)),
      async () => await take(bare, about.floor(bare, counter.bare++)),
    ];
  });
  const results = (await interleaved(rounds + uncounted, turns)).map(each => each.slice(uncounted));
  const threes = sides.map((_, at) => results.slice(3 * at, 3 * at + 3) as Three);
  return rowOf(about, threes);
}

function rowOf({ name, sides, goal, incumbent, note, capacity }: Comparison, threes: readonly Three[]): Row {
  const columns = threes.map(([ours, floor, bare], at): Rounds => {
    const cpu = (results: readonly Measured[]): number[] => results.map(result => result.cpu);
    const node = sides[at]?.node;
    return { ...(node ? { node: String(majorOf(node)) } : {}), ours: cpu(ours), floor: cpu(floor), bare: cpu(bare) };
  });
  const [first = { ours: [] }, ...others] = columns;
  const [ours = [], floor = []] = threes[0] ?? [];
  const told = [note, ours[0] && transferred(ours[0].report), pace(ours), `floor ${pace(floor)}`];
  return makeRow({
    ...first,
    name,
    unit: 'ms server CPU / session',
    others,
    ...(goal ? { goal } : {}),
    ...(incumbent ? { incumbent } : {}),
    ...(capacity ? { capacity } : {}),
    note: told.filter(Boolean).join('; '),
  });
}

function pace(results: readonly Measured[]): string {
  const times = results.flatMap(({ report }) => report.times);
  const sessions = results.reduce((sum, { report }) => sum + report.sessions, 0);
  const seconds = results.reduce((sum, { report }) => sum + report.seconds, 0);
  return `${rounded(sessions / seconds)} sessions/s, p50 ${rounded(percentile(times, 0.5))} ms, p99 ${rounded(percentile(times, 0.99))} ms`;
}

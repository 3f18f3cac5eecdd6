// Sessions on MongoDB: the commands that the ACS sends for one, counted by a proxy, and the CPU of the ACS and of the database.
import { join } from 'node:path';
import { type Closed, openArgs, participantsOf, requestFor, runningNode } from '../contest.ts';
import { type Goal, makeRow, median, type Row, rounded } from '../figures.ts';
import { answersOf, informTemplate, workOf } from '../load/envelopes.ts';
import type { LoadReport } from '../load/requests.ts';
import { type Bench, loaded, pause, type Setting, WorkNotDone } from '../measure.ts';
import { BenchMongo } from '../servers/mongo.ts';
import { cpuMs } from '../servers/process-cost.ts';
import type { AcsServer } from '../servers/servers.ts';
import { seenBetween, type Work, workMissing } from '../work.ts';
import { type Grown, roundOf as grownRound, kinds, memoryRows } from './growing.ts';
import { sizesOf } from './growth.ts';
import { hasDoneTasks, hasModel, PARAMETERS, participantsIn } from './stored.ts';
import { queueTasks, readingTask, settingTask } from './tasks.ts';

/** Rounds of each kind of session at each size of the fleet. */
const MOST_GROWN = 5;
/**
 * mongo-java-server, the lab's database, uses an index only for a filter with exactly its fields. Each write of a session names `_id` and
 * `op`, so that there it reads through the devices; MongoDB finds the document by the index of `_id`.
 */
const GROWTH_NOTE = 'updates by _id and op: the database of the lab reads through all devices, MongoDB uses _id';
/** Warm-up of the database, which compiles as it runs. */
const UNCOUNTED = 3;
const IDLE_MS = 2000;

interface Place {
  setting: Setting;
  mongo: BenchMongo;
  server: AcsServer;
}

interface Case {
  name: string;
  /** Most commands of a session, and most CPU of ACS and database. */
  commands: number;
  cpu: number;
  incumbent: string;
  request(place: Place, round: number): Closed;
  /** Absent: the ACS decides how much it asks. */
  work?(request: Closed): Work;
  prepare?(place: Place): Promise<void>;
  stored?(place: Place, round: number): Promise<void>;
}

const plain = ({ setting, server }: Place): Closed => requestFor(setting, server);

const fullRead = (place: Place, round: number): Closed => {
  const request = plain(place);
  const sessions = Math.max(1, Math.floor(request.sessions / 10));
  const settings = { ...request.settings, answers: answersOf(PARAMETERS, round) };
  return { ...request, sessions, concurrency: Math.min(8, request.concurrency), settings };
};

/** Devices that the store has never seen; others in each round. */
const firstContact = (place: Place, round: number): Closed => {
  const request = plain(place);
  const count = Math.max(1, Math.floor(request.sessions / 5));
  const from = place.setting.devices + round * count;
  const settings = { ...request.settings, inform: informTemplate({ event: '0 BOOTSTRAP' }) };
  return { ...request, sessions: count, devices: { count, stored: count, from }, settings };
};

const cases: readonly Case[] = [
  {
    name: 'Inform-only session',
    ...{ commands: 2, cpu: 1.25, incumbent: '2.5' },
    request: plain,
    work: ({ settings }) => workOf(settings),
  },
  {
    name: 'session with one SetParameterValues (a task)',
    ...{ commands: 5, cpu: 1.85, incumbent: '3.7' },
    request: plain,
    work: ({ settings }) => workOf(settings, 'SetParameterValues'),
    prepare: ({ setting, server }) => queueTasks(setting.sessions, participantsOf(setting), server, settingTask),
    stored: ({ setting, server }) => hasDoneTasks(server, participantsOf(setting)),
  },
  {
    name: 'full read of 1,000 parameters, one of them changed',
    ...{ commands: 6, cpu: 46.5, incumbent: '93' },
    request: fullRead,
    work: ({ settings }) => workOf(settings, 'GetParameterValues', PARAMETERS),
    prepare: place => {
      const { sessions, devices } = fullRead(place, 0);
      return queueTasks(sessions, devices, place.server, readingTask);
    },
    stored: ({ setting, server }, round) =>
      hasModel(server, participantsIn(participantsOf(setting)).slice(0, 1), n =>
        n ? `value ${n}` : `value 0 of ${round}`,
      ),
  },
  {
    name: 'first contact of a device (bootstrap)',
    ...{ commands: 8, cpu: 0, incumbent: '' },
    request: firstContact,
  },
];

/** Commands by which the driver watches the server. */
const monitoring: ReadonlySet<string> = new Set(['hello', 'ismaster', 'ping', 'endSessions']);

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts].reduce((sum, [name, each]) => (monitoring.has(name) ? sum : sum + each), 0);

interface Round {
  commands: number;
  app: number;
  database: number;
  /** By name, a session. */
  names: string;
}

/** Commands that an idle ACS sends in a millisecond: it looks for changes of other processes. */
async function idleRate({ mongo }: Place): Promise<number> {
  const before = total(mongo.commands());
  await pause(IDLE_MS);
  return (total(mongo.commands()) - before) / IDLE_MS;
}

async function roundOf(place: Place, about: Case, round: number, idle: number): Promise<Round> {
  const { server, mongo, setting } = place;
  await about.prepare?.(place);
  const request = about.request(place, round);
  const start = await server.seen();
  const [commands, app, database, began] = [mongo.commands(), cpuMs(server.pid), cpuMs(mongo.pid), performance.now()];
  const report = await loaded(setting.servers, request);
  await pause(50);
  const took = performance.now() - began;
  const spent = { app: cpuMs(server.pid) - app, database: cpuMs(mongo.pid) - database };
  const after = mongo.commands();
  const seen = seenBetween(start, await server.seen());
  const missing = about.work ? workMissing(about.work(request), report, seen) : contactMissing(report, seen);
  if (missing.length) throw new WorkNotDone(missing.join('; '));
  await about.stored?.(place, round);
  const names = [...after]
    .map(([name, count]): [string, number] => [name, (count - (commands.get(name) ?? 0)) / report.sessions])
    .filter(([name, each]) => each >= 0.1 && !monitoring.has(name))
    .map(([name, each]) => `${name} ${rounded(each)}`)
    .join(', ');
  return {
    commands: Math.max(0, total(after) - total(commands) - idle * took) / report.sessions,
    app: spent.app / report.sessions,
    database: spent.database / report.sessions,
    names,
  };
}

/** At its first contact a device is asked as much as the ACS wants: each answer must have arrived. */
const contactMissing = (report: LoadReport, seen: { sessions: number; rpcs: number }): string[] =>
  seen.sessions === report.sessions && seen.rpcs === report.rpcs && report.rpcs > 0
    ? []
    : [
        `${report.rpcs} answers in ${report.sessions} sessions, of which the server saw ${seen.rpcs} in ${seen.sessions}`,
      ];

async function rowsOf(place: Place, about: Case): Promise<Row[]> {
  const rounds: Round[] = [];
  const idle = await idleRate(place);
  for (let round = 0; round < place.setting.rounds + UNCOUNTED; round++)
    rounds.push(await roundOf(place, about, round, idle));
  const counted = rounds.slice(UNCOUNTED);
  const parts = `app ${rounded(median(counted.map(({ app }) => app)))}, database ${rounded(median(counted.map(({ database }) => database)))}`;
  const cpuGoal: { goal?: Goal } = about.cpu ? { goal: { limit: about.cpu, of: 'ours' } } : {};
  return [
    makeRow({
      name: `${storeName(place.setting)}: ${about.name}, commands`,
      unit: 'commands / session',
      // A command that belongs to no session rounds away.
      ours: counted.map(({ commands }) => Math.round(commands * 10) / 10),
      goal: { limit: about.commands, of: 'ours' },
      note: counted.at(-1)?.names ?? '',
    }),
    makeRow({
      name: `${storeName(place.setting)}: ${about.name}`,
      unit: 'ms CPU of ACS and database / session',
      ours: counted.map(({ app, database }) => app + database),
      ...cpuGoal,
      incumbent: about.incumbent,
      note: parts,
    }),
  ];
}

const storeName = ({ store }: Setting): string => (store === 'mongo-durable' ? 'durable MongoDB' : 'MongoDB');

async function open(setting: Setting, mongo: BenchMongo, devices: number): Promise<AcsServer> {
  const { servers, nodes } = setting;
  const { directory, serverKey } = await servers.stores.empty();
  const url = await mongo.filled({ devices, serverKey });
  return await servers.acsOn(directory, ['--store', url, ...openArgs], { node: nodes?.[0] ?? runningNode });
}

async function growthRows(setting: Setting, mongo: BenchMongo): Promise<Row[]> {
  const rows: Row[] = [];
  const store = `${storeName(setting)}: `;
  for (const devices of sizesOf(setting)) {
    const server = await open(setting, mongo, devices);
    const grown: Grown = {
      setting: { ...setting, devices },
      server,
      cpu: () => cpuMs(server.pid) + cpuMs(mongo.pid),
    };
    const heaps: number[] = [];
    for (const kind of kinds) {
      const keys = await kind.begin?.(grown);
      const ours: number[] = [];
      // The first round of a kind compiles its code.
      for (let round = 0; round <= Math.min(MOST_GROWN, setting.rounds); round++) {
        ours.push(await grownRound(kind, grown, keys));
        heaps.push(await server.heap());
      }
      const name = `${store}${kind.name} with ${devices} devices stored`;
      rows.push(
        makeRow({ name, unit: 'ms CPU of ACS and database / session', ours: ours.slice(1), note: GROWTH_NOTE }),
      );
    }
    rows.push(...memoryRows(grown, heaps, store));
    await server.stop();
  }
  return rows;
}

export const mongo: Bench = {
  about: 'commands and CPU of sessions on MongoDB, with --store mongo or mongo-durable',
  run: async setting => {
    const { store, servers, devices } = setting;
    if (store === 'sqlite') return [];
    const database = await BenchMongo.start(store === 'mongo-durable' ? join(servers.folder, 'mongo.db') : undefined);
    try {
      const rows: Row[] = [];
      const server = await open(setting, database, Math.min(devices, 10_000));
      const place = { setting: { ...setting, devices: Math.min(devices, 10_000) }, mongo: database, server };
      for (const about of cases) rows.push(...(await rowsOf(place, about)));
      await server.stop();
      return [...rows, ...(await growthRows(setting, database))];
    } finally {
      await database.close();
    }
  },
};

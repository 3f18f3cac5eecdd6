// Sessions over plain HTTP, without accounts, that carry out a task: one setting, a whole model read.
import { type Closed, type Comparison, compare, type Sides, withSides } from '../contest.ts';
import type { Row } from '../figures.ts';
import { answersOf, INTERVAL, idOf, modelValue, workOf } from '../load/envelopes.ts';
import { type Participants, participant } from '../load/requests.ts';
import type { Bench, Setting } from '../measure.ts';
import type { AcsServer, Server } from '../servers/servers.ts';
import { hasDoneTasks, hasModel, PARAMETERS, participantsIn } from './stored.ts';

/** The servers were warmed by sessions that Inform alone. */
const UNCOUNTED = 8;

export const settingTask = { method: 'SetParameterValues', args: { ParameterList: { [INTERVAL]: 3600 } } };
export const readingTask = { method: 'GetParameterValues', args: { ParameterNames: ['Device.X_0090F8_Bench.'] } };

/** One task for each session of a round. */
export async function queueTasks(
  sessions: number,
  devices: Participants,
  server: AcsServer,
  task: object,
): Promise<void> {
  for (let nth = 0; nth < sessions; nth += 8) {
    const group = Array.from({ length: Math.min(8, sessions - nth) }, (_, n) => participant(devices, nth + n));
    await Promise.all(group.map(number => server.api('POST', `/devices/${idOf(number)}/tasks`, task)));
  }
}

export const set: Bench = {
  about: 'session that carries out one SetParameterValues',
  run: setting =>
    withSides(setting, async sides => [
      await compare(setting, {
        name: 'session with one SetParameterValues (a task)',
        sides: sides.all,
        ours: server => sides.request(server),
        floor: server => sides.request(server, '/set'),
        work: ({ settings }) => workOf(settings, 'SetParameterValues'),
        prepare: server => queueTasks(setting.sessions, sides.devices, server, settingTask),
        stored: server => hasDoneTasks(server, sides.devices),
        goal: { limit: 2, of: 'ratio' },
        incumbent: '2.5 + 0.7',
        uncounted: UNCOUNTED,
      }),
    ]),
};

interface Case {
  name: string;
  changes: 'first' | 'all';
  /** So that no round tells what another has told. */
  from: number;
  about?: Pick<Comparison, 'goal' | 'incumbent'>;
}

const cases: readonly Case[] = [
  {
    name: 'full read: GetParameterValues of a partial path, answered with 1,000 parameters, one of them changed',
    changes: 'first',
    from: 0,
    about: { goal: { limit: 1.5, of: 'ratio' }, incumbent: '53 + 43' },
  },
  { name: 'the same, each of the 1,000 parameters changed', changes: 'all', from: 1_000_000 },
];

export const read: Bench = {
  about: 'session that reads a model of 1,000 parameters: all but one as before, and all changed',
  run: given => {
    const setting = { ...given, sessions: Math.max(1, Math.floor(given.sessions / 10)) };
    return withSides(setting, async sides => {
      const rows: Row[] = [];
      for (const each of cases) rows.push(await measureRead(setting, sides, each));
      return rows;
    });
  },
};

async function measureRead(setting: Setting, sides: Sides, { name, changes, from, about }: Case): Promise<Row> {
  const asked = (server: Server, round: number, path?: string): Closed => {
    const plain = sides.request(server, path);
    const answers = answersOf(PARAMETERS, from + round, changes);
    return { ...plain, concurrency: Math.min(8, plain.concurrency), settings: { ...plain.settings, answers } };
  };
  return await compare(setting, {
    ...about,
    name,
    sides: sides.all,
    ours: (server, round) => asked(server, round),
    floor: (server, round) => asked(server, round, '/read'),
    work: ({ settings }) => workOf(settings, 'GetParameterValues', PARAMETERS),
    uncounted: UNCOUNTED,
    prepare: server => queueTasks(setting.sessions, sides.devices, server, readingTask),
    stored: async (server, round) => {
      await hasDoneTasks(server, sides.devices);
      await hasModel(server, participantsIn(sides.devices), n => modelValue(n, from + round, changes));
    },
  });
}

// The power comes back: all CPEs boot at the same moment. What the ACS makes of it, beside what it does at an even pace.
import { answersOf, informTemplate } from './envelopes.ts';
import { type Goal, interleaved, makeRow, type Row, rounded } from './figures.ts';
import { type Bench, loaded, type Setting } from './measure.ts';
import type { LoadOrder, LoadReport } from './orders.ts';
import { type Field, onField, openArgs } from './sessions.ts';
import type { Server } from './stage.ts';

/** Times of the retry table are divided by this, so that a run takes seconds. */
const COMPRESSION = 20;
const PER_SESSION = 4;

interface Limit {
  name: string;
  args: string[];
  goal?: Goal;
}

/** As shipped, and with limits that stand to so many CPEs as those shipped stand to 100,000. */
const limits: readonly Limit[] = [
  { name: 'as shipped', args: [], goal: { limit: 1.25, of: 'ratio' } },
  { name: '--max-sessions 20 --max-waiting 100', args: ['--max-sessions', '20', '--max-waiting', '100'] },
];

export const storm: Bench = {
  about: 'CPEs that boot all at once (four for each of --sessions): pace, longest wait, turned away',
  run: async setting => {
    const rows: Row[] = [];
    for (const limit of limits)
      rows.push(
        ...(await onField(setting, field => play(setting, limit, field), { args: [...openArgs, ...limit.args] })),
      );
    return rows;
  },
};

async function play(setting: Setting, limit: Limit, { ours, floor, order }: Field): Promise<Row[]> {
  const { stage, devices } = setting;
  const count = Math.min(devices, PER_SESSION * setting.sessions);
  const booting = (server: Server): LoadOrder => ({
    kind: 'storm',
    compression: COMPRESSION,
    seed: 1,
    devices: { count, stored: devices },
    settings: { port: server.port, path: '/', inform: informTemplate({ event: '1 BOOT' }), answers: answersOf() },
  });
  const evenly: LoadOrder = { ...order(ours), sessions: count, devices: { count, stored: devices } };
  await loaded(stage, evenly);
  const [storms = [], even = [], bare = []] = await interleaved(Math.min(3, setting.rounds), [
    () => loaded(stage, booting(ours)),
    () => loaded(stage, evenly),
    () => loaded(stage, booting(floor)),
  ]);
  return rowsOf({ ...limit, name: `storm of ${count} boots, ${limit.name}` }, storms, even, bare);
}

const perSecond = ({ sessions, seconds }: LoadReport): number => sessions / seconds;
const told = (reports: LoadReport[], what: 'turnedAway' | 'attempts' | 'longestMs' | 'longestAttemptMs'): number[] =>
  reports.map(report => report.storm?.[what] ?? 0);

function rowsOf({ name, goal }: Limit, storms: LoadReport[], even: LoadReport[], bare: LoadReport[]): Row[] {
  const away = told(storms, 'turnedAway').map(rounded).join(', ');
  return [
    makeRow({
      name: `${name}: milliseconds a completed session, wall clock`,
      unit: 'ms / session',
      ours: storms.map(report => 1000 / perSecond(report)),
      floor: bare.map(report => 1000 / perSecond(report)),
      note: `turned away ${away}; everybody done in the end; retry table of TR-069 at 1/${COMPRESSION} of its times`,
    }),
    makeRow({
      name: `${name}: longest wait for a session to be over`,
      unit: 'ms',
      ours: told(storms, 'longestMs'),
      floor: told(bare, 'longestMs'),
      note: `longest single attempt ${told(storms, 'longestAttemptMs').map(rounded).join(', ')} ms`,
    }),
    makeRow({
      name: `${name}: time of a session, as a ratio to a closed loop of 32`,
      unit: 'ms / session',
      ours: storms.map(report => 1000 / perSecond(report)),
      floor: even.map(report => 1000 / perSecond(report)),
      ...(goal ? { goal } : {}),
      note: 'here the floor is the ACS itself at an even pace',
    }),
  ];
}

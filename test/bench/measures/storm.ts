// The power comes back: all CPEs boot at the same moment. What the ACS makes of it, beside what it does at an even pace.
import { onFirstNode, openArgs, type Sides, withSides } from '../contest.ts';
import { type Goal, interleaved, makeRow, type Row, rounded } from '../figures.ts';
import { answersOf, informTemplate, workOf } from '../load/envelopes.ts';
import type { LoadReport, LoadRequest } from '../load/requests.ts';
import type { SessionSettings } from '../load/session.ts';
import { type Bench, loaded, type Setting, WorkNotDone } from '../measure.ts';
import type { Server } from '../servers/servers.ts';
import { workMissing } from '../work.ts';

/** Times of the retry table are divided by this, so that a run takes seconds. */
const COMPRESSION = 20;
const PER_SESSION = 4;
/** Sockets of the load at once: a process has not many more. */
const AT_ONCE = 8000;

interface Limit {
  name: string;
  args: string[];
  goal?: Goal;
}

/** Limits as shipped, and limits that are to the number of CPEs here as those shipped are to 100,000. */
const limits: readonly Limit[] = [
  { name: 'as shipped', args: [], goal: { limit: 1.25, of: 'ratio' } },
  { name: '--max-sessions 20 --max-waiting 100', args: ['--max-sessions', '20', '--max-waiting', '100'] },
];

/** A storm of `--boots` boots. */
export const bootsOn = (
  { devices, boots }: Setting,
  { port }: Server,
  said: Pick<SessionSettings, 'inform' | 'answers'>,
): LoadRequest & { kind: 'storm' } => ({
  kind: 'storm',
  compression: COMPRESSION,
  seed: 1,
  atOnce: AT_ONCE,
  devices: { count: Math.min(devices, boots), stored: devices },
  settings: { port, path: '/', addresses: true, ...said },
});

export const storm: Bench = {
  about: 'CPEs that boot all at once (four for each of --sessions): pace, longest wait, turned away',
  run: async given => {
    const setting = onFirstNode(given);
    const rows: Row[] = [];
    for (const limit of limits)
      rows.push(
        ...(await withSides(setting, sides => measure(setting, limit, sides), { args: [...openArgs, ...limit.args] })),
      );
    return rows;
  },
};

async function measure(setting: Setting, limit: Limit, { first, request }: Sides): Promise<Row[]> {
  const { servers, devices } = setting;
  const { ours, floor } = first;
  const count = Math.min(devices, PER_SESSION * setting.sessions);
  const said = { inform: informTemplate({ event: '1 BOOT' }), answers: answersOf() };
  const booting = (server: Server): LoadRequest => bootsOn({ ...setting, boots: count }, server, said);
  const evenly: LoadRequest = { ...request(ours), sessions: count, devices: { count, stored: devices } };
  await loaded(servers, evenly);
  const booted = async (server: Server): Promise<LoadReport> => {
    const report = await loaded(servers, booting(server));
    const missing = workMissing(workOf(said), report, undefined);
    if (report.sessions !== count || missing.length)
      throw new WorkNotDone([`${report.sessions} of ${count} CPEs had their session`, ...missing].join('; '));
    return report;
  };
  const [storms = [], even = [], bare = []] = await interleaved(Math.min(5, setting.rounds), [
    () => booted(ours),
    () => loaded(servers, evenly),
    () => booted(floor),
  ]);
  return rowsOf({ ...limit, name: `storm of ${count} boots, ${limit.name}` }, storms, even, bare);
}

const perSecond = ({ sessions, seconds }: LoadReport): number => sessions / seconds;
const figuresOf = (
  reports: LoadReport[],
  what: 'turnedAway' | 'attempts' | 'longestMs' | 'longestAttemptMs',
): number[] => reports.map(report => report.storm?.[what] ?? 0);

function rowsOf({ name, goal }: Limit, storms: LoadReport[], even: LoadReport[], bare: LoadReport[]): Row[] {
  const away = figuresOf(storms, 'turnedAway').map(rounded).join(', ');
  return [
    makeRow({
      name: `${name}: milliseconds a completed session, wall clock`,
      unit: 'ms / session',
      ours: storms.map(report => 1000 / perSecond(report)),
      floor: bare.map(report => 1000 / perSecond(report)),
      note: `turned away ${away}; each CPE has its session in the end; retry table of TR-069 at 1/${COMPRESSION} of its times`,
    }),
    makeRow({
      name: `${name}: longest wait for a session to be over`,
      unit: 'ms',
      ours: figuresOf(storms, 'longestMs'),
      floor: figuresOf(bare, 'longestMs'),
      note: `longest single attempt ${figuresOf(storms, 'longestAttemptMs').map(rounded).join(', ')} ms`,
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

// One measurement: what a number of sessions costs a server, in CPU of its process. What every bench of sessions is made of.
import { type Goal, interleaved, makeRow, percentile, type Row, rounded } from './figures.ts';
import type { LoadOrder, LoadReport } from './orders.ts';
import { cpuMs } from './proc.ts';
import type { Server, Stage } from './stage.ts';

/** What the whole run was asked for. */
export interface Setting {
  stage: Stage;
  /** Devices stored. */
  devices: number;
  /** Sessions of each round. */
  sessions: number;
  rounds: number;
}

export interface Bench {
  /** One line for --help. */
  about: string;
  run(setting: Setting): Promise<Row[]>;
}

export interface Measured {
  /** Milliseconds of server CPU a session. */
  cpu: number;
  report: LoadReport;
}

/** @throws Error when a session failed: a figure of others would be a lie */
export async function loaded(stage: Stage, order: LoadOrder): Promise<LoadReport> {
  const report = await stage.load(order);
  if (report.failed) throw new Error(`${report.failed} of ${order.devices.count} sessions failed: ${report.lastError}`);
  return report;
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

export async function measured(stage: Stage, server: Server, order: LoadOrder): Promise<Measured> {
  const before = cpuMs(server.pid);
  const report = await loaded(stage, order);
  // The release of the last devices is not waited for by their sessions, but belongs to them.
  await pause(30);
  return { cpu: (cpuMs(server.pid) - before) / report.sessions, report };
}

export interface Contest {
  name: string;
  ours: { server: Server; order: LoadOrder };
  floor: { server: Server; order: LoadOrder };
  goal?: Goal;
  incumbent?: string;
  note?: string;
  /** Looks whether the round was what it claims to be. */
  check?: (report: LoadReport) => void;
  /** Before each round of ours: tasks that it will carry out. */
  prepare?: () => Promise<void>;
  /** Rounds of each that are not counted: code of this kind of session that the others do not run is compiled in them. One unless told. */
  uncounted?: number;
}

export async function contest({ stage, rounds }: Setting, about: Contest): Promise<Row> {
  const side = async ({ server, order }: Contest['ours']): Promise<Measured> => {
    const result = await measured(stage, server, order);
    about.check?.(result.report);
    return result;
  };
  const { uncounted = 1 } = about;
  const results = await interleaved(rounds + uncounted, [
    async () => {
      await about.prepare?.();
      return await side(about.ours);
    },
    async () => await side(about.floor),
  ]);
  const [ours = [], floor = []] = results.map(each => each.slice(uncounted));
  return makeRow({
    name: about.name,
    unit: 'ms server CPU / session',
    ours: ours.map(({ cpu }) => cpu),
    floor: floor.map(({ cpu }) => cpu),
    ...(about.goal ? { goal: about.goal } : {}),
    ...(about.incumbent ? { incumbent: about.incumbent } : {}),
    note: [about.note, pace(ours), `floor ${pace(floor)}`].filter(Boolean).join('; '),
  });
}

function pace(results: readonly Measured[]): string {
  const times = results.flatMap(({ report }) => report.times);
  const sessions = results.reduce((sum, { report }) => sum + report.sessions, 0);
  const seconds = results.reduce((sum, { report }) => sum + report.seconds, 0);
  return `${rounded(sessions / seconds)} sessions/s, p50 ${rounded(percentile(times, 0.5))} ms, p99 ${rounded(percentile(times, 0.99))} ms`;
}

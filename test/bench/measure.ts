// One measurement: what a number of sessions costs a server, in CPU of its process. What every bench of sessions is made of.
import { type Goal, interleaved, makeRow, percentile, type Row, rounded } from './figures.ts';
import type { LoadReport, LoadRequest } from './load/requests.ts';
import { cpuMs } from './servers/process-cost.ts';
import type { BenchServers, Server } from './servers/servers.ts';

/** Settings of the whole run. */
export interface Setting {
  servers: BenchServers;
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
export async function loaded(servers: BenchServers, request: LoadRequest): Promise<LoadReport> {
  const report = await servers.load(request);
  if (report.failed)
    throw new Error(`${report.failed} of ${request.devices.count} sessions failed: ${report.lastError}`);
  return report;
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

export async function measured(servers: BenchServers, server: Server, request: LoadRequest): Promise<Measured> {
  const before = cpuMs(server.pid);
  const report = await loaded(servers, request);
  // The release of the last devices is not waited for by their sessions, but belongs to them.
  await pause(30);
  return { cpu: (cpuMs(server.pid) - before) / report.sessions, report };
}

export interface Comparison {
  name: string;
  ours: { server: Server; request: LoadRequest };
  baseline: { server: Server; request: LoadRequest };
  goal?: Goal;
  incumbent?: string;
  note?: string;
  /** Looks whether the round was what it claims to be. */
  check?: (report: LoadReport) => void;
  /** Before each round of ours: tasks that it will carry out. */
  prepare?: () => Promise<void>;
  /** Rounds of each that are not counted: code of this kind of session that the others do not run is compiled in them. Default: one. */
  uncounted?: number;
}

export async function compare({ servers, rounds }: Setting, about: Comparison): Promise<Row> {
  const side = async ({ server, request }: Comparison['ours']): Promise<Measured> => {
    const result = await measured(servers, server, request);
    about.check?.(result.report);
    return result;
  };
  const { uncounted = 1 } = about;
  const results = await interleaved(rounds + uncounted, [
    async () => {
      await about.prepare?.();
      return await side(about.ours);
    },
    async () => await side(about.baseline),
  ]);
  const [ours = [], baseline = []] = results.map(each => each.slice(uncounted));
  return makeRow({
    name: about.name,
    unit: 'ms server CPU / session',
    ours: ours.map(({ cpu }) => cpu),
    floor: baseline.map(({ cpu }) => cpu),
    ...(about.goal ? { goal: about.goal } : {}),
    ...(about.incumbent ? { incumbent: about.incumbent } : {}),
    note: [about.note, pace(ours), `floor ${pace(baseline)}`].filter(Boolean).join('; '),
  });
}

function pace(results: readonly Measured[]): string {
  const times = results.flatMap(({ report }) => report.times);
  const sessions = results.reduce((sum, { report }) => sum + report.sessions, 0);
  const seconds = results.reduce((sum, { report }) => sum + report.seconds, 0);
  return `${rounded(sessions / seconds)} sessions/s, p50 ${rounded(percentile(times, 0.5))} ms, p99 ${rounded(percentile(times, 0.99))} ms`;
}

// One measurement: what a number of sessions costs a server, in CPU of its process. What every bench of sessions is made of.
import { type Goal, interleaved, makeRow, percentile, type Row, rounded } from './figures.ts';
import type { LoadReport, LoadRequest } from './load/requests.ts';
import { cpuMs } from './servers/process-cost.ts';
import type { BenchServers, Server } from './servers/servers.ts';
import { type Seen, seenBetween, transferred, type Work, workMissing } from './work.ts';

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

/** @throws Error when less, or more, was done than the work of that many sessions */
export async function measured(
  servers: BenchServers,
  server: Server,
  request: LoadRequest,
  work: Work,
): Promise<Measured> {
  const start = await server.seen();
  const before = cpuMs(server.pid);
  const report = await loaded(servers, request);
  // The release of the last devices is not waited for by their sessions, but belongs to them.
  await pause(30);
  const cpu = (cpuMs(server.pid) - before) / report.sessions;
  const missing = workMissing(work, report, seenBetween(start, await sessionsOver(server, start, report.sessions)));
  if (missing.length) throw new Error(`the work was not done: ${missing.join('; ')}`);
  return { cpu, report };
}

const PATIENCE_MS = 2000;

/** What the server has seen once it counts that many sessions more, or in the end. */
async function sessionsOver(server: Server, start: Seen, sessions: number): Promise<Seen> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await server.seen();
    if (seen.sessions - start.sessions >= sessions || performance.now() > until) return seen;
    await pause(20);
  }
}

export interface Comparison {
  name: string;
  ours: { server: Server; request: LoadRequest };
  baseline: { server: Server; request: LoadRequest };
  goal?: Goal;
  incumbent?: string;
  note?: string;
  /** Work of each session, on either side. */
  work: Work;
  /** Looks whether the round was what it claims to be, beyond its work. */
  check?: (report: LoadReport) => void;
  /** Before each round of ours: tasks that it will carry out. */
  prepare?: () => Promise<void>;
  /** After each round of ours: looks whether the ACS has stored what it was told. */
  stored?: () => Promise<void>;
  /** Rounds of each that are not counted: code of this kind of session that the others do not run is compiled in them. Default: one. */
  uncounted?: number;
}

export async function compare({ servers, rounds }: Setting, about: Comparison): Promise<Row> {
  const side = async ({ server, request }: Comparison['ours']): Promise<Measured> => {
    const result = await measured(servers, server, request, about.work);
    about.check?.(result.report);
    return result;
  };
  const { uncounted = 1 } = about;
  const results = await interleaved(rounds + uncounted, [
    async () => {
      await about.prepare?.();
      const result = await side(about.ours);
      await about.stored?.();
      return result;
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
    note: [about.note, ours[0] && transferred(ours[0].report), pace(ours), `floor ${pace(baseline)}`]
      .filter(Boolean)
      .join('; '),
  });
}

function pace(results: readonly Measured[]): string {
  const times = results.flatMap(({ report }) => report.times);
  const sessions = results.reduce((sum, { report }) => sum + report.sessions, 0);
  const seconds = results.reduce((sum, { report }) => sum + report.seconds, 0);
  return `${rounded(sessions / seconds)} sessions/s, p50 ${rounded(percentile(times, 0.5))} ms, p99 ${rounded(percentile(times, 0.99))} ms`;
}

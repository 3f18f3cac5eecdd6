// One measurement: what a number of sessions costs a server, in CPU of its process. What every bench of sessions is made of.
import type { Row } from './figures.ts';
import { workOf } from './load/envelopes.ts';
import type { LoadReport, LoadRequest } from './load/requests.ts';
import type { NodeBinary } from './nodes.ts';
import { cpuMs } from './servers/process-cost.ts';
import type { BenchServers, Server } from './servers/servers.ts';
import { type Seen, seenBetween, type Work, workMissing } from './work.ts';

/** Settings of the whole run. */
export interface Setting {
  servers: BenchServers;
  /** Devices stored. */
  devices: number;
  /** Sessions of each round. */
  sessions: number;
  rounds: number;
  /** CPEs that boot at once in a storm. */
  boots: number;
  /** Seconds of live updates of the pages; default: a minute. */
  live?: number;
  /** The first one is that of the goals; absent: the Node that runs the bench. */
  nodes?: readonly NodeBinary[];
  /** The store of the rows on MongoDB. */
  store: 'sqlite' | 'mongo' | 'mongo-durable';
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
export async function loaded(servers: BenchServers, request: LoadRequest, lane?: string): Promise<LoadReport> {
  const report = await servers.load(request, lane);
  if (report.failed)
    throw new Error(`${report.failed} sessions failed, ${report.sessions} did not: ${report.lastError}`);
  return report;
}

/** Sessions that Inform alone. @throws Error when one failed, or transferred less */
export async function informedBy(servers: BenchServers, request: LoadRequest, lane?: string): Promise<LoadReport> {
  const report = await loaded(servers, request, lane);
  const missing = workMissing(workOf(request.settings), report, undefined);
  if (missing.length) throw new WorkNotDone(missing.join('; '));
  return report;
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/**
 * @param cpu milliseconds that were spent so far, in all programs that count
 * @throws Error when less, or more, was done than the work of that many sessions
 */
export async function measured(
  servers: BenchServers,
  server: Server,
  request: LoadRequest,
  work: Work,
  cpu = () => cpuMs(server.pid),
): Promise<Measured> {
  const start = await server.seen();
  const before = cpu();
  const report = await loaded(servers, request);
  // The release of the last devices is not waited for by their sessions, but belongs to them.
  await pause(30);
  const spent = (cpu() - before) / report.sessions;
  const missing = workMissing(work, report, seenBetween(start, await sessionsOver(server, start, report.sessions)));
  if (missing.length) throw new WorkNotDone(missing.join('; '));
  return { cpu: spent, report };
}

/** A row claims more than was done: it has no figure. */
export class WorkNotDone extends Error {
  constructor(missing: string) {
    super(`the work was not done: ${missing}`);
  }
}

const PATIENCE_MS = 2000;

/** Totals of the server once it counts that many sessions more, or in the end. */
async function sessionsOver(server: Server, start: Seen, sessions: number): Promise<Seen> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await server.seen();
    if (seen.sessions - start.sessions >= sessions || performance.now() > until) return seen;
    await pause(20);
  }
}

// `fleet`: many gateways, each with its own identity, randomness and in-memory state, in one process or spread over several; a progress
// line and a report.

import { writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { isAbort, messageOf, UserError } from '../../shared/errors.ts';
import { createLog, type Log } from '../../shared/log.ts';
import { createHttp } from '../../shared/net/http.ts';
import { openListener } from '../agent/connection-request/listener.ts';
import { parseFaults } from '../faults/catalogue.ts';
import type { FleetOptions } from '../options.ts';
import type { Terminal } from '../run.ts';
import { compareWithAcs } from './acs-view.ts';
import { type FleetReport, type GroupReport, mergeReports } from './report.ts';
import { type Channel, type Forking, openShards, serveShard } from './shards.ts';
import { type Progress, UnitGroup } from './unit-group.ts';
import { unitsOf } from './unit-options.ts';

/** Up to this number of units, the report lists each of them by default. */
const FEW = 200;
/** Units that one process carries before `--processes 0` takes another. */
const PER_PROCESS = 500;

/** The units of a run, in one process or several. */
interface Runner {
  /** Rejects when units cannot be made. */
  readonly failed: Promise<never>;
  readonly everyoneInformed: Promise<void>;
  readonly progress: Progress;
  /** Ends all units and reports them. */
  end(): Promise<GroupReport[]>;
}

interface FleetTerminal extends Terminal {
  /** Present where this program can start itself once more. */
  fork?: Forking;
}

export async function fleet(options: FleetOptions, terminal: FleetTerminal): Promise<number> {
  if (options.acs === undefined && options.profile === undefined)
    throw new UserError(400, 'no-acs', '--acs or --profile is needed');
  if (options.compare !== undefined && options.token === undefined)
    throw new UserError(400, 'no-token', '--compare needs --token FILE, the token of the API');
  const clock = systemClock();
  const write = (line: string): void => terminal.write(`${line}\n`);
  const log = createLog({ clock, level: options.logLevel, pretty: terminal.pretty, write });
  const began = clock.monotonic();
  const runner = await startRunner(options, terminal, clock, log);
  await live(runner, options, clock, log, terminal.signal);
  const groups = await runner.end();
  const seconds = Math.round((clock.monotonic() - began) / 100) / 10;
  const { count, seed } = options;
  const report = mergeReports(groups, { count, seed, seconds, withUnits: true });
  // The report is the command's result: it is logged at any level but silent.
  const resultLog = createLog({
    clock,
    level: options.logLevel === 'silent' ? 'silent' : 'info',
    pretty: terminal.pretty,
    write,
  });
  const differences =
    options.compare === undefined
      ? undefined
      : await compareWithAcs(
          { api: options.compare, tokenFile: options.token ?? '', ca: options.ca, clock },
          report.units ?? [],
        );
  const { units, ...totals } = report;
  const full = { ...totals, ...(differences && { differences }) };
  const withUnits = options.units || count <= FEW;
  if (options.json !== undefined) await writeReport(options.json, withUnits ? { ...full, units: units ?? [] } : full);
  for (const difference of differences ?? []) resultLog.warn('difference', { ...difference });
  resultLog.info('report', { ...totals, ...(differences && { differences: differences.length }) });
  return report.ok && (differences?.length ?? 0) === 0 ? 0 : 1;
}

async function writeReport(file: string, report: FleetReport): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    throw new UserError(400, 'no-report', `--json: ${messageOf(error)}`);
  }
}

/** @returns how many processes a fleet is spread over */
function processesFor({ count, processes }: FleetOptions, cores: number): number {
  const wanted = processes > 0 ? processes : Math.min(cores, Math.ceil(count / PER_PROCESS));
  return Math.max(1, Math.min(wanted, count));
}

async function startRunner(options: FleetOptions, terminal: FleetTerminal, clock: Clock, log: Log): Promise<Runner> {
  const { fork } = terminal;
  const processes = fork ? processesFor(options, fork.cores) : 1;
  if (!fork || processes === 1) return await aloneRunner(options, clock, log, terminal.memory);
  return openShards(fork, options, processes, line => terminal.write(`${line}\n`));
}

const everyNumber = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

async function aloneRunner(options: FleetOptions, clock: Clock, log: Log, memory: () => number): Promise<Runner> {
  const group = await groupOf(options, everyNumber(options.count), clock, log, memory);
  const failed = group.start().then(() => new Promise<never>(() => undefined));
  return {
    failed,
    everyoneInformed: group.everyoneInformed,
    get progress() {
      return group.progress;
    },
    end: async () => {
      await group.end();
      return [group.report()];
    },
  };
}

/** The units with these numbers, over sockets; not started. */
export async function groupOf(
  options: FleetOptions,
  numbers: readonly number[],
  clock: Clock,
  log: Log,
  memory: () => number,
): Promise<UnitGroup> {
  return new UnitGroup({
    count: options.count,
    numbers,
    seed: options.seed,
    ramp: options.ramp,
    probabilities: { rates: parseFaults(options.faults) },
    clock,
    http: createHttp,
    openListener,
    gatewayOptions: await unitsOf(options, clock, log),
    parameters: options.parameter,
    memory,
  });
}

async function live(runner: Runner, options: FleetOptions, clock: Clock, log: Log, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const progress = tellProgress(runner, options.count, clock, log, stop.signal);
  try {
    const { duration, timeout } = options;
    const end = clock.sleep((duration || timeout) * 1000, stop.signal);
    await Promise.race([duration > 0 ? end : Promise.race([runner.everyoneInformed, end]), runner.failed]);
  } catch (error) {
    // A signal ends the run early; the report says how far it came.
    if (!isAbort(error)) throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await progress;
  }
}

async function tellProgress(runner: Runner, count: number, clock: Clock, log: Log, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(1000, signal);
      log.info('progress', { count, ...runner.progress });
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}

/** One process of several, which takes its orders over the channel. */
export async function shard(channel: Channel, memory: () => number): Promise<void> {
  await serveShard(channel, (options, numbers, clock, write) =>
    groupOf(options, numbers, clock, createLog({ clock, level: options.logLevel, write }), memory),
  );
}

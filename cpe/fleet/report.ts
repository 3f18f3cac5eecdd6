// The report of a fleet: totals, and the real state of each unit, to be compared with the ACS's view.
import { sumTallies, type Tally } from '../faults/unit-faults.ts';

/** A file that a unit was ordered to fetch, and its real outcome. */
export interface TransferReport {
  commandKey: string;
  fileType: string;
  /** `failed`: not fetched or not installed. `pretended`: success was reported without effect. */
  outcome: 'done' | 'failed' | 'pretended' | 'open';
  /** FaultCode of the TransferComplete, 0 for success; absent while there is nothing to report. */
  told?: number;
}

export interface UnitReport {
  oui: string;
  productClass: string;
  serial: string;
  /** Had a good session. */
  informed: boolean;
  firmware: string;
  parameterKey: string;
  /** Values of the requested parameters, by TR-069 path. */
  parameters?: Record<string, string>;
  transfers: TransferReport[];
  /** Firmware that was really installed, to run from the next boot on, in order. */
  flashed: string[];
  boots: number;
  /** CommandKeys of the Reboots that were taken, in order. */
  reboots: string[];
  sessions: { good: number; failed: number };
  faults: Tally;
}

/** The report of one process on its units. */
export interface GroupReport {
  units: UnitReport[];
  /** Milliseconds from the start to the first good session, of the units that had one. */
  first: number[];
  /** Failures of sessions by kind. */
  failures: Record<string, number>;
  powerCuts: number;
  /** Resident memory, bytes. */
  memory: number;
}

export interface FleetReport {
  ok: boolean;
  count: number;
  seed: number;
  processes: number;
  /** Units with at least one good session. */
  informed: number;
  sessions: number;
  failedSessions: number;
  powerCuts: number;
  /** Serial numbers of units without a good session, at most 20. */
  silent: string[];
  /** Milliseconds from the start to each unit's first good session. */
  firstSession: { median: number; p95: number; max: number };
  /** Failures of sessions by kind. */
  failures: Record<string, number>;
  /** Strikes by fault. */
  faults: Tally;
  /** Units by the firmware that they run. */
  firmware: Record<string, number>;
  transfers: Record<'taken' | TransferReport['outcome'], number>;
  boots: number;
  seconds: number;
  /** Resident memory of all processes at the end, bytes. */
  memory: number;
  units?: UnitReport[];
}

function addCounts(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count;
}

const sorted = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Merges the parts. @param withUnits true lists each unit */
export function mergeReports(
  groups: readonly GroupReport[],
  about: { count: number; seed: number; seconds: number; withUnits: boolean },
): FleetReport {
  const units = groups.flatMap(group => group.units).sort((a, b) => (a.serial < b.serial ? -1 : 1));
  const first = groups.flatMap(group => group.first).sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(first[Math.min(first.length - 1, Math.floor(first.length * share))] ?? 0);
  const sum = (of: (unit: UnitReport) => number): number => units.reduce((total, unit) => total + of(unit), 0);
  const failures: Record<string, number> = {};
  for (const group of groups) addCounts(failures, group.failures);
  const firmware: Record<string, number> = {};
  for (const unit of units) addCounts(firmware, { [unit.firmware]: 1 });
  const ended = (outcome: TransferReport['outcome']): number =>
    sum(({ transfers }) => transfers.filter(transfer => transfer.outcome === outcome).length);
  const informed = units.filter(unit => unit.informed).length;
  const failedSessions = sum(({ sessions }) => sessions.failed);
  return {
    ok: informed === about.count,
    count: about.count,
    seed: about.seed,
    processes: groups.length,
    informed,
    sessions: sum(({ sessions }) => sessions.good) + failedSessions,
    failedSessions,
    powerCuts: groups.reduce((total, group) => total + group.powerCuts, 0),
    silent: units
      .filter(unit => !unit.informed)
      .map(({ serial }) => serial)
      .slice(0, 20),
    firstSession: { median: at(0.5), p95: at(0.95), max: at(1) },
    failures: sorted(failures),
    faults: sumTallies(units.map(unit => unit.faults)),
    firmware: sorted(firmware),
    transfers: {
      taken: sum(({ transfers }) => transfers.length),
      done: ended('done'),
      failed: ended('failed'),
      pretended: ended('pretended'),
      open: ended('open'),
    },
    boots: sum(unit => unit.boots),
    seconds: about.seconds,
    memory: groups.reduce((total, group) => total + group.memory, 0),
    ...(about.withUnits ? { units } : {}),
  };
}

// The differences between the real state of a fleet and the ACS's view of it. Pure: both sides are handed in.
import type { TransferReport, UnitReport } from './report.ts';

/** A device as `GET /devices` has it. */
export interface DeviceBelief {
  id: string;
  oui: string;
  productClass: string;
  serialNumber: string;
  state: string;
  softwareVersion: string;
  parameterKey: string;
}

/** A task as `GET /tasks` has it. */
export interface TaskBelief {
  id: string;
  device: string;
  method: string;
  args: Readonly<Record<string, unknown>>;
  state: string;
  fault?: { code: string | number };
}

/** The ACS's view; tasks and parameters only of the requested devices. */
export interface AcsView {
  devices: readonly DeviceBelief[];
  tasks: readonly TaskBelief[];
  /** Known values by device id and path; where absent, values are not compared. */
  parameters?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type DifferenceKind =
  /** The unit had a good session, and the ACS does not know it. */
  | 'unknown-device'
  /** The ACS knows a device of this OUI that is no unit; only where strangers are looked for. */
  | 'no-such-unit'
  | 'not-enrolled'
  | 'firmware'
  | 'parameter-key'
  | 'parameter'
  /** Done for the ACS; the unit never received it. */
  | 'done-unseen'
  /** Done for the ACS; the unit failed, or only pretended. */
  | 'done-in-vain'
  /** Failed for the ACS; the unit did it and reported success. */
  | 'failed-but-done'
  /** Unknown for the ACS; the unit did it. */
  | 'outcome-unknown'
  /** The ACS has no task with the key of a transfer or reboot that the unit took. */
  | 'unknown-task'
  /** Neither done nor failed at the end. */
  | 'still-open'
  /** The same version installed more than once in a row. */
  | 'flashed-again'
  /** One CommandKey carried out more than once. */
  | 'done-twice';

export interface Difference {
  kind: DifferenceKind;
  serial: string;
  unit?: string | number;
  acs?: string | number;
  /** CommandKey, version or parameter. */
  what?: string;
}

interface CompareOptions {
  /** The ACS has no other devices than these units. */
  strangers?: boolean;
}

const identityKey = (oui: string, productClass: string, serial: string): string =>
  [oui.toUpperCase(), productClass, serial].join('\n');

/** In the order of the units, then of the checks. */
export function compareFleet(units: readonly UnitReport[], acs: AcsView, options: CompareOptions = {}): Difference[] {
  const devices = new Map(
    acs.devices.map(device => [identityKey(device.oui, device.productClass, device.serialNumber), device]),
  );
  const tasks = new Map<string, TaskBelief[]>();
  for (const task of acs.tasks) tasks.set(task.device, [...(tasks.get(task.device) ?? []), task]);
  const found: Difference[] = [];
  const met = new Set<DeviceBelief>();
  for (const unit of units) {
    const device = devices.get(identityKey(unit.oui, unit.productClass, unit.serial));
    if (device) met.add(device);
    if (device) found.push(...compareUnit(unit, device, tasks.get(device.id) ?? [], acs.parameters?.[device.id]));
    else if (unit.informed) found.push({ kind: 'unknown-device', serial: unit.serial });
  }
  if (options.strangers) {
    for (const device of acs.devices) {
      if (!met.has(device)) found.push({ kind: 'no-such-unit', serial: device.serialNumber });
    }
  }
  return found;
}

function compareUnit(
  unit: UnitReport,
  device: DeviceBelief,
  tasks: readonly TaskBelief[],
  known: Readonly<Record<string, string>> | undefined,
): Difference[] {
  const { serial } = unit;
  const found: Difference[] = [];
  const differ = (kind: DifferenceKind, own: string, theirs: string, what?: string): void => {
    if (own !== theirs) found.push({ kind, serial, unit: own, acs: theirs, ...(what === undefined ? {} : { what }) });
  };
  if (device.state !== 'enrolled') found.push({ kind: 'not-enrolled', serial, acs: device.state });
  differ('firmware', unit.firmware, device.softwareVersion);
  differ('parameter-key', unit.parameterKey, device.parameterKey);
  for (const [name, value] of Object.entries(unit.parameters ?? {})) {
    const theirs = known?.[name];
    if (theirs !== undefined) differ('parameter', value, theirs, name);
  }
  for (const task of tasks) found.push(...compareTask(unit, task));
  found.push(...unheardOf(unit, tasks), ...doneAgain(unit));
  return found;
}

const transferMethods = new Set(['Download', 'Upload', 'ScheduleDownload']);
const openStates = new Set(['queued', 'sent', 'waiting']);

function compareTask(unit: UnitReport, { method, args, state, fault }: TaskBelief): Difference[] {
  const { serial } = unit;
  const what = String(args.CommandKey ?? '');
  const isTransfer = transferMethods.has(method);
  if (!isTransfer && method !== 'Reboot') return [];
  if (openStates.has(state)) return [{ kind: 'still-open', serial, acs: state, what }];
  if (!isTransfer)
    return state === 'done' && !unit.reboots.includes(what) ? [{ kind: 'done-unseen', serial, what }] : [];
  const own = unit.transfers.filter(({ commandKey }) => commandKey === what);
  if (state === 'done' && own.length === 0) return [{ kind: 'done-unseen', serial, what }];
  if (state === 'done' && !own.some(({ outcome }) => outcome === 'done'))
    return [{ kind: 'done-in-vain', serial, unit: outcomeOf(own), acs: state, what }];
  if (state === 'failed' && own.some(({ outcome, told }) => outcome === 'done' && told === 0))
    return [{ kind: kindOfFailure(fault?.code), serial, unit: 'done', acs: state, what }];
  return [];
}

const kindOfFailure = (code: string | number | undefined): DifferenceKind =>
  code === 'outcome-unknown' ? 'outcome-unknown' : 'failed-but-done';

const outcomeOf = (transfers: readonly TransferReport[]): string => transfers.at(-1)?.outcome ?? 'open';

/** Orders that are unknown to the ACS. */
function unheardOf(unit: UnitReport, tasks: readonly TaskBelief[]): Difference[] {
  const keys = new Set(tasks.map(({ args }) => String(args.CommandKey ?? '')));
  const own = [...unit.transfers.map(({ commandKey }) => commandKey), ...unit.reboots];
  return [...new Set(own)]
    .filter(key => !keys.has(key))
    .map(what => ({ kind: 'unknown-task', serial: unit.serial, what }));
}

function doneAgain({ serial, flashed, transfers }: UnitReport): Difference[] {
  const again = new Set(flashed.filter((version, at) => at > 0 && flashed[at - 1] === version));
  const done = transfers.filter(({ outcome }) => outcome === 'done').map(({ commandKey }) => commandKey);
  const twice = new Set(done.filter((key, at) => done.indexOf(key) !== at));
  return [
    ...[...again].map(what => ({ kind: 'flashed-again' as const, serial, what })),
    ...[...twice].map(what => ({ kind: 'done-twice' as const, serial, what })),
  ];
}

/** Differences by kind. */
export function countDifferences(differences: readonly Difference[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of differences) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

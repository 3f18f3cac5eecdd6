// Drift: managed values that differ from the desired ones though the ParameterKey is the same. An audit finds it, by time, or after
// 4 VALUE CHANGE or an operator's task; it is corrected or reported, as the preset asks. A value that is corrected again and again has
// another writer: it is left alone, with a fault of cause `fight`.
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import { MASK, withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Drift } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { digestOf } from '../common/fingerprint.ts';
import type { SessionState } from '../common/session-state.ts';
import { pathsSetApart } from '../presets/acs-paths.ts';
import type { Wanted, WantedTable } from '../presets/desired.ts';
import { apply } from './apply.ts';
import { isHidden, readManaged } from './managed-values.ts';
import type { Reconciliation } from './reconciliation.ts';
import { planTable, type TablePlan } from './table-plan.ts';

/** Corrections of a value within the window; the next difference is a fight. */
const MAX_CORRECTIONS = 3;
const WINDOW_MS = 24 * 3_600_000;
/** Where audits are rare, the window spans this many of them. */
const WINDOW_AUDITS = 6;
const MAX_TEXT = 200;

export interface Difference {
  path: string;
  preset: string;
  wanted: string;
  found: string;
  basis: string;
}

/** Compares the device with its desired state. Hidden values, which always read as '', cannot be compared. */
export function differences(
  desired: Wanted,
  current: ReadonlyMap<string, ParameterValue>,
  model: Model | undefined,
): Difference[] {
  const found: Difference[] = [];
  const apart = pathsSetApart(desired);
  for (const [path, { value, preset, secret }] of desired.set) {
    if (apart.has(path)) continue;
    const has = current.get(path)?.Value;
    if (has === value || (value !== '' && isHidden(model, path))) continue;
    const shown = (plain: string): string => (secret ? MASK : clipped(plain));
    const basis = fingerprintOf(desired, preset, value);
    found.push({ path, preset, wanted: shown(value), found: has === undefined ? 'absent' : shown(has), basis });
  }
  for (const entry of desired.objects) {
    const text = tableDifference(entry, planTable(entry, current), model);
    if (text === '') continue;
    const { table, preset } = entry;
    const rows = `${entry.wanted.rows.length} rows${entry.wanted.exclusive ? ' and no others' : ''}`;
    found.push({ path: table, preset, wanted: rows, found: clipped(text), basis: fingerprintOf(desired, preset, '') });
  }
  return found;
}

const clipped = (text: string): string => {
  const shown = withoutUrlSecrets(text);
  return shown.length > MAX_TEXT ? `${shown.slice(0, MAX_TEXT)}…` : shown;
};

/** @returns how a table differs, in words; '' when it does not */
function tableDifference(
  { table, secrets }: WantedTable,
  { rows, surplus }: TablePlan,
  model: Model | undefined,
): string {
  const shown = (column: string, text: string): string => (secrets.includes(column) ? MASK : text);
  const parts = rows.flatMap(({ instance, set }, index) => {
    if (instance === undefined) return [`row ${index + 1} lacks`];
    return set
      .filter(({ column }) => !isHidden(model, `${table}${instance}.${column}`))
      .map(({ column, found = 'absent' }) => `row ${index + 1} ${column} is ${shown(column, found)}`);
  });
  return [...parts, ...surplus.map(instance => `instance ${instance} is too much`)].join('; ');
}

const fingerprintOf = (desired: Wanted, preset: string, value: string): string =>
  digestOf([preset, desired.tags.get(preset), value]);

/** The drift is still left uncorrected: its preset still asks for that, and for the same value. */
function isLeftAlone({ state, path, preset, basis }: Drift, desired: Wanted): boolean {
  if (state === 'corrected' || (state === 'reported' && !desired.reporting.has(preset))) return false;
  const value = desired.set.get(path);
  const holder = value ?? desired.objects.find(({ table }) => table === path);
  return holder?.preset === preset && basis === fingerprintOf(desired, preset, value?.value ?? '');
}

/** Paths that are not corrected: drift that is left alone, and what is set apart for a move. */
export const pathsLeftAlone = (row: DeviceRow, desired: Wanted): Set<string> =>
  new Set([
    ...pathsSetApart(desired),
    ...(row.drift ?? []).filter(entry => isLeftAlone(entry, desired)).map(({ path }) => path),
  ]);

/** Some drift was left alone and no longer is to be. */
const hasLapsed = (row: DeviceRow, desired: Wanted): boolean =>
  (row.drift ?? []).some(entry => entry.state !== 'corrected' && !isLeftAlone(entry, desired));

/** Causes of faults whose drift is no longer left alone. */
export function causesOfSettledDrift(row: DeviceRow, desired: Wanted): string[] {
  const current = new Set((row.drift ?? []).filter(entry => isLeftAlone(entry, desired)).map(causeOf));
  return row.faults.map(({ cause }) => cause).filter(cause => /^(drift|fight):/.test(cause) && !current.has(cause));
}

const causeOf = ({ state, path, preset }: Drift): string => (state === 'fight' ? `fight:${path}` : `drift:${preset}`);

/** Paths and tables that an operator's task may have changed; '' for all of them. */
export function touchedBy({ method, args, state }: Task): string[] {
  if (state !== 'done') return [];
  if (method === 'SetParameterValues') return (args.ParameterList as { Name: string }[]).map(({ Name }) => Name);
  if (method === 'AddObject' || method === 'DeleteObject') return [String(args.ObjectName)];
  return method === 'Download' ? [''] : [];
}

const touches = (desired: Wanted, path: string): boolean =>
  path === '' ||
  desired.set.has(path) ||
  desired.objects.some(({ table }) => path.startsWith(table)) ||
  isAbove(desired, path);

/** The path is a row, added or deleted, below which something is wanted. */
const isAbove = (desired: Wanted, path: string): boolean =>
  path.endsWith('.') && [...desired.set.keys()].some(name => name.startsWith(path));

/** An audit is due: by time, or because something may have touched what is wanted. */
export function isAuditDue(session: SessionState, desired: Wanted, now: number): boolean {
  const { reconciled } = session.row;
  if ((reconciled?.auditAt ?? Number.POSITIVE_INFINITY) <= now || hasLapsed(session.row, desired)) return true;
  if (reconciled?.suspect !== 'fresh') return reconciled?.suspect === 'standing';
  // All that raised the suspicion happened in this session, so its paths are known.
  const { changed = new Map<string, string>(), touched = [] } = session;
  if (touched.some(path => touches(desired, path))) return true;
  return [...changed].some(([path, value]) => {
    const want = desired.set.get(path);
    return want ? want.value !== value : touches(desired, path);
  });
}

/** The records after an audit: differences are added, what holds again is dropped. */
export function recordsAfter(
  before: readonly Drift[],
  found: readonly Difference[],
  desired: Wanted,
  now: number,
): Drift[] {
  const since = now - Math.max(WINDOW_MS, (desired.auditMs ?? 0) * WINDOW_AUDITS);
  const differing = new Set(found.map(({ path }) => path));
  const kept = before.filter(entry => !differing.has(entry.path) && isKept(entry, desired, since));
  return [...kept, ...found.map(entry => recordAfter(before, entry, desired, now, since))];
}

/** A fight is kept until it is cleared, also when the value is right for once. */
const isKept = (entry: Drift, desired: Wanted, since: number): boolean =>
  entry.state === 'corrected' ? entry.last > since : entry.state === 'fight' && isLeftAlone(entry, desired);

function recordAfter(before: readonly Drift[], found: Difference, desired: Wanted, now: number, since: number): Drift {
  const same = before.find(entry => entry.path === found.path && entry.basis === found.basis);
  const recent = (same?.corrections ?? []).filter(time => time > since);
  const isFight = same?.state === 'fight' || recent.length >= MAX_CORRECTIONS;
  const state = desired.reporting.has(found.preset) ? 'reported' : isFight ? 'fight' : 'corrected';
  return {
    ...found,
    state,
    since: same?.since ?? now,
    last: now,
    count: (same?.count ?? 0) + 1,
    corrections: state === 'corrected' ? [...recent, now] : recent,
  };
}

/** Reads all that is managed, records what differs, and corrects what is to be corrected. @throws Refused */
export async function audit(run: Reconciliation, desired: Wanted): Promise<void> {
  const current = await readManaged(run, desired);
  const found = differences(desired, current, await run.model());
  await recordDrift(run, desired, found);
  const left = pathsLeftAlone(run.row, desired);
  if (found.some(({ path }) => !left.has(path))) await apply(run, desired, { current, left });
}

/** Records differences before any is corrected: a correction that is lost with its session still counts. */
export async function recordDrift(run: Reconciliation, desired: Wanted, found: readonly Difference[]): Promise<void> {
  const before = run.row.drift ?? [];
  const drift = recordsAfter(before, found, desired, run.now);
  if (drift.length === 0 && before.length === 0) return;
  await run.apply('drifted', { drift });
  run.row = { ...run.row, drift };
  const paths = new Set(found.map(({ path }) => path));
  const fresh = drift.filter(({ path }) => paths.has(path));
  for (const { path, preset, state, wanted: due, found: has } of fresh)
    run.context.events.emit('drift', { device: run.row.id, path, preset, state, wanted: due, found: has });
  for (const [cause, entries] of byCause(fresh.filter(({ state }) => state !== 'corrected'))) {
    const [first] = entries;
    if (first) await raise(run, cause, first, entries);
  }
}

function byCause(entries: readonly Drift[]): Map<string, Drift[]> {
  const groups = new Map<string, Drift[]>();
  for (const entry of entries) groups.set(causeOf(entry), [...(groups.get(causeOf(entry)) ?? []), entry]);
  return groups;
}

const raise = (run: Reconciliation, cause: string, first: Drift, entries: readonly Drift[]): Promise<void> =>
  run.raise({
    cause,
    code: first.state === 'fight' ? 'fight' : 'drift',
    message: first.state === 'fight' ? fightText(first) : driftText(entries),
    parameter: first.path,
    // The fault holds nothing back: drift is found again by audits alone.
    retryAt: run.now,
  });

const differenceText = ({ path, found, wanted }: Drift): string => `${path} is '${found}', not '${wanted}'`;

const driftText = (entries: readonly Drift[]): string => {
  const more = entries.length > 5 ? ` and ${entries.length - 5} more` : '';
  return `preset ${entries[0]?.preset}: ${entries.slice(0, 5).map(differenceText).join('; ')}${more}`;
};

const fightText = (entry: Drift): string =>
  `${differenceText(entry)} (preset ${entry.preset}), though it was set right ${entry.corrections.length} times lately: something else sets it`;

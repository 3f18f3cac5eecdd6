// Drift: values that are otherwise than wanted though the ParameterKey stays. Found by 4 VALUE CHANGE, by an operator's own task, and by
// looking after it in a session when that is due; set right or told of, as the preset asks. A value that is set right again and again
// has another writer: it is left alone, and a fault says so.
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { Drift } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { FleetContext } from '../common/context.ts';
import { digestOf } from '../common/fingerprint.ts';
import type { Cpe } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Wanted, WantedTable } from '../presets/desired.ts';
import { apartFrom } from './acs-move.ts';
import { apply, isHidden, readManaged } from './apply.ts';
import { type ReconcileParts, raiseFault } from './context.ts';
import { planTable, type TablePlan } from './table-plan.ts';

/** So often a value is set right within the window; the next time it is a fight. */
const MAX_CORRECTIONS = 3;
const WINDOW_MS = 24 * 3_600_000;
/** Where it is looked after seldom, the window holds so many looks. */
const WINDOW_AUDITS = 6;
const MAX_TEXT = 200;

export interface Difference {
  path: string;
  preset: string;
  wanted: string;
  found: string;
  basis: string;
}

/** What is otherwise than wanted. Values that read as '' whatever they are cannot be told. */
export function differences(
  wanted: Wanted,
  current: ReadonlyMap<string, ParameterValue>,
  model: Model | undefined,
): Difference[] {
  const found: Difference[] = [];
  const apart = apartFrom(wanted);
  for (const [path, { value, preset, secret }] of wanted.set) {
    if (apart.has(path)) continue;
    const has = current.get(path)?.Value;
    if (has === value || (value !== '' && isHidden(model, path))) continue;
    const shown = (text: string): string => (secret ? '***' : clipped(text));
    const basis = fingerprintOf(wanted, preset, value);
    found.push({ path, preset, wanted: shown(value), found: has === undefined ? 'absent' : shown(has), basis });
  }
  for (const entry of wanted.objects) {
    const said = saidOf(entry, planTable(entry, current), model);
    if (said === '') continue;
    const { table, preset } = entry;
    const rows = `${entry.wanted.rows.length} rows${entry.wanted.exclusive ? ' and no others' : ''}`;
    found.push({ path: table, preset, wanted: rows, found: clipped(said), basis: fingerprintOf(wanted, preset, '') });
  }
  return found;
}

const clipped = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

/** How a table differs, in words; '' when it does not. */
function saidOf({ table, secrets }: WantedTable, { rows, surplus }: TablePlan, model: Model | undefined): string {
  const shown = (column: string, text: string): string => (secrets.includes(column) ? '***' : text);
  const parts = rows.flatMap(({ instance, set }, index) => {
    if (instance === undefined) return [`row ${index + 1} lacks`];
    return set
      .filter(({ column }) => !isHidden(model, `${table}${instance}.${column}`))
      .map(({ column, found = 'absent' }) => `row ${index + 1} ${column} is ${shown(column, found)}`);
  });
  return [...parts, ...surplus.map(instance => `instance ${instance} is too much`)].join('; ');
}

const fingerprintOf = (wanted: Wanted, preset: string, value: string): string =>
  digestOf([preset, wanted.tags.get(preset), value]);

/** Whether it is still left as it is: its preset says the same, and wants the same. */
function isLeft({ state, path, preset, basis }: Drift, wanted: Wanted): boolean {
  if (state === 'corrected' || (state === 'reported' && !wanted.reporting.has(preset))) return false;
  const value = wanted.set.get(path);
  const holder = value ?? wanted.objects.find(({ table }) => table === path);
  return holder?.preset === preset && basis === fingerprintOf(wanted, preset, value?.value ?? '');
}

/** And what decides which ACS it talks to, which is seen to by itself. */
export const leftAlone = (row: DeviceRow, wanted: Wanted): Set<string> =>
  new Set([...apartFrom(wanted), ...(row.drift ?? []).filter(entry => isLeft(entry, wanted)).map(({ path }) => path)]);

/** Something is left that is no longer to be. */
const isForsaken = (row: DeviceRow, wanted: Wanted): boolean =>
  (row.drift ?? []).some(entry => entry.state !== 'corrected' && !isLeft(entry, wanted));

/** Causes of drift faults for which nothing stands any more. */
export function settledDrift(row: DeviceRow, wanted: Wanted): string[] {
  const standing = new Set((row.drift ?? []).filter(entry => isLeft(entry, wanted)).map(causeOf));
  return row.faults.map(({ cause }) => cause).filter(cause => /^(drift|fight):/.test(cause) && !standing.has(cause));
}

const causeOf = ({ state, path, preset }: Drift): string => (state === 'fight' ? `fight:${path}` : `drift:${preset}`);

/** What an operator's task may have changed: parameters, tables, or by '' anything. */
export function touchedBy({ method, args, state }: Task): string[] {
  if (state !== 'done') return [];
  if (method === 'SetParameterValues') return (args.ParameterList as { Name: string }[]).map(({ Name }) => Name);
  if (method === 'AddObject' || method === 'DeleteObject') return [String(args.ObjectName)];
  return method === 'Download' ? [''] : [];
}

const touches = (wanted: Wanted, path: string): boolean =>
  path === '' ||
  wanted.set.has(path) ||
  wanted.objects.some(({ table }) => path.startsWith(table)) ||
  isAbove(wanted, path);

/** A row was added or deleted below which something is wanted. */
const isAbove = (wanted: Wanted, path: string): boolean =>
  path.endsWith('.') && [...wanted.set.keys()].some(name => name.startsWith(path));

/** Whether it is to be looked after now: by time, or because something touched what is wanted. */
export function isAuditDue(visit: SessionState, wanted: Wanted, now: number): boolean {
  const { reconciled } = visit.row;
  if ((reconciled?.auditAt ?? Number.POSITIVE_INFINITY) <= now || isForsaken(visit.row, wanted)) return true;
  if (reconciled?.suspect !== 'fresh') return reconciled?.suspect === 'standing';
  // All that raised the suspicion happened in this session, so it is known what it was.
  const { changed = new Map<string, string>(), touched = [] } = visit;
  if (touched.some(path => touches(wanted, path))) return true;
  return [...changed].some(([path, value]) => {
    const want = wanted.set.get(path);
    return want ? want.value !== value : touches(wanted, path);
  });
}

/** The records after a look: what was found is noted, what holds again is forgotten. */
export function noted(before: readonly Drift[], found: readonly Difference[], wanted: Wanted, now: number): Drift[] {
  const since = now - Math.max(WINDOW_MS, (wanted.auditMs ?? 0) * WINDOW_AUDITS);
  const differing = new Set(found.map(({ path }) => path));
  const kept = before.filter(entry => !differing.has(entry.path) && isKept(entry, wanted, since));
  return [...kept, ...found.map(entry => notedOne(before, entry, wanted, now, since))];
}

/** A fight stands until it is cleared: that the value is right for once ends nothing. */
const isKept = (entry: Drift, wanted: Wanted, since: number): boolean =>
  entry.state === 'corrected' ? entry.last > since : entry.state === 'fight' && isLeft(entry, wanted);

function notedOne(before: readonly Drift[], found: Difference, wanted: Wanted, now: number, since: number): Drift {
  const same = before.find(entry => entry.path === found.path && entry.basis === found.basis);
  const recent = (same?.corrections ?? []).filter(time => time > since);
  const isFight = same?.state === 'fight' || recent.length >= MAX_CORRECTIONS;
  const state = wanted.reporting.has(found.preset) ? 'reported' : isFight ? 'fight' : 'corrected';
  return {
    ...found,
    state,
    since: same?.since ?? now,
    last: now,
    count: (same?.count ?? 0) + 1,
    corrections: state === 'corrected' ? [...recent, now] : recent,
  };
}

/** Reads all that is managed, notes what differs, and sets right what is to be. @throws Refused */
export async function audit(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<void> {
  const current = await readManaged(visit, cpe, wanted);
  const found = differences(wanted, current, await parts.models.of(visit.row));
  await note(visit, context, wanted, found);
  const left = leftAlone(visit.row, wanted);
  if (found.some(({ path }) => !left.has(path))) await apply(visit, cpe, context, parts, wanted, { current, left });
}

/** Keeps what was found, before anything is set right: a correction that is lost with its session still counts. */
export async function note(
  visit: SessionState,
  context: FleetContext,
  wanted: Wanted,
  found: readonly Difference[],
): Promise<void> {
  const { store, clock, events } = context;
  const before = visit.row.drift ?? [];
  const drift = noted(before, found, wanted, clock.now());
  if (drift.length === 0 && before.length === 0) return;
  await store.apply(visit.row.id, 'drifted', { token: visit.token, drift });
  visit.row = { ...visit.row, drift };
  const paths = new Set(found.map(({ path }) => path));
  const fresh = drift.filter(({ path }) => paths.has(path));
  for (const { path, preset, state, wanted: due, found: has } of fresh)
    events.emit('drift', { device: visit.row.id, path, preset, state, wanted: due, found: has });
  const left = fresh.filter(({ state }) => state !== 'corrected');
  for (const cause of new Set(left.map(causeOf)))
    await raise(
      visit,
      context,
      cause,
      left.filter(entry => causeOf(entry) === cause),
    );
}

async function raise(visit: SessionState, context: FleetContext, cause: string, of: readonly Drift[]): Promise<void> {
  const [first] = of;
  if (!first) return;
  await raiseFault(visit, context, {
    cause,
    code: first.state === 'fight' ? 'fight' : 'drift',
    message: first.state === 'fight' ? fightText(first) : driftText(of),
    parameter: first.path,
    // By time it is not tried again.
    retryAt: context.clock.now(),
  });
}

const differenceText = ({ path, found, wanted }: Drift): string => `${path} is '${found}', not '${wanted}'`;

const driftText = (of: readonly Drift[]): string => {
  const more = of.length > 5 ? ` and ${of.length - 5} more` : '';
  return `preset ${of[0]?.preset}: ${of.slice(0, 5).map(differenceText).join('; ')}${more}`;
};

const fightText = (entry: Drift): string =>
  `${differenceText(entry)} (preset ${entry.preset}), though it was set right ${entry.corrections.length} times lately: something else sets it`;

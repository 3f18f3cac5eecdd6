// One write of all managed values and rows that differ from the desired state.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import { withKnown } from '../../device/inform.ts';
import { learnInterval, namedValues } from '../common/inform-interval.ts';
import { typeOf } from '../common/models.ts';
import { codeOf } from '../common/ports.ts';
import { withSealedValues } from '../common/secrets.ts';
import type { Refusal, Wanted, WantedTable } from '../presets/desired.ts';
import { OVERRIDE } from '../presets/preset.ts';
import { intervalPath, isHidden } from './managed-values.ts';
import { actFor, type Reconciliation } from './reconciliation.ts';
import { Refused } from './refused.ts';
import { recordRestart, servicesOf } from './restart.ts';
import { instancesOf, planTable } from './table-plan.ts';

interface PlannedValue {
  value: ParameterValue;
  preset: string;
}

/** The device as it was just read, and what is exempt from the write. */
export interface WriteBase {
  /** All managed values, by path. */
  current: ReadonlyMap<string, ParameterValue>;
  /** Paths and tables that are left as they are. */
  left: ReadonlySet<string>;
}

interface Write extends WriteBase {
  desired: Wanted;
  model: Model | undefined;
  values: PlannedValue[];
  /** Rows that were added for it, as `TABLE.INSTANCE.`: they are deleted again where the values are refused. */
  added: string[];
}

/** Sets what differs, in one atomic call that carries the revision. @throws Refused */
export async function apply(run: Reconciliation, desired: Wanted, base: WriteBase): Promise<void> {
  const write: Write = { ...base, desired, model: await run.model(), values: [], added: [] };
  const tables = desired.objects.filter(({ table }) => !base.left.has(table));
  await recordAdding(run, tables, base.current);
  for (const entry of tables) await changeRows(run, write, entry);
  planValues(write);
  const status = await setAll(run, write);
  if (run.row.adding) await updateAdding(run, undefined);
  await recordValues(run, write);
  if (status !== 1) return;
  const changed = write.values.map(({ value }) => value.Name);
  await recordRestart(run, desired, servicesOf(changed, write.model));
}

/** Plans the values that differ. A hidden value always reads as '', so it is always sent. */
function planValues({ desired, model, current, left, values }: Write): void {
  for (const [path, { value, preset, type }] of desired.set) {
    const known = current.get(path);
    const isSame = known?.Value === value && !(value !== '' && isHidden(model, path));
    if (left.has(path) || isSame) continue;
    const Type = type ?? typeOf(model, path) ?? known?.Type ?? 'xsd:string';
    values.push({ value: { Name: path, Value: value, Type }, preset });
  }
}

/** Keeps the values that the device has now, as far as they are known: those that were set, and those that were right already. */
async function recordValues(run: Reconciliation, write: Write): Promise<void> {
  const { row, context, now: time } = run;
  const { desired, model, current, values } = write;
  const written = values.map(({ value }) => value);
  const right = [...desired.set.keys()].flatMap(path => current.get(path) ?? []);
  const known = new Map([...right, ...written].map(value => [value.Name, value]));
  const shown = [...known.values()].filter(({ Name }) => !isHidden(model, Name));
  const kept = withSealedValues(context.secrets, row.id, shown).map(({ Name, Value, Type }) => ({
    path: Name,
    value: Value,
    type: Type,
    time,
  }));
  await context.store.putParameters(row.id, kept);
  const learned = namedValues([...current.values(), ...written]);
  run.row = await learnInterval(context.store, withKnown(run.row, kept), learned);
  context.events.emit('reconciled', { device: row.id, revision: desired.revision, changed: values.length });
}

/** Records which tables get rows: when the answer to AddObject is lost, the next session adopts the row without keys. */
async function recordAdding(
  run: Reconciliation,
  tables: readonly WantedTable[],
  current: ReadonlyMap<string, ParameterValue>,
): Promise<void> {
  const before = run.row.adding ?? {};
  const lacking = tables.filter(entry =>
    planTable(entry, current, before[entry.table]).rows.some(({ instance }) => instance === undefined),
  );
  const fresh = lacking.filter(({ table }) => !before[table]);
  if (fresh.length === 0) return;
  const instances = fresh.map(({ table }) => [table, [...instancesOf(table, current).keys()]]);
  await updateAdding(run, { ...before, ...Object.fromEntries(instances) });
}

async function updateAdding(run: Reconciliation, adding: Record<string, string[]> | undefined): Promise<void> {
  await run.apply('addingNoted', adding ? { adding } : {});
  const { adding: _before, ...row } = run.row;
  run.row = adding ? { ...row, adding } : row;
}

/** Adds the rows that lack, deletes the surplus, and plans the columns that are to be set. */
async function changeRows(run: Reconciliation, { desired, current, model, values, added }: Write, entry: WantedTable) {
  const { table, preset } = entry;
  actFor(run, [preset], desired.revision);
  const { rows, surplus } = planTable(entry, current, run.row.adding?.[table]);
  for (const { instance: found, set } of rows) {
    const instance = found ?? (await addRow(run, entry));
    if (found === undefined) added.push(`${table}${instance}.`);
    for (const { column, value } of set) {
      const path = `${table}${instance}.${column}`;
      values.push({ value: { Name: path, Value: value, Type: typeOf(model, path) ?? 'xsd:string' }, preset });
    }
  }
  for (const instance of surplus) await deleteRow(run, entry, instance);
}

/** @returns its instance number @throws Refused */
async function addRow({ row, cpe }: Reconciliation, { table, preset }: WantedTable): Promise<string> {
  try {
    const args = { ObjectName: table, ParameterKey: row.parameterKey };
    return String((await cpe.call('AddObject', args)).InstanceNumber);
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const message = `AddObject ${table}: ${error.message}`;
    throw new Refused([{ preset, code: codeOf(error), message, parameter: table }]);
  }
}

/** @throws Refused */
async function deleteRow({ row, cpe }: Reconciliation, { table, preset }: WantedTable, instance: string) {
  try {
    await cpe.call('DeleteObject', { ObjectName: `${table}${instance}.`, ParameterKey: row.parameterKey });
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const message = `DeleteObject ${table}${instance}.: ${error.message}`;
    throw new Refused([{ preset, code: codeOf(error), message, parameter: table }]);
  }
}

/** @returns the Status: 1 where some values take effect after a restart @throws Refused */
async function setAll(run: Reconciliation, write: Write): Promise<number> {
  const changed = write.values.map(({ value }) => value);
  const list = changed.length ? changed : [revisionCarrier(run.row.root, write)];
  try {
    const args = { ParameterList: list, ParameterKey: write.desired.revision };
    if (changed.length > 0) actFor(run, presetsOf(write.values), write.desired.revision);
    return (await run.cpe.call('SetParameterValues', args)).Status;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    for (const row of write.added) await takeBack(run, row);
    throw new Refused(refusalsOf(write, error));
  }
}

/** A value that the device has already: it carries the revision when nothing differs. */
function revisionCarrier(root: string, { desired, current, model, left }: Write): ParameterValue {
  for (const [path, { value }] of desired.set) {
    const known = current.get(path);
    if (known && !left.has(path)) return { Name: path, Value: value, Type: typeOf(model, path) ?? known.Type };
  }
  for (const value of current.values())
    if (model && typeOf(model, value.Name) && isWritable(model, value.Name) && !isHidden(model, value.Name))
      return value;
  const interval = intervalPath(root);
  return current.get(interval) ?? { Name: interval, Value: '3600', Type: 'xsd:unsignedInt' };
}

const isWritable = (model: Model, path: string): boolean => {
  const def = model.resolve(path)?.def;
  return Boolean(def && 'type' in def && def.writable);
};

/** Deletes a row that was added in vain. One that the device keeps is ignored: the refusal of the values is what is reported. */
async function takeBack({ row, cpe }: Reconciliation, instance: string): Promise<void> {
  try {
    await cpe.call('DeleteObject', { ObjectName: instance, ParameterKey: row.parameterKey });
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
  }
}

/** The presets of values; where there are none, only the revision was sent. */
function presetsOf(values: readonly PlannedValue[]): string[] {
  const presets = [...new Set(values.map(({ preset }) => preset))];
  return presets.length > 0 ? presets : [OVERRIDE];
}

/** One refusal for each parameter that the fault names; where it names none of ours, one for each preset of the call. */
function refusalsOf({ values }: Write, fault: CwmpFault): Refusal[] {
  const presetOf = new Map(values.map(({ value, preset }) => [value.Name, preset]));
  const named = fault.parameters.flatMap(({ name, code, message }) => {
    const preset = presetOf.get(name);
    return preset ? [{ preset, code, message: `${name}: ${message}`, parameter: name }] : [];
  });
  if (named.length) return named;
  const message = `SetParameterValues: ${fault.message}`;
  return presetsOf(values).map(preset => ({ preset, code: codeOf(fault), message }));
}

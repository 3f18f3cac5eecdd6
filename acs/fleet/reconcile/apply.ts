// Brings values and rows of a device to what is wanted: reads what is managed, plans, and sets it all in one atomic call.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { FleetContext } from '../common/context.ts';
import { learnInterval, toldOf } from '../common/inform-interval.ts';
import { typeOf } from '../common/models.ts';
import type { Cpe } from '../common/ports.ts';
import { isSecretName } from '../common/secrets.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Refusal, Wanted, WantedTable } from '../presets/desired.ts';
import type { ReconcileParts } from './context.ts';
import { Refused } from './refused.ts';
import { markRestart, servicesOf } from './restart.ts';
import { instancesOf, planTable } from './table-plan.ts';

interface PlannedSet {
  value: ParameterValue;
  preset: string;
}

/** What is known already, and what is not to be touched. */
export interface ApplyGiven {
  /** Values of all that is managed, by path, just read. */
  current: Map<string, ParameterValue>;
  /** Paths and tables that are left as they are. */
  left: ReadonlySet<string>;
}

/** Sets what differs, in one atomic call that carries the revision. @throws Refused */
export async function apply(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
  { current, left }: ApplyGiven,
): Promise<void> {
  const model = await parts.models.of(visit.row);
  const planned: PlannedSet[] = [];
  const added: string[] = [];
  const tables = wanted.objects.filter(({ table }) => !left.has(table));
  await noteAdding(visit, context, tables, current);
  for (const entry of tables) await changeRows(visit, cpe, entry, current, model, planned, added);
  for (const [path, want] of wanted.set) {
    const known = current.get(path);
    const type = want.type ?? typeOf(model, path) ?? known?.Type ?? 'xsd:string';
    // A hidden value reads as '' whatever it is: it is always sent.
    if (left.has(path) || (known && known.Value === want.value && !(want.value !== '' && isHidden(model, path))))
      continue;
    planned.push({ value: { Name: path, Value: want.value, Type: type }, preset: want.preset });
  }
  const changed = planned.map(entry => entry.value);
  const list = changed.length ? changed : [anyKnown(visit.row.root, wanted, current, model, left)];
  const status = await setAll(visit, cpe, list, wanted, planned, added);
  if (visit.row.adding) await keepAdding(visit, context, undefined);
  const time = context.clock.now();
  const known = changed.filter(entry => !isHidden(model, entry.Name));
  await context.store.putParameters(
    visit.row.id,
    known.map(entry => ({ path: entry.Name, value: entry.Value, type: entry.Type, time })),
  );
  await learnInterval(context.store, visit.row, toldOf([...current.values(), ...known]));
  context.events.emit('reconciled', { device: visit.row.id, revision: wanted.revision, changed: changed.length });
  if (status === 1)
    await markRestart(
      visit,
      context,
      wanted,
      servicesOf(
        changed.map(({ Name }) => Name),
        model,
      ),
    );
}

export const isHidden = (model: Model | undefined, path: string): boolean => {
  const def = model?.resolve(path)?.def;
  return def && 'type' in def ? def.hidden : isSecretName(path);
};

/** Current values of all that is managed. An unknown name makes the whole call fail: then each is asked for alone, to name the refusal. */
export async function readManaged(visit: SessionState, cpe: Cpe, wanted: Wanted): Promise<Map<string, ParameterValue>> {
  const asked = [
    ...[...wanted.set].map(([path, { preset }]) => ({ path, preset })),
    ...wanted.objects.map(({ table, preset }) => ({ path: table, preset })),
  ];
  const read = async (paths: string[]): Promise<ParameterValue[]> =>
    (await cpe.call('GetParameterValues', { ParameterNames: paths })).ParameterList;
  try {
    const values = asked.length ? await read(asked.map(entry => entry.path)) : await read([intervalOf(visit.row.root)]);
    return new Map(values.map(value => [value.Name, value]));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const culprits: Refusal[] = [];
    for (const { path, preset } of asked) {
      try {
        await read([path]);
      } catch (single) {
        if (!(single instanceof CwmpFault)) throw single;
        culprits.push({ preset, code: single.code, message: `${path}: ${single.message}`, parameter: path });
      }
    }
    throw culprits.length ? new Refused(culprits) : error;
  }
}

/** An AddObject that was answered to nobody leaves a row without its keys: the next session takes it for its own. */
async function noteAdding(
  visit: SessionState,
  context: FleetContext,
  tables: readonly WantedTable[],
  current: ReadonlyMap<string, ParameterValue>,
): Promise<void> {
  const before = visit.row.adding ?? {};
  const lacking = tables.filter(entry =>
    planTable(entry, current, before[entry.table]).rows.some(({ instance }) => instance === undefined),
  );
  const fresh = lacking.filter(({ table }) => !before[table]);
  if (fresh.length === 0) return;
  const noted = fresh.map(({ table }) => [table, [...instancesOf(table, current).keys()]]);
  await keepAdding(visit, context, { ...before, ...Object.fromEntries(noted) });
}

async function keepAdding(
  visit: SessionState,
  { store }: FleetContext,
  adding: Record<string, string[]> | undefined,
): Promise<void> {
  await store.apply(visit.row.id, 'addingNoted', { token: visit.token, ...(adding ? { adding } : {}) });
  const { adding: _before, ...row } = visit.row;
  visit.row = adding ? { ...row, adding } : row;
}

/** Adds the rows that lack, deletes what is too much, and plans the columns that are to be set. */
async function changeRows(
  visit: SessionState,
  cpe: Cpe,
  entry: WantedTable,
  current: Map<string, ParameterValue>,
  model: Model | undefined,
  planned: PlannedSet[],
  added: string[],
): Promise<void> {
  const { table, preset } = entry;
  const { rows, surplus } = planTable(entry, current, visit.row.adding?.[table]);
  for (const row of rows) {
    const instance = row.instance ?? (await addRow(visit, cpe, entry, added));
    for (const { column, value } of row.set) {
      const path = `${table}${instance}.${column}`;
      planned.push({ value: { Name: path, Value: value, Type: typeOf(model, path) ?? 'xsd:string' }, preset });
    }
  }
  for (const instance of surplus) await deleteRow(visit, cpe, entry, instance);
}

async function deleteRow(
  visit: SessionState,
  cpe: Cpe,
  { table, preset }: WantedTable,
  instance: string,
): Promise<void> {
  try {
    await cpe.call('DeleteObject', { ObjectName: `${table}${instance}.`, ParameterKey: visit.row.parameterKey });
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const message = `DeleteObject ${table}${instance}.: ${error.message}`;
    throw new Refused([{ preset, code: error.code, message, parameter: table }]);
  }
}

async function addRow(visit: SessionState, cpe: Cpe, entry: WantedTable, added: string[]): Promise<string> {
  try {
    const { InstanceNumber } = await cpe.call('AddObject', {
      ObjectName: entry.table,
      ParameterKey: visit.row.parameterKey,
    });
    added.push(`${entry.table}${InstanceNumber}.`);
    return String(InstanceNumber);
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    throw new Refused([
      {
        preset: entry.preset,
        code: error.code,
        message: `AddObject ${entry.table}: ${error.message}`,
        parameter: entry.table,
      },
    ]);
  }
}

/** One value that the device has already: it carries the revision when nothing else is due. */
function anyKnown(
  root: string,
  wanted: Wanted,
  current: Map<string, ParameterValue>,
  model: Model | undefined,
  left: ReadonlySet<string>,
): ParameterValue {
  for (const [path, want] of wanted.set) {
    const known = current.get(path);
    if (known && !left.has(path)) return { Name: path, Value: want.value, Type: typeOf(model, path) ?? known.Type };
  }
  for (const value of current.values())
    if (model && typeOf(model, value.Name) && isWritable(model, value.Name) && !isHidden(model, value.Name))
      return value;
  const interval = intervalOf(root);
  return current.get(interval) ?? { Name: interval, Value: '3600', Type: 'xsd:unsignedInt' };
}

/** What every device has and lets be set, whatever its model. */
const intervalOf = (root: string): string => `${root}ManagementServer.PeriodicInformInterval`;

const isWritable = (model: Model, path: string): boolean => {
  const def = model.resolve(path)?.def;
  return Boolean(def && 'type' in def && def.writable);
};

/** A row that cannot be deleted stays: that the values were refused is what is told. */
async function takeBack(visit: SessionState, cpe: Cpe, instance: string): Promise<void> {
  try {
    await cpe.call('DeleteObject', { ObjectName: instance, ParameterKey: visit.row.parameterKey });
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
  }
}

async function setAll(
  visit: SessionState,
  cpe: Cpe,
  list: ParameterValue[],
  wanted: Wanted,
  planned: PlannedSet[],
  added: string[],
): Promise<number> {
  try {
    return (await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: wanted.revision })).Status;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    for (const instance of added) await takeBack(visit, cpe, instance);
    const presetOf = new Map(planned.map(entry => [entry.value.Name, entry.preset]));
    const culprits = error.parameters.flatMap(parameter => {
      const preset = presetOf.get(parameter.name);
      return preset
        ? [
            {
              preset,
              code: parameter.code,
              message: `${parameter.name}: ${parameter.message}`,
              parameter: parameter.name,
            },
          ]
        : [];
    });
    if (culprits.length) throw new Refused(culprits);
    throw new Refused(
      [...new Set(presetOf.values())].map(preset => ({
        preset,
        code: error.code,
        message: `SetParameterValues: ${error.message}`,
      })),
    );
  }
}

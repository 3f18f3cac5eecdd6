// Reconcile: what is known against what is wanted, with the fewest RPCs. Always ends with a SetParameterValues that carries the revision.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import type { Model } from '../../shared/model/datamodel.ts';
import type { DeviceRow, Task } from '../store/store.ts';
import type { FleetContext } from './context.ts';
import type { Files } from './files.ts';
import { type Models, typeOf } from './models.ts';
import type { Cpe } from './ports.ts';
import { isApplied, type Presets, type Wanted, type WantedFile } from './presets.ts';
import type { Rollouts } from './rollout.ts';
import { isSecretName } from './secrets.ts';
import type { Tasks } from './tasks.ts';

export interface ReconcileParts {
  tasks: Tasks;
  presets: Presets;
  models: Models;
  files: Files;
  rollouts: Pick<Rollouts, 'isOffering' | 'noticed'>;
}

export interface InVisit {
  row: DeviceRow;
  token: number;
  base?: string;
}

/** Rounds before a device that does not come to rest is given up with a fault. */
const MAX_ROUNDS = 8;
const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 24 * 3_600_000;

/** Something a preset asks for that this device refuses: the preset is set aside with a fault, the others go on. */
class Refused extends Error {
  readonly culprits: { preset: string; code: number | string; message: string; parameter?: string }[];
  constructor(culprits: Refused['culprits']) {
    super(culprits.map(culprit => culprit.message).join('; '));
    this.culprits = culprits;
  }
}

/** @returns `waiting` when a transfer must end first, or a fault has to wait for its time */
export async function reconcile(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
): Promise<'done' | 'waiting'> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const generation = parts.presets.generation();
    const facts = await parts.presets.factsOf(visit.row);
    const held = visit.row.reconciled;
    const reports = visit.row.parameterKey;
    if (held && held.generation === generation && held.facts === facts && held.revision === reports) return 'done';
    const wanted = await parts.presets.wanted(visit.row);
    const atRest = wanted.revision === '' || (held?.revision === wanted.revision && reports === wanted.revision);
    try {
      if (!atRest && !(await advance(visit, cpe, context, parts, wanted))) return 'waiting';
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const culprit of error.culprits) await raise(visit, context, culprit);
      continue;
    }
    await adopt(visit, context, wanted);
    const reconciled = { revision: wanted.revision === '' ? reports : wanted.revision, generation, facts };
    await context.store.apply(visit.row.id, 'reconciled', {
      token: visit.token,
      ...reconciled,
      parameterKey: reconciled.revision,
      now: context.clock.now(),
    });
    visit.row = { ...visit.row, parameterKey: reconciled.revision, reconciled };
    return 'done';
  }
  await raise(visit, context, {
    preset: 'override',
    code: 'not-at-rest',
    message: `not at rest after ${MAX_ROUNDS} rounds`,
  });
  return 'waiting';
}

/** What a rollout has moved presets want too by now: from here on they have the say. */
async function adopt(visit: InVisit, { store }: FleetContext, { adopted }: Wanted): Promise<void> {
  if (adopted !== undefined) await store.apply(visit.row.id, 'rolloutReleased', { id: adopted });
}

/** One round towards what is wanted. @returns false while a transfer is on its way */
async function advance(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<boolean> {
  if (!(await transfer(visit, cpe, context, parts, wanted))) return false;
  await apply(visit, cpe, context, parts, wanted);
  return true;
}

async function raise(visit: InVisit, context: FleetContext, culprit: Refused['culprits'][number]): Promise<void> {
  const { store, clock, random, events } = context;
  const cause = culprit.preset === 'override' ? 'reconcile' : `preset:${culprit.preset}`;
  const count = visit.row.faults.find(fault => fault.cause === cause)?.count ?? 0;
  const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(count, 20));
  const fault = await store.apply(visit.row.id, 'faultRaised', {
    cause,
    code: culprit.code,
    message: culprit.message,
    ...(culprit.parameter ? { parameter: culprit.parameter } : {}),
    retryAt: clock.now() + wait * (0.75 + random.next() / 2),
    now: clock.now(),
  });
  visit.row = { ...visit.row, faults: [...visit.row.faults.filter(other => other.cause !== cause), fault] };
  events.emit('fault', { fault });
}

/** Certificates, then the script, then firmware, one transfer at a time. @returns false while one is on its way */
async function transfer(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<boolean> {
  const isOpen = (task: Task): boolean => task.method === 'Download' && task.origin === 'reconcile';
  const open = visit.row.tasks.filter(isOpen);
  if (open.some(task => task.state !== 'queued')) return false;
  // Made in a session that was lost before it could be sent: what is wanted now is decided anew.
  for (const { id } of open) await parts.tasks.cancel(id);
  const next = wanted.files.find(file => !isApplied(file, visit.row));
  if (!next) return true;
  if (next.rollout !== undefined) return await flash(visit, cpe, context, parts, next.rollout, next.file.name);
  if (next.kind === 'firmware') refuseLoop(next, visit.row);
  const task = await parts.tasks.make(visit.row.id, { method: 'Download', file: next.file.name }, 'reconcile');
  const { task: after } = await parts.tasks.run(visit, task, cpe);
  if (after.state === 'failed') {
    throw new Refused([
      {
        preset: next.preset,
        code: Number(after.fault?.code ?? 9002),
        message: `Download of ${next.file.name}: ${after.fault?.message ?? 'failed'}`,
      },
    ]);
  }
  visit.row = (await context.store.device(visit.row.id)) ?? visit.row;
  return after.state === 'done' ? await transfer(visit, cpe, context, parts, wanted) : false;
}

/**
 * One Download for each offer: the position moves on in the very write that marks it as sent.
 * @returns false while the device is not where the rollout wants it and may still get there
 */
async function flash(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  rollout: string,
  file: string,
): Promise<boolean> {
  const { id, rollout: position } = visit.row;
  // Done long ago, and another version by some other hand: that is not the rollout's to mend.
  if (position?.state !== 'offered') return position?.state !== 'downloading';
  if (!(await parts.rollouts.isOffering(visit.row))) return false;
  const expiresIn = position.timeoutMs / 1000;
  const task = await parts.tasks.make(id, { method: 'Download', file, rollout, expiresIn }, 'reconcile');
  const { task: after } = await parts.tasks.run(visit, task, cpe);
  visit.row = (await context.store.device(id)) ?? visit.row;
  // What failed stands in the position, and what is wanted is another thing now.
  if (after.state === 'failed') throw new Refused([]);
  return false;
}

/** A device that took the image and does not run it would fetch it again and again. */
function refuseLoop(wanted: WantedFile, row: DeviceRow): void {
  if (wanted.file.productClass && wanted.file.productClass !== row.productClass) {
    throw new Refused([
      {
        preset: wanted.preset,
        code: 'wrong-product',
        message: `${wanted.file.name} is for ${wanted.file.productClass}, the device is a ${row.productClass}`,
      },
    ]);
  }
  if (row.applied[wanted.file.name] === wanted.file.sha256) {
    throw new Refused([
      {
        preset: wanted.preset,
        code: 9010,
        message: `took ${wanted.file.name} without an error, but runs ${row.softwareVersion} and not ${wanted.file.version}`,
      },
    ]);
  }
}

interface PlannedSet {
  value: ParameterValue;
  preset: string;
}

async function apply(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<void> {
  const model = await parts.models.of(visit.row);
  const current = await fetch(visit, cpe, wanted);
  const planned: PlannedSet[] = [];
  const added: string[] = [];
  for (const entry of wanted.objects) await planObjects(visit, cpe, entry, current, model, planned, added);
  for (const [path, want] of wanted.set) {
    const known = current.get(path);
    const type = want.type ?? typeOf(model, path) ?? known?.Type ?? 'xsd:string';
    // A hidden value reads as '' whatever it is: it is always sent.
    if (known && known.Value === want.value && !(want.value !== '' && isHidden(model, path))) continue;
    planned.push({ value: { Name: path, Value: want.value, Type: type }, preset: want.preset });
  }
  const changed = planned.map(entry => entry.value);
  const list = changed.length ? changed : [anyKnown(visit.row.root, wanted, current, model)];
  const status = await setAll(visit, cpe, list, wanted, planned, added);
  const time = context.clock.now();
  const known = changed.filter(entry => !isHidden(model, entry.Name));
  await context.store.putParameters(
    visit.row.id,
    known.map(entry => ({ path: entry.Name, value: entry.Value, type: entry.Type, time })),
  );
  context.events.emit('reconciled', { device: visit.row.id, revision: wanted.revision, changed: changed.length });
  if (wanted.restart === 'now' && status === 1) await restart(visit, cpe, wanted, changed, model);
}

const isHidden = (model: Model | undefined, path: string): boolean => {
  const def = model?.resolve(path)?.def;
  return def && 'type' in def ? def.hidden : isSecretName(path);
};

/** Current values of all that is managed. An unknown name makes the whole call fail: then each is asked for alone, to name the culprit. */
async function fetch(visit: InVisit, cpe: Cpe, wanted: Wanted): Promise<Map<string, ParameterValue>> {
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
    const culprits: Refused['culprits'] = [];
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

/** Matches rows by their key columns; adds what is missing, deletes what is too much where the preset is exclusive. */
async function planObjects(
  visit: InVisit,
  cpe: Cpe,
  entry: Wanted['objects'][number],
  current: Map<string, ParameterValue>,
  model: Model | undefined,
  planned: PlannedSet[],
  added: string[],
): Promise<void> {
  const { table, wanted } = entry;
  const instances = new Map<string, Map<string, string>>();
  for (const { Name, Value } of current.values()) {
    if (!Name.startsWith(table)) continue;
    const [instance, column] = Name.slice(table.length).split('.');
    if (!instance || !column) continue;
    const columns = instances.get(instance) ?? new Map<string, string>();
    instances.set(instance, columns.set(column, Value));
  }
  const matched = new Set<string>();
  for (const row of wanted.rows) {
    const found = [...instances].find(
      ([instance, columns]) =>
        !matched.has(instance) && wanted.keys.every(key => columns.get(key) === lexical(row[key])),
    );
    const instance = found?.[0] ?? (await addRow(visit, cpe, entry, added));
    matched.add(instance);
    for (const [column, value] of Object.entries(row)) {
      if (found?.[1].get(column) === lexical(value)) continue;
      const path = `${table}${instance}.${column}`;
      planned.push({
        value: { Name: path, Value: lexical(value), Type: typeOf(model, path) ?? 'xsd:string' },
        preset: entry.preset,
      });
    }
  }
  if (!wanted.exclusive) return;
  for (const instance of instances.keys()) {
    if (matched.has(instance)) continue;
    await cpe.call('DeleteObject', { ObjectName: `${table}${instance}.`, ParameterKey: visit.row.parameterKey });
  }
}

const lexical = (value: string | number | boolean | undefined): string =>
  typeof value === 'boolean' ? (value ? '1' : '0') : String(value ?? '');

async function addRow(visit: InVisit, cpe: Cpe, entry: Wanted['objects'][number], added: string[]): Promise<string> {
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
): ParameterValue {
  for (const [path, want] of wanted.set) {
    const known = current.get(path);
    if (known) return { Name: path, Value: want.value, Type: typeOf(model, path) ?? known.Type };
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

async function setAll(
  visit: InVisit,
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
    for (const instance of added)
      await cpe.call('DeleteObject', { ObjectName: instance, ParameterKey: visit.row.parameterKey });
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

/** Services whose changed settings wait for a restart: by the gateway's Scm command where the model has it, else by Reboot. */
async function restart(
  visit: InVisit,
  cpe: Cpe,
  wanted: Wanted,
  changed: ParameterValue[],
  model: Model | undefined,
): Promise<void> {
  const services = new Set<string>();
  for (const { Name } of changed) {
    const def = model?.resolve(Name)?.def;
    if (def && 'type' in def && def.needsRestart && def.service) services.add(def.service);
  }
  const table = `${visit.row.root}X_0090F8_Scm.ServiceCommands.`;
  if (!model?.objects.has(`${table}{i}.`) || services.size === 0) {
    await cpe.call('Reboot', { CommandKey: wanted.revision });
    return;
  }
  const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: [table] });
  const commands = ParameterList.filter(value => value.Name.endsWith('.Name') && services.has(value.Value)).map(
    value => ({
      Name: value.Name.replace(/\.Name$/, '.Restart'),
      Value: 'Restart',
      Type: 'xsd:string',
    }),
  );
  if (commands.length) await cpe.call('SetParameterValues', { ParameterList: commands, ParameterKey: wanted.revision });
}

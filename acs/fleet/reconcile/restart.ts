// Restarts what waits for it to take effect: at once, when no call is up, or never. What waits is kept in the device's row until a
// restart is proved, so neither a lost session nor a crash forgets it or does it twice.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { RestartDue } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Wanted } from '../presets/desired.ts';
import { callUp } from './call-state.ts';
import { type ReconcileParts, raiseFault } from './context.ts';

const BACKOFF: Backoff = { firstMs: 3_600_000, lastMs: 24 * 3_600_000 };
const CAUSE = 'restart';

/** Services whose settings among these wait for a restart, as far as the model tells. */
export function servicesOf(paths: Iterable<string>, model: Model | undefined): string[] {
  const services = new Set<string>();
  for (const path of paths) {
    const def = model?.resolve(path)?.def;
    if (def && 'type' in def && def.needsRestart && def.service) services.add(def.service);
  }
  return [...services];
}

/** Keeps that a restart is due. @param services empty: of the whole unit */
export async function markRestart(
  visit: SessionState,
  { store, clock }: FleetContext,
  { restart }: Wanted,
  services: readonly string[],
): Promise<void> {
  const before = visit.row.restart;
  const whole = services.length === 0 || (before && before.services.length === 0);
  const due: RestartDue = {
    services: whole ? [] : [...new Set([...(before?.services ?? []), ...services])],
    wish: restart.wish,
    ...(restart.preset === undefined ? {} : { preset: restart.preset }),
    since: before?.since ?? clock.now(),
  };
  await store.apply(visit.row.id, 'restartNoted', { token: visit.token, restart: due });
  visit.row = { ...visit.row, restart: due };
}

/**
 * What a script or a certificate leaves waiting, and what an answer that was lost may have told, is not known: then each service is
 * asked. @returns services that may be waiting
 */
export function suspects(row: DeviceRow, wanted: Wanted, model: Model | undefined): string[] {
  if (wanted.restart.wish === 'never' || !hasCommands(row, model)) return [];
  if (wanted.files.some(({ kind }) => kind !== 'firmware')) return model?.services.map(({ name }) => name) ?? [];
  return row.parameterKey === wanted.revision ? servicesOf(wanted.set.keys(), model) : [];
}

const commandTable = ({ root }: Pick<DeviceRow, 'root'>): string => `${root}X_0090F8_Scm.ServiceCommands.`;
const hasCommands = (row: DeviceRow, model: Model | undefined): boolean =>
  model?.objects.has(`${commandTable(row)}{i}.`) ?? false;

/** Whether something is to be restarted that no one has forbidden. */
export const isRestartDue = ({ restart }: Pick<DeviceRow, 'restart'>): boolean =>
  restart !== undefined && restart.wish !== 'never';

/** The Reboot that was sent in this session, after which the device goes away. */
export const isLeaving = ({ row, token }: SessionState): boolean =>
  row.tasks.some(task => isReboot(task) && task.sentBy === token);

const isReboot = ({ method, origin }: Task): boolean => method === 'Reboot' && origin === 'reconcile';

/** Restarts what is due, if it is its time. @returns whether the device goes away now */
export async function restartDue(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<boolean> {
  if (visit.row.restart && visit.row.restart.wish !== wanted.restart.wish)
    await markRestart(visit, context, wanted, visit.row.restart.services);
  const due = visit.row.restart;
  const now = context.clock.now();
  if (!due || due.wish === 'never' || isPutOff(visit.row, now)) return false;
  const open = visit.row.tasks.filter(isReboot);
  if (open.some(({ state }) => state !== 'queued')) return false;
  // Made in a session that was lost before it could be sent: it is decided anew.
  for (const { id } of open) await parts.tasks.cancel(id);
  if (due.asked !== undefined && !(await mayAskAgain(visit, context, due.asked))) return false;
  const model = await parts.models.of(visit.row);
  const services =
    hasCommands(visit.row, model) && due.services.length > 0
      ? await waiting(visit.row, cpe, due.services)
      : due.services;
  if (due.services.length > 0 && services.length === 0) {
    await forget(visit, context);
    return false;
  }
  if (due.wish === 'idle') {
    const busy = await callUp(visit, cpe, context, model);
    if (busy !== undefined) {
      await waitFor(visit, context, due, busy);
      return false;
    }
  }
  const commands =
    services.length > 0 && hasCommands(visit.row, model) ? await commandsFor(visit.row, cpe, services) : [];
  if (commands.length === 0) return await reboot(visit, cpe, context, parts, due);
  await command(visit, cpe, context, commands);
  return false;
}

const isPutOff = ({ faults }: DeviceRow, now: number): boolean =>
  faults.some(fault => fault.cause === CAUSE && fault.retryAt > now);

/** Those of the services that say that they wait; all where they do not say. */
async function waiting({ root }: DeviceRow, cpe: Cpe, services: readonly string[]): Promise<string[]> {
  const nameOf = (service: string): string => `${root}X_0090F8_${service}.NeedRestartInfo`;
  try {
    const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: services.map(nameOf) });
    const settled = new Set(ParameterList.filter(({ Value }) => Value === 'No').map(({ Name }) => Name));
    return services.filter(service => !settled.has(nameOf(service)));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return [...services];
  }
}

/** A row command for each service; none at all where one of them cannot be restarted by itself. */
async function commandsFor(row: DeviceRow, cpe: Cpe, services: readonly string[]): Promise<ParameterValue[]> {
  const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: [commandTable(row)] });
  const names = ParameterList.filter(({ Name, Value }) => Name.endsWith('.Name') && services.includes(Value));
  if (names.length < services.length) return [];
  return names.map(({ Name }) => ({ Name: Name.replace(/\.Name$/, '.Restart'), Value: 'Restart', Type: 'xsd:string' }));
}

/** Repeated it does no harm: services that are up to date say so, and are not restarted. */
async function command(visit: SessionState, cpe: Cpe, context: FleetContext, list: ParameterValue[]): Promise<void> {
  try {
    await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: visit.row.parameterKey });
    await forget(visit, context);
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    await raise(visit, context, error.code, `the services could not be restarted: ${error.message}`);
  }
}

/** By a task, which is marked as sent before it leaves: a crash does not repeat it. 1 BOOT ends it all. */
async function reboot(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  { tasks }: ReconcileParts,
  due: RestartDue,
): Promise<boolean> {
  const task = await tasks.make(visit.row.id, { method: 'Reboot' }, 'reconcile');
  const asked: RestartDue = { ...due, asked: context.clock.now() };
  await context.store.apply(visit.row.id, 'restartNoted', { token: visit.token, restart: asked });
  const { task: after } = await tasks.run(visit, task, cpe);
  if (after.state !== 'failed') return true;
  await raise(visit, context, after.fault?.code ?? 9002, `Reboot: ${after.fault?.message ?? 'failed'}`);
  return false;
}

/** It was asked and has not booted since: said so once, and asked again after a while. */
async function mayAskAgain(visit: SessionState, context: FleetContext, asked: number): Promise<boolean> {
  const before = visit.row.faults.find(({ cause }) => cause === CAUSE);
  if (before && before.last >= asked) return true;
  await raise(visit, context, 'not-restarted', `asked to reboot at ${new Date(asked).toISOString()}, not booted since`);
  return false;
}

async function raise(
  visit: SessionState,
  context: FleetContext,
  code: number | string,
  message: string,
): Promise<void> {
  const count = visit.row.faults.find(({ cause }) => cause === CAUSE)?.count ?? 0;
  await raiseFault(visit, context, { cause: CAUSE, code, message, retryAt: retryAt(context, BACKOFF, count) });
}

async function waitFor(visit: SessionState, { store }: FleetContext, due: RestartDue, waits: string): Promise<void> {
  if (due.waits === waits) return;
  const restart: RestartDue = { ...due, waits };
  await store.apply(visit.row.id, 'restartNoted', { token: visit.token, restart });
  visit.row = { ...visit.row, restart };
}

async function forget(visit: SessionState, { store }: FleetContext): Promise<void> {
  await store.apply(visit.row.id, 'restartNoted', { token: visit.token });
  const { restart: _done, ...row } = visit.row;
  visit.row = { ...row, faults: row.faults.filter(({ cause }) => cause !== CAUSE) };
}

// Restarts for settings that take effect only then: at once, when no call is up, or never. A pending restart is kept in the device's row
// until it is proved, so that neither a lost session nor a crash forgets it or does it twice.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { RestartDue } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { Backoff } from '../common/backoff.ts';
import { codeOf } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Wanted } from '../presets/desired.ts';
import { reasonToWait } from './call-state.ts';
import type { Reconciliation } from './reconciliation.ts';

const BACKOFF: Backoff = { firstMs: 3_600_000, lastMs: 24 * 3_600_000 };
const CAUSE = 'restart';

/** Services whose settings among these paths need a restart, as far as the model says so. */
export function servicesOf(paths: Iterable<string>, model: Model | undefined): string[] {
  const services = new Set<string>();
  for (const path of paths) {
    const def = model?.resolve(path)?.def;
    if (def && 'type' in def && def.needsRestart && def.service) services.add(def.service);
  }
  return [...services];
}

/** Records in the row that a restart is due. @param services none: the whole unit restarts */
export async function recordRestart(
  run: Reconciliation,
  { restart: desired }: Wanted,
  services: readonly string[],
): Promise<void> {
  const before = run.row.restart;
  const isWhole = services.length === 0 || before?.services.length === 0;
  await update(run, {
    services: isWhole ? [] : [...new Set([...(before?.services ?? []), ...services])],
    wish: desired.wish,
    ...(desired.preset === undefined ? {} : { preset: desired.preset }),
    since: before?.since ?? run.now,
  });
}

async function update(run: Reconciliation, restart: RestartDue): Promise<void> {
  await run.apply('restartNoted', { restart });
  run.row = { ...run.row, restart };
}

/**
 * Services that may need a restart though no answer has said so: after a script, a certificate or an answer that was lost this is not
 * known, and each of them is asked.
 */
export function possiblyPending(row: DeviceRow, desired: Wanted, model: Model | undefined): string[] {
  if (desired.restart.wish === 'never' || !hasCommands(row, model)) return [];
  if (desired.files.some(({ kind }) => kind !== 'firmware')) return model?.services.map(({ name }) => name) ?? [];
  return row.parameterKey === desired.revision ? servicesOf(desired.set.keys(), model) : [];
}

const commandTable = ({ root }: Pick<DeviceRow, 'root'>): string => `${root}X_0090F8_Scm.ServiceCommands.`;
const hasCommands = (row: DeviceRow, model: Model | undefined): boolean =>
  model?.objects.has(`${commandTable(row)}{i}.`) ?? false;

/** A restart is pending that its preset allows. */
export const isRestartDue = ({ restart }: Pick<DeviceRow, 'restart'>): boolean =>
  restart !== undefined && restart.wish !== 'never';

/** A Reboot was sent in this session, after which the device goes away. */
export const isLeaving = ({ row, token }: SessionState): boolean =>
  row.tasks.some(task => isReboot(task) && task.sentBy === token);

const isReboot = ({ method, origin }: Task): boolean => method === 'Reboot' && origin === 'reconcile';

/** Does the pending restart if it is time for it. @returns whether the device goes away now */
export async function restartIfDue(run: Reconciliation, desired: Wanted): Promise<boolean> {
  if (run.row.restart && run.row.restart.wish !== desired.restart.wish)
    await recordRestart(run, desired, run.row.restart.services);
  const pending = run.row.restart;
  if (!pending || pending.wish === 'never' || isPostponed(run.row, run.now)) return false;
  if (!(await run.cancelUnsent(run.row.tasks.filter(isReboot)))) return false;
  if (pending.asked !== undefined && !(await mayAskAgain(run, pending.asked))) return false;
  run.session.purpose = { cause: CAUSE };
  const model = await run.model();
  const services = await pendingServices(run, pending, model);
  if (pending.services.length > 0 && services.length === 0) {
    await settle(run);
    return false;
  }
  if (pending.wish === 'idle') {
    const waits = await reasonToWait(run, model);
    if (waits !== undefined) {
      if (pending.waits !== waits) await update(run, { ...pending, waits });
      return false;
    }
  }
  const commands = hasCommands(run.row, model) ? await commandsFor(run, services) : [];
  if (commands.length === 0) return await reboot(run, pending);
  await restartServices(run, commands);
  return false;
}

const isPostponed = ({ faults }: DeviceRow, now: number): boolean =>
  faults.some(fault => fault.cause === CAUSE && fault.retryAt > now);

/** Services that say that they need the restart; all of them where they do not say. */
async function pendingServices({ row, cpe }: Reconciliation, { services }: RestartDue, model: Model | undefined) {
  if (services.length === 0 || !hasCommands(row, model)) return services;
  const nameOf = (service: string): string => `${row.root}X_0090F8_${service}.NeedRestartInfo`;
  try {
    const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: services.map(nameOf) });
    const settled = new Set(ParameterList.filter(({ Value }) => Value === 'No').map(({ Name }) => Name));
    return services.filter(service => !settled.has(nameOf(service)));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return services;
  }
}

/** A row command for each service; none at all where one of them cannot be restarted by itself. */
async function commandsFor({ row, cpe }: Reconciliation, services: readonly string[]): Promise<ParameterValue[]> {
  if (services.length === 0) return [];
  const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: [commandTable(row)] });
  const names = ParameterList.filter(({ Name, Value }) => Name.endsWith('.Name') && services.includes(Value));
  if (names.length < services.length) return [];
  return names.map(({ Name }) => ({ Name: Name.replace(/\.Name$/, '.Restart'), Value: 'Restart', Type: 'xsd:string' }));
}

/** Repeating a command does no harm: services that are up to date say so, and are not restarted. */
async function restartServices(run: Reconciliation, commands: ParameterValue[]): Promise<void> {
  try {
    await run.cpe.call('SetParameterValues', { ParameterList: commands, ParameterKey: run.row.parameterKey });
    await settle(run);
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    await raise(run, codeOf(error), `the services could not be restarted: ${error.message}`);
  }
}

/** Sends a Reboot as a task, which is marked as sent before it leaves, so that a crash does not repeat it. 1 BOOT settles it. */
async function reboot(run: Reconciliation, pending: RestartDue): Promise<boolean> {
  const task = await run.makeTask({ method: 'Reboot' });
  await run.apply('restartNoted', { restart: { ...pending, asked: run.now } });
  const { state, fault } = await run.send(task);
  if (state !== 'failed') return true;
  await raise(run, fault?.code ?? 9002, `Reboot: ${fault?.message ?? 'failed'}`);
  return false;
}

/** A device that was asked to reboot and has not is reported once, and asked again after a while. */
async function mayAskAgain(run: Reconciliation, asked: number): Promise<boolean> {
  const before = run.row.faults.find(({ cause }) => cause === CAUSE);
  if (before && before.last >= asked) return true;
  await raise(run, 'not-restarted', `asked to reboot at ${new Date(asked).toISOString()}, not booted since`);
  return false;
}

const raise = (run: Reconciliation, code: number | string, message: string): Promise<void> =>
  run.raiseWithBackoff({ cause: CAUSE, code, message }, BACKOFF);

/** Nothing waits for a restart any more. */
async function settle(run: Reconciliation): Promise<void> {
  await run.apply('restartNoted', {});
  const { restart: _done, ...row } = run.row;
  run.row = row;
  run.clearFault(CAUSE);
}

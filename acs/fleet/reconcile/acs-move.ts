// A change of the ACS URL that undoes itself unless it is confirmed. Before a DGW is sent away it is given a Download with DelaySeconds, of
// a script that leads it back; the unit keeps it over restarts and over the change itself. When the delay ends it fetches the script here,
// and gets it unless its arrival has been confirmed meanwhile.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Move } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { Backoff } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import { digestOf } from '../common/fingerprint.ts';
import { codeOf } from '../common/ports.ts';
import { transferType } from '../files/stored-file.ts';
import { acsPaths, loginPaths, sourcePath, staticPath, urlPath } from '../presets/acs-paths.ts';
import type { Wanted } from '../presets/desired.ts';
import { moveMsOf } from '../presets/preset.ts';
import type { Reconciliation } from './reconciliation.ts';

export interface Moves {
  /** The script that leads a device back; undefined once its arrival is confirmed, and for other tasks. */
  contentOf(task: Task): Promise<Buffer | undefined>;
  /** Notes that the device has arrived at its new ACS: it is not led back. @throws UserError 404, 409 */
  confirm(device: string): Promise<void>;
}

const CAUSE = 'move';
const BACKOFF: Backoff = { firstMs: 5 * 60_000, lastMs: 24 * 3_600_000 };
const FILE = 'come-back.cfg';

export function createMoves({ store, clock, secrets }: FleetContext): Moves {
  return {
    contentOf: async task => {
      const move = (await store.device(task.device))?.move;
      if (!task.content || move?.task !== task.id || move.state === 'confirmed') return undefined;
      return Buffer.from(secrets.open(task.content), 'utf8');
    },
    confirm: async device => {
      const outcome = await store.apply(device, 'moveConfirmed', { now: clock.now() });
      if (outcome === 'none') throw new UserError(409, 'not-moving', `${device} is not on its way to another ACS`);
      // The device reports the transfer to its new ACS: here nothing waits for it.
      const task = (await store.device(device))?.move?.task;
      if (task !== undefined) await store.apply(device, 'taskCancelled', { id: task, now: clock.now() });
    },
  };
}

/** A move is to be looked at in this session, though nothing else is. */
export const isMoveDue = ({ move, faults }: DeviceRow, now: number): boolean =>
  (move?.state === 'waiting' && !faults.some(fault => fault.cause === CAUSE && fault.retryAt > now)) ||
  (move?.state === 'returned' && !faults.some(({ cause }) => cause === CAUSE));

interface AcsValue {
  path: string;
  value: string;
}

/** The ACS that is wanted, as far as presets name one. */
interface DesiredAcs {
  values: AcsValue[];
  /** Login for that ACS; it is set together with the values. */
  login: AcsValue[];
  fingerprint: string;
  force: boolean;
  returnMs: number;
}

function desiredAcsOf(row: DeviceRow, desired: Wanted): DesiredAcs | undefined {
  const entriesOf = (paths: string[]) =>
    paths.flatMap(path => {
      const entry = desired.set.get(path);
      return entry ? [{ path, ...entry }] : [];
    });
  const entries = entriesOf(acsPaths(row.root));
  const [first] = entries;
  if (!first) return undefined;
  const values = entries.map(({ path, value }) => ({ path, value }));
  const fingerprint = digestOf([values, entries.map(({ preset }) => desired.tags.get(preset))]);
  const { force = false, returnAfter } = desired.moves.get(first.preset) ?? {};
  const login = entriesOf(loginPaths(row.root)).map(({ path, value }) => ({ path, value }));
  return { values, login, fingerprint, force, returnMs: moveMsOf(returnAfter) };
}

/** A move on its way: from the values that the device has, to the URL that it would have. */
interface Departure {
  acs: DesiredAcs;
  current: ReadonlyMap<string, string>;
  target: string;
}

/** Sends the device to the ACS that is wanted, if it is not there. @returns whether it goes away now */
export async function moveIfDue(run: Reconciliation, desired: Wanted): Promise<boolean> {
  const acs = desiredAcsOf(run.row, desired);
  const { move } = run.row;
  if (!acs) return await stay(run);
  if (move?.state === 'returned' && move.basis === acs.fingerprint) {
    await raiseReturned(run, move);
    return false;
  }
  const current = await readAcsValues(run);
  const differing = acs.values.filter(({ path, value }) => current.get(path) !== value);
  if (differing.length === 0) return await stay(run);
  const departure: Departure = { acs, current, target: targetOf(run.row.root, current, acs) };
  try {
    if (departure.target === current.get(urlPath(run.row.root))) {
      await setAcs(run, differing, desired.revision);
      return await stay(run);
    }
    const begun = await prepare(run, departure);
    if (!begun) return false;
    await setAcs(run, [...differing, ...acs.login], desired.revision);
    const { url, until } = begun;
    run.context.events.emit('moving', {
      device: run.row.id,
      url: withoutUrlSecrets(url),
      until: new Date(until).toISOString(),
    });
    return true;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const message = `the device refused to go to ${departure.target}: ${error.message}`;
    await postpone(run, departure, codeOf(error), message);
    return false;
  }
}

/** Forgets a move that is no longer wanted. @returns false: the device stays */
async function stay(run: Reconciliation): Promise<false> {
  if (!run.row.move) return false;
  await run.apply('moveNoted', {});
  const { move: _gone, ...row } = run.row;
  run.row = row;
  run.clearFault(CAUSE);
  return false;
}

async function setAcs({ cpe }: Reconciliation, values: readonly AcsValue[], revision: string): Promise<void> {
  const list = values.map(({ path, value }) => ({ Name: path, Value: value, Type: 'xsd:string' }));
  await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: revision });
}

/** The current values that decide which ACS the device has; those that the device does not know are absent. */
async function readAcsValues({ row: { root }, cpe }: Reconciliation): Promise<Map<string, string>> {
  const read = async (names: string[]): Promise<ParameterValue[]> =>
    (await cpe.call('GetParameterValues', { ParameterNames: names })).ParameterList;
  try {
    return new Map((await read(acsPaths(root))).map(({ Name, Value }) => [Name, Value]));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return new Map((await read([urlPath(root)])).map(({ Name, Value }) => [Name, Value]));
  }
}

/** The URL of the ACS that the device would have; '' where DHCP decides. */
function targetOf(root: string, current: ReadonlyMap<string, string>, { values }: DesiredAcs): string {
  const after = new Map([...current, ...values.map(({ path, value }) => [path, value] as const)]);
  const url = values.find(({ path }) => path === urlPath(root));
  if (url) return url.value;
  const source = after.get(sourcePath(root));
  if (source === 'Static') return after.get(staticPath(root)) ?? '';
  // Where DHCP decided and still decides, the static URL is but a reserve.
  return source === current.get(sourcePath(root)) ? (current.get(urlPath(root)) ?? '') : '';
}

/** Makes sure of the new ACS and of the way back. @returns the move; undefined where it is postponed, with a fault */
async function prepare(run: Reconciliation, departure: Departure): Promise<Move | undefined> {
  const { acs, current, target } = departure;
  const doubt = acs.force ? undefined : await doubtOf(target, run.context.ports.probeAcs);
  if (doubt !== undefined) return await postpone(run, departure, 'acs-not-answering', doubt);
  const script = returnScript(run.row, current, run.context);
  if (script === undefined && !acs.force) {
    const message = 'the device has no way back: none is known for its model';
    return await postpone(run, departure, 'no-way-back', message);
  }
  const since = run.now;
  const from = current.get(urlPath(run.row.root)) ?? '';
  const until = since + acs.returnMs;
  const move: Move = { url: target, from, since, until, state: 'moving', basis: acs.fingerprint };
  if (script === undefined) {
    await record(run, move);
    return move;
  }
  const back = await run.makeTask(returnTask(script, acs.returnMs));
  // Recorded before the device leaves: whatever is lost from here on, the unit finds the script.
  await record(run, { ...move, task: back.id });
  const { state, fault } = await run.send(back);
  if (state === 'waiting' || state === 'done') return move;
  const message = `the device does not take its way back: ${fault?.message ?? 'its Download was called off'}`;
  return await postpone(run, departure, 'no-way-back', message);
}

const returnTask = (content: string, returnMs: number) => ({
  method: 'Download',
  content,
  args: { FileType: transferType.script, TargetFileName: FILE, DelaySeconds: Math.round(returnMs / 1000) },
});

/** @returns why no ACS is to be expected at the target */
async function doubtOf(
  target: string,
  probe: ((url: string) => Promise<string | undefined>) | undefined,
): Promise<string | undefined> {
  if (target === '') return 'which ACS the device would have cannot be told from here';
  const reason = await probe?.(target);
  return reason === undefined ? undefined : `no ACS answers at ${target}: ${reason}`;
}

/** The script, in the language of a DGW. It brings back the login for this ACS too, as the new ACS may have set another. */
function returnScript(
  row: DeviceRow,
  current: ReadonlyMap<string, string>,
  { secrets }: FleetContext,
): string | undefined {
  const [fixed, source] = [current.get(staticPath(row.root)), current.get(sourcePath(row.root))];
  if (fixed === undefined || source === undefined) return undefined;
  const { username, password } = row.credentials?.next ?? row.credentials ?? { username: '', password: '' };
  const login = password ? { 'Cwmp.Username': username, 'Cwmp.Password': secrets.open(password) } : {};
  return Object.entries({ ...login, 'Cwmp.AcsStaticUrl': fixed, 'Cwmp.AcsUrlConfigSource': source })
    .map(([name, value]) => `${name} = "${value.replace(/["\\]/g, '\\$&')}"\n`)
    .join('');
}

/** Ten years in milliseconds: this fault is not retried by time. */
const NEVER_MS = 3650 * 24 * 3_600_000;

/** A device that informs here is back, or never went. A script that it might still fetch is cancelled. */
async function raiseReturned(run: Reconciliation, move: Move): Promise<void> {
  const open = run.row.tasks.find(task => task.id === move.task);
  if (open && open.state !== 'sent') await run.parts.tasks.cancel(open.id);
  if (run.row.faults.some(({ cause }) => cause === CAUSE)) return;
  const minutes = Math.round((move.until - move.since) / 60_000);
  const message =
    (move.heard ?? 0) < move.until
      ? `it did not stay with ${move.url}: it informed here again before the time of its return`
      : `its arrival at ${move.url} was not confirmed within ${minutes} minutes: it has returned by itself`;
  await run.raise({ cause: CAUSE, code: 'acs-move-returned', message, retryAt: run.now + NEVER_MS });
}

/** Leaves the move for later, with a fault that says why. */
async function postpone(
  run: Reconciliation,
  { acs, target }: Departure,
  code: number | string,
  message: string,
): Promise<undefined> {
  const since = run.now;
  const until = since + acs.returnMs;
  await record(run, { url: target, from: '', since, until, state: 'waiting', basis: acs.fingerprint });
  await run.raiseWithBackoff({ cause: CAUSE, code, message }, BACKOFF);
}

async function record(run: Reconciliation, { url, from, ...rest }: Move): Promise<void> {
  const move = { ...rest, url: withoutUrlSecrets(url), from: withoutUrlSecrets(from) };
  await run.apply('moveNoted', { move });
  run.row = { ...run.row, move };
}

// A change of the ACS URL that comes back by itself. What a DGW can do for that is plain TR-069: before it is sent away it is given a
// Download with DelaySeconds, of a script that leads it back; the unit keeps it over restarts and over the change itself. It fetches the
// script from here, and gets it unless somebody has said meanwhile that it arrived. Without that word it is back after the delay.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import { UserError } from '../../../shared/errors.ts';
import type { Move } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import { digestOf } from '../common/fingerprint.ts';
import type { Cpe } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import { transferType } from '../files/stored-file.ts';
import type { Wanted } from '../presets/desired.ts';
import { moveMsOf } from '../presets/preset.ts';
import { type ReconcileParts, raiseFault } from './context.ts';

export interface Moves {
  /** The script that leads a device back; undefined once it is known to have arrived, and for other tasks. */
  contentOf(task: Task): Promise<Buffer | undefined>;
  /** The device has arrived at its new ACS: it is not led back. @throws UserError 404, 409 */
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
      // The device tells its new ACS what became of the transfer; here nothing is waited for.
      const task = (await store.device(device))?.move?.task;
      if (task !== undefined) await store.apply(device, 'taskCancelled', { id: task, now: clock.now() });
    },
  };
}

const urlPath = (root: string): string => `${root}ManagementServer.URL`;
const staticPath = (root: string): string => `${root}X_0090F8_Cwmp.AcsStaticUrl`;
const sourcePath = (root: string): string => `${root}X_0090F8_Cwmp.AcsUrlConfigSource`;

/** What decides which ACS the device talks to: set last, and by itself. */
const acsPaths = (root: string): string[] => [urlPath(root), staticPath(root), sourcePath(root)];
/** By what it shows to that ACS who it is. */
const loginPaths = (root: string): string[] =>
  ['ManagementServer', 'X_0090F8_Cwmp'].flatMap(node => [`${root}${node}.Username`, `${root}${node}.Password`]);

const roots = ['Device.', 'InternetGatewayDevice.'];
const anyAcsPath: ReadonlySet<string> = new Set(roots.flatMap(acsPaths));
const anyLoginPath: ReadonlySet<string> = new Set(roots.flatMap(loginPaths));

/** What is not set with the rest: which ACS a device is to have, and the login that is for that one. */
export function apartFrom(wanted: Pick<Wanted, 'set'>): ReadonlySet<string> {
  const isMove = [...anyAcsPath].some(path => wanted.set.has(path));
  return isMove ? new Set([...anyAcsPath, ...anyLoginPath]) : anyAcsPath;
}

/** The first of these that would take its login at this ACS away from a device: none where they name another ACS too. */
export function strandingPath(paths: readonly string[]): string | undefined {
  return paths.some(path => anyAcsPath.has(path)) ? undefined : paths.find(path => anyLoginPath.has(path));
}

/** Whether a move is to be looked at in this session, though nothing else is. */
export const isMoveDue = ({ move, faults }: DeviceRow, now: number): boolean =>
  (move?.state === 'waiting' && !faults.some(fault => fault.cause === CAUSE && fault.retryAt > now)) ||
  (move?.state === 'returned' && !faults.some(({ cause }) => cause === CAUSE));

interface Wish {
  values: { path: string; value: string }[];
  /** At the other ACS; it goes out with the device. */
  login: { path: string; value: string }[];
  preset: string;
  basis: string;
  force: boolean;
  returnMs: number;
}

function wishOf(row: DeviceRow, wanted: Wanted): Wish | undefined {
  const wantedOf = (paths: string[]) =>
    paths.flatMap(path => {
      const entry = wanted.set.get(path);
      return entry ? [{ path, ...entry }] : [];
    });
  const entries = wantedOf(acsPaths(row.root));
  const [first] = entries;
  if (!first) return undefined;
  const values = entries.map(({ path, value }) => ({ path, value }));
  const basis = digestOf([values, entries.map(({ preset }) => wanted.tags.get(preset))]);
  const { force = false, returnAfter } = wanted.moves.get(first.preset) ?? {};
  const login = wantedOf(loginPaths(row.root)).map(({ path, value }) => ({ path, value }));
  return { values, login, preset: first.preset, basis, force, returnMs: moveMsOf(returnAfter) };
}

/** Sends the device to the ACS that is wanted, if it is not there. @returns whether it goes away now */
export async function moveDue(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<boolean> {
  const wish = wishOf(visit.row, wanted);
  const { move } = visit.row;
  if (!wish) {
    if (move) await forget(visit, context);
    return false;
  }
  if (move?.state === 'returned' && move.basis === wish.basis) {
    await tellReturn(visit, context, parts, move);
    return false;
  }
  const now = await standing(visit.row, cpe);
  const target = targetOf(visit.row.root, now, wish);
  const differing = wish.values.filter(({ path, value }) => now.get(path) !== value);
  if (differing.length === 0) {
    if (move) await forget(visit, context);
    return false;
  }
  const send = async (values: Wish['values']): Promise<void> => {
    const list = values.map(({ path, value }) => ({ Name: path, Value: value, Type: 'xsd:string' }));
    await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: wanted.revision });
  };
  try {
    if (target === now.get(urlPath(visit.row.root))) {
      // It stays with the ACS that it has.
      await send(differing);
      if (move) await forget(visit, context);
      return false;
    }
    return await depart(visit, cpe, context, parts, wish, now, target, () => send([...differing, ...wish.login]));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    await putOff(visit, context, wish, target, error.code, `the device refused to go to ${target}: ${error.message}`);
    return false;
  }
}

/** The values that decide, as they are; those that a device does not have are absent. */
async function standing({ root }: DeviceRow, cpe: Cpe): Promise<Map<string, string>> {
  const read = async (names: string[]): Promise<ParameterValue[]> =>
    (await cpe.call('GetParameterValues', { ParameterNames: names })).ParameterList;
  try {
    return new Map((await read(acsPaths(root))).map(({ Name, Value }) => [Name, Value]));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return new Map((await read([urlPath(root)])).map(({ Name, Value }) => [Name, Value]));
  }
}

/** The ACS that it would have; '' where DHCP has the say. */
function targetOf(root: string, now: ReadonlyMap<string, string>, { values }: Wish): string {
  const after = new Map([...now, ...values.map(({ path, value }) => [path, value] as const)]);
  const url = values.find(({ path }) => path === urlPath(root));
  if (url) return url.value;
  const source = after.get(sourcePath(root));
  if (source === 'Static') return after.get(staticPath(root)) ?? '';
  // Where DHCP had the say and keeps it, the static URL is but a reserve.
  return source === now.get(sourcePath(root)) ? (now.get(urlPath(root)) ?? '') : '';
}

async function depart(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wish: Wish,
  now: ReadonlyMap<string, string>,
  target: string,
  send: () => Promise<void>,
): Promise<boolean> {
  const { clock, ports } = context;
  const doubt = wish.force ? undefined : await doubtOf(target, ports.probeAcs);
  if (doubt !== undefined) {
    await putOff(visit, context, wish, target, 'acs-not-answering', doubt);
    return false;
  }
  const script = scriptBack(visit.row, now, context);
  if (script === undefined && !wish.force) {
    const why = 'the device has no way back: none is known for its model';
    await putOff(visit, context, wish, target, 'no-way-back', why);
    return false;
  }
  const since = clock.now();
  const from = now.get(urlPath(visit.row.root)) ?? '';
  const move: Move = { url: target, from, since, until: since + wish.returnMs, state: 'moving', basis: wish.basis };
  if (script !== undefined) {
    const back = await parts.tasks.make(visit.row.id, backTask(script, wish.returnMs), 'reconcile');
    // Kept before it leaves: whatever is lost from here on, the unit finds the script.
    await noteMove(visit, context, { ...move, task: back.id });
    const { task } = await parts.tasks.run(visit, back, cpe);
    if (task.state !== 'waiting' && task.state !== 'done') {
      const why = `the device does not take its way back: ${task.fault?.message ?? 'its Download was called off'}`;
      await putOff(visit, context, wish, target, 'no-way-back', why);
      return false;
    }
  } else await noteMove(visit, context, move);
  await send();
  context.events.emit('moving', { device: visit.row.id, url: target, until: new Date(move.until).toISOString() });
  return true;
}

const backTask = (content: string, returnMs: number) => ({
  method: 'Download',
  content,
  args: { FileType: transferType.script, TargetFileName: FILE, DelaySeconds: Math.round(returnMs / 1000) },
});

async function doubtOf(
  target: string,
  probe: ((url: string) => Promise<string | undefined>) | undefined,
): Promise<string | undefined> {
  if (target === '') return 'which ACS the device would have cannot be told from here';
  const why = await probe?.(target);
  return why === undefined ? undefined : `no ACS answers at ${target}: ${why}`;
}

/** In the language of a DGW. The new ACS may have given the unit another login: it comes back with ours. */
function scriptBack(row: DeviceRow, now: ReadonlyMap<string, string>, { secrets }: FleetContext): string | undefined {
  const [fixed, source] = [now.get(staticPath(row.root)), now.get(sourcePath(row.root))];
  if (fixed === undefined || source === undefined) return undefined;
  const { username, password } = row.credentials?.next ?? row.credentials ?? { username: '', password: '' };
  const login = password ? { 'Cwmp.Username': username, 'Cwmp.Password': secrets.open(password) } : {};
  return Object.entries({ ...login, 'Cwmp.AcsStaticUrl': fixed, 'Cwmp.AcsUrlConfigSource': source })
    .map(([name, value]) => `${name} = "${value.replace(/["\\]/g, '\\$&')}"\n`)
    .join('');
}

/** It is here, so it is back, or never went. What it may still fetch is called off. */
async function tellReturn(
  visit: SessionState,
  context: FleetContext,
  { tasks }: ReconcileParts,
  move: Move,
): Promise<void> {
  const open = visit.row.tasks.find(task => task.id === move.task);
  if (open && open.state !== 'sent') await tasks.cancel(open.id);
  if (visit.row.faults.some(({ cause }) => cause === CAUSE)) return;
  const minutes = Math.round((move.until - move.since) / 60_000);
  const message =
    (move.heard ?? 0) < move.until
      ? `it did not stay with ${move.url}: it informed here again before its time`
      : `nobody has said within ${minutes} minutes that it arrived at ${move.url}: it has come back by itself`;
  await raise(visit, context, 'acs-move-returned', message, context.clock.now() + NEVER_MS);
}

async function putOff(
  visit: SessionState,
  context: FleetContext,
  { basis, returnMs }: Wish,
  url: string,
  code: number | string,
  message: string,
): Promise<void> {
  const now = context.clock.now();
  await noteMove(visit, context, { url, from: '', since: now, until: now + returnMs, state: 'waiting', basis });
  const count = visit.row.faults.find(({ cause }) => cause === CAUSE)?.count ?? 0;
  await raise(visit, context, code, message, retryAt(context, BACKOFF, count));
}

/** As far as a time can lie: it is not tried again by time. */
const NEVER_MS = 3650 * 24 * 3_600_000;

async function raise(
  visit: SessionState,
  context: FleetContext,
  code: number | string,
  message: string,
  due: number,
): Promise<void> {
  await raiseFault(visit, context, { cause: CAUSE, code, message, retryAt: due });
}

async function noteMove(visit: SessionState, { store }: FleetContext, move: Move): Promise<void> {
  await store.apply(visit.row.id, 'moveNoted', { token: visit.token, move });
  visit.row = { ...visit.row, move };
}

async function forget(visit: SessionState, { store }: FleetContext): Promise<void> {
  await store.apply(visit.row.id, 'moveNoted', { token: visit.token });
  const { move: _gone, ...row } = visit.row;
  visit.row = { ...row, faults: row.faults.filter(({ cause }) => cause !== CAUSE) };
}

// Transitions of a device's position in a rollout: pure. Evidence comes from Informs, from its Download and from whole sessions; verdicts
// by time and by operators come from the caller.
import type { DeviceOperations } from './operation-types.ts';
import type { RolloutPosition, RolloutState } from './rollout-position.ts';
import type { DeviceRow } from './row.ts';
import type { Task } from './task.ts';

/** States in which the device is under way, and no other rollout may have it. */
const underWay: ReadonlySet<RolloutState> = new Set(['planned', 'offered', 'downloading', 'installed', 'soaking']);
export const isUnderWay = ({ state }: RolloutPosition): boolean => underWay.has(state);

/** States in which the image is, or was, desired of the device. */
const wanting: ReadonlySet<RolloutState> = new Set([
  'offered',
  'downloading',
  'installed',
  'soaking',
  'done',
  'reverted',
]);

/** Time within which a device that took the image has restarted into it, unless an earlier `1 BOOT` shows it. */
const RESTART_MS = 15 * 60_000;

function moved(
  position: RolloutPosition,
  state: RolloutState,
  now: number,
  more: { reason?: string; cause?: NonNullable<RolloutPosition['cause']>; due?: number } = {},
): RolloutPosition {
  const { reason: _reason, cause: _cause, due: _due, until: _until, ...kept } = position;
  // Once it has changed the device, no earlier rollout counts.
  if (state === 'done' || state === 'reverted') delete kept.before;
  return { ...kept, ...more, state, since: now, times: { ...position.times, [state]: now } };
}

const failed = (
  position: RolloutPosition,
  now: number,
  reason: string,
  cause: NonNullable<RolloutPosition['cause']> = 'transfer',
): RolloutPosition => moved(position, 'failed', now, { reason, cause });

const silenceDue = ({ timeoutMs }: RolloutPosition, now: number): { due: number } => ({ due: now + timeoutMs });

type Image = Pick<RolloutPosition, 'version' | 'productClass'>;

/** The reason for which the image is not for the device, or not now; undefined when it is. */
export function precheck(
  row: Pick<DeviceRow, 'state' | 'softwareVersion' | 'productClass'>,
  { version, productClass }: Image,
): string | undefined {
  if (row.state === 'quarantine') return 'in quarantine';
  if (row.state === 'held' || row.state === 'replaced') return row.state;
  if (row.softwareVersion === '') return 'its version is not known: it has never informed';
  if (productClass !== '' && row.productClass !== productClass)
    return `the image is for ${productClass}, the device is a ${row.productClass}`;
  return row.softwareVersion === version ? `runs ${version} already` : undefined;
}

/** The position of an earlier rollout that still decides the firmware. */
function holding(position: RolloutPosition | undefined): RolloutPosition | undefined {
  if (!position) return undefined;
  if (!wanting.has(position.state)) return position.before;
  const { before: _before, ...own } = position;
  return position.released ? undefined : own;
}

/** The part of a row that operations on many devices look at. */
export type PlacedRow = Pick<DeviceRow, 'state' | 'softwareVersion' | 'productClass' | 'rollout'>;

export function assign(
  row: PlacedRow,
  { now, ...about }: DeviceOperations['rolloutAssigned']['args'],
): RolloutPosition | 'elsewhere' {
  if (row.rollout && isUnderWay(row.rollout)) return 'elsewhere';
  const reason = precheck(row, about);
  const state: RolloutState = reason === undefined ? 'planned' : 'skipped';
  const before = holding(row.rollout);
  return {
    ...about,
    ...(reason === undefined ? {} : { reason, wave: 0 }),
    ...(before ? { before } : {}),
    state,
    since: now,
    times: { [state]: now },
    attempts: 0,
  };
}

/** @param obstacle what the precheck says now */
export function offer(
  position: RolloutPosition,
  obstacle: string | undefined,
  row: DeviceRow,
  { until, now }: DeviceOperations['rolloutOffered']['args'],
): RolloutPosition {
  if (position.state !== 'planned') return position;
  // It runs the image already, since the plan was made or at a second attempt: only the soak is left.
  if (row.softwareVersion === position.version) return moved(position, 'installed', now, silenceDue(position, now));
  if (obstacle !== undefined) return moved(position, 'skipped', now, { reason: obstacle });
  const { due } = silenceDue(position, now);
  const offered = moved(position, 'offered', now, { due: Math.min(due, until ?? due) });
  const { planned } = position.times;
  offered.times = { ...(planned === undefined ? {} : { planned }), offered: now };
  offered.attempts++;
  // A rollback keeps the version before the rollout.
  if (!position.back) offered.previous = row.softwareVersion;
  if (until !== undefined) offered.until = until;
  delete offered.task;
  delete offered.took;
  delete offered.booted;
  return offered;
}

/** A Download of the rollout may leave while the image is offered and the window is open. */
export const mayBegin = (position: RolloutPosition | undefined, rollout: string, now: number): boolean =>
  position?.id === rollout && position.state === 'offered' && now < (position.until ?? Number.POSITIVE_INFINITY);

export const begin = (position: RolloutPosition, task: string, now: number): RolloutPosition => ({
  ...moved(position, 'downloading', now, silenceDue(position, now)),
  task,
});

const faultText = ({ code, message }: NonNullable<Task['fault']>): string =>
  typeof code === 'number' ? `${code} ${message}` : message;

/**
 * The position after an Inform. The version that the device reports outweighs all other evidence.
 * @param ended tasks that ended by the same Inform
 */
export function positionAfterInform(
  row: DeviceRow,
  position: RolloutPosition,
  ended: readonly Task[],
  codes: readonly string[],
  now: number,
): RolloutPosition {
  const { state, version, task, took } = position;
  const runs = row.softwareVersion === version;
  if (runs) {
    const late = state === 'failed' && position.cause === 'transfer';
    const isNews = state === 'offered' || state === 'downloading' || late;
    return isNews ? moved(position, 'installed', now, silenceDue(position, now)) : position;
  }
  if (state === 'installed' || state === 'soaking') return failed(position, now, `went back to ${row.softwareVersion}`);
  if (state !== 'downloading') return position;
  const boots = codes.includes('1 BOOT');
  if (row.tasks.some(open => open.id === task)) return boots ? { ...position, booted: true } : position;
  if (took === undefined) {
    const fault = ended.find(({ id }) => id === task)?.fault;
    return failed(position, now, `Download: ${fault ? faultText(fault) : 'ended without a report of its outcome'}`);
  }
  // Its TransferComplete may have arrived only when it was repeated, after the Inform that reported the restart.
  const isBack = boots || position.booted || now - took >= RESTART_MS;
  return isBack ? cameBackOld(row, position, now) : position;
}

const cameBackOld = (row: DeviceRow, position: RolloutPosition, now: number): RolloutPosition =>
  failed(position, now, `took ${position.file} without an error, but runs ${row.softwareVersion}`);

/** The position after its Download ended. @param row as it is after that */
export function positionAfterTask(row: DeviceRow, position: RolloutPosition, task: Task): RolloutPosition {
  if (position.task !== task.id || position.state !== 'downloading') return position;
  const now = task.ended ?? position.since;
  if (task.state === 'cancelled') return failed(position, now, 'its Download was cancelled');
  if (task.state !== 'done') return failed(position, now, `Download: ${task.fault ? faultText(task.fault) : 'failed'}`);
  const taken = { ...position, took: now };
  // Reported in a later session that began with a restart: no other restart will follow (TR-069 A.3.3.2).
  const later = row.claim !== undefined && task.sentBy !== row.claim.token;
  return later && row.lastEvents.includes('1 BOOT') ? cameBackOld(row, taken, now) : taken;
}

/** The position after a session that ended well. It advances only with the new version, and when nothing of the transfer is open. */
export function positionAfterSession(row: DeviceRow, position: RolloutPosition, now: number): RolloutPosition {
  if (position.state !== 'installed' || row.tasks.some(open => open.id === position.task)) return position;
  if (position.back) return moved(position, 'reverted', now);
  return moved(position, 'soaking', now, { due: now + position.soakMs });
}

export function verdict(
  position: RolloutPosition,
  { from, state, reason, cause, now }: DeviceOperations['rolloutJudged']['args'],
): RolloutPosition {
  if (!from.includes(position.state)) return position;
  return moved(position, state, now, {
    ...(reason === undefined ? {} : { reason }),
    ...(cause === undefined ? {} : { cause }),
  });
}

export function rollBack(
  position: RolloutPosition,
  { file, fileHash, version, now }: DeviceOperations['rolloutRolledBack']['args'],
  row: DeviceRow,
): RolloutPosition {
  const runsIt = row.softwareVersion === position.version;
  if (position.back || !runsIt || position.state === 'downloading') return position;
  return { ...moved(position, 'planned', now), file, fileHash, version, back: true, previous: position.version };
}

/** @returns undefined when nothing is left */
export function release(position: RolloutPosition, forget: boolean): RolloutPosition | undefined {
  if (forget) return position.before;
  return position.released || !wanting.has(position.state) ? position : { ...position, released: true };
}

/** The decision of rollouts on a device's firmware: this file, or that of presets except these versions. */
type Ruling = { rollout: string; file: string; fileHash: string; version: string } | { barred: string[] };

const barring = ({ version, previous }: RolloutPosition): Ruling => ({
  barred: previous === undefined ? [version] : [version, previous],
});

/** @returns undefined where presets alone decide */
export function rulingOf(position: RolloutPosition | undefined, now: number): Ruling | undefined {
  if (!position || position.released) return undefined;
  const { id, state, file, fileHash, version, until, attempts } = position;
  // A preset must neither retry the failed version nor flash the one before.
  if (state === 'failed') return barring(position);
  const isOver = state === 'offered' && until !== undefined && now >= until;
  if (isOver || !wanting.has(state)) {
    const isBetween = state !== 'skipped' && (attempts > 0 || position.back);
    return isBetween ? barring(position) : rulingOf(position.before, now);
  }
  return { rollout: id, file, fileHash, version };
}

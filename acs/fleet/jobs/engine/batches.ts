// Positions of a job that are worked on together: their rows are read at once, and their moves stored at once.

import { livenessOf } from '../../../device/liveness.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { devicesWithIds } from '../../../query/filter.ts';
import type { JobPosition } from '../../../store/job-positions.ts';
import type { Caller } from '../../access/caller.ts';
import { inBatches } from '../../rollout/devices.ts';
import type { JobContext } from '../context.ts';
import type { Job } from '../job.ts';
import { type Move, type MovePair, movePair } from '../positions.ts';
import { isRemote } from '../steps/kinds.ts';
import type { Tally } from '../tally.ts';
import { beginning, proceed, stepsOf } from './course.ts';

/** Devices that one question to the store is about. */
const AT_ONCE = 100;

/** Milliseconds until a device that was away is looked at again, though nothing was heard of it. */
export const AWAY_MS = 60 * 60_000;

export interface Batch {
  job: Job;
  caller: Caller;
  tally: Tally;
  /** No device begins a step: those that run are seen to the end of theirs. */
  isHeld: boolean;
}

/** @returns the rows of those devices that exist, by id */
export async function rowsOf(
  { store, clock }: JobContext,
  devices: readonly string[],
): Promise<Map<string, DeviceRow>> {
  const rows = new Map<string, DeviceRow>();
  for (let at = 0; at < devices.length; at += AT_ONCE) {
    const filter = devicesWithIds(devices.slice(at, at + AT_ONCE));
    for (const row of (await store.devices({ filter, limit: AT_ONCE, now: clock.now() })).items) rows.set(row.id, row);
  }
  return rows;
}

/** @returns why the device cannot begin; undefined where it can */
function obstacle(
  row: DeviceRow | undefined,
  isReached: boolean,
  needsSession: boolean,
  now: number,
): Move | undefined {
  const skip = (code: string, reason: string): Move => ({ state: 'skipped', code, reason });
  if (!row) return skip('no-such-device', 'the device was removed');
  if (!isReached) return skip('out-of-rights', 'the rights of the author do not reach it any more');
  if (!needsSession) return undefined;
  if (row.state !== 'enrolled') return skip('not-enrolled', `the device is ${row.state}: it takes part in no sessions`);
  return livenessOf(row, now) === 'online' ? undefined : { state: 'away', due: now + AWAY_MS };
}

/** Begins with devices whose turn it is, and takes their steps as far as they go now. @returns the devices that have begun or were skipped, and those that begun and wait */
export async function beginAll(
  context: JobContext,
  batch: Batch,
  positions: readonly JobPosition[],
): Promise<{ moved: number; waiting: DeviceRow[] }> {
  const { job, caller, tally } = batch;
  const ids = positions.map(({ device }) => device);
  const rows = await rowsOf(context, ids);
  const seen = await caller.seen(ids);
  const now = context.clock.now();
  const pairs = await inBatches(positions, async position => {
    const row = rows.get(position.device);
    const needsSession = isRemote(stepsOf(job, position));
    const move =
      obstacle(row, seen.has(position.device), needsSession, now) ?? (await beginning(context, job, position, row));
    return movePair(position, move, now);
  });
  const stored = await moveNoted(context, tally, pairs);
  const begun = stored.filter(({ state }) => state === 'running');
  const after = await proceedAll(context, batch, begun);
  const waiting = after.filter(({ state }) => state === 'running').flatMap(({ device }) => rows.get(device) ?? []);
  return { moved: stored.length, waiting };
}

/** Takes the steps of devices that have begun as far as they go now. @returns their positions after it */
export async function proceedAll(
  context: JobContext,
  { job, caller, tally, isHeld }: Batch,
  positions: readonly JobPosition[],
): Promise<JobPosition[]> {
  const pairs = await inBatches(positions, async position =>
    movePair(position, await proceed(context, { job, position, caller, isHeld }), context.clock.now()),
  );
  return await moveNoted(context, tally, pairs);
}

/** Stores moves, and counts them. */
export async function moveNoted(
  { positions }: Pick<JobContext, 'positions'>,
  tally: Tally,
  pairs: readonly MovePair[],
): Promise<JobPosition[]> {
  const before = new Map(pairs.map(([position, after]) => [after, position]));
  const stored = await positions.move(pairs);
  for (const after of stored) tally.note(before.get(after)!, after);
  return stored;
}

// Reconcile: what is known against what is wanted, with the fewest RPCs. Always ends with a SetParameterValues that carries the revision.

import type { Reconciled } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Refusal, Wanted, WantedFile } from '../presets/desired.ts';
import { isApplied } from '../presets/merge.ts';
import { OVERRIDE } from '../presets/preset.ts';
import { isMoveDue, moveDue } from './acs-move.ts';
import { apply, readManaged } from './apply.ts';
import { type ReconcileParts, raiseFault } from './context.ts';
import { audit, differences, isAuditDue, leftAlone, note, settledDrift } from './drift.ts';
import { Refused } from './refused.ts';
import { isLeaving, isRestartDue, markRestart, restartDue, suspects } from './restart.ts';

/** Rounds before a device that does not come to rest is given up with a fault. */
const MAX_ROUNDS = 8;
const BACKOFF: Backoff = { firstMs: 60_000, lastMs: 24 * 3_600_000 };

/** @returns `waiting` when a transfer must end first, or a fault has to wait for its time; `departed`: the device restarts now */
export async function reconcile(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
): Promise<'done' | 'waiting' | 'departed'> {
  if (isLeaving(visit)) return 'departed';
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await oneRound(visit, cpe, context, parts);
    if (outcome !== 'again') return outcome;
  }
  const { revision } = await parts.presets.wanted(visit.row);
  const message = `not at rest after ${MAX_ROUNDS} rounds`;
  await raise(visit, context, parts, { preset: OVERRIDE, code: 'not-at-rest', message }, revision);
  return 'waiting';
}

/** What a rollout has moved presets want too by now: from here on they have the say. */
async function adopt(visit: SessionState, { store }: FleetContext, { adopted }: Wanted): Promise<void> {
  if (adopted !== undefined) await store.apply(visit.row.id, 'rolloutReleased', { id: adopted });
}

/** @returns `again` when something was refused: without it there is another wanted state */
async function oneRound(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
): Promise<'done' | 'waiting' | 'departed' | 'again'> {
  const generation = parts.presets.generation();
  const facts = await parts.presets.factsOf(visit.row);
  const now = context.clock.now();
  if (isHeld(visit.row, generation, facts) && isQuiet(visit.row, now)) return 'done';
  const wanted = await parts.presets.wanted(visit.row);
  if (wanted.refused.length) {
    for (const refusal of wanted.refused) await raise(visit, context, parts, refusal, wanted.revision);
    return 'again';
  }
  if (isGivenUp(visit.row, wanted, now)) return 'waiting';
  try {
    const outcome = await bringAbout(visit, cpe, context, parts, wanted);
    if (outcome === 'waiting') return 'waiting';
    await adopt(visit, context, wanted);
    await hold(visit, context, parts, wanted, { generation, facts, ...nextAudit(visit.row, wanted, outcome, context) });
    if (await restartDue(visit, cpe, context, parts, wanted)) return 'departed';
    if (outcome === 'known' && !isMoveDue(visit.row, now)) return 'done';
    return (await moveDue(visit, cpe, context, parts, wanted)) ? 'departed' : 'done';
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    for (const refusal of error.culprits) await raise(visit, context, parts, refusal, wanted.revision);
    return 'again';
  }
}

/** What was computed last holds, and the device says so. */
const isHeld = ({ reconciled: held, parameterKey }: DeviceRow, generation: number, facts: string): boolean =>
  held?.generation === generation && held.facts === facts && held.revision === parameterKey;

/** @returns `known`: it holds as far as is known; `seen`: it was just found or made true */
async function bringAbout(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<'known' | 'seen' | 'waiting'> {
  const { reconciled: held, parameterKey } = visit.row;
  if (wanted.revision === '') return 'known';
  if (held?.revision !== wanted.revision || parameterKey !== wanted.revision)
    return (await advance(visit, cpe, context, parts, wanted)) ? 'seen' : 'waiting';
  if (!isAuditDue(visit, wanted, context.clock.now())) return 'known';
  await audit(visit, cpe, context, parts, wanted);
  return 'seen';
}

/** Nothing asks to look after it again. */
const isQuiet = (row: DeviceRow, now: number): boolean =>
  row.reconciled?.suspect === undefined &&
  (row.reconciled?.auditAt ?? now + 1) > now &&
  !isRestartDue(row) &&
  !isMoveDue(row, now);

/** Spread, so that devices that were set up together are not looked after together. */
function nextAudit(
  { reconciled: held }: DeviceRow,
  { auditMs }: Wanted,
  outcome: 'known' | 'seen',
  { clock, random }: FleetContext,
): Pick<Reconciled, 'auditAt'> {
  if (auditMs === undefined) return {};
  const fresh = Math.round(clock.now() + auditMs * (0.9 + random.next() / 5));
  return { auditAt: outcome === 'known' ? Math.min(held?.auditAt ?? fresh, fresh) : fresh };
}

/** Keeps that the wanted state holds. */
async function hold(
  visit: SessionState,
  context: FleetContext,
  { presets }: ReconcileParts,
  wanted: Wanted,
  found: Omit<Reconciled, 'revision'>,
): Promise<void> {
  const managed = wanted.revision !== '';
  const reconciled: Reconciled = {
    revision: managed ? wanted.revision : visit.row.parameterKey,
    ...found,
    ...(managed ? { managed } : {}),
  };
  await context.store.apply(visit.row.id, 'reconciled', {
    token: visit.token,
    ...reconciled,
    parameterKey: reconciled.revision,
    cleared: [...(await presets.staleCauses(visit.row)), ...settledDrift(visit.row, wanted)],
    now: context.clock.now(),
  });
  visit.row = { ...visit.row, parameterKey: reconciled.revision, reconciled };
}

/** What could not be brought about, and for which nobody in particular is to blame, is left alone until its time. */
const isGivenUp = (row: DeviceRow, wanted: Wanted, now: number): boolean =>
  row.faults.some(
    ({ cause, retryAt: due, basis }) =>
      cause === 'reconcile' && due > now && (basis === undefined || basis === wanted.revision),
  );

/** One round towards what is wanted. @returns false while a transfer is on its way */
async function advance(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<boolean> {
  if (!(await transfer(visit, cpe, context, parts, wanted))) return false;
  const current = await readManaged(visit, cpe, wanted);
  // The same was wanted before, and something else has set the ParameterKey: what is only to be told of is not overwritten for that.
  if (visit.row.reconciled?.revision === wanted.revision && wanted.reporting.size > 0) {
    const found = differences(wanted, current, await parts.models.of(visit.row));
    await note(
      visit,
      context,
      wanted,
      found.filter(({ preset }) => wanted.reporting.has(preset)),
    );
  }
  const services = suspects(visit.row, wanted, await parts.models.of(visit.row));
  await apply(visit, cpe, context, parts, wanted, { current, left: leftAlone(visit.row, wanted) });
  if (services.length > 0) await markRestart(visit, context, wanted, services);
  return true;
}

async function raise(
  visit: SessionState,
  context: FleetContext,
  { presets }: ReconcileParts,
  refusal: Refusal,
  revision: string,
): Promise<void> {
  const { cause, basis } = await presets.causeOf(refusal, visit.row, revision);
  const before = visit.row.faults.find(fault => fault.cause === cause);
  // Resting on something else it is another fault, and its time begins anew.
  const count = before && before.basis === basis ? before.count : 0;
  await raiseFault(visit, context, {
    cause,
    code: refusal.code,
    message: refusal.message,
    ...(refusal.parameter ? { parameter: refusal.parameter } : {}),
    ...(refusal.file ? { file: refusal.file } : {}),
    ...(basis === undefined ? {} : { basis }),
    retryAt: retryAt(context, BACKOFF, count),
  });
}

/** Certificates, then the script, then firmware, one transfer at a time. @returns false while one is on its way */
async function transfer(
  visit: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
  wanted: Wanted,
): Promise<boolean> {
  // The way back from another ACS is no part of what is wanted here.
  const isOpen = (task: Task): boolean => task.method === 'Download' && task.origin === 'reconcile' && !task.content;
  const open = visit.row.tasks.filter(isOpen);
  if (open.some(task => task.state !== 'queued')) return false;
  // Made in a session that was lost before it could be sent: what is wanted now is decided anew.
  for (const { id } of open) await parts.tasks.cancel(id);
  const next = wanted.files.find(file => !isApplied(file, visit.row));
  if (!next) return true;
  if (next.rollout !== undefined) return await flash(visit, cpe, parts, next.rollout, next.file.name);
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
  return after.state === 'done' ? await transfer(visit, cpe, context, parts, wanted) : false;
}

/**
 * One Download for each offer: the position moves on in the very write that marks it as sent.
 * @returns false while the device is not where the rollout wants it and may still get there
 */
async function flash(
  visit: SessionState,
  cpe: Cpe,
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
        file: wanted.file.name,
      },
    ]);
  }
}

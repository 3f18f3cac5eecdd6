// Reconcile: what is known against what is wanted, with the fewest RPCs. Always ends with a SetParameterValues that carries the revision.
import type { DeviceRow, Task } from '../store/store.ts';
import { apply } from './apply.ts';
import type { FleetContext } from './context.ts';
import type { Files } from './files.ts';
import type { Models } from './models.ts';
import type { Cpe } from './ports.ts';
import type { Presets } from './presets.ts';
import { Refused } from './refused.ts';
import type { Rollouts } from './rollout.ts';
import type { Tasks } from './tasks.ts';
import { type Culprit, isApplied, OVERRIDE, type Wanted, type WantedFile } from './wanted.ts';

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

/** @returns `waiting` when a transfer must end first, or a fault has to wait for its time */
export async function reconcile(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
): Promise<'done' | 'waiting'> {
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
async function adopt(visit: InVisit, { store }: FleetContext, { adopted }: Wanted): Promise<void> {
  if (adopted !== undefined) await store.apply(visit.row.id, 'rolloutReleased', { id: adopted });
}

/** @returns `again` when something was refused: without it there is another wanted state */
async function oneRound(
  visit: InVisit,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
): Promise<'done' | 'waiting' | 'again'> {
  const generation = parts.presets.generation();
  const facts = await parts.presets.factsOf(visit.row);
  const held = visit.row.reconciled;
  const reports = visit.row.parameterKey;
  if (held && held.generation === generation && held.facts === facts && held.revision === reports) return 'done';
  const wanted = await parts.presets.wanted(visit.row);
  if (wanted.refused.length) {
    for (const culprit of wanted.refused) await raise(visit, context, parts, culprit, wanted.revision);
    return 'again';
  }
  if (isGivenUp(visit.row, wanted, context.clock.now())) return 'waiting';
  const atRest = wanted.revision === '' || (held?.revision === wanted.revision && reports === wanted.revision);
  try {
    if (!atRest && !(await advance(visit, cpe, context, parts, wanted))) return 'waiting';
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    for (const culprit of error.culprits) await raise(visit, context, parts, culprit, wanted.revision);
    return 'again';
  }
  await adopt(visit, context, wanted);
  await hold(visit, context, parts, {
    revision: wanted.revision === '' ? reports : wanted.revision,
    generation,
    facts,
  });
  return 'done';
}

/** Keeps that the wanted state holds. */
async function hold(
  visit: InVisit,
  context: FleetContext,
  { presets }: ReconcileParts,
  reconciled: NonNullable<DeviceRow['reconciled']>,
): Promise<void> {
  await context.store.apply(visit.row.id, 'reconciled', {
    token: visit.token,
    ...reconciled,
    parameterKey: reconciled.revision,
    cleared: await presets.staleCauses(visit.row),
    now: context.clock.now(),
  });
  visit.row = { ...visit.row, parameterKey: reconciled.revision, reconciled };
}

/** What could not be brought about, and for which nobody in particular is to blame, is left alone until its time. */
const isGivenUp = (row: DeviceRow, wanted: Wanted, now: number): boolean =>
  row.faults.some(
    ({ cause, retryAt, basis }) =>
      cause === 'reconcile' && retryAt > now && (basis === undefined || basis === wanted.revision),
  );

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

async function raise(
  visit: InVisit,
  context: FleetContext,
  { presets }: ReconcileParts,
  culprit: Culprit,
  revision: string,
): Promise<void> {
  const { store, clock, random, events } = context;
  const { cause, basis } = await presets.causeOf(culprit, visit.row, revision);
  const before = visit.row.faults.find(fault => fault.cause === cause);
  // Resting on something else it is another fault, and its time begins anew.
  const count = before && before.basis === basis ? before.count : 0;
  const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(count, 20));
  const fault = await store.apply(visit.row.id, 'faultRaised', {
    cause,
    code: culprit.code,
    message: culprit.message,
    ...(culprit.parameter ? { parameter: culprit.parameter } : {}),
    ...(culprit.file ? { file: culprit.file } : {}),
    ...(basis === undefined ? {} : { basis }),
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
        file: wanted.file.name,
      },
    ]);
  }
}

// Reconciliation: brings a device in session to its desired state with the fewest RPCs. The last one is always a SetParameterValues whose
// ParameterKey is the revision.

import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Reconciled } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Backoff } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import { type Cpe, codeOf } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Refusal, Wanted } from '../presets/desired.ts';
import { OVERRIDE } from '../presets/preset.ts';
import { isMoveDue, moveIfDue } from './acs-move.ts';
import { apply } from './apply.ts';
import { downloadFiles } from './downloads.ts';
import { audit, causesOfSettledDrift, differences, isAuditDue, pathsLeftAlone, recordDrift } from './drift.ts';
import { readManaged } from './managed-values.ts';
import { actFor, type ReconcileParts, Reconciliation } from './reconciliation.ts';
import { Refused } from './refused.ts';
import { isLeaving, isRestartDue, possiblyPending, recordRestart, restartIfDue } from './restart.ts';

/** Rounds after which a device that does not come to rest gets a fault. */
const MAX_ROUNDS = 8;
const BACKOFF: Backoff = { firstMs: 60_000, lastMs: 24 * 3_600_000 };

/** @returns `waiting` when a transfer must end first, or a fault has to wait for its time; `departed`: the device restarts now */
export async function reconcile(
  session: SessionState,
  cpe: Cpe,
  context: FleetContext,
  parts: ReconcileParts,
): Promise<'done' | 'waiting' | 'departed'> {
  if (isLeaving(session)) return 'departed';
  const run = new Reconciliation(session, cpe, context, parts);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await oneRound(run);
    if (outcome !== 'again') return outcome;
  }
  const { revision } = await parts.wantedStates.of(run.row);
  await raise(
    run,
    { preset: OVERRIDE, code: 'not-at-rest', message: `not at rest after ${MAX_ROUNDS} rounds` },
    revision,
  );
  return 'waiting';
}

/** @returns `again` when something was refused: without it the desired state is another one */
async function oneRound(run: Reconciliation): Promise<'done' | 'waiting' | 'departed' | 'again'> {
  const { wantedStates } = run.parts;
  const generation = wantedStates.generation();
  const facts = await wantedStates.fingerprint(run.row);
  const { now } = run;
  if (isReconciled(run.row, generation, facts) && isQuiet(run.row, now)) return 'done';
  const desired = await wantedStates.of(run.row);
  if (desired.refused.length) return await raiseAll(run, desired.refused, desired.revision);
  if (isSuspended(run.row, desired, now)) return 'waiting';
  actFor(run, presetsOf(desired), desired.revision);
  try {
    const outcome = await bringAbout(run, desired);
    if (outcome === 'waiting') return 'waiting';
    await releaseAdopted(run, desired);
    const next = nextAudit(run.row, desired, outcome, run.context);
    await recordReconciled(run, desired, { generation, facts, ...next });
    if (await restartIfDue(run, desired)) return 'departed';
    if (outcome === 'known' && !isMoveDue(run.row, now)) return 'done';
    actFor(run, presetsOf(desired), desired.revision);
    return (await moveIfDue(run, desired)) ? 'departed' : 'done';
  } catch (error) {
    return await raiseAll(run, refusalsOf(error), desired.revision);
  }
}

/** Every preset that wants something of the device. */
const presetsOf = ({ set, objects, files }: Wanted): string[] => [
  ...new Set([...set.values(), ...objects, ...files].map(({ preset }) => preset)),
];

/** A fault that no step expects must not end each session anew: it suspends the reconciliation. @throws any other error */
function refusalsOf(error: unknown): readonly Refusal[] {
  if (error instanceof Refused) return error.refusals;
  if (!(error instanceof CwmpFault)) throw error;
  return [{ preset: OVERRIDE, code: codeOf(error), message: error.message }];
}

/** The desired state that was computed last still holds, and the device says so. */
const isReconciled = ({ reconciled, parameterKey }: DeviceRow, generation: number, facts: string): boolean =>
  reconciled?.generation === generation && reconciled.facts === facts && reconciled.revision === parameterKey;

/** Nothing calls for an audit, a restart or a move. */
const isQuiet = (row: DeviceRow, now: number): boolean =>
  row.reconciled?.suspect === undefined &&
  (row.reconciled?.auditAt ?? now + 1) > now &&
  !isRestartDue(row) &&
  !isMoveDue(row, now);

/** A refusal without a preset of its own suspends the whole reconciliation until its time. */
const isSuspended = (row: DeviceRow, desired: Wanted, now: number): boolean =>
  row.faults.some(
    ({ cause, retryAt, basis }) =>
      cause === 'reconcile' && retryAt > now && (basis === undefined || basis === desired.revision),
  );

/** @returns `known`: it holds as far as is known; `seen`: it was just found or made true */
async function bringAbout(run: Reconciliation, desired: Wanted): Promise<'known' | 'seen' | 'waiting'> {
  const { reconciled, parameterKey } = run.row;
  if (desired.revision === '') return 'known';
  if (reconciled?.revision !== desired.revision || parameterKey !== desired.revision)
    return (await advance(run, desired)) ? 'seen' : 'waiting';
  if (!isAuditDue(run.session, desired, run.now)) return 'known';
  await audit(run, desired);
  return 'seen';
}

/** One round towards the desired state. @returns false while a transfer is under way */
async function advance(run: Reconciliation, desired: Wanted): Promise<boolean> {
  if (!(await downloadFiles(run, desired))) return false;
  const current = await readManaged(run, desired);
  const model = await run.model();
  // The same was wanted before, and another writer has set the ParameterKey: drift that is only reported is not overwritten for that.
  if (run.row.reconciled?.revision === desired.revision && desired.reporting.size > 0) {
    const found = differences(desired, current, model).filter(({ preset }) => desired.reporting.has(preset));
    await recordDrift(run, desired, found);
  }
  const services = possiblyPending(run.row, desired, model);
  await apply(run, desired, { current, left: pathsLeftAlone(run.row, desired) });
  if (services.length > 0) await recordRestart(run, desired, services);
  return true;
}

/** Presets by now want too what a rollout has brought: from here on they alone decide. */
async function releaseAdopted({ row, context }: Reconciliation, { adopted }: Wanted): Promise<void> {
  if (adopted !== undefined) await context.store.apply(row.id, 'rolloutReleased', { id: adopted });
}

/** Spread by chance, so that devices that were set up together are not audited together. */
function nextAudit(
  { reconciled }: DeviceRow,
  { auditMs }: Wanted,
  outcome: 'known' | 'seen',
  { clock, random }: FleetContext,
): Pick<Reconciled, 'auditAt'> {
  if (auditMs === undefined) return {};
  const fresh = Math.round(clock.now() + auditMs * (0.9 + random.next() / 5));
  return { auditAt: outcome === 'known' ? Math.min(reconciled?.auditAt ?? fresh, fresh) : fresh };
}

/** Records that the desired state holds, and clears the faults that it settles. */
async function recordReconciled(
  run: Reconciliation,
  desired: Wanted,
  found: Omit<Reconciled, 'revision' | 'managed'>,
): Promise<void> {
  const managed = desired.revision !== '';
  const revision = managed ? desired.revision : run.row.parameterKey;
  const reconciled: Reconciled = { revision, ...found, ...(managed ? { managed } : {}) };
  await run.apply('reconciled', {
    ...reconciled,
    parameterKey: revision,
    cleared: [...(await run.parts.wantedStates.staleCauses(run.row)), ...causesOfSettledDrift(run.row, desired)],
    now: run.now,
  });
  run.row = { ...run.row, parameterKey: revision, reconciled };
}

async function raiseAll(run: Reconciliation, refusals: readonly Refusal[], revision: string): Promise<'again'> {
  for (const refusal of refusals) await raise(run, refusal, revision);
  return 'again';
}

async function raise(run: Reconciliation, refusal: Refusal, revision: string): Promise<void> {
  const { cause, basis } = await run.parts.wantedStates.causeOf(refusal, run.row, revision);
  const { code, message, parameter, file } = refusal;
  await run.raiseWithBackoff(
    {
      cause,
      code,
      message,
      ...(parameter ? { parameter } : {}),
      ...(file ? { file } : {}),
      ...(basis === undefined ? {} : { basis }),
    },
    BACKOFF,
  );
}

// A Download of the desired state whose TransferComplete reports a fault: the preset that wants the file is suspended, as by any refusal.
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Task } from '../../device/task.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import type { SessionState } from '../common/session-state.ts';
import { isOwnDownload } from './downloads.ts';
import type { ReconcileParts } from './reconciliation.ts';

const BACKOFF: Backoff = { firstMs: 60_000, lastMs: 24 * 3_600_000 };

/** Raises the fault of the preset. A file of a rollout is the rollout's to repeat, and one that has changed since is sent at once. */
export async function raiseFailedDownload(
  context: FleetContext,
  { wantedStates }: Pick<ReconcileParts, 'wantedStates'>,
  { row }: Pick<SessionState, 'row'>,
  task: Task,
): Promise<void> {
  if (task.state !== 'failed' || !isOwnDownload(task) || task.rollout !== undefined) return;
  const { files, revision } = await wantedStates.of(row);
  const wanted = files.find(({ file }) => file.name === task.file && file.sha256 === task.fileHash);
  if (!wanted) return;
  const { code = 9002, message: reason } = task.fault ?? {};
  const message = withoutUrlSecrets(`Download of ${task.file}: ${reason || 'failed'}`);
  const { cause, basis } = await wantedStates.causeOf({ preset: wanted.preset, code, message }, row, revision);
  const before = row.faults.find(fault => fault.cause === cause);
  const count = before && before.basis === basis ? before.count : 0;
  const { store, clock, events } = context;
  const raised = { cause, code, message, retryAt: retryAt(context, BACKOFF, count), now: clock.now() };
  const fault = await store.apply(row.id, 'faultRaised', basis === undefined ? raised : { ...raised, basis });
  events.emit('fault', { fault });
}

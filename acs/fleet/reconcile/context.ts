// What the parts of reconcile are given: the visit as it goes, and the rest of the fleet; and how each tells of what is in its way.

import type { DeviceOperations } from '../../device/operation-types.ts';
import type { FleetContext } from '../common/context.ts';
import type { Models } from '../common/models.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Files } from '../files/files.ts';
import type { History } from '../monitoring/history.ts';
import type { Presets } from '../presets/presets.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { Tasks } from '../tasks/tasks.ts';

export interface ReconcileParts {
  tasks: Tasks;
  presets: Presets;
  models: Models;
  files: Files;
  rollouts: Pick<Rollouts, 'isOffering' | 'noticed'>;
  history?: Pick<History, 'read'>;
}

/** Writes a fault down, with the device's row of this visit, and tells of it. */
export async function raiseFault(
  visit: SessionState,
  { store, clock, events }: Pick<FleetContext, 'store' | 'clock' | 'events'>,
  fault: Omit<DeviceOperations['faultRaised']['args'], 'now'>,
): Promise<void> {
  const raised = await store.apply(visit.row.id, 'faultRaised', { ...fault, now: clock.now() });
  const others = visit.row.faults.filter(({ cause }) => cause !== raised.cause);
  visit.row = { ...visit.row, faults: [...others, raised] };
  events.emit('fault', { fault: raised });
}

// What the parts of reconcile are given: the visit as it goes, and the rest of the fleet; and how each tells of what is in its way.
import type { DeviceOperations } from '../store/changes.ts';
import type { DeviceRow } from '../store/row.ts';
import type { FleetContext } from './context.ts';
import type { Files } from './files.ts';
import type { History } from './history.ts';
import type { Models } from './models.ts';
import { SessionLost } from './ports.ts';
import type { Presets } from './presets.ts';
import type { Rollouts } from './rollout.ts';
import type { Tasks } from './tasks.ts';

export interface ReconcileParts {
  tasks: Tasks;
  presets: Presets;
  models: Models;
  files: Files;
  rollouts: Pick<Rollouts, 'isOffering' | 'noticed'>;
  history?: Pick<History, 'read'>;
}

export interface InVisit {
  row: DeviceRow;
  token: number;
  base?: string;
  /** Values that this session's Inform carried because they changed, by path. */
  changed?: ReadonlyMap<string, string>;
  /** What the operators' tasks of this session may have changed (drift.ts). */
  touched?: readonly string[];
}

/** Reads the row anew. @throws SessionLost when there is none any more */
export async function refresh(visit: Pick<InVisit, 'row'>, { store }: Pick<FleetContext, 'store'>): Promise<void> {
  const row = await store.device(visit.row.id);
  if (!row) throw new SessionLost('the device was removed');
  visit.row = row;
}

/** Writes a fault down, with the device's row of this visit, and tells of it. */
export async function raiseFault(
  visit: InVisit,
  { store, clock, events }: Pick<FleetContext, 'store' | 'clock' | 'events'>,
  fault: Omit<DeviceOperations['faultRaised']['args'], 'now'>,
): Promise<void> {
  const raised = await store.apply(visit.row.id, 'faultRaised', { ...fault, now: clock.now() });
  const others = visit.row.faults.filter(({ cause }) => cause !== raised.cause);
  visit.row = { ...visit.row, faults: [...others, raised] };
  events.emit('fault', { fault: raised });
}

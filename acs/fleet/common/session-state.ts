// What a session knows of its device while it runs.
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from './context.ts';
import { SessionLost } from './ports.ts';

export interface SessionState {
  row: DeviceRow;
  token: number;
  base?: string;
  /** Values that this session's Inform carried because they changed, by path. */
  changed?: ReadonlyMap<string, string>;
  /** What the operators' tasks of this session may have changed (drift.ts). */
  touched?: readonly string[];
}

/** Reads the row anew. @throws SessionLost when there is none any more */
export async function refresh(visit: Pick<SessionState, 'row'>, { store }: Pick<FleetContext, 'store'>): Promise<void> {
  const row = await store.device(visit.row.id);
  if (!row) throw new SessionLost('the device was removed');
  visit.row = row;
}

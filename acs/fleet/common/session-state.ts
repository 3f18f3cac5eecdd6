// A device session as its steps see it while it runs.
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from './context.ts';
import { SessionLost } from './ports.ts';

export interface SessionState {
  /** The device as it is now, as far as this session knows. */
  row: DeviceRow;
  /** Fences the changes of this session: that of its claim. */
  token: number;
  /** Scheme, host and port by which the CPE came: links to files begin with it. */
  base?: string;
  /** Values that the Inform carried because they changed, by path. */
  changed?: ReadonlyMap<string, string>;
  /** Paths that the operators' tasks of this session may have changed (drift.ts). */
  touched?: readonly string[];
}

/** Reads the row again. @throws SessionLost when the device was removed */
export async function refresh(
  session: Pick<SessionState, 'row'>,
  { store }: Pick<FleetContext, 'store'>,
): Promise<void> {
  const row = await store.device(session.row.id);
  if (!row) throw new SessionLost('the device was removed');
  session.row = row;
}

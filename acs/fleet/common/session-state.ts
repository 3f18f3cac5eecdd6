// A device session as its steps see it while it runs.
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from './context.ts';
import { SessionLost } from './ports.ts';

/** The work that an RPC is sent for: it is charged where the session is lost before the answer. */
export type Purpose = { task: string } | { cause: string } | { presets: readonly string[]; revision: string };

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
  /** The RPC whose answer is awaited, and the work that RPCs are sent for at present. */
  open?: string;
  purpose?: Purpose;
}

/** A fault of that cause has to wait for its time. */
export const isSuspended = ({ faults }: Pick<DeviceRow, 'faults'>, cause: string, now: number): boolean =>
  faults.some(fault => fault.cause === cause && fault.retryAt > now);

/** Reads the row again. @throws SessionLost when the device was removed */
export async function refresh(
  session: Pick<SessionState, 'row'>,
  { store }: Pick<FleetContext, 'store'>,
): Promise<void> {
  const row = await store.device(session.row.id);
  if (!row) throw new SessionLost('the device was removed');
  session.row = row;
}

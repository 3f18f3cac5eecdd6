// The form of an operation on a device, and the results that operations share.
import { UserError } from '../../errors.ts';
import type { DeviceOperation, DeviceOperations } from '../operation-types.ts';
import type { DeviceRow } from '../row.ts';
import type { Task } from '../task.ts';

/** The row after an operation. The same `row` object: nothing changed. No row: the device is gone. */
export interface Change<R> {
  row: DeviceRow | undefined;
  result: R;
  /** Tasks that left the row because they ended. */
  ended: Task[];
}

export type Operation<N extends DeviceOperation> = (
  row: DeviceRow | undefined,
  args: DeviceOperations[N]['args'],
  id: string,
) => Change<DeviceOperations[N]['result']>;

export const unchanged = <R>(row: DeviceRow | undefined, result: R): Change<R> => ({ row, result, ended: [] });
export const changed = <R>(row: DeviceRow, result: R, ended: Task[] = []): Change<R> => ({ row, result, ended });

export function existing(row: DeviceRow | undefined, id: string): DeviceRow {
  if (!row) throw new UserError(404, 'no-such-device', `there is no device ${id}`);
  return row;
}

export const isStale = (row: DeviceRow, token: number): boolean => row.claim?.token !== token;

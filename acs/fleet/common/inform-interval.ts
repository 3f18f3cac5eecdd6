// The interval of a device's periodic Informs, learned from values that were read or set.
import type { DeviceRow } from '../../device/row.ts';
import type { Store } from '../../store/store.ts';

export interface NamedValue {
  path: string;
  value: string;
}

/** The parameters of an RPC as the store names them. */
export const namedValues = (list: readonly { Name: string; Value: string }[]): NamedValue[] =>
  list.map(({ Name, Value }) => ({ path: Name, value: Value }));

export const intervalName = /\.(ManagementServer|X_0090F8_Cwmp)\.PeriodicInformInterval$/;

export const enableName = /\.(ManagementServer|X_0090F8_Cwmp)\.PeriodicInformEnable$/;

/**
 * Learns the interval, which an Inform need not carry (TR-069 3.7.1.5). The last of several values counts.
 * @returns the row with it
 */
export async function learnInterval(store: Store, row: DeviceRow, values: readonly NamedValue[]): Promise<DeviceRow> {
  const interval = values.findLast(({ path }) => intervalName.test(path))?.value.trim();
  const isOff = /^(0|false|Disable)$/i.test(values.findLast(({ path }) => enableName.test(path))?.value ?? '1');
  if (!isOff && (interval === undefined || !/^[1-9]\d{0,9}$/.test(interval))) return row;
  const informInterval = isOff ? 0 : Number(interval);
  if ((row.informInterval ?? 0) === informInterval && !row.isIntervalDue) return row;
  return await store.apply(row.id, 'intervalLearned', { informInterval });
}

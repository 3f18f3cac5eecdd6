// How often a device means to inform, learned from values that were read or set.
import type { DeviceRow } from '../../device/row.ts';
import type { Store } from '../../store/store.ts';

export interface Told {
  path: string;
  value: string;
}

/** Parameters of an RPC as the store names them. */
export const toldOf = (list: readonly { Name: string; Value: string }[]): Told[] =>
  list.map(({ Name, Value }) => ({ path: Name, value: Value }));

export const intervalName = /\.(ManagementServer|X_0090F8_Cwmp)\.PeriodicInformInterval$/;

export const enableName = /\.(ManagementServer|X_0090F8_Cwmp)\.PeriodicInformEnable$/;

/** An Inform need not carry the interval (TR-069 3.7.1.5): what was read or set says it as well. The last of several values counts. */
export async function learnInterval(store: Store, row: DeviceRow, values: readonly Told[]): Promise<void> {
  const interval = values.findLast(({ path }) => intervalName.test(path))?.value.trim();
  const isOff = /^(0|false|Disable)$/i.test(values.findLast(({ path }) => enableName.test(path))?.value ?? '1');
  if (!isOff && (interval === undefined || !/^[1-9]\d{0,9}$/.test(interval))) return;
  const informInterval = isOff ? 0 : Number(interval);
  if ((row.informInterval ?? 0) !== informInterval) await store.apply(row.id, 'intervalLearned', { informInterval });
}

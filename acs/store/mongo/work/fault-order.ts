// The order of a page of faults in MongoDB.
import type { DeviceFault } from '../../../device/fault.ts';
import { faultText } from '../../../query/predicate.ts';
import { textKey } from '../devices/device-document.ts';

/** A fault in the order of a page. */
export interface Placed {
  key: string | number;
  fault: DeviceFault;
}

export interface PageOrder {
  name: string;
  descending: boolean;
  from: { key: string | number; id: string } | undefined;
}

/** The text or the number that a fault is sorted by; texts as keys. */
export function keyOf(name: string, fault: DeviceFault): string | number {
  if (name === 'last' || name === 'first' || name === 'count') return fault[name];
  return textKey(name === 'device' ? fault.device : faultText(fault, name));
}

const order = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

export function comparing({ descending }: PageOrder): (one: Placed, other: Placed) => number {
  const side = descending ? -1 : 1;
  return (one, other) =>
    one.key < other.key ? -side : one.key > other.key ? side : order(one.fault.id, other.fault.id);
}

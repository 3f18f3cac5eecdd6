// Faults for which the database has no exact query: the rows of devices with faults are judged here.
import type { DeviceFault } from '../../../device/fault.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { atomsOf, type Filter, isFaultField, pathsOf } from '../../../query/filter.ts';
import { type TreeLookup, toPredicate } from '../../../query/predicate.ts';
import type { DeviceScan } from '../devices/device-scan.ts';
import { comparing, keyOf, type PageOrder, type Placed } from './fault-order.ts';

/** A device with faults, as a filter that its search is narrowed by. */
const faulty: Filter = { op: 'exists', field: { kind: 'faultTime', name: 'first' } };

export class FaultScan {
  readonly #devices: DeviceScan;

  constructor(devices: DeviceScan) {
    this.#devices = devices;
  }

  /** Calls for each fault that fits, those of one device after each other. */
  async each(
    filter: Filter,
    now: number,
    visit: (fault: DeviceFault, row: DeviceRow, tree: TreeLookup) => void,
  ): Promise<void> {
    const fits = toPredicate(filter);
    const among: Filter = { op: 'and', of: [faulty, ...deviceParts(filter)] };
    await this.#devices.each(among, now, pathsOf(filter), (row, tree) => {
      for (const fault of row.faults) if (fits({ ...row, faults: [fault] }, now, tree)) visit(fault, row, tree);
    });
  }

  async page(filter: Filter, now: number, order: PageOrder, limit: number): Promise<Placed[]> {
    let kept: Placed[] = [];
    const compare = comparing(order);
    await this.each(filter, now, fault => {
      const placed = { key: keyOf(order.name, fault), fault };
      if (order.from && compare(placed, { key: order.from.key, fault: { ...fault, id: order.from.id } }) <= 0) return;
      kept.push(placed);
      if (kept.length > 4 * limit) kept = kept.sort(compare).slice(0, limit);
    });
    return kept.sort(compare).slice(0, limit);
  }
}

/** The parts of a filter that no fault decides: any fault of a device that fits it lies within them. */
function deviceParts(filter: Filter): Filter[] {
  if (filter.op === 'and') return filter.of.flatMap(deviceParts);
  return atomsOf(filter).some(({ field }) => isFaultField(field)) ? [] : [filter];
}

// Reads of faults in MongoDB: where the query is exact the server takes them out of the documents, else the rows of devices with faults are
// judged here. A condition on `faults` holds for the one fault of a document once they are unwound.
import type { Collection } from 'mongodb';
import type { DeviceFault } from '../../../device/fault.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Filter } from '../../../query/filter.ts';
import { faultText, type TreeLookup, textsOf } from '../../../query/predicate.ts';
import { FaultTally } from '../../fault-tally.ts';
import { cursorText, faultSort, pageOf, readCursor } from '../../paging.ts';
import type { FaultGroupQuery, FaultGroups, FaultKey, FaultQuery } from '../../store.ts';
import type { DeviceDocument, FaultEntry } from '../collections.ts';
import { rowOf, textKey, textOfKey } from '../devices/device-document.ts';
import { type DeviceScan, present } from '../devices/device-scan.ts';
import { allOf, isExact, type Part, toMongo } from '../filter.ts';
import type { Link } from '../link.ts';
import { keyOf, type PageOrder, type Placed } from './fault-order.ts';
import { FaultScan } from './fault-scan.ts';

/** Faults that the server sends at a time. */
const BATCH = 1000;

type Unwound = Pick<DeviceDocument, 'row'> & { faults: FaultEntry };
type CountedDocument = Pick<DeviceDocument, '_id' | 'firmware' | 'productClass' | 'site'> &
  Record<string, unknown> & { faults: FaultEntry };

export class FaultSearch {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #scan: FaultScan;

  constructor(link: Link, devices: Collection<DeviceDocument>, scan: DeviceScan) {
    this.#link = link;
    this.#devices = devices;
    this.#scan = new FaultScan(scan);
  }

  /** The database looks for it in the documents of devices that have faults. */
  async byId(id: string): Promise<DeviceFault | undefined> {
    if (!/^[0-9a-f]{1,64}$/.test(id)) return undefined;
    const query = { latestFault: { $gt: '' }, 'faults.id': id };
    const holder = await this.#link.retry(() => this.#devices.findOne(query, { projection: { row: 1 } }));
    return rowOf(holder)?.faults.find(fault => fault.id === id);
  }

  async page({ filter, sort: wanted, limit: most, cursor, now }: FaultQuery) {
    const limit = pageOf(most);
    const { sort, name, descending } = faultSort(wanted);
    const from = cursor === undefined ? undefined : readCursor(cursor, sort);
    const order = { name, descending, from };
    const bounds = filter ? toMongo(filter, now) : undefined;
    const found =
      filter && bounds && !isExact(bounds)
        ? await this.#scan.page(filter, now, order, limit + 1)
        : await this.#foundPage(bounds?.over ?? true, order, limit + 1);
    const items = found.slice(0, limit).map(({ fault }) => fault);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return last ? { items, next: cursorText(sort, last.key, last.fault.id) } : { items };
  }

  async count(filter: Filter | undefined, now: number): Promise<number> {
    const bounds = filter ? toMongo(filter, now) : undefined;
    if (filter && bounds && !isExact(bounds)) {
      let count = 0;
      await this.#scan.each(filter, now, () => count++);
      return count;
    }
    const stages = [{ $group: { _id: null, n: { $sum: 1 } } }];
    return (await this.#unwound<{ n: number }>(bounds?.over ?? true, stages))[0]?.n ?? 0;
  }

  async groups({ filter, by, limit, now }: FaultGroupQuery): Promise<FaultGroups> {
    const bounds = filter ? toMongo(filter, now) : undefined;
    if (!filter || !bounds || isExact(bounds))
      return (await talliedByServer(this.#link, this.#devices, bounds?.over ?? true, by)).groups(limit);
    const tally = new FaultTally();
    await this.#scan.each(filter, now, (fault, row, tree) => {
      const key = by.map(each => keyText(each, fault, row, tree, now));
      const { id, first, last } = fault;
      tally.add({ id, key, first, last, device: row.id, firmware: row.softwareVersion, product: row.productClass });
    });
    return tally.groups(limit);
  }

  async #foundPage(part: Part, { name, descending, from }: PageOrder, limit: number): Promise<Placed[]> {
    const column = name === 'device' ? '_id' : `faults.${name}`;
    const stages: object[] = [
      ...(from ? [{ $match: beyond(column, descending, from) }] : []),
      { $sort: { [column]: descending ? -1 : 1, 'faults.id': 1 } },
      { $limit: limit },
    ];
    const placed: Placed[] = [];
    for (const { row, faults } of await this.#unwound<Unwound>(part, stages)) {
      const fault = rowOf({ row: row ?? 'null' })?.faults.find(({ id }) => id === faults.id);
      if (fault) placed.push({ key: keyOf(name, fault), fault });
    }
    return placed;
  }

  /** Runs stages on the documents of devices, one for each fault that the part fits. */
  async #unwound<T extends object>(part: Part, stages: object[]): Promise<T[]> {
    const pipeline = pipelineOf(part, stages);
    if (!pipeline) return [];
    return await this.#link.retry(() => this.#devices.aggregate<T>(pipeline).toArray());
  }
}

/** The server sends what is counted of each fault; no row is read. */
async function talliedByServer(
  link: Link,
  devices: Collection<DeviceDocument>,
  part: Part,
  by: FaultGroupQuery['by'],
): Promise<FaultTally> {
  const fields = { faults: 1, firmware: 1, productClass: 1, ...Object.fromEntries(by.map(columnOf)) };
  const pipeline = pipelineOf(part, [{ $sort: { _id: 1 } }, { $project: fields }]);
  return await link.retry(async () => {
    const tally = new FaultTally();
    if (!pipeline) return tally;
    for await (const found of devices.aggregate<CountedDocument>(pipeline, { batchSize: BATCH })) {
      const { _id, faults, firmware = '', productClass = '' } = found;
      const key = by.map(each => textOfKey(storedText(each, found)));
      const about = { firmware: textOfKey(firmware), product: textOfKey(productClass) };
      tally.add({ ...about, id: faults.id, device: textOfKey(_id), key, first: faults.first, last: faults.last });
    }
    return tally;
  });
}

/** @returns undefined where nothing can be found */
function pipelineOf(part: Part, stages: object[]): object[] | undefined {
  const before = allOf([present, { latestFault: { $gt: '' } }]);
  if (part === false || typeof before === 'boolean') return undefined;
  return [{ $match: before }, { $unwind: '$faults' }, ...(part === true ? [] : [{ $match: part }]), ...stages];
}

const columnOf = (key: FaultKey): [string, 1] => [
  typeof key === 'string' ? 'faults' : key.kind === 'site' ? 'site' : key.name === 'id' ? '_id' : key.name,
  1,
];

/** The text of a document that faults are grouped by, as a key. */
function storedText(key: FaultKey, found: CountedDocument): string {
  if (typeof key === 'string') return found.faults[key];
  const name = textKey(key.name);
  const text = key.kind === 'site' ? found.site?.find(({ k }) => k === name)?.v : found[key.name];
  return typeof text === 'string' ? text : '';
}

function keyText(key: FaultKey, fault: DeviceFault, row: DeviceRow, tree: TreeLookup, now: number): string {
  return typeof key === 'string' ? faultText(fault, key) : (textsOf(row, key, now, tree)[0] ?? '');
}

const beyond = (column: string, descending: boolean, { key, id }: { key: string | number; id: string }): object => ({
  $or: [{ [column]: { [descending ? '$lt' : '$gt']: key } }, { [column]: key, 'faults.id': { $gt: id } }],
});

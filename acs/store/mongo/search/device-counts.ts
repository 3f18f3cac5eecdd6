// Devices counted by the value of a field, in MongoDB: by the server where its query is exact and the value is a field of the document,
// else one by one here.
import type { Collection } from 'mongodb';
import { livenessStates } from '../../../device/liveness.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Field, Filter } from '../../../query/filter.ts';
import { numberOf, type TreeLookup, textsOf } from '../../../query/predicate.ts';
import type { DeviceDocument } from '../collections.ts';
import { textKey, textOfKey } from '../devices/device-document.ts';
import { type DeviceScan, present } from '../devices/device-scan.ts';
import { allOf, columnOf, isExact, noneOf, type Part, toMongo } from '../filter.ts';
import type { Link } from '../link.ts';

/** By key: how many devices, and the first and last of their ids. */
export type Counts = Map<string, { n: number; first: string; last: string }>;
type Counted = [key: string, n: number, first: string, last: string];

export class DeviceCounts {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #scan: DeviceScan;

  constructor(link: Link, devices: Collection<DeviceDocument>, scan: DeviceScan) {
    this.#link = link;
    this.#devices = devices;
    this.#scan = scan;
  }

  /** The number of devices that both filters fit. */
  async numberOf(filter: Filter, also: Filter, now: number): Promise<number> {
    return (await this.by({ op: 'and', of: [filter, also] }, undefined, now)).get('')?.n ?? 0;
  }

  async by(filter: Filter, by: Field | undefined, now: number): Promise<Counts> {
    if (by?.kind === 'liveness') return await this.#byLiveness(filter, now);
    const bounds = toMongo(filter, now);
    if (!isExact(bounds) || by?.kind === 'path' || by?.kind === 'fault') return await this.#oneByOne(filter, by, now);
    const all: Counts = new Map();
    for (const counted of await byServer(this.#link, this.#devices, bounds.over, by)) count(all, counted);
    return all;
  }

  async #byLiveness(filter: Filter, now: number): Promise<Counts> {
    const all: Counts = new Map();
    for (const [key, state] of livenessFilters) {
      const found = (await this.by({ op: 'and', of: [filter, state] }, undefined, now)).get('');
      if (found) all.set(key, found);
    }
    return all;
  }

  async #oneByOne(filter: Filter, by: Field | undefined, now: number): Promise<Counts> {
    const all: Counts = new Map();
    await this.#scan.each(filter, now, by?.kind === 'path' ? [by.name] : [], (row, tree) => {
      const keys = by ? textsOrCount(row, by, now, tree) : [''];
      for (const key of keys.length > 0 ? keys : ['']) count(all, [key, 1, row.id, row.id]);
    });
    return all;
  }
}

const textsOrCount = (row: DeviceRow, by: Field, now: number, tree: TreeLookup): readonly string[] =>
  by.kind === 'number' ? [String(numberOf(row, by))] : textsOf(row, by, now, tree);

async function byServer(
  link: Link,
  devices: Collection<DeviceDocument>,
  part: Part,
  by: Field | undefined,
): Promise<Counted[]> {
  const grouped = async (within: Part, key: string | null, spread?: Spread): Promise<Counted[]> => {
    const query = allOf([present, within]);
    if (query === false) return [];
    const pipeline = pipelineOf(query === true ? {} : query, key, spread);
    const found = await link.retry(() =>
      devices.aggregate<{ _id: string | number | null; n: number; first: string; last: string }>(pipeline).toArray(),
    );
    return found.map(({ _id, n, first, last }) => [textOfKey(String(_id ?? '')), n, textOfKey(first), textOfKey(last)]);
  };
  if (!by) return await grouped(part, null);
  if (by.kind === 'tag')
    return [
      ...(await grouped(part, '$tags', { list: 'tags' })),
      ...(await grouped(allOf([part, { tags: { $exists: false } }]), null)),
    ];
  if (by.kind !== 'site') return await grouped(part, `$${columnOf(by)}`);
  const k = textKey(by.name);
  const named = { site: { $elemMatch: { k } } };
  return [
    ...(await grouped(allOf([part, named]), '$site.v', { list: 'site', fits: { 'site.k': k } })),
    ...(await grouped(allOf([part, noneOf(named)]), null)),
  ];
}

/** A list field that gives a device several keys, and which of its entries count. */
interface Spread {
  list: string;
  fits?: object;
}

/** @param key of each document, as an expression */
const pipelineOf = (query: object, key: string | null, spread: Spread | undefined): object[] => [
  { $match: query },
  ...(spread ? [{ $unwind: `$${spread.list}` }] : []),
  ...(spread?.fits ? [{ $match: spread.fits }] : []),
  { $group: { _id: key, n: { $sum: 1 }, first: { $min: '$_id' }, last: { $max: '$_id' } } },
];

const liveness: Field = { kind: 'liveness', name: 'liveness' };
const livenessFilters: readonly [key: string, filter: Filter][] = [
  ...livenessStates.map((state): [string, Filter] => [
    state,
    { op: 'compare', field: liveness, test: '=', value: { as: 'text', text: state } },
  ]),
  ['', { op: 'not', of: { op: 'exists', field: liveness } }],
];

function count(all: Counts, [key, n, first, last]: Counted): void {
  const before = all.get(key);
  if (!before) all.set(key, { n, first, last });
  else
    all.set(key, {
      n: before.n + n,
      first: first < before.first ? first : before.first,
      last: last > before.last ? last : before.last,
    });
}

// Walks over the devices in MongoDB, page by page along an order, so that none of the queries is a long one. Where the query finds too
// much, the predicate decides here.
import type { Collection } from 'mongodb';
import { informValues } from '../../../device/inform.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { type Filter, pathsOf } from '../../../query/filter.ts';
import { lookupIn, type Predicate, type TreeLookup, toPredicate } from '../../../query/predicate.ts';
import { isWild } from '../../../query/wildcard.ts';
import type { DeviceDocument } from '../collections.ts';
import { allOf, anyOf, type Part, toMongo } from '../filter.ts';
import type { Link } from '../link.ts';
import { rowOf } from './device-document.ts';
import type { ParameterTrees } from './parameter-trees.ts';
import { treeFields } from './tree-reads.ts';

export type FoundDevice = Record<string, unknown> & Pick<DeviceDocument, '_id' | 'tree' | 'row' | 'known' | 'chunks'>;

export interface Order {
  column: string;
  descending: boolean;
}

/** A place in an order: the key and the id of a device, after which the walk continues. */
export interface Place {
  key: string | number;
  id: string;
}

/** Where a walk begins: after a device, or at a key. */
export type Start = Place | { at: string | number };

/** Devices that a walk is over, and in which order. */
interface Walk {
  /** The query, which may find too many. */
  part: Part;
  filter: Filter;
  now: number;
  order: Order;
  from?: Start | undefined;
}

/** Devices that the predicate judges at a time. */
const SCAN_BATCH = 250;
/** Devices that were not removed. */
export const present: Part = { gone: { $exists: false } };
export const byId: Order = { column: '_id', descending: false };

export const placeOf = (found: FoundDevice, order: Order): Place => ({
  key: found[order.column] as string | number,
  id: found._id,
});

/** Reads pages of devices, and decides which a filter fits. */
export class DeviceScan {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #trees: ParameterTrees;

  constructor(link: Link, devices: Collection<DeviceDocument>, trees: ParameterTrees) {
    this.#link = link;
    this.#devices = devices;
    this.#trees = trees;
  }

  async page(part: Part, order: Order, from: Start | undefined, limit: number, skip = 0): Promise<FoundDevice[]> {
    const query = allOf([present, part, from ? beyond(order, from) : true]);
    if (query === false) return [];
    const direction = order.descending ? -1 : 1;
    const sort = order.column === '_id' ? { _id: direction } : { [order.column]: direction, _id: direction };
    const options = {
      projection: { row: 1, ...treeFields, [order.column]: 1 },
      sort: sort as Record<string, 1 | -1>,
      limit,
      batchSize: limit,
      ...(skip > 0 ? { skip } : {}),
    };
    return await this.#link.retry(() => this.#devices.find(query === true ? {} : query, options).toArray());
  }

  /** The first `limit` devices of the walk that the filter fits, after those that are skipped. */
  async fitting(walk: Walk, limit: number, skip = 0): Promise<{ document: FoundDevice; row: DeviceRow }[]> {
    const fits = toPredicate(walk.filter);
    const paths = pathsOf(walk.filter);
    const kept: { document: FoundDevice; row: DeviceRow }[] = [];
    let left = skip;
    for await (const page of this.#pages(walk)) {
      const fitting = await this.#fittingOf(page, paths, fits, walk.now);
      kept.push(...fitting.slice(left));
      left = Math.max(0, left - fitting.length);
      if (kept.length >= limit) break;
    }
    return kept.slice(0, limit);
  }

  /**
   * Calls for every device that the filter fits, in no promised order.
   * @param more paths that are looked up besides those of the filter
   */
  async each(
    filter: Filter,
    now: number,
    more: readonly string[],
    visit: (row: DeviceRow, tree: TreeLookup) => void,
  ): Promise<void> {
    const fits = toPredicate(filter);
    const paths = [...new Set([...pathsOf(filter), ...more])];
    for await (const page of this.#pages({ part: toMongo(filter, now).over, filter, now, order: byId }))
      for (const { row, tree } of await this.#fittingOf(page, paths, fits, now)) visit(row, tree);
  }

  async *#pages({ part, order, from }: Walk): AsyncIterable<FoundDevice[]> {
    for (let place: Start | undefined = from; ; ) {
      const page = await this.page(part, order, place, SCAN_BATCH);
      yield page;
      const last = page.at(-1);
      if (!last || page.length < SCAN_BATCH) return;
      place = placeOf(last, order);
    }
  }

  async #fittingOf(page: readonly FoundDevice[], paths: readonly string[], fits: Predicate, now: number) {
    const known = withRows(page);
    const cold = paths.length > 0 ? known.filter(({ row }) => isCold(row, paths)) : [];
    const values = await this.#trees.lookUp(
      cold.map(({ document }) => document),
      paths,
    );
    return known
      .map(({ document, row }) => ({ document, row, tree: lookupIn(values.get(document.tree)) }))
      .filter(({ row, tree }) => fits(row, now, tree));
  }
}

export const withRows = (page: readonly FoundDevice[]): { document: FoundDevice; row: DeviceRow }[] =>
  page.flatMap(document => {
    const row = rowOf(document);
    return row ? [{ document, row }] : [];
  });

/** True when some of the paths must be looked up in the device's parameter tree. */
function isCold(row: DeviceRow, paths: readonly string[]): boolean {
  const hot = informValues(row);
  return paths.some(path => isWild(path) || !Object.hasOwn(hot, path));
}

/** The devices from a start on, in an order. */
function beyond({ column, descending }: Order, start: Start): Part {
  const side = descending ? '$lt' : '$gt';
  if ('at' in start) return { [column]: { [`${side}e`]: start.at } };
  const { key, id } = start;
  if (column === '_id') return { _id: { [side]: id } };
  return allOf([
    // Said apart, so that an index begins at the place.
    { [column]: { [`${side}e`]: key } },
    anyOf([{ [column]: { [side]: key } }, { [column]: key, _id: { [side]: id } }]),
  ]);
}

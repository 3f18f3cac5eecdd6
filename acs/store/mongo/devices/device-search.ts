// Reads of devices in MongoDB: one by id or user name, pages of a search, and counts.
import type { Collection } from 'mongodb';
import type { DeviceRow } from '../../../device/row.ts';
import type { Field, Filter } from '../../../query/filter.ts';
import { keyOfText, parseSort } from '../../../query/sort.ts';
import { cursorText, pageOf, picked, readCursor } from '../../paging.ts';
import type { DeviceQuery, KnownTexts, OverdueQuery } from '../../store.ts';
import type { DeviceDocument } from '../collections.ts';
import { allOf, isExact, noneOf, type Part, sortColumn, toMongo } from '../filter.ts';
import type { Link } from '../link.ts';
import { KeyOrder } from '../search/key-order.ts';
import { rowOf, textKey } from './device-document.ts';
import { byId, type DeviceScan, placeOf, present, type Start, withRows } from './device-scan.ts';
import type { ParameterTrees } from './parameter-trees.ts';
import { treeFields } from './tree-reads.ts';

/** Fields of a document of which a row is read. */
const rowOnly = { _id: 0, row: 1 };

export class DeviceSearch {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #trees: ParameterTrees;
  readonly #scan: DeviceScan;
  readonly #keys: KeyOrder;

  constructor(link: Link, devices: Collection<DeviceDocument>, trees: ParameterTrees, scan: DeviceScan) {
    this.#link = link;
    this.#devices = devices;
    this.#trees = trees;
    this.#scan = scan;
    this.#keys = new KeyOrder(scan);
  }

  async byId(id: string): Promise<DeviceRow | undefined> {
    return rowOf(await this.#one({ _id: textKey(id) }));
  }

  async byUsername(username: string): Promise<DeviceRow | undefined> {
    return rowOf((await this.#one({ username })) ?? (await this.#one({ nextUsername: username })));
  }

  async page(query: DeviceQuery): Promise<{ items: DeviceRow[]; next?: string }> {
    const sort = parseSort(query.sort);
    const column = sortColumn(sort.field);
    if (column === undefined) return await this.#keys.page(query, sort);
    const limit = pageOf(query.limit);
    const order = { column, descending: sort.descending };
    const from = startOf(query, sort.field);
    const { filter, now, offset = 0 } = query;
    const bounds = filter && toMongo(filter, now);
    const found =
      filter && bounds && !isExact(bounds)
        ? await this.#scan.fitting({ part: bounds.over, filter, now, order, from }, limit + 1, offset)
        : withRows(await this.#scan.page(bounds?.over ?? true, order, from, limit + 1, offset));
    const items = found.slice(0, limit).map(({ row }) => picked(row, query.only));
    const last = found.length > limit ? found[limit - 1] : undefined;
    if (!last) return { items };
    const { key, id } = placeOf(last.document, order);
    return { items, next: cursorText(query.sort, key, id) };
  }

  async count(filter: Filter | undefined, now: number): Promise<number> {
    if (!filter) return await this.#countOf(true);
    const { over, under } = toMongo(filter, now);
    if (over === under) return await this.#countOf(over);
    const walk = { part: allOf([over, noneOf(under)]), filter, now, order: byId };
    const doubtful = await this.#scan.fitting(walk, Number.POSITIVE_INFINITY);
    return (await this.#countOf(under)) + doubtful.length;
  }

  async overdue({ now, limit, blindSpot }: OverdueQuery): Promise<string[]> {
    const heard = blindSpot
      ? { $or: [{ due: { $lt: now - blindSpot.ms } }, { lastInform: { $gte: blindSpot.until } }] }
      : {};
    const options = { projection: rowOnly, sort: { due: 1 as const }, limit };
    const query = { due: { $gt: 0, $lt: now }, ...heard };
    const found = await this.#link.retry(() => this.#devices.find(query, options).toArray());
    return found.flatMap(document => rowOf(document)?.id ?? []);
  }

  knownValues(ids: readonly string[], paths: readonly string[]): Promise<ReadonlyMap<string, KnownTexts>> {
    return knownTexts(this.#link, this.#devices, this.#trees, ids, paths);
  }

  async #one(query: Parameters<Collection<DeviceDocument>['findOne']>[0]) {
    return await this.#link.retry(() => this.#devices.findOne(query ?? {}, { projection: rowOnly }));
  }

  async #countOf(part: Part): Promise<number> {
    if (part === false) return 0;
    if (part !== true) {
      const query = allOf([present, part]);
      return await this.#link.retry(() => this.#devices.countDocuments(typeof query === 'boolean' ? {} : query));
    }
    const all = await this.#link.retry(() => this.#devices.countDocuments({}, { hint: { _id: 1 } }));
    return all - (await this.#link.retry(() => this.#devices.countDocuments({ gone: true })));
  }
}

/** Where a page begins, with keys as documents have them. */
function startOf({ cursor, sort, at }: DeviceQuery, field: Field): Start | undefined {
  if (cursor !== undefined) return readCursor(cursor, sort);
  if (at === undefined) return undefined;
  const key = keyOfText(field, at);
  return { at: typeof key === 'string' ? textKey(key) : key };
}

async function knownTexts(
  link: Link,
  devices: Collection<DeviceDocument>,
  trees: ParameterTrees,
  ids: readonly string[],
  paths: readonly string[],
): Promise<ReadonlyMap<string, KnownTexts>> {
  const byKey = new Map(ids.map(id => [textKey(id), id]));
  const query = { _id: { $in: [...byKey.keys()] }, gone: { $exists: false } };
  const found = await link.retry(() => devices.find(query, { projection: treeFields }).toArray());
  const values = await trees.lookUp(found, paths);
  const same = new Map<string, KnownTexts>();
  const answer = new Map<string, KnownTexts>();
  for (const { _id, tree } of found) {
    const texts = paths.map(path => values.get(tree)?.get(path) ?? null);
    const key = JSON.stringify(texts);
    if (!same.has(key)) same.set(key, texts);
    if (texts.some(text => text !== null)) answer.set(byKey.get(_id) ?? _id, same.get(key)!);
  }
  return answer;
}

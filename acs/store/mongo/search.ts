// Reads of devices, tasks and faults in MongoDB. A search goes page by page along an order, so that none of its queries is a long one;
// where the query finds too much, the predicate decides here.

import type { DeviceFault } from '../../device/fault.ts';
import { informValues } from '../../device/inform.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { type Filter, isWild, lookupIn, type Predicate, pathsOf, toPredicate } from '../../query/filter.ts';
import { cursorText, newestFirst, pageOf, picked, readCursor, sortOf } from '../paging.ts';
import type { DeviceQuery, GroupQuery, Groups, KnownTexts, OverdueQuery } from '../store.ts';
import type { Collections, DeviceDocument, EndedTask } from './collections.ts';
import { rowOf, textKey } from './device-document.ts';
import { allOf, anyOf, isExact, mongoColumns, noneOf, type Part, toMongo } from './filter.ts';
import { createGroups, type Each } from './groups.ts';
import type { Link } from './link.ts';
import type { Trees } from './parameter-trees.ts';

export interface Search {
  device(id: string): Promise<DeviceRow | undefined>;
  deviceByUsername(username: string): Promise<DeviceRow | undefined>;
  devices(query: DeviceQuery): Promise<{ items: DeviceRow[]; next?: string }>;
  countDevices(filter: Filter | undefined, now: number): Promise<number>;
  groups(query: GroupQuery): Promise<Groups>;
  overdue(query: OverdueQuery): Promise<string[]>;
  knownValues(ids: readonly string[], paths: readonly string[]): Promise<ReadonlyMap<string, KnownTexts>>;
  tasks(query: { device?: string; limit: number }): Promise<Task[]>;
  task(id: string): Promise<Task | undefined>;
  faults(limit: number): Promise<DeviceFault[]>;
}

type Found = Record<string, unknown> & Pick<DeviceDocument, '_id' | 'tree' | 'row'>;

interface Order {
  column: string;
  descending: boolean;
}

/** Where a search stands: the key of the order and the id of the last device. */
interface Place {
  key: string | number;
  id: string;
}

/** Devices that the predicate looks at in one turn. */
const SCAN_BATCH = 250;
const here: Part = { gone: { $exists: false } };
const whole = { _id: 0, row: 1, outbox: 1 };

export function createSearch(link: Link, { devices, ended }: Collections, trees: Trees): Search {
  const one = (query: Parameters<typeof devices.findOne>[0]) =>
    link.retry(() => devices.findOne(query ?? {}, { projection: whole }));

  const page = async (part: Part, order: Order, place: Place | undefined, limit: number): Promise<Found[]> => {
    const query = allOf([here, part, place ? beyond(order, place) : true]);
    if (query === false) return [];
    const direction = order.descending ? -1 : 1;
    const sort = order.column === '_id' ? { _id: direction } : { [order.column]: direction, _id: direction };
    const projection = { row: 1, tree: 1, [order.column]: 1 };
    return await link.retry(() =>
      devices
        .find(query === true ? {} : query, {
          projection,
          sort: sort as Record<string, 1 | -1>,
          limit,
          batchSize: limit,
        })
        .toArray(),
    );
  };
  const placeOf = (found: Found, order: Order): Place => ({
    key: found[order.column] as string | number,
    id: found._id,
  });

  /** Those of a page that the filter fits, each with its row. */
  const fitting = async (found: readonly Found[], paths: readonly string[], fits: Predicate, now: number) => {
    const known = found.flatMap(document => {
      const row = rowOf(document);
      return row ? [{ document, row }] : [];
    });
    const isCold = (row: DeviceRow): boolean => {
      const told = paths.length > 0 ? informValues(row) : {};
      return paths.some(path => isWild(path) || !Object.hasOwn(told, path));
    };
    const cold = known.filter(({ row }) => isCold(row));
    const values = await trees.lookUp(paths.length > 0 ? cold.map(({ document }) => document.tree) : [], paths);
    return known
      .map(({ document, row }) => ({ document, row, tree: lookupIn(values.get(document.tree)) }))
      .filter(({ row, tree }) => fits(row, now, tree));
  };

  /** Walks what `part` finds, in order, as far as the filter fits `limit` devices. */
  const scan = async (
    part: Part,
    filter: Filter,
    now: number,
    order: Order,
    from: Place | undefined,
    limit: number,
  ) => {
    const fits = toPredicate(filter);
    const paths = pathsOf(filter);
    const kept: { document: Found; row: DeviceRow }[] = [];
    let place = from;
    for (;;) {
      const found = await page(part, order, place, SCAN_BATCH);
      kept.push(...(await fitting(found, paths, fits, now)));
      const last = found.at(-1);
      if (!last || found.length < SCAN_BATCH || kept.length >= limit) return kept.slice(0, limit);
      place = placeOf(last, order);
    }
  };

  const searched = async (query: DeviceQuery): Promise<{ items: DeviceRow[]; next?: string }> => {
    const limit = pageOf(query.limit);
    const order = sortOf(query.sort, mongoColumns);
    const from = query.cursor === undefined ? undefined : readCursor(query.cursor, query.sort);
    const bounds = query.filter && toMongo(query.filter, query.now);
    const found =
      query.filter && bounds && !isExact(bounds)
        ? await scan(bounds.over, query.filter, query.now, order, from, limit + 1)
        : (await page(bounds?.over ?? true, order, from, limit + 1)).flatMap(document => {
            const row = rowOf(document);
            return row ? [{ document, row }] : [];
          });
    const items = found.slice(0, limit).map(({ row }) => picked(row, query.only));
    const last = found.length > limit ? found[limit - 1] : undefined;
    if (!last) return { items };
    const { key, id } = placeOf(last.document, order);
    return { items, next: cursorText(query.sort, key, id) };
  };

  const count = async (part: Part): Promise<number> => {
    if (part === false) return 0;
    if (part !== true) {
      const query = allOf([here, part]);
      return await link.retry(() => devices.countDocuments(typeof query === 'boolean' ? {} : query));
    }
    const all = await link.retry(() => devices.countDocuments({}, { hint: { _id: 1 } }));
    return all - (await link.retry(() => devices.countDocuments({ gone: true })));
  };
  const countDevices = async (filter: Filter | undefined, now: number): Promise<number> => {
    if (!filter) return await count(true);
    const { over, under } = toMongo(filter, now);
    if (over === under) return await count(over);
    const doubtful = allOf([over, noneOf(under)]);
    const byId = { column: '_id', descending: false };
    const fitting = await scan(doubtful, filter, now, byId, undefined, Number.POSITIVE_INFINITY);
    return (await count(under)) + fitting.length;
  };

  const each: Each = async (filter, now, more, visit) => {
    const fits = toPredicate(filter);
    const paths = [...new Set([...pathsOf(filter), ...more])];
    const { over } = toMongo(filter, now);
    const order = { column: '_id', descending: false };
    for (let place: Place | undefined; ; ) {
      const found = await page(over, order, place, SCAN_BATCH);
      for (const { row, tree } of await fitting(found, paths, fits, now)) visit(row, tree);
      const last = found.at(-1);
      if (!last || found.length < SCAN_BATCH) return;
      place = placeOf(last, order);
    }
  };

  const overdue = async ({ now, limit, blindSpot }: OverdueQuery): Promise<string[]> => {
    const heard = blindSpot
      ? { $or: [{ due: { $lt: now - blindSpot.ms } }, { lastInform: { $gte: blindSpot.until } }] }
      : {};
    const options = { projection: whole, sort: { due: 1 as const }, limit };
    const found = await link.retry(() => devices.find({ due: { $gt: 0, $lt: now }, ...heard }, options).toArray());
    return found.flatMap(document => rowOf(document)?.id ?? []);
  };

  const knownValues = async (
    ids: readonly string[],
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, KnownTexts>> => {
    const byKey = new Map(ids.map(id => [textKey(id), id]));
    const query = { _id: { $in: [...byKey.keys()] }, gone: { $exists: false } };
    const found = await link.retry(() => devices.find(query, { projection: { tree: 1 } }).toArray());
    const values = await trees.lookUp(
      found.map(({ tree }) => tree),
      paths,
    );
    const same = new Map<string, KnownTexts>();
    const answer = new Map<string, KnownTexts>();
    for (const { _id, tree } of found) {
      const texts = paths.map(path => values.get(tree)?.get(path) ?? null);
      const key = JSON.stringify(texts);
      if (!same.has(key)) same.set(key, texts);
      if (texts.some(text => text !== null)) answer.set(byKey.get(_id) ?? _id, same.get(key)!);
    }
    return answer;
  };

  /** Ended tasks that are still in outboxes: few, and for a moment. */
  const inOutboxes = async (query: Part): Promise<Task[]> => {
    const waiting = allOf([{ 'outbox.id': { $gt: '' } }, query]);
    if (typeof waiting === 'boolean') return [];
    const found = await link.retry(() => devices.find(waiting, { projection: { outbox: 1 } }).toArray());
    return found.flatMap(({ outbox }) => (outbox ?? []).map(taskOf));
  };
  const openTasks = async (limit: number): Promise<Task[]> => {
    // Each device with a newer one gives at least that one, so the first `limit` devices hold all that count.
    const options = { projection: whole, sort: { newestTask: -1 as const }, limit };
    const found = await link.retry(() => devices.find({ newestTask: { $gt: '' } }, options).toArray());
    return found.flatMap(document => rowOf(document)?.tasks ?? []);
  };

  return {
    device: async id => rowOf(await one({ _id: textKey(id) })),
    deviceByUsername: async username => rowOf((await one({ username })) ?? (await one({ nextUsername: username }))),
    devices: searched,
    countDevices,
    groups: createGroups(link, devices, each),
    knownValues,
    overdue,
    tasks: async ({ device, limit: wanted }) => {
      const limit = pageOf(wanted);
      // In the order in which a task moves, so that one that moves meanwhile is seen at least once; the latest state counts.
      const open =
        device === undefined ? await openTasks(limit) : (rowOf(await one({ _id: textKey(device) }))?.tasks ?? []);
      const leaving = await inOutboxes(device === undefined ? true : { _id: textKey(device) });
      const options = { sort: { created: -1 as const, _id: -1 as const }, limit };
      const past = await link.retry(() => ended.find(device === undefined ? {} : { device }, options).toArray());
      const byId = new Map([...open, ...leaving, ...past.map(taskOf)].map(task => [task.id, task]));
      return [...byId.values()].sort(newestFirst).slice(0, limit);
    },
    task: async id => {
      const holder = await one({ $or: [{ tasks: id }, { 'outbox.id': id }] });
      const left = holder?.outbox?.find(task => task.id === id);
      if (left) return taskOf(left);
      const open = rowOf(holder)?.tasks.find(task => task.id === id);
      if (open) return open;
      const past = await link.retry(() => ended.findOne({ _id: textKey(id) }));
      return past ? taskOf(past) : undefined;
    },
    faults: async wanted => {
      const limit = pageOf(wanted);
      const options = { projection: whole, sort: { latestFault: -1 as const }, limit };
      const found = await link.retry(() => devices.find({ latestFault: { $gt: '' } }, options).toArray());
      const faults = found.flatMap(document => rowOf(document)?.faults ?? []);
      return faults.sort((a, b) => b.last - a.last || (a.id < b.id ? -1 : 1)).slice(0, limit);
    },
  };
}

const taskOf = ({ body }: Pick<EndedTask, 'body'>): Task => JSON.parse(body) as Task;

/** What comes after a place in an order. */
function beyond({ column, descending }: Order, { key, id }: Place): Part {
  const side = descending ? '$lt' : '$gt';
  if (column === '_id') return { _id: { [side]: id } };
  return allOf([
    // Said apart, so that an index begins at the place.
    { [column]: { [`${side}e`]: key } },
    anyOf([{ [column]: { [side]: key } }, { [column]: key, _id: { [side]: id } }]),
  ]);
}

// Devices counted by the value of a field, in MongoDB: by the server where its query is exact and the value is a field of the document,
// else one by one here.
import type { Collection } from 'mongodb';
import { livenessStates } from '../../device/liveness.ts';
import type { DeviceRow } from '../../device/row.ts';
import { type Field, type Filter, type TreeLookup, textsOf } from '../../query/filter.ts';
import type { Group, GroupQuery, Groups } from '../store.ts';
import type { DeviceDocument } from './collections.ts';
import { textKey, textOfKey } from './device-document.ts';
import { allOf, isExact, noneOf, type Part, toMongo } from './filter.ts';
import type { Link } from './link.ts';

/** Calls for every device that the filter fits, in no promised order; `more`: paths to be looked up besides those of the filter. */
export type Each = (
  filter: Filter,
  now: number,
  more: readonly string[],
  visit: (row: DeviceRow, tree: TreeLookup) => void,
) => Promise<void>;

/** By key: how many, and the first and last of their ids. */
type Counts = Map<string, { n: number; first: string; last: string }>;

const here: Part = { gone: { $exists: false } };

export function createGroups(
  link: Link,
  devices: Collection<DeviceDocument>,
  each: Each,
): (query: GroupQuery) => Promise<Groups> {
  /** @param key of each document, as an expression; `spread`: a list field, and which of its entries count */
  const grouped = async (
    part: Part,
    key: string | null,
    spread?: { list: string; fits?: object },
  ): Promise<[key: string, n: number, first: string, last: string][]> => {
    const query = allOf([here, part]);
    if (query === false) return [];
    const pipeline = [
      { $match: query === true ? {} : query },
      ...(spread ? [{ $unwind: `$${spread.list}` }] : []),
      ...(spread?.fits ? [{ $match: spread.fits }] : []),
      { $group: { _id: key, n: { $sum: 1 }, first: { $min: '$_id' }, last: { $max: '$_id' } } },
    ];
    const found = await link.retry(() =>
      devices.aggregate<{ _id: string | null; n: number; first: string; last: string }>(pipeline).toArray(),
    );
    return found.map(({ _id, n, first, last }) => [textOfKey(_id ?? ''), n, textOfKey(first), textOfKey(last)]);
  };

  const byServer = async (part: Part, by: Field | undefined) => {
    if (!by) return await grouped(part, null);
    if (by.kind === 'tag')
      return [
        ...(await grouped(part, '$tags', { list: 'tags' })),
        ...(await grouped(allOf([part, { tags: { $exists: false } }]), null)),
      ];
    if (by.kind !== 'site') return await grouped(part, by.name === 'id' ? '$_id' : `$${by.name}`);
    const named = { site: { $elemMatch: { k: textKey(by.name) } } };
    return [
      ...(await grouped(allOf([part, named]), '$site.v', { list: 'site', fits: { 'site.k': textKey(by.name) } })),
      ...(await grouped(allOf([part, noneOf(named)]), null)),
    ];
  };

  const byLiveness = async (filter: Filter, now: number): Promise<Counts> => {
    const field: Field = { kind: 'liveness', name: 'liveness' };
    const states: [string, Filter][] = livenessStates.map(state => [
      state,
      { op: 'compare', field, test: '=', value: { as: 'text', text: state } },
    ]);
    const all: Counts = new Map();
    for (const [key, state] of [...states, ['', { op: 'not', of: { op: 'exists', field } }] as [string, Filter]]) {
      const found = (await counts({ op: 'and', of: [filter, state] }, undefined, now)).get('');
      if (found) all.set(key, found);
    }
    return all;
  };

  const oneByOne = async (filter: Filter, by: Field | undefined, now: number): Promise<Counts> => {
    const all: Counts = new Map();
    await each(filter, now, by?.kind === 'path' ? [by.name] : [], (row, tree) => {
      const keys = by ? textsOf(row, by, now, tree) : [''];
      for (const key of keys.length > 0 ? keys : ['']) count(all, key, 1, row.id, row.id);
    });
    return all;
  };

  const counts = async (filter: Filter, by: Field | undefined, now: number): Promise<Counts> => {
    if (by?.kind === 'liveness') return await byLiveness(filter, now);
    const bounds = toMongo(filter, now);
    if (!isExact(bounds) || by?.kind === 'path') return await oneByOne(filter, by, now);
    const all: Counts = new Map();
    for (const [key, n, first, last] of await byServer(bounds.over, by)) count(all, key, n, first, last);
    return all;
  };

  return async ({ among, filter, by, totals, limit, now }) => {
    const both: Filter = { op: 'and', of: [among, filter] };
    const fitting = await counts(both, by, now);
    const all = totals ? await counts(among, by, now) : fitting;
    const groups = [...fitting]
      .map(([key, { n, first, last }]): Group => {
        // Counted one after the other: a device may have come to fit meanwhile.
        const total = Math.max(n, all.get(key)?.n ?? n);
        return { key, count: n, total, samples: first === last ? [first] : [first, last] };
      })
      .sort((a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    const sum =
      by?.kind === 'tag'
        ? ((await counts(both, undefined, now)).get('')?.n ?? 0)
        : groups.reduce((total, group) => total + group.count, 0);
    return { groups: groups.slice(0, limit), omitted: Math.max(0, groups.length - limit), count: sum };
  };
}

function count(all: Counts, key: string, n: number, first: string, last: string): void {
  const before = all.get(key);
  if (!before) all.set(key, { n, first, last });
  else
    all.set(key, {
      n: before.n + n,
      first: first < before.first ? first : before.first,
      last: last > before.last ? last : before.last,
    });
}

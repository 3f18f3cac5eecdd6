// What devices did and told over time, in MongoDB: a document for each place of a ring, and one for each event. They hang on the tree of
// the device, so that one which returns after its removal begins anew.

import type { DeviceEvent, HistoryEntry } from '../records.ts';
import { type Bucket, bucketAt, levels, MAX_EVENTS, MAX_SERIES, merged, slotOf } from '../series.ts';
import type { SeriesQuery } from '../store.ts';
import { jsonOf } from '../text-checks.ts';
import type { Collections, SeriesDocument } from './collections.ts';
import { orderKey, textKey } from './device-document.ts';
import type { Link } from './link.ts';

export interface History {
  append(entries: readonly HistoryEntry[]): Promise<void>;
  series(query: SeriesQuery): Promise<Bucket[]>;
  paths(device: string): Promise<string[]>;
  events(device: string, limit: number): Promise<DeviceEvent[]>;
}

const bounds = (tree: string) => ({ $gte: `${tree}/`, $lt: `${tree}0` });
const slotKey = (series: string, level: number, slot: number): string => `${series}/${level}/${slot}`;

export function createHistory(link: Link, { devices, series, seriesPaths, deviceEvents }: Collections): History {
  let sequence = 0;
  const treesOf = async (ids: readonly string[]): Promise<Map<string, string>> => {
    const query = { _id: { $in: ids.map(textKey) }, gone: { $exists: false } };
    const found = await link.retry(() => devices.find(query, { projection: { tree: 1 } }).toArray());
    return new Map(found.map(({ _id, tree }) => [_id, tree]));
  };
  const treeOf = async (device: string): Promise<string | undefined> => (await treesOf([device])).get(textKey(device));

  /** The series of a path; undefined when the device has too many already. */
  const seriesOf = async (tree: string, paths: readonly string[]): Promise<Map<string, string>> => {
    const standing = await link.retry(() => seriesPaths.find({ _id: bounds(tree) }).toArray());
    const known = new Map(standing.map(({ _id, path }) => [path, _id]));
    for (const path of new Set(paths)) {
      if (known.has(path) || known.size >= MAX_SERIES) continue;
      const _id = `${tree}/${textKey(path)}`;
      await link.retry(() => seriesPaths.replaceOne({ _id }, { path }, { upsert: true }));
      known.set(path, _id);
    }
    return known;
  };

  const addSamples = async (tree: string, samples: NonNullable<HistoryEntry['samples']>): Promise<void> => {
    const known = await seriesOf(
      tree,
      samples.map(({ path }) => path),
    );
    const places = samples.flatMap(({ path, time, value }) => {
      const of = known.get(path);
      if (of === undefined) return [];
      return levels.map((level, at) => {
        const bucket = bucketAt(time, level);
        return { _id: slotKey(of, at, slotOf(bucket, level)), of, level: at, bucket, value };
      });
    });
    if (places.length === 0) return;
    const ids = places.map(({ _id }) => _id);
    const standing = await link.retry(() => series.find({ _id: { $in: ids } }).toArray());
    const next = new Map<string, SeriesDocument>(standing.map(document => [document._id, document]));
    for (const { _id, of, level, bucket, value } of places)
      next.set(_id, { _id, of, level, ...merged(next.get(_id), bucket, value) });
    const writes = [...next.values()].map(({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id }, replacement, upsert: true },
    }));
    await link.retry(() => series.bulkWrite(writes, { ordered: false }));
  };

  const addEvents = async (tree: string, events: readonly DeviceEvent[]): Promise<void> => {
    const writes = events.map(({ time, type, data }) => ({
      replaceOne: {
        filter: { _id: `${tree}/${orderKey(time, String(sequence++).padStart(12, '0'))}/${link.newId()}` },
        replacement: { time, type, body: jsonOf(data) },
        upsert: true,
      },
    }));
    await link.retry(() => deviceEvents.bulkWrite(writes, { ordered: true }));
    const options = { sort: { _id: -1 as const }, skip: MAX_EVENTS, limit: 500, projection: { _id: 1 as const } };
    const old = await link.retry(() => deviceEvents.find({ _id: bounds(tree) }, options).toArray());
    if (old.length > 0) await link.retry(() => deviceEvents.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } }));
  };

  return {
    append: async entries => {
      const trees = await treesOf([...new Set(entries.map(({ device }) => device))]);
      for (const { device, events = [], samples = [] } of entries) {
        const tree = trees.get(textKey(device));
        if (tree === undefined) continue;
        if (events.length > 0) await addEvents(tree, events);
        if (samples.length > 0) await addSamples(tree, samples);
      }
    },
    series: async ({ device, path, level }) => {
      const tree = await treeOf(device);
      if (tree === undefined) return [];
      const of = `${tree}/${textKey(path)}`;
      const found = await link.retry(() => series.find({ of, level }).toArray());
      return found.map(({ bucket, n, sum, min, max }) => ({ bucket, n, sum, min, max }));
    },
    paths: async device => {
      const tree = await treeOf(device);
      if (tree === undefined) return [];
      const found = await link.retry(() => seriesPaths.find({ _id: bounds(tree) }).toArray());
      return found.map(({ path }) => path).sort();
    },
    events: async (device, limit) => {
      const tree = await treeOf(device);
      if (tree === undefined) return [];
      const found = await link.retry(() =>
        deviceEvents.find({ _id: bounds(tree) }, { sort: { _id: -1 as const }, limit }).toArray(),
      );
      return found.map(({ time, type, body }) => ({ time, type, data: JSON.parse(body) as Record<string, unknown> }));
    },
  };
}

/** All of a device that is removed. */
export async function forgetHistory(
  link: Link,
  { series, seriesPaths, deviceEvents }: Collections,
  tree: string,
): Promise<void> {
  for (const collection of [series, seriesPaths, deviceEvents])
    await link.retry(() => (collection as typeof seriesPaths).deleteMany({ _id: bounds(tree) }));
}

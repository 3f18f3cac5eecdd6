// The history of devices in MongoDB: a document for each place of a ring of numbers, and one for each event. They hang on the tree of the
// device, so that a device which returns after its removal has none of the old.
import type { DeviceEvent, HistoryEntry } from '../records.ts';
import { type Bucket, bucketAt, levels, MAX_EVENTS, MAX_SERIES, merged, slotOf } from '../series.ts';
import type { SeriesQuery } from '../store.ts';
import { jsonOf } from '../text-checks.ts';
import type { Collections, SeriesDocument } from './collections.ts';
import { orderKey, textKey } from './devices/device-document.ts';
import type { Link } from './link.ts';

const bounds = (tree: string) => ({ $gte: `${tree}/`, $lt: `${tree}0` });
const seriesKey = (tree: string, path: string): string => `${tree}/${textKey(path)}`;
const slotKey = (series: string, level: number, slot: number): string => `${series}/${level}/${slot}`;

export class History {
  readonly #link: Link;
  readonly #collections: Collections;
  /** Orders events of one time by when this process appended them. */
  #sequence = 0;

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#collections = collections;
  }

  async append(entries: readonly HistoryEntry[]): Promise<void> {
    const trees = await this.#treesOf([...new Set(entries.map(({ device }) => device))]);
    for (const { device, events = [], samples = [] } of entries) {
      const tree = trees.get(textKey(device));
      if (tree === undefined) continue;
      if (events.length > 0) await this.#addEvents(tree, events);
      if (samples.length > 0) await addSamples(this.#link, this.#collections, tree, samples);
    }
  }

  async series({ device, path, level }: SeriesQuery): Promise<Bucket[]> {
    const tree = await this.#treeOf(device);
    if (tree === undefined) return [];
    const query = { of: seriesKey(tree, path), level };
    const found = await this.#link.retry(() => this.#collections.series.find(query).toArray());
    return found.map(({ bucket, n, sum, min, max }) => ({ bucket, n, sum, min, max }));
  }

  /** The parameters of which there are numbers. */
  async paths(device: string): Promise<string[]> {
    const tree = await this.#treeOf(device);
    if (tree === undefined) return [];
    const found = await this.#link.retry(() => this.#collections.seriesPaths.find({ _id: bounds(tree) }).toArray());
    return found.map(({ path }) => path).sort();
  }

  /** The newest first. */
  async events(device: string, limit: number): Promise<DeviceEvent[]> {
    const tree = await this.#treeOf(device);
    if (tree === undefined) return [];
    const query = { _id: bounds(tree) };
    const options = { sort: { _id: -1 as const }, limit };
    const found = await this.#link.retry(() => this.#collections.deviceEvents.find(query, options).toArray());
    return found.map(({ time, type, body }) => ({ time, type, data: JSON.parse(body) as Record<string, unknown> }));
  }

  async #addEvents(tree: string, events: readonly DeviceEvent[]): Promise<void> {
    const { deviceEvents } = this.#collections;
    const writes = events.map(({ time, type, data }) => ({
      replaceOne: {
        filter: { _id: `${tree}/${orderKey(time, this.#nextSequence())}/${this.#link.newId()}` },
        replacement: { time, type, body: jsonOf(data) },
        upsert: true,
      },
    }));
    await this.#link.retry(() => deviceEvents.bulkWrite(writes, { ordered: true }));
    const options = { sort: { _id: -1 as const }, skip: MAX_EVENTS, limit: 500, projection: { _id: 1 as const } };
    const found = await this.#link.retry(() => deviceEvents.find({ _id: bounds(tree) }, options).toArray());
    const old = found.map(({ _id }) => _id);
    if (old.length > 0) await this.#link.retry(() => deviceEvents.deleteMany({ _id: { $in: old } }));
  }

  #nextSequence(): string {
    return String(this.#sequence++).padStart(12, '0');
  }

  async #treesOf(ids: readonly string[]): Promise<Map<string, string>> {
    const query = { _id: { $in: ids.map(textKey) }, gone: { $exists: false } };
    const options = { projection: { tree: 1 } };
    const found = await this.#link.retry(() => this.#collections.devices.find(query, options).toArray());
    return new Map(found.map(({ _id, tree }) => [_id, tree]));
  }

  async #treeOf(device: string): Promise<string | undefined> {
    return (await this.#treesOf([device])).get(textKey(device));
  }
}

/** Adds numbers to rings; those of paths beyond the most series of a device are left out. */
async function addSamples(
  link: Link,
  { series, seriesPaths }: Collections,
  tree: string,
  samples: NonNullable<HistoryEntry['samples']>,
): Promise<void> {
  const paths = samples.map(({ path }) => path);
  const known = await seriesOf(link, seriesPaths, tree, paths);
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
  const stored = await link.retry(() => series.find({ _id: { $in: ids } }).toArray());
  const next = new Map<string, SeriesDocument>(stored.map(document => [document._id, document]));
  for (const { _id, of, level, bucket, value } of places)
    next.set(_id, { _id, of, level, ...merged(next.get(_id), bucket, value) });
  const writes = [...next.values()].map(({ _id, ...replacement }) => ({
    replaceOne: { filter: { _id }, replacement, upsert: true },
  }));
  await link.retry(() => series.bulkWrite(writes, { ordered: false }));
}

/** The series of a device by path, those of `paths` added as long as there is room. */
async function seriesOf(
  link: Link,
  seriesPaths: Collections['seriesPaths'],
  tree: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const stored = await link.retry(() => seriesPaths.find({ _id: bounds(tree) }).toArray());
  const known = new Map(stored.map(({ _id, path }) => [path, _id]));
  for (const path of new Set(paths)) {
    if (known.has(path) || known.size >= MAX_SERIES) continue;
    const _id = seriesKey(tree, path);
    await link.retry(() => seriesPaths.replaceOne({ _id }, { path }, { upsert: true }));
    known.set(path, _id);
  }
  return known;
}

/** Deletes all history of a device that is removed. */
export async function forgetHistory(
  link: Link,
  { series, seriesPaths, deviceEvents }: Collections,
  tree: string,
): Promise<void> {
  for (const collection of [series, seriesPaths, deviceEvents])
    await link.retry(() => (collection as typeof seriesPaths).deleteMany({ _id: bounds(tree) }));
}

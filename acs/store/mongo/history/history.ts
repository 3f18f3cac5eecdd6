// The history of devices in MongoDB: a document for each place of a ring of numbers, one for each event and each session. They hang on the tree of the
// device, so that a device which returns after its removal has none of the old.
import type { DeviceEvent, HistoryEntry } from '../../records.ts';
import { type Bucket, bucketAt, levels, MAX_EVENTS, MAX_SERIES, merged, slotOf } from '../../series.ts';
import type { SessionRecord, SessionsQuery } from '../../session-record.ts';
import type { SeriesQuery } from '../../store.ts';
import { jsonOf } from '../../text-checks.ts';
import type { Collections, SeriesDocument } from '../collections.ts';
import { orderKey, textKey } from '../devices/device-document.ts';
import type { Link } from '../link.ts';
import { AppendCounts } from './append-counts.ts';
import { SessionHistory } from './sessions.ts';

const bounds = (tree: string) => ({ $gte: `${tree}/`, $lt: `${tree}0` });
const seriesKey = (tree: string, path: string): string => `${tree}/${textKey(path)}`;
const slotKey = (series: string, level: number, slot: number): string => `${series}/${level}/${slot}`;

/** Events that a device may have beyond the bound before the oldest are looked for; they are not shown. */
const EVENTS_BEYOND = 32;

interface TreeSample {
  tree: string;
  path: string;
  time: number;
  value: number;
}

export class History {
  readonly #link: Link;
  readonly #collections: Collections;
  /** Orders events of one time by when this process appended them. */
  #sequence = 0;
  readonly #counts = new AppendCounts(EVENTS_BEYOND);
  readonly #sessions: SessionHistory;

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#collections = collections;
    this.#sessions = new SessionHistory(link, collections);
  }

  /** Entries of many devices cost as many requests as those of one. */
  async append(entries: readonly HistoryEntry[]): Promise<void> {
    const trees = await treesOf(this.#link, this.#collections, [...new Set(entries.map(({ device }) => device))]);
    const found = entries.flatMap(({ device, events = [], samples = [], sessions = [] }) => {
      const tree = trees.get(textKey(device));
      return tree === undefined ? [] : [{ tree, events, samples, sessions }];
    });
    await this.#addEvents(found.flatMap(({ tree, events }) => events.map(event => ({ tree, event }))));
    await this.#sessions.add(found.flatMap(({ tree, sessions }) => sessions.map(record => ({ tree, record }))));
    const samples = found.flatMap(({ tree, samples }) => samples.map(sample => ({ tree, ...sample })));
    if (samples.length > 0) await addSamples(this.#link, this.#collections, samples);
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
    const options = { sort: { _id: -1 as const }, limit: Math.min(limit, MAX_EVENTS) };
    const found = await this.#link.retry(() => this.#collections.deviceEvents.find(query, options).toArray());
    return found.map(({ time, type, body }) => ({ time, type, data: JSON.parse(body) as Record<string, unknown> }));
  }

  async sessions(query: SessionsQuery): Promise<SessionRecord[]> {
    const tree = await this.#treeOf(query.device);
    return tree === undefined ? [] : await this.#sessions.of(tree, query);
  }

  async #addEvents(events: readonly { tree: string; event: DeviceEvent }[]): Promise<void> {
    if (events.length === 0) return;
    const { deviceEvents } = this.#collections;
    const writes = events.map(({ tree, event: { time, type, data } }) => ({
      replaceOne: {
        filter: { _id: `${tree}/${orderKey(time, padded(this.#sequence++))}/${this.#link.newId()}` },
        replacement: { time, type, body: jsonOf(data) },
        upsert: true,
      },
    }));
    await this.#link.retry(() => deviceEvents.bulkWrite(writes, { ordered: true }));
    const old: string[] = [];
    for (const tree of this.#counts.grown(events.map(({ tree }) => tree)))
      old.push(...(await eventsBeyond(this.#link, this.#collections, tree)));
    if (old.length > 0) await this.#link.retry(() => deviceEvents.deleteMany({ _id: { $in: old } }));
  }

  async #treeOf(device: string): Promise<string | undefined> {
    return (await treesOf(this.#link, this.#collections, [device])).get(textKey(device));
  }
}

const padded = (sequence: number): string => String(sequence).padStart(12, '0');

/** The trees of devices by their keys. */
async function treesOf(link: Link, { devices }: Collections, ids: readonly string[]): Promise<Map<string, string>> {
  const query = { _id: { $in: ids.map(textKey) }, gone: { $exists: false } };
  const found = await link.retry(() => devices.find(query, { projection: { tree: 1 } }).toArray());
  return new Map(found.map(({ _id, tree }) => [_id, tree]));
}

/** Ids of the events beyond those that are kept. */
async function eventsBeyond(link: Link, { deviceEvents }: Collections, tree: string): Promise<string[]> {
  const options = { sort: { _id: -1 as const }, skip: MAX_EVENTS, limit: 500, projection: { _id: 1 as const } };
  const found = await link.retry(() => deviceEvents.find({ _id: bounds(tree) }, options).toArray());
  return found.map(({ _id }) => _id);
}

/** Adds numbers to rings; those of paths beyond the most series of a device are left out. */
async function addSamples(link: Link, collections: Collections, samples: readonly TreeSample[]): Promise<void> {
  const { series } = collections;
  const known = await seriesOf(link, collections, samples);
  const places = samples.flatMap(({ tree, path, time, value }) => {
    const of = seriesKey(tree, path);
    if (!known.has(of)) return [];
    return levels.map((level, at) => {
      const bucket = bucketAt(time, level);
      return { _id: slotKey(of, at, slotOf(bucket, level)), of, level: at, bucket, value };
    });
  });
  if (places.length === 0) return;
  const ids = [...new Set(places.map(({ _id }) => _id))];
  const stored = await link.retry(() => series.find({ _id: { $in: ids } }).toArray());
  const next = new Map<string, SeriesDocument>(stored.map(document => [document._id, document]));
  for (const { _id, of, level, bucket, value } of places)
    next.set(_id, { _id, of, level, ...merged(next.get(_id), bucket, value) });
  const writes = [...next.values()].map(({ _id, ...replacement }) => ({
    replaceOne: { filter: { _id }, replacement, upsert: true },
  }));
  await link.retry(() => series.bulkWrite(writes, { ordered: false }));
}

/** The keys of the series that samples go into; those that are new are added as long as their device has room. */
async function seriesOf(
  link: Link,
  { seriesPaths }: Collections,
  samples: readonly TreeSample[],
): Promise<ReadonlySet<string>> {
  const wanted = new Map(samples.map(sample => [seriesKey(sample.tree, sample.path), sample]));
  const stored = await link.retry(() => seriesPaths.find({ _id: { $in: [...wanted.keys()] } }).toArray());
  const known = new Set(stored.map(({ _id }) => _id));
  const fresh = [...wanted].filter(([key]) => !known.has(key));
  if (fresh.length === 0) return known;
  const growing = [...new Set(fresh.map(([, { tree }]) => tree))];
  const query = { $or: growing.map(tree => ({ _id: bounds(tree) })) };
  const there = await link.retry(() => seriesPaths.find(query, { projection: { _id: 1 } }).toArray());
  const counts = new Map<string, number>();
  const count = (tree: string): number => {
    const next = (counts.get(tree) ?? 0) + 1;
    counts.set(tree, next);
    return next;
  };
  for (const { _id } of there) count(_id.slice(0, _id.indexOf('/')));
  const added = fresh.filter(([, { tree }]) => (counts.get(tree) ?? 0) < MAX_SERIES && count(tree));
  const writes = added.map(([_id, { path }]) => ({
    replaceOne: { filter: { _id }, replacement: { path }, upsert: true },
  }));
  if (writes.length > 0) await link.retry(() => seriesPaths.bulkWrite(writes, { ordered: false }));
  for (const [key] of added) known.add(key);
  return known;
}

/** Deletes all history of a device that is removed. */
export async function forgetHistory(
  link: Link,
  { series, seriesPaths, deviceEvents, deviceSessions }: Collections,
  tree: string,
): Promise<void> {
  for (const collection of [series, seriesPaths, deviceEvents, deviceSessions])
    await link.retry(() => (collection as typeof seriesPaths).deleteMany({ _id: bounds(tree) }));
}

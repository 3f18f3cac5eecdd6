// Documents in MongoDB: bodies that never change, and one document a kind that says which of them count. It changes as a whole, so that
// generation, list and bodies always belong together; a body is written before it counts and deleted after.
import { UserError } from '../../../shared/errors.ts';
import { type Subscribers, subscribersOf } from '../notices.ts';
import type { DocumentKind, Notice, StoredDocument, Subscription } from '../records.ts';
import { changedMeanwhile, checkedText, jsonOf } from '../text-checks.ts';
import type { Collections, KindDocument, StoredNotice } from './collections.ts';
import { type Deliveries, storedNotices } from './deliveries.ts';
import { checkSize } from './device-document.ts';
import { type Link, stamp } from './link.ts';

export interface Documents {
  documents<T>(kind: DocumentKind): Promise<StoredDocument<T>[]>;
  document<T>(kind: DocumentKind, name: string): Promise<StoredDocument<T> | undefined>;
  put(kind: DocumentKind, name: string, body: unknown, expected?: number, notices?: readonly Notice[]): Promise<number>;
  /** Who is told what, as the documents of kind `webhook` say now; what another process changed counts within seconds. */
  subscribers(): Promise<Subscribers>;
  /** Finishes what a process that ended left half done. */
  tell(): Promise<void>;
  delete(kind: DocumentKind, name: string): Promise<boolean>;
  generation(kind: DocumentKind): number;
  /** Learns what other processes changed. */
  refresh(): Promise<void>;
  /** Deletes bodies that no name stands for, written before that time. */
  sweep(before: number): Promise<void>;
}

type Entry = KindDocument['names'][number];

const MAX_READS = 20;
const SWEEP_BATCH = 500;

export function createDocuments(
  link: Link,
  { kinds, bodies }: Collections,
  deliveries: Pick<Deliveries, 'add'>,
): Documents {
  const generations = new Map<string, number>();
  const saw = (kind: string, generation: number): void => {
    generations.set(kind, Math.max(generation, generations.get(kind) ?? 0));
  };

  const standingKind = (kind: string): Promise<KindDocument | undefined> =>
    link.retry(async () => (await kinds.findOne({ _id: kind })) ?? undefined);

  const read = async <T>(kind: DocumentKind, wanted: (entry: Entry) => boolean): Promise<StoredDocument<T>[]> => {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const standing = await standingKind(kind);
      const entries = standing?.names.filter(wanted) ?? [];
      if (entries.length === 0) return [];
      const ids = entries.map(entry => entry.body);
      const found = await link.retry(() => bodies.find({ _id: { $in: ids } }).toArray());
      const texts = new Map(found.map(({ _id, body }) => [_id, body]));
      // One was replaced between the two reads: both again.
      if (texts.size < ids.length) continue;
      saw(kind, standing?.generation ?? 0);
      return entries.map(({ name, generation, changed, body }) => ({
        name,
        generation,
        changed,
        body: JSON.parse(texts.get(body) ?? 'null') as T,
      }));
    }
    throw new UserError(503, 'store-busy', `documents of kind ${kind} change faster than they can be read`);
  };

  /** The kind with that entry in place of the one that stands. */
  const kindAfter = (
    kind: DocumentKind,
    before: KindDocument | undefined,
    standing: Entry | undefined,
    entry: Entry | undefined,
    notices: readonly StoredNotice[],
  ): KindDocument => {
    const others = before?.names.filter(other => other !== standing) ?? [];
    const names = [...others, ...(entry ? [entry] : [])].sort(byName);
    checkSize(`the list of documents of kind ${kind}`, [JSON.stringify(names)]);
    const document = { _id: kind, ...stamp(link, before), generation: (before?.generation ?? 0) + 1, names };
    return notices.length > 0 ? { ...document, notices: [...notices] } : document;
  };

  /** @param next what becomes of the entry that stands; undefined: nothing is to be changed */
  const change = async (
    kind: DocumentKind,
    name: string,
    next: (standing: Entry | undefined, generation: number) => { entry: Entry | undefined } | undefined,
    notices: readonly StoredNotice[] = [],
  ): Promise<number | undefined> => {
    for (let conflicts = 0; ; conflicts++) {
      await link.afterConflict(conflicts);
      const before = await standingKind(kind);
      const standing = before?.names.find(entry => entry.name === name);
      const generation = (before?.generation ?? 0) + 1;
      const made = next(standing, generation);
      if (!made) return undefined;
      const document = kindAfter(kind, before, standing, made.entry, notices);
      // Told first: this write does not carry them on.
      if (before?.notices) await deliveries.add(before.notices);
      if (!(await link.replace(kinds, before, document))) continue;
      saw(kind, generation);
      // Nothing is lost where this fails: the next write or start tells it.
      link.keep(tellOf(document).catch(() => undefined));
      if (standing) link.keep(forget(standing.body));
      return generation;
    }
  };
  const tellOf = async ({ _id, op, notices }: Pick<KindDocument, '_id' | 'op' | 'notices'>): Promise<void> => {
    if (!notices) return;
    await deliveries.add(notices);
    await link.retry(() => kinds.updateOne({ _id, op }, { $unset: { notices: '' } }));
  };
  let subscribed: { generation: number; subscribers: Subscribers } | undefined;
  const subscribers = async (): Promise<Subscribers> => {
    const generation = generations.get('webhook') ?? 0;
    if (subscribed?.generation !== generation) {
      const found = generation === 0 ? [] : await read<Subscription>('webhook', () => true);
      subscribed = { generation, subscribers: subscribersOf(found) };
    }
    return subscribed.subscribers;
  };
  const forget = async (body: string): Promise<void> => {
    try {
      await link.retry(() => bodies.deleteOne({ _id: body }));
    } catch {
      // It counts no more; a sweep deletes it.
    }
  };

  /** Changes of a kind in this process go one after the other, so that they do not fight each other. */
  const last = new Map<DocumentKind, Promise<unknown>>();
  const inOrder = <T>(kind: DocumentKind, work: () => Promise<T>): Promise<T> => {
    const mine = (last.get(kind) ?? Promise.resolve()).then(work, work);
    last.set(kind, mine);
    return mine;
  };

  const put = async (
    kind: DocumentKind,
    name: string,
    json: string,
    changed: number,
    expected: number | undefined,
    notices: readonly StoredNotice[],
  ) => {
    const body = link.newId();
    await link.retry(() => bodies.replaceOne({ _id: body }, { body: json, at: changed }, { upsert: true }));
    try {
      const entryAfter = (standing: Entry | undefined, next: number): { entry: Entry } => {
        if (expected !== undefined && (standing?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
        return { entry: { name, generation: next, changed, body } };
      };
      const generation = await change(kind, name, entryAfter, notices);
      return generation ?? 0;
    } catch (error) {
      if (error instanceof UserError && error.status === 409) link.keep(forget(body));
      throw error;
    }
  };

  return {
    documents: kind => read(kind, () => true),
    document: async <T>(kind: DocumentKind, name: string) => (await read<T>(kind, entry => entry.name === name))[0],
    subscribers,
    tell: async () => {
      const left = await link.retry(() => kinds.find({ 'notices.id': { $gt: '' } }).toArray());
      for (const document of left) await tellOf(document);
    },
    put: async (kind, name, body, expected, notices = []) => {
      const json = jsonOf(body);
      checkSize(`${kind} '${checkedText(name)}'`, [json]);
      const now = link.clock.now();
      const told = notices.length > 0 ? storedNotices((await subscribers()).address(notices, undefined, now)) : [];
      return await inOrder(kind, () => put(kind, name, json, now, expected, told));
    },
    delete: async (kind, name) =>
      (await inOrder(kind, () => change(kind, name, standing => standing && { entry: undefined }))) !== undefined,
    generation: kind => generations.get(kind) ?? 0,
    refresh: async () => {
      const found = await kinds.find({}, { projection: { generation: 1 } }).toArray();
      for (const { _id, generation } of found) saw(_id, generation);
    },
    sweep: async before => {
      const old = await link.retry(() =>
        bodies.find({ at: { $lt: before } }, { projection: { _id: 1 }, sort: { at: 1 } }).toArray(),
      );
      if (old.length === 0) return;
      // Read after the bodies: one that is old and does not count now never will.
      const standing = await link.retry(() => kinds.find().toArray());
      const counted = new Set(standing.flatMap(kind => kind.names.map(entry => entry.body)));
      const leftOver = old.map(({ _id }) => _id).filter(id => !counted.has(id));
      for (let at = 0; at < leftOver.length; at += SWEEP_BATCH) {
        const batch = leftOver.slice(at, at + SWEEP_BATCH);
        await link.retry(() => bodies.deleteMany({ _id: { $in: batch } }));
      }
    },
  };
}

const byName = (a: Entry, b: Entry): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));

// Documents in MongoDB: bodies that never change, and one document a kind that says which of them count. It changes as a whole, so that
// generation, list and bodies always belong together; a body is written before it counts and deleted after.
import { UserError } from '../../../errors.ts';
import {
  type ChangeNote,
  type DocumentVersion,
  noteOf,
  type VersionEntry,
  type VersionedKind,
} from '../../document-versions.ts';
import { type Subscribers, subscribersOf } from '../../notices.ts';
import type { DocumentKind, Notice, StoredDocument, Subscription } from '../../records.ts';
import { changedMeanwhile, checkedText, jsonOf } from '../../text-checks.ts';
import type { Collections } from '../collections.ts';
import { type Deliveries, storedNotices } from '../deliveries.ts';
import { checkSize } from '../devices/device-document.ts';
import type { Link } from '../link.ts';
import { SerialByKey } from '../serial.ts';
import { DocumentBodies } from './document-bodies.ts';
import { type ChangedEntry, DocumentKinds, type Entry, type EntryChange } from './document-kinds.ts';
import { DocumentVersions } from './document-versions.ts';

/** Reads of one kind that a change may each time outrun. */
const MAX_READS = 20;

export class Documents {
  readonly #link: Link;
  readonly kinds: DocumentKinds;
  readonly #bodies: DocumentBodies;
  readonly #versions: DocumentVersions;
  /** Changes of one kind. */
  readonly #serial = new SerialByKey();
  #subscribed: { generation: number; subscribers: Subscribers } | undefined;

  constructor(link: Link, collections: Collections, deliveries: Deliveries) {
    this.#link = link;
    this.#bodies = new DocumentBodies(link, collections);
    this.#versions = new DocumentVersions(link, collections, this.#bodies);
    this.kinds = new DocumentKinds(link, collections, { deliveries, versions: this.#versions });
  }

  list<T>(kind: DocumentKind): Promise<StoredDocument<T>[]> {
    return readEntries(this.kinds, this.#bodies, kind, () => true);
  }

  async get<T>(kind: DocumentKind, name: string): Promise<StoredDocument<T> | undefined> {
    return (await readEntries<T>(this.kinds, this.#bodies, kind, entry => entry.name === name))[0];
  }

  /** @returns its generation. @throws UserError 409 `changed-meanwhile` when `expected` is not the stored generation */
  async put(
    kind: DocumentKind,
    name: string,
    body: unknown,
    expected?: number,
    notices: readonly Notice[] = [],
    note?: ChangeNote,
  ): Promise<number> {
    const json = jsonOf(body);
    checkSize(`${kind} '${checkedText(name)}'`, [json]);
    const now = this.#link.clock.now();
    const kept = notices.length > 0 ? storedNotices((await this.subscribers()).address(notices, undefined, now)) : [];
    return await this.#serial.run(kind, async () => {
      const id = await this.#bodies.write(json, now);
      const next = (stored: Entry | undefined, generation: number): ChangedEntry => {
        if (expected !== undefined && (stored?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
        const entry = { name, generation, changed: now, ...noteOf(note), body: id };
        return { entry, version: entry };
      };
      try {
        return (await this.#change({ kind, name, next, notices: kept })) ?? 0;
      } catch (error) {
        if (error instanceof UserError && error.status === 409) this.#bodies.deleteLater(id);
        throw error;
      }
    });
  }

  /** @returns whether there was one. @throws as `put` */
  async delete(kind: DocumentKind, name: string, expected?: number, note?: ChangeNote): Promise<boolean> {
    const changed = this.#link.clock.now();
    const next = (stored: Entry | undefined, generation: number): ChangedEntry | undefined => {
      if (expected !== undefined && (stored?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
      return stored && { entry: undefined, version: { name, generation, changed, ...noteOf(note) } };
    };
    return (await this.#serial.run(kind, () => this.#change({ kind, name, next }))) !== undefined;
  }

  /** The newest first. */
  async versions(kind: VersionedKind, name: string): Promise<VersionEntry[]> {
    const entry = (await this.kinds.settled(kind))?.names.find(each => each.name === name);
    if (entry) await this.#versions.keepOld(kind, entry);
    return await this.#versions.list(kind, name);
  }

  async version<T>(kind: VersionedKind, name: string, generation: number): Promise<DocumentVersion<T> | undefined> {
    const stored = await this.kinds.settled(kind);
    const entry = stored?.names.find(each => each.name === name && each.generation === generation);
    if (entry) await this.#versions.keepOld(kind, entry);
    return await this.#versions.get<T>(kind, name, generation);
  }

  /** The deletion of each name that has only versions, the newest first. */
  async deleted(kind: VersionedKind): Promise<VersionEntry[]> {
    const stored = await this.kinds.settled(kind);
    return await this.#versions.deleted(kind, new Set(stored?.names.map(({ name }) => name)));
  }

  /** The webhooks as the documents say them now; a change by another process counts within seconds. */
  async subscribers(): Promise<Subscribers> {
    const generation = this.kinds.generation('webhook');
    if (this.#subscribed?.generation !== generation) {
      const found = generation === 0 ? [] : await this.list<Subscription>('webhook');
      this.#subscribed = { generation, subscribers: subscribersOf(found) };
    }
    return this.#subscribed.subscribers;
  }

  /** Deletes bodies that do not count, written before that time. */
  sweep(before: number): Promise<void> {
    return this.#bodies.sweep(before, () => this.kinds.bodiesThatCount());
  }

  async #change(change: EntryChange): Promise<number | undefined> {
    const changed = await this.kinds.change(change);
    if (changed?.replaced !== undefined) this.#bodies.deleteLater(changed.replaced);
    return changed?.generation;
  }
}

/** @throws UserError 503 `store-busy` */
async function readEntries<T>(
  kinds: DocumentKinds,
  bodies: DocumentBodies,
  kind: DocumentKind,
  isWanted: (entry: Entry) => boolean,
): Promise<StoredDocument<T>[]> {
  for (let reads = 0; reads < MAX_READS; reads++) {
    const stored = await kinds.get(kind);
    const entries = stored?.names.filter(isWanted) ?? [];
    if (entries.length === 0) return [];
    const texts = await bodies.texts(entries.map(entry => entry.body));
    // One was replaced between the two reads: both again.
    if (texts.size < entries.length) continue;
    kinds.note(kind, stored?.generation ?? 0);
    return entries.map(({ name, generation, changed, author, comment, body }) => ({
      name,
      generation,
      changed,
      ...noteOf({ author, comment }),
      body: JSON.parse(texts.get(body) ?? 'null') as T,
    }));
  }
  throw new UserError(503, 'store-busy', `documents of kind ${kind} change faster than they can be read`);
}

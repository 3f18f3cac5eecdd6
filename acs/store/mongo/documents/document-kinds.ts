// The documents of kinds in MongoDB: the body of each name, and the generation of the kind.
import { isVersioned } from '../../document-versions.ts';
import type { Collections, KindDocument, KindEntry, NewVersion, StoredNotice } from '../collections.ts';
import { checkSize } from '../devices/device-document.ts';
import type { Link } from '../link.ts';
import { stamp } from '../versioned.ts';
import type { KindOutbox } from './kind-outbox.ts';

export type Entry = KindEntry;

/** An entry after a change, undefined for none, and the version that the change makes. */
export interface ChangedEntry {
  entry: Entry | undefined;
  version: NewVersion;
}

/** A change of one entry, with its notices for webhooks. */
export interface EntryChange {
  kind: string;
  name: string;
  /** Undefined: nothing is to be changed. */
  next(stored: Entry | undefined, generation: number): ChangedEntry | undefined;
  notices?: readonly StoredNotice[];
}

/** Reads and changes the lists of names, and knows their generations. */
export class DocumentKinds {
  readonly #link: Link;
  readonly #kinds: Collections['kinds'];
  readonly #outbox: KindOutbox;
  readonly #generations = new Map<string, number>();

  constructor(link: Link, { kinds }: Collections, outbox: KindOutbox) {
    this.#link = link;
    this.#kinds = kinds;
    this.#outbox = outbox;
  }

  generation(kind: string): number {
    return this.#generations.get(kind) ?? 0;
  }

  /** Notes a generation that was seen. */
  note(kind: string, generation: number): void {
    this.#generations.set(kind, Math.max(generation, this.generation(kind)));
  }

  /** Learns the generations that other processes made. */
  async refresh(): Promise<void> {
    const found = await this.#kinds.find({}, { projection: { generation: 1 } }).toArray();
    for (const { _id, generation } of found) this.note(_id, generation);
  }

  get(kind: string): Promise<KindDocument | undefined> {
    return this.#link.retry(async () => (await this.#kinds.findOne({ _id: kind })) ?? undefined);
  }

  /** @returns the new generation, and the body that counts no more; undefined when nothing was changed */
  async change(change: EntryChange): Promise<{ generation: number; replaced: string | undefined } | undefined> {
    for (let conflicts = 0; ; conflicts++) {
      await this.#link.afterConflict(conflicts);
      const before = await this.get(change.kind);
      const stored = before?.names.find(entry => entry.name === change.name);
      const generation = (before?.generation ?? 0) + 1;
      const made = change.next(stored, generation);
      if (!made) return undefined;
      const document = kindAfter(this.#link, change, before, stored, made);
      // Delivered first: this write does not carry them on.
      if (before) await this.#outbox.copy(before, stored);
      if (!(await this.#link.replace(this.#kinds, before, document, { mayReturn: true }))) continue;
      this.note(change.kind, generation);
      // Nothing is lost where this fails: the next write or start delivers them.
      this.#link.keep(this.#outbox.settle(document).catch(() => undefined));
      return { generation, replaced: stored?.body };
    }
  }

  /** Delivers what a process which ended left in the documents. */
  async deliverLeft(): Promise<void> {
    const left = await this.#link.retry(() => this.#kinds.find().toArray());
    for (const document of left) await this.#outbox.settle(document);
  }

  /** The document of a kind, whose last version is in the collection of versions. */
  async settled(kind: string): Promise<KindDocument | undefined> {
    const found = await this.get(kind);
    if (found) await this.#outbox.copy(found);
    return found;
  }

  async bodiesThatCount(): Promise<ReadonlySet<string>> {
    const documents = await this.#link.retry(() => this.#kinds.find().toArray());
    return new Set(documents.flatMap(({ names }) => names.map(entry => entry.body)));
  }
}

/** The document with `entry` in place of the stored one. @throws UserError 413 when the list of names is too long */
function kindAfter(
  link: Link,
  { kind, notices = [] }: EntryChange,
  before: KindDocument | undefined,
  stored: Entry | undefined,
  { entry, version }: ChangedEntry,
): KindDocument {
  const isKept = isVersioned(kind);
  const others = before?.names.filter(other => other !== stored) ?? [];
  const names = [...others, ...(entry ? [isKept ? { ...entry, kept: true as const } : entry] : [])].sort(byName);
  checkSize(`the list of documents of kind ${kind}`, [JSON.stringify(names)]);
  const document = { _id: kind, ...stamp(link, before), generation: (before?.generation ?? 0) + 1, names };
  return {
    ...document,
    ...(notices.length > 0 ? { notices: [...notices] } : {}),
    ...(isKept ? { version } : {}),
  };
}

const byName = (a: Entry, b: Entry): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));

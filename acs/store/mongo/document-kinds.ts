// The documents of kinds in MongoDB: the body of each name, and the generation of the kind.
import type { Collections, KindDocument, StoredNotice } from './collections.ts';
import type { Deliveries } from './deliveries.ts';
import { checkSize } from './devices/device-document.ts';
import type { Link } from './link.ts';
import { stamp } from './versioned.ts';

export type Entry = KindDocument['names'][number];

/** A change of one entry, with its notices for webhooks. */
export interface EntryChange {
  kind: string;
  name: string;
  /** The entry after the change, undefined for none; undefined as a whole: nothing is to be changed. */
  next(stored: Entry | undefined, generation: number): { entry: Entry | undefined } | undefined;
  notices?: readonly StoredNotice[];
}

/** Reads and changes the lists of names, and knows their generations. */
export class DocumentKinds {
  readonly #link: Link;
  readonly #kinds: Collections['kinds'];
  readonly #deliveries: Deliveries;
  readonly #generations = new Map<string, number>();

  constructor(link: Link, { kinds }: Collections, deliveries: Deliveries) {
    this.#link = link;
    this.#kinds = kinds;
    this.#deliveries = deliveries;
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
      const document = kindAfter(this.#link, change, before, stored, made.entry);
      // Delivered first: this write does not carry them on.
      if (before?.notices) await this.#deliveries.add(before.notices);
      if (!(await this.#link.replace(this.#kinds, before, document, { mayReturn: true }))) continue;
      this.note(change.kind, generation);
      // Nothing is lost where this fails: the next write or start delivers them.
      this.#link.keep(this.#deliver(document).catch(() => undefined));
      return { generation, replaced: stored?.body };
    }
  }

  /** Delivers the notices that a process which ended left in the documents. */
  async deliverLeft(): Promise<void> {
    const left = await this.#link.retry(() => this.#kinds.find({ 'notices.id': { $gt: '' } }).toArray());
    for (const document of left) await this.#deliver(document);
  }

  async bodiesThatCount(): Promise<ReadonlySet<string>> {
    const documents = await this.#link.retry(() => this.#kinds.find().toArray());
    return new Set(documents.flatMap(({ names }) => names.map(entry => entry.body)));
  }

  async #deliver({ _id, op, notices }: KindDocument): Promise<void> {
    if (!notices) return;
    await this.#deliveries.add(notices);
    await this.#link.retry(() => this.#kinds.updateOne({ _id, op }, { $unset: { notices: '' } }));
  }
}

/** The document with `entry` in place of the stored one. @throws UserError 413 when the list of names is too long */
function kindAfter(
  link: Link,
  { kind, notices = [] }: EntryChange,
  before: KindDocument | undefined,
  stored: Entry | undefined,
  entry: Entry | undefined,
): KindDocument {
  const others = before?.names.filter(other => other !== stored) ?? [];
  const names = [...others, ...(entry ? [entry] : [])].sort(byName);
  checkSize(`the list of documents of kind ${kind}`, [JSON.stringify(names)]);
  const document = { _id: kind, ...stamp(link, before), generation: (before?.generation ?? 0) + 1, names };
  return notices.length > 0 ? { ...document, notices: [...notices] } : document;
}

const byName = (a: Entry, b: Entry): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));

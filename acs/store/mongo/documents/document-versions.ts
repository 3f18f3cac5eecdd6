// Versions of documents in MongoDB. The document of a kind carries the version that its last write has made, until a copy with a body of
// its own is in the collection: nothing is lost where a process ends in between, and nothing is invented.
import {
  beyondBounds,
  type DocumentVersion,
  isVersioned,
  MAX_DELETED_NAMES,
  noteOf,
  type VersionEntry,
} from '../../document-versions.ts';
import {
  type Collections,
  type KindDocument,
  type KindEntry,
  type NewVersion,
  unlessThere,
  type VersionDocument,
} from '../collections.ts';
import type { Link } from '../link.ts';
import type { DocumentBodies } from './document-bodies.ts';

const newestFirst = { generation: -1 as const };
const withoutBody = { body: 0 as const };

const entryOf = ({ name, generation, changed, size, ...note }: Omit<VersionDocument, 'body'>): VersionEntry => ({
  name,
  generation,
  changed,
  ...noteOf(note),
  // No JSON text is empty.
  ...(size === 0 ? { deleted: true } : {}),
});

export class DocumentVersions {
  readonly #link: Link;
  readonly #versions: Collections['versions'];
  readonly #bodies: DocumentBodies;

  constructor(link: Link, { versions }: Collections, bodies: DocumentBodies) {
    this.#link = link;
    this.#versions = versions;
    this.#bodies = bodies;
  }

  /** Copies the version that a document carries. It is safe to do that twice, and when the document has changed since. */
  async keep({ _id: kind, names, version }: Pick<KindDocument, '_id' | 'names' | 'version'>): Promise<void> {
    if (!version) return;
    await this.#put(kind, version);
    await this.#bound(kind, version.name);
    if (version.body === undefined) await this.#forgetNames(kind, new Set(names.map(({ name }) => name)));
  }

  /** Keeps a document that an older version of this program has written, before it is replaced. */
  async keepOld(kind: string, { kept, ...entry }: KindEntry): Promise<void> {
    if (isVersioned(kind) && !kept) await this.#put(kind, entry);
  }

  /** The newest first. */
  async list(kind: string, name: string): Promise<VersionEntry[]> {
    const options = { projection: withoutBody, sort: newestFirst };
    const found = await this.#link.retry(() => this.#versions.find({ kind, name }, options).toArray());
    return found.map(entryOf);
  }

  async get<T>(kind: string, name: string, generation: number): Promise<DocumentVersion<T> | undefined> {
    const found = await this.#link.retry(() => this.#versions.findOne({ _id: idOf(kind, name, generation) }));
    if (!found) return undefined;
    const { body, ...entry } = found;
    return { ...entryOf(entry), body: body === undefined ? undefined : (JSON.parse(body) as T) };
  }

  /** The newest version of each name that is not among those, the newest first. */
  async deleted(kind: string, names: ReadonlySet<string>): Promise<VersionEntry[]> {
    const options = { projection: withoutBody, sort: newestFirst };
    const found = await this.#link.retry(() => this.#versions.find({ kind, size: 0 }, options).toArray());
    const newest = new Map<string, VersionEntry>();
    for (const entry of found)
      if (!names.has(entry.name) && !newest.has(entry.name)) newest.set(entry.name, entryOf(entry));
    return [...newest.values()];
  }

  async #put(kind: string, version: NewVersion): Promise<void> {
    const { name, generation, changed, body: bodyId } = version;
    const body = bodyId === undefined ? undefined : (await this.#bodies.texts([bodyId])).get(bodyId);
    // A later write has replaced the body, and copied the version before it did.
    if (bodyId !== undefined && body === undefined) return;
    const _id = idOf(kind, name, generation);
    const document = { _id, kind, name, generation, changed, ...noteOf(version), size: body?.length ?? 0 };
    await this.#link.retry(() =>
      unlessThere(this.#versions.insertOne(body === undefined ? document : { ...document, body })),
    );
  }

  /** Deletes the versions of a name beyond the bounds. */
  async #bound(kind: string, name: string): Promise<void> {
    const options = { projection: { size: 1 as const }, sort: newestFirst };
    const found = await this.#link.retry(() => this.#versions.find({ kind, name }, options).toArray());
    await this.#delete(beyondBounds(found).map(({ _id }) => _id));
  }

  /** Deletes the versions of names beyond the bound that have no document. */
  async #forgetNames(kind: string, names: ReadonlySet<string>): Promise<void> {
    const beyond = (await this.deleted(kind, names)).slice(MAX_DELETED_NAMES);
    for (const { name } of beyond) await this.#link.retry(() => this.#versions.deleteMany({ kind, name }));
  }

  async #delete(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#link.retry(() => this.#versions.deleteMany({ _id: { $in: [...ids] } }));
  }
}

const idOf = (kind: string, name: string, generation: number): string => `${kind}/${name}/${generation}`;

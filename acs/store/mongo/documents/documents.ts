// Documents in MongoDB: bodies that never change, and one document a kind that says which of them count. It changes as a whole, so that
// generation, list and bodies always belong together; a body is written before it counts and deleted after.
import { isConflict } from '../../../../shared/errors.ts';
import { UserError } from '../../../errors.ts';
import { type ChangeNote, noteOf } from '../../document-versions.ts';
import { type Subscribers, subscribersOf } from '../../notices.ts';
import type { DocumentKind, StoredDocument, Subscription } from '../../records.ts';
import type { Store } from '../../store.ts';
import { changedMeanwhile, checkedText, jsonOf } from '../../text-checks.ts';
import type { Collections } from '../collections.ts';
import { type Deliveries, storedNotices } from '../deliveries.ts';
import { checkSize } from '../devices/device-document.ts';
import type { Link } from '../link.ts';
import { SerialByKey } from '../serial.ts';
import { DocumentBodies } from './document-bodies.ts';
import { type ChangedEntry, DocumentKinds, type Entry, type EntryChange } from './document-kinds.ts';
import { DocumentVersions } from './document-versions.ts';
import { KindOutbox } from './kind-outbox.ts';
import { VersionSearch } from './version-search.ts';

/** Reads of one kind that a change may each time outrun. */
const MAX_READS = 20;

export class Documents {
  readonly #link: Link;
  readonly kinds: DocumentKinds;
  readonly #bodies: DocumentBodies;
  readonly versions: VersionSearch;
  /** Changes of one kind. */
  readonly #serial = new SerialByKey();
  #subscribed: { generation: number; subscribers: Subscribers } | undefined;

  constructor(link: Link, collections: Collections, deliveries: Deliveries) {
    this.#link = link;
    this.#bodies = new DocumentBodies(link, collections);
    const versions = new DocumentVersions(link, collections, this.#bodies);
    this.kinds = new DocumentKinds(link, collections, new KindOutbox(link, collections, { deliveries, versions }));
    this.versions = new VersionSearch(this.kinds, versions);
  }

  readonly list = <T>(kind: DocumentKind): Promise<StoredDocument<T>[]> =>
    readEntries(this.kinds, this.#bodies, kind, () => true);

  async get<T>(kind: DocumentKind, name: string): Promise<StoredDocument<T> | undefined> {
    return (await readEntries<T>(this.kinds, this.#bodies, kind, entry => entry.name === name))[0];
  }

  /** @returns its generation. @throws UserError 409 `changed-meanwhile` when `expected` is not the stored generation */
  async put(...[kind, name, body, expected, notices = [], note]: Parameters<Store['putDocument']>): Promise<number> {
    const json = jsonOf(body);
    checkSize(`${kind} '${checkedText(name)}'`, [json]);
    const now = this.#link.clock.now();
    const kept = notices.length > 0 ? storedNotices((await this.subscribers()).address(notices, undefined, now)) : [];
    return await this.#serial.run(kind, async () => {
      const id = await this.#bodies.write(json, now);
      const next = (stored: Entry | undefined, generation: number): ChangedEntry => {
        assertExpected(kind, name, stored, expected);
        const entry = { name, generation, changed: now, ...noteOf(note), body: id };
        return { entry, version: entry };
      };
      try {
        return (await this.#change({ kind, name, next, notices: kept })) ?? 0;
      } catch (error) {
        if (isConflict(error)) this.#bodies.deleteLater(id);
        throw error;
      }
    });
  }

  /** @returns whether there was one. @throws as `put` */
  async delete(kind: DocumentKind, name: string, expected?: number, note?: ChangeNote): Promise<boolean> {
    const changed = this.#link.clock.now();
    const next = (stored: Entry | undefined, generation: number): ChangedEntry | undefined => {
      assertExpected(kind, name, stored, expected);
      return stored && { entry: undefined, version: { name, generation, changed, ...noteOf(note) } };
    };
    return (await this.#serial.run(kind, () => this.#change({ kind, name, next }))) !== undefined;
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
  readonly sweep = (before: number): Promise<void> => this.#bodies.sweep(before, () => this.kinds.bodiesThatCount());

  async #change(change: EntryChange): Promise<number | undefined> {
    const changed = await this.kinds.change(change);
    if (changed?.replaced !== undefined) this.#bodies.deleteLater(changed.replaced);
    return changed?.generation;
  }
}

/** @throws UserError 409 */
function assertExpected(kind: DocumentKind, name: string, stored: Entry | undefined, expected?: number): void {
  if (expected !== undefined && (stored?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
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

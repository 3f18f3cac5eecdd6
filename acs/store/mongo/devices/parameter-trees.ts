// Known values in MongoDB: settled ones are in the device's document, many are in chunks apart, which are written once and never changed.
// A change writes new chunks in place of those that it touches, and the device's next document says that they count: it holds as a whole
// or not at all, together with the operation that it belongs to.

import type { KnownValue } from '../../../device/parameter.ts';
import { parameterLimit } from '../../parameter-limit.ts';
import type { Store } from '../../store.ts';
import type { Collections, HeldDocument } from '../collections.ts';
import { forgetHistory } from '../history/history.ts';
import type { Link } from '../link.ts';
import { checkSize } from './device-document.ts';
import { countBeyond, type KnownTree, type Put, treeAfter } from './known-tree.ts';
import type { TreeChunk } from './tree-chunks.ts';
import { treePage } from './tree-pages.ts';
import { type TreeHolder, TreeReads } from './tree-reads.ts';
import { UnusedChunks } from './unused-chunks.ts';

type StoredTree = Pick<HeldDocument, 'tree' | 'known' | 'chunks' | 'replaced'>;

/** A tree after changes that its device's next document makes count. */
export interface ChangedTree {
  next: Pick<HeldDocument, 'known' | 'chunks' | 'replaced'>;
  /** Chunks that are of no use where that document is written, and where it is not. */
  outdated: readonly string[];
  fresh: readonly string[];
}

export class ParameterTrees {
  readonly #link: Link;
  readonly #collections: Collections;
  readonly #reads: TreeReads;
  /** Chunks that changes have replaced. */
  readonly unused: UnusedChunks;

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#collections = collections;
    this.#reads = new TreeReads(link, collections);
    this.unused = new UnusedChunks(link, collections);
  }

  /** @param path one parameter, or a partial path that ends with a dot; '' is all */
  parameters(device: string, path: string): Promise<KnownValue[]> {
    return this.#reads.below(device, path);
  }

  /** In pages by path. */
  readonly page: Store['parameterPage'] = query => treePage(this.#reads, query);

  /** Values of some paths, with or without `*`, in many devices: by tree, then by path. */
  lookUp(holders: readonly TreeHolder[], paths: readonly string[]): Promise<Map<string, Map<string, string>>> {
    return this.#reads.lookUp(holders, paths);
  }

  /** The document as it is stored, with its chunks where store version 1 kept them apart. */
  async migrated<T extends StoredTree>(stored: T): Promise<T> {
    return (await this.#reads.withChunks([stored]))[0] ?? stored;
  }

  /**
   * Writes the chunks of a change, which do not count yet.
   * @returns undefined when it must be done again: the stored tree is no longer the one in the database, or a put is refused now
   */
  async changed(
    tree: string,
    stored: Partial<StoredTree>,
    puts: readonly Put[],
    isGuess: boolean,
  ): Promise<ChangedTree | undefined> {
    const after = await afterPuts(this.#reads, stored, puts, { isGuess, newId: () => `${tree}/${this.#link.newId()}` });
    if (!after) return undefined;
    const { next, fresh } = after;
    const kept = new Set(next.chunks?.map(chunk => chunk.id));
    const written = [...fresh].filter(([id]) => kept.has(id)).map(([_id, body]) => ({ _id, body }));
    for (const { body } of written) checkSize('a part of the parameters of a device', [body]);
    await writeChunks(this.#link, this.#collections, written);
    return { ...replacing(stored, next), fresh: written.map(({ _id }) => _id) };
  }

  /** Deletes a tree that no device has any more, and the history that hangs on it. */
  forget(tree: string): Promise<void> {
    return forgetTree(this.#link, this.#collections, tree);
  }
}

/** The tree after a change, with the chunks that it replaces. Those that the tree before it replaced are outdated once it is written. */
function replacing(stored: Partial<StoredTree>, next: KnownTree): Omit<ChangedTree, 'fresh'> {
  const kept = new Set(next.chunks?.map(chunk => chunk.id));
  const left = (stored.chunks ?? []).map(chunk => chunk.id).filter(id => !kept.has(id));
  const before = stored.replaced ?? [];
  return left.length > 0
    ? { next: { ...next, replaced: left }, outdated: before }
    : { next: { ...next, replaced: before }, outdated: [] };
}

async function forgetTree(link: Link, collections: Collections, tree: string): Promise<void> {
  const { trees, treeChunks } = collections;
  await link.retry(() => trees.deleteOne({ _id: tree }));
  await link.retry(() => treeChunks.deleteMany({ _id: { $gte: `${tree}/`, $lt: `${tree}0` } }));
  await forgetHistory(link, collections, tree);
}

/** @returns undefined when it must be done again, as `changed` does */
async function afterPuts(
  reads: TreeReads,
  stored: Partial<StoredTree>,
  puts: readonly Put[],
  { isGuess, newId }: { isGuess: boolean; newId: () => string },
): Promise<{ next: KnownTree; fresh: ReadonlyMap<string, string> } | undefined> {
  const bodies = new Map<string, readonly KnownValue[]>();
  const fresh = new Map<string, string>();
  let isGone = false;
  const read = async (ids: readonly string[]): Promise<ReadonlyMap<string, readonly KnownValue[]>> => {
    for (const id of ids) {
      const body = bodies.has(id) ? undefined : fresh.get(id);
      if (body !== undefined) bodies.set(id, JSON.parse(body) as KnownValue[]);
    }
    const found = await reads.bodies(ids.filter(id => !bodies.has(id)));
    isGone ||= found === undefined;
    for (const [id, values] of found ?? []) bodies.set(id, values);
    return bodies;
  };
  let next: KnownTree = {
    ...(stored.known === undefined ? {} : { known: stored.known }),
    chunks: stored.chunks ?? [],
  };
  for (const put of puts) {
    const after = await treeAfter(next, put, read, newId);
    if (isGone) return undefined;
    for (const { _id, body } of after.fresh) fresh.set(_id, body);
    const count = await countBeyond(next, after.tree, put.most, read);
    // A guess refuses nothing.
    if (count !== undefined && !isGuess && !isGone) put.refused = parameterLimit(count, put.most ?? 0);
    if (count !== undefined || isGone) return undefined;
    next = after.tree;
  }
  return { next, fresh };
}

async function writeChunks(link: Link, { treeChunks }: Collections, chunks: readonly TreeChunk[]): Promise<void> {
  if (chunks.length === 0) return;
  const writes = chunks.map(({ _id, body }) => ({
    replaceOne: { filter: { _id }, replacement: { body }, upsert: true },
  }));
  await link.retry(() => treeChunks.bulkWrite(writes, { ordered: false }));
}

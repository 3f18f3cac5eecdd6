// Parameter trees in MongoDB: chunks of some hundred parameters each, written once and never changed, and one document that says which
// of them make up the tree. A change writes new chunks in place of those that it touches and then replaces that document: it holds as a
// whole or not at all, and costs what it touches, not what the device knows.

import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { parameterLimit } from '../../parameter-limit.ts';
import type { Store } from '../../store.ts';
import { checkedText, noSuchDevice } from '../../text-checks.ts';
import type { Collections, TreeDocument } from '../collections.ts';
import { forgetHistory } from '../history.ts';
import type { Link } from '../link.ts';
import { SerialByKey } from '../serial.ts';
import { stamp } from '../versioned.ts';
import { checkSize } from './device-document.ts';
import { changeOf, mergedValue, type TreeChunk, type Values } from './tree-chunks.ts';
import { treePage } from './tree-pages.ts';
import { TreeReads } from './tree-reads.ts';

interface Put {
  values: Values;
  replaceBelow: string | undefined;
  most: number | undefined;
}

export class ParameterTrees {
  readonly #link: Link;
  readonly #collections: Collections;
  readonly #reads: TreeReads;
  /** Changes of one tree. */
  readonly #serial = new SerialByKey();

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#collections = collections;
    this.#reads = new TreeReads(link, collections);
  }

  /** @param path one parameter, or a partial path that ends with a dot; '' is all */
  async parameters(device: string, path: string): Promise<KnownValue[]> {
    const tree = await this.#reads.treeOf(device);
    return tree === undefined ? [] : await this.#reads.below(tree, path, device);
  }

  /** In pages by path. */
  readonly page: Store['parameterPage'] = query => treePage(this.#reads, query);

  /** Values of some paths, with or without `*`, in many trees: by tree, then by path. */
  lookUp(trees: readonly string[], paths: readonly string[]): Promise<Map<string, Map<string, string>>> {
    return this.#reads.lookUp(trees, paths);
  }

  /** @throws UserError 404 for a device that is not there, 400 for a `replaceBelow` that is no partial path, 413 beyond `most` */
  async put(device: string, values: readonly KnownValue[], replaceBelow?: string, most?: number): Promise<void> {
    if (replaceBelow && !replaceBelow.endsWith('.'))
      throw new UserError(400, 'not-partial', `"${replaceBelow}" is not a partial path: it must end with a dot`);
    const wanted: Values = new Map();
    for (const value of values) {
      for (const text of [value.path, value.value, value.type]) checkedText(text);
      const earlier = wanted.get(value.path);
      wanted.set(value.path, earlier ? mergedValue(earlier, value) : { ...value });
    }
    await this.#serial.run(device, () => this.#put(device, { values: wanted, replaceBelow, most }));
  }

  /** Deletes a tree that no device has any more, and the history that hangs on it. */
  async forget(tree: string): Promise<void> {
    const { trees, treeChunks } = this.#collections;
    await this.#link.retry(() => trees.deleteOne({ _id: tree }));
    await this.#link.retry(() => treeChunks.deleteMany({ _id: { $gte: `${tree}/`, $lt: `${tree}0` } }));
    await forgetHistory(this.#link, this.#collections, tree);
  }

  async #put(device: string, put: Put): Promise<void> {
    for (let conflicts = 0; ; conflicts++) {
      await this.#link.afterConflict(conflicts);
      const tree = await this.#reads.treeOf(device);
      if (tree === undefined) throw noSuchDevice(device);
      if (await this.#tryPut(device, tree, put)) return;
    }
  }

  /** @returns false when another change came first */
  async #tryPut(device: string, tree: string, { values, replaceBelow, most }: Put): Promise<boolean> {
    const before = await this.#reads.document(tree);
    const change = changeOf(replaceBelow === '' ? [] : (before?.chunks ?? []), values, replaceBelow);
    const bodies = await this.#reads.bodies(change.touched.map(chunk => chunk.id));
    if (!bodies) return false;
    const { chunks, fresh } = change.carriedOut(bodies, () => `${tree}/${this.#link.newId()}`);
    if (!(await fits(this.#reads, before?.chunks ?? [], chunks, most))) return false;
    for (const { body } of fresh) checkSize(`a part of the parameters of ${device}`, [body]);
    const kept = new Set(chunks.map(chunk => chunk.id));
    const replaced = (before?.chunks ?? []).map(chunk => chunk.id).filter(id => !kept.has(id));
    await writeChunks(this.#link, this.#collections, fresh);
    const next: TreeDocument = { _id: tree, ...stamp(this.#link, before), chunks, replaced };
    const isWritten = await this.#link.replace(this.#collections.trees, before, next, { mayReturn: true });
    const unused = isWritten ? (before?.replaced ?? []) : fresh.map(chunk => chunk._id);
    await deleteChunks(this.#link, this.#collections, unused);
    if (!isWritten || before || (await this.#reads.treeOf(device)) === tree) return isWritten;
    // The first parameters of a device that was removed just now would stay for ever.
    await this.forget(tree);
    return false;
  }
}

type Chunks = TreeDocument['chunks'];

const countOf = (chunks: Chunks): number => chunks.reduce((sum, { count = 0 }) => sum + count, 0);

/** @returns false when another change came first @throws UserError 413 where the tree grows beyond `most` parameters */
async function fits(
  reads: TreeReads,
  before: Chunks,
  after: Chunks,
  most = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  if (most === Number.POSITIVE_INFINITY) return true;
  const uncounted = [...before, ...after].filter(({ count }) => count === undefined);
  if (uncounted.length > 0) {
    const bodies = await reads.bodies([...new Set(uncounted.map(({ id }) => id))]);
    if (!bodies) return false;
    for (const chunk of uncounted) chunk.count = bodies.get(chunk.id)?.length ?? 0;
  }
  const count = countOf(after);
  // A tree that is beyond the limit already may not grow, and may change.
  if (count > most && count > countOf(before)) throw parameterLimit(count, most);
  return true;
}

async function writeChunks(link: Link, { treeChunks }: Collections, chunks: readonly TreeChunk[]): Promise<void> {
  if (chunks.length === 0) return;
  const writes = chunks.map(({ _id, body }) => ({
    replaceOne: { filter: { _id }, replacement: { body }, upsert: true },
  }));
  await link.retry(() => treeChunks.bulkWrite(writes, { ordered: false }));
}

async function deleteChunks(link: Link, { treeChunks }: Collections, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await link.retry(() => treeChunks.deleteMany({ _id: { $in: [...ids] } }));
}

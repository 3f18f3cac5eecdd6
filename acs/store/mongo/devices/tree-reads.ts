// Reads of known values in MongoDB: the document of a device, then the chunks that may hold what is asked for.

import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { isWild, wildPattern, wildStart } from '../../../query/wildcard.ts';
import type { Collections, DeviceDocument, HeldDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import { textKey } from './device-document.ts';
import { chunksFor, valuesOf } from './known-tree.ts';

/** Reads of one tree that a change may each time outrun. */
export const MAX_READS = 20;

/** Fields of a document that a lookup of known values needs. */
export const treeFields = { tree: 1, known: 1, chunks: 1 } as const;
export type TreeHolder = Pick<DeviceDocument, '_id' | 'tree' | 'known' | 'chunks' | 'replaced'>;

export class TreeReads {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #trees: Collections['trees'];
  readonly #treeChunks: Collections['treeChunks'];

  constructor(link: Link, { devices, trees, treeChunks }: Collections) {
    this.#link = link;
    this.#devices = devices;
    this.#trees = trees;
    this.#treeChunks = treeChunks;
  }

  /** The documents with their chunks, also where store version 1 kept them apart. */
  withChunks<T extends Pick<HeldDocument, 'tree' | 'chunks' | 'replaced'>>(documents: readonly T[]): Promise<T[]> {
    return withOldChunks(this.#link, this.#trees, documents);
  }

  /** Chunks by id; undefined when one of them is gone: the tree was changed twice meanwhile. */
  async bodies(ids: readonly string[]): Promise<Map<string, KnownValue[]> | undefined> {
    if (ids.length === 0) return new Map();
    const found = await this.#link.retry(() => this.#treeChunks.find({ _id: { $in: [...ids] } }).toArray());
    if (found.length < ids.length) return undefined;
    return new Map(found.map(({ _id, body }) => [_id, JSON.parse(body) as KnownValue[]]));
  }

  /** The known values of a device at or below a path. @throws UserError 503 `store-busy` */
  async below(device: string, path: string): Promise<KnownValue[]> {
    const isPartial = path === '' || path.endsWith('.');
    for (let reads = 0; reads < MAX_READS; reads++) {
      const found = await this.holder(device);
      if (!found) return [];
      const touched = chunksFor(found, [path]);
      const bodies = await this.bodies(touched.map(chunk => chunk.id));
      if (!bodies) continue;
      const values = valuesOf(found, touched, bodies);
      return values.filter(value => (isPartial ? value.path.startsWith(path) : value.path === path));
    }
    throw new UserError(503, 'store-busy', `the parameters of ${device} change faster than they can be read`);
  }

  /** The document of a device as far as its known values go; undefined when the device is not there. */
  async holder(device: string): Promise<TreeHolder | undefined> {
    return (await this.#holders([textKey(device)]))[0];
  }

  /** Values of some paths, with or without `*`, in many devices: by tree, then by path. */
  async lookUp(holders: readonly TreeHolder[], paths: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const found = new Map<string, Map<string, string>>();
    if (holders.length === 0 || paths.length === 0) return found;
    const plain = new Set(paths);
    const patterns = paths.filter(isWild).map(wildPattern);
    for (const [tree, values] of await this.#valuesNear(holders, paths)) {
      const ofTree = new Map<string, string>();
      for (const { path, value } of values)
        if (plain.has(path) || patterns.some(pattern => pattern.test(path))) ofTree.set(path, value);
      found.set(tree, ofTree);
    }
    return found;
  }

  async #valuesNear(holders: readonly TreeHolder[], paths: readonly string[]): Promise<[string, KnownValue[]][]> {
    const starts = paths.map(path => (isWild(path) ? wildStart(path) : path));
    let documents = await this.withChunks(holders);
    for (let reads = 0; reads < MAX_READS; reads++) {
      const wanted = documents.map(document => ({ document, chunks: chunksFor(document, starts) }));
      const bodies = await this.bodies(wanted.flatMap(({ chunks }) => chunks.map(chunk => chunk.id)));
      if (bodies) return wanted.map(({ document, chunks }) => [document.tree, valuesOf(document, chunks, bodies)]);
      documents = await this.#holders(holders.map(({ _id }) => _id));
    }
    throw new UserError(503, 'store-busy', 'parameters change faster than they can be read');
  }

  async #holders(keys: readonly string[]): Promise<TreeHolder[]> {
    const query = { _id: { $in: [...keys] }, gone: { $exists: false } };
    const read = () => this.#devices.find(query, { projection: treeFields }).toArray();
    return await this.withChunks(await this.#link.retry(read));
  }
}

/** The documents with their chunks: one read for all those whose chunks store version 1 kept apart. */
async function withOldChunks<T extends Pick<HeldDocument, 'tree' | 'chunks' | 'replaced'>>(
  link: Link,
  trees: Collections['trees'],
  documents: readonly T[],
): Promise<T[]> {
  const old = documents.filter(({ chunks }) => chunks === undefined).map(({ tree }) => tree);
  if (old.length === 0) return [...documents];
  const found = await link.retry(() => trees.find({ _id: { $in: old } }).toArray());
  const byTree = new Map(found.map(tree => [tree._id, tree]));
  return documents.map(document => {
    const { chunks = [], replaced = [] } = byTree.get(document.tree) ?? {};
    return document.chunks ? document : { ...document, chunks, replaced };
  });
}

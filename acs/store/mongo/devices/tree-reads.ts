// Reads of parameter trees in MongoDB: the document of a tree, then the chunks that may hold what is asked for.

import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { isWild, wildPattern, wildStart } from '../../../query/wildcard.ts';
import type { Collections, TreeDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import { textKey } from './device-document.ts';
import { mayHold } from './tree-chunks.ts';

/** Reads of one tree that a change may each time outrun. */
export const MAX_READS = 20;

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

  /** The tree of a device; undefined when the device is not there. */
  async treeOf(device: string): Promise<string | undefined> {
    const query = { _id: textKey(device) };
    const projection = { tree: 1, gone: 1 };
    const found = await this.#link.retry(() => this.#devices.findOne(query, { projection }));
    return found && !found.gone ? found.tree : undefined;
  }

  document(tree: string): Promise<TreeDocument | undefined> {
    return this.#link.retry(async () => (await this.#trees.findOne({ _id: tree })) ?? undefined);
  }

  /** Chunks by id; undefined when one of them is gone: the tree was changed twice meanwhile. */
  async bodies(ids: readonly string[]): Promise<Map<string, KnownValue[]> | undefined> {
    if (ids.length === 0) return new Map();
    const found = await this.#link.retry(() => this.#treeChunks.find({ _id: { $in: [...ids] } }).toArray());
    if (found.length < ids.length) return undefined;
    return new Map(found.map(({ _id, body }) => [_id, JSON.parse(body) as KnownValue[]]));
  }

  /** @throws UserError 503 `store-busy` */
  async below(tree: string, path: string, device: string): Promise<KnownValue[]> {
    const isPartial = path === '' || path.endsWith('.');
    for (let reads = 0; reads < MAX_READS; reads++) {
      const chunks = (await this.document(tree))?.chunks ?? [];
      const touched = chunks.filter((_chunk, at) => mayHold(chunks, at, path));
      const bodies = await this.bodies(touched.map(chunk => chunk.id));
      if (!bodies) continue;
      const values = touched.flatMap(chunk => bodies.get(chunk.id) ?? []);
      return values.filter(value => (isPartial ? value.path.startsWith(path) : value.path === path));
    }
    throw new UserError(503, 'store-busy', `the parameters of ${device} change faster than they can be read`);
  }

  /** Values of some paths, with or without `*`, in many trees: by tree, then by path. */
  async lookUp(trees: readonly string[], paths: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const found = new Map<string, Map<string, string>>();
    if (trees.length === 0) return found;
    const plain = new Set(paths);
    const patterns = paths.filter(isWild).map(wildPattern);
    for (const [id, values] of await this.#chunksWith(trees, paths)) {
      const tree = id.slice(0, id.indexOf('/'));
      const ofTree = found.get(tree) ?? new Map<string, string>();
      for (const { path, value } of values)
        if (plain.has(path) || patterns.some(pattern => pattern.test(path))) ofTree.set(path, value);
      found.set(tree, ofTree);
    }
    return found;
  }

  async #chunksWith(trees: readonly string[], paths: readonly string[]): Promise<Map<string, KnownValue[]>> {
    const starts = paths.map(path => (isWild(path) ? wildStart(path) : path));
    for (let reads = 0; reads < MAX_READS; reads++) {
      const documents = await this.#link.retry(() => this.#trees.find({ _id: { $in: [...trees] } }).toArray());
      const wanted = documents.flatMap(({ chunks }) =>
        chunks.filter((_chunk, at) => starts.some(path => mayHold(chunks, at, path))).map(chunk => chunk.id),
      );
      const bodies = await this.bodies(wanted);
      if (bodies) return bodies;
    }
    throw new UserError(503, 'store-busy', 'parameters change faster than they can be read');
  }
}

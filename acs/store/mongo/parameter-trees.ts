// Parameter trees in MongoDB: chunks of some hundred parameters each, written once and never changed, and one document that says which
// of them make up the tree. A change writes the chunks that it touches anew and then replaces that document, so that it holds as a
// whole or not at all, and costs what it touches, not what the device knows.
import { UserError } from '../../../shared/errors.ts';
import type { KnownValue } from '../../device/parameter.ts';
import { isWild, wildPattern, wildStart } from '../../query/filter.ts';
import { checkedText, noSuchDevice } from '../text-checks.ts';
import type { Collections, TreeDocument } from './collections.ts';
import { checkSize, textKey } from './device-document.ts';
import { forgetHistory } from './history.ts';
import { type Link, stamp } from './link.ts';

export interface Trees {
  parameters(device: string, path: string): Promise<KnownValue[]>;
  put(device: string, values: readonly KnownValue[], replaceBelow?: string): Promise<void>;
  /** Deletes a tree that no device has any more. */
  forget(tree: string): Promise<void>;
  /** Values of some paths, with or without `*`, in many trees: by tree, then by path. */
  lookUp(trees: readonly string[], paths: readonly string[]): Promise<Map<string, Map<string, string>>>;
}

type Values = Map<string, KnownValue>;
type ChunkRange = TreeDocument['chunks'][number];

/** A chunk that grows beyond the one is split into pieces of the other, characters of JSON. */
const MAX_CHUNK = 64 * 1024;
const NEW_CHUNK = 32 * 1024;
const MAX_READS = 20;

export function createTrees(link: Link, collections: Collections): Trees {
  const { devices, trees, treeChunks } = collections;
  /** Changes of one tree in this process go one after the other, so that they do not fight each other. */
  const last = new Map<string, Promise<unknown>>();
  const inOrder = async (device: string, work: () => Promise<void>): Promise<void> => {
    const mine = (last.get(device) ?? Promise.resolve()).then(work, work);
    last.set(device, mine);
    try {
      await mine;
    } finally {
      if (last.get(device) === mine) last.delete(device);
    }
  };

  const treeOf = async (device: string): Promise<string | undefined> => {
    const projection = { tree: 1, gone: 1 };
    const found = await link.retry(() => devices.findOne({ _id: textKey(device) }, { projection }));
    return found && !found.gone ? found.tree : undefined;
  };
  const standingTree = (tree: string): Promise<TreeDocument | undefined> =>
    link.retry(async () => (await trees.findOne({ _id: tree })) ?? undefined);

  /** Undefined when one of them is gone: the tree was changed twice meanwhile. */
  const chunkBodies = async (ids: readonly string[]): Promise<Map<string, KnownValue[]> | undefined> => {
    if (ids.length === 0) return new Map();
    const found = await link.retry(() => treeChunks.find({ _id: { $in: [...ids] } }).toArray());
    if (found.length < ids.length) return undefined;
    return new Map(found.map(({ _id, body }) => [_id, JSON.parse(body) as KnownValue[]]));
  };

  const parameters = async (device: string, path: string): Promise<KnownValue[]> => {
    const tree = await treeOf(device);
    if (tree === undefined) return [];
    const whole = path === '' || path.endsWith('.');
    for (let reads = 0; reads < MAX_READS; reads++) {
      const standing = await standingTree(tree);
      const touched = standing?.chunks.filter((_chunk, at) => mayHold(standing.chunks, at, path)) ?? [];
      const bodies = await chunkBodies(touched.map(chunk => chunk.id));
      if (!bodies) continue;
      const values = touched.flatMap(chunk => bodies.get(chunk.id) ?? []);
      return values.filter(value => (whole ? value.path.startsWith(path) : value.path === path));
    }
    throw new UserError(503, 'store-busy', `the parameters of ${device} change faster than they can be read`);
  };

  /** @returns false when another change came first */
  const tryPut = async (device: string, tree: string, values: Values, replaceBelow?: string): Promise<boolean> => {
    const before = await standingTree(tree);
    const change = changeOf(replaceBelow === '' ? [] : (before?.chunks ?? []), values, replaceBelow);
    const bodies = await chunkBodies(change.touched.map(chunk => chunk.id));
    if (!bodies) return false;
    const { chunks, fresh } = change.carriedOut(bodies, () => `${tree}/${link.newId()}`);
    for (const { body } of fresh) checkSize(`a part of the parameters of ${device}`, [body]);
    const kept = new Set(chunks.map(chunk => chunk.id));
    const replaced = (before?.chunks ?? []).map(chunk => chunk.id).filter(id => !kept.has(id));
    await writeChunks(fresh);
    const written = await link.replace(trees, before, { _id: tree, ...stamp(link, before), chunks, replaced });
    await drop(written ? (before?.replaced ?? []) : fresh.map(chunk => chunk._id));
    if (!written || before || (await treeOf(device)) === tree) return written;
    // The first parameters of a device that was removed just now would stay for ever.
    await forget(tree);
    return false;
  };
  const put = async (device: string, values: Values, replaceBelow?: string): Promise<void> => {
    for (let conflicts = 0; ; conflicts++) {
      await link.afterConflict(conflicts);
      const tree = await treeOf(device);
      if (tree === undefined) throw noSuchDevice(device);
      if (await tryPut(device, tree, values, replaceBelow)) return;
    }
  };

  const writeChunks = async (fresh: readonly TreeChunk[]): Promise<void> => {
    if (fresh.length === 0) return;
    const writes = fresh.map(({ _id, body }) => ({
      replaceOne: { filter: { _id }, replacement: { body }, upsert: true },
    }));
    await link.retry(() => treeChunks.bulkWrite(writes, { ordered: false }));
  };
  const drop = async (ids: readonly string[]): Promise<void> => {
    if (ids.length > 0) await link.retry(() => treeChunks.deleteMany({ _id: { $in: [...ids] } }));
  };
  const forget = async (tree: string): Promise<void> => {
    await link.retry(() => trees.deleteOne({ _id: tree }));
    await link.retry(() => treeChunks.deleteMany({ _id: { $gte: `${tree}/`, $lt: `${tree}0` } }));
    await forgetHistory(link, collections, tree);
  };

  const lookUp: Trees['lookUp'] = async (ids, paths) => {
    const found = new Map<string, Map<string, string>>();
    if (ids.length === 0) return found;
    const asked = new Set(paths);
    const patterns = paths.filter(isWild).map(wildPattern);
    for (const [id, values] of await chunksWith(ids, paths)) {
      const tree = id.slice(0, id.indexOf('/'));
      const some = found.get(tree) ?? new Map<string, string>();
      for (const { path, value } of values)
        if (asked.has(path) || patterns.some(pattern => pattern.test(path))) some.set(path, value);
      found.set(tree, some);
    }
    return found;
  };
  const chunksWith = async (ids: readonly string[], paths: readonly string[]): Promise<Map<string, KnownValue[]>> => {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const standing = await link.retry(() => trees.find({ _id: { $in: [...ids] } }).toArray());
      const wanted = standing.flatMap(({ chunks }) => {
        const begins = paths.map(path => (isWild(path) ? wildStart(path) : path));
        return chunks.filter((_chunk, at) => begins.some(path => mayHold(chunks, at, path))).map(chunk => chunk.id);
      });
      const bodies = await chunkBodies(wanted);
      if (bodies) return bodies;
    }
    throw new UserError(503, 'store-busy', 'parameters change faster than they can be read');
  };

  return {
    parameters,
    forget,
    put: async (device, values, replaceBelow) => {
      if (replaceBelow && !replaceBelow.endsWith('.'))
        throw new UserError(400, 'not-partial', `"${replaceBelow}" is no partial path`);
      const wanted: Values = new Map();
      for (const value of values) {
        for (const text of [value.path, value.value, value.type]) checkedText(text);
        const told = wanted.get(value.path);
        wanted.set(value.path, told ? mergedValue(told, value) : { ...value });
      }
      await inOrder(device, () => put(device, wanted, replaceBelow));
    },
    lookUp,
  };
}

const byPath = (a: KnownValue, b: KnownValue): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** Which chunk a path lies in: the last that begins at or before it, or the first. */
function chunkAt(chunks: readonly ChunkRange[], path: string): number {
  let low = 0;
  let high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (chunks[middle]!.from <= path) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Whether the chunk may hold the path, or one below a partial path. */
function mayHold(chunks: readonly ChunkRange[], at: number, path: string): boolean {
  if (path === '') return true;
  if (!path.endsWith('.')) return chunkAt(chunks, path) === at;
  // The first path that is no longer below: a dot is followed by a slash.
  return at >= chunkAt(chunks, path) && at <= chunkAt(chunks, `${path.slice(0, -1)}/`);
}

interface TreeChunk {
  _id: string;
  body: string;
}

interface TreeChange {
  /** Chunks whose content is needed for it. */
  touched: ChunkRange[];
  /** The chunks of the tree afterwards, and those of them that are new. */
  carriedOut(bodies: Map<string, KnownValue[]>, newId: () => string): { chunks: ChunkRange[]; fresh: TreeChunk[] };
}

function changeOf(before: readonly ChunkRange[], values: Values, replaceBelow: string | undefined): TreeChange {
  const told = new Map<number, KnownValue[]>();
  for (const value of values.values()) {
    const at = chunkAt(before, value.path);
    const mine = told.get(at);
    if (mine) mine.push(value);
    else told.set(at, [value]);
  }
  const isTouched = (at: number): boolean =>
    told.has(at) || (replaceBelow !== undefined && mayHold(before, at, replaceBelow));
  return {
    touched: before.filter((_chunk, at) => isTouched(at)),
    carriedOut: (bodies, newId) => {
      const fresh: TreeChunk[] = [];
      const made = (held: readonly KnownValue[], at: number): ChunkRange[] =>
        pieces(merged(held, told.get(at) ?? [], replaceBelow)).map(piece => {
          const chunk = { _id: newId(), body: JSON.stringify(piece) };
          fresh.push(chunk);
          return { id: chunk._id, from: piece[0]?.path ?? '' };
        });
      const chunks =
        before.length === 0
          ? made([], 0)
          : before.flatMap((chunk, at) => (isTouched(at) ? made(bodies.get(chunk.id) ?? [], at) : [chunk]));
      return { chunks, fresh };
    },
  };
}

/** What is not told again stays. */
const mergedValue = (before: KnownValue, told: KnownValue): KnownValue => ({
  ...told,
  ...(told.writable === undefined && before.writable !== undefined ? { writable: before.writable } : {}),
  ...(told.notification === undefined && before.notification !== undefined
    ? { notification: before.notification }
    : {}),
});

function merged(before: readonly KnownValue[], told: KnownValue[], replaceBelow: string | undefined): KnownValue[] {
  const kept = before.filter(value => replaceBelow === undefined || !value.path.startsWith(replaceBelow));
  const values = new Map(kept.map(value => [value.path, value]));
  for (const value of told) {
    const known = values.get(value.path);
    values.set(value.path, known ? mergedValue(known, value) : value);
  }
  return [...values.values()].sort(byPath);
}

/** Cut so that each piece is one chunk; a few values more or less do not split one that stands. */
function pieces(values: readonly KnownValue[]): KnownValue[][] {
  const sizes = values.map(value => JSON.stringify(value).length + 1);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (values.length === 0) return [];
  if (total <= MAX_CHUNK) return [[...values]];
  const found: KnownValue[][] = [];
  let piece: KnownValue[] = [];
  let filled = 0;
  for (const [at, value] of values.entries()) {
    if (piece.length > 0 && filled + sizes[at]! > NEW_CHUNK) {
      found.push(piece);
      piece = [];
      filled = 0;
    }
    piece.push(value);
    filled += sizes[at]!;
  }
  return [...found, piece];
}

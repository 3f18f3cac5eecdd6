// The chunks of a parameter tree, and those after a change: pure.
import type { KnownValue } from '../../../device/parameter.ts';
import type { TreeDocument } from '../collections.ts';

export type Values = Map<string, KnownValue>;
type ChunkRange = TreeDocument['chunks'][number];

/** A chunk that grows beyond MAX_CHUNK is split into pieces of NEW_CHUNK, both in characters of JSON. */
const MAX_CHUNK = 64 * 1024;
const NEW_CHUNK = 32 * 1024;

const byPath = (a: KnownValue, b: KnownValue): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** The number of the chunk that a path belongs to: the last that begins at or before it, or the first. */
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

/** True when the chunk may hold the path, or one below a partial path. */
export function mayHold(chunks: readonly ChunkRange[], at: number, path: string): boolean {
  if (path === '') return true;
  if (!path.endsWith('.')) return chunkAt(chunks, path) === at;
  // The first path that is no longer below: a dot is followed by a slash.
  return at >= chunkAt(chunks, path) && at <= chunkAt(chunks, `${path.slice(0, -1)}/`);
}

export interface TreeChunk {
  _id: string;
  body: string;
}

interface TreeChange {
  /** Chunks whose content the change needs. */
  touched: ChunkRange[];
  /** The chunks of the tree after the change, and those of them that are new. */
  carriedOut(bodies: Map<string, KnownValue[]>, newId: () => string): { chunks: ChunkRange[]; fresh: TreeChunk[] };
}

export function changeOf(before: readonly ChunkRange[], values: Values, replaceBelow: string | undefined): TreeChange {
  /** The values by the number of the chunk that takes them. */
  const byChunk = new Map<number, KnownValue[]>();
  for (const value of values.values()) {
    const at = chunkAt(before, value.path);
    const mine = byChunk.get(at);
    if (mine) mine.push(value);
    else byChunk.set(at, [value]);
  }
  const isTouched = (at: number): boolean =>
    byChunk.has(at) || (replaceBelow !== undefined && mayHold(before, at, replaceBelow));
  return {
    touched: before.filter((_chunk, at) => isTouched(at)),
    carriedOut: (bodies, newId) => {
      const fresh: TreeChunk[] = [];
      const made = (held: readonly KnownValue[], at: number): ChunkRange[] =>
        pieces(merged(held, byChunk.get(at) ?? [], replaceBelow)).map(piece => {
          const chunk = { _id: newId(), body: JSON.stringify(piece) };
          fresh.push(chunk);
          return { id: chunk._id, from: piece[0]?.path ?? '', count: piece.length };
        });
      const chunks =
        before.length === 0
          ? made([], 0)
          : before.flatMap((chunk, at) => (isTouched(at) ? made(bodies.get(chunk.id) ?? [], at) : [chunk]));
      return { chunks, fresh };
    },
  };
}

/** The newer value; it keeps what it does not say itself. */
export const mergedValue = (before: KnownValue, value: KnownValue): KnownValue => ({
  ...value,
  ...(value.writable === undefined && before.writable !== undefined ? { writable: before.writable } : {}),
  ...(value.notification === undefined && before.notification !== undefined
    ? { notification: before.notification }
    : {}),
});

function merged(before: readonly KnownValue[], fresh: KnownValue[], replaceBelow: string | undefined): KnownValue[] {
  const kept = before.filter(value => replaceBelow === undefined || !value.path.startsWith(replaceBelow));
  const values = new Map(kept.map(value => [value.path, value]));
  for (const value of fresh) {
    const known = values.get(value.path);
    values.set(value.path, known ? mergedValue(known, value) : value);
  }
  return [...values.values()].sort(byPath);
}

/** Cuts values into chunks. MAX_CHUNK is larger than NEW_CHUNK, so that a few more values do not split a chunk. */
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

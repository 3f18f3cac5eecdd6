// Chunks of known values, some hundred each, written once and never changed: which of them a change touches, and those after it. Pure.
import { createHash } from 'node:crypto';
import type { KnownValue } from '../../../device/parameter.ts';
import type { TreeChunkEntry } from '../collections.ts';

export type Values = Map<string, KnownValue>;

/** A chunk that grows beyond MAX_CHUNK is split into pieces of NEW_CHUNK, both in characters of JSON. */
const MAX_CHUNK = 64 * 1024;
const NEW_CHUNK = 32 * 1024;

export const byPath = (a: KnownValue, b: KnownValue): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** The number of the chunk that a path belongs to: the last that begins at or before it, or the first. */
function chunkAt(chunks: readonly TreeChunkEntry[], path: string): number {
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
export function mayHold(chunks: readonly TreeChunkEntry[], at: number, path: string): boolean {
  if (path === '') return true;
  if (!path.endsWith('.')) return chunkAt(chunks, path) === at;
  // The first path that is no longer below: a dot is followed by a slash.
  return at >= chunkAt(chunks, path) && at <= chunkAt(chunks, `${path.slice(0, -1)}/`);
}

export interface TreeChunk {
  _id: string;
  body: string;
}

interface ChunkChange {
  /** Chunks whose content the change needs. */
  read: TreeChunkEntry[];
  /** The chunks after the change, and those of them that are new. */
  carriedOut(
    bodies: ReadonlyMap<string, readonly KnownValue[]>,
    newId: () => string,
  ): { chunks: TreeChunkEntry[]; fresh: TreeChunk[] };
}

/** The chunks after a change. A chunk whose paths are all in the change is not read, and it is written only where a value differs. */
export function changeOf(
  before: readonly TreeChunkEntry[],
  values: Values,
  replaceBelow: string | undefined,
): ChunkChange {
  const byChunk = groupsOf(before, values);
  const isTouched = (at: number): boolean =>
    byChunk.has(at) || (replaceBelow !== undefined && mayHold(before, at, replaceBelow));
  const renewed = before.map((chunk, at) => renewalOf(chunk, byChunk.get(at)));
  return {
    read: before.filter((_chunk, at) => isTouched(at) && !renewed[at]),
    carriedOut: (bodies, newId) => {
      const fresh: TreeChunk[] = [];
      const made = (held: readonly KnownValue[], at: number): TreeChunkEntry[] =>
        pieces(merged(held, byChunk.get(at) ?? [], replaceBelow)).map(piece => {
          const chunk = { _id: newId(), body: JSON.stringify(piece) };
          fresh.push(chunk);
          return { id: chunk._id, from: piece[0]?.path ?? '', count: piece.length, ...digestsOf(piece) };
        });
      const chunks =
        before.length === 0
          ? made([], 0)
          : before.flatMap((chunk, at) => {
              if (!isTouched(at)) return [chunk];
              const renewal = renewed[at];
              if (renewal?.same) return [renewal.same];
              return made(renewal ? [] : seenAt(bodies.get(chunk.id) ?? [], chunk), at);
            });
      return { chunks, fresh };
    },
  };
}

/** The values by the number of the chunk that takes them. */
function groupsOf(before: readonly TreeChunkEntry[], values: Values): Map<number, KnownValue[]> {
  const groups = new Map<number, KnownValue[]>();
  for (const value of values.values()) {
    const at = chunkAt(before, value.path);
    const mine = groups.get(at);
    if (mine) mine.push(value);
    else groups.set(at, [value]);
  }
  for (const group of groups.values()) group.sort(byPath);
  return groups;
}

/** A chunk whose paths are all in the change; `same` is its entry where no value differs. */
interface Renewal {
  same?: TreeChunkEntry;
}

/** @returns undefined where the chunk has to be read */
function renewalOf(chunk: TreeChunkEntry, group: readonly KnownValue[] | undefined): Renewal | undefined {
  if (!group || chunk.paths === undefined) return undefined;
  const { paths, texts } = digestsOf(group);
  if (paths !== chunk.paths) return undefined;
  const [{ time } = { time: 0 }] = group;
  if (texts !== chunk.texts || group.some(value => value.time !== time)) return {};
  return { same: { ...chunk, at: Math.max(chunk.at ?? 0, time) } };
}

const digest = (list: unknown): string =>
  createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 22);

/** None where a value has attributes: a newer value without them keeps them, so the chunk has to be read. */
function digestsOf(values: readonly KnownValue[]): Pick<TreeChunkEntry, 'paths' | 'texts'> {
  if (values.some(({ writable, notification }) => writable !== undefined || notification !== undefined)) return {};
  return {
    paths: digest(values.map(({ path }) => path)),
    texts: digest(values.map(({ value, type }) => [value, type])),
  };
}

/** The values of a chunk with the time of their last reading. */
export const seenAt = (values: readonly KnownValue[], { at }: TreeChunkEntry): readonly KnownValue[] =>
  at === undefined ? values : values.map(value => ({ ...value, time: Math.max(value.time, at) }));

/** The newer value; it keeps what it does not say itself. */
export const mergedValue = (before: KnownValue, value: KnownValue): KnownValue => ({
  ...value,
  ...(value.writable === undefined && before.writable !== undefined ? { writable: before.writable } : {}),
  ...(value.notification === undefined && before.notification !== undefined
    ? { notification: before.notification }
    : {}),
});

/** The values after newer ones, in the order of paths. @param replaceBelow the partial path below which none of the older stays */
export function merged(
  before: readonly KnownValue[],
  fresh: Iterable<KnownValue>,
  replaceBelow?: string,
): KnownValue[] {
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

// The known values of a device: those in its document, up to a bound, and those in chunks apart. Values in the document are the newer
// ones. Pure, but for the chunks that a change has to read.
import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { checkedText } from '../../text-checks.ts';
import type { HeldDocument, TreeChunkEntry } from '../collections.ts';
import { checkSize } from './device-document.ts';
import { changeOf, mayHold, merged, mergedValue, seenAt, type TreeChunk, type Values } from './tree-chunks.ts';

/** Characters of JSON in the document: some 70 values. */
const MAX_KNOWN = 8 * 1024;

/** Values that go into a tree; with `replaceBelow` they are all that there is below that partial path. */
export interface Put {
  values: Values;
  replaceBelow: string | undefined;
  /** The tree may not grow beyond this number of values. */
  most: number | undefined;
  /** The refusal of the values, and with them of their operation, once it is known. */
  refused?: UserError;
}

/** The parts of a device's document that hold its known values. */
export type KnownTree = Pick<HeldDocument, 'known' | 'chunks'>;

type ReadBodies = (ids: readonly string[]) => Promise<ReadonlyMap<string, readonly KnownValue[]>>;

/** @throws UserError 400 for a text with a NUL or a `replaceBelow` that is no partial path, 413 for a value that no chunk can hold */
export function putOf(device: string, values: readonly KnownValue[], replaceBelow?: string, most?: number): Put {
  if (replaceBelow && !replaceBelow.endsWith('.'))
    throw new UserError(400, 'not-partial', `"${replaceBelow}" is not a partial path: it must end with a dot`);
  const wanted: Values = new Map();
  for (const value of values) {
    for (const text of [value.path, value.value, value.type]) checkedText(text);
    checkSize(`a parameter of ${device}`, [value.path, value.value]);
    const earlier = wanted.get(value.path);
    wanted.set(value.path, earlier ? mergedValue(earlier, value) : { ...value });
  }
  return { values: wanted, replaceBelow, most };
}

export const knownIn = ({ known }: KnownTree): KnownValue[] =>
  known === undefined ? [] : (JSON.parse(known) as KnownValue[]);

/** The chunks that may hold values at or below one of the paths. */
export const chunksFor = ({ chunks = [] }: KnownTree, paths: readonly string[]): TreeChunkEntry[] =>
  chunks.filter((_chunk, at) => paths.some(path => mayHold(chunks, at, path)));

/** The values in some chunks and in the document, in the order of paths. */
export function valuesOf(
  tree: KnownTree,
  chunks: readonly TreeChunkEntry[],
  bodies: ReadonlyMap<string, readonly KnownValue[]>,
): KnownValue[] {
  const cold = chunks.flatMap(chunk => seenAt(bodies.get(chunk.id) ?? [], chunk));
  const hot = knownIn(tree);
  return hot.length > 0 ? merged(cold, hot) : cold;
}

/** @returns the number of values beyond the limit where the tree has grown beyond it: one that is beyond already may change, not grow */
export async function countBeyond(
  before: KnownTree,
  after: KnownTree,
  most: number | undefined,
  read: ReadBodies,
): Promise<number | undefined> {
  const bound = (after.chunks ?? []).reduce((sum, { count = Number.POSITIVE_INFINITY }) => sum + count, 0);
  if (most === undefined || bound + knownIn(after).length <= most) return undefined;
  const countOf = async (tree: KnownTree): Promise<number> => {
    const { chunks = [] } = tree;
    return valuesOf(tree, chunks, await read(chunks.map(({ id }) => id))).length;
  };
  const count = await countOf(after);
  return count > most && count > (await countOf(before)) ? count : undefined;
}

/** The tree after a change, and the chunks that must be written first. */
export async function treeAfter(
  tree: KnownTree,
  { values, replaceBelow }: Put,
  read: ReadBodies,
  newId: () => string,
): Promise<{ tree: KnownTree; fresh: TreeChunk[] }> {
  const chunks = replaceBelow === '' ? [] : (tree.chunks ?? []);
  const isCut = replaceBelow !== undefined && chunks.length > 0;
  const hot = merged(knownIn(tree), values.values(), replaceBelow);
  const known = JSON.stringify(hot);
  if (!isCut && known.length <= MAX_KNOWN) return { tree: withKnown(chunks, hot, known), fresh: [] };
  // Many values go into chunks, beside those that stay; else so do all, and the document has room again.
  const isMany = isCut || (values.size > 0 && JSON.stringify([...values.values()]).length > MAX_KNOWN);
  const cold: Values = isMany ? values : new Map(hot.map(value => [value.path, value]));
  const left = hot.filter(({ path }) => !cold.has(path));
  const change = changeOf(chunks, withAttributes(cold, hot), replaceBelow);
  const bodies = await read(change.read.map(chunk => chunk.id));
  const after = change.carriedOut(bodies, newId);
  return { tree: withKnown(after.chunks, left, JSON.stringify(left)), fresh: after.fresh };
}

/** The values with what those in the document say of their attributes. */
function withAttributes(values: Values, hot: readonly KnownValue[]): Values {
  const attributed = new Map(values);
  for (const value of hot) if (values.has(value.path)) attributed.set(value.path, value);
  return attributed;
}

const withKnown = (chunks: TreeChunkEntry[], hot: readonly KnownValue[], known: string): KnownTree => ({
  chunks,
  ...(hot.length > 0 ? { known } : {}),
});

// Pages of a parameter tree in MongoDB: one chunk is read at a time, up to the end of the page.
import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { pageOf, parameterCursor, pathBefore } from '../../paging.ts';
import type { ParameterQuery } from '../../store.ts';
import type { TreeDocument } from '../collections.ts';
import { mayHold } from './tree-chunks.ts';
import { MAX_READS, type TreeReads } from './tree-reads.ts';

type Chunks = TreeDocument['chunks'];

/** The first values at or below the path that follow the cursor. @throws UserError 400 `bad-cursor`, 503 `store-busy` */
export async function treePage(
  reads: TreeReads,
  query: ParameterQuery,
): Promise<{ items: KnownValue[]; next?: string }> {
  const limit = pageOf(query.limit);
  const after = pathBefore(query);
  const tree = await reads.treeOf(query.device);
  if (tree === undefined) return { items: [] };
  for (let tries = 0; tries < MAX_READS; tries++) {
    const touched = chunksAfter((await reads.document(tree))?.chunks ?? [], query.path, after);
    const found = await firstOf(reads, touched, limit + 1, value => isAt(value, query.path) && value.path > after);
    if (!found) continue;
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return found.length > limit && last ? { items, next: parameterCursor(last.path) } : { items };
  }
  throw new UserError(503, 'store-busy', `the parameters of ${query.device} change faster than they can be read`);
}

const isAt = (value: KnownValue, path: string): boolean =>
  path === '' || path.endsWith('.') ? value.path.startsWith(path) : value.path === path;

const chunksAfter = (chunks: Chunks, path: string, after: string): Chunks =>
  chunks.filter((_chunk, at) => {
    const next = chunks[at + 1];
    return mayHold(chunks, at, path) && !(next && next.from <= after);
  });

/** @returns undefined where the tree was changed twice meanwhile */
async function firstOf(
  reads: TreeReads,
  chunks: Chunks,
  limit: number,
  fits: (value: KnownValue) => boolean,
): Promise<KnownValue[] | undefined> {
  const found: KnownValue[] = [];
  for (const { id } of chunks) {
    const bodies = await reads.bodies([id]);
    if (!bodies) return undefined;
    found.push(...(bodies.get(id) ?? []).filter(fits));
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

// Pages of known values in MongoDB: one chunk is read at a time, up to the end of the page.
import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { pageOf, parameterCursor, pathBefore } from '../../paging.ts';
import type { ParameterQuery } from '../../store.ts';
import type { TreeChunkEntry } from '../collections.ts';
import { type KnownTree, knownIn } from './known-tree.ts';
import { mayHold, merged, seenAt } from './tree-chunks.ts';
import { MAX_READS, type TreeReads } from './tree-reads.ts';

/** The first values at or below the path that follow the cursor. @throws UserError 400 `bad-cursor`, 503 `store-busy` */
export async function treePage(
  reads: TreeReads,
  query: ParameterQuery,
): Promise<{ items: KnownValue[]; next?: string }> {
  const limit = pageOf(query.limit);
  const after = pathBefore(query);
  for (let tries = 0; tries < MAX_READS; tries++) {
    const holder = await reads.holder(query.device);
    if (!holder) return { items: [] };
    const found = await firstOf(reads, holder, query.path, after, limit + 1);
    if (!found) continue;
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return found.length > limit && last ? { items, next: parameterCursor(last.path) } : { items };
  }
  throw new UserError(503, 'store-busy', `the parameters of ${query.device} change faster than they can be read`);
}

const isAt = (value: KnownValue, path: string): boolean =>
  path === '' || path.endsWith('.') ? value.path.startsWith(path) : value.path === path;

const chunksAfter = (chunks: readonly TreeChunkEntry[], path: string, after: string): TreeChunkEntry[] =>
  chunks.filter((_chunk, at) => {
    const next = chunks[at + 1];
    return mayHold(chunks, at, path) && !(next && next.from <= after);
  });

/** @returns undefined where the tree was changed twice meanwhile */
async function firstOf(
  reads: TreeReads,
  tree: KnownTree,
  path: string,
  after: string,
  limit: number,
): Promise<KnownValue[] | undefined> {
  const fits = (value: KnownValue): boolean => isAt(value, path) && value.path > after;
  const hot = knownIn(tree).filter(fits);
  const cold: KnownValue[] = [];
  for (const chunk of chunksAfter(tree.chunks ?? [], path, after)) {
    const bodies = await reads.bodies([chunk.id]);
    if (!bodies) return undefined;
    cold.push(...seenAt(bodies.get(chunk.id) ?? [], chunk).filter(fits));
    // Values of the document beyond those that were read are beyond the page too.
    if (cold.length >= limit) break;
  }
  return merged(cold, hot).slice(0, limit);
}

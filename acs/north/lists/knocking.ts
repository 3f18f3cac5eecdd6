// CPEs that came without valid credentials, in pages and by address range: a flood of them is counted, not read.
import type { UnknownCpe } from '../../fleet/common/unknown-cpe.ts';
import { rangeOf } from '../../query/address-range.ts';
import { badCursor, cursorText, readCursor } from '../../store/paging.ts';

const MAX_RANGES = 20;
const SORT = 'knocking';

interface PageQuery {
  limit?: number;
  cursor?: string;
}

/** @param heard the latest first; one that comes again between two pages moves to the begin @throws UserError 400 `bad-cursor` */
export function knockingPage(
  heard: readonly UnknownCpe[],
  { limit = 100, cursor }: PageQuery,
): { page: readonly UnknownCpe[]; next: string | null } {
  const after = cursor === undefined ? undefined : readCursor(cursor, SORT);
  if (after && typeof after.key !== 'number') throw badCursor();
  const isLater = ({ last, device }: UnknownCpe): boolean =>
    !after || last < Number(after.key) || (last === after.key && device > after.id);
  const rest = [...heard].sort((a, b) => b.last - a.last || (a.device < b.device ? -1 : 1)).filter(isLater);
  const page = rest.slice(0, limit);
  const end = rest.length > limit ? page.at(-1) : undefined;
  return { page, next: end ? cursorText(SORT, end.last, end.device) : null };
}

export function knockingRanges(heard: readonly UnknownCpe[]): { range: string; cpes: number; count: number }[] {
  const ranges = new Map<string, { range: string; cpes: number; count: number }>();
  for (const { address, count } of heard) {
    const range = rangeOf(address) || address;
    const known = ranges.get(range) ?? { range, cpes: 0, count: 0 };
    ranges.set(range, { range, cpes: known.cpes + 1, count: known.count + count });
  }
  return [...ranges.values()].sort((a, b) => b.cpes - a.cpes || b.count - a.count).slice(0, MAX_RANGES);
}

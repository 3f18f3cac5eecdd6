// The known parameters of a device by path: those of its tree, and those that only Informs have told.
import { informValues } from '../../device/inform.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import { parameterCursor } from '../../store/paging.ts';
import type { Store } from '../../store/store.ts';

export interface KnownRange {
  /** One parameter, or a partial path that ends with a dot; '' is all. */
  path: string;
  /** The path after which it begins. */
  after: string;
  /** Values that are read at a time. */
  portion: number;
}

/** The values in a range, in the order of their paths. The newest counts; a type is '' where nothing but an Inform has told the value. */
export async function* knownPages(
  store: Store,
  row: DeviceRow,
  { path, after, portion }: KnownRange,
): AsyncGenerator<KnownValue[]> {
  const told = toldIn(row, path, after);
  for (let cursor = after === '' ? undefined : parameterCursor(after); ; ) {
    const query = { device: row.id, path, limit: portion, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next } = await store.parameterPage(query);
    const end = next === undefined ? undefined : items.at(-1)?.path;
    yield merged(row, items, told, end);
    if (next === undefined) return;
    cursor = next;
  }
}

/** Values that Informs have told, by path, those first that come last. */
function toldIn(row: DeviceRow, path: string, after: string): [path: string, value: string][] {
  const isIn = (name: string): boolean => (path === '' || path.endsWith('.') ? name.startsWith(path) : name === path);
  return Object.entries(informValues(row))
    .filter(([name, value]) => value !== null && isIn(name) && name > after)
    .sort(([a], [b]) => (a < b ? 1 : -1));
}

/** @param told loses what is merged @param end the last path of the page; undefined on the last page */
function merged(
  row: DeviceRow,
  items: readonly KnownValue[],
  told: [string, string][],
  end: string | undefined,
): KnownValue[] {
  const found: KnownValue[] = [];
  const time = row.lastInform ?? 0;
  const takeBefore = (path: string | undefined): void => {
    for (let next = told.at(-1); next && (path === undefined || next[0] < path); next = told.at(-1)) {
      told.pop();
      found.push({ path: next[0], value: next[1], type: '', time });
    }
  };
  for (const item of items) {
    takeBefore(item.path);
    const newer = told.at(-1)?.[0] === item.path ? told.pop() : undefined;
    found.push(newer && newer[1] !== item.value ? { ...item, value: newer[1], time } : item);
  }
  if (end === undefined) takeBefore(undefined);
  return found;
}

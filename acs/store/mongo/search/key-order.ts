// The order of a search by a key that documents do not have: each device is read, and the first of the page are kept.
import type { DeviceRow } from '../../../device/row.ts';
import { everyDevice, type Field } from '../../../query/filter.ts';
import { keyOfText, type Sort, type SortKey, sortKey } from '../../../query/sort.ts';
import { cursorText, pageOf, picked, readCursor } from '../../paging.ts';
import type { DeviceQuery } from '../../store.ts';
import { textKey, textOfKey } from '../devices/device-document.ts';
import { byId, type DeviceScan, withRows } from '../devices/device-scan.ts';

/** A device in the order; texts as keys (textKey). */
interface Keyed {
  key: SortKey;
  id: string;
}

type Compare = (a: Keyed, b: Keyed) => number;

export class KeyOrder {
  readonly #scan: DeviceScan;

  constructor(scan: DeviceScan) {
    this.#scan = scan;
  }

  /** @throws UserError 400 `bad-cursor`, `bad-sort` */
  async page(query: DeviceQuery, { field, descending }: Sort): Promise<{ items: DeviceRow[]; next?: string }> {
    const { filter = everyDevice, now, offset = 0, only, sort } = query;
    const sign = descending ? -1 : 1;
    const compare: Compare = (a, b) => sign * (order(a.key, b.key) || order(a.id, b.id));
    const isWithin = afterStart(query, field, sign);
    const limit = pageOf(query.limit);
    const first = new FirstOnes(offset + limit + 1, compare);
    const paths = field.kind === 'path' ? [field.name] : [];
    await this.#scan.each(filter, now, paths, (row, tree) => {
      const keyed = { key: asKey(sortKey(row, field, now, tree)), id: textKey(row.id) };
      if (isWithin(keyed)) first.add(keyed);
    });
    const found = first.takeAfter(offset);
    const page = found.slice(0, limit);
    const rows = new Map((await this.#rowsOf(page)).map(row => [row.id, row]));
    const items = page.flatMap(({ id }) => rows.get(textOfKey(id)) ?? []).map(row => picked(row, only));
    const last = found.length > limit ? found[limit - 1] : undefined;
    return last ? { items, next: cursorText(sort, last.key, last.id) } : { items };
  }

  async #rowsOf(page: readonly Keyed[]): Promise<DeviceRow[]> {
    if (page.length === 0) return [];
    const part = { _id: { $in: page.map(({ id }) => id) } };
    return withRows(await this.#scan.page(part, byId, undefined, page.length)).map(({ row }) => row);
  }
}

const asKey = (key: SortKey): SortKey => (typeof key === 'string' ? textKey(key) : key);
const order = (a: SortKey, b: SortKey): number => (a < b ? -1 : a > b ? 1 : 0);

/** A test of the devices that come after the place, or from the key on. */
function afterStart({ cursor, sort, at }: DeviceQuery, field: Field, sign: number): (keyed: Keyed) => boolean {
  if (cursor !== undefined) {
    const last = readCursor(cursor, sort);
    return ({ key, id }) => sign * (order(key, last.key) || order(id, last.id)) > 0;
  }
  if (at === undefined) return () => true;
  const from = asKey(keyOfText(field, at));
  return ({ key }) => sign * order(key, from) >= 0;
}

/** Keeps the first of many in an order: a heap, the last of them on top, so that each addition is a few steps. */
class FirstOnes {
  readonly #most: number;
  readonly #compare: Compare;
  readonly #heap: Keyed[] = [];

  constructor(most: number, compare: Compare) {
    this.#most = most;
    this.#compare = compare;
  }

  add(keyed: Keyed): void {
    const top = this.#heap[0];
    if (this.#heap.length < this.#most) {
      this.#heap.push(keyed);
      this.#rise(this.#heap.length - 1);
    } else if (top && this.#compare(keyed, top) < 0) {
      this.#heap[0] = keyed;
      this.#sink(0);
    }
  }

  /** Takes those after the first `skipped`, in their order. */
  takeAfter(skipped: number): Keyed[] {
    const taken: Keyed[] = [];
    while (this.#heap.length > skipped) {
      const last = this.#heap.pop();
      const top = this.#heap[0];
      if (last && top) {
        taken.push(top);
        this.#heap[0] = last;
        this.#sink(0);
      } else if (last) taken.push(last);
    }
    return taken.reverse();
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfAfter(at, parent)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      const later = right < this.#heap.length && this.#isAfter(right, left) ? right : left;
      if (later >= this.#heap.length || !this.#swapIfAfter(later, at)) return;
      at = later;
    }
  }

  #isAfter(a: number, b: number): boolean {
    return this.#compare(this.#heap[a] as Keyed, this.#heap[b] as Keyed) > 0;
  }

  #swapIfAfter(child: number, parent: number): boolean {
    if (!this.#isAfter(child, parent)) return false;
    const moved = this.#heap[child] as Keyed;
    this.#heap[child] = this.#heap[parent] as Keyed;
    this.#heap[parent] = moved;
    return true;
  }
}

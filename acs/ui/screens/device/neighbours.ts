// The devices before and after one in the list that it was opened from.
import { quotedText } from '../../../query/quote.ts';
import { listDevices } from '../../api/devices.ts';
import type { Device } from '../../api/shapes.ts';

/** The list that a device was opened from, as the screen of devices keeps it in this tab. */
export interface List {
  q?: string | undefined;
  sort?: string | undefined;
}

const KEY = 'tandem.list';
const PAGE = 200;
/** Devices with the same sorted value that are looked through. */
const MOST_PAGES = 20;

export function keptList(): List {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
    const { q, sort } = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>;
    return { ...(typeof q === 'string' ? { q } : {}), ...(typeof sort === 'string' ? { sort } : {}) };
  } catch (error) {
    // Another page may have kept what is no list: then it is all devices.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** @param by 1: the next one, -1: the one before. @returns its id; undefined at the end of the list. @throws Problem */
export async function neighbour(id: string, by: 1 | -1, { q, sort = 'serial' }: List): Promise<string | undefined> {
  const order = by === 1 ? sort : reversed(sort);
  const at = await sortedValue(id, sort.replace(/^-/, ''));
  let cursor: string | undefined;
  let isFound = false;
  for (let page = 0; page < MOST_PAGES; page++) {
    const begin = cursor === undefined ? (at === undefined ? {} : { at }) : { cursor };
    const search = { filter: q || undefined, sort: order, fields: 'id', limit: PAGE, ...begin };
    const { items, next } = await listDevices(search);
    const place = items.findIndex(device => device.id === id);
    if (place >= 0 && items[place + 1]) return items[place + 1]?.id;
    // One that no longer fits the filter has no place: the first from there on is its neighbour.
    if (!isFound && place < 0 && page === 0 && !(await fits(id, q))) return items[0]?.id;
    if (isFound) return items[0]?.id;
    isFound = place >= 0;
    if (next === null) return undefined;
    cursor = next;
  }
  return undefined;
}

const reversed = (sort: string): string => (sort.startsWith('-') ? sort.slice(1) : `-${sort}`);
const itself = (id: string): string => `id = ${quotedText(id)}`;

async function sortedValue(id: string, field: string): Promise<string | undefined> {
  const { items } = await listDevices({ filter: itself(id), fields: field, limit: 1 });
  const value = (items[0] as Record<string, unknown> | undefined)?.[field as keyof Device];
  return value === undefined || value === null ? undefined : String(value);
}

async function fits(id: string, q: string | undefined): Promise<boolean> {
  if (!q) return true;
  const { items } = await listDevices({ filter: `(${q}) and ${itself(id)}`, fields: 'id', limit: 1 });
  return items.length > 0;
}

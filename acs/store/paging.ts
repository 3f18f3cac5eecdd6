// Pages of a search by keyset, in any store: their length, their order, and the cursor that leads to the next.

import type { DeviceRow } from '../device/row.ts';
import { UserError } from '../errors.ts';
import type { AuditPageQuery, DeviceQuery, ParameterQuery, TaskQuery } from './store.ts';

const MAX_PAGE = 1000;
export const MAX_OFFSET = 100_000;
export const pageOf = (limit: number): number => Math.min(MAX_PAGE, Math.max(1, Math.floor(limit) || 1));

/** Reads all pages of a search, each after the work on the one before. */
export async function* eachPage<Q extends object, T>(
  query: Q,
  read: (query: Q & { cursor?: string }) => Promise<{ items: readonly T[]; next?: string }>,
): AsyncGenerator<readonly T[]> {
  for (let page = await read(query); ; ) {
    yield page.items;
    if (page.next === undefined) return;
    page = await read({ ...query, cursor: page.next });
  }
}

export const newestFirst = (a: TaskKey, b: TaskKey): number =>
  b.created - a.created || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
const oldestFirst = (a: TaskKey, b: TaskKey): number => newestFirst(b, a);
export const taskOrder = ({ isOldestFirst }: Pick<TaskQuery, 'isOldestFirst'>): typeof newestFirst =>
  isOldestFirst ? oldestFirst : newestFirst;

/** The row with the fields in `only`; default: all. */
export function picked(row: DeviceRow, only: DeviceQuery['only']): DeviceRow {
  if (!only) return row;
  const found = only.flatMap(field => (row[field] === undefined ? [] : [[field, row[field]] as const]));
  return Object.fromEntries(found) as unknown as DeviceRow;
}

/** @param columns the store's own name of each sortable field. @throws UserError 400 `bad-sort` */
export function sortOf(
  sort: string | undefined,
  columns: Readonly<Record<string, string>>,
): { column: string; descending: boolean } {
  const descending = sort?.startsWith('-') ?? false;
  const name = descending ? (sort ?? '').slice(1) : (sort ?? 'id');
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (!column) {
    const names = Object.keys(columns).join(', ');
    throw new UserError(400, 'bad-sort', `cannot sort by "${name}": one of ${names}, with - in front for descending`);
  }
  return { column, descending };
}

/** Fields that faults are sorted by. */
const faultSorts = ['last', 'first', 'count', 'code', 'cause', 'parameter', 'device'] as const;
const faultSortNames = Object.fromEntries(faultSorts.map(name => [name, name]));

/** @throws UserError 400 `bad-sort` */
export function faultSort(sort = '-last'): { sort: string; name: string; descending: boolean } {
  const { column: name, descending } = sortOf(sort, faultSortNames);
  return { sort: `fault ${sort}`, name, descending };
}

export const cursorText = (sort: string | undefined, key: string | number, id: string): string =>
  Buffer.from(JSON.stringify([sort ?? 'id', key, id])).toString('base64url');

export const badCursor = (): UserError => new UserError(400, 'bad-cursor', 'the cursor is not one of this search');

export interface TaskKey {
  created: number;
  id: string;
}

/** The cursor to what follows a task, or a parameter, in its list. */
export const taskCursor = ({ created, id }: TaskKey, isOldestFirst = false): string =>
  cursorText(taskSort(isOldestFirst), created, id);
const taskSort = (isOldestFirst: boolean): string => (isOldestFirst ? '-task' : 'task');
/** The cursor to the entries of the audit that follow the one at a place of the store. */
export const auditCursor = (place: string, isOldestFirst = false): string =>
  cursorText(auditSort(isOldestFirst), '', place);
const auditSort = (isOldestFirst: boolean): string => (isOldestFirst ? 'audit' : '-audit');
export const parameterCursor = (path: string): string => cursorText('path', '', path);

/** The task after which a page begins; undefined for the first page. @throws UserError 400 `bad-cursor` */
export function taskBefore({ cursor, isOldestFirst = false }: TaskQuery): TaskKey | undefined {
  if (cursor === undefined) return undefined;
  const { key, id } = readCursor(cursor, taskSort(isOldestFirst));
  if (typeof key !== 'number') throw badCursor();
  return { created: key, id };
}

/** The place after which a page of the audit begins; undefined for the first page. @throws UserError 400 `bad-cursor` */
export const auditPlace = ({ cursor, isOldestFirst = false }: AuditPageQuery): string | undefined =>
  cursor === undefined ? undefined : readCursor(cursor, auditSort(isOldestFirst)).id;

/** The path after which a page begins, '' for the first page. @throws UserError 400 `bad-cursor` */
export const pathBefore = ({ cursor }: ParameterQuery): string =>
  cursor === undefined ? '' : readCursor(cursor, 'path').id;

export function readCursor(text: string, sort = 'id'): { key: string | number; id: string } {
  const bad = badCursor();
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw bad;
  }
  if (!Array.isArray(parts)) throw bad;
  const [by, key, id] = parts as unknown[];
  if (by !== sort || typeof id !== 'string' || (typeof key !== 'string' && typeof key !== 'number')) throw bad;
  return { key, id };
}

// The values of a device and its data model, as one list: what was never read has its place in it.
import { useMemo } from 'preact/hooks';
import {
  allParameters,
  deviceModel,
  findParameters,
  type ModelItem,
  type Parameter,
} from '../../../api/device/parameters.ts';
import { type DeviceLine, useReload } from '../../../state/device-line.ts';
import { type Resource, useResource } from '../../../state/resource.ts';
import type { Models } from './changes.ts';
import { comparePaths, wordsOf } from './tree.ts';

export interface Values {
  resource: Resource<Parameter[]>;
  /** Known values, and those that the product has and that were never read. */
  list: readonly Parameter[];
  byPath: ReadonlyMap<string, Parameter>;
  models: Models;
  /** Tables that have no rows, and to which rows can be added. */
  emptyTables: readonly string[];
  /** The data model is there, or cannot be had: editors are of the right kind. */
  isModelKnown: boolean;
}

const none: readonly Parameter[] = [];

/** Loads again after each session of the device. */
export function useValues(id: string, line: DeviceLine): Values {
  const resource = useResource(id, async signal => await allParameters(id, signal));
  // The model comes after the values, so that it does not hold them up.
  const model = useResource(resource.value && id, async signal => await deviceModel(id, signal));
  useReload(line, ['session', 'task', 'reconciled', 'drift'], resource.reload);
  const models = useMemo(() => new Map(model.value?.items.map(item => [item.path, item])), [model.value]);
  const values = resource.value ?? none;
  const unread = model.value?.complete ? model.value.items : undefined;
  const list = useMemo(() => withUnread(values, unread), [values, unread]);
  const byPath = useMemo(() => new Map(list.map(each => [each.path, each])), [list]);
  const isModelKnown = model.value !== undefined || model.problem !== undefined;
  const emptyTables = useMemo(() => tablesWithout(values, model.value?.items ?? []), [values, model.value]);
  return { resource, list, byPath, models, emptyTables, isModelKnown };
}

const INSTANCE = '{i}.';

/** Tables within tables are left out: rows of the outer one are needed first. */
function tablesWithout(values: readonly Parameter[], items: readonly ModelItem[]): string[] {
  const tables = items.flatMap(({ path, type, writable, unsure }) => {
    const table = path.slice(0, -INSTANCE.length);
    const isTable = type === 'object' && writable === true && !unsure && path.endsWith(INSTANCE);
    return isTable && !table.includes('{') ? [table] : [];
  });
  return tables.filter(table => !values.some(({ path }) => path.startsWith(table)));
}

/** Adds the parameters of the model that are no part of a table, each beside its neighbours. */
function withUnread(values: readonly Parameter[], items: readonly ModelItem[] | undefined): readonly Parameter[] {
  if (!items || values.length === 0) return values;
  const known = new Set(values.map(({ path }) => path));
  const unread = items.filter(
    ({ path, type, unsure }) => type !== 'object' && !unsure && !path.includes('{i}') && !known.has(path),
  );
  if (unread.length === 0) return values;
  const added = unread.map(({ path, type }) => ({ path, value: '', type: type ?? '', time: '' }));
  return [...values, ...added].sort((a, b) => comparePaths(a.path, b.path));
}

/** The number of values from which on the server searches, not the page. */
export const SEARCHED_HERE = 5000;

/** The paths that the server has found for the longest word; undefined where the page searches itself. */
export function useFound(id: string, find: string, count: number): ReadonlySet<string> | undefined {
  const word = wordsOf(find).sort((a, b) => b.length - a.length)[0];
  const isAsked = word !== undefined && count > SEARCHED_HERE;
  const found = useResource(
    isAsked ? `${id} ${word}` : undefined,
    async signal => await findParameters(id, word ?? '', signal),
    {
      keeps: true,
    },
  );
  return useMemo(() => (isAsked ? new Set(found.value ?? []) : undefined), [isAsked, found.value]);
}

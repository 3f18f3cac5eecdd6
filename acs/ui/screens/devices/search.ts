// The search that the address of the list stands for: filter, columns, order, row.
import { filterOf } from '../../state/filter-text.ts';
import { type place, setQuery } from '../../state/location.ts';
import { defaultColumns, fieldsOf } from './columns.tsx';

export interface Search {
  /** As it was typed. */
  text: string;
  /** As the server reads it; '' for all devices. */
  filter: string;
  columns: readonly string[];
  /** A field, with `-` in front for descending. */
  sort: string;
  fields: string;
  /** The row with the focus, from 0. */
  at: number;
}

export function searchOf({ query }: typeof place.value): Search {
  const text = query.get('q') ?? '';
  const named = (query.get('cols') ?? '').split(',').filter(name => name !== '');
  const columns = named.length > 0 ? [...new Set(['serial', ...named])] : defaultColumns;
  return {
    text,
    filter: filterOf(text),
    columns,
    sort: query.get('sort') ?? 'serial',
    fields: fieldsOf(columns),
    at: Math.max(0, Number.parseInt(query.get('at') ?? '0', 10) || 0),
  };
}

export const setText = (q: string): void => setQuery({ q, at: undefined });
export const setSort = (sort: string): void => setQuery({ sort: sort === 'serial' ? undefined : sort, at: undefined });

export function setColumns(columns: readonly string[]): void {
  const isDefault = columns.join() === defaultColumns.join();
  setQuery({ cols: isDefault ? undefined : columns.join(',') });
}

/** Moves a column. The first one stays. @param by places, to the right */
export function movedColumns(columns: readonly string[], name: string, by: number): string[] {
  const from = columns.indexOf(name);
  const to = Math.max(1, Math.min(columns.length - 1, from + by));
  const rest = columns.filter(each => each !== name);
  return [...rest.slice(0, to), name, ...rest.slice(to)];
}

/** The screen of a device finds its neighbours by the list that led to it. */
export const rememberList = ({ filter, sort }: Search): void =>
  sessionStorage.setItem('tandem.list', JSON.stringify({ q: filter, sort }));

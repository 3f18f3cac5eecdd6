// Conditions on faults `f`, as parts of the filters of devices and of faults.
import { timeAt } from '../../query/compare.ts';
import type { Atom } from '../../query/filter.ts';
import type { Condition, Search } from './condition.ts';

/** Column of each field in the `faults` table. */
export const faultColumns: Readonly<Record<string, string>> = {
  code: 'code',
  cause: 'cause',
  parameter: 'parameter',
  first: 'first',
  last: 'last',
};

/** A fault passes. */
function faultSql(atom: Atom, now: number): Condition {
  const column = `f.${faultColumns[atom.field.name]}`;
  if (atom.op === 'exists') return { sql: atom.field.kind === 'faultTime' ? '1' : `(${column} <> '')`, params: [] };
  if (atom.op === 'like') return { sql: `filter_like(${column}, ?)`, params: [atom.pattern] };
  if (atom.op === 'in') {
    const values = atom.values.map(value => faultSql({ op: 'compare', field: atom.field, test: '=', value }, now));
    return {
      sql: `(${values.map(({ sql }) => sql).join(' OR ')})`,
      params: values.flatMap(({ params }) => params),
    };
  }
  const { test, value } = atom;
  if (value.as === 'time') return { sql: `(${column} ${test} ?)`, params: [timeAt(value, now)] };
  return { sql: `(${column} ${test} ?)`, params: ['text' in value ? value.text : ''] };
}

export function faultCondition(atom: Atom, { now, isNarrow, isOfFault }: Search): Condition {
  // `!=` is the opposite of `=`: no fault has the text.
  const isNot = atom.op === 'compare' && atom.test === '!=';
  const { sql, params } = faultSql(isNot ? { ...atom, test: '=' } : atom, now);
  // The plus keeps SQLite from making a join of it: then it counts a device for each of its faults in an OFFSET.
  const ofDevice = isNarrow
    ? `+EXISTS (SELECT 1 FROM faults f WHERE f.device = d.pk AND ${sql})`
    : `d.pk IN (SELECT device FROM faults f WHERE ${sql})`;
  const found = isOfFault ? sql : ofDevice;
  return { sql: isNot ? `NOT ${found}` : found, params };
}

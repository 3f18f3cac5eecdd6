// Facets of devices that were found already: the filter, which may cost more than all counts together, is not asked again for each field.
import { isPlural } from '../../../query/facet.ts';
import type { Field } from '../../../query/filter.ts';
import type { Facet, FacetQuery, Facets } from '../../store.ts';
import type { Condition } from '../condition.ts';
import { faultColumns } from '../fault-filter.ts';
import type { Statements } from '../statements.ts';
import { keyOf } from './facet-keys.ts';

/** Devices that fit a filter. */
export interface Few {
  total: number;
  /** Their keys, JSON. */
  keys: string;
}

interface Counted {
  facet: number;
  /** Null in the line that counts the devices without a value. */
  value: string | null;
  count: number;
  every: number;
}

export function facetsOfFew(statements: Statements, { by, top, now }: FacetQuery, { total, keys }: Few): Facets {
  const own = by.map(field => (isBeside(field) ? undefined : keyOf(field, now)));
  const columns = own.map((key, at) => (key ? `, ${key.sql} AS k${at}` : ''));
  const parts = by.map((field, at) => facetSql(field, at, top));
  const found = statements.all<Counted>(
    `WITH few AS MATERIALIZED (SELECT d.pk AS device${columns.join('')} FROM json_each(?) j CROSS JOIN devices d ON d.pk = j.value)
      ${parts.map(({ sql }) => sql).join(' UNION ALL ')}`,
    ...own.flatMap(key => key?.params ?? []),
    keys,
    ...parts.flatMap(({ params }) => params),
  );
  return {
    total,
    facets: by.map((_, at) =>
      facetFrom(
        found.filter(({ facet }) => facet === at),
        total,
      ),
    ),
  };
}

function facetFrom(found: readonly Counted[], total: number): Facet {
  const values = found.flatMap(({ value, count }) => (value === null ? [] : [{ value, count }]));
  const every = found.find(({ value }) => value !== null)?.every ?? 0;
  const others = every - values.reduce((sum, { count }) => sum + count, 0);
  const missing = found.find(({ value }) => value === null)?.count ?? total - every;
  return { values, others, missing };
}

const isBeside = ({ kind }: Field): boolean => kind === 'tag' || kind === 'site' || kind === 'fault';

/** The lines of one facet: its first values, and for fields with several values the devices without one. */
function facetSql(field: Field, at: number, top: number): Condition {
  const { sql, params } = isBeside(field)
    ? besideSql(field)
    : { sql: `SELECT device, k${at} AS value FROM few`, params: [] };
  const counts = `SELECT ${at} AS facet, CAST(value AS TEXT) AS value, count(*) AS count, sum(count(*)) OVER () AS every
    FROM (${sql}) WHERE value <> '' GROUP BY value ORDER BY count DESC, value LIMIT ?`;
  const lines = [`SELECT * FROM (${counts})`];
  if (isPlural(field))
    lines.push(
      `SELECT ${at}, NULL, (SELECT count(*) FROM few) - (SELECT count(DISTINCT device) FROM (${sql}) WHERE value <> ''), 0`,
    );
  return { sql: lines.join(' UNION ALL '), params: [...params, top, ...(isPlural(field) ? params : [])] };
}

/** Devices and values of a field that has a table of its own. */
function besideSql({ kind, name }: Field): Condition {
  if (kind === 'tag')
    return { sql: 'SELECT f.device, tag AS value FROM few f CROSS JOIN tags t ON t.device = f.device', params: [] };
  if (kind === 'site')
    return {
      sql: 'SELECT f.device, value FROM few f CROSS JOIN sites s ON s.device = f.device AND s.name = ?',
      params: [name],
    };
  // A device has one fault for each cause, and may have several of a code.
  const column = faultColumns[name];
  const sql = `SELECT DISTINCT f.device, x.${column} AS value FROM few f CROSS JOIN faults x ON x.device = f.device`;
  return { sql, params: [] };
}

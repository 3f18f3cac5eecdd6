// Facets in SQL: devices counted by each value of some fields, all of one moment.
import { isPlural } from '../../../query/facet.ts';
import type { Field, Filter } from '../../../query/filter.ts';
import type { Facet, FacetQuery, Facets } from '../../store.ts';
import type { Condition } from '../condition.ts';
import { faultColumns } from '../fault-filter.ts';
import { toSql } from '../filter.ts';
import type { Statements } from '../statements.ts';
import { keyOf } from './facet-keys.ts';
import { type Few, facetsOfFew } from './facets-of-few.ts';

interface Counted {
  value: string;
  count: number;
  /** The sum over all values. */
  every: number;
}

export function readFacets(statements: Statements, query: FacetQuery): Facets {
  // One snapshot for all.
  statements.prepare('SAVEPOINT facets').run();
  try {
    const { filter, by, top, now } = query;
    const few = filter && fewOf(statements, filter, now);
    if (few) return facetsOfFew(statements, query, few);
    const total = totalOf(statements, filter, now);
    return { total, facets: by.map(field => facetOf(statements, { field, filter, top, now, total })) };
  } finally {
    statements.prepare('RELEASE facets').run();
  }
}

/** The devices that fit, unless they are more than half of all. */
function fewOf(statements: Statements, filter: Filter, now: number): Few | undefined {
  const most = Math.floor(totalOf(statements, undefined, now) / 2);
  const { sql, params } = toSql(filter, now);
  const text = `SELECT count(*) AS total, json_group_array(pk) AS keys FROM (SELECT d.pk FROM devices d WHERE ${sql} LIMIT ?)`;
  const few = statements.one<Few>(text, ...params, most + 1);
  return few && few.total <= most ? few : undefined;
}

interface Asked {
  field: Field;
  /** One that most devices fit. */
  filter: Filter | undefined;
  top: number;
  now: number;
  total: number;
}

function facetOf(statements: Statements, asked: Asked): Facet {
  const { sql, params } = groupedSql(asked);
  const found = statements.all<Counted>(
    `WITH g AS MATERIALIZED (${sql})
      SELECT value, count, sum(count) OVER () AS every FROM g WHERE value <> '' ORDER BY count DESC, value LIMIT ?`,
    ...params,
    asked.top,
  );
  const values = found.map(({ value, count }) => ({ value: String(value), count }));
  const every = found[0]?.every ?? 0;
  const others = every - values.reduce((sum, { count }) => sum + count, 0);
  return { values, others, missing: missingOf(statements, asked, every) };
}

/** Devices without a value; a device with several values counts several times in `every`. */
function missingOf(statements: Statements, { field, filter, now, total }: Asked, every: number): number {
  if (isPlural(field)) {
    const has =
      field.kind === 'tag'
        ? `SELECT 1 FROM tags WHERE device = d.pk AND tag <> ''`
        : `SELECT 1 FROM faults WHERE device = d.pk AND ${faultColumns[field.name]} <> ''`;
    const where = whereOf(filter, now);
    const text = `SELECT count(*) AS n FROM devices d WHERE ${where.sql} AND NOT EXISTS (${has})`;
    return statements.one<{ n: number }>(text, ...where.params)?.n ?? 0;
  }
  return total - every;
}

function totalOf(statements: Statements, filter: Filter | undefined, now: number): number {
  const where = whereOf(filter, now);
  return (
    statements.one<{ n: number }>(`SELECT count(*) AS n FROM devices d WHERE ${where.sql}`, ...where.params)?.n ?? 0
  );
}

const whereOf = (filter: Filter | undefined, now: number): Condition =>
  filter ? toSql(filter, now) : { sql: '1', params: [] };

/** The values and their counts, of all devices that fit. */
function groupedSql({ field, filter, now }: Asked): Condition {
  const beside = besideOf(field);
  if (beside) {
    // Without a filter the table beside has all that is counted.
    if (!filter)
      return { sql: `SELECT value, count(*) AS count FROM (${beside.sql}) GROUP BY value`, params: beside.params };
    if (field.kind !== 'fault') return withoutOthers(beside, toSql({ op: 'not', of: filter }, now));
    const where = toSql(filter, now);
    return {
      sql: `SELECT value, count(*) AS count FROM (${beside.sql}) b JOIN devices d ON d.pk = b.device WHERE ${where.sql} GROUP BY value`,
      params: [...beside.params, ...where.params],
    };
  }
  const key = keyOf(field, now);
  const where = whereOf(filter, now);
  return {
    sql: `SELECT ${key.sql} AS value, count(*) AS count FROM devices d WHERE ${where.sql} GROUP BY value`,
    params: [...key.params, ...where.params],
  };
}

/** The counts of all devices less those of the few that do not fit: to look up each that fits would take longer. */
function withoutOthers(beside: Condition, others: Condition): Condition {
  const all = `SELECT value, count(*) AS n FROM (${beside.sql}) GROUP BY value`;
  const less = `SELECT b.value, -count(*) FROM devices d CROSS JOIN (${beside.sql}) b ON b.device = d.pk WHERE ${others.sql} GROUP BY b.value`;
  return {
    sql: `SELECT value, sum(n) AS count FROM (${all} UNION ALL ${less}) GROUP BY value HAVING sum(n) > 0`,
    params: [...beside.params, ...beside.params, ...others.params],
  };
}

/** Devices and values of a field that has a table of its own. */
function besideOf(field: Field): Condition | undefined {
  if (field.kind === 'tag') return { sql: 'SELECT device, tag AS value FROM tags', params: [] };
  if (field.kind === 'site') return { sql: 'SELECT device, value FROM sites WHERE name = ?', params: [field.name] };
  if (field.kind !== 'fault') return undefined;
  // A device has one fault for each cause.
  const distinct = field.name === 'cause' ? '' : 'DISTINCT';
  return { sql: `SELECT ${distinct} ${faultColumns[field.name]} AS value, device FROM faults`, params: [] };
}

// Devices counted by the value of a field, in SQL: one pass over the narrow `devices` table.
import { isPlural } from '../../../query/facet.ts';
import type { Field } from '../../../query/filter.ts';
import type { Group, GroupQuery, Groups } from '../../store.ts';
import type { Condition } from '../condition.ts';
import { faultColumns } from '../fault-filter.ts';
import { livenessWords, textExpression, toSql } from '../filter.ts';
import type { Statements } from '../statements.ts';

interface Counted {
  key: string;
  count: number;
  total: number;
  first: string;
  last: string;
}

export function readGroups(statements: Statements, query: GroupQuery): Groups {
  const { text, params } = groupsSql(query);
  const found = statements.all<Counted>(text, ...params);
  const groups = found.slice(0, query.limit).map(groupOf);
  const count =
    query.by && isPlural(query.by)
      ? countedOnce(statements, query)
      : found.reduce((sum, group) => sum + group.count, 0);
  return { groups, omitted: Math.max(0, found.length - groups.length), count };
}

const groupOf = ({ key, count, total, first, last }: Counted): Group => ({
  key,
  count,
  total,
  samples: first === last ? [first] : [first, last],
});

function groupsSql({ among, filter, by, totals, now }: GroupQuery): { text: string; params: (string | number)[] } {
  const key = groupKey(by, now);
  const from = `devices d ${joinOf(by)}`;
  const all = toSql(among, now);
  const fits = toSql(filter, now);
  const samples = 'min(CASE WHEN fits THEN id END) AS first, max(CASE WHEN fits THEN id END) AS last';
  const head = `SELECT key, sum(fits) AS count, count(*) AS total, ${samples} FROM found GROUP BY key HAVING sum(fits) > 0
    ORDER BY count DESC, key`;
  // Each condition is worked out once a device.
  const within = totals ? fits : { sql: '1', params: [] };
  const where = totals ? all : { sql: `${all.sql} AND ${fits.sql}`, params: [...all.params, ...fits.params] };
  return {
    text: `WITH found AS MATERIALIZED
      (SELECT ${key.sql} AS key, (${within.sql}) AS fits, d.id AS id FROM ${from} WHERE ${where.sql}) ${head}`,
    params: [...key.params, ...within.params, ...where.params],
  };
}

function joinOf(by: Field | undefined): string {
  if (by?.kind === 'tag') return 'LEFT JOIN tags t ON t.device = d.pk';
  if (by?.kind !== 'fault') return '';
  return `LEFT JOIN (SELECT DISTINCT device, ${faultColumns[by.name]} AS text FROM faults) t ON t.device = d.pk`;
}

/** A device with several tags or faults is in several groups, but one device. */
function countedOnce(statements: Statements, { among, filter, now }: GroupQuery): number {
  const [a, f] = [toSql(among, now), toSql(filter, now)];
  const text = `SELECT count(*) AS n FROM devices d WHERE ${a.sql} AND ${f.sql}`;
  return statements.all<{ n: number }>(text, ...a.params, ...f.params)[0]?.n ?? 0;
}

function groupKey(by: Field | undefined, now: number): Condition {
  if (!by) return { sql: "''", params: [] };
  if (by.kind === 'tag') return { sql: "COALESCE(t.tag, '')", params: [] };
  if (by.kind === 'fault') return { sql: "COALESCE(t.text, '')", params: [] };
  if (by.kind === 'liveness') return livenessWords(now);
  const { sql, params } = textExpression(by);
  return { sql: `COALESCE(${sql}, '')`, params };
}

// Reads of faults: one by id, pages of a search, counts and groups. What faults are found by stands in their table; the rest is in the rows.
import type { DeviceFault } from '../../../device/fault.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Filter } from '../../../query/filter.ts';
import { FaultTally } from '../../fault-tally.ts';
import { cursorText, faultSort, pageOf, readCursor } from '../../paging.ts';
import type { FaultGroupQuery, FaultGroups, FaultKey, FaultQuery } from '../../store.ts';
import type { Condition } from '../condition.ts';
import { columns, textExpression, toSql } from '../filter.ts';
import type { Statements } from '../statements.ts';

const sortColumns: Readonly<Record<string, string>> = {
  last: 'f.last',
  first: 'f.first',
  count: 'f.count',
  code: 'f.code',
  cause: 'f.cause',
  parameter: 'f.parameter',
  device: 'd.id',
};

/** There are fewer faults than devices, so that a search begins with them. */
const FROM = 'faults f CROSS JOIN devices d ON d.pk = f.device';

const conditionOf = (filter: Filter | undefined, now: number): Condition =>
  filter ? toSql(filter, now, true) : { sql: '1', params: [] };

interface CountedRow {
  id: string;
  device: string;
  first: number;
  last: number;
  firmware: string;
  product: string;
  [key: `k${number}`]: string;
}

export class FaultQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  byId(id: string): DeviceFault | undefined {
    const found = this.#statements.one<{ body: string }>(
      'SELECT r.body FROM faults f JOIN rows r ON r.device = f.device WHERE f.id = ?',
      id,
    );
    return found && (JSON.parse(found.body) as DeviceRow).faults.find(fault => fault.id === id);
  }

  page(query: FaultQuery): { items: DeviceFault[]; next?: string } {
    const limit = pageOf(query.limit);
    const { sort, name, descending } = faultSort(query.sort);
    const column = sortColumns[name];
    const where = conditionOf(query.filter, query.now);
    const parts = [where.sql];
    const params = [...where.params];
    if (query.cursor !== undefined) {
      const { key, id } = readCursor(query.cursor, sort);
      parts.push(`(${column} ${descending ? '<' : '>'} ? OR (${column} = ? AND f.id > ?))`);
      params.push(key, key, id);
    }
    const body = `(SELECT e.value FROM rows r, json_each(r.body, '$.faults') e WHERE r.device = p.device AND e.value ->> '$.id' = p.id)`;
    const found = this.#statements.all<{ id: string; key: string | number; body: string | null }>(
      `SELECT p.id, p.key, ${body} AS body FROM (SELECT f.id, f.device, ${column} AS key FROM ${FROM}
         WHERE ${parts.join(' AND ')} ORDER BY ${column} ${descending ? 'DESC' : 'ASC'}, f.id LIMIT ?) p`,
      ...params,
      limit + 1,
    );
    const shown = found.slice(0, limit);
    const items = shown.flatMap(({ body }) => (body === null ? [] : [JSON.parse(body) as DeviceFault]));
    const last = shown.at(-1);
    return found.length > limit && last ? { items, next: cursorText(sort, last.key, last.id) } : { items };
  }

  count(filter: Filter | undefined, now: number): number {
    const { sql, params } = conditionOf(filter, now);
    const from = filter ? FROM : 'faults f';
    return this.#statements.one<{ n: number }>(`SELECT count(*) AS n FROM ${from} WHERE ${sql}`, ...params)?.n ?? 0;
  }

  groups(query: FaultGroupQuery): FaultGroups {
    const { filter, by, limit, now } = query;
    if (limit === 0) return numberOfGroups(this.#statements, query);
    const where = conditionOf(filter, now);
    const keys = by.map(keySql);
    const selected = keys.map(({ sql }, at) => `${sql} AS k${at}, `).join('');
    const statement = this.#statements.prepare(
      `SELECT ${selected}f.id, d.id AS device, f.first, f.last, d.firmware, d.product_class AS product FROM ${FROM}
         WHERE ${where.sql} ORDER BY f.device`,
    );
    const tally = new FaultTally();
    for (const row of statement.iterate(...keys.flatMap(({ params }) => params), ...where.params)) {
      const fault = row as CountedRow;
      tally.add({ ...fault, key: by.map((_key, at) => fault[`k${at}`] ?? '') });
    }
    return tally.groups(limit);
  }
}

/** Faults, devices and groups by their number alone. */
function numberOfGroups(statements: Statements, { filter, by, now }: FaultGroupQuery): FaultGroups {
  const where = conditionOf(filter, now);
  const keys = by.map(keySql);
  const isOfFaults = !filter && by.every(key => typeof key === 'string');
  const from = `FROM ${isOfFaults ? 'faults f' : FROM} WHERE ${where.sql}`;
  const counted = statements.one<{ total: number; devices: number; groups: number }>(
    `SELECT (SELECT count(*) ${from}) AS total, (SELECT count(DISTINCT f.device) ${from}) AS devices,
       (SELECT count(*) FROM (SELECT 1 ${from} GROUP BY ${keys.map(({ sql }) => sql).join()})) AS groups`,
    ...where.params,
    ...where.params,
    ...where.params,
    ...keys.flatMap(({ params }) => params),
  );
  const { total = 0, devices = 0, groups = 0 } = counted ?? {};
  return { total, devices, groups: [], omitted: { groups, faults: total } };
}

function keySql(key: FaultKey): Condition {
  if (typeof key === 'string') return { sql: `f.${key}`, params: [] };
  if (key.kind !== 'site' && key.kind !== 'version') return { sql: `d.${columns[key.name]}`, params: [] };
  const { sql, params } = textExpression(key);
  return { sql: `COALESCE(${sql}, '')`, params };
}

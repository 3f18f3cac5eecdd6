// Pages of a search for devices: rows, their text, or some of their fields.
import type { DeviceRow } from '../../../device/row.ts';
import { cursorText, pageOf } from '../../paging.ts';
import type { DeviceQuery } from '../../store.ts';
import { toSql } from '../filter.ts';
import type { Statements } from '../statements.ts';
import { rowText, type StoredRow } from '../stored-row.ts';
import { orderOf } from './device-order.ts';
import { readRow } from './device-queries.ts';

/** Devices of which only some fields were asked for: the id of each, then its values in the order of the fields, null for none. */
export interface PartsAnswer {
  parts: unknown[][];
  next?: string;
}

/** Fields of a row that are found beside it, in a page `p` of devices. */
const partColumns: Readonly<Partial<Record<keyof DeviceRow, string>>> = {
  id: 'p.id',
  state: 'p.state',
  productClass: 'p.product_class',
  softwareVersion: 'p.firmware',
  rollout: 'json((SELECT body FROM positions WHERE device = p.pk))',
};

/** A device's place in the order of a search. */
interface Placed {
  id: string;
  key: string | number;
}

export class DevicePages {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  page(query: DeviceQuery): { items: DeviceRow[]; next?: string } {
    const limit = pageOf(query.limit);
    const { text, params } = pageSql(query);
    const found = this.#statements.all<Placed & { pk: number }>(text, ...params, limit + 1);
    const items = found.slice(0, limit).flatMap(({ pk }) => readRow(this.#statements, '?', pk) ?? []);
    return { items, ...nextOf(found, limit, query) };
  }

  /** The same as text: the cursor of the next page or nothing, then the rows, each on a line of its own. */
  asLines(query: DeviceQuery): string {
    const limit = pageOf(query.limit);
    const { text, params } = pageSql(query);
    const found = this.#statements.all<Placed & StoredRow>(
      `SELECT p.id, p.key, r.body, r.told, s.body AS position FROM (${text}) p
        CROSS JOIN rows r ON r.device = p.pk LEFT JOIN positions s ON s.device = p.pk`,
      ...params,
      limit + 1,
    );
    const { next = '' } = nextOf(found, limit, query);
    return [next, ...found.slice(0, limit).map(rowText)].join('\n');
  }

  /**
   * A page with some fields of each row, which the database takes out: a walk over the whole fleet parses no rows.
   * @returns JSON of a `PartsAnswer`
   */
  ofParts(query: DeviceQuery, only: NonNullable<DeviceQuery['only']>): string {
    const limit = pageOf(query.limit);
    const { text, params } = pageSql(query);
    const from = only.every(field => field in partColumns) ? '' : 'FROM rows r WHERE r.device = p.pk';
    const values = only.map(field => partColumns[field] ?? (field === 'told' ? 'r.told' : `r.body -> '$.${field}'`));
    const list = `(SELECT json_array(p.id${values.map(value => `, ${value}`).join('')}) ${from})`;
    const found = this.#statements.all<Placed & { list: string }>(
      `SELECT p.id, p.key, ${list} AS list FROM (${text}) p`,
      ...params,
      limit + 1,
    );
    const next = JSON.stringify(nextOf(found, limit, query).next);
    const lists = found.slice(0, limit).map(({ list }) => list);
    return `{"parts":[${lists.join(',')}]${next === undefined ? '' : `,"next":${next}`}}`;
  }
}

/** The rows with the fields that were asked for. */
export function rowsOf(parts: PartsAnswer['parts'], only: NonNullable<DeviceQuery['only']>): DeviceRow[] {
  return parts.map(values => {
    const row: Record<string, unknown> = {};
    for (let at = 0; at < only.length; at++) if (values[at + 1] !== null) row[only[at]!] = values[at + 1];
    return row as unknown as DeviceRow;
  });
}

/** @param found one more than the page has, where there is a next one */
function nextOf(found: readonly Placed[], limit: number, { sort }: DeviceQuery): { next?: string } {
  const last = found.length > limit ? found[limit - 1] : undefined;
  return last ? { next: cursorText(sort, last.key, last.id) } : {};
}

/** One page of a search by keyset: it begins where the last one ended, however many came before. */
function pageSql(query: DeviceQuery): { text: string; params: (string | number)[] } {
  const { key, by, from } = orderOf(query);
  const where = [...(query.filter ? [toSql(query.filter, query.now)] : []), ...(from ? [from] : [])];
  const offset = query.offset ? ` OFFSET ${Math.floor(query.offset)}` : '';
  return {
    text: `SELECT d.pk, d.id, d.state, d.product_class, d.firmware, ${key.sql} AS key FROM devices d
      WHERE ${where.map(part => part.sql).join(' AND ') || '1'} ORDER BY ${by} LIMIT ?${offset}`,
    params: [...key.params, ...where.flatMap(part => part.params)],
  };
}

// The order of a search for devices in SQL: a column with an index, or an expression that every device is read for.
import type { Field } from '../../../query/filter.ts';
import { keyOfText, parseSort } from '../../../query/sort.ts';
import { readCursor } from '../../paging.ts';
import type { DeviceQuery } from '../../store.ts';
import type { Condition } from '../condition.ts';
import { faultColumns } from '../fault-filter.ts';
import {
  columnSql,
  columns,
  livenessSql,
  livenessWords,
  numberExpression,
  storedFlags,
  textExpression,
} from '../filter.ts';

/** Fields with an index in their order. */
const indexed: ReadonlySet<string> = new Set('id oui productClass serial firmware state created lastInform'.split(' '));

/** An index gives the pages of the search at once, however many devices there are. @throws UserError 400 `bad-sort` */
export const isIndexedSort = ({ sort, offset }: Pick<DeviceQuery, 'sort' | 'offset'>): boolean =>
  offset === undefined && indexed.has(parseSort(sort).field.name);

interface Order {
  key: Condition;
  /** The clause after ORDER BY. */
  by: string;
  /** Where the page begins; absent for the first page. */
  from?: Condition;
}

/** @throws UserError 400 `bad-sort`, `bad-cursor` */
export function orderOf({ sort, cursor, at, now }: DeviceQuery): Order {
  const { field, descending } = parseSort(sort);
  const key = keyExpression(field, now);
  const direction = descending ? 'DESC' : 'ASC';
  const isId = field.name === 'id';
  const by = isId ? `d.id ${direction}` : `key ${direction}, d.id ${direction}`;
  const side = descending ? '<' : '>';
  if (cursor !== undefined) {
    const { key: last, id } = readCursor(cursor, sort);
    const from = isId
      ? { sql: `d.id ${side} ?`, params: [id] }
      : { sql: `(${key.sql}, d.id) ${side} (?, ?)`, params: [...key.params, last, id] };
    return { key, by, from };
  }
  if (at === undefined) return { key, by };
  return { key, by, from: { sql: `${key.sql} ${side}= ?`, params: [...key.params, keyOfText(field, at)] } };
}

const plain = (sql: string): Condition => ({ sql, params: [] });

function keyExpression(field: Field, now: number): Condition {
  switch (field.kind) {
    case 'number':
      return plain(numberExpression(field));
    case 'flag':
      if (field.name === 'online') return plain('d.online_until');
      return storedFlags.has(field.name) ? plain(`d.${field.name}`) : livenessSql(field.name, now);
    case 'liveness':
      return livenessWords(now);
    case 'tag':
      return plain(`COALESCE((SELECT min(tag) FROM tags WHERE device = d.pk), '')`);
    case 'fault':
      return plain(`COALESCE((SELECT min(${faultColumns[field.name]}) FROM faults WHERE device = d.pk), '')`);
    case 'site':
      // A text that begins with a letter is no number: our own function, which costs more, decides on the others.
      return {
        sql: `COALESCE((SELECT iif(value GLOB '[A-Za-z]*', 't' || value, sort_key(value)) FROM sites
          WHERE device = d.pk AND name = ?), '')`,
        params: [field.name],
      };
    case 'path': {
      const { sql, params } = textExpression(field);
      return { sql: `sort_key(${sql})`, params };
    }
    default:
      return plain(field.name in columns ? `d.${columns[field.name]}` : columnSql(field));
  }
}

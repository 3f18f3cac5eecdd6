// A filter as an SQL condition on `devices d`, and the functions of our own that it calls. It gives exactly the answer of the predicate:
// every comparison is 0 or 1, never NULL.
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { assertNever } from '../../../shared/errors.ts';
import { livenessStates } from '../../device/liveness.ts';
import {
  anyRun,
  isLike,
  type Literal,
  likeParts,
  literalText,
  type Operator,
  orderOf,
  timeAt,
} from '../../query/compare.ts';
import { type Atom, type Field, type Filter, isFaultField, isIdField } from '../../query/filter.ts';
import { typedKey } from '../../query/sort.ts';
import { versionKey } from '../../query/version-key.ts';
import { isWild, wildPattern, wildStart } from '../../query/wildcard.ts';
import type { Condition, Search } from './condition.ts';
import { faultCondition } from './fault-filter.ts';

/** Column of each field in the narrow `devices` table. */
export const columns: Readonly<Record<string, string>> = {
  id: 'id',
  oui: 'oui',
  productClass: 'product_class',
  serial: 'serial',
  manufacturer: 'manufacturer',
  firmware: 'firmware_key',
  hardware: 'hardware',
  address: 'address',
  provisioningCode: 'provisioning_code',
  state: 'state',
  created: 'created',
  lastInform: 'last_inform',
  lastBoot: 'last_boot',
  online: 'online_until',
  rollout: 'rollout',
  rolloutState: 'rollout_state',
  rolloutZone: 'rollout_zone',
  rolloutDue: 'rollout_due',
  rolloutWave: 'rollout_wave',
};

/** @param now milliseconds, for `now` and `online` @param isOfFault the condition is on `faults f` too */
export const toSql = (filter: Filter, now: number, isOfFault = false): Condition =>
  partSql(filter, { now, isNarrow: isNarrow(filter), isOfFault });

function isNarrow(filter: Filter): boolean {
  if (filter.op === 'and') return filter.of.some(isNarrow);
  return (filter.op === 'in' || (filter.op === 'compare' && filter.test === '=')) && filter.field.name === 'id';
}

function partSql(filter: Filter, search: Search): Condition {
  switch (filter.op) {
    case 'and':
    case 'or':
      return joined(
        filter.of.map(part => partSql(part, search)),
        filter.op.toUpperCase(),
      );
    case 'not':
      return negated(partSql(filter.of, search));
    default:
      return isFaultField(filter.field) ? faultCondition(filter, search) : atomSql(filter, search);
  }
}

const condition = (sql: string, ...params: (string | number)[]): Condition => ({ sql, params });
const negated = ({ sql, params }: Condition): Condition => ({ sql: `NOT ${sql}`, params });
const joined = (parts: Condition[], by: string): Condition => ({
  sql: `(${parts.map(part => part.sql).join(` ${by} `)})`,
  params: parts.flatMap(part => part.params),
});

function atomSql(atom: Atom, search: Search): Condition {
  switch (atom.op) {
    case 'compare':
      return compareSql(atom.field, atom.test, atom.value, search);
    case 'in':
      // They may be thousands.
      if (isIdField(atom.field))
        return condition('(d.id IN (SELECT value FROM json_each(?)))', JSON.stringify(atom.values.map(literalText)));
      return joined(
        atom.values.map(value => compareSql(atom.field, '=', value, search)),
        'OR',
      );
    case 'like':
      return likeSql(atom.field, atom.pattern, search);
    case 'exists':
      return existsSql(atom.field, search);
    default:
      return assertNever(atom);
  }
}

function compareSql(field: Field, test: Operator, value: Literal, search: Search): Condition {
  if (test === '!=') return negated(compareSql(field, '=', value, search));
  const { now } = search;
  const column = `d.${columns[field.name]}`;
  if (field.kind === 'tag') return besideSql('tags', condition('tag = ?', literalText(value)), search);
  if (field.kind === 'number')
    return value.as === 'number' ? condition(`(${numberExpression(field)} ${test} ?)`, value.number) : condition('0');
  if (field.kind === 'flag') return flagSql(field, value, now);
  if (field.kind === 'liveness') return livenessSql(literalText(value), now);
  if (value.as === 'time' && field.kind === 'time')
    return condition(`(${column} > 0 AND ${column} ${test} ?)`, timeAt(value, now));
  if (field.name === 'rollout' && test === '=' && literalText(value) !== '')
    // SQLite uses the indexes, which leave out devices without a rollout, only for a condition that repeats theirs.
    return condition(`(d.rollout > '' AND d.rollout = ?)`, literalText(value));
  if (field.kind === 'text' || field.kind === 'state')
    return condition(`(${columnSql(field)} ${test} ?)`, literalText(value));
  if (field.kind === 'anySite') return siteSql(field, condition(`value ${test} ?`, literalText(value)), search);
  if (field.name === 'firmware' && field.kind === 'version')
    return value.as === 'version'
      ? condition(`(${column} <> '' AND ${column} ${test} ?)`, versionKey(value.text))
      : condition(`(d.firmware ${test} ?)`, literalText(value));
  return valueSql(field, test, value, search);
}

/** Values that are texts of unknown type, and versions. */
function valueSql(field: Field, test: Operator, value: Literal, search: Search): Condition {
  const { now } = search;
  if (field.kind === 'path' && isWild(field.name)) {
    const passes = value.as === 'text' ? `value ${test} ?` : `COALESCE(filter_order(value, ?, ?) ${test} 0, 0)`;
    return wildSql(field.name, passes, value.as === 'text' ? [value.text] : [JSON.stringify(value), now]);
  }
  if (field.kind === 'site')
    return value.as === 'text'
      ? siteSql(field, condition(`value ${test} ?`, value.text), search)
      : siteSql(
          field,
          condition(`COALESCE(filter_order(value, ?, ?) ${test} 0, 0)`, JSON.stringify(value), now),
          search,
        );
  const from = textExpression(field);
  if (value.as === 'text') return condition(`COALESCE(${from.sql} ${test} ?, 0)`, ...from.params, value.text);
  return condition(
    `COALESCE(filter_order(${from.sql}, ?, ?) ${test} 0, 0)`,
    ...from.params,
    JSON.stringify(value),
    now,
  );
}

/** The end of `late`, which lasts as long as `online` (liveness.ts), so that it needs no column of its own. */
const LATE_UNTIL = '(2 * d.online_until - d.last_inform)';

export function livenessSql(liveness: string, now: number): Condition {
  if (liveness === 'online') return condition('(d.online_until > 0 AND d.online_until >= ?)', now);
  const over = 'd.online_until > 0 AND d.online_until < ?';
  return liveness === 'late'
    ? condition(`(${over} AND ${LATE_UNTIL} >= ?)`, now, now)
    : condition(`(${over} AND ${LATE_UNTIL} < ?)`, now, now);
}

/** `online`, `late`, `lost`, or '' for a device that never informed. */
export const livenessWords = (now: number): Condition =>
  condition(
    `CASE WHEN d.online_until <= 0 THEN '' WHEN d.online_until >= ? THEN 'online' WHEN ${LATE_UNTIL} >= ? THEN 'late' ELSE 'lost' END`,
    now,
    now,
  );

function flagSql({ name }: Field, value: Literal, now: number): Condition {
  const found = storedFlags.has(name) ? condition(`(d.${name} > 0)`) : livenessSql(name, now);
  return value.as === 'flag' && value.flag ? found : negated(found);
}

/** Flags with a column of their name. */
export const storedFlags: ReadonlySet<string> = new Set(['unfinished', 'restart']);

/** The count of a number field. */
export function numberExpression({ name }: Field): string {
  if (name === 'tasks') return '(SELECT count(*) FROM open_tasks WHERE device = d.pk)';
  return name === 'faults' ? '(SELECT count(*) FROM faults WHERE device = d.pk)' : `d.${name}`;
}

/** A text of the narrow table. */
export const columnSql = ({ name }: Field): string =>
  name === 'username' ? `COALESCE(d.next_username, d.username, '')` : `d.${columns[name]}`;

/** Devices with an entry that passes in a table beside theirs. */
function besideSql(
  table: 'tags' | 'sites' | 'open_tasks',
  { sql, params }: Condition,
  { isNarrow }: Search,
): Condition {
  return isNarrow
    ? condition(`+EXISTS (SELECT 1 FROM ${table} WHERE device = d.pk AND ${sql})`, ...params)
    : condition(`d.pk IN (SELECT device FROM ${table} WHERE ${sql})`, ...params);
}

/** Devices with a site field that passes: of its name, or of any. */
const siteSql = (field: Field, { sql, params }: Condition, search: Search): Condition =>
  field.kind === 'anySite'
    ? besideSql('sites', { sql, params }, search)
    : besideSql('sites', condition(`name = ? AND ${sql}`, field.name, ...params), search);

/** The text of a field, NULL if unknown: a parameter comes from the values of the last Informs, else from the tree. */
export function textExpression(field: Field): Condition {
  if (field.kind === 'site') return condition('(SELECT value FROM sites WHERE device = d.pk AND name = ?)', field.name);
  if (field.kind === 'path')
    return condition(
      `COALESCE(json_extract((SELECT told FROM rows WHERE device = d.pk), ?), (SELECT value FROM parameters
        WHERE device = d.pk AND path = (SELECT pk FROM paths WHERE path = ?)))`,
      `$."${field.name}"`,
      field.name,
    );
  return condition(field.name === 'firmware' ? 'd.firmware' : columnSql(field));
}

/** Passes if any parameter does that fits a path with `*`: those of the last Informs, then those of the tree. */
function wildSql(path: string, passes: string, params: (string | number)[]): Condition {
  const [from, to] = below(wildStart(path));
  const told = '(SELECT told FROM rows WHERE device = d.pk)';
  const fitting = 'SELECT pk, path FROM paths WHERE path >= ? AND path < ? AND filter_wild(path, ?)';
  return condition(
    `(EXISTS (SELECT 1 FROM json_each(${told}) WHERE filter_wild(key, ?) AND ${passes})
      OR EXISTS (SELECT 1 FROM (${fitting}) w JOIN parameters p ON p.device = d.pk AND p.path = w.pk
        WHERE ${passes} AND NOT EXISTS (SELECT 1 FROM json_each(${told}) WHERE key = w.path)))`,
    path,
    ...params,
    from,
    to,
    path,
    ...params,
  );
}

/** Bounds of the paths below a partial one: from itself to the same with the character after the dot. */
export const below = (partial: string): [string, string] => [partial, `${partial.slice(0, -1)}/`];

function likeSql(field: Field, pattern: string, search: Search): Condition {
  if (field.kind === 'liveness') {
    const fitting = livenessStates.filter(state => isLike(state, pattern));
    return fitting.length === 0
      ? condition('0')
      : joined(
          fitting.map(state => livenessSql(state, search.now)),
          'OR',
        );
  }
  if (field.kind === 'tag') return besideSql('tags', likeText('tag', pattern), search);
  if (field.kind === 'site' || field.kind === 'anySite') return siteSql(field, likeText('value', pattern), search);
  if (field.kind === 'text') return likeText(columnSql(field), pattern);
  if (field.name === 'firmware' && field.kind === 'version') return likeText('d.firmware', pattern);
  if (field.kind === 'path' && isWild(field.name)) return wildSql(field.name, 'filter_like(value, ?)', [pattern]);
  const from = textExpression(field);
  return condition(`COALESCE(filter_like(${from.sql}, ?), 0)`, ...from.params, pattern);
}

/** Wildcards up to which SQLite's backtracking matches a pattern. */
const MAX_RUNS = 3;

/**
 * A text of a table that fits a pattern. SQLite's own operator folds ASCII alone: it misses the Kelvin sign, whose lower case is a k, and
 * U+0130, whose lower case is an i and a dot. Where the pattern may meet them, our function decides on texts beyond ASCII; and always on
 * patterns with `_`, which is one character of the lower case.
 * @param text as SQL without parameters
 */
function likeText(text: string, pattern: string): Condition {
  const parts = likeParts(pattern);
  const wild = parts.filter(part => typeof part !== 'string');
  const isPlain = /^[\x01-\x7f]*$/.test(pattern) && wild.length <= MAX_RUNS && wild.every(part => part === anyRun);
  if (!isPlain) return condition(`filter_like(${text}, ?)`, pattern);
  const own = parts.map(part => (typeof part === 'string' ? part.replace(/[\\%_]/, '\\$&') : '%'));
  const like = condition(`${text} LIKE ? ESCAPE '\\'`, own.join(''));
  if (!/[ik]/i.test(pattern)) return like;
  const beyond = `(octet_length(${text}) > length(${text}) AND filter_like(${text}, ?))`;
  return condition(`(${like.sql} OR ${beyond})`, ...like.params, pattern);
}

function existsSql(field: Field, search: Search): Condition {
  if (field.kind === 'tag') return besideSql('tags', condition(`tag <> ''`), search);
  if (field.kind === 'time') return condition(`(d.${columns[field.name]} > 0)`);
  if (field.kind === 'number')
    return field.name === 'tasks'
      ? besideSql('open_tasks', condition('1'), search)
      : condition(`(${numberExpression(field)} > 0)`);
  if (field.kind === 'anySite') return siteSql(field, condition(`value <> ''`), search);
  if (field.kind === 'site') return siteSql(field, condition('1'), search);
  if (field.kind === 'liveness') return condition('(d.online_until > 0)');
  if (field.kind === 'path' && isWild(field.name)) return wildSql(field.name, '1', []);
  const from = textExpression(field);
  if (field.kind === 'path') return condition(`(${from.sql} IS NOT NULL)`, ...from.params);
  return condition(`(${from.sql} <> '')`, ...from.params);
}

/** Adds the functions of filters to a connection: comparisons that SQL does not have. */
export function addFilterFunctions(db: DatabaseSyncInstance): void {
  const literals = new Map<string, Literal>();
  const literalOf = (text: string): Literal => {
    const known = literals.get(text);
    if (known) return known;
    if (literals.size > 1000) literals.clear();
    const literal = JSON.parse(text) as Literal;
    literals.set(text, literal);
    return literal;
  };
  db.function('filter_order', { deterministic: true }, (text: unknown, value: string, now: number) =>
    typeof text === 'string' ? (orderOf(text, literalOf(value), now) ?? null) : null,
  );
  const patterns = new Map<string, RegExp>();
  const patternOf = (path: string): RegExp => {
    const pattern = patterns.get(path) ?? wildPattern(path);
    if (patterns.size > 1000) patterns.clear();
    patterns.set(path, pattern);
    return pattern;
  };
  db.function('filter_wild', { deterministic: true }, (text: unknown, path: string) =>
    typeof text === 'string' ? Number(patternOf(path).test(text)) : null,
  );
  db.function('sort_key', { deterministic: true }, (text: unknown) =>
    typedKey(typeof text === 'string' ? text : undefined),
  );
  db.function('filter_like', { deterministic: true }, (text: unknown, pattern: string) =>
    typeof text === 'string' ? Number(isLike(text, pattern)) : null,
  );
}

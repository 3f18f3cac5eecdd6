// The filter language of device searches and presets: text → AST → predicate. SQL is made of the same AST in filter-sql.ts.
//   productClass = "4102S" and firmware < "49.2" and tag = "sales" and (lastInform < now - 1h or not online)
// Two-valued: a comparison with something unknown is false, `!=` is the opposite of `=`, so `not` always turns the answer round.
import { UserError } from '../../shared/errors.ts';
import { informValues } from '../device/inform.ts';
import { livenessOf, livenessStates } from '../device/liveness.ts';
import type { DeviceRow } from '../device/row.ts';
import { holds, isLike, isoTime, type Literal, type Operator, orderOf, timeAt } from './compare.ts';
import { badFilter, type Token, tokenize } from './lexer.ts';
import { versionKey } from './version-key.ts';

export type FieldKind = 'text' | 'version' | 'time' | 'flag' | 'liveness' | 'tag' | 'state' | 'site' | 'path';

/** `name`: the canonical field name; for `site` the name after `site.`; for `path` the parameter path. */
export interface Field {
  kind: FieldKind;
  name: string;
}

/** Plain data: it crosses to other threads and processes. */
export type Filter =
  | { op: 'and' | 'or'; of: Filter[] }
  | { op: 'not'; of: Filter }
  | { op: 'compare'; field: Field; test: Operator; value: Literal }
  | { op: 'in'; field: Field; values: Literal[] }
  | { op: 'like'; field: Field; pattern: string }
  | { op: 'exists'; field: Field };

export type Atom = Extract<Filter, { field: Field }>;

/** Every field with a name of its own; `site.NAME` and parameter paths come on top. */
export const fields: Readonly<Record<string, Field>> = {
  id: { kind: 'text', name: 'id' },
  oui: { kind: 'text', name: 'oui' },
  productClass: { kind: 'text', name: 'productClass' },
  serial: { kind: 'text', name: 'serial' },
  serialNumber: { kind: 'text', name: 'serial' },
  manufacturer: { kind: 'text', name: 'manufacturer' },
  firmware: { kind: 'version', name: 'firmware' },
  softwareVersion: { kind: 'version', name: 'firmware' },
  hardware: { kind: 'version', name: 'hardware' },
  hardwareVersion: { kind: 'version', name: 'hardware' },
  address: { kind: 'text', name: 'address' },
  state: { kind: 'state', name: 'state' },
  tag: { kind: 'tag', name: 'tag' },
  created: { kind: 'time', name: 'created' },
  lastInform: { kind: 'time', name: 'lastInform' },
  lastBoot: { kind: 'time', name: 'lastBoot' },
  online: { kind: 'flag', name: 'online' },
  late: { kind: 'flag', name: 'late' },
  lost: { kind: 'flag', name: 'lost' },
  liveness: { kind: 'liveness', name: 'liveness' },
  rollout: { kind: 'text', name: 'rollout' },
  rolloutState: { kind: 'text', name: 'rolloutState' },
  rolloutZone: { kind: 'text', name: 'rolloutZone' },
  rolloutDue: { kind: 'time', name: 'rolloutDue' },
  // A number, unknown as 0: compared as times are.
  rolloutWave: { kind: 'time', name: 'rolloutWave' },
};

const HOUR = 3_600_000;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: HOUR, d: 24 * HOUR, w: 168 * HOUR };
const operators: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);
const states: ReadonlySet<string> = new Set(['known', 'quarantine', 'enrolled', 'held']);
const MAX_DEPTH = 64;

/** One field by its name, as after `by`. @throws UserError 400 `bad-filter` */
export function parseField(text: string): Field {
  const tokens = tokenize(text);
  let at = 1;
  const field = fieldOf(tokens[0]!, () => (tokens[at]?.kind === 'text' ? tokens[at++]?.text : undefined));
  const rest = tokens[at];
  if (rest && rest.kind !== 'end') throw badFilter(`the end is expected before "${rest.text}"`, rest.column);
  return field;
}

/** @throws UserError 400 `bad-filter`; its message and `detail.column` say where (columns count from 1) */
export function parseFilter(text: string): Filter {
  const tokens = tokenize(text);
  let at = 0;
  let depth = 0;

  const peek = (): Token => tokens[at]!;
  const take = (): Token => tokens[at === tokens.length - 1 ? at : at++]!;
  const isWord = (word: string, token = peek()): boolean => token.kind === 'word' && token.text.toLowerCase() === word;
  const isSign = (sign: string, token = peek()): boolean => token.kind === 'operator' && token.text === sign;
  const accept = (word: string): boolean => {
    const found = isWord(word) || isSign(word);
    if (found) at++;
    return found;
  };
  const expectSign = (sign: string): void => {
    if (!accept(sign)) throw badFilter(`"${sign}" is expected ${before(peek())}`, peek().column);
  };

  const chain = (op: 'and' | 'or', next: () => Filter): Filter => {
    const first = next();
    const of = [first];
    while (accept(op)) of.push(next());
    return of.length === 1 ? first : { op, of };
  };
  const parseAny = (): Filter => {
    if (++depth > MAX_DEPTH) throw badFilter('too deeply nested', peek().column);
    const found = chain('or', () => chain('and', parseTerm));
    depth--;
    return found;
  };
  const parseTerm = (): Filter => {
    let negated = false;
    while (accept('not')) negated = !negated;
    let term: Filter;
    if (accept('(')) {
      term = parseAny();
      expectSign(')');
    } else term = parseComparison();
    return negated ? { op: 'not', of: term } : term;
  };

  const parseComparison = (): Filter => {
    const token = take();
    const field = fieldOf(token, () => (peek().kind === 'text' ? take().text : undefined));
    const next = peek();
    if (next.kind === 'operator' && operators.has(next.text)) {
      take();
      return comparison(field, next, parseLiteral(field, next.text !== '=' && next.text !== '!='));
    }
    const negated = accept('not');
    const test = parseTest(field);
    if (!test) {
      if (field.kind === 'flag' && !negated) return flagIs(field, true);
      const what = peek().kind === 'end' ? 'the end' : `"${peek().text}"`;
      throw badFilter(`a comparison (= != < <= > >= in like exists) is expected before ${what}`, peek().column);
    }
    return negated ? { op: 'not', of: test } : test;
  };

  const parseTest = (field: Field): Filter | undefined => {
    const { column } = peek();
    if (accept('exists')) {
      if (field.kind === 'flag') throw badFilter(`"${field.name}" is true or false`, column);
      return { op: 'exists', field };
    }
    if (accept('like')) {
      const pattern = take();
      if (pattern.kind !== 'text') throw badFilter('"like" takes a text in quotes', pattern.column);
      if (field.kind === 'time' || field.kind === 'flag') throw badFilter(`"${field.name}" is no text`, column);
      return { op: 'like', field, pattern: pattern.text };
    }
    if (!accept('in')) return undefined;
    expectSign('(');
    const values = [parseLiteral(field, false)];
    while (accept(',')) values.push(parseLiteral(field, false));
    expectSign(')');
    return { op: 'in', field, values };
  };

  const parseLiteral = (field: Field, ordered: boolean): Literal => {
    const { column } = peek();
    if (isWord('now')) {
      take();
      return literal(field, { as: 'time', now: parseOffset() }, 'now', ordered, column);
    }
    const sign = accept('-') ? '-' : '';
    const token = take();
    return literal(field, plainLiteral(token, sign), sign + token.text, ordered, column);
  };
  const parseOffset = (): number => {
    const sign = isSign('+') ? 1 : isSign('-') ? -1 : 0;
    if (sign === 0) return 0;
    take();
    const token = take();
    if (token.kind !== 'duration') throw badFilter('a duration such as 30s, 5m, 1h or 2d is expected', token.column);
    return sign * durationOf(token.text);
  };

  const filter = parseAny();
  if (peek().kind !== 'end') throw badFilter(`"and", "or" or the end is expected ${before(peek())}`, peek().column);
  return filter;
}

const before = (token: Token): string => (token.kind === 'end' ? 'at the end' : `before "${token.text}"`);

/** `15m` as milliseconds. @throws UserError 400 */
export function durationOf(text: string): number {
  const unit = units[text.replace(/^[\d.]+/, '')];
  const count = Number.parseFloat(text);
  if (unit === undefined || Number.isNaN(count))
    throw new UserError(400, 'bad-duration', `"${text}" is no duration such as 30s, 5m, 1h or 2d`);
  return Math.round(count * unit);
}

function fieldOf(token: Token, quotedName: () => string | undefined): Field {
  const { text, column } = token;
  if (token.kind === 'end') throw badFilter('a field is expected at the end', column);
  if (token.kind !== 'word') throw badFilter(`a field is expected before "${text}"`, column);
  const known = Object.hasOwn(fields, text) ? fields[text] : undefined;
  if (known) return known;
  if (text.startsWith('site.')) {
    const name = text === 'site.' ? quotedName() : text.slice(5);
    if (!name) throw badFilter('a name is expected after "site."', column);
    return { kind: 'site', name };
  }
  if (/^\w+(\.(\w+|\*))+$/.test(text)) return { kind: 'path', name: text };
  if (text.endsWith('.')) throw badFilter(`"${text}" is a partial path: name one parameter`, column);
  const close = Object.keys(fields).find(name => name.toLowerCase() === text.toLowerCase());
  throw badFilter(`unknown field "${text}"${close ? `: did you mean "${close}"?` : ''}`, column);
}

/** A literal as it stands, before the field says what it is compared as. */
function plainLiteral(token: Token, sign: string): Literal {
  const word = token.kind === 'word' ? token.text.toLowerCase() : '';
  if (token.kind === 'number') return { as: 'number', number: Number(sign + token.text) };
  if (sign) throw badFilter('a number is expected after "-"', token.column);
  if (token.kind === 'text') return { as: 'text', text: token.text };
  if (word === 'true' || word === 'false') return { as: 'flag', flag: word === 'true' };
  if (token.kind === 'time') return { as: 'time', at: timeOf(token.text, token.column) };
  if (token.kind === 'word') throw badFilter(`"${token.text}" must stand in quotes`, token.column);
  throw badFilter(`a value is expected ${before(token)}`, token.column);
}

function timeOf(text: string, column: number): number {
  const at = isoTime(text);
  if (at === undefined) throw badFilter(`"${text}" is no time (2026-01-31T12:00:00Z)`, column);
  return at;
}

/** Fits a literal to its field. */
function literal(field: Field, found: Literal, written: string, ordered: boolean, column: number): Literal {
  switch (field.kind) {
    case 'time':
      if (found.as === 'time') return found;
      if (found.as === 'text') return { as: 'time', at: timeOf(found.text, column) };
      if (found.as === 'number' && Number.isFinite(found.number)) return { as: 'time', at: found.number };
      if (field.name === 'rolloutWave') throw badFilter(`"${field.name}" takes a number`, column);
      throw badFilter(`"${field.name}" takes a time: now - 1h, or 2026-01-31T12:00:00Z`, column);
    case 'flag':
      if (found.as !== 'flag' || ordered) throw badFilter(`"${field.name}" is true or false`, column);
      return found;
    case 'state':
      if (!states.has(written)) throw badFilter(`"state" is one of ${[...states].join(', ')}`, column);
      return orderless(field, { as: 'text', text: written }, ordered, column);
    case 'liveness':
      if (!(livenessStates as readonly string[]).includes(written))
        throw badFilter(`"liveness" is one of ${livenessStates.join(', ')}`, column);
      return orderless(field, { as: 'text', text: written }, ordered, column);
    case 'tag':
      return orderless(field, { as: 'text', text: written }, ordered, column);
    case 'text':
      return { as: 'text', text: written };
    case 'version':
      if (versionKey(written) !== '') return { as: 'version', text: written };
      return orderless(field, { as: 'text', text: written }, ordered, column);
    default:
      return valueLiteral(field, found, written, ordered, column);
  }
}

function orderless(field: Field, found: Literal, ordered: boolean, column: number): Literal {
  if (!ordered) return found;
  const why = field.kind === 'version' ? 'a version holds a number' : `"${field.name}" has no order`;
  throw badFilter(why, column);
}

/** Parameter and site values are texts of unknown type: the literal decides, a number or a time by value, the rest as text. */
function valueLiteral(field: Field, found: Literal, written: string, ordered: boolean, column: number): Literal {
  if (found.as === 'number' && Number.isNaN(found.number)) {
    if (!ordered) return { as: 'text', text: written };
    return { as: 'version', text: written };
  }
  if (found.as === 'flag' && ordered) throw badFilter('true and false have no order', column);
  const isText = found.as === 'text' || found.as === 'number';
  if (isText && ordered && /Version$/.test(field.name) && versionKey(written) !== '')
    return { as: 'version', text: written };
  return found;
}

function comparison(field: Field, operator: Token, value: Literal): Filter {
  if (value.as === 'flag' && field.kind === 'flag')
    return flagIs(field, operator.text === '=' ? value.flag : !value.flag);
  return { op: 'compare', field, test: operator.text as Operator, value };
}

const flagIs = (field: Field, flag: boolean): Filter => ({
  op: 'compare',
  field,
  test: '=',
  value: { as: 'flag', flag },
});

/** Looks up a parameter in the device's cold tree; for a path with `*` all that it fits, by their paths. */
export type TreeLookup = (path: string) => string | ReadonlyMap<string, string> | undefined;

/** Whether a path stands for several parameters: `*` for one part of it, as an instance number. */
export const isWild = (path: string): boolean => path.includes('*');

export const wildPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\*|\./g, sign => (sign === '*' ? '[^.]+' : '\\.'))}$`);

/** A look into known values by their paths. */
export const lookupIn =
  (values: ReadonlyMap<string, string> = new Map()): TreeLookup =>
  path => {
    if (!isWild(path)) return values.get(path);
    const pattern = wildPattern(path);
    return new Map([...values].filter(([name]) => pattern.test(name)));
  };

/** What every parameter that the path fits begins with. */
export const wildStart = (path: string): string => path.slice(0, path.indexOf('*'));
export type Predicate = (row: DeviceRow, now: number, tree?: TreeLookup) => boolean;

/** A test of one device. Parameters are taken from what the last Informs told, then from `tree` where one is given. */
export function toPredicate(filter: Filter): Predicate {
  switch (filter.op) {
    case 'and': {
      const parts = filter.of.map(toPredicate);
      return (row, now, tree) => parts.every(part => part(row, now, tree));
    }
    case 'or': {
      const parts = filter.of.map(toPredicate);
      return (row, now, tree) => parts.some(part => part(row, now, tree));
    }
    case 'not': {
      const part = toPredicate(filter.of);
      return (row, now, tree) => !part(row, now, tree);
    }
    case 'compare':
      return comparePredicate(filter.field, filter.test, filter.value);
    case 'in': {
      const parts = filter.values.map(value => comparePredicate(filter.field, '=', value));
      return (row, now, tree) => parts.some(part => part(row, now, tree));
    }
    case 'like':
      return (row, now, tree) => textsOf(row, filter.field, now, tree).some(text => isLike(text, filter.pattern));
    case 'exists':
      return (row, now, tree) => exists(row, filter.field, now, tree);
  }
}

function comparePredicate(field: Field, test: Operator, value: Literal): Predicate {
  if (test === '!=') {
    const equal = comparePredicate(field, '=', value);
    return (row, now, tree) => !equal(row, now, tree);
  }
  if (field.kind === 'flag')
    return (row, now) => value.as === 'flag' && (livenessOf(row, now) === field.name) === value.flag;
  if (field.kind === 'time')
    return (row, now) => {
      const at = timeField(row, field);
      return value.as === 'time' && at > 0 && holds(at - timeAt(value, now), test);
    };
  return (row, now, tree) => textsOf(row, field, now, tree).some(text => holds(orderOf(text, value, now), test));
}

function exists(row: DeviceRow, field: Field, now: number, tree?: TreeLookup): boolean {
  if (field.kind === 'time') return timeField(row, field) > 0;
  const texts = textsOf(row, field, now, tree);
  return field.kind === 'path' || field.kind === 'site' ? texts.length > 0 : texts.some(text => text !== '');
}

function timeField(row: DeviceRow, field: Field): number {
  switch (field.name) {
    case 'created':
      return row.created;
    case 'lastBoot':
      return row.lastBoot ?? 0;
    case 'rolloutDue':
      return row.rollout?.due ?? 0;
    case 'rolloutWave':
      return row.rollout?.wave ?? 0;
    default:
      return row.lastInform ?? 0;
  }
}

/** The texts a field stands for: one, none if unknown, several for tags. */
export function textsOf(row: DeviceRow, field: Field, now: number, tree?: TreeLookup): readonly string[] {
  if (field.kind === 'tag') return row.tags;
  if (field.kind === 'path' && isWild(field.name)) return wildTexts(row, field.name, tree);
  const text = field.kind === 'liveness' ? livenessOf(row, now) : textOf(row, field, tree);
  return text === undefined ? [] : [text];
}

/** What the last Informs told stands over what the tree knows, parameter by parameter. */
function wildTexts(row: DeviceRow, path: string, tree?: TreeLookup): string[] {
  const pattern = wildPattern(path);
  const cold = tree?.(path);
  const found = new Map(typeof cold === 'object' ? cold : []);
  for (const [name, value] of Object.entries(informValues(row))) if (pattern.test(name)) found.set(name, value);
  return [...found.values()];
}

const own = (from: Record<string, string>, name: string): string | undefined =>
  Object.hasOwn(from, name) ? from[name] : undefined;

function textOf(row: DeviceRow, field: Field, tree?: TreeLookup): string | undefined {
  if (field.kind === 'path') {
    const cold = own(informValues(row), field.name) ?? tree?.(field.name);
    return typeof cold === 'string' ? cold : undefined;
  }
  if (field.kind === 'site') return own(row.site, field.name);
  switch (field.name) {
    case 'id':
      return row.id;
    case 'oui':
      return row.oui;
    case 'productClass':
      return row.productClass;
    case 'serial':
      return row.serialNumber;
    case 'manufacturer':
      return row.manufacturer;
    case 'firmware':
      return row.softwareVersion;
    case 'hardware':
      return row.hardwareVersion;
    case 'address':
      return row.address;
    case 'state':
      return row.state;
    case 'rollout':
      return row.rollout?.id ?? '';
    case 'rolloutState':
      return row.rollout?.state ?? '';
    case 'rolloutZone':
      return row.rollout?.zone ?? '';
    default:
      throw new UserError(400, 'bad-filter', `"${field.name}" is no text field`);
  }
}

/** Every comparison of a filter, in order. */
export function atomsOf(filter: Filter): Atom[] {
  if (!('of' in filter)) return [filter];
  return Array.isArray(filter.of) ? filter.of.flatMap(atomsOf) : atomsOf(filter.of);
}

/** The parameters a filter asks for, so that a caller with a tree can look them up first. */
export function pathsOf(filter: Filter): string[] {
  const paths = atomsOf(filter).flatMap(atom => (atom.field.kind === 'path' ? [atom.field.name] : []));
  return [...new Set(paths)];
}

const passing: ReadonlySet<string> = new Set(
  'online late lost liveness lastInform lastBoot rollout rolloutState rolloutWave rolloutZone rolloutDue'.split(' '),
);

/** The first thing in a filter that passes by itself (`now`, `online`, `lastInform`, …): no ground for a preset. */
export function passingPart(filter: Filter): string | undefined {
  for (const atom of atomsOf(filter)) {
    if (passing.has(atom.field.name)) return atom.field.name;
    const values = atom.op === 'compare' ? [atom.value] : atom.op === 'in' ? atom.values : [];
    if (values.some(value => 'now' in value)) return 'now';
  }
  return undefined;
}

// A filter as MongoDB queries on the documents of devices. Where MongoDB cannot express exactly the predicate, there are two queries:
// `over` finds no device too few, `under` none too many; the predicate decides on those in between.
import type { Filter as MongoFilter } from 'mongodb';
import { assertNever } from '../../../shared/errors.ts';
import { livenessStates } from '../../device/liveness.ts';
import { anyRun, isLike, type Literal, likeParts, literalText, type Operator, timeAt } from '../../query/compare.ts';
import { type Atom, type Field, type Filter, isIdField } from '../../query/filter.ts';
import { versionKey } from '../../query/version-key.ts';
import { isWild } from '../../query/wildcard.ts';
import type { DeviceDocument } from './collections.ts';
import { textKey } from './devices/device-document.ts';

/** A query; true finds all, false none. */
export type Part = MongoFilter<DeviceDocument> | boolean;

/** The same object twice where the query is exact. */
export interface Bounds {
  over: Part;
  under: Part;
}

/** The field of the document by which each field is sorted. */
export const mongoColumns: Readonly<Record<string, string>> = {
  id: '_id',
  oui: 'oui',
  productClass: 'productClass',
  serial: 'serial',
  manufacturer: 'manufacturer',
  firmware: 'firmwareKey',
  hardware: 'hardware',
  address: 'address',
  provisioningCode: 'provisioningCode',
  username: 'login',
  tasks: 'openTasks',
  drift: 'drift',
  state: 'state',
  created: 'created',
  lastInform: 'lastInform',
  lastBoot: 'lastBoot',
  online: 'onlineUntil',
  rollout: 'rollout',
  rolloutState: 'rolloutState',
  rolloutZone: 'rolloutZone',
  rolloutDue: 'rolloutDue',
  rolloutWave: 'rolloutWave',
};

/** Depth of a query that every server takes; the predicate decides on deeper parts. */
const MAX_DEPTH = 12;
/** Wildcards and length up to which the server's backtracking matches a pattern. */
const MAX_RUNS = 3;
const MAX_PATTERN = 1000;

export const isExact = ({ over, under }: Bounds): boolean => over === under;

const exact = (part: Part): Bounds => ({ over: part, under: part });

/** @param now milliseconds, for `now` and `online` */
export function toMongo(filter: Filter, now: number, depth = 0): Bounds {
  if (depth > MAX_DEPTH) return { over: true, under: false };
  switch (filter.op) {
    case 'and':
    case 'or': {
      const join = filter.op === 'and' ? allOf : anyOf;
      return joined(
        filter.of.map(part => toMongo(part, now, depth + 1)),
        join,
      );
    }
    case 'not':
      return opposite(toMongo(filter.of, now, depth + 1));
    default:
      return atomBounds(filter, now);
  }
}

function joined(bounds: readonly Bounds[], join: (parts: Part[]) => Part): Bounds {
  const over = join(bounds.map(part => part.over));
  return { over, under: bounds.every(isExact) ? over : join(bounds.map(part => part.under)) };
}

function opposite(bounds: Bounds): Bounds {
  const over = noneOf(bounds.under);
  return { over, under: isExact(bounds) ? over : noneOf(bounds.over) };
}

export function allOf(parts: readonly Part[]): Part {
  const queries = parts.filter(part => typeof part !== 'boolean');
  if (parts.includes(false)) return false;
  return queries.length === 0 ? true : queries.length === 1 ? queries[0]! : { $and: queries };
}

export function anyOf(parts: readonly Part[]): Part {
  const queries = parts.filter(part => typeof part !== 'boolean');
  if (parts.includes(true)) return true;
  return queries.length === 0 ? false : queries.length === 1 ? queries[0]! : { $or: queries };
}

export const noneOf = (part: Part): Part => (typeof part === 'boolean' ? !part : { $nor: [part] });

function atomBounds(atom: Atom, now: number): Bounds {
  switch (atom.op) {
    case 'compare':
      return compareBounds(atom.field, atom.test, atom.value, now);
    case 'in':
      // They may be thousands.
      if (isIdField(atom.field)) return exact({ _id: { $in: atom.values.map(value => textKey(literalText(value))) } });
      return joined(
        atom.values.map(value => compareBounds(atom.field, '=', value, now)),
        anyOf,
      );
    case 'like':
      return likeBounds(atom.field, atom.pattern, now);
    case 'exists':
      return existsBounds(atom.field);
    default:
      return assertNever(atom);
  }
}

const words = { '=': '$eq', '<': '$lt', '<=': '$lte', '>': '$gt', '>=': '$gte' } as const;
type Test = { [word: string]: string | number };

function compareBounds(field: Field, operator: Operator, value: Literal, now: number): Bounds {
  if (operator === '!=') return opposite(compareBounds(field, '=', value, now));
  const word = words[operator];
  if (field.kind === 'faultTime')
    return exact(value.as === 'time' ? on(`faults.${field.name}`, { [word]: timeAt(value, now) }) : false);
  if (field.kind === 'flag') {
    const found = storedFlags.has(field.name) ? exact({ [field.name]: true }) : livenessBounds(field.name, now);
    return value.as === 'flag' && value.flag ? found : opposite(found);
  }
  if (field.kind === 'number') return exact(value.as === 'number' && on(columnOf(field), { [word]: value.number }));
  if (field.kind === 'liveness') return livenessBounds(literalText(value), now);
  if (field.kind === 'time')
    return value.as === 'time'
      ? exact(allOf([on(field.name, { $gt: 0 }), on(field.name, { [word]: timeAt(value, now) })]))
      : exact(false);
  if (field.kind === 'version' && value.as === 'version') {
    const column = `${field.name}Key`;
    return exact(allOf([on(column, { $gt: '' }), on(column, { [word]: versionKey(value.text) })]));
  }
  const test = value.as === 'text' || field.kind === 'tag' ? { [word]: textKey(literalText(value)) } : undefined;
  return textBounds(field, test, true);
}

/** Flags with a field of their name in the document. */
const storedFlags: ReadonlySet<string> = new Set(['unfinished', 'restart']);

/** The field of the document with the text or number of a field. */
export const columnOf = ({ kind, name }: Field): string => {
  if (kind === 'fault') return `faults.${name}`;
  return name === 'firmware' ? name : (mongoColumns[name] ?? name);
};

/** The field of the document in whose order a field is; undefined where documents have none. */
export function sortColumn({ kind, name }: Field): string | undefined {
  if (kind === 'site' || kind === 'path' || kind === 'fault') return undefined;
  return Object.hasOwn(mongoColumns, name) ? mongoColumns[name] : undefined;
}

function livenessBounds(liveness: string, now: number): Bounds {
  if (liveness === 'online') return exact({ onlineUntil: { $gt: 0, $gte: now } });
  const over = { onlineUntil: { $gt: 0, $lt: now } };
  return exact({ $and: [over, { lateUntil: liveness === 'late' ? { $gte: now } : { $lt: now } }] });
}

const on = (column: string, test: Test): MongoFilter<DeviceDocument> => ({ [column]: test });

/**
 * Devices with a text that passes.
 * @param test undefined where the server knows no such test
 * @param isWhole the test is the whole condition, not only a necessary one
 */
function textBounds(field: Field, test: Test | undefined, isWhole: boolean): Bounds {
  if (field.kind === 'tag') return bounded(test ? on('tags', test) : true, isWhole);
  if (field.kind === 'anySite')
    return bounded({ site: { $elemMatch: test ? { v: test } : {} } }, isWhole && test !== undefined);
  if (field.kind === 'site' || field.kind === 'path') {
    const k = textKey(field.name);
    const passing = { $elemMatch: test ? { k, v: test } : { k } };
    const whole = isWhole && test !== undefined;
    if (field.kind === 'site') return bounded({ site: passing }, whole);
    // Several parameters, of which some are in `values` and others in the tree: the predicate decides which count.
    if (isWild(field.name)) return { over: true, under: false };
    // A value that the last Informs did not carry may be in the parameter tree.
    return { over: anyOf([{ values: passing }, { 'values.k': { $ne: k } }]), under: whole && { values: passing } };
  }
  return bounded(test ? on(columnOf(field), test) : true, isWhole && test !== undefined);
}

const bounded = (part: Part, isWhole: boolean): Bounds => (isWhole ? exact(part) : { over: part, under: false });

function likeBounds(field: Field, pattern: string, now: number): Bounds {
  if (field.kind === 'liveness')
    return joined(
      livenessStates.filter(state => isLike(state, pattern)).map(state => livenessBounds(state, now)),
      anyOf,
    );
  const { source, isWhole } = likeRegex(pattern);
  return textBounds(field, { $regex: source }, isWhole);
}

function existsBounds(field: Field): Bounds {
  if (field.kind === 'time') return exact(on(field.name, { $gt: 0 }));
  if (field.kind === 'faultTime') return exact(on(`faults.${field.name}`, { $gte: 0 }));
  if (field.kind === 'number') return exact(on(columnOf(field), { $gt: 0 }));
  if (field.kind === 'anySite') return exact({ site: { $elemMatch: { v: { $gt: '' } } } });
  if (field.kind === 'liveness') return exact({ onlineUntil: { $gt: 0 } });
  const k = textKey(field.name);
  if (field.kind === 'site') return exact({ site: { $elemMatch: { k } } });
  if (field.kind === 'path' && isWild(field.name)) return { over: true, under: false };
  if (field.kind === 'path') return { over: true, under: { values: { $elemMatch: { k } } } };
  return textBounds(field, { $gt: '' }, true);
}

/**
 * A pattern as a regular expression over text keys. It is exact for patterns of ASCII with few `%`; for the others it finds no text too
 * few.
 */
function likeRegex(pattern: string): { source: string; isWhole: boolean } {
  const parts = likeParts(pattern.toLowerCase());
  let source = '^';
  let runs = 0;
  let isWhole = true;
  for (const [at, part] of parts.entries()) {
    const isPlain = typeof part === 'string' && part < '\x7f';
    if (isPlain) source += charClass(part, parts[at + 1]);
    else {
      isWhole &&= part === anyRun;
      if (source.endsWith(ANY)) continue;
      // The predicate decides on the rest of the pattern.
      if (++runs > MAX_RUNS || source.length > MAX_PATTERN) return { source, isWhole: false };
      source += ANY;
    }
  }
  return source.length > MAX_PATTERN * 4 ? { source: '', isWhole: false } : { source: `${source}\\z`, isWhole };
}

const ANY = '[\\s\\S]*';

/** A class of all characters whose lower case is this one, or begins with it where the rest may be anything. */
function charClass(char: string, next: string | symbol | undefined): string {
  if (char === 'k') return '[kK\u212a]';
  // The lower case of U+0130 is an i and a combining dot.
  if (char === 'i' && (typeof next === 'symbol' || (next !== undefined && next > '\x7f'))) return '[iI\u0130]';
  if (/[a-z]/.test(char)) return `[${char}${char.toUpperCase()}]`;
  return /\d/.test(char) ? char : `\\${char}`;
}

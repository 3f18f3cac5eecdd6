// The filter language over lists of other things than devices (the audit, jobs, files): their fields, and the filter as a test of one entry.
import { holds, isLike, type Literal, type Operator, orderOf, timeAt } from './compare.ts';
import type { Field, Filter } from './filter.ts';
import { parseFilterOver } from './parser.ts';

/** A field of an entry: a text, or a number or time in milliseconds. */
export interface RecordField<T> {
  kind: 'text' | 'version' | 'time' | 'number';
  /** Undefined, or '' for a text, where the entry has none. */
  of(entry: T): string | number | undefined;
}

export type RecordFields<T> = Readonly<Record<string, RecordField<T>>>;

export type RecordTest<T> = (entry: T, now: number) => boolean;

/** @throws UserError 400 `bad-filter` with the column */
export function recordTest<T>(text: string, fields: RecordFields<T>): RecordTest<T> {
  const known = Object.entries(fields).map(([name, { kind }]) => [name, { kind, name }] as const);
  return testOf(parseFilterOver(text, Object.fromEntries(known)), ({ name }, entry) => fields[name]?.of(entry));
}

type Lookup<T> = (field: Field, entry: T) => string | number | undefined;

function testOf<T>(filter: Filter, lookup: Lookup<T>): RecordTest<T> {
  switch (filter.op) {
    case 'and': {
      const parts = filter.of.map(part => testOf(part, lookup));
      return (entry, now) => parts.every(part => part(entry, now));
    }
    case 'or': {
      const parts = filter.of.map(part => testOf(part, lookup));
      return (entry, now) => parts.some(part => part(entry, now));
    }
    case 'not': {
      const part = testOf(filter.of, lookup);
      return (entry, now) => !part(entry, now);
    }
    case 'compare': {
      const { field, test, value } = filter;
      return (entry, now) => isTrue(lookup(field, entry), test, value, now);
    }
    case 'in': {
      const { field, values } = filter;
      return (entry, now) => values.some(value => isTrue(lookup(field, entry), '=', value, now));
    }
    case 'like': {
      const { field, pattern } = filter;
      return entry => isLike(String(lookup(field, entry) ?? ''), pattern);
    }
    case 'exists':
      return entry => (lookup(filter.field, entry) ?? '') !== '';
  }
}

/** A comparison with something unknown is false, and `!=` is the opposite of `=`. */
function isTrue(found: string | number | undefined, test: Operator, value: Literal, now: number): boolean {
  if (test === '!=') return !isTrue(found, '=', value, now);
  if (found === undefined) return false;
  if (typeof found === 'string') return holds(orderOf(found, value, now), test);
  const other = value.as === 'number' ? value.number : value.as === 'time' ? timeAt(value, now) : undefined;
  return other !== undefined && holds(found - other, test);
}

// JSON from an operator → the arguments of a request, by the same descriptions as the codec.
import { UserError } from '../errors.ts';
import { canonicalType, isKnownType, membersOf } from './codec.ts';
import type { ArrayField, ChoiceField, Field, Fields, NumberField, TextField } from './fields.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Arguments from outside, complete and within the schema. Left-out ones get the protocol's defaults; a list of values
 * may be an object `{path: value}`, a list of strings a single string.
 * @throws UserError 400 `invalid-argument`, whose detail names the argument
 */
export function validateFields(fields: Fields, input: unknown, place = ''): Record<string, unknown> {
  const given = objectAt(place || 'arguments', input === undefined ? {} : input);
  const inside = (name: string): string => (place === '' ? name : `${place}.${name}`);
  const out: Record<string, unknown> = {};
  const known = new Set<string>();
  for (const { name, field } of membersOf(fields)) {
    known.add(name);
    if (field.kind === 'any') {
      known.add('Type');
      Object.assign(out, anyAt(inside(name), name, own(given, name), own(given, 'Type')));
      continue;
    }
    const value = own(given, name);
    const taken = value === undefined ? defaultAt(inside(name), field, given) : valueAt(inside(name), field, value);
    if (taken !== undefined) out[name] = taken;
  }
  for (const name of Object.keys(given)) if (!known.has(name)) refuse(inside(name), 'is not an argument here');
  return out;
}

const own = (from: Json, name: string): unknown => (Object.hasOwn(from, name) ? from[name] : undefined);

/** The protocol's default for what was left out; undefined where the schema lets it be absent. */
function defaultAt(at: string, field: Field, given: Json): unknown {
  if (field.kind === 'boolean' && field.impliedBy !== undefined) return Object.hasOwn(given, field.impliedBy);
  if (field.absent !== undefined) return structuredClone(field.absent);
  return field.optional ? undefined : refuse(at, 'is missing');
}

function refuse(argument: string, problem: string): never {
  throw new UserError(400, 'invalid-argument', `${argument} ${problem}`, { argument });
}

function objectAt(at: string, value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'must be an object');
  return value as Json;
}

function valueAt(at: string, field: Field, value: unknown): unknown {
  switch (field.kind) {
    case 'text':
      return textAt(at, field, value);
    case 'base64':
      return matching(at, value, /^[A-Za-z0-9+/\s]*(?:={1,2}\s*)?$/, 'base64');
    case 'dateTime':
      return matching(at, value, DATE_TIME, 'a dateTime like 2026-01-31T12:00:00Z');
    case 'int':
    case 'unsignedInt':
      return numberAt(at, field, value);
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(at, 'must be true or false');
    case 'struct':
      return validateFields(field.fields, value, at);
    case 'array':
      return arrayAt(at, field, value);
    case 'repeated':
      return listAt(at, value, field).map((item, index) => valueAt(`${at}[${index}]`, field.item, item));
    case 'choice':
      return choiceAt(at, field, value);
    case 'any':
      return refuse(at, 'cannot stand alone');
  }
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/;

function matching(at: string, value: unknown, pattern: RegExp, what: string): string {
  return typeof value === 'string' && pattern.test(value) ? value : refuse(at, `must be ${what}`);
}

function textAt(at: string, field: TextField, value: unknown): string {
  if (typeof value !== 'string') return refuse(at, 'must be a string');
  // The schema counts characters, not UTF-16 units.
  if (field.max !== undefined && value.length > field.max && Array.from(value).length > field.max) {
    refuse(at, `is longer than ${field.max} characters`);
  }
  if (field.values && !field.values.includes(value)) refuse(at, `must be one of ${field.values.join(', ')}`);
  if (field.pattern && !field.pattern.test(value)) refuse(at, `does not match ${field.pattern.source}`);
  if (value.includes('\0')) refuse(at, 'contains a NUL');
  return value;
}

function numberAt(at: string, field: NumberField, value: unknown): number {
  const signed = field.kind === 'int';
  const min = field.min ?? (signed ? -(2 ** 31) : 0);
  const max = field.max ?? (signed ? 2 ** 31 - 1 : 2 ** 32 - 1);
  if (typeof value !== 'number' || !Number.isInteger(value)) return refuse(at, 'must be a whole number');
  return value >= min && value <= max ? value : refuse(at, `must be between ${min} and ${max}`);
}

function listAt(at: string, value: unknown, bounds: { min?: number; max?: number }): readonly unknown[] {
  if (!Array.isArray(value)) return refuse(at, 'must be an array');
  if (bounds.min !== undefined && value.length < bounds.min) refuse(at, 'must not be empty');
  if (bounds.max !== undefined && value.length > bounds.max) refuse(at, `has more than ${bounds.max} entries`);
  return value;
}

function arrayAt(at: string, field: ArrayField, value: unknown): unknown[] {
  const item = field.item;
  if (item.kind === 'text' && typeof value === 'string') return [textAt(at, item, value)];
  if (isValueList(field) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // Names come from outside: entries of an array, never keys of an object of ours.
    return Object.entries(value).map(([name, one]) =>
      validateFields(fieldsOf(item), { Name: name, Value: one }, `${at}.${name}`),
    );
  }
  return listAt(at, value, field).map((one, index) => valueAt(`${at}[${index}]`, item, one));
}

const fieldsOf = (item: Field): Fields => (item.kind === 'struct' ? item.fields : {});
const isValueList = (field: ArrayField): boolean => fieldsOf(field.item).Value?.kind === 'any';

/** The value as text; its type where one was named or follows from JSON, else '' for the sender to fill in. */
function anyAt(at: string, name: string, value: unknown, type: unknown): Json {
  if (value === undefined) refuse(at, 'is missing');
  if (type !== undefined && typeof type !== 'string') refuse(at.replace(/[^.]*$/, 'Type'), 'must be a string');
  const named = typeof type === 'string' && type !== '' ? canonicalType(type) : '';
  if (named !== '' && !isKnownType(named)) refuse(at.replace(/[^.]*$/, 'Type'), 'is not a type of XML Schema');
  if (typeof value === 'string') return { [name]: value, Type: named };
  if (typeof value === 'boolean') return { [name]: value ? '1' : '0', Type: named || 'xsd:boolean' };
  if (typeof value === 'number' && Number.isFinite(value)) return { [name]: String(value), Type: named };
  return refuse(at, 'must be a string, a number or true or false');
}

function choiceAt(at: string, field: ChoiceField, value: unknown): Json {
  const { Type: type, ...rest } = objectAt(at, value);
  const variant = typeof type === 'string' && Object.hasOwn(field.variants, type) ? field.variants[type] : undefined;
  if (!variant) return refuse(`${at}.Type`, `must be one of ${Object.keys(field.variants).join(', ')}`);
  return { Type: type, ...validateFields(variant.fields, rest, at) };
}

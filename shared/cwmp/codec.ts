// Arguments ↔ XML elements, driven by the descriptions of methods.ts: one encoder and one decoder for all messages.

import { attributeNamed, type XmlElement } from '../xml/element.ts';
import { escapeText } from '../xml/write.ts';
import { codeFor } from './faults.ts';
import type {
  ArrayField,
  BooleanField,
  ChoiceField,
  Field,
  Fields,
  NumberField,
  RepeatedField,
  TextField,
} from './fields.ts';
import { UNKNOWN_TIME } from './fields.ts';
import type { Namespace } from './versions.ts';

/** An argument that is missing or not of its type; `path` names it (`ParameterList[2].Name`). */
export class InvalidArgument extends Error {
  override readonly name = 'InvalidArgument';
  path: string;
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(problem);
    this.path = path;
    this.problem = problem;
  }
}

interface Member {
  readonly name: string;
  readonly field: Field;
}

const compiled = new WeakMap<Fields, readonly Member[]>();

/** Fields as an array, in the schema's order. */
export function membersOf(fields: Fields): readonly Member[] {
  let members = compiled.get(fields);
  if (!members) {
    members = Object.entries(fields).map(([name, field]) => ({ name, field }));
    compiled.set(fields, members);
  }
  return members;
}

// ---- decoding

type Decoded = Record<string, unknown>;

export interface Reading {
  /** Holds the schema's minimum counts too: of requests; of an answer is taken what comes. */
  readonly strict: boolean;
  /** Values that cannot be read and have been replaced by their defaults: the argument, and what is wrong. */
  readonly forgiven: string[];
}

/**
 * Reads the children of a message or struct. Elements are expected in the schema's order but found in any; unknown
 * ones are passed over (TR-069 3.5); of a repeated one the first counts.
 * @param reading collects what is forgiven
 * @throws InvalidArgument
 */
export function decodeFields(fields: Fields, element: XmlElement, reading: Reading): Decoded {
  const out: Decoded = {};
  const children = element.children;
  let next = 0;
  for (const { name, field } of membersOf(fields)) {
    if (field.kind === 'repeated') {
      out[name] = decodeRepeated(name, field, children, reading);
      continue;
    }
    let at = next;
    if (children[at]?.name !== name) at = indexOfName(children, name);
    const child = children[at];
    if (child !== undefined) next = at + 1;
    if (child === undefined || isVoid(field, child)) takeAbsent(out, name, field);
    else if (field.kind === 'any') takeAny(out, name, child);
    else out[name] = decodeNamed(name, field, child, reading);
  }
  return out;
}

function takeAbsent(out: Decoded, name: string, field: Field): void {
  const value = absentValue(name, field);
  if (value === undefined) return;
  out[name] = value;
  if (field.kind === 'any') out.Type = 'xsd:string';
}

function takeAny(out: Decoded, name: string, element: XmlElement): void {
  const type = typeOf(element);
  out[name] = type === 'xsd:string' ? element.text : element.text.trim();
  out.Type = type;
}

/** An empty or nil element counts as absent where the element may be absent; an empty text is a text. */
function isVoid(field: Field, element: XmlElement): boolean {
  if ((field.absent === undefined && !field.optional) || field.kind === 'any') return false;
  const nil = attributeNamed(element, 'nil');
  if (nil !== undefined && parseBoolean(nil)) return true;
  const isText = field.kind === 'text' || field.kind === 'base64' || field.kind === 'array';
  return !isText && element.children.length === 0 && element.text.trim() === '';
}

function indexOfName(children: readonly XmlElement[], name: string): number {
  for (let at = 0; at < children.length; at++) if (children[at]?.name === name) return at;
  return -1;
}

function absentValue(name: string, field: Field): unknown {
  if (field.absent !== undefined) return structuredCopy(field.absent);
  if (field.optional) return undefined;
  throw new InvalidArgument(name, 'is missing');
}

/** Defaults are shared by all messages, objects are not: the receiver of one may change it. */
function structuredCopy(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

function decodeNamed(name: string, field: Field, element: XmlElement, reading: Reading): unknown {
  switch (field.kind) {
    case 'text':
    case 'base64':
    case 'any':
      return element.text;
    case 'dateTime':
      return decodeTime(element.text, field.absent);
    case 'int':
    case 'unsignedInt':
      return forgiving(name, field, reading, () => decodeNumber(name, field, element.text));
    case 'boolean':
      return forgiving(name, field, reading, () => decodeBoolean(name, field.absent, element.text));
    case 'struct':
      return within(name, () => decodeFields(field.fields, element, reading));
    case 'array':
      return decodeArray(name, field, element, reading);
    case 'choice':
      return within(name, () => decodeChoice(field, element, reading));
    case 'repeated':
      return [decodeNamed(name, field.item, element, reading)];
  }
}

/** The default takes the place of a value that cannot be read and is not needed. */
function forgiving<T>(
  name: string,
  { forgiven, absent }: NumberField | BooleanField,
  reading: Reading,
  decode: () => T,
) {
  if (!forgiven || absent === undefined) return decode();
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    reading.forgiven.push(`${name} ${error.problem}`);
    return absent;
  }
}

/** A clock that is not set is no reason to refuse a device: what is not a time at all is shown as it came. */
function decodeTime(text: string, absent: string | undefined): string {
  return text.trim() || absent || UNKNOWN_TIME;
}

const MAX_UNSIGNED = 4294967295;
const MAX_INT = 2147483647;

function decodeNumber(name: string, field: NumberField, text: string): number {
  const trimmed = text.trim();
  if (trimmed === '' && field.absent !== undefined) return field.absent;
  const value = /^[+-]?\d{1,20}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  const signed = field.kind === 'int';
  if (!(value >= (signed ? -MAX_INT - 1 : 0) && value <= (signed ? MAX_INT : MAX_UNSIGNED))) {
    throw new InvalidArgument(name, `is not ${signed ? 'an int' : 'an unsignedInt'}: ${excerpt(text)}`);
  }
  if (field.min !== undefined && value < field.min) throw new InvalidArgument(name, `is less than ${field.min}`);
  if (field.max !== undefined && value > field.max) throw new InvalidArgument(name, `is more than ${field.max}`);
  return value || 0; // never -0
}

function decodeBoolean(name: string, absent: boolean | undefined, text: string): boolean {
  const value = parseBoolean(text);
  if (value !== undefined) return value;
  if (absent !== undefined && text.trim() === '') return absent;
  throw new InvalidArgument(name, `is not a boolean: ${excerpt(text)}`);
}

/** xs:boolean, in any case; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  switch (text.trim().toLowerCase()) {
    case '1':
    case 'true':
      return true;
    case '0':
    case 'false':
      return false;
    default:
      return undefined;
  }
}

/** The number in arrayType is not looked at and members may bear any name (SOAP 1.1 5.4.2): the elements count. */
function decodeArray(name: string, field: ArrayField, element: XmlElement, reading: Reading): unknown[] {
  const children = element.children;
  if (reading.strict && field.min !== undefined && children.length < field.min)
    throw new InvalidArgument(name, 'is empty');
  const out = new Array<unknown>(children.length);
  const item = field.item;
  for (let at = 0; at < children.length; at++) {
    const child = children[at] as XmlElement;
    if (item.kind !== 'struct') out[at] = decodeNamed(`${name}[${at}]`, item, child, reading);
    else {
      try {
        out[at] = decodeFields(item.fields, child, reading);
      } catch (error) {
        throw located(`${name}[${at}]`, error);
      }
    }
  }
  return out;
}

function decodeRepeated(
  name: string,
  field: RepeatedField,
  children: readonly XmlElement[],
  reading: Reading,
): unknown[] {
  const found = children.filter(child => child.name === name);
  if (reading.strict && found.length < (field.min ?? 0)) throw new InvalidArgument(name, 'is missing');
  return found.map((child, at) => decodeNamed(`${name}[${at}]`, field.item, child, reading));
}

function decodeChoice(field: ChoiceField, element: XmlElement, reading: Reading): Decoded {
  const raw = attributeNamed(element, 'type') ?? '';
  const type = raw.slice(raw.indexOf(':') + 1).trim();
  const variant = Object.hasOwn(field.variants, type) ? field.variants[type] : undefined;
  if (!variant) throw new InvalidArgument('', `has no xsi:type of ${Object.keys(field.variants).join(', ')}`);
  return { Type: type, ...decodeFields(variant.fields, element, reading) };
}

function within<T>(name: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw located(name, error);
  }
}

/** Puts the place before the name of the argument at fault. */
function located(place: string, error: unknown): unknown {
  if (error instanceof InvalidArgument) {
    error.path = error.path === '' || error.path.startsWith('[') ? place + error.path : `${place}.${error.path}`;
  }
  return error;
}

const excerpt = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** xsi:type of a value, with our prefix. 1999 instance namespace, SOAP's own types and none at all are understood. */
function typeOf(element: XmlElement): string {
  const raw = element.attributes['xsi:type'] ?? attributeNamed(element, 'type');
  if (raw === undefined) return 'xsd:string';
  return TYPES.get(raw) ?? canonicalType(raw);
}

/** xsi:type with our prefix: `string`, `xs:string` and `soapenc:string` are `xsd:string`; an unknown name is kept. */
export function canonicalType(raw: string): string {
  const local = raw.slice(raw.indexOf(':') + 1).trim();
  return `xsd:${local === 'base64' ? 'base64Binary' : local === '' ? 'string' : local}`;
}

/** The simple types of XML Schema that a value may have (TR-106 3.2), and others that devices use. */
const TYPES: ReadonlyMap<string, string> = new Map(
  (
    'string int unsignedInt long unsignedLong boolean dateTime base64Binary hexBinary integer short byte unsignedShort ' +
    'unsignedByte decimal float double anyURI date time token normalizedString nonNegativeInteger positiveInteger'
  )
    .split(' ')
    .map(name => [`xsd:${name}`, `xsd:${name}`]),
);

/** True for a type that we would send. */
export function isKnownType(type: string): boolean {
  return TYPES.has(type);
}

// ---- encoding

/**
 * The children of a message or struct, in the schema's order.
 * @throws Error when a value is missing that has no default: the caller's bug
 */
export function encodeFields(fields: Fields, values: Readonly<Decoded>, namespace: Namespace): string {
  let xml = '';
  for (const { name, field } of membersOf(fields)) {
    const given = values[name];
    const value = given === undefined ? field.absent : given;
    if (value === undefined) {
      if (field.optional) continue;
      throw new Error(`argument ${name} is missing`);
    }
    if (field.kind === 'any') xml += encodeAny(name, String(value), values.Type);
    else xml += encodeNamed(name, field, value, namespace);
  }
  return xml;
}

function encodeNamed(name: string, field: Field, value: unknown, namespace: Namespace): string {
  switch (field.kind) {
    case 'text':
      return `<${name}>${escapeText(clipped(field, String(value)))}</${name}>`;
    case 'base64':
    case 'any':
      return `<${name}>${escapeText(String(value))}</${name}>`;
    case 'dateTime':
      return `<${name}>${escapeText(String(value) || UNKNOWN_TIME)}</${name}>`;
    case 'int':
    case 'unsignedInt': {
      const number = field.codes ? codeFor(namespace, Number(value), field.codes) : Number(value);
      return `<${name}>${number}</${name}>`;
    }
    case 'boolean':
      // Written as a digit: some clients refuse the words (TR-069 A.2 allows both).
      return `<${name}>${value ? '1' : '0'}</${name}>`;
    case 'struct':
      return `<${name}>${encodeFields(field.fields, value as Decoded, namespace)}</${name}>`;
    case 'array':
      return encodeArray(name, field, value as readonly unknown[], namespace);
    case 'repeated': {
      let xml = '';
      for (const item of value as readonly unknown[]) xml += encodeNamed(name, field.item, item, namespace);
      return xml;
    }
    case 'choice':
      return encodeChoice(name, field, value as Decoded, namespace);
  }
}

function clipped(field: TextField, value: string): string {
  if (!field.clip || field.max === undefined || value.length <= field.max) return value;
  return Array.from(value).slice(0, field.max).join('');
}

/** TR-069 3.5: the number of members, and their type with our prefix; present for an empty list too. */
function encodeArray(name: string, field: ArrayField, items: readonly unknown[], namespace: Namespace): string {
  const { member, item } = field;
  let xml = `<${name} soap-enc:arrayType="${field.arrayType}[${items.length}]">`;
  for (const value of items) xml += encodeNamed(member, item, value, namespace);
  return `${xml}</${name}>`;
}

function encodeChoice(name: string, field: ChoiceField, value: Decoded, namespace: Namespace): string {
  const type = String(value.Type);
  const variant = Object.hasOwn(field.variants, type) ? field.variants[type] : undefined;
  if (!variant) throw new Error(`argument ${name} has no known Type`);
  return `<${name} xsi:type="cwmp:${type}">${encodeFields(variant.fields, value, namespace)}</${name}>`;
}

/** TR-069 3.5: a value of xs:anySimpleType carries its xsi:type. */
function encodeAny(name: string, value: string, type: unknown): string {
  const known = typeof type === 'string' && TYPES.has(type) ? type : 'xsd:string';
  const text = known === 'xsd:boolean' ? booleanDigit(value) : value;
  return `<${name} xsi:type="${known}">${escapeText(text)}</${name}>`;
}

function booleanDigit(value: string): string {
  return value === 'true' ? '1' : value === 'false' ? '0' : value;
}

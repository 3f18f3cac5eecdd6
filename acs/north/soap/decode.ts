// XML as JSON by its type. Texts arrive exactly; what the type does not know is refused, with its place.
import { clip } from '../../../shared/clip.ts';
import type { Attributes, XmlElement } from '../../../shared/xml/element.ts';
import { UserError } from '../../errors.ts';
import { NAMESPACE } from './namespace.ts';
import {
  anyBranches,
  type Branch,
  CLEAR,
  type FieldsType,
  type ListType,
  type MapType,
  MORE,
  type SimpleBase,
  type XmlType,
} from './xml-type.ts';

const XSI = /^http:\/\/www\.w3\.org\/(1999|2001)\/XMLSchema-instance$/;
/** Characters of a wrong value that an error shows. */
const MAX_SHOWN = 60;

export const wrongAt = (place: string, message: string): UserError =>
  new UserError(400, 'bad-input', `${place}: ${message}`, { place });

/** @param place of the element, for errors @throws UserError 400 `bad-input` */
export function decode(type: XmlType, element: XmlElement, place: string): unknown {
  checkAttributes(element, place, type.kind === 'scalars');
  switch (type.kind) {
    case 'simple':
      return simpleValue(type.base, textOf(element, place), place);
    case 'scalars':
      return scalarOf(type.bases, element, place);
    case 'list':
      return listOf(type, element, place);
    case 'map':
      return mapOf(type, element, place);
    case 'fields':
      return fieldsOf(type, element, place);
    case 'choice':
      return choiceOf(type.branches, element, place);
    case 'any':
      return choiceOf(anyBranches, element, place);
  }
}

function scalarOf(bases: readonly SimpleBase[], element: XmlElement, place: string): unknown {
  const { kind = bases[0] } = element.attributes;
  const base = bases.find(each => each === kind);
  if (!base) throw wrongAt(place, `kind must be one of ${bases.join(', ')}, not ${shown(kind ?? '')}`);
  return simpleValue(base, textOf(element, place), place);
}

const listOf = ({ item }: ListType, element: XmlElement, place: string): unknown[] =>
  childrenOf(element, place).map((child, at) => {
    if (child.name !== 'item') throw unknown(place, child, ['item']);
    return decode(item, child, `${place}.item[${at + 1}]`);
  });

function mapOf({ value, isNullable }: MapType, element: XmlElement, place: string): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const [at, child] of childrenOf(element, place).entries()) {
    const here = `${place}.entry[${at + 1}]`;
    if (child.name !== 'entry') throw unknown(place, child, ['entry']);
    checkAttributes(child, here, false);
    const parts = namedChildren(child, here, ['name', 'value']);
    const [name, given] = [parts.get('name'), parts.get('value')];
    if (!name) throw wrongAt(here, 'name is missing');
    if (!given && !isNullable) throw wrongAt(here, 'value is missing');
    const text = textOf(name, `${here}.name`);
    if (entries.has(text)) throw wrongAt(here, `a second entry for ${shown(text)}`);
    entries.set(text, given ? decode(value, given, `${here}.value`) : null);
  }
  return Object.fromEntries(entries);
}

function fieldsOf({ fields, more }: FieldsType, element: XmlElement, place: string): Record<string, unknown> {
  const clearable = fields.filter(field => field.isClearable).map(({ name }) => name);
  const own = fields.map(({ name }) => name);
  const known = [...own, ...(more ? [MORE] : []), ...(clearable.length > 0 ? [CLEAR] : [])];
  const given = namedChildren(element, place, known);
  const values = fields.flatMap(({ name, type, isNull }): [string, unknown][] => {
    const child = given.get(name);
    if (child) return [[name, decode(type, child, `${place}.${name}`)]];
    return isNull ? [[name, null]] : [];
  });
  const clear = given.get(CLEAR);
  const cleared = clear ? childrenOf(clear, `${place}.${CLEAR}`).map(child => textOf(child, place).trim()) : [];
  const stray = cleared.find(name => !clearable.includes(name) || given.has(name));
  if (stray !== undefined) throw wrongAt(`${place}.${CLEAR}`, `${shown(stray)} cannot be cleared, or has a value`);
  const rest = given.get(MORE);
  const others = more && rest ? Object.entries(mapOf(more, rest, `${place}.${MORE}`)) : [];
  const twice = others.find(([name]) => own.includes(name));
  if (twice) throw wrongAt(`${place}.${MORE}`, `${shown(twice[0])} has an element of its own`);
  return Object.fromEntries([...values, ...others, ...cleared.map((name): [string, unknown] => [name, null])]);
}

function choiceOf(branches: readonly Branch[], element: XmlElement, place: string): unknown {
  const names = branches.map(({ name }) => name);
  const [child, ...others] = childrenOf(element, place);
  if (!child || others.length > 0) throw wrongAt(place, `must have one child of ${names.join(', ')}`);
  const branch = branches.find(({ name }) => name === child.name);
  if (!branch) throw unknown(place, child, names);
  const value = decode(branch.type, child, `${place}.${child.name}`);
  return branch.name === 'nothing' ? null : value;
}

/** Children by their names, each once. One that is nil is as one that is left out. */
function namedChildren(element: XmlElement, place: string, known: readonly string[]): Map<string, XmlElement> {
  const found = new Map<string, XmlElement>();
  for (const child of childrenOf(element, place)) {
    if (!known.includes(child.name)) throw unknown(place, child, known);
    if (found.has(child.name)) throw wrongAt(place, `${child.name} is given twice`);
    if (!isNil(child)) found.set(child.name, child);
  }
  return found;
}

/** @throws UserError for text between the children, and for children of another namespace */
function childrenOf(element: XmlElement, place: string): readonly XmlElement[] {
  if (element.text.trim() !== '') throw wrongAt(place, `holds elements, not the text ${shown(element.text.trim())}`);
  for (const { name, namespace } of element.children)
    if (namespace !== NAMESPACE)
      throw wrongAt(place, `${clip(name)} is in the namespace ${shown(namespace)}, not in ${NAMESPACE}`);
  return element.children;
}

const shown = (text: string): string => JSON.stringify(clip(text, MAX_SHOWN));

const unknown = (place: string, { name }: XmlElement, known: readonly string[]): UserError =>
  wrongAt(place, `unknown element ${clip(name)}${known.length > 0 ? ` (known: ${known.join(', ')})` : ''}`);

function textOf(element: XmlElement, place: string): string {
  const [child] = element.children;
  if (child) throw wrongAt(place, `holds a text, not the element ${clip(child.name)}`);
  return element.text;
}

/** The namespace of an attribute with a prefix. */
function namespaceOf({ scope }: XmlElement, prefix: string): string | undefined {
  for (let at: typeof scope | undefined = scope; at; at = at.parent) {
    const uri = at.prefixes.get(prefix);
    if (uri !== undefined) return uri;
  }
  return undefined;
}

const isOfInstance = (element: XmlElement, name: string): boolean =>
  XSI.test(namespaceOf(element, name.split(':')[0] ?? '') ?? '');

function isNil(element: XmlElement): boolean {
  const { attributes } = element;
  const name = Object.keys(attributes).find(each => each.endsWith(':nil') && isOfInstance(element, each));
  return name !== undefined && /^\s*(true|1)\s*$/.test(attributes[name] ?? '');
}

/** Attributes of XML Schema instances say what the type says already; others are an error. */
function checkAttributes(element: XmlElement, place: string, mayHaveKind: boolean): void {
  const attributes: Attributes = element.attributes;
  for (const name in attributes) {
    const isKnown = name === 'xmlns' || name.startsWith('xmlns:') || (mayHaveKind && name === 'kind');
    if (!isKnown && !isOfInstance(element, name)) throw wrongAt(place, `unknown attribute ${clip(name)}`);
  }
}

function simpleValue(base: SimpleBase, text: string, place: string): unknown {
  const token = base === 'text' ? text : text.trim();
  switch (base) {
    case 'text':
    case 'time':
      return token;
    case 'integer':
    case 'number':
      return numberOf(base, token, place);
    case 'boolean':
      if (token === 'true' || token === '1') return true;
      if (token === 'false' || token === '0') return false;
      throw wrongAt(place, `must be true or false, not ${shown(token)}`);
    case 'bytes':
      return bytesOf(token, place);
  }
}

/** XML Schema Part 2, 3.2.5 and 3.3.13, without what JSON cannot say (INF, NaN). */
function numberOf(base: 'integer' | 'number', token: string, place: string): number {
  const form =
    base === 'integer' ? /^[+-]?\d{1,400}$/ : /^[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,4})?$/;
  const value = form.test(token) ? Number(token) : Number.NaN;
  const isGood = base === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!isGood) throw wrongAt(place, `must be ${base === 'integer' ? 'an integer' : 'a number'}, not ${shown(token)}`);
  return value;
}

/** XML Schema Part 2, 3.2.16. */
function bytesOf(token: string, place: string): Buffer {
  const text = token.replace(/[ \t\r\n]/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw wrongAt(place, 'is not base64');
  return Buffer.from(text, 'base64');
}

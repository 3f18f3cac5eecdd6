// JSON as XML by its type. Texts leave exactly: what XML cannot carry is written as within a JSON string, and the attribute `escaped` of
// the parent names the children that are written so.
import { Turns } from '../../../shared/turns.ts';
import { escapeAttribute, escapeText } from '../../../shared/xml/write.ts';
import {
  anyBranches,
  type Branch,
  type FieldsType,
  type ListType,
  MORE,
  type SimpleBase,
  type XmlType,
} from './xml-type.ts';

/** XML 1.0 2.2, and lone surrogates. */
const ODD =
  /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const BEYOND_JSON = /[\ufffe\uffff]/g;

/** As between the quotes of a JSON string, with the two characters that JSON leaves as they are. */
const escaped = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(BEYOND_JSON, character => `\\u${character.charCodeAt(0).toString(16)}`);

/** A child of an element, before it is known how texts are written. */
interface Child {
  name: string;
  type: XmlType;
  value: unknown;
}

/** @throws Error where the value is not of the type */
export const encodeElement = (name: string, type: XmlType, value: unknown): string =>
  element({ name, type, value }, false);

/** The same for an answer, whose list `items` is written with breaks. */
export async function encodeAnswer(name: string, type: FieldsType, answer: Answer): Promise<string> {
  const items = (answer.result as { items?: unknown } | undefined)?.items;
  const inner = type.fields.find(field => field.name === 'result')?.type;
  const list = inner?.kind === 'fields' ? inner.fields.find(field => field.name === 'items')?.type : undefined;
  const isLong =
    Array.isArray(items) && list?.kind === 'list' && list.item.kind !== 'simple' && list.item.kind !== 'scalars';
  if (!isLong) return encodeElement(name, type, answer);
  const text = encodeElement(name, type, { ...answer, result: { ...(answer.result as object), items: [] } });
  const [before = '', after, ...more] = text.split(NO_ITEMS);
  if (after === undefined || more.length > 0) return encodeElement(name, type, answer);
  return `${before}${await encodeItems(list, items as unknown[])}${after}`;
}

/** The fields of an answer. */
export interface Answer {
  result?: unknown;
  etag?: string | undefined;
}

const NO_ITEMS = '<t:items></t:items>';

async function encodeItems({ item }: ListType, items: readonly unknown[]): Promise<string> {
  const turns = new Turns();
  const texts: string[] = [];
  for (const value of items) {
    const text = element({ name: 'item', type: item, value }, false);
    texts.push(text);
    await turns.spent(text.length);
  }
  return `<t:items>${texts.join('')}</t:items>`;
}

/** @param isEscaped the parent says so of the text */
function element(child: Child, isEscaped: boolean): string {
  const { name, type, value } = child;
  if (type.kind === 'simple') return `<t:${name}>${simpleText(type.base, value, child, isEscaped)}</t:${name}>`;
  if (type.kind === 'scalars') {
    const base = baseOf(type.bases, child);
    const kind = base === type.bases[0] ? '' : ` kind="${base}"`;
    return `<t:${name}${kind}>${simpleText(base, value, child, isEscaped)}</t:${name}>`;
  }
  const children = childrenOf(type, child);
  const names = [...new Set(children.filter(isOdd).map(each => each.name))];
  const mark = names.length > 0 ? ` escaped="${escapeAttribute(names.join(' '))}"` : '';
  return `<t:${name}${mark}>${children.map(each => element(each, names.includes(each.name))).join('')}</t:${name}>`;
}

const isOdd = ({ value }: Child): boolean => typeof value === 'string' && ODD.test(value);

function childrenOf(type: XmlType, child: Child): Child[] {
  switch (type.kind) {
    case 'list':
      return arrayOf(child).map(value => ({ name: 'item', type: type.item, value }));
    case 'map':
      return Object.entries(objectOf(child)).map(([name, value]) => ({
        name: 'entry',
        type: entryOf(type.value),
        value: { name, value },
      }));
    case 'fields': {
      const given = objectOf(child);
      const children = type.fields.flatMap(({ name, type: inner, isOptional }) => {
        const value = Object.hasOwn(given, name) ? given[name] : undefined;
        // Only a type that carries any JSON has a form for null.
        const isLeftOut = value === undefined || (value === null && (isOptional || inner.kind !== 'any'));
        return isLeftOut ? [] : [{ name, type: inner, value }];
      });
      const others = type.more ? othersOf(type, given) : [];
      return type.more && others.length > 0
        ? [...children, { name: MORE, type: type.more, value: Object.fromEntries(others) }]
        : children;
    }
    case 'choice':
    case 'any': {
      const branch = branchFor(type.kind === 'any' ? anyBranches : type.branches, child);
      return [{ ...branch, value: child.value ?? {} }];
    }
    default:
      return [];
  }
}

function othersOf({ fields }: FieldsType, given: Readonly<Record<string, unknown>>): [string, unknown][] {
  const known = new Set(fields.map(({ name }) => name));
  return Object.entries(given).filter(([name, value]) => !known.has(name) && value !== undefined && value !== null);
}

const entries = new WeakMap<XmlType, FieldsType>();

/** An entry of a map whose value may be left out. */
function entryOf(value: XmlType): FieldsType {
  const known = entries.get(value);
  if (known) return known;
  const field = { isOptional: false, isClearable: false, isNull: false };
  const made: FieldsType = {
    kind: 'fields',
    fields: [
      { name: 'name', type: { kind: 'simple', base: 'text' }, ...field },
      { name: 'value', type: value, ...field },
    ],
  };
  entries.set(value, made);
  return made;
}

const wrong = ({ name, value }: Child, wanted: string): Error =>
  new Error(`${name} is ${value === null ? 'null' : typeof value} in place of ${wanted}`);

function arrayOf(child: Child): readonly unknown[] {
  if (!Array.isArray(child.value)) throw wrong(child, 'a list');
  return child.value as unknown[];
}

function objectOf(child: Child): Readonly<Record<string, unknown>> {
  const { value } = child;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(child, 'an object');
  return value as Record<string, unknown>;
}

function baseOf(bases: readonly SimpleBase[], child: Child): SimpleBase {
  const base = bases.find(each => fits(each, child.value));
  if (!base) throw wrong(child, bases.join(' or '));
  return base;
}

function fits(name: SimpleBase | Branch['name'], value: unknown): boolean {
  switch (name) {
    case 'text':
    case 'time':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'bytes':
      return Buffer.isBuffer(value);
    case 'list':
      return Array.isArray(value);
    case 'map':
    case 'fields':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'nothing':
      return value === null;
  }
}

function branchFor(branches: readonly Branch[], child: Child): Branch {
  const branch = branches.find(({ name }) => fits(name, child.value));
  if (!branch) throw wrong(child, branches.map(({ name }) => name).join(' or '));
  return branch;
}

function simpleText(base: SimpleBase, value: unknown, child: Child, isEscaped: boolean): string {
  if (!fits(base, value)) throw wrong(child, base);
  if (base === 'bytes') return (value as Buffer).toString('base64');
  if (typeof value !== 'string') return String(value);
  return escapeText(isEscaped ? escaped(value) : value);
}

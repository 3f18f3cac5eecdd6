// The form of JSON in XML: a type for each JSON Schema of the table of operations. Every schema has one; what XML Schema cannot say well
// becomes `any`, which carries all of JSON.
import type { TSchema } from 'typebox';

/** One text: of an element without children. */
export interface SimpleType {
  kind: 'simple';
  base: SimpleBase;
  /** The texts that are allowed, if nothing else is. */
  values?: readonly string[];
}
export type SimpleBase = 'text' | 'integer' | 'number' | 'boolean' | 'time' | 'bytes';

/** One text of several bases: its attribute `kind` names that of the value, where it is not the first. */
export interface ScalarsType {
  kind: 'scalars';
  bases: readonly SimpleBase[];
}

/** An element `item` for each value. */
export interface ListType {
  kind: 'list';
  item: XmlType;
}

/** An element `entry` with `name` and `value` for each field of an object whose names are free. */
export interface MapType {
  kind: 'map';
  value: XmlType;
  /** An entry without a value stands for null. */
  isNullable: boolean;
}

/** An element for each field of an object. */
export interface FieldsType {
  kind: 'fields';
  fields: readonly Field[];
  /** Fields of other names, in the element `more`. */
  more?: MapType;
  description?: string;
}

export interface Field {
  name: string;
  type: XmlType;
  /** The element may be left out. */
  isOptional: boolean;
  /** null and a missing field are two things: null is written as the name of the field in `clear`. */
  isClearable: boolean;
  /** Where the element is left out the value is null. */
  isNull: boolean;
  description?: string;
}

/** One child, which names the kind of value. */
export interface ChoiceType {
  kind: 'choice';
  branches: readonly Branch[];
}
export interface Branch {
  name: 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'map' | 'fields' | 'nothing';
  type: XmlType;
}

/** Any JSON: a choice that goes on within itself. */
export interface AnyType {
  kind: 'any';
}

export type XmlType = SimpleType | ScalarsType | ListType | MapType | FieldsType | ChoiceType | AnyType;

/** The field that names what is to become null, and that of all fields without an element of their own. */
export const CLEAR = 'clear';
export const MORE = 'more';
const reserved: readonly string[] = [CLEAR, MORE];

export const ANY: AnyType = { kind: 'any' };
const text: SimpleType = { kind: 'simple', base: 'text' };
const NOTHING: FieldsType = { kind: 'fields', fields: [] };
export const anyMap: MapType = { kind: 'map', value: ANY, isNullable: false };
export const anyBranches: readonly Branch[] = [
  { name: 'text', type: text },
  { name: 'number', type: { kind: 'simple', base: 'number' } },
  { name: 'boolean', type: { kind: 'simple', base: 'boolean' } },
  { name: 'list', type: { kind: 'list', item: ANY } },
  { name: 'fields', type: anyMap },
  { name: 'nothing', type: NOTHING },
];

/** As much of JSON Schema as the table uses. */
interface Schema {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  allOf?: unknown;
  items?: Schema | readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  patternProperties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
  format?: string;
  description?: string;
}

const described = (description: string | undefined): { description?: string } =>
  description === undefined ? {} : { description };

export const xmlTypeOf = (schema: TSchema): XmlType => typeOf(schema as Schema);

/** The type of a value that fits one of the schemas. */
export const xmlTypeOfAny = (schemas: readonly TSchema[]): XmlType => unionOf(schemas as readonly Schema[]);

/** The fields of an object; none where its schema is not that of one. */
export function fieldsOf(schema: TSchema): readonly Field[] {
  const type = xmlTypeOf(schema);
  return type.kind === 'fields' ? type.fields : [];
}

function typeOf(schema: Schema): XmlType {
  if (schema.anyOf) return unionOf(schema.anyOf);
  if (schema.enum) return unionOf(schema.enum.map(value => ({ const: value })));
  if (schema.const !== undefined) return constantType(schema.const);
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? { kind: 'simple', base: 'time' } : text;
    case 'integer':
    case 'number':
    case 'boolean':
      return { kind: 'simple', base: schema.type };
    case 'array':
      return listType(schema);
    case 'object':
      return schema.allOf === undefined ? objectType(schema) : ANY;
    default:
      return ANY;
  }
}

function constantType(value: unknown): XmlType {
  if (typeof value === 'string') return { ...text, values: [value] };
  if (typeof value === 'boolean') return { kind: 'simple', base: 'boolean' };
  return typeof value === 'number' ? { kind: 'simple', base: Number.isInteger(value) ? 'integer' : 'number' } : ANY;
}

function listType({ items }: Schema): XmlType {
  if (items === undefined || Array.isArray(items)) return { kind: 'list', item: ANY };
  const item = items as Schema;
  return { kind: 'list', item: isNullable(item) ? ANY : typeOf(item) };
}

function objectType(schema: Schema): XmlType {
  const { properties = {}, required = [], patternProperties = {}, additionalProperties, description } = schema;
  const free = [...Object.values(patternProperties), ...(isSchema(additionalProperties) ? [additionalProperties] : [])];
  const named = Object.entries(properties);
  const map: MapType = { kind: 'map', value: unionOf(free), isNullable: free.some(isNullable) };
  if (named.length === 0 && additionalProperties !== false) return map;
  // Names that are no names of elements are left to the form that carries all.
  if (named.some(([name]) => !NAME.test(name) || reserved.includes(name))) return anyMap;
  const fields = named.map(([name, field]): Field => {
    const isRequired = required.includes(name);
    const isNull = isNullable(field);
    return {
      name,
      type: typeOf(field),
      isOptional: !isRequired || isNull,
      isClearable: !isRequired && isNull,
      isNull: isRequired && isNull,
      ...described(field.description),
    };
  });
  return { kind: 'fields', fields, ...(free.length > 0 ? { more: map } : {}), ...described(description) };
}

const NAME = /^[A-Za-z_][\w.-]*$/;

const isSchema = (schema: boolean | Schema | undefined): schema is Schema => typeof schema === 'object';

const isNullType = (schema: Schema): boolean => schema.type === 'null' || schema.const === null;

const isNullable = (schema: Schema): boolean => isNullType(schema) || (schema.anyOf ?? []).some(isNullable);

const flat = (schemas: readonly Schema[]): Schema[] =>
  schemas.flatMap(schema => (schema.anyOf ? flat(schema.anyOf) : isNullType(schema) ? [] : [schema]));

const isObject = (schema: Schema): boolean => schema.type === 'object' && typeOf(schema).kind === 'fields';

function unionOf(schemas: readonly Schema[]): XmlType {
  const branches = flat(schemas);
  const [first] = branches;
  if (!first) return ANY;
  if (branches.length === 1) return typeOf(first);
  const objects = branches.filter(isObject);
  const others = branches.filter(branch => !isObject(branch)).map(typeOf);
  const types = united(objects.length > 0 ? withObject(objectType(merged(objects)), others) : others);
  const [only] = types;
  if (types.length === 1 && only) return only;
  if (types.every(type => type.kind === 'simple')) return { kind: 'scalars', bases: types.map(({ base }) => base) };
  const named = types.map(branchOf);
  const hasAll = named.every(branch => branch !== undefined);
  return hasAll && new Set(named.map(({ name }) => name)).size === named.length
    ? { kind: 'choice', branches: named }
    : ANY;
}

/** An object whose names are free goes into the one whose names are known. */
function withObject(object: XmlType, others: readonly XmlType[]): XmlType[] {
  const maps = others.filter(type => type.kind === 'map');
  if (object.kind !== 'fields' || maps.length === 0) return [...others, object];
  const fields = object.fields.map(field => ({ ...field, isOptional: true, isClearable: false, isNull: false }));
  const more = maps.length === 1 && !object.more ? maps[0] : anyMap;
  return [...others.filter(type => type.kind !== 'map'), { ...object, fields, ...(more ? { more } : {}) }];
}

/** One object of all fields that the objects have: what fits one of them fits it. */
function merged(objects: readonly Schema[]): Schema {
  const names = new Set(objects.flatMap(({ properties = {} }) => Object.keys(properties)));
  const properties = [...names].map((name): [string, Schema] => {
    const found = objects.flatMap(object => object.properties?.[name] ?? []);
    const different = new Map(found.map(schema => [JSON.stringify(schema), schema]));
    const [only] = different.values();
    return [name, different.size === 1 && only ? only : { anyOf: [...different.values()] }];
  });
  const required = [...names].filter(name => objects.every(object => object.required?.includes(name)));
  return { type: 'object', properties: Object.fromEntries(properties), required, additionalProperties: false };
}

/** The types, those that a reader could not tell apart as one. */
function united(types: readonly XmlType[]): XmlType[] {
  const bases = new Map<SimpleBase, readonly string[] | undefined>();
  const others = new Map<string, XmlType>();
  for (const type of types) {
    if (type.kind !== 'simple') {
      others.set(JSON.stringify(type), type);
      continue;
    }
    const base = type.base === 'time' || type.base === 'bytes' ? 'text' : type.base;
    const known = bases.has(base) ? bases.get(base) : [];
    bases.set(base, known && type.values ? [...known, ...type.values] : undefined);
  }
  if (bases.has('number')) bases.delete('integer');
  const simple = [...bases].map(
    ([base, values]): SimpleType => ({ kind: 'simple', base, ...(values ? { values: [...new Set(values)] } : {}) }),
  );
  return [...simple, ...others.values()];
}

function branchOf(type: XmlType): Branch | undefined {
  if (type.kind === 'simple')
    return type.base === 'time' || type.base === 'bytes' ? undefined : { name: type.base, type };
  return type.kind === 'list' || type.kind === 'map' || type.kind === 'fields' ? { name: type.kind, type } : undefined;
}

// Names of the types of the WSDL. Types of the same form have one name: that of a shape that is known by it, else made of the place where
// the type is met first.
import type { TSchema } from 'typebox';
import { capital } from './lines.ts';
import { anyMap, type SimpleBase, type XmlType, xmlTypeOf } from './xml-type.ts';

/** The types of XML Schema Part 2 behind the bases. */
const builtIn: Readonly<Record<SimpleBase, string>> = {
  text: 'xs:string',
  integer: 'xs:long',
  number: 'xs:double',
  boolean: 'xs:boolean',
  time: 'xs:dateTime',
  bytes: 'xs:base64Binary',
};

export class TypeNames {
  readonly #names = new Map<string, string>();
  readonly #types = new Map<string, XmlType>();
  readonly #taken = new Set<string>(['Any', 'AnyList', 'AnyMap', 'AnyMapEntry', 'Nothing', 'Problem']);

  /** @param known shapes that have a name */
  constructor(known: Readonly<Record<string, TSchema>>) {
    this.#names.set(formOf(anyMap), 'AnyMap');
    this.#names.set(formOf({ kind: 'list', item: anyMap.value }), 'AnyList');
    for (const [name, schema] of Object.entries(known)) this.#give(xmlTypeOf(schema), name);
  }

  /** Types that are to be declared, by name; it grows behind the one that is read. */
  get declared(): ReadonlyMap<string, XmlType> {
    return this.#types;
  }

  /** The qualified name of a type. @param place where it is met, as `DeviceHold` */
  of(type: XmlType, place: string): string {
    if (type.kind === 'any') return 't:Any';
    if (type.kind === 'simple' && !type.values) return builtIn[type.base];
    const name = this.#names.get(formOf(type)) ?? this.#give(type, this.#newName(type, place));
    return `t:${name}`;
  }

  #give(type: XmlType, wanted: string): string {
    let name = wanted;
    for (let at = 2; this.#taken.has(name); at++) name = `${wanted}${at}`;
    this.#taken.add(name);
    this.#names.set(formOf(type), name);
    this.#types.set(name, type);
    return name;
  }

  #newName(type: XmlType, place: string): string {
    if (type.kind === 'scalars') return type.bases.map(capital).join('Or');
    if (type.kind === 'list') return `${this.#plain(type.item, `${place}Item`)}List`;
    if (type.kind === 'map') return `${this.#plain(type.value, `${place}Value`)}${type.isNullable ? 'Change' : ''}Map`;
    return place;
  }

  /** Without its prefix. */
  #plain(type: XmlType, place: string): string {
    return type.kind === 'simple' && !type.values ? capital(type.base) : this.of(type, place).slice(2);
  }
}

/** Equal for types of the same form. Descriptions are those of the first. */
const formOf = (type: XmlType): string =>
  JSON.stringify(type, (name, value: unknown) => (name === 'description' ? undefined : value));

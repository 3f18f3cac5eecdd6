// Types as XML Schema writes them.
import { capital, documentation, element, type Given, type Lines } from './lines.ts';
import type { TypeNames } from './type-names.ts';
import {
  ANY,
  anyBranches,
  anyMap,
  CLEAR,
  type FieldsType,
  type ListType,
  type MapType,
  MORE,
  type ScalarsType,
  type XmlType,
} from './xml-type.ts';

/** Names the children whose texts are written as in JSON: docs/soap.md. */
const ESCAPED = '<xs:attribute name="escaped" type="xs:string"/>';
const MANY = { minOccurs: '0', maxOccurs: 'unbounded' };
const optional = (isOptional: boolean): Given => (isOptional ? { minOccurs: '0' } : {});

export class TypeText {
  readonly #names: TypeNames;

  constructor(names: TypeNames) {
    this.#names = names;
  }

  /** The declaration of a type. */
  declared(name: string, type: XmlType): string[] {
    switch (type.kind) {
      case 'simple':
        return element('xs:simpleType', { name }, oneOf(type.values ?? []));
      case 'scalars':
        return scalars(name, type);
      case 'list':
        return this.#list(name, type);
      case 'map':
        return this.#map(name, type);
      case 'fields':
        return this.fields(type, { name }, name);
      case 'choice':
        return this.#choice(name, type.branches);
      case 'any':
        return [];
    }
  }

  /** @param place where the type is met, for the names of types within @param isMarked it may have texts that are escaped */
  fields(type: FieldsType, given: Given, place: string, isMarked = true): string[] {
    const children = type.fields.flatMap(({ name, type: inner, isOptional, description }) =>
      this.#child(name, inner, place, optional(isOptional), description),
    );
    const clearable = type.fields.filter(field => field.isClearable).map(({ name }) => name);
    const item: XmlType = { kind: 'simple', base: 'text', values: clearable };
    const more = type.more ? this.#child(MORE, type.more, place, optional(true), 'Other fields by name') : [];
    const clear =
      clearable.length > 0
        ? this.#child(CLEAR, { kind: 'list', item }, place, optional(true), 'Fields that become null')
        : [];
    return element('xs:complexType', given, [
      ...documentation(type.description),
      ...element('xs:sequence', {}, [...children, ...more, ...clear]),
      ...(isMarked ? [ESCAPED] : []),
    ]);
  }

  /** The types that carry any JSON. */
  any(): string[] {
    const branches = anyBranches.flatMap(({ name, type }) =>
      name === 'nothing' ? element('xs:element', { name, type: 't:Nothing' }) : this.#child(name, type, 'Any', {}),
    );
    return [
      ...anyType(branches),
      ...this.#list('AnyList', { kind: 'list', item: ANY }),
      ...this.#map('AnyMap', anyMap),
    ];
  }

  #child(name: string, type: XmlType, place: string, given: Given, description?: string): string[] {
    const known = this.#names.of(type, `${place}${capital(name)}`);
    return element('xs:element', { name, type: known, ...given }, documentation(description));
  }

  #list(name: string, { item }: ListType): string[] {
    return sequence(name, this.#child('item', item, name.replace(/List$/, ''), MANY));
  }

  #map(name: string, { value, isNullable }: MapType): string[] {
    return mapType(name, this.#child('value', value, name.replace(/Map$/, ''), optional(isNullable)));
  }

  #choice(name: string, branches: readonly { name: string; type: XmlType }[]): string[] {
    const children = branches.flatMap(branch => this.#child(branch.name, branch.type, name, {}));
    return element('xs:complexType', { name }, [...element('xs:choice', {}, children), ESCAPED]);
  }
}

const sequence = (name: string, children: Lines): string[] =>
  element('xs:complexType', { name }, [...element('xs:sequence', {}, children), ESCAPED]);

const anyType = (branches: Lines): string[] => [
  ...element('xs:complexType', { name: 'Any' }, [
    ...documentation('Any JSON: `fields` is an object, `nothing` is null'),
    ...element('xs:choice', {}, branches),
    ESCAPED,
  ]),
  ...element('xs:complexType', { name: 'Nothing' }, element('xs:sequence', {})),
];

const mapType = (name: string, value: Lines): string[] => [
  ...sequence(name, element('xs:element', { name: 'entry', type: `t:${name}Entry`, ...MANY })),
  ...sequence(`${name}Entry`, [...element('xs:element', { name: 'name', type: 'xs:string' }), ...value]),
];

const oneOf = (values: readonly string[]): string[] =>
  element(
    'xs:restriction',
    { base: 'xs:string' },
    values.flatMap(value => element('xs:enumeration', { value })),
  );

/** A text whose attribute says of which base it is. */
function scalars(name: string, { bases }: ScalarsType): string[] {
  const kind = element('xs:attribute', { name: 'kind', default: bases[0] }, element('xs:simpleType', {}, oneOf(bases)));
  const extension = element('xs:extension', { base: 'xs:string' }, kind);
  return element('xs:complexType', { name }, element('xs:simpleContent', {}, extension));
}

// Describes ASN.1 types as data, for both directions of packed encoding (X.691), and derives the TypeScript types of their values.

/** Any type of the description. `Value` is the type of its values and exists for the compiler only. */
export type Schema<Value> = Node & { readonly value?: Value };
export type ValueOf<S> = S extends Schema<infer Value> ? Value : never;

export type Node =
  | { readonly kind: 'boolean' | 'null' | 'bigInteger' | 'objectIdentifier' | 'opaque' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'octets' | 'bits'; readonly size: Size }
  | { readonly kind: 'characters'; readonly size: Size; readonly alphabet: Alphabet }
  | { readonly kind: 'sequence'; readonly root: readonly Field[]; readonly additions?: readonly Field[] | undefined }
  | { readonly kind: 'sequenceOf'; readonly size: Size; readonly item: Node }
  | { readonly kind: 'choice'; readonly root: readonly Field[]; readonly additions?: readonly Field[] | undefined };

/** Effective size constraint; without `max` the length is sent as a general length. */
export interface Size {
  readonly min: number;
  readonly max?: number | undefined;
}

/** Bits a character, and the character of each code; without `characters` the code is that of Unicode, up to `highest`. */
export interface Alphabet {
  readonly bits: 4 | 8 | 16;
  readonly characters?: string;
  readonly highest: number;
}

export interface Field {
  readonly name: string;
  readonly type: Node;
  readonly isOptional: boolean;
}

/** Bits of a BIT STRING, the first in the highest bit of the first byte. */
export interface Bits {
  readonly length: number;
  readonly bytes: Buffer;
}

/** An addition that the description does not know: its place among the additions, and its encoding. */
export interface UnknownAddition {
  readonly index: number;
  readonly bytes: Buffer;
}

/** Of a component that may be absent. */
export interface Optional<Value> {
  readonly optional: Schema<Value>;
}

type Components = Readonly<Record<string, Schema<unknown> | Optional<unknown>>>;
type Additions = Readonly<Record<string, Schema<unknown>>>;
type NamesOf<C extends Components, Kind> = { [Name in keyof C]: C[Name] extends Kind ? Name : never }[keyof C];
type OptionalValue<C> = C extends Optional<infer Value> ? Value : never;
type Flat<T> = { [Key in keyof T]: T[Key] };

/** Additions are optional: a peer of an earlier version sends none. */
export type SequenceValue<Root extends Components, Added extends Additions> = Flat<
  { [Name in NamesOf<Root, Schema<unknown>>]: ValueOf<Root[Name]> } & {
    [Name in NamesOf<Root, Optional<unknown>>]?: OptionalValue<Root[Name]> | undefined;
  } & { [Name in keyof Added]?: ValueOf<Added[Name]> | undefined } & {
    unknownAdditions?: readonly UnknownAddition[] | undefined;
  }
>;

/** The name alone for an alternative without content, else an object of one member. */
export type ChoiceValue<Alternatives extends Additions> = {
  [Name in keyof Alternatives & string]: ValueOf<Alternatives[Name]> extends null
    ? Name
    : { [Key in Name]: ValueOf<Alternatives[Name]> };
}[keyof Alternatives & string];

/** An alternative of a later version. */
export interface UnknownAlternative {
  unknownAlternative: UnknownAddition;
}

export const boolean: Schema<boolean> = { kind: 'boolean' };
export const nothing: Schema<null> = { kind: 'null' };
/** INTEGER without a constraint. */
export const bigInteger: Schema<bigint> = { kind: 'bigInteger' };
/** In numbers with dots between them. */
export const objectIdentifier: Schema<string> = { kind: 'objectIdentifier' };
/** An addition or open type whose encoding is passed on as it is. */
export const opaque: Schema<Buffer> = { kind: 'opaque' };

export const integer = (min: number, max: number): Schema<number> => ({ kind: 'integer', min, max });
export const octets = (min = 0, max?: number): Schema<Buffer> => ({ kind: 'octets', size: { min, max } });
export const bits = (min = 0, max?: number): Schema<Bits> => ({ kind: 'bits', size: { min, max } });

const characters = (alphabet: Alphabet, min: number, max?: number): Schema<string> => ({
  kind: 'characters',
  size: { min, max },
  alphabet,
});
export const ia5String = (min = 0, max?: number): Schema<string> => characters({ bits: 8, highest: 0x7f }, min, max);
export const printableString = (min = 0, max?: number): Schema<string> =>
  characters({ bits: 8, highest: 0x7a }, min, max);
export const bmpString = (min = 0, max?: number): Schema<string> => characters({ bits: 16, highest: 0xffff }, min, max);

/** A string of at most 16 permitted characters, given in their order. */
export const stringOf = (permitted: string, min = 0, max?: number): Schema<string> =>
  characters({ bits: 4, characters: permitted, highest: 0x7f }, min, max);

export const optional = <Value>(schema: Schema<Value>): Optional<Value> => ({ optional: schema });

export const sequenceOf = <Value>(item: Schema<Value>, min = 0, max?: number): Schema<Value[]> => ({
  kind: 'sequenceOf',
  size: { min, max },
  item,
});

/** An extensible SEQUENCE: its root, and what later versions added to it in this order. */
export const sequence = <Root extends Components, Added extends Additions = Record<never, never>>(
  root: Root,
  additions?: Added,
): Schema<SequenceValue<Root, Added>> => ({
  kind: 'sequence',
  root: fieldsOf(root),
  additions: fieldsOf(additions ?? {}),
});

/** A SEQUENCE without an extension marker. */
export const closedSequence = <Root extends Components>(
  root: Root,
): Schema<SequenceValue<Root, Record<never, never>>> => ({ kind: 'sequence', root: fieldsOf(root) });

/** An extensible CHOICE: its root, and the alternatives of later versions in their order. */
export const choice = <Root extends Additions, Added extends Additions = Record<never, never>>(
  root: Root,
  additions?: Added,
): Schema<ChoiceValue<Root> | ChoiceValue<Added> | UnknownAlternative> => ({
  kind: 'choice',
  root: fieldsOf(root),
  additions: fieldsOf(additions ?? {}),
});

/** A CHOICE of alternatives without content, such as a reason. */
export const names = <Name extends string>(...alternatives: readonly Name[]): Record<Name, Schema<null>> =>
  Object.fromEntries(alternatives.map(name => [name, nothing])) as Record<Name, Schema<null>>;

function fieldsOf(components: Components): Field[] {
  return Object.entries(components).map(([name, component]) =>
    'optional' in component
      ? { name, type: component.optional, isOptional: true }
      : { name, type: component, isOptional: false },
  );
}

// The small language in which methods.ts describes messages: what an argument is, and the TypeScript type that follows from it.
// Types, encoder, decoder and REST validation all read the same description.

interface Common<T> {
  /** May be left out by the schema itself (minOccurs="0"): then absent from the object too. */
  readonly optional?: true;
  /**
   * Value taken when the element is missing, nil or, for other than text, empty. The schema wants the element; senders
   * in the field leave it out, and an operator need not spell it.
   */
  readonly absent?: T;
}

export interface TextField extends Common<string> {
  readonly kind: 'text';
  /** Longest value the schema allows, in characters. */
  readonly max?: number;
  readonly values?: readonly string[];
  readonly pattern?: RegExp;
  /** Free text for people: cut to `max` when sent rather than refused. */
  readonly clip?: true;
}

/** xs:dateTime, kept as text: what a device reports is shown as reported. */
export interface DateTimeField extends Common<string> {
  readonly kind: 'dateTime';
}

interface Base64Field extends Common<string> {
  readonly kind: 'base64';
}

export interface NumberField extends Common<number> {
  readonly kind: 'int' | 'unsignedInt';
  readonly min?: number;
  readonly max?: number;
  /** A value that cannot be read counts as absent: the receiver does not need it. */
  readonly forgiven?: true;
  /** The fault codes that this place may carry; others are folded into one of them when sent. */
  readonly codes?: 'transfer' | 'deploymentUnit';
}

export interface BooleanField extends Common<boolean> {
  readonly kind: 'boolean';
  /** A value that cannot be read counts as absent: the receiver does not need it. */
  readonly forgiven?: true;
  /** In REST input the default is whether this neighbour was given (NotificationChange ← Notification). */
  readonly impliedBy?: string;
}

/** xs:anySimpleType: the value as text; its xsi:type goes to the neighbour property `Type`. */
interface AnyField extends Common<string> {
  readonly kind: 'any';
}

interface StructField extends Common<Readonly<Record<string, unknown>>> {
  readonly kind: 'struct';
  readonly fields: Fields;
}

/** A SOAP array: one element with `soap-enc:arrayType`, whose members are named after their type. */
export interface ArrayField extends Common<readonly []> {
  readonly kind: 'array';
  readonly member: string;
  /** Type in `arrayType`, with the prefix that we send. */
  readonly arrayType: string;
  readonly item: Field;
  readonly min?: number;
  readonly max?: number;
}

/** An element that simply repeats (maxOccurs="unbounded"). */
export interface RepeatedField extends Common<readonly []> {
  readonly kind: 'repeated';
  readonly item: Field;
  readonly min?: number;
}

/** A struct whose shape is named by xsi:type; the name is the property `Type`. */
export interface ChoiceField extends Common<never> {
  readonly kind: 'choice';
  readonly variants: Readonly<Record<string, StructField>>;
}

export type Field =
  | TextField
  | DateTimeField
  | Base64Field
  | NumberField
  | BooleanField
  | AnyField
  | StructField
  | ArrayField
  | RepeatedField
  | ChoiceField;

/** Arguments by name, in the order of the schema's xs:sequence. */
export type Fields = Readonly<Record<string, Field>>;

type OptionalKeys<S> = { [K in keyof S]: S[K] extends { optional: true } ? K : never }[keyof S];
type HasAny<S> = true extends { [K in keyof S]: S[K] extends { kind: 'any' } ? true : false }[keyof S] ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };

/** The object that a list of fields describes. */
export type StructOf<S> = Flat<
  { -readonly [K in Exclude<keyof S, OptionalKeys<S>>]: ValueOf<S[K]> } & {
    -readonly [K in OptionalKeys<S>]?: ValueOf<S[K]>;
  } & (HasAny<S> extends true ? { Type: string } : unknown)
>;

/** The TypeScript type of one field. */
export type ValueOf<F> = F extends { kind: 'int' | 'unsignedInt' }
  ? number
  : F extends { kind: 'boolean' }
    ? boolean
    : F extends { kind: 'array' | 'repeated'; item: infer I }
      ? ValueOf<I>[]
      : F extends { kind: 'struct'; fields: infer S }
        ? StructOf<S>
        : F extends { kind: 'choice'; variants: infer V }
          ? { [K in keyof V]: V[K] extends { fields: infer S } ? Flat<{ Type: K } & StructOf<S>> : never }[keyof V]
          : string;

/** Unknown Time, TR-069 A.2.2 and TR-106 3.2. */
export const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

// Builders: they exist so that the table reads like the standard's own tables.

export const text = <const O extends Omit<TextField, 'kind' | 'max'>>(max?: number, options?: O) =>
  ({ kind: 'text', ...(max === undefined ? {} : { max }), ...options }) as { kind: 'text' } & O;

export const int = <const O extends Omit<NumberField, 'kind'>>(options?: O) =>
  ({ kind: 'int', ...options }) as { kind: 'int' } & O;

export const unsignedInt = <const O extends Omit<NumberField, 'kind'>>(options?: O) =>
  ({ kind: 'unsignedInt', ...options }) as { kind: 'unsignedInt' } & O;

export const boolean = <const O extends Omit<BooleanField, 'kind'>>(options?: O) =>
  ({ kind: 'boolean', ...options }) as { kind: 'boolean' } & O;

export const dateTime = <const O extends Omit<DateTimeField, 'kind'>>(options?: O) =>
  ({ kind: 'dateTime', ...options }) as { kind: 'dateTime' } & O;

export const struct = <const S extends Fields>(fields: S) => ({ kind: 'struct', fields }) as const;

/** An array of one of CWMP's own structs. */
export const structs = <const S extends StructField, const O extends Partial<ArrayField>>(
  member: string,
  item: S,
  options?: O,
) =>
  ({ kind: 'array', member, arrayType: `cwmp:${member}`, item, ...options }) as {
    kind: 'array';
    member: string;
    arrayType: string;
    item: S;
  } & O;

/** An array of strings of at most `max` characters. */
export const strings = (max: number, options: { min?: number; absent?: readonly [] } = {}) => {
  const item = { kind: 'text', max } as const;
  return { kind: 'array', member: 'string', arrayType: 'xsd:string', item, ...options } as const;
};

export const repeated = <const F extends Field>(item: F) => ({ kind: 'repeated', item, min: 1 }) as const;

/** Same field, but the schema lets it be left out. */
export const optional = <const F extends Field>(field: F) => ({ ...field, optional: true }) as F & { optional: true };

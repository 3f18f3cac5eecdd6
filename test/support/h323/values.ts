// Random values of the described types of H.323, and values as JSON that another codec can be compared by.
import fc from 'fast-check';
import type { Bits, Field, Node, Schema, Size, UnknownAddition } from '../../../pbx/h323/per/schema.ts';

export interface ValueOptions {
  /** Bytes in the place of what is not described; the other codec would take them for a type. */
  hasOpaque: boolean;
  /** Additions and alternatives of a later version. */
  hasUnknown: boolean;
  /** Optional components and alternatives that are left out. */
  without: readonly string[];
}

const simple: ValueOptions = { hasOpaque: false, hasUnknown: false, without: [] };
/** Of strings and lists without a limit of their own. */
const MOST_UNITS = 40;

/** Values of a type; each component of its own, so that a failure shrinks to the component. */
export function valuesOf<Value>(schema: Schema<Value>, options: Partial<ValueOptions> = {}): fc.Arbitrary<Value> {
  return arbitraryOf(schema, { ...simple, ...options }) as fc.Arbitrary<Value>;
}

function arbitraryOf(node: Node, options: ValueOptions): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
      return fc.integer({ min: node.min, max: node.max });
    case 'bigInteger':
      return fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n });
    case 'objectIdentifier':
      return objectIdentifiers;
    case 'octets':
      return octetsOf(node.size);
    case 'opaque':
      return octetsOf({ min: 1 });
    case 'bits':
      return bitsOf(node.size);
    case 'characters':
      return charactersOf(node.alphabet.characters, node.alphabet.highest, node.size);
    case 'sequenceOf':
      return fc.array(arbitraryOf(node.item, options), { ...limits(node.size), maxLength: node.size.min + 3 });
    case 'sequence':
      return sequences(node.root, node.additions, options);
    case 'choice':
      return choices(node.root, node.additions, options);
  }
}

const limits = ({ min, max }: Size): { minLength: number; maxLength: number } => ({
  minLength: min,
  maxLength: max ?? MOST_UNITS,
});

const octetsOf = (size: Size): fc.Arbitrary<Buffer> => fc.uint8Array(limits(size)).map(bytes => Buffer.from(bytes));

const bitsOf = (size: Size): fc.Arbitrary<Bits> =>
  fc.array(fc.boolean(), limits(size)).map(flags => {
    const bytes = Buffer.alloc((flags.length + 7) >> 3);
    for (const [at, flag] of flags.entries()) if (flag) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (0x80 >> (at & 7));
    return { length: flags.length, bytes };
  });

function charactersOf(permitted: string | undefined, highest: number, size: Size): fc.Arbitrary<string> {
  // PrintableString has no more than these; a surrogate alone has no form in JSON of the other codec.
  const ascii = [...'abyzABYZ0189 .:-'];
  const wide = [...ascii, 'é', '中', '￮'];
  const unit = fc.constantFrom(...(permitted === undefined ? (highest > 0x7f ? wide : ascii) : permitted));
  return fc.array(unit, limits(size)).map(units => units.join(''));
}

const objectIdentifiers = fc
  .tuple(
    fc.constantFrom('0.0', '0.39', '1.2', '2.5', '2.39', '2.840', '2.9007199254740993'),
    fc.array(fc.oneof(fc.nat(300), fc.bigInt({ min: 0n, max: 2n ** 40n })), { maxLength: 6 }),
  )
  .map(([root, arcs]) => [root, ...arcs].join('.'));

function wanted(fields: readonly Field[], { hasOpaque, without }: ValueOptions): Field[] {
  return fields.filter(({ name, type }) => (hasOpaque || type.kind !== 'opaque') && !without.includes(name));
}

function sequences(
  root: readonly Field[],
  additions: readonly Field[] | undefined,
  options: ValueOptions,
): fc.Arbitrary<unknown> {
  const fields = [
    ...root.filter(({ name, isOptional }) => !isOptional || !options.without.includes(name)),
    ...wanted(additions ?? [], options),
  ];
  const parts = Object.fromEntries(fields.map(({ name, type }) => [name, arbitraryOf(type, options)]));
  const needed = root.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  const known = fc.record(parts, { requiredKeys: needed, noNullPrototype: true });
  if (!additions || !options.hasUnknown) return known;
  const unknown = fc.uniqueArray(additionsOf(additions.length, 80), {
    maxLength: 2,
    selector: ({ index }) => index,
  });
  return fc
    .tuple(known, unknown)
    .map(([value, found]) =>
      found.length === 0 ? value : { ...value, unknownAdditions: found.sort((one, other) => one.index - other.index) },
    );
}

function choices(
  root: readonly Field[],
  additions: readonly Field[] | undefined,
  options: ValueOptions,
): fc.Arbitrary<unknown> {
  const fields = [...root, ...(additions ?? [])].filter(field => wanted([field], options).length > 0);
  const known = fields.map(({ name, type }) =>
    type.kind === 'null' ? fc.constant(name) : arbitraryOf(type, options).map(value => ({ [name]: value })),
  );
  if (!additions || !options.hasUnknown) return fc.oneof(...known);
  const unknown = additionsOf(additions.length, 300).map(addition => ({ unknownAlternative: addition }));
  return fc.oneof(...known, unknown);
}

/** Additions of a later version, behind the `known` ones. */
const additionsOf = (known: number, range: number): fc.Arbitrary<UnknownAddition> =>
  fc
    .tuple(fc.integer({ min: known, max: known + range }), octetsOf({ min: 1 }))
    .map(([index, bytes]) => ({ index, bytes }));

/** A value as JSON: octets in hex, large integers in decimal; what is not described is `null`. */
export function plain(node: Node, value: unknown): unknown {
  switch (node.kind) {
    case 'opaque':
      return null;
    case 'bigInteger':
      return String(value);
    case 'octets':
      return (value as Buffer).toString('hex');
    case 'bits':
      return { length: (value as Bits).length, bytes: (value as Bits).bytes.toString('hex') };
    case 'sequenceOf':
      return (value as unknown[]).map(item => plain(node.item, item));
    case 'sequence':
    case 'choice':
      return typeof value === 'string' ? value : plainParts([...node.root, ...(node.additions ?? [])], value as object);
    default:
      return value;
  }
}

function plainParts(fields: readonly Field[], value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      const type = fields.find(field => field.name === name)?.type;
      return [name, type ? plain(type, part) : null];
    }),
  );
}

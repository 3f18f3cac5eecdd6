// Encodes a value by its description, with a check of every constraint.
import { H323Error, inComponent } from '../error.ts';
import { BitWriter } from './bit-writer.ts';
import { writeSized, writeSmall, writeSmallLength, writeWhole } from './numbers.ts';
import type { Bits, Field, Node, Schema, Size, UnknownAddition } from './schema.ts';
import { writeBigInteger, writeBits, writeCharacters, writeObjectIdentifier, writeOctets } from './strings.ts';

const anySize: Size = { min: 0 };

/** @throws H323Error with the place of a value that the type does not permit */
export function encode<Value>(schema: Schema<Value>, value: Value): Buffer {
  return encoded(schema, value);
}

function encoded(node: Node, value: unknown): Buffer {
  const writer = new BitWriter();
  writeValue(node, value, writer);
  return writer.finish();
}

function writeValue(node: Node, value: unknown, writer: BitWriter): void {
  switch (node.kind) {
    case 'boolean':
      writer.bit(value === true);
      break;
    case 'null':
      break;
    case 'integer':
      writeWhole(writer, value as number, node.min, node.max);
      break;
    case 'bigInteger':
      writeBigInteger(writer, value as bigint);
      break;
    case 'objectIdentifier':
      writeObjectIdentifier(writer, value as string);
      break;
    case 'octets':
      writeOctets(writer, value as Buffer, node.size);
      break;
    case 'bits':
      writeBits(writer, value as Bits, node.size);
      break;
    case 'characters':
      writeCharacters(writer, value as string, node.size, node.alphabet);
      break;
    case 'opaque':
      writeOctets(writer, value as Buffer, anySize);
      break;
    case 'sequence':
      writeSequence(node.root, node.additions, value as Components, writer);
      break;
    case 'sequenceOf':
      writeSequenceOf(node.item, node.size, value as unknown[], writer);
      break;
    case 'choice':
      writeChoice(node.root, node.additions, value as string | Components, writer);
      break;
  }
}

type Components = Readonly<Record<string, unknown>>;

/** X.691 19 */
function writeSequence(
  root: readonly Field[],
  additions: readonly Field[] | undefined,
  value: Components,
  writer: BitWriter,
): void {
  const unknown = (value.unknownAdditions ?? []) as readonly UnknownAddition[];
  const isExtended = unknown.length > 0 || (additions ?? []).some(({ name }) => value[name] !== undefined);
  if (additions) writer.bit(isExtended);
  for (const { name, isOptional } of root) if (isOptional) writer.bit(value[name] !== undefined);
  for (const { name, type, isOptional } of root) {
    if (value[name] !== undefined) inComponent(name, () => writeValue(type, value[name], writer));
    else if (!isOptional) throw new H323Error('is missing').within(name);
  }
  if (isExtended) writeAdditions(additions ?? [], unknown, value, writer);
}

function writeAdditions(
  additions: readonly Field[],
  unknown: readonly UnknownAddition[],
  value: Components,
  writer: BitWriter,
): void {
  const encodings: (Buffer | undefined)[] = additions.map(({ name, type }) =>
    value[name] === undefined ? undefined : inComponent(name, () => openEncoding(type, value[name])),
  );
  for (const { index, bytes } of unknown) encodings[index] = bytes;
  writeSmallLength(writer, encodings.length);
  for (let index = 0; index < encodings.length; index += 1) writer.bit(encodings[index] !== undefined);
  for (const encoding of encodings) if (encoding) writeOctets(writer, encoding, anySize);
}

function writeSequenceOf(item: Node, size: Size, items: readonly unknown[], writer: BitWriter): void {
  writeSized(writer, size, items.length, (from, count) => {
    for (let at = from; at < from + count; at += 1) inComponent(`[${at}]`, () => writeValue(item, items[at], writer));
  });
}

/** X.691 23 */
function writeChoice(
  root: readonly Field[],
  additions: readonly Field[] | undefined,
  value: string | Components,
  writer: BitWriter,
): void {
  const [name, content] = typeof value === 'string' ? [value, null] : (Object.entries(value)[0] ?? ['nothing', null]);
  const index = root.findIndex(field => field.name === name);
  const chosen = root[index];
  if (additions) writer.bit(!chosen);
  if (chosen) {
    writeWhole(writer, index, 0, root.length - 1);
    inComponent(name, () => writeValue(chosen.type, content, writer));
  } else {
    const addition =
      name === 'unknownAlternative' ? (content as UnknownAddition) : knownAddition(additions, name, content);
    writeSmall(writer, addition.index);
    writeOctets(writer, addition.bytes, anySize);
  }
}

function knownAddition(additions: readonly Field[] | undefined, name: string, content: unknown): UnknownAddition {
  const index = additions?.findIndex(field => field.name === name) ?? -1;
  const chosen = additions?.[index];
  if (!chosen) throw new H323Error(`"${name}" is no alternative of this choice`);
  return { index, bytes: inComponent(name, () => openEncoding(chosen.type, content)) };
}

/** X.691 11.2 */
const openEncoding = (type: Node, value: unknown): Buffer =>
  type.kind === 'opaque' ? (value as Buffer) : encoded(type, value);

// Decodes a value by its description. Additions and alternatives of later versions are kept as bytes; nothing contains itself, so the depth is that of the description.
import { H323Error, inComponent } from '../error.ts';
import { BitReader } from './bit-reader.ts';
import { readSized, readSmall, readSmallLength, readWhole } from './numbers.ts';
import type { Field, Node, Schema, Size, UnknownAddition } from './schema.ts';
import { readBigInteger, readBits, readCharacters, readObjectIdentifier, readOctets } from './strings.ts';

const anySize: Size = { min: 0 };

/** Octets behind the value are ignored. The value does not keep the input in memory. @throws H323Error with the place in the message */
export function decode<Value>(schema: Schema<Value>, bytes: Buffer): Value {
  return readValue(schema, new BitReader(Buffer.from(bytes))) as Value;
}

function readValue(node: Node, reader: BitReader): unknown {
  reader.countValue();
  switch (node.kind) {
    case 'boolean':
      return reader.bit();
    case 'null':
      return null;
    case 'integer':
      return readWhole(reader, node.min, node.max);
    case 'bigInteger':
      return readBigInteger(reader);
    case 'objectIdentifier':
      return readObjectIdentifier(reader);
    case 'octets':
      return readOctets(reader, node.size);
    case 'bits':
      return readBits(reader, node.size);
    case 'characters':
      return readCharacters(reader, node.size, node.alphabet);
    case 'opaque':
      return readOctets(reader, anySize);
    case 'sequence':
      return readSequence(node.root, node.additions, reader);
    case 'sequenceOf':
      return readSequenceOf(node.item, node.size, reader);
    case 'choice':
      return readChoice(node.root, node.additions, reader);
  }
}

/** X.691 19 */
function readSequence(root: readonly Field[], additions: readonly Field[] | undefined, reader: BitReader): unknown {
  const value: Record<string, unknown> = {};
  const isExtended = additions !== undefined && reader.bit();
  const present = root.filter(field => !field.isOptional || reader.bit());
  for (const { name, type } of present) value[name] = inComponent(name, () => readValue(type, reader));
  if (additions && isExtended) readAdditions(additions, reader, value);
  return value;
}

function readAdditions(additions: readonly Field[], reader: BitReader, value: Record<string, unknown>): void {
  const count = readSmallLength(reader);
  const present: number[] = [];
  for (let index = 0; index < count; index += 1) if (reader.bit()) present.push(index);
  const unknown: UnknownAddition[] = [];
  for (const index of present) {
    const known = additions[index];
    if (known) value[known.name] = inComponent(known.name, () => readOpen(known.type, reader));
    else unknown.push({ index, bytes: inComponent('unknownAdditions', () => readOpaque(reader)) });
  }
  if (unknown.length > 0) value.unknownAdditions = unknown;
}

function readSequenceOf(item: Node, size: Size, reader: BitReader): unknown[] {
  const items: unknown[] = [];
  readSized(reader, size, count => {
    for (let at = 0; at < count; at += 1) items.push(inComponent(`[${items.length}]`, () => readValue(item, reader)));
  });
  return items;
}

/** X.691 23 */
function readChoice(root: readonly Field[], additions: readonly Field[] | undefined, reader: BitReader): unknown {
  const isAddition = additions !== undefined && reader.bit();
  const index = isAddition ? readSmall(reader) : readWhole(reader, 0, root.length - 1);
  const chosen = (isAddition ? additions : root)[index];
  if (!chosen) return { unknownAlternative: { index, bytes: readOpaque(reader) } };
  const { name, type } = chosen;
  const value = inComponent(name, () => (isAddition ? readOpen(type, reader) : readValue(type, reader)));
  return type.kind === 'null' ? name : { [name]: value };
}

/** Encoding of an addition, with its length before it. X.691 11.2 */
function readOpen(type: Node, reader: BitReader): unknown {
  const bytes = readOpaque(reader);
  return type.kind === 'opaque' ? bytes : readValue(type, reader.inside(bytes));
}

function readOpaque(reader: BitReader): Buffer {
  reader.countValue();
  const bytes = readOctets(reader, anySize);
  if (bytes.length === 0) throw new H323Error('an addition of no octets');
  return bytes;
}

// Whole numbers and lengths of aligned packed encoding (X.691 11.5 to 11.9), read and written.
import { H323Error } from '../error.ts';
import type { BitReader } from './bit-reader.ts';
import type { BitWriter } from './bit-writer.ts';
import type { Size } from './schema.ts';

/** Units of a fragment; up to four of these under one length. X.691 11.9.3.8 */
const FRAGMENT = 16_384;
/** From here on a constraint on the size does not shorten the length any more. X.691 11.9.4.1 */
const LONG_SIZE = 65_536;

const bitsFor = (range: number): number => 32 - Math.clz32(range);
const octetsFor = (value: number): number => (value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4);

/** A number between two bounds that lie 2^32 - 1 apart at most. X.691 11.5.7 */
export function readWhole(reader: BitReader, min: number, max: number): number {
  const range = max - min;
  let value: number;
  if (range === 0) return min;
  if (range < 255) value = reader.bits(bitsFor(range));
  else {
    const count = range > 65_535 ? readWhole(reader, 1, octetsFor(range)) : octetsFor(range);
    value = reader.octets(count).readUIntBE(0, count);
  }
  if (value > range) throw new H323Error(`${min + value} is above ${max}`);
  return min + value;
}

export function writeWhole(writer: BitWriter, number: number, min: number, max: number): void {
  if (!Number.isInteger(number) || number < min || number > max)
    throw new H323Error(`${number} is not a whole number from ${min} to ${max}`);
  const [range, value] = [max - min, number - min];
  if (range === 0) return;
  if (range < 255) {
    writer.bits(value, bitsFor(range));
    return;
  }
  const count = range > 65_535 ? octetsFor(value) : octetsFor(range);
  if (range > 65_535) writeWhole(writer, count, 1, octetsFor(range));
  writer.align();
  writer.bits(value, count * 8);
}

/** A number that is small as a rule, such as the index of an addition. X.691 11.6 */
export function readSmall(reader: BitReader): number {
  if (!reader.bit()) return reader.bits(6);
  const count = reader.octets(1)[0] ?? 0;
  if (count === 0 || count > 4) throw new H323Error(`a number of ${count} octets`);
  return reader.octets(count).readUIntBE(0, count);
}

export function writeSmall(writer: BitWriter, value: number): void {
  writer.bit(value > 63);
  if (value <= 63) writer.bits(value, 6);
  else {
    writer.octets(Uint8Array.of(octetsFor(value)));
    writer.bits(value, octetsFor(value) * 8);
  }
}

/** The number of bits of an additions' bitmap. X.691 11.9.3.4 */
export function readSmallLength(reader: BitReader): number {
  if (!reader.bit()) return reader.bits(6) + 1;
  let total = 0;
  readFragments(reader, count => {
    total += count;
    if (total >= FRAGMENT) throw new H323Error('too many additions');
  });
  return total;
}

export function writeSmallLength(writer: BitWriter, count: number): void {
  writer.bit(count > 64);
  if (count <= 64) writer.bits(count - 1, 6);
  else writeFragments(writer, count, () => undefined);
}

const isShort = (size: Size): size is Size & { max: number } => (size.max ?? LONG_SIZE) < LONG_SIZE;

/** Calls `take` with the number of units that follow: once, or for each fragment of a long value. */
export function readSized(reader: BitReader, size: Size, take: (count: number) => void): void {
  if (isShort(size)) take(readWhole(reader, size.min, size.max));
  else readFragments(reader, take);
}

/** Calls `put` for the units of each fragment. */
export function writeSized(
  writer: BitWriter,
  size: Size,
  count: number,
  put: (from: number, count: number) => void,
): void {
  if (count < size.min || count > (size.max ?? count))
    throw new H323Error(`a length of ${count}, not ${size.min} to ${size.max ?? 'any'}`);
  if (!isShort(size)) writeFragments(writer, count, put);
  else {
    writeWhole(writer, count, size.min, size.max);
    put(0, count);
  }
}

/** X.691 11.9.3.5 to 11.9.3.8 */
function readFragments(reader: BitReader, take: (count: number) => void): void {
  for (;;) {
    const first = reader.octets(1)[0] ?? 0;
    if (first < 0xc0) {
      take(first < 0x80 ? first : (first & 0x3f) * 256 + (reader.octets(1)[0] ?? 0));
      return;
    }
    const fragments = first & 0x3f;
    if (fragments === 0 || fragments > 4) throw new H323Error(`a length of ${fragments} fragments`);
    take(fragments * FRAGMENT);
  }
}

function writeFragments(writer: BitWriter, count: number, put: (from: number, count: number) => void): void {
  let from = 0;
  for (let left = count; left >= FRAGMENT; left = count - from) {
    const fragments = Math.min(4, Math.floor(left / FRAGMENT));
    writer.octets(Uint8Array.of(0xc0 | fragments));
    put(from, fragments * FRAGMENT);
    from += fragments * FRAGMENT;
  }
  const last = count - from;
  writer.octets(last < 0x80 ? Uint8Array.of(last) : Uint8Array.of(0x80 | (last >> 8), last & 0xff));
  put(from, last);
}

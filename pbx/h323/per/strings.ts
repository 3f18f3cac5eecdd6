// Strings of octets, bits and characters, large integers and object identifiers (X.691 16, 17, 24, 30, 13.2.6), read and written.
import { H323Error } from '../error.ts';
import type { BitReader } from './bit-reader.ts';
import type { BitWriter } from './bit-writer.ts';
import { readSized, writeSized } from './numbers.ts';
import type { Alphabet, Bits, Size } from './schema.ts';

/** Of an object identifier or a large integer: keys of H.235 have 2048 bits. */
const MOST_OCTETS = 512;
/** Of one arc of an object identifier: a UUID as an arc has 19. */
const ARC_OCTETS = 19;
const anySize: Size = { min: 0 };

/** A short string of a fixed length is not aligned. X.691 16.9, 17.6, 30.5.6 */
const isPacked = ({ min, max }: Size, unitBits: number): boolean => min === max && max * unitBits <= 16;

export function readOctets(reader: BitReader, size: Size): Buffer {
  if (isPacked(size, 8)) return Buffer.from(Array.from({ length: size.min }, () => reader.bits(8)));
  const parts: Buffer[] = [];
  readSized(reader, size, count => {
    if (count > 0) parts.push(reader.octets(count));
  });
  return joined(parts);
}

export function writeOctets(writer: BitWriter, bytes: Uint8Array, size: Size): void {
  writeSized(writer, size, bytes.length, (from, count) => {
    if (isPacked(size, 8)) for (const octet of bytes) writer.bits(octet, 8);
    else if (count > 0) writer.octets(bytes.subarray(from, from + count));
  });
}

export function readBits(reader: BitReader, size: Size): Bits {
  let length = 0;
  const parts: Buffer[] = [];
  readSized(reader, size, count => {
    length += count;
    if (count === 0) return;
    if (!isPacked(size, 1)) reader.align();
    // All fragments but the last one are whole octets.
    const whole = isPacked(size, 1) ? Buffer.alloc(0) : reader.octets(count >> 3);
    const rest = count - whole.length * 8;
    const last = Buffer.alloc((rest + 7) >> 3);
    for (let at = 0; at < rest; at += 1) if (reader.bit()) last[at >> 3] = (last[at >> 3] ?? 0) | (0x80 >> (at & 7));
    parts.push(whole, last);
  });
  return { length, bytes: joined(parts) };
}

export function writeBits(writer: BitWriter, { length, bytes }: Bits, size: Size): void {
  if (bytes.length !== (length + 7) >> 3) throw new H323Error(`${length} bits in ${bytes.length} octets`);
  writeSized(writer, size, length, (from, count) => {
    if (count > 0 && !isPacked(size, 1)) writer.align();
    for (let at = from; at < from + count; at += 1) writer.bit(((bytes[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0);
  });
}

export function readCharacters(reader: BitReader, size: Size, alphabet: Alphabet): string {
  const isUnaligned = unaligned(size, alphabet);
  let text = '';
  readSized(reader, size, count => {
    if (count > 0 && !isUnaligned) reader.align();
    for (let at = 0; at < count; at += 1) text += characterOf(reader.bits(alphabet.bits), alphabet);
  });
  return text;
}

export function writeCharacters(writer: BitWriter, text: string, size: Size, alphabet: Alphabet): void {
  writeSized(writer, size, text.length, (from, count) => {
    if (count > 0 && !unaligned(size, alphabet)) writer.align();
    for (let at = from; at < from + count; at += 1) writer.bits(codeOf(text, at, alphabet), alphabet.bits);
  });
}

/** X.691 30.5.7 */
const unaligned = (size: Size, { bits }: Alphabet): boolean =>
  isPacked(size, bits) || (size.max !== undefined && size.max * bits < 16);

function characterOf(code: number, { characters, highest }: Alphabet): string {
  const character = characters === undefined ? String.fromCharCode(code) : characters[code];
  if (character === undefined || character.charCodeAt(0) > highest)
    throw new H323Error(`code ${code} is no character of this string`);
  return character;
}

function codeOf(text: string, at: number, { characters, highest }: Alphabet): number {
  const code = characters === undefined ? text.charCodeAt(at) : characters.indexOf(text.charAt(at));
  if (code < 0 || code > highest) throw new H323Error(`"${text.charAt(at)}" is no character of this string`);
  return code;
}

/** INTEGER without bounds: two's complement in the fewest octets. */
export function readBigInteger(reader: BitReader): bigint {
  const bytes = readLimited(reader);
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

export function writeBigInteger(writer: BitWriter, value: bigint): void {
  let octets = 1;
  while (BigInt.asIntN(octets * 8, value) !== value) {
    octets += 1;
    if (octets > MOST_OCTETS) throw new H323Error(`an integer of more than ${MOST_OCTETS} octets`);
  }
  const digits = BigInt.asUintN(octets * 8, value).toString(16);
  writeOctets(writer, Buffer.from(digits.padStart(octets * 2, '0'), 'hex'), anySize);
}

/** The first two arcs share a number. X.690 8.19.4 */
export function readObjectIdentifier(reader: BitReader): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  let octets = 0;
  for (const octet of readLimited(reader)) {
    if (octets === 0 && octet === 0x80) throw new H323Error('an arc with leading zeros');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    octets = octet >= 0x80 ? octets + 1 : 0;
    if (octets === ARC_OCTETS) throw new H323Error(`an arc of more than ${ARC_OCTETS} octets`);
    if (octets > 0) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const first = arcs.shift();
  if (octets > 0 || first === undefined) throw new H323Error('an object identifier that ends within an arc');
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...arcs].join('.');
}

export function writeObjectIdentifier(writer: BitWriter, text: string): void {
  const [root, second, ...arcs] = /^[0-2](\.\d{1,41})+$/.test(text) ? text.split('.').map(BigInt) : [];
  if (root === undefined || second === undefined || (root < 2n && second > 39n))
    throw new H323Error(`"${text}" is no object identifier`);
  const octets = [root * 40n + second, ...arcs].flatMap(arc => {
    const groups = [Number(arc & 0x7fn)];
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 0x7fn) | 0x80);
    return groups;
  });
  if (octets.length > MOST_OCTETS) throw new H323Error(`an object identifier of more than ${MOST_OCTETS} octets`);
  writeOctets(writer, Buffer.from(octets), anySize);
}

function readLimited(reader: BitReader): Buffer {
  let bytes = Buffer.alloc(0);
  readSized(reader, anySize, count => {
    if (count === 0 || count > MOST_OCTETS) throw new H323Error(`${count} octets, not 1 to ${MOST_OCTETS}`);
    bytes = Buffer.from(reader.octets(count));
  });
  return bytes;
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));

// Mutations of bytes, each a pure function of its source of chance: the same seed gives the same bytes.
import type { Random } from '../../shared/clock.ts';

/** @param other another valid message of the same target */
export type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** No mutation makes a message longer than this. */
export const MAX_BYTES = 8 * 1024 * 1024;

export const pick = <T>(random: Random, list: readonly T[]): T => {
  const found = list[random.int(0, list.length - 1)];
  if (found === undefined) throw new Error('there is nothing to pick from');
  return found;
};

export const numbers: readonly string[] = [
  ...['0', '-1', '1', '00000000000000000001', '65535', '65536', '2147483648', '4294967296', '9007199254740992'],
  ...['1e308', '1e9', 'NaN', 'Infinity', '-0', '0x10', '+5', '1.5', '99999999999999999999999999', '٣', ''],
];

/** Pieces that mean something to one of the grammars. */
const pieces: readonly string[] = [
  ...['\r\n', '\r\n\r\n', '\n', '\r', '\0', ' ', '\t', '\r\n ', ';', ',', ':', '"', "'", '\\', '<', '>', '(', ')', '='],
  ...['%00', '%ff', '%', '../', '//', '@', '[', ']', '[::1]', '::', '127.0.0.1', '{', '}', '[]', 'null', '__proto__'],
  ...['<!--', '-->', '<![CDATA[', ']]>', '<!DOCTYPE a [<!ENTITY b "c">]>', '&#0;', '&#x10ffff;', '&b;', '<a/>'],
  ...['Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'Expect: 100-continue\r\n'],
  ...[
    'Content-Encoding: gzip\r\n',
    'Via: SIP/2.0/UDP a;branch=z9hG4bK\r\n',
    'Max-Forwards: 0\r\n',
    'Route: <sip:a>\r\n',
  ],
  ...[
    'SIP/2.0',
    'HTTP/1.1',
    'HTTP/0.9',
    'INVITE',
    'GET',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'constructor',
    '\ud83d\ude00',
  ],
];

const between = (random: Random, bytes: Buffer): [from: number, to: number] => {
  const from = random.int(0, bytes.length);
  return [from, Math.min(bytes.length, from + random.int(1, pick(random, [4, 16, 64, 400])))];
};

const joined = (...parts: readonly (Buffer | string)[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part))).subarray(0, MAX_BYTES);

/** Words of a text, with their places; only the beginning of a long one is looked at. */
function words(bytes: Buffer, pattern: RegExp): { from: number; to: number }[] {
  const text = bytes.subarray(0, 65_536).toString('latin1');
  return [...text.matchAll(pattern)].map(({ index, 0: word }) => ({ from: index, to: index + word.length }));
}

function replaceWord(bytes: Buffer, random: Random, pattern: RegExp, by: (word: Buffer) => Buffer | string): Buffer {
  const found = words(bytes, pattern);
  if (found.length === 0) return bytes;
  const { from, to } = pick(random, found);
  return joined(bytes.subarray(0, from), by(bytes.subarray(from, to)), bytes.subarray(to));
}

/** Most repetitions are few, since many cost the sender more than the target. */
function repetitions(random: Random): number {
  const chance = random.next();
  return chance < 0.6 ? 1000 : chance < 0.85 ? 10_000 : chance < 0.97 ? 100_000 : 1_000_000;
}

function repeated(piece: Buffer, times: number): Buffer {
  const most = Math.max(1, Math.floor(MAX_BYTES / 2 / Math.max(1, piece.length)));
  return Buffer.alloc(piece.length * Math.min(times, most), piece);
}

/** Only a beginning of a line is tried, so that a long line costs no more than its length. */
const line = /^[^\n]+\n?/gm;
const word = /[\w.-]+/g;

export const mutations: Readonly<Record<string, Mutation>> = {
  flip(bytes, random) {
    const changed = Buffer.from(bytes);
    for (let count = random.int(1, 16); count > 0 && changed.length > 0; count--)
      changed[random.int(0, changed.length - 1)]! ^= 1 << random.int(0, 7);
    return changed;
  },
  overwrite(bytes, random) {
    const changed = Buffer.from(bytes);
    for (let count = random.int(1, 8); count > 0 && changed.length > 0; count--)
      changed[random.int(0, changed.length - 1)] = pick(random, [0, 1, 0x7f, 0x80, 0xff, 0xfe, random.int(0, 255)]);
    return changed;
  },
  drop(bytes, random) {
    const [from, to] = between(random, bytes);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  duplicate(bytes, random) {
    const [from, to] = between(random, bytes);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  repeat(bytes, random) {
    const found = words(bytes, pick(random, [word, /[^\w\s]/g, /\s+/g, line]));
    if (found.length === 0) return bytes;
    const { from, to } = pick(random, found);
    const many = repeated(bytes.subarray(from, to), repetitions(random));
    return joined(bytes.subarray(0, to), many, bytes.subarray(to));
  },
  number: (bytes, random) => replaceWord(bytes, random, /\d+/g, () => pick(random, numbers)),
  longNumber: (bytes, random) =>
    replaceWord(bytes, random, /\d+/g, () =>
      repeated(Buffer.from(pick(random, ['9', '0', '1.'])), repetitions(random)),
    ),
  value: (bytes, random) =>
    replaceWord(bytes, random, /(?<=[:=>"])[^\r\n<>"]+/g, () => pick(random, ['', ...pieces, ...numbers])),
  header(bytes, random) {
    return replaceWord(bytes, random, line, found => {
      const text = found.toString('latin1');
      const name = /^[^:\r\n]*/.exec(text)?.[0] ?? '';
      const other = pick(random, [
        `${name}:\r\n`,
        `${name}: ${pick(random, numbers)}\r\n`,
        `${text}${text}`,
        '',
        ` ${text}`,
        `${name} : x\r\n`,
      ]);
      return Buffer.from(other, 'latin1');
    });
  },
  insert(bytes, random) {
    const at = random.int(0, bytes.length);
    return joined(bytes.subarray(0, at), pick(random, pieces), bytes.subarray(at));
  },
  insertMany(bytes, random) {
    const at = random.int(0, bytes.length);
    return joined(
      bytes.subarray(0, at),
      repeated(Buffer.from(pick(random, pieces)), repetitions(random)),
      bytes.subarray(at),
    );
  },
  truncate: (bytes, random) => bytes.subarray(0, random.int(0, bytes.length)),
  splice: (bytes, random, other) =>
    joined(bytes.subarray(0, random.int(0, bytes.length)), other.subarray(random.int(0, other.length))),
  nest(bytes, random) {
    const [open, close] = pick(random, [
      ['<a>', '</a>'],
      ['<a', '>'],
      ['[', ']'],
      ['{"a":', '}'],
      ['(', ')'],
      ['"', '"'],
      ['<', '>'],
      ['<sip:a@', '>'],
      ['&amp;', ''],
    ] as const);
    const depth = pick(random, [1, 10, 65, 1000, 10_000]);
    const [from, to] = between(random, bytes);
    return joined(
      bytes.subarray(0, from),
      open.repeat(depth),
      bytes.subarray(from, to),
      close.repeat(depth),
      bytes.subarray(to),
    );
  },
  charset(bytes, random) {
    switch (random.int(0, 5)) {
      case 0:
        return Buffer.from(bytes.toString('latin1').slice(0, MAX_BYTES / 2), 'utf16le');
      case 1:
        return joined(
          Buffer.from([0xff, 0xfe]),
          Buffer.from(bytes.toString('latin1').slice(0, MAX_BYTES / 2), 'utf16le'),
        );
      case 2:
        return joined(Buffer.from([0xef, 0xbb, 0xbf]), bytes);
      case 3:
        return joined(
          `<?xml version="1.0" encoding="${pick(random, ['EBCDIC', 'UTF-16', 'ISO-8859-1', 'UTF-7', ''])}"?>`,
          bytes,
        );
      case 4:
        return replaceWord(bytes, random, word, () => Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8, 0x88]));
      default:
        return replaceWord(bytes, random, word, found => found.toString('latin1').toUpperCase());
    }
  },
};

const names = Object.keys(mutations);

/** One to three mutations, one after the other. */
export function mutate(bytes: Buffer, random: Random, other: Buffer): { bytes: Buffer; names: string[] } {
  const done: string[] = [];
  let changed = bytes;
  for (let count = pick(random, [1, 1, 1, 2, 2, 3]); count > 0; count--) {
    const name = pick(random, names);
    done.push(name);
    changed = mutations[name]!(changed, random, other);
  }
  return { bytes: changed, names: done };
}

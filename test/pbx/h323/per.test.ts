// Aligned packed encoding (X.691) by its parts: numbers, lengths, strings, additions, and refusals with their place.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { H323Error } from '../../../pbx/h323/error.ts';
import { decode } from '../../../pbx/h323/per/decode.ts';
import { encode } from '../../../pbx/h323/per/encode.ts';
import {
  bigInteger,
  bits,
  bmpString,
  boolean,
  choice,
  closedSequence,
  ia5String,
  integer,
  names,
  objectIdentifier,
  octets,
  optional,
  type Schema,
  sequence,
  sequenceOf,
  stringOf,
} from '../../../pbx/h323/per/schema.ts';

const hex = <Value>(schema: Schema<Value>, value: Value): string => encode(schema, value).toString('hex');
const again = <Value>(schema: Schema<Value>, value: Value): Value => decode(schema, encode(schema, value));
const fails = (work: () => unknown, message: RegExp): void => {
  assert.throws(work, (error: unknown) => error instanceof H323Error && message.test(error.message));
};

/** A bit before the value shows whether it is aligned. */
const behindBit = <Value>(schema: Schema<Value>): Schema<{ first: boolean; value: Value }> =>
  closedSequence({ first: boolean, value: schema }) as Schema<{ first: boolean; value: Value }>;

describe('packed encoding of numbers', () => {
  const cases: [title: string, min: number, max: number, value: number, expected: string][] = [
    ['no bits for a single value', 5, 5, 5, '80'],
    ['bits for a range of 255', 1, 255, 255, 'ff00'],
    ['an octet for a range of 256', 0, 255, 1, '8001'],
    ['two octets for a range of 257', 1, 257, 257, '800100'],
    ['two octets for a range of 64 K', 0, 65_535, 2, '800002'],
    ['a length and the fewest octets for a longer range', 0, 0xffff_ffff, 256, 'a00100'],
    ['a length of four for the largest', 0, 0xffff_ffff, 0xffff_ffff, 'e0ffffffff'],
  ];
  for (const [title, min, max, value, expected] of cases) {
    it(`takes ${title}`, () => {
      const schema = behindBit(integer(min, max));
      assert.equal(hex(schema, { first: true, value }), expected);
      assert.deepEqual(again(schema, { first: true, value }), { first: true, value });
    });
  }

  it('refuses a number outside its range', () => {
    fails(() => encode(integer(1, 5), 6), /^6 is not a whole number from 1 to 5$/);
    fails(() => encode(integer(1, 5), 1.5), /not a whole number/);
    fails(() => decode(integer(0, 4), Buffer.from('e0', 'hex')), /^7 is above 4$/);
  });

  it('takes the fewest octets of two’s complement for an integer without bounds', () => {
    const expected: [bigint, string][] = [
      [0n, '0100'],
      [127n, '017f'],
      [128n, '020080'],
      [-128n, '0180'],
      [-129n, '02ff7f'],
    ];
    for (const [value, encoding] of expected) {
      assert.equal(hex(bigInteger, value), encoding);
      assert.equal(again(bigInteger, value), value);
    }
  });
});

describe('packed encoding of strings', () => {
  it('keeps strings of every length, in fragments where they are long', () => {
    const lengths = [0, 1, 127, 128, 16_383, 16_384, 16_385, 32_768, 49_157];
    for (const length of lengths) {
      const value = Buffer.alloc(length, 'tandem');
      assert.deepEqual(again(octets(), value), value);
      assert.equal(again(ia5String(), value.toString()), value.toString());
      assert.deepEqual(again(bits(), { length: length * 8, bytes: value }), { length: length * 8, bytes: value });
    }
  });

  it('keeps lists in fragments', () => {
    const flags = Array.from({ length: 17_000 }, (_, at) => at % 3 === 0);
    assert.deepEqual(again(sequenceOf(boolean), flags), flags);
  });

  it('packs digits into four bits, by their place in the alphabet', () => {
    assert.equal(hex(stringOf('#*,0123456789', 1, 128), '200'), '045330');
    assert.equal(again(stringOf(' 0123456789', 1, 20), '0 9'), '0 9');
  });

  it('aligns no string of a fixed length up to 16 bits', () => {
    assert.equal(hex(behindBit(octets(2, 2)), { first: true, value: Buffer.of(0xff, 0xff) }), 'ffff80');
    assert.equal(hex(behindBit(octets(4, 4)), { first: true, value: Buffer.of(1, 2, 3, 4) }), '8001020304');
  });

  it('refuses characters outside the alphabet and lengths outside the size', () => {
    fails(() => encode(stringOf('01', 1, 4), '2'), /^"2" is no character of this string$/);
    fails(() => decode(stringOf('01', 1, 4), Buffer.from('00f0', 'hex')), /code 15 is no character/);
    fails(() => encode(bmpString(1, 4), ''), /a length of 0, not 1 to 4/);
    fails(() => encode(ia5String(), 'é'), /is no character/);
  });

  it('keeps object identifiers, those with a UUID as an arc too', () => {
    for (const text of ['0.0', '1.39', '2.999.3', '0.0.8.2250.0.7', '2.25.340282366920938463463374607431768211455'])
      assert.equal(again(objectIdentifier, text), text);
    for (const text of ['3.1', '1.40', '1', '', '1.2.', '0.0.x'])
      fails(() => encode(objectIdentifier, text), /is no object/);
    for (const damaged of ['00', '0180', '028001', '0181', `1e${'ff'.repeat(29)}7f`])
      fails(() => decode(objectIdentifier, Buffer.from(damaged, 'hex')), /arc|octets/);
  });
});

describe('packed encoding of what later versions added', () => {
  const first = sequence({ number: integer(0, 255), note: optional(ia5String(0, 10)) });
  const second = sequence(
    { number: integer(0, 255), note: optional(ia5String(0, 10)) },
    { flag: boolean, name: bmpString(1, 20) },
  );

  it('keeps unknown additions of a sequence, and sends them again', () => {
    const sent = encode(second, { number: 7, name: 'Ada' });
    const seen = decode(first, sent);
    assert.deepEqual(seen, { number: 7, unknownAdditions: [{ index: 1, bytes: encode(bmpString(1, 20), 'Ada') }] });
    assert.deepEqual(decode(second, encode(first, seen)), { number: 7, name: 'Ada' });
  });

  it('keeps an unknown alternative of a choice, and sends it again', () => {
    const early = choice(names('one', 'two'));
    const late = choice(names('one', 'two'), { ...names('three'), text: ia5String() });
    const seen = decode(early, encode(late, { text: 'four' }));
    assert.deepEqual(seen, { unknownAlternative: { index: 1, bytes: Buffer.from('\x04four') } });
    assert.deepEqual(decode(late, encode(early, seen)), { text: 'four' });
    assert.equal(decode(late, encode(late, 'three')), 'three');
  });

  it('takes any number of additions up to its limit', () => {
    const value = { number: 1, unknownAdditions: [{ index: 200, bytes: Buffer.of(9) }] };
    assert.deepEqual(again(first, value), value);
  });
});

describe('refusals of packed encoding', () => {
  const message = sequence({
    aliases: sequenceOf(choice({ digits: stringOf('0123456789', 1, 8), id: bmpString(1, 8) })),
  });

  it('name the place of a value that is not permitted', () => {
    fails(() => encode(message, { aliases: [{ id: 'a' }, { digits: '12x' }] }), /^aliases\[1\]\.digits: "x" is no/);
    const incomplete = {} as { aliases: [] };
    fails(() => encode(message, incomplete), /^aliases: is missing$/);
  });

  it('name the place where an encoding ends', () => {
    const bytes = encode(message, { aliases: [{ digits: '1' }, { id: 'abcdef' }] });
    fails(() => decode(message, bytes.subarray(0, -2)), /^aliases\[1\]\.id: the encoding ends within this value$/);
  });

  it('come at any end of an encoding, and nothing else does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        try {
          decode(message, Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof H323Error);
        }
      }),
    );
  });
});

// Pages of fax in Modified Huffman coding (ITU-T T.4).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blackCodes, whiteCodes } from '../../../../cpe/voice/fax/run-lengths.ts';
import { decodePage, encodePage, ROW_BYTES } from '../../../../cpe/voice/fax/t4.ts';
import { testPage } from '../../../../cpe/voice/fax/test-page.ts';

const row = fc.oneof(
  fc.uint8Array({ minLength: ROW_BYTES, maxLength: ROW_BYTES }).map(bytes => Buffer.from(bytes)),
  fc.tuple(fc.integer({ min: 0, max: ROW_BYTES }), fc.constantFrom(0, 255)).map(([at, byte]) => {
    const bytes = Buffer.alloc(ROW_BYTES, 255 - byte);
    return bytes.fill(byte, at);
  }),
);

describe('pages of fax', () => {
  it('decodes encoded pages to the same', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), rows => {
        assert.deepEqual(decodePage(encodePage({ rows })), { rows, damaged: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('has code words of which none begins another', () => {
    for (const { runs } of [whiteCodes, blackCodes]) {
      const words = [...runs.keys()].sort();
      assert.equal(words.length, 91);
      for (const [i, word] of words.entries()) assert.ok(!words[i + 1]?.startsWith(word), word);
      // An end of line cannot stand in a row.
      assert.ok(words.every(word => !word.startsWith('00000000')));
    }
  });

  it('codes an empty row and a black one as ITU-T T.4 has it', () => {
    const bits = (bytes: Buffer): string => [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('');
    const end = '000000000001';
    const [white, black] = [Buffer.alloc(ROW_BYTES), Buffer.alloc(ROW_BYTES, 255)];
    assert.ok(bits(encodePage({ rows: [white] })).startsWith(`${end}01001101100110101${end}`));
    assert.ok(bits(encodePage({ rows: [black] })).startsWith(`${end}0011010100000011001010000110111${end}`));
  });

  it('repeats the row above a damaged one, and counts it', () => {
    const { rows } = testPage(20);
    const bytes = encodePage({ rows });
    bytes[Math.floor(bytes.length / 2)] = 0xaa;
    const found = decodePage(bytes);
    assert.ok(found.damaged >= 1 && found.damaged <= 2);
    assert.ok(Math.abs(found.rows.length - rows.length) <= 1);
    assert.deepEqual(found.rows[0], rows[0]);
    assert.deepEqual(found.rows.at(-1), rows.at(-1));
  });

  it('reads anything without a fault, and within bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), junk => {
        const { rows } = decodePage(Buffer.from(junk));
        assert.ok(rows.length <= 600 && rows.every(one => one.length === ROW_BYTES));
      }),
      { numRuns: 500 },
    );
  });
});

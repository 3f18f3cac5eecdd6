// CSV as it is read: whatever separator and line end, and each bad input refused by its line.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCsv } from '../../../../acs/north/csv.ts';
import { UserError } from '../../../../shared/errors.ts';
import { inParts, parseCsv } from '../../../support/csv.ts';

const cellOf = (text: string, isQuoted: boolean): string =>
  isQuoted || /[",;\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;

describe('CSV reader', () => {
  it('reads what was written, with any separator, line end, quotes and byte order mark', async () => {
    const textArb = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\t', '\n', '\r\n', ' x', "'") });
    const rowArb = fc.tuple(textArb, textArb, fc.constantFrom('x', 'y'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowArb, { maxLength: 6 }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        async (rows, separator, end, isQuoted, size) => {
          const lines = [['one', 'two', 'three'], ...rows].map(row =>
            row.map(text => cellOf(text, isQuoted)).join(separator),
          );
          const read = await parseCsv(`\ufeff${lines.join(end)}${end}`, size);
          assert.deepEqual(
            read.map(({ row }) => [row.one, row.two, row.three]),
            rows.map(row => row.map(text => text.trim())),
          );
        },
      ),
      { seed: 9 },
    );
  });

  it('reads or refuses any text, with the line of what is wrong', async () => {
    const anyArb = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\t', '\n', '\r', '\0'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(anyArb, async text => {
        try {
          await parseCsv(text);
        } catch (error) {
          assert.ok(error instanceof UserError && ['bad-csv', 'empty-csv'].includes(error.code), String(error));
        }
      }),
      { seed: 9, numRuns: 500 },
    );
  });

  const wrong: [string, string, RegExp][] = [
    ['half a quote at the end', 'id,a\n1,x\n2,"open', /^line 3: an unclosed quote/],
    ['a quote inside a field', 'id\n1"2', /^line 2: an unclosed quote, or a quote inside/],
    ['text behind a quote', 'id\n"1"2', /^line 2:/],
    ['a lone carriage return', 'id\n1\r2', /^line 2:/],
    ['a column that stands twice', 'id,tags,id\n1,,', /^column 'id' is in the header twice/],
    ['too many fields', 'id;a\n1;2\n\n1;2;3', /^line 4 has 3 fields, but the header has 2/],
    ['a line of 10 MB', `id\n1\n${'x'.repeat(10_000_000)}`, /^line 3: longer than 65536 characters/],
    ['a quoted field of 10 MB', `id\n"${'x\n'.repeat(5_000_000)}"`, /^line 2: longer than 65536 characters/],
    ['a header of 10 MB', 'x'.repeat(10_000_000), /^line 1: longer than/],
  ];
  for (const [what, text, detail] of wrong)
    it(`refuses ${what}`, async () => {
      await assert.rejects(
        parseCsv(text, 65_536),
        (error: unknown) => error instanceof UserError && error.code === 'bad-csv' && detail.test(error.message),
      );
    });

  it('reads records as they are taken, whatever stands behind them', async () => {
    const { columns, records } = await readCsv(inParts(`id\tname\n1\ta\n2\t"b`, 3));
    assert.deepEqual(columns, ['id', 'name']);
    const reading = records[Symbol.asyncIterator]();
    assert.deepEqual((await reading.next()).value, { line: 2, row: { id: '1', name: 'a' } });
    await assert.rejects(reading.next(), /line 3/);
  });

  it('takes no more parts of a text than the next record needs', async () => {
    let taken = 0;
    const parts = function* (): Generator<string> {
      yield 'id,name\n';
      for (; taken < 10_000; taken++) yield `${taken},${'x'.repeat(990)}\n`;
    };
    const { records } = await readCsv(parts());
    const reading = records[Symbol.asyncIterator]();
    for (let at = 0; at < 1000; at++)
      assert.deepEqual((await reading.next()).value, { line: at + 2, row: { id: String(at), name: 'x'.repeat(990) } });
    assert.ok(taken < 1100, `${taken} parts`);
  });

  it('reads a record of 65,536 characters wherever its parts end', async () => {
    const long = 'y'.repeat(65_000);
    const text = `id,name\r\n1,"${long}"\r\n2,"${long}""\n"\r\n3,x\r\n`;
    for (const size of [1000, 65_535, 65_536, 65_549, 100_000]) {
      const rows = (await parseCsv(text, size)).map(({ line, row }) => [line, row.id, row.name?.length]);
      assert.deepEqual(rows, [
        [2, '1', 65_000],
        [3, '2', 65_001],
        [5, '3', 1],
      ]);
    }
  });
});

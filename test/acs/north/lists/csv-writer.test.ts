// CSV out: what is written is read back by the parser of CSV in, whatever the cells hold.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { csvLines } from '../../../../acs/north/lists/csv-writer.ts';
import { parseCsv } from '../../../support/csv.ts';

async function written(columns: readonly string[], rows: unknown[][], separator = ','): Promise<string> {
  const pages = async function* (): AsyncGenerator<unknown[][]> {
    yield rows.slice(0, 2);
    yield rows.slice(2);
  };
  const parts: Buffer[] = [];
  for await (const part of csvLines(columns, pages(), separator)) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** The cell with an apostrophe in front where a spreadsheet would take it for a formula. */
const defused = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && !/^-\d{1,15}(\.\d{1,15})?$/.test(text) ? `'${text}` : text;

const texts = fc.string({ unit: fc.constantFrom(...'a,;"\'=+-@ \t\r\n0.9é😀') });

describe('CSV of a list', () => {
  it('reads back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(texts, { minLength: 3, maxLength: 3 })), async rows => {
        const read = (await parseCsv(await written(['a', 'b', 'c'], rows))).map(({ row }) => [row.a, row.b, row.c]);
        const expected = rows.map(row => row.map(cell => defused(cell).trim()));
        // The reader leaves out lines without any text.
        assert.deepEqual(
          read,
          expected.filter((_, at) => rows[at]?.some(cell => cell !== '')),
        );
      }),
      { seed: Number(process.env.TANDEM_SEED ?? 4) },
    );
  });

  it('writes numbers, flags, nothing and objects, and quotes for either separator', async () => {
    const row = [-5, true, null, undefined, { a: 1 }, ['x'], 'a;b', 'a,b'];
    const columns = row.map((_, at) => `c${at}`);
    assert.equal(
      await written(columns, [row], ';'),
      `${columns.join(';')}\r\n-5;true;;;"{""a"":1}";"[""x""]";"a;b";"a,b"\r\n`,
    );
  });

  it('defuses formulas, and leaves negative numbers as they are', async () => {
    const cells = ['=1+1', '+1', '-1+1', '@SUM(A1)', '\tx', '-67', '-67.5', 'a=b'];
    const text = await written(
      ['a'],
      cells.map(cell => [cell]),
    );
    assert.deepEqual(text.split('\r\n').slice(1, -1), [
      "'=1+1",
      "'+1",
      "'-1+1",
      "'@SUM(A1)",
      "'\tx",
      '-67',
      '-67.5',
      'a=b',
    ]);
  });
});

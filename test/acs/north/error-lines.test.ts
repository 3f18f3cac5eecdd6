// Lines of errors in the texts of requests, and the bound of looking for them.
import assert from 'node:assert/strict';
import { UserError } from '../../../acs/errors.ts';
import { withLines } from '../../../acs/north/error-lines.ts';

describe('the lines of an error', () => {
  const error = new UserError(400, 'bad-input', 'body.set: expected an object');
  const textOf = (rows: number): string =>
    `{"rows": ${JSON.stringify(Array.from({ length: rows }, () => ({ a: 1 })))},\n"set": 1}`;

  it('are found in a text of some thousand rows', () => {
    const { lines } = withLines(error, textOf(10_000)).detail as { lines: { line: number }[] };
    assert.deepEqual(
      lines.map(({ line }) => line),
      [2],
    );
  });

  it('are not looked for in a text that would hold up everything else', () => {
    assert.equal(withLines(error, textOf(20_000)).detail.lines, undefined);
  });
});

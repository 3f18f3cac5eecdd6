// The size of results as JSON, by which a task keeps or leaves them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isLarger } from '../../../../acs/fleet/tasks/json-size.ts';

describe('size as JSON', () => {
  it('is told as JSON.stringify does, near the limit and far from it (property)', () => {
    // Text that JSON does not escape, of one to three bytes a character.
    const text = fc.stringMatching(/^[a-zäöü€.:/ ]{0,20}$/u);
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { minLength: 1, maxLength: 30 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), tie('value'), { minKeys: 1 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.integer({ min: -3, max: 3 }), (data, beside) => {
        const size = Buffer.byteLength(JSON.stringify(data));
        assert.equal(isLarger(data, size + beside), beside < 0);
        assert.equal(isLarger(data, size * 5), false);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

// Refusals are kept within bounds: the last ones, and a count for each row.
import assert from 'node:assert/strict';
import { Refusals } from '../../../pbx/policy/refusals.ts';
import { VirtualClock } from '../../../shared/clock.ts';

describe('the record of refusals', () => {
  const refusal = { what: 'registration', kind: 'SIP', remote: '127.0.0.1:9', encrypted: false } as const;

  it('keeps the last ones, the newest first, and counts all', () => {
    const clock = new VirtualClock();
    const refusals = new Refusals(clock, 3);
    for (let at = 0; at < 10; at++)
      refusals.add({ ...refusal, dir: String(at), row: `Table 2 row ${(at % 2) + 1}`, reason: 'x' });
    assert.deepEqual(
      refusals.all().map(({ dir }) => dir),
      ['9', '8', '7'],
    );
    assert.equal(refusals.total, 10);
    assert.deepEqual(
      [...refusals.byRow()],
      [
        ['Table 2 row 1', 5],
        ['Table 2 row 2', 5],
      ],
    );
  });

  it('clips the texts of a terminal', () => {
    const refusals = new Refusals(new VirtualClock());
    refusals.add({ ...refusal, dir: '9'.repeat(5000), product: 'p'.repeat(5000), row: 'r', reason: 'x' });
    const [one] = refusals.all();
    assert.ok((one?.dir.length ?? 0) < 300 && (one?.product?.length ?? 0) < 300);
  });
});

// Log lines that are written at most once an interval.
import assert from 'node:assert/strict';
import { VirtualClock } from '../../shared/clock.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';

describe('throttled log', () => {
  let clock: VirtualClock;
  let lines: (number | undefined)[];
  let throttled: ThrottledLog;
  const write = (key?: string): void => throttled.write(({ suppressed }) => lines.push(suppressed), key);
  beforeEach(() => {
    clock = new VirtualClock();
    lines = [];
    throttled = new ThrottledLog(clock);
  });

  it('writes one line a minute and counts those it left out', async () => {
    for (let count = 0; count < 5; count++) write();
    await clock.advance(59_999);
    write();
    assert.deepEqual(lines, [undefined]);
    await clock.advance(1);
    write();
    await clock.advance(60_000);
    write();
    assert.deepEqual(lines, [undefined, 5, undefined]);
  });

  it('limits each key by itself', () => {
    for (const key of ['a', 'b', 'a', 'b']) write(key);
    assert.equal(lines.length, 2);
  });

  it('writes again at once after a reset', () => {
    write();
    throttled.reset();
    write();
    assert.deepEqual(lines, [undefined, undefined]);
  });

  it('remembers a bounded number of keys', () => {
    for (let key = 0; key < 1001; key++) write(String(key));
    write('1000');
    assert.equal(lines.length, 1001);
    write('0');
    assert.equal(lines.length, 1002);
  });
});

// Guesses of PINs are counted by number and network, in memory that does not depend on the names that peers make up.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { GuessLimit } from '../../../pbx/policy/guess-limit.ts';
import { VirtualClock } from '../../../shared/clock.ts';

describe('the bound on guesses of PINs', () => {
  it('counts by number and network, for five minutes or until a right one', async () => {
    const clock = new VirtualClock();
    const guesses = new GuessLimit(clock);
    const wrong = (): void => {
      for (let at = 0; at < 10; at++) guesses.wrong('4100', '192.0.2.1');
    };
    wrong();
    const isOver = (): boolean[] =>
      [
        ['4100', '192.0.2.1'],
        ['4101', '192.0.2.1'],
        ['4100', '198.51.100.1'],
      ].map(([dir = '', address = '']) => guesses.isOver(dir, address));
    assert.deepEqual(isOver(), [true, false, false]);
    guesses.right('4100', '192.0.2.1');
    assert.deepEqual(isOver(), [false, false, false]);
    wrong();
    await clock.advance(5 * 60_000);
    assert.deepEqual(isOver(), [false, false, false]);
  });

  it('takes no more memory for long names', function () {
    this.timeout(20_000);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return (heapUsed + external) / 1e6;
    };
    const guesses = new GuessLimit(new VirtualClock());
    const before = used();
    const name = (at: number): string => Buffer.alloc(16_000, `${at} `).toString('latin1');
    for (let at = 0; at < 5000; at++) guesses.wrong(name(at), '192.0.2.1');
    const grown = used() - before;
    assert.ok(grown < 20, `${grown} MB`);
    assert.equal(guesses.isOver(name(1), '192.0.2.1'), false);
  });
});

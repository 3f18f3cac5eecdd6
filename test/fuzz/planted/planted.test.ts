// The fuzz can fail: each planted fault is found, and the command that is told shows it again.
import assert from 'node:assert/strict';
import { commandOf, failureText, lineOf } from '../report.ts';
import { type Failure, runTarget } from '../run.ts';
import { plantedTargets } from './targets.ts';

const SEED = 3;

describe('planted faults', function () {
  this.timeout(120_000);

  const found = async (name: string): Promise<{ failure: Failure; again: () => Promise<Failure | undefined> }> => {
    const target = plantedTargets.find(one => one.name === name);
    assert.ok(target);
    const outcome = await runTarget(target, { seed: SEED, seconds: 60 });
    const { failure } = outcome;
    assert.ok(failure, lineOf(outcome));
    assert.match(failureText(outcome), /again: npm run fuzz -- --seed 3 --case \d+(-\d+)? planted-/);
    const { from, to, index } = failure;
    const cases = index === undefined ? { from, to } : { from: index, to: index };
    return { failure, again: async () => (await runTarget(target, { seed: SEED, seconds: 60, ...cases })).failure };
  };

  it('that end a process are found, and one case shows it again', async () => {
    const { failure, again } = await found('planted-end');
    assert.equal(failure.kind, 'end');
    assert.ok(failure.index !== undefined);
    assert.ok(failure.lastLines.some(line => line.includes('a byte that is not ASCII')));
    assert.equal(commandOf('planted-end', failure), `npm run fuzz -- --seed 3 --case ${failure.index} planted-end`);
    assert.equal((await again())?.kind, 'end');
  });

  it('that hold the event loop are found, and one case shows it again', async () => {
    const { failure, again } = await found('planted-hang');
    assert.equal(failure.kind, 'hang');
    assert.ok(failure.index !== undefined);
    assert.equal((await again())?.kind, 'hang');
  });

  it('that leak are found, and the same cases show it again', async () => {
    const { failure, again } = await found('planted-leak');
    assert.equal(failure.kind, 'memory');
    assert.equal(failure.index, undefined);
    assert.equal((await again())?.kind, 'memory');
  });
});

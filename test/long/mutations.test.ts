// 200,000 damaged envelopes against both sides; other ones than `npm test` has.
import assert from 'node:assert/strict';
import { decodeDamaged, memoryInUse, openAcs, openUnit, postDamaged } from '../support/mutations.ts';

describe('3.5 Damaged envelopes, many', function () {
  this.timeout(3_600_000);

  it('reads or refuses 160,000', async () => {
    await decodeDamaged(1_000_000, 10_000);
    const before = memoryInUse();
    await decodeDamaged(1_010_000, 150_000);
    assert.ok(memoryInUse() - before < 32 << 20);
  });

  it('does the ACS no harm with 20,000 at every stage of a session', async () => {
    const acs = await openAcs();
    await postDamaged(acs, 2_000_000, 1000);
    const before = memoryInUse();
    await postDamaged(acs, 2_001_000, 19_000);
    assert.ok(memoryInUse() - before < 64 << 20);
    await acs.close();
  });

  it('does the unit no harm with 20,000 from its ACS', async () => {
    const unit = await openUnit();
    await unit.run(3_000_000, 1000);
    const before = memoryInUse();
    await unit.run(3_001_000, 19_000);
    assert.ok(memoryInUse() - before < 64 << 20);
    await unit.close();
  });
});

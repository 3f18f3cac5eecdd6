// Damaged envelopes against both sides, 20,000 of them: no crash, no hang, bounded memory, and a good session right after.
import assert from 'node:assert/strict';
import type { TestAcs } from '../support/acs/memory-acs.ts';
import { type DamagedAcs, decodeDamaged, memoryInUse, openAcs, openUnit, postDamaged } from '../support/mutations.ts';

const MEBIBYTE = 1 << 20;

describe('3.5 Damaged envelopes', function () {
  this.timeout(120_000);
  let acs: TestAcs | undefined;
  let unit: DamagedAcs | undefined;
  afterEach(async () => {
    await acs?.close();
    await unit?.close();
    acs = undefined;
    unit = undefined;
  });

  it('reads or refuses each of 16,000, and can encode again what it reads', async () => {
    const { read, refused } = await decodeDamaged(1, 16_000);
    assert.ok(read > 1000 && refused > 1000, `${read} read, ${refused} refused: the damage is too great or too small`);
  });

  it('keeps the ACS working after 2,000 at every stage of a session', async () => {
    acs = await openAcs();
    await postDamaged(acs, 20_001, 200);
    const before = memoryInUse();
    await postDamaged(acs, 20_201, 1800);
    assert.ok(memoryInUse() - before < 32 * MEBIBYTE);
  });

  it('keeps the unit working after 2,000 from its ACS', async () => {
    unit = await openUnit();
    await unit.run(40_001, 200);
    const before = memoryInUse();
    await unit.run(40_201, 1800);
    assert.ok(memoryInUse() - before < 32 * MEBIBYTE);
  });
});

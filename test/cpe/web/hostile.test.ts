// Damaged requests at the pages of a unit: it answers all of them, and without the token nothing changes.
import { holdsUnderDamage } from '../../support/cpe/web/hostile.ts';

describe('pages of a unit under damaged requests', () => {
  it('answer without a fault of their own, and change nothing without the token', () =>
    holdsUnderDamage(5000, 22)).timeout(120_000);
});

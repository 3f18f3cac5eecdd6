// Tens of thousands of faults in Chromium: they are groups, and the page stays small.
import assert from 'node:assert/strict';
import { pagesSuite } from './support/pages-world.ts';
import { seedFleet } from './support/seeded-fleet.ts';

const DEVICES = 4000;
const FAULTS_EACH = 10;
const CAUSES = 241;

pagesSuite('many faults in the pages', pages => {
  it('shows 40,000 faults as 100 groups and one row for the rest', async () => {
    const { world, open, complaints } = pages();
    await seedFleet(
      world.store,
      Array.from({ length: DEVICES }, (_, n) => ({
        serial: `M${n}`,
        firmware: `1.${n % 3}`,
        faults: Array.from({ length: FAULTS_EACH }, (_each, k) => {
          const cause = (n * FAULTS_EACH + k) % CAUSES;
          return { cause: `preset:p${cause}`, code: 9005 };
        }),
      })),
    );
    const page = await open('/faults');
    await page.getByRole('heading', { name: '40,000 faults in 241 groups' }).waitFor();
    assert.equal(await page.locator('summary').count(), 100);
    await page.getByText(/^141 more, 23,\d+ faults/).waitFor();
    const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
    assert.ok(nodes < 2500, `${nodes} nodes`);
    assert.deepEqual(complaints(), []);
  });
});

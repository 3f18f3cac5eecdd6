// A job understood and narrowed, in Chromium: the cause that failed devices have in common is left out of what is planned.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices, seededId } from '../support/seeded-devices.ts';
import { assertQuiet, shown } from '../support/shown.ts';

const GATEWAYS = 4;
const STORED = 12;

pagesSuite('what failed devices have in common', pages => {
  it('is named beside the reason, and left out of what is planned', async () => {
    const { world, call, open } = pages();
    const gateways: string[] = [];
    for (let at = 1; at <= GATEWAYS; at++) {
      const serial = `0090F800000${at}`;
      await (await world.gateway({ serial })).boot();
      gateways.push(`0090F8-4102S-${serial}`);
    }
    // Devices of one site, which do not answer.
    await seedDevices(world, STORED, () => ({ town: 'Villach', age: 0, productClass: '4102S' }));
    const stored = Array.from({ length: STORED }, (_, at) => at)
      .filter(at => seededId(at).includes('4102S'))
      .map(seededId);
    const ids = [...gateways, ...stored];
    const body = { id: 'wake', devices: { ids }, do: [{ connectionRequest: true }] };
    await call('POST', '/jobs', { ...body, waves: [GATEWAYS + 4], failure: { total: 2 } });
    await eventually('it is paused', async () => (await call('GET', '/jobs/wake')).state === 'paused', 30_000);
    const page = await open('/rollouts/wake');
    const why = page.getByRole('region', { name: /^Why 4 failed/ });
    await shown(why.getByText('4 of 4 have site.name Villach. Of the others, 0 %.'));
    await why.getByRole('button', { name: /^Leave Villach out/ }).press('Enter');
    const dialog = page.getByRole('dialog');
    assert.equal(await dialog.getByRole('textbox').inputValue(), 'site.name = "Villach"');
    await dialog.getByRole('button', { name: 'Leave out' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await shown(page.getByRole('region', { name: /left out$/ }).getByText('left out by an operator'));
    const { totals } = (await call('GET', '/jobs/wake')) as { totals: Record<string, number> };
    assert.deepEqual([totals.skipped, totals.planned], [stored.length - 4, 0]);
    assertQuiet(pages());
  });
});

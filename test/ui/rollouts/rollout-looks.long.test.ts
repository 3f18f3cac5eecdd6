// Rollouts and jobs, in Chromium: the rights of a viewer, progress as it comes, a server that is away, small screens.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';
import { assertQuiet, shown } from '../support/shown.ts';

const XSS = '<img src=x onerror=alert(1)>';

pagesSuite('rights, live progress and looks of rollouts', pages => {
  before(async () => {
    await seedDevices(pages().world, 20, number => (number < 4 ? { town: XSS } : {}));
    const wake = { id: 'wake', devices: { filter: 'online' }, do: [{ connectionRequest: true }] };
    await pages().call('POST', '/jobs', { ...wake, waves: [4], failure: { total: 2 }, parallelism: 4 });
    await eventually('paused', async () => (await pages().call('GET', '/jobs/wake')).state === 'paused', 30_000);
  });

  it('shows a viewer no action', async () => {
    const page = await pages().open('/rollouts/wake', { role: 'viewer' });
    await shown(page.getByText('Paused', { exact: true }));
    for (const name of ['Resume', 'Abort…', /^Retry/])
      assert.equal(await page.getByRole('button', { name }).count(), 0, String(name));
    await page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('link', { name: /Rollouts/ })
      .press('Enter');
    await shown(page.getByRole('link', { name: 'wake' }));
    assert.equal(await page.getByRole('link', { name: 'New rollout or job' }).count(), 0);
    assertQuiet(pages());
  });

  it('shows progress that another one makes, and what failed while the server was away', async () => {
    const { open, call } = pages();
    const page = await open('/rollouts/wake');
    await shown(page.getByText('Paused', { exact: true }));
    await call('POST', '/jobs/wake/abort', {});
    await shown(page.getByText('Aborted', { exact: true }));
    await page.context().setOffline(true);
    await page
      .getByRole('link', { name: /^Skipped/ })
      .first()
      .press('Enter');
    await shown(page.getByRole('alert').first());
    await shown(page.getByRole('heading', { name: 'wake' }));
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).first().press('Enter');
    await shown(
      page
        .getByRole('region', { name: 'Devices' })
        .getByRole('link', { name: /^0090F8/ })
        .first(),
    );
    pages().complaints();
  });

  it('fits 320 pixels in German', async () => {
    for (const path of ['/rollouts', '/rollouts/wake', '/rollouts/new?step=how&q=online&from=22:00&to=05:00']) {
      const page = await pages().open(path, { width: 320, theme: 'dark', locale: 'de' });
      await shown(page.getByRole('heading', { name: /Rollout|wake/ }).first());
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.equal(beyond, 0, path);
      await page.close();
    }
    assertQuiet(pages());
  });
});

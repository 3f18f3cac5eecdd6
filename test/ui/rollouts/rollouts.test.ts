// Rollouts and jobs, in Chromium: the list, one of them, and what an operator does with it.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';

const INTERVAL = 'Device.ManagementServer.PeriodicInformInterval';

pagesSuite('the pages of rollouts and jobs', pages => {
  before(async () => {
    const { world } = pages();
    await (await world.gateway()).boot();
    await (await world.gateway({ serial: '0090F8000002' })).boot();
  });

  it('shows none, and leads to the wizard', async () => {
    const page = await pages().open('/rollouts');
    await page.getByRole('heading', { name: 'There is no rollout and no job yet' }).waitFor();
    await page.getByRole('link', { name: 'New rollout or job' }).press('Enter');
    await page.getByLabel('Devices, as a filter').waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('plans a job by keyboard, starts it, and follows it to its end', async () => {
    const page = await pages().open('/rollouts/new');
    await page.keyboard.type('state = "enrolled"');
    await page.getByRole('link', { name: '2 devices fit' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('What is done').selectOption('set');
    await page.getByLabel('Values, one a line').fill(`${INTERVAL} = 600`);
    await page.getByRole('button', { name: 'Next' }).press('Enter');
    await page.getByLabel('Id').fill('interval');
    await page.getByLabel('Soak').fill('0');
    await page.getByLabel('Soak').press('Enter');
    await page.getByText('Wave 1: 1 device').waitFor();
    const address = page.url();
    await page.getByRole('button', { name: 'Start on 2 devices' }).press('Enter');
    await page.getByRole('heading', { name: 'interval' }).waitFor();
    await page.getByText('Done').first().waitFor();
    await eventually(
      'the job ends',
      async () => (await pages().call('GET', '/jobs/interval')).state === 'done',
      30_000,
    );
    await page.getByText(/^2/).first().waitFor();
    assert.match(address, /waves=/);
    assert.deepEqual(pages().complaints(), []);
  });
});

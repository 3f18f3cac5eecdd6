// The wizard of rollouts and jobs, in Chromium: a plan that stands in the address, tried out before it starts.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';
import { assertQuiet, shown } from '../support/shown.ts';

const DEVICES = 130;
const planOf = (plan: Record<string, string>): string => `/rollouts/new?${new URLSearchParams(plan)}`;

pagesSuite('the wizard of rollouts', pages => {
  const start = (page: Page) => page.getByRole('button', { name: /^Start on/ });
  before(async () => await seedDevices(pages().world, DEVICES));

  it('hands a plan to a second person by its address, who types the count and starts it', async () => {
    const { open, call } = pages();
    const first = await open('/rollouts/new');
    await first.keyboard.type('id exists');
    await first.keyboard.press('Enter');
    await shown(first.getByRole('link', { name: `${DEVICES} devices fit` }));
    await first.getByRole('button', { name: 'Next' }).press('Enter');
    await first.getByLabel('What is done').selectOption('tags');
    await first.getByLabel('Tags to add').fill('seen, twice');
    await first.getByRole('button', { name: 'Next' }).press('Enter');
    await first.getByLabel('Waves').fill('10, 50%');
    await first.getByLabel('Id').fill('seen');
    await first.getByRole('button', { name: 'Next' }).press('Enter');
    await shown(first.getByText('Wave 3: 55 devices'));
    await first.waitForURL(/id=seen/);
    const second = await open(new URL(first.url()).pathname.replace('/ui', '') + new URL(first.url()).search);
    for (const text of ['Wave 1: 10 devices', 'Wave 2: 65 devices', 'Wave 3: 55 devices'])
      await shown(second.getByText(text));
    assert.ok(await start(second).isDisabled());
    await second.getByLabel(`Type ${DEVICES} to start`).fill('13');
    assert.ok(await start(second).isDisabled());
    await second.getByLabel(`Type ${DEVICES} to start`).fill(String(DEVICES));
    await second.getByLabel(`Type ${DEVICES} to start`).press('Enter');
    await shown(second.getByRole('heading', { name: 'seen' }));
    const { do: steps, sizes, failure } = await call('GET', '/jobs/seen');
    assert.deepEqual(steps, [{ tags: { add: ['seen', 'twice'] } }]);
    assert.deepEqual(sizes, [10, 65, 55]);
    assert.deepEqual(failure, { action: 'pause', perWave: '3%', total: 100 });
    assertQuiet(pages());
  });

  it('clones a job into a plan of its own', async () => {
    const page = await pages().open('/rollouts/seen');
    await page.getByRole('button', { name: 'More: clone, copy as curl' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Clone…' }).press('Enter');
    await shown(page.getByRole('link', { name: `${DEVICES} devices fit` }));
    await page.getByRole('link', { name: 'What', exact: true }).press('Enter');
    assert.match(await page.getByLabel('Steps, a JSON list').inputValue(), /"twice"/);
    await page.getByLabel('Steps, a JSON list').fill('[{');
    await shown(page.getByText('This is no JSON list of steps.'));
    await page.getByRole('link', { name: 'Look and start' }).press('Enter');
    await shown(page.getByText('Say what is done.'));
    assert.equal(await start(page).count(), 0);
    assertQuiet(pages());
  });

  it('says what is wrong with a plan: filter, shares, devices, a count that has moved', async () => {
    const { open, world } = pages();
    const page = await open(planOf({ step: 'who', q: 'site.name = "Graz"', kind: 'tags', add: 'a' }));
    await page.getByRole('textbox', { name: /filter/i }).fill('colour =');
    await shown(page.getByText(/column/i).first());
    // The completions of a filter that cannot be read are refused.
    pages().complaints();
    await page.goto(
      `${pages().base}/ui${planOf({ step: 'look', q: 'id exists', kind: 'tags', add: 'a', waves: 'many' })}`,
    );
    await shown(page.getByRole('alert').getByText(/'many' is neither a number of devices nor a share/));
    pages().complaints();
    await page.goto(`${pages().base}/ui${planOf({ step: 'look', q: 'serial = "x"', kind: 'reboot' })}`);
    await shown(page.getByText('No device fits. There is nothing to start.'));
    assert.equal(await start(page).count(), 0);
    await page.goto(`${pages().base}/ui${planOf({ step: 'look', q: 'site.name = "Graz"', kind: 'tags', add: 'a' })}`);
    await shown(start(page));
    await seedDevices(world, 40, number => ({ serial: `MOVED${number}`, town: 'Graz' }));
    await start(page).press('Enter');
    await shown(
      page
        .getByRole('alert')
        .getByText(/moved|devices/)
        .first(),
    );
    pages().complaints();
  });

  it('keeps the plan through a sign-in in mid-work', async () => {
    const page = await pages().open(planOf({ step: 'how', q: 'online', kind: 'reboot', waves: '7' }));
    await page.getByLabel('Id').fill('kept-plan');
    await page.waitForURL(/kept-plan/);
    const user = await page.evaluate(
      async () => ((await (await fetch('/api/v1/session')).json()) as { user: string }).user,
    );
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Look and start' }).press('Enter');
    await page.getByLabel('Name').fill(user);
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
    await page.getByLabel('Password', { exact: true }).press('Enter');
    await shown(page.getByText('Wave 1: 7 devices'));
    assert.match(page.url(), /kept-plan/);
    pages().complaints();
  });
});

// Parts of screens whose call fails, in Chromium: each says so, and tries again; a dialog keeps what is typed.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices, seededId } from '../support/seeded-devices.ts';

const problem = {
  ...{ status: 503, contentType: 'application/problem+json' },
  body: JSON.stringify({ detail: 'the store rests', code: 'store-busy', hint: 'Wait a minute.' }),
};

interface Part {
  name: string;
  path: string;
  call: RegExp;
  /** The way to the part from its page. */
  open?: (page: Page) => Promise<void>;
  /** A text that is there once the call succeeds. */
  text?: string;
  /** Parts that make the same call. */
  calls?: number;
}

const parts: Part[] = [
  { name: 'the facets of devices', path: '/devices', call: /\/devices\/facets\?(?!.*top=1000)/, text: 'Firmware' },
  {
    ...{ name: 'the facts of a device', path: `/devices/${seededId(0)}/summary`, call: /\/facts$/ },
  },
  { name: 'the ranges of knocking', path: '/enrolment/knocking', call: /\/knocking\?/, text: 'Range', calls: 2 },
  {
    ...{ name: 'a role in its dialog', path: '/admin/roles?at=own', call: /\/roles\/own$/, text: 'May read' },
    open: async page => await page.getByRole('button', { name: 'Edit…' }).click(),
  },
  {
    ...{
      name: 'the files of an action',
      path: '/devices',
      call: /\/files\?/,
      text: 'No script, certificate or configuration is stored.',
    },
    open: async page => {
      await page.getByRole('button', { name: 'Act on all that match' }).click();
      await page.getByRole('menuitem', { name: /^Send file/ }).click();
    },
  },
];

pagesSuite('parts of the pages that fail', pages => {
  before(async () => {
    await seedDevices(pages().world, 40);
    await pages().call('PUT', '/roles/own', { operations: ['read'] });
  });

  for (const { name, path, call, open, text, calls = 1 } of parts)
    it(`say so and try again: ${name}`, async () => {
      const page = await pages().open('/help');
      await page.route(call, async route => await route.fulfill(problem));
      await page.goto(`${pages().base}/ui${path}`);
      await open?.(page);
      const alert = page.getByRole('alert').filter({ hasText: 'the store rests' }).first();
      await alert.getByText('Wait a minute.').waitFor();
      await page.unroute(call);
      const answered = page.waitForResponse(answer => call.test(answer.url()) && answer.ok());
      const again = page.getByRole('button', { name: 'Try again' });
      for (let left = calls; left > 0; left--) {
        await again.nth(left - 1).press('Enter');
        await eventually('it is asked for again', async () => (await again.count()) < left);
      }
      await answered;
      if (text !== undefined) await page.getByText(text).first().waitFor();
      await page.getByText('the store rests').first().waitFor({ state: 'detached' });
      assert.deepEqual(
        pages()
          .complaints()
          .filter(each => !each.includes('503')),
        [],
      );
    });

  it('keep a dialog open while its text is selected past its edge', async () => {
    const page = await pages().open('/devices');
    await page
      .getByRole('row', { name: /0090F8/ })
      .first()
      .waitFor();
    await page.keyboard.press('c');
    const input = page.getByRole('dialog').locator('input[data-focus]');
    await input.fill('site.name');
    const { x, y } = (await input.boundingBox()) ?? { x: 0, y: 0 };
    await page.mouse.move(x + 40, y + 8);
    await page.mouse.down();
    await page.mouse.move(5, 5, { steps: 3 });
    await page.mouse.up();
    assert.equal(await input.inputValue(), 'site.name');
    await page.mouse.click(5, 5);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

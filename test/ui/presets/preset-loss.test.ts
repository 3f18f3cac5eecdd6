// A preset by which gateways would lose the ACS: refused in the page before it is sent, left out, or forced by its number.
import assert from 'node:assert/strict';
import { pagesSuite } from '../support/pages-world.ts';
import { dgws, editorOf, level, onlyRefused, stored, textOf } from './preset-world.ts';

const strict = { when: dgws, set: { [level]: 'HostName' } };
const save = { name: 'Save', exact: true };

pagesSuite(
  'a preset that would lose devices, in the pages',
  pages => {
    before(async () => {
      const { world, call } = pages();
      const settings = { 'Cwmp.TransportCertificateValidation': 'NoValidation' };
      for (const serial of ['0090F8000001', '0090F8000002'])
        await (await world.gateway({ serial, trust: false, settings })).boot();
      await call('PUT', '/presets/hardening', { when: dgws, weight: 1 });
    });
    beforeEach(async () => {
      await pages().call('PUT', '/presets/hardening', { when: dgws, weight: 1 });
    });

    it('is refused beside the count and the reasons, and saved once they are left out', async () => {
      const { open, complaints } = pages();
      const page = await open('/presets/hardening');
      await editorOf(page).fill(textOf(strict));
      const note = page.getByRole('alert');
      await note.getByText('Would lose the ACS: 2 devices.').waitFor();
      await page.getByText('2 × no-ca').waitFor();
      const button = page.getByRole('button', save);
      assert.equal(await button.getAttribute('aria-disabled'), 'true');
      const why = await button.getAttribute('aria-describedby');
      assert.match(await page.locator(`#${why}`).innerText(), /Saving is refused \(would-lose-acs\)/);
      assert.match(await page.getByRole('img', { name: /^0 keep, 2 lose/ }).innerHTML(), /failed/);
      await page.keyboard.press('Control+s');
      assert.equal((await stored(pages(), 'hardening')).set, undefined);
      await page.getByRole('button', { name: 'Leave the 2 out of “when”' }).press('Enter');
      await page.getByText('Fits 0,').waitFor();
      await page.keyboard.press('Control+s');
      await page.getByText('hardening is saved.').waitFor();
      assert.match(String((await stored(pages(), 'hardening')).when), /and not id in \("0090F8-4102S-0090F8000001", /);
      assert.deepEqual(complaints(), []);
    });

    it('is refused by the server where no dry run was waited for, and forced by typing the number', async () => {
      const { open, complaints } = pages();
      const page = await open('/presets/hardening');
      await editorOf(page).fill(textOf(strict));
      await page.keyboard.press('Control+s');
      await page.getByText('Would lose the ACS: 2 devices.').waitFor();
      await page.getByRole('button', { name: 'Save all the same…' }).press('Enter');
      const dialog = page.getByRole('dialog');
      const confirm = dialog.getByRole('button', { name: 'Save, and lose them' });
      assert.equal(await confirm.isDisabled(), true);
      await page.keyboard.type('3');
      assert.equal(await confirm.isDisabled(), true);
      await page.keyboard.press('Backspace');
      await page.keyboard.type('2');
      await page.keyboard.press('Enter');
      await page.getByText('hardening is saved.').waitFor();
      assert.deepEqual(await stored(pages(), 'hardening'), strict);
      onlyRefused(complaints(), 409);
    });

    it('is refused where a login without an ACS would strand all of them', async () => {
      const { open, complaints } = pages();
      const page = await open('/presets/hardening');
      await editorOf(page).fill(textOf({ when: dgws, set: { 'Device.ManagementServer.Username': 'one' } }));
      await page.keyboard.press('Control+s');
      await page.getByText('Would lose the ACS: all of these devices.').waitFor();
      await page.getByText(/each device has its own login for this ACS/).waitFor();
      onlyRefused(complaints(), 409);
    });
  },
  { tls: true },
);

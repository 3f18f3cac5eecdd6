// Stored files, in Chromium.
import assert from 'node:assert/strict';
import { informOf } from '../support/devices.ts';
import { pagesSuite } from './support/pages-world.ts';

const EVIL = '<img src=x onerror=alert(1)>.svg';
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>';

pagesSuite('files in the pages', pages => {
  it('uploads an image, and shows how many devices run it', async () => {
    const { world, open, call, complaints } = pages();
    const facts = informOf('F1', Date.now(), ['1 BOOT']);
    await world.store.apply('0090F8-4102S-F1', 'informed', facts);
    const page = await open('/files');
    await page.getByText('No files are stored').waitFor();
    await page.getByRole('button', { name: 'Upload…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('File').setInputFiles({ name: EVIL, mimeType: 'image/svg+xml', buffer: Buffer.from(SVG) });
    assert.equal(await dialog.getByLabel('Name').inputValue(), '-img-src-x-onerror-alert-1--.svg');
    await dialog.getByLabel('Name').fill('dgw-49.img');
    await dialog.getByLabel('Version').fill('49.1.100');
    await dialog.getByRole('button', { name: 'Upload' }).click();
    await page.getByText('dgw-49.img is stored').waitFor();
    const row = page.getByRole('row', { name: /dgw-49.img/ });
    await row.getByRole('link', { name: '1', exact: true }).waitFor();
    assert.equal((await call('GET', '/files?count=true')).total, 1);
    await row.getByRole('link', { name: 'dgw-49.img' }).click();
    const drawer = page.getByRole('complementary', { name: 'dgw-49.img' });
    await drawer.getByText('49.1.100').waitFor();
    const download = page.waitForEvent('download');
    await drawer.getByRole('link', { name: 'Download' }).click();
    assert.equal((await download).suggestedFilename(), 'dgw-49.img');
    assert.deepEqual(complaints(), []);
  });

  it('says what a file is used by, and does not delete it', async () => {
    const { open, call, complaints, base } = pages();
    const stored = await fetch(`${base}/api/v1/files/site.cfg?type=script`, {
      method: 'PUT',
      headers: { authorization: 'Bearer test-token', 'content-type': 'application/octet-stream' },
      body: SVG,
    });
    assert.equal(stored.status, 201);
    await call('PUT', '/presets/by-script', { when: 'tag = "x"', script: 'site.cfg' });
    const page = await open('/files?at=site.cfg');
    const drawer = page.getByRole('complementary', { name: 'site.cfg' });
    await drawer.getByRole('link', { name: 'by-script' }).waitFor();
    await drawer.getByRole('button', { name: 'Delete…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It is in use by').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('used by preset by-script').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    assert.equal(complaints().length, 1);
    await call('DELETE', '/presets/by-script');
  });

  it('replaces a file by which devices lose the ACS only once their number is typed', async () => {
    const { open, call, complaints, base } = pages();
    await fetch(`${base}/api/v1/files/ca.pem?type=certificate`, {
      method: 'PUT',
      headers: { authorization: 'Bearer test-token', 'content-type': 'application/octet-stream' },
      body: 'one',
    });
    const page = await open('/files?at=ca.pem');
    let refused = 0;
    // The guard itself has tests of its own: here it refuses whatever is not forced.
    await page.route('**/api/v1/files/ca.pem?*', async route => {
      if (new URL(route.request().url()).searchParams.get('force') === 'true') return await route.continue();
      refused++;
      const problem = { code: 'would-lose-acs', detail: '3 devices would lose the ACS', count: 3, status: 409 };
      await route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(problem) });
    });
    await page.getByRole('button', { name: 'Replace…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replace ca.pem' });
    await dialog.getByLabel('File').setInputFiles({ name: 'x', mimeType: 'text/plain', buffer: Buffer.from('two') });
    await dialog.getByRole('button', { name: 'Upload' }).click();
    await dialog.getByRole('alert').getByText('3 devices would lose the ACS').first().waitFor();
    const anyway = dialog.getByRole('button', { name: 'Upload all the same' });
    assert.equal(await anyway.isDisabled(), true);
    await dialog.getByLabel(/type the number/).fill('3');
    await anyway.click();
    await page.getByText('ca.pem is stored').waitFor();
    const { items } = (await call('GET', '/files?type=certificate')) as { items: { size: number }[] };
    assert.deepEqual([refused, items[0]?.size], [1, 3]);
    complaints();
  });

  it('narrows the list by kind, and shows a viewer no button that changes', async () => {
    const { open, complaints } = pages();
    const page = await open('/files', { role: 'viewer' });
    await page.getByRole('row', { name: /site.cfg/ }).waitFor();
    await page.getByRole('link', { name: 'Certificate' }).click();
    await page.getByRole('row', { name: /site.cfg/ }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /ca.pem/ }).waitFor();
    assert.equal(new URL(page.url()).search, '?type=certificate');
    await page.getByRole('link', { name: 'ca.pem' }).click();
    await page.getByRole('complementary', { name: 'ca.pem' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Upload|Replace|Delete/ }).count(), 0);
    assert.deepEqual(complaints(), []);
  });

  it('goes through the rows by keys, opens one, and closes it with the focus back', async () => {
    const page = await pages().open('/files', { width: 1440 });
    const name = page.getByRole('link', { name: 'dgw-49.img' });
    await name.waitFor();
    while (!(await name.evaluate(link => link === document.activeElement))) await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'dgw-49.img' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary', { name: 'dgw-49.img' }).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'dgw-49.img');
  });
});

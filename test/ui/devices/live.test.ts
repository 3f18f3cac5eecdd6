// Live rows of the list of devices, in Chromium.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { seedDevices } from '../support/seeded-devices.ts';

pagesSuite('live rows of the list of devices', pages => {
  it('changes cells in place, greys what matches no more, and lets new matches wait', async () => {
    const { world, call, open, complaints } = pages();
    await seedDevices(world, 40);
    const gateway = await world.gateway({ serial: '0090F8000001' });
    await gateway.boot();
    const id = '0090F8-4102S-0090F8000001';
    await eventually(
      'it has come',
      async () => Number((await call('GET', `/devices?count=true&filter=id+%3D+%22${id}%22`)).total) === 1,
    );
    const wake = async (): Promise<unknown> => await call('POST', `/devices/${id}/connection-request`);
    await call('PATCH', `/devices/${id}`, { tags: { add: ['shown'] } });
    const page = await open(`/devices?q=${encodeURIComponent('tag = "shown" or tag = "fax"')}`);
    const row = page.getByRole('row', { name: /0090F8000001/ });
    await row.waitFor();
    await page.waitForResponse(answer => answer.url().includes('/events?devices='));
    await call('PATCH', `/devices/${id}`, { tags: { add: ['second'] } });
    await wake();
    await row.getByText('second').waitFor();
    await call('PATCH', `/devices/${id}`, { tags: { remove: ['shown'] } });
    await wake();
    await page.locator('tr.gone').waitFor();
    assert.match(String(await page.locator('tr.gone').textContent()), /0090F8000001/);
    await seedDevices(world, 45);
    await call('PATCH', `/devices/${id}`, { tags: { add: ['shown'] } });
    const chip = page.getByRole('button', { name: /new match/ });
    await chip.waitFor({ timeout: 20_000 });
    const before = await page.locator('tbody th a').allTextContents();
    assert.equal(before.length, 9);
    await chip.click();
    await page.getByRole('heading', { level: 1, name: /^10 devices/ }).waitFor();
    assert.equal(await page.locator('tr.gone').count(), 0);
    assert.deepEqual(complaints(), []);
  });

  it('are read again where the server has failed once', async () => {
    const { world, call, open, complaints } = pages();
    const gateway = await world.gateway({ serial: '0090F8000002' });
    await gateway.boot();
    const id = '0090F8-4102S-0090F8000002';
    const page = await open(`/devices?q=${encodeURIComponent(`serial = "0090F8000002"`)}`);
    const row = page.getByRole('row', { name: /0090F8000002/ });
    await row.waitFor();
    await page.waitForResponse(answer => answer.url().includes('/events?devices='));
    const [, failed] = await Promise.all([
      page.route(/filter=id\+in/, async route => await route.fulfill({ status: 503, body: '' })),
      page.waitForResponse(answer => answer.status() === 503),
      call('PATCH', `/devices/${id}`, { tags: { add: ['later'] } }),
      call('POST', `/devices/${id}/connection-request`),
    ]);
    assert.equal(failed.status(), 503);
    await page.unroute(/filter=id\+in/);
    await row.getByText('later').waitFor();
    assert.deepEqual(
      complaints().filter(text => !text.includes('503')),
      [],
    );
  });

  it('follows only the devices on screen, and has no line while the page is hidden', async () => {
    const { world, open, complaints } = pages();
    await seedDevices(world, 400);
    const page = await open('/devices');
    const [first] = await Promise.all([
      page.waitForRequest(request => request.url().includes('/events?devices=')),
      page.locator('tbody th a').first().waitFor(),
    ]);
    const devices = String(new URL(first.url()).searchParams.get('devices')).split(',');
    assert.ok(devices.length >= 10 && devices.length <= 40, `${devices.length} devices are followed`);
    const [second] = await Promise.all([
      page.waitForRequest(request => request.url().includes('/events?devices=')),
      page.keyboard.press('j').then(async () => await page.keyboard.press('End')),
    ]);
    assert.ok(!second.url().includes(encodeURIComponent(devices[0] ?? 'none')));
    const closed = page.waitForEvent('requestfailed', request => request.url().includes('/events'));
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await closed;
    const again = page.waitForRequest(request => request.url().includes('/events?devices='));
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await again;
    assert.deepEqual(complaints(), []);
  });
});

// Alerts and webhooks, in Chromium.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { informOf } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { type Pages, pagesSuite } from './support/pages-world.ts';

const LOCAL = { webhookAllow: ['127.0.0.0/8'] };
const EVIL = '<img src=x onerror=alert(1)>';

async function enrolled({ world }: Pages, serials: readonly string[]): Promise<void> {
  for (const serial of serials)
    await world.store.apply(`0090F8-4102S-${serial}`, 'informed', informOf(serial, Date.now(), ['1 BOOT']));
}

pagesSuite('alerts in the pages', pages => {
  it('says while an alert is typed for whom it would fire now, and makes it', async () => {
    await enrolled(pages(), ['A1', 'A2', 'B1']);
    const page = await pages().open('/alerts');
    await page.getByText('There are no alerts').waitFor();
    await page.getByRole('button', { name: 'New alert…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New alert' });
    await dialog.getByLabel('Name').fill('too-many');
    await dialog.getByLabel('Counts the devices that fit').fill('serial like "A%"');
    await dialog.getByText('It would fire now: 2 devices').waitFor();
    await dialog.getByLabel('Fires above so many devices').fill('5');
    await dialog.getByText('It would not fire: 2 devices fit').waitFor();
    await dialog.getByLabel('Fires above so many devices').fill('1');
    await dialog.getByLabel('Each value of').fill('productClass');
    await dialog.getByText('It would fire now for 1 group').waitFor();
    await dialog.getByRole('cell', { name: '4102S', exact: true }).waitFor();
    await dialog.getByLabel('Description').fill(EVIL);
    await page.keyboard.press('Enter');
    const row = page.getByRole('row', { name: /too-many/ });
    await row.getByText('fires').waitFor();
    const alert = await pages().call('GET', '/alerts/too-many');
    assert.deepEqual([alert.state, alert.above, alert.groupBy], ['firing', 1, 'productClass']);
    await row.getByRole('link', { name: 'too-many' }).click();
    const drawer = page.getByRole('complementary', { name: 'too-many' });
    await drawer.getByText(EVIL).waitFor();
    await drawer.getByRole('link', { name: '0090F8-4102S-A1' }).waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('says what is wrong with a filter, and keeps what was typed', async () => {
    const page = await pages().open('/alerts?new=serial+%3D');
    const dialog = page.getByRole('dialog', { name: 'New alert' });
    await dialog
      .getByText(/column 9|expected|value/i)
      .first()
      .waitFor();
    await dialog.getByLabel('Name').fill('broken');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').waitFor();
    assert.equal(await dialog.getByLabel('Counts the devices that fit').inputValue(), 'serial =');
    pages().complaints();
  });

  it('silences an alert for a time, and ends that', async () => {
    await enrolled(pages(), ['S1']);
    await pages().call('PUT', '/alerts/loud', { filter: 'serial = "S1"', description: 'kept' });
    const page = await pages().open('/alerts?at=loud');
    const drawer = page.getByRole('complementary', { name: 'loud' });
    await drawer.getByText('fires').waitFor();
    await drawer.getByRole('button', { name: 'Silence' }).press('Enter');
    await page.locator('[role="menuitem"]:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await drawer.getByText(/^silent until/).waitFor();
    const { silentUntil, description } = await pages().call('GET', '/alerts/loud');
    const hours = (Date.parse(String(silentUntil)) - Date.now()) / 3_600_000;
    assert.ok(hours > 7.9 && hours < 8.1 && description === 'kept', `${hours}`);
    await eventually('it needs no attention', async () => {
      const { items } = (await pages().call('GET', '/attention')) as { items: { name?: string }[] };
      return items.every(({ name }) => name !== 'loud');
    });
    await drawer.getByRole('button', { name: 'Not silent any more' }).click();
    await drawer.getByText('fires').waitFor();
    assert.equal((await pages().call('GET', '/alerts/loud')).silentUntil, undefined);
    assert.deepEqual(pages().complaints(), []);
  });

  it('changes an alert and deletes it', async () => {
    await pages().call('PUT', '/alerts/change', { filter: 'lost', above: { count: 2, share: 0.5 }, for: '15m' });
    const page = await pages().open('/alerts?at=change');
    const drawer = page.getByRole('complementary', { name: 'change' });
    await drawer.getByText('above 2 and 50 % for 15m').waitFor();
    await drawer.getByRole('button', { name: 'Edit…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Alert change' });
    assert.equal(await dialog.getByLabel('And above so much of them, in %').inputValue(), '50');
    await dialog.getByLabel('For at least').fill('2h');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await drawer.getByText('above 2 and 50 % for 2h').waitFor();
    assert.deepEqual((await pages().call('GET', '/alerts/change')).above, { count: 2, share: 0.5 });
    await drawer.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'change', exact: true }).waitFor({ state: 'detached' });
    assert.deepEqual(pages().complaints(), []);
  });
});

pagesSuite(
  'webhooks in the pages',
  pages => {
    let receiver: Server;
    let status = 204;
    before(async () => {
      receiver = createServer((request, response) => {
        request.resume().on('end', () => response.writeHead(status).end());
      });
      await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
    });
    after(() => receiver.close());

    it('makes a webhook whose key is shown once', async () => {
      const page = await pages().open('/alerts/webhooks');
      await page.getByText('There are no webhooks').waitFor();
      await page.getByRole('button', { name: 'New webhook…' }).click();
      const dialog = page.getByRole('dialog', { name: 'New webhook' });
      await dialog.getByLabel('Name').fill('noc');
      await dialog.getByLabel('Address').fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
      await dialog.getByLabel('fault', { exact: true }).check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      const key = dialog.getByText(/^whsec_/);
      await key.waitFor();
      await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
      await page.getByRole('row', { name: /noc.*delivers/ }).waitFor();
      const stored = await pages().call('GET', '/webhooks/noc');
      assert.deepEqual([stored.events, stored.secret], [['alert', 'fault'], '***']);
      assert.equal(await key.count(), 0);
      assert.deepEqual(pages().complaints(), []);
    });

    it('sends a test message, and tells what the receiver answers', async () => {
      const page = await pages().open('/alerts/webhooks?at=noc');
      const test = page.getByRole('button', { name: 'Send a test message' });
      await test.click();
      await page.getByText('The receiver answered 204').waitFor();
      status = 500;
      await test.click();
      await page.getByText('The receiver answered 500').waitFor();
      assert.deepEqual(pages().complaints(), []);
    });

    it('shows messages that wait with the reason, and tries them again', async () => {
      status = 500;
      await enrolled(pages(), ['W1']);
      const page = await pages().open('/alerts/webhooks');
      await page.getByRole('row', { name: /noc/ }).waitFor();
      await pages().call('PUT', '/alerts/fires', { filter: 'serial = "W1"' });
      await eventually('the message has failed once', async () => {
        const { items } = (await pages().call('GET', '/webhooks/noc/deliveries')) as { items: { attempts: number }[] };
        return items.some(({ attempts }) => attempts > 0);
      });
      await page.reload();
      await page
        .getByRole('row', { name: /noc.*waits/ })
        .getByRole('link', { name: 'noc' })
        .click();
      const waiting = page.getByRole('region', { name: 'Messages that wait' });
      await waiting.getByText('alert').waitFor();
      await waiting.getByText(/500/).waitFor();
      status = 204;
      await page.getByRole('button', { name: 'Try again now' }).click();
      await page.getByText('What was given up is tried again').waitFor();
      const { items } = (await pages().call('GET', '/audit?what=retryWebhook')) as { items: { target: string }[] };
      assert.equal(items[0]?.target, 'noc');
      assert.deepEqual(pages().complaints(), []);
    });

    it('shows a viewer the alerts, and neither webhooks nor buttons', async () => {
      await pages().call('PUT', '/alerts/seen', { filter: 'lost' });
      const page = await pages().open('/alerts', { role: 'viewer' });
      await page.getByRole('link', { name: 'seen' }).waitFor();
      assert.equal(await page.getByRole('link', { name: 'Webhooks' }).count(), 0);
      assert.equal(await page.getByRole('button', { name: /alert/i }).count(), 0);
      assert.deepEqual(pages().complaints(), []);
    });
  },
  LOCAL,
);

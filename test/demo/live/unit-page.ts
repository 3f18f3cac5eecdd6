// The picture of a unit's own pages: one gateway with a SIP server of its own, TLS switched on and waiting for its restart.
import type { Browser } from 'playwright-core';
import { servePages } from '../../../cpe/web/server.ts';
import { Gateways, set } from '../../support/cpe/gateways.ts';

export async function takeUnitPage(browser: Browser, file: string): Promise<void> {
  const on = await Gateways.open();
  const gateway = await on.up();
  const pages = await servePages({ host: '127.0.0.1', port: 0 }, gateway.device);
  try {
    await gateway.device.config.insert('Device.X_0090F8_SipEp.Gateway.', { Name: 'OpenSIPS' }, 'acs');
    await set(gateway, {
      'SipEp.Gateway[Name=OpenSIPS].NetworkInterface': 'Uplink',
      'SipEp.Gateway[Name=OpenSIPS].Port': '5062',
      'SipEp.Gateway[Name=OpenSIPS].SecurePort': '5061',
      'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable',
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, baseURL: pages.url });
    const page = await context.newPage();
    await page.goto('/login?to=%2Fsip%2Fgateways');
    await page.getByLabel('User Name').fill('admin');
    await page.getByLabel('Password').fill('administrator');
    await page.getByRole('button', { name: 'Login' }).click();
    await page.waitForURL('**/sip/gateways');
    await page.screenshot({ path: file });
    await context.close();
  } finally {
    await pages.stop();
    await on.close();
  }
}

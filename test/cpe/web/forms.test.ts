// Forms of the unit's pages: one press of a button is one change through the door of the ACS and of scripts, all or nothing.
import assert from 'node:assert/strict';
import type { Gateway } from '../../../cpe/gateway.ts';
import { Gateways, set } from '../../support/cpe/gateways.ts';
import { fieldsOf, openAsAdmin, openPages, type PagesClient } from '../../support/cpe/web/client.ts';

const GATEWAY = 'Device.X_0090F8_SipEp.Gateway.';

describe("forms of the unit's pages", () => {
  let on: Gateways;
  let gateway: Gateway;
  let web: PagesClient;
  beforeEach(async () => {
    on = await Gateways.open();
    gateway = await on.up();
    web = await openAsAdmin(gateway.device);
  });
  afterEach(async () => {
    await web.close();
    await on.close();
  });
  const value = (name: string): string | undefined => gateway.device.config.variable(name);
  const change: (
    ...rest: [path: string, typed: Record<string, string>, press?: string]
  ) => Promise<{ status: number; text: string }> = (...rest) => web.change(gateway.device, ...rest);

  it('add a gateway by its name, fill in its fields, and lead it to the page of servers', async () => {
    const added = await change('/sip/gateways', { [`${GATEWAY}+.Name`]: 'OpenSIPS' }, 'add:SipEp.Gateway');
    assert.match(added.text, /The row has been added/);
    const row = 'SipEp.Gateway[Name=OpenSIPS]';
    const filled = await change('/sip/gateways', {
      [`${row}.NetworkInterface`]: 'Uplink',
      [`${row}.Port`]: '5062',
      [`${row}.SecurePort`]: '5061',
    });
    assert.match(filled.text, /The changes have been saved.*/);
    assert.deepEqual(
      ['Type', 'NetworkInterface', 'Port', 'SecurePort'].map(column => value(`${row}.${column}`)),
      ['TrunkGateway', 'Uplink', '5062', '5061'],
    );
    assert.match(filled.text, /Some changes require to restart a service/);
    const server = 'SipEp.GwSpecificRegistration[GatewayName=OpenSIPS]';
    await change('/sip/servers', { [`${server}.EnableConfig`]: 'Enable', [`${server}.ServerHost`]: 'proxy.test:5061' });
    assert.equal(value(`${server}.ServerHost`), 'proxy.test:5061');
    const path = gateway.device.config.pathOf(`${row}.Port`)?.replace(/Port$/, '') ?? '';
    assert.match((await change('/sip/gateways', {}, `delete:${path}`)).text, /The row has been deleted/);
    assert.equal(value(`${row}.Port`), undefined);
  });

  it('save nothing where one field is wrong, say so at it, and keep what was typed', async () => {
    const row = 'SipEp.Gateway[Name=default]';
    const { status, text } = await change('/sip/gateways', { [`${row}.Port`]: '70000', [`${row}.SecurePort`]: '5071' });
    assert.equal(status, 422);
    assert.match(text, /id="wrong-Device\.X_0090F8_SipEp\.Gateway\.1\.Port">[^<]*70000 is out of range/);
    assert.match(text, /aria-invalid="true" inputmode="numeric" value="70000"/);
    assert.equal(fieldsOf(text)['v:Device.X_0090F8_SipEp.Gateway.1.SecurePort'], '5071');
    assert.equal(value(`${row}.SecurePort`), '0');
    const again = { [`${GATEWAY}+.Name`]: 'default' };
    assert.match((await change('/sip/gateways', again, 'add:SipEp.Gateway')).text, /id="wrong-[^"]*\+\.Name"/);
    assert.match((await change('/sip/gateways', again)).text, /Press \+ to add this row/);
    assert.match((await change('/sip/gateways', {}, 'add:SipEp.Gateway')).text, /A new row needs this/);
  });

  it('change what was typed alone: a value that another has set meanwhile stays', async () => {
    const fields = fieldsOf(await web.page('/sip/gateways'));
    await set(gateway, { 'SipEp.Gateway[Name=default].Port': '5070' });
    fields['v:Device.X_0090F8_SipEp.Gateway.1.SecurePort'] = '5071';
    assert.equal((await web.post('/sip/gateways', fields)).status, 303);
    assert.deepEqual(
      ['Port', 'SecurePort'].map(name => value(`SipEp.Gateway[Name=default].${name}`)),
      ['5070', '5071'],
    );
    const unchanged = await change('/sip/gateways', {});
    assert.match(unchanged.text, /Nothing was changed/);
  });

  it('take no field that is not on the page, and none of a reader', async () => {
    const fields = fieldsOf(await web.page('/sip/gateways'));
    const other = { ...fields, 'v:Device.X_0090F8_Web.ServerPort': '81', 'o:Device.X_0090F8_Web.ServerPort': '80' };
    assert.equal((await web.post('/sip/gateways', other)).status, 422);
    assert.equal(value('Web.ServerPort'), '80');
    const reader = await openPages(gateway.device);
    const read = await reader.page('/sip/gateways');
    assert.doesNotMatch(read, /<select|<input type="text"|>Apply</);
    const forged = { ...fields, token: fieldsOf(read).token, 'v:Device.X_0090F8_SipEp.Gateway.1.Port': '5099' };
    assert.equal((await reader.post('/sip/gateways', forged)).status, 422);
    const deleted = await reader.post('/sip/gateways', { token: forged.token, do: `delete:${GATEWAY}1.` });
    assert.equal(deleted.status, 422);
    assert.equal(value('SipEp.Gateway[Name=default].Port'), '0');
    await reader.close();
  });

  it('show help at fields that have a description, on every page that follows', async () => {
    const plain = await web.page('/sip/gateways');
    assert.match(plain, /<a href="\/sip\/gateways\?help">Show Help<\/a>/);
    assert.doesNotMatch(plain, /role="tooltip"/);
    const helped = await web.page('/sip/gateways?help');
    assert.match(helped, /<a href="\/sip\/gateways">Hide Help<\/a>/);
    assert.match(helped, /aria-describedby="help-(Device[^"]*\.Port)".*role="tooltip" id="help-\1">[^<]*5060/s);
    assert.match(helped, /<a href="\/sip\/servers\?help">Servers<\/a>/);
  });

  it('are changes of the unit itself to its ACS: all fields of a form come in one', async () => {
    const heard: unknown[] = [];
    gateway.device.config.watchers.watch((changes, source) => heard.push([changes.map(({ value }) => value), source]));
    const row = 'SipEp.Gateway[Name=default]';
    await change('/sip/gateways', { [`${row}.Port`]: '5070', [`${row}.SecurePort`]: '5071' });
    assert.deepEqual(heard, [[['5070', '5071'], 'web']]);
  });
});

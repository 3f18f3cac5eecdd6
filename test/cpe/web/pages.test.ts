// The pages of the unit as data: menu and tabs of the vendor, every variable one of the model, and pages made from the model.
import assert from 'node:assert/strict';
import type { Gateway } from '../../../cpe/gateway.ts';
import { pagesOf } from '../../../cpe/web/pages/pages.ts';
import { descriptions } from '../../../cpe/web/render/descriptions.ts';
import { fieldOf, type Part } from '../../../cpe/web/render/part.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { escaped } from '../../../shared/web/html-page.ts';
import { Gateways, set } from '../../support/cpe/gateways.ts';
import { fieldsOf, openAsAdmin, openPages, type PagesClient } from '../../support/cpe/web/client.ts';

describe("pages of the unit's menu", () => {
  let on: Gateways;
  let gateway: Gateway;
  let web: PagesClient;
  before(async () => {
    on = await Gateways.open();
    gateway = await on.up();
    web = await openAsAdmin(gateway.device);
  });
  after(async () => {
    await web.close();
    await on.close();
  });

  /** Names of the variables of a part that can be changed; each must be one of the model. */
  function changeable(part: Part, path: string): string[] {
    const { model, config } = gateway.device;
    if (part.kind === 'form') {
      const fields = part.fields.map(fieldOf);
      for (const { name } of fields) assert.notEqual(config.pathOf(name), undefined, `${path}: ${name}`);
      return fields.filter(({ isReadOnly }) => !isReadOnly).map(({ name }) => name);
    }
    if (part.kind !== 'table') return [];
    const def = model.table(part.table);
    assert.ok(def, `${path}: ${part.table}`);
    return part.columns.map(fieldOf).flatMap(({ name, isReadOnly }) => {
      const column = model.parameters.get(def.path + name);
      assert.ok(column, `${path}: ${part.table}.${name}`);
      return column.writable && !isReadOnly && !part.isReadOnly ? [`${part.table}.${name}`] : [];
    });
  }

  it('name variables and tables of the model alone, and no field twice on a page', () => {
    for (const { path, parts } of pagesOf(gateway.device)) {
      const fields = parts.filter(part => !part.isShown).flatMap(part => changeable(part, path));
      assert.deepEqual(
        fields.filter((name, at) => fields.indexOf(name) !== at),
        [],
        path,
      );
    }
  });

  it('are all there for a login, each with its tab in the menu', async () => {
    for (const { path, menu, tab } of pagesOf(gateway.device)) {
      const answer = await web.request(path);
      assert.equal(answer.status, 200, path);
      const text = await answer.text();
      assert.ok(text.includes(`aria-current="page">${menu}</a>`), path);
      assert.ok(text.includes(`aria-current="page">${tab}</a>`), path);
      assert.doesNotMatch(text, /undefined|\[object/);
    }
  });

  it('have the tabs of the menu SIP in the order of the vendor', async () => {
    const [, , tabs = ''] = (await web.page('/sip/gateways')).split('<nav ');
    assert.deepEqual(
      [...tabs.matchAll(/">([^<]*)<\/a>/g)].map(([, text]) => text),
      ['Gateways', 'Servers', 'Registrations', 'Endpoints', 'Authentication', 'Transport', 'Interop', 'Misc'],
    );
    const interop = await web.page('/sip/interop?help');
    assert.match(interop, /TLS Interop.*NoValidation.*TrustedCertificate.*DnsSrvResponse.*HostName" selected/s);
    for (const name of Object.keys(descriptions)) {
      const [service = '', ...rest] = name.split('.');
      const path = rest.length > 1 ? `${service}.${rest[0]}.{i}.${rest[1]}` : name;
      const def = gateway.device.model.parameters.get(`Device.X_0090F8_${path}`);
      assert.ok(def, name);
    }
    assert.match(interop, /role="tooltip"[^>]*>How the certificate of a SIP server is judged/);
  });

  it('set a password without showing it, and keep it where the field is left empty', async () => {
    const { device } = gateway;
    await web.change(device, '/sip/authentication', {}, 'add:SipEp.Authentication');
    const row = 'SipEp.Authentication[Index=1]';
    const text = await web.change(device, '/sip/authentication', {
      [`${row}.Password`]: 'q<7"',
      [`${row}.Username`]: '100',
    });
    assert.match(text.text, /The changes have been saved/);
    assert.doesNotMatch(text.text, /q<7|q&#60;7/);
    assert.equal(device.config.variable(`${row}.Password`), 'q<7"');
    await web.change(device, '/sip/authentication', { [`${row}.Username`]: '101' });
    assert.equal(device.config.variable(`${row}.Password`), 'q<7"');
    const fields = fieldsOf(await web.page('/sip/authentication'));
    const path = device.config.pathOf(`${row}.Password`);
    await web.post('/sip/authentication', { ...fields, [`e:${path}`]: '1' });
    assert.equal(device.config.variable(`${row}.Password`), '');
  });

  it('of the model show every service with all its variables, and find them by words', async () => {
    const { model } = gateway.device;
    const index = await web.page('/system/all');
    let shown = 0;
    for (const { name, title } of model.services) {
      assert.ok(index.includes(`<a href="/system/all/${name}">${escaped(title)} (${name})</a>`), name);
      const answer = await web.request(`/system/all/${name}`);
      assert.equal(answer.status, 200, name);
      const text = await answer.text();
      for (const def of model.parameters.values()) {
        if (def.service !== name || def.script === undefined || def.path.includes('{i}')) continue;
        shown++;
        assert.ok(text.includes(`<td>${def.script}</td>`), def.script);
      }
    }
    assert.ok(shown > 500, String(shown));
    assert.match(await web.page('/system/all?q=persistent+base'), /1 found.*TransportPersistentBasePort/s);
    assert.match(await web.page('/system/all?q=%3Cscript%3E'), /value="&#60;script&#62;".*No variable/s);
    assert.equal((await web.request('/system/all/Nothing')).status, 404);
    const changed = await web.change(gateway.device, '/system/all/Web', { 'Web.MinSeverity': 'Debug' });
    assert.match(changed.text, /The changes have been saved/);
  });

  it('tell a program the state of the unit as JSON at /status, by an account', async () => {
    await set(gateway, { 'SipEp.TransportPersistentBasePort': '17000' });
    const get = (login: string): Promise<Response> =>
      fetch(new URL('/status', web.url), { headers: { authorization: `Basic ${btoa(login)}` } });
    assert.equal((await fetch(new URL('/status', web.url))).status, 401);
    const status = (await (await get('public:')).json()) as {
      unit: { serialNumber: string };
      leds: unknown[];
      services: { name: string; state: string; needsRestart: boolean }[];
      firmware: { version: string }[];
    };
    assert.equal(status.unit.serialNumber, '0090F8000001');
    const sip = status.services.find(({ name }) => name === 'SipEp');
    assert.deepEqual([sip?.state, sip?.needsRestart], ['Started', true]);
    assert.ok(status.firmware.some(({ version }) => version === gateway.device.softwareVersion));
    assert.equal((await get('public:x')).status, 401);
  });

  it('of a device without DGW services are there too, with the accounts of the factory', async () => {
    const plain = await on.up({ model: await builtinModel('device') });
    const client = await openAsAdmin(plain.device);
    for (const { path } of pagesOf(plain.device)) assert.equal((await client.request(path)).status, 200, path);
    assert.equal((await client.request('/status')).status, 200);
    await client.close();
  });

  it('show a reader the same pages without a field', async () => {
    const reader = await openPages(gateway.device);
    for (const { path } of pagesOf(gateway.device)) {
      assert.doesNotMatch(await reader.page(path), /name="v:|form="settings"|type="password"/, path);
    }
    await reader.close();
  });
});

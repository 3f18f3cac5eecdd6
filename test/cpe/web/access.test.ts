// Access to the pages: logins, sessions, forged forms and foreign names.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { Gateway } from '../../../cpe/gateway.ts';
import { Gateways, set, clock as system } from '../../support/cpe/gateways.ts';
import {
  PagesClient as Client,
  fieldsOf,
  openAsAdmin,
  openPages,
  type PagesClient,
  tokenOf,
} from '../../support/cpe/web/client.ts';

describe('access to the pages of a unit', () => {
  let on: Gateways;
  let gateway: Gateway;
  let web: PagesClient;
  let ahead = 0;
  beforeEach(async () => {
    ahead = 0;
    const clock = {
      now: () => system.now() + ahead,
      monotonic: () => system.monotonic() + ahead,
      after: system.after.bind(system),
      sleep: system.sleep.bind(system),
    };
    on = await Gateways.open();
    gateway = await on.up({ clock });
    web = await openAsAdmin(gateway.device);
  });
  afterEach(async () => {
    await web.close();
    await on.close();
  });
  const isIn = async (client: PagesClient): Promise<boolean> =>
    (await client.request('/system/information')).status === 200;

  it('needs a login on every page, and leads back to the page that was asked for', async () => {
    const stranger = new Client(web.url);
    const asked = await stranger.request('/sip/servers');
    assert.deepEqual([asked.status, asked.headers.get('location')], [303, '/login?to=%2Fsip%2Fservers']);
    const form = await stranger.page('/login?to=%2Fsip%2Fservers');
    const answer = await stranger.post('/login', {
      token: tokenOf(form),
      to: '/sip/servers',
      user: 'public',
      password: '',
    });
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/sip/servers']);
    const [cookie = ''] = answer.headers.getSetCookie();
    assert.match(cookie, /^unit-0090f8000001=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const { headers } = await stranger.request('/sip/servers');
    assert.match(
      headers.get('content-security-policy') ?? '',
      /^default-src 'none'.*frame-ancestors 'none'.*style-src 'self'/,
    );
    assert.equal(headers.get('cache-control'), 'no-store');
    const elsewhere = new Client(web.url);
    const away = {
      token: tokenOf(await elsewhere.page('/login')),
      to: 'https://evil.test/',
      user: 'public',
      password: '',
    };
    assert.equal((await elsewhere.post('/login', away)).headers.get('location'), '/system/information');
    await stranger.post('/logout', { token: tokenOf(await stranger.page('/sip/servers')) });
    assert.equal(await isIn(stranger), false);
  });

  it('answers wrong passwords late, a few at a time, and locks the account', async () => {
    const stranger = new Client(web.url);
    await stranger.page('/login');
    const begun = performance.now();
    const wrong = await stranger.signIn('admin', 'x');
    assert.equal(wrong.status, 401);
    assert.match(await wrong.text(), /role="alert">The user name or the password is wrong/);
    assert.ok(performance.now() - begun > 900);
    const many = await Promise.all(Array.from({ length: 12 }, () => stranger.signIn('admin', 'x')));
    assert.equal(many.filter(({ status }) => status === 429).length, 8);
    assert.match(await (await stranger.signIn('admin', 'administrator')).text(), /This account is locked/);
    assert.equal(await isIn(web), true);
    ahead += 301_000;
    assert.equal((await stranger.signIn('admin', 'administrator')).status, 303);
  });

  it('takes forms with the token of their session alone, and none of another site', async () => {
    const fields: Record<string, string> = {
      ...fieldsOf(await web.page('/sip/transport')),
      'v:Device.X_0090F8_SipEp.TransportPersistentBasePort': '17000',
    };
    const { token, ...bare } = fields;
    const other = await openAsAdmin(gateway.device);
    const foreign = fieldsOf(await other.page('/sip/transport')).token;
    const statuses = [
      await web.post('/sip/transport', bare),
      await web.post('/sip/transport', { ...bare, token: '' }),
      await web.post('/sip/transport', { ...bare, token: foreign }),
      await new Client(web.url).post('/sip/transport', fields),
      ...(await Promise.all(
        (
          [
            { origin: 'http://evil.test' },
            { origin: 'null' },
            { 'sec-fetch-site': 'cross-site' },
            { 'sec-fetch-site': 'same-site' },
          ] as Record<string, string>[]
        ).map(headers => web.request('/sip/transport', { method: 'POST', headers, body: new URLSearchParams(fields) })),
      )),
      await web.request('/sip/transport', {
        method: 'POST',
        body: JSON.stringify(fields),
        headers: { 'content-type': 'text/plain' },
      }),
      await web.post('/logout', { token: '' }),
    ].map(({ status }) => status);
    assert.deepEqual(statuses, [403, 403, 403, 303, 403, 403, 403, 403, 415, 403]);
    assert.equal(gateway.device.config.variable('SipEp.TransportPersistentBasePort'), '16000');
    assert.equal((await web.post('/sip/transport', fields)).status, 303);
    assert.equal(gateway.device.config.variable('SipEp.TransportPersistentBasePort'), '17000');
    assert.ok(token);
    await other.close();
  });

  it('is under names of the unit alone', async () => {
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request(new URL('/login', web.url), { headers: { host } }, answer => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .on('error', reject)
          .end();
      });
    await set(gateway, { 'Hoc.HostName': 'gw1' });
    for (const host of ['127.0.0.1', '127.0.0.1:99', 'localhost:8081', 'GW1'])
      assert.equal(await statusFor(host), 200, host);
    for (const host of ['evil.test', '127.0.0.1.evil.test', '10.1.2.3', '[::1]', 'localhost:x', 'a@127.0.0.1'])
      assert.equal(await statusFor(host), 421, host);
  });

  it('ends with an idle session, with its account, and with a bounded number of sessions', async () => {
    ahead += 14 * 60_000;
    assert.equal(await isIn(web), true);
    ahead += 16 * 60_000;
    assert.equal(await isIn(web), false);
    await web.signIn('admin', 'administrator');
    const { config } = gateway.device;
    await config.insert('Device.X_0090F8_Aaa.Users.', { UserName: 'ada', Password: 'p', AccessRights: 'User' }, 'acs');
    const ada = new Client(web.url);
    assert.equal((await ada.signIn('ada', 'p')).status, 303);
    assert.match(await ada.page('/sip/gateways'), />Apply</);
    assert.doesNotMatch(await ada.page('/system/all/Aaa'), /name="v:|name="do" value="delete/);
    await set(gateway, { 'Aaa.Users[UserName=ada].AccessRights': 'Observer' });
    assert.doesNotMatch(await ada.page('/sip/gateways'), />Apply</);
    await set(gateway, { 'Aaa.Users[UserName=ada].Delete': 'Delete' });
    assert.equal(await isIn(ada), false);
    const first = new Client(web.url);
    await first.signIn('public', '');
    for (let at = 0; at < 32; at++) await new Client(web.url).signIn('public', '');
    assert.equal(await isIn(first), false);
  });

  it('hides nothing that a reader may read, and no secret', async () => {
    await set(gateway, { 'Conf.ScriptExportUrl': 'http://user:hidden@acs.test/' });
    const reader = await openPages(gateway.device);
    assert.match(await reader.page('/system/all/Conf'), /http:\/\/\*\*\*@acs\.test/);
    assert.doesNotMatch(await reader.page('/system/all/Aaa'), /administrator/);
    await reader.close();
  });
});

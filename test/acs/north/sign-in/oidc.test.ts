// Signing in by an identity provider, judged by oidc-provider: from the first link to a session, its checks while it runs, and its end.
import assert from 'node:assert/strict';
import { CHECK_MS } from '../../../../acs/fleet/access/oidc/session-checks.ts';
import { TICKET_MS } from '../../../../acs/fleet/access/oidc/ticket.ts';
import { UNCHECKED_MS } from '../../../../acs/fleet/access/sessions.ts';
import { OidcProvider } from '../../../../acs/north/oidc/identity-provider.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { Browser, CLIENT, type TestProvider, testProvider } from '../../../support/servers/oidc/provider.ts';

const map = [
  { value: 'tandem-admins', role: 'admin' },
  { value: 'tandem-north', role: 'operator', filter: 'site.region = "north"' },
];

describe('sign-in by an identity provider', () => {
  let provider: TestProvider;
  let api: TestApi;
  let base: string;
  beforeEach(async () => {
    provider = await testProvider();
    const options = {
      issuer: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      scope: 'openid profile',
    };
    api = await testApi({ identityProvider: new OidcProvider(options, systemClock()) });
    base = `${await api.rest.listen({ host: '127.0.0.1', port: 0 })}/api/v1`;
    provider.serve(`${base}/session/oidc/callback`);
    await api.call('PUT', '/settings/oidc', { body: { map } });
    provider.accounts.set('sub-ann', { preferred_username: 'ann@example.net', roles: ['staff', 'tandem-north'] });
    provider.user = 'sub-ann';
  });
  afterEach(async () => {
    await provider.close();
    await api.close();
  });

  const isBack = (url: string): boolean => url.startsWith(`${base}/session/oidc/callback`);
  /** Signs in, up to the page of this server. */
  const signIn = async (
    browser = new Browser(),
    to = '',
  ): Promise<{ browser: Browser; last: Response; url: string }> => {
    const { url, answer } = await browser.follow(`${base}/session/oidc${to}`, at => at.endsWith('/docs'));
    return { browser, last: answer, url };
  };
  const sessionOf = async (browser: Browser) => {
    const answer = await browser.get(`${base}/session`);
    return { status: answer.status, session: (await answer.json()) as Record<string, unknown> };
  };
  const users = async () => (await api.call('GET', '/users')).json.items;

  it('gives a session with the role and the filter that the first fitting claim grants', async () => {
    const { browser, last, url } = await signIn();
    assert.equal(last.status, 303);
    assert.equal(new URL(url).pathname, '/docs');
    assert.match(last.headers.getSetCookie()[0] ?? '', /^tandem=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const { session } = await sessionOf(browser);
    const { user, kind, role, scope, signOutUrl } = session;
    assert.deepEqual([user, kind, role, scope], ['ann@example.net', 'user', 'operator', 'site.region = "north"']);
    assert.match(String(signOutUrl), new RegExp(`^${provider.issuer}/session/end\\?client_id=tandem$`));
    assert.deepEqual(await users(), [
      {
        ...{ name: 'ann@example.net', role: 'operator', filter: 'site.region = "north"' },
        ...{ disabled: false, hasPassword: false, issuer: provider.issuer },
      },
    ]);
    assert.equal(browser.cookies(base).size, 1);
  });

  it('leads to the wanted page of this server alone', async () => {
    for (const to of ['https://evil.test/', '//evil.test', '/api/v1/session', '/ui/..\\x', '/docs/../x'])
      await api.refused(400, 'bad-input', 'GET', `/session/oidc?to=${encodeURIComponent(to)}`, { token: undefined });
    const { url } = await new Browser().follow(`${base}/session/oidc?to=%2Fui%2Fdevices`, at => at.includes('/ui/'));
    assert.equal(new URL(url).pathname, '/ui/devices');
  });

  it('is in the audit with the user, and refused with the reason', async () => {
    await signIn();
    provider.accounts.set('sub-bob', { preferred_username: 'bob', roles: ['staff'] });
    provider.user = 'sub-bob';
    await signIn();
    const { items } = (await api.call('GET', '/audit?what=endProviderSignIn')).json;
    assert.deepEqual(
      items.map(({ who, kind, status, code }) => [who, kind, status, code]),
      [
        ['stranger', 'stranger', 403, 'oidc-no-role'],
        ['ann@example.net', 'user', 303, undefined],
      ],
    );
  });

  it('is refused by a page and a log line where no claim grants a role, which is the default', async () => {
    await api.call('DELETE', '/settings/oidc');
    const { browser, last } = await signIn();
    assert.equal(last.status, 403);
    assert.match(String(last.headers.get('content-security-policy')), /^default-src 'none'; /);
    assert.match(
      await last.text(),
      /none of the claims of &#39;ann@example\.net&#39; grants a role here[\s\S]*oidc-no-role/,
    );
    assert.equal((await sessionOf(browser)).status, 401);
    assert.deepEqual(await users(), []);
    assert.ok(api.acs.logged.some(line => line.includes('sign-in by the identity provider failed')));
  });

  it('is refused where a user of this server, or another of the provider, has the name', async () => {
    await api.call('POST', '/users', {
      body: { name: 'ann@example.net', role: 'viewer', password: 'correct horse battery' },
    });
    assert.match(await (await signIn()).last.text(), /is the name of a user of this server[\s\S]*oidc-name-taken/);
    await api.call('DELETE', '/users/ann@example.net');
    await signIn();
    provider.accounts.set('sub-other', { preferred_username: 'ann@example.net', roles: 'tandem-admins' });
    provider.user = 'sub-other';
    assert.equal((await signIn()).last.status, 409);
    assert.equal((await users())[0]?.role, 'operator');
  });

  it('is refused to a user that an admin has disabled, whatever the claims', async () => {
    const { browser } = await signIn();
    await api.call('PATCH', '/users/ann@example.net', { body: { disabled: true } });
    assert.equal((await sessionOf(browser)).status, 401);
    assert.equal((await signIn()).last.status, 401);
    assert.equal((await users())[0]?.disabled, true);
  });

  it('ends without a session where the user gives up at the provider', async () => {
    provider.user = '';
    const { browser, last } = await signIn();
    assert.equal(last.status, 401);
    assert.match(await last.text(), /access_denied, the user went away/);
    assert.equal((await sessionOf(browser)).status, 401);
  });

  it('takes a code once, and only from the browser that began', async () => {
    const browser = new Browser();
    const { url } = await browser.follow(`${base}/session/oidc`, isBack);
    const stolen = await new Browser().get(url, { accept: 'application/json' });
    assert.deepEqual([stolen.status, ((await stolen.json()) as { code: string }).code], [400, 'oidc-expired']);
    const ticket = browser.cookies(base).get('tandem-oidc') ?? '';
    assert.equal((await browser.get(url)).status, 303);
    const replayed = await new Browser().get(url, { accept: 'application/json', cookie: `tandem-oidc=${ticket}` });
    assert.equal(replayed.status, 401);
    assert.match(((await replayed.json()) as { detail: string }).detail, /invalid_grant/);
  });

  it('is refused when it ends too late, or with the state of another one', async () => {
    const browser = new Browser();
    const { url } = await browser.follow(`${base}/session/oidc`, isBack);
    await api.acs.clock.advance(TICKET_MS);
    assert.equal((await browser.get(url)).status, 400);
    const other = new Browser();
    const second = await other.follow(`${base}/session/oidc`, isBack);
    const mixed = new URL(second.url);
    mixed.searchParams.set('state', new URL(url).searchParams.get('state') ?? '');
    assert.equal((await other.get(mixed.href)).status, 401);
  });

  it('goes on when the provider has replaced its key', async () => {
    await signIn();
    provider.rotate();
    const { browser } = await signIn();
    assert.equal((await sessionOf(browser)).status, 200);
  });

  it('ends at the next check when the provider has disabled the user, and not before', async () => {
    const { browser } = await signIn();
    await api.acs.clock.advance(CHECK_MS);
    await api.acs.fleet.access.sessionChecks.run();
    assert.equal((await sessionOf(browser)).status, 200);
    // The token by which the provider is asked was replaced, and is asked with again.
    await api.acs.clock.advance(CHECK_MS);
    await api.acs.fleet.access.sessionChecks.run();
    assert.equal((await sessionOf(browser)).status, 200);
    provider.accounts.delete('sub-ann');
    await api.acs.clock.advance(CHECK_MS);
    await api.acs.fleet.access.sessionChecks.run();
    assert.equal((await sessionOf(browser)).status, 401);
    assert.ok(api.acs.logged.some(line => line.includes('session ended by the identity provider')));
  });

  it('follows the claims at the next check, and ends where they grant nothing more', async () => {
    const { browser } = await signIn();
    provider.accounts.set('sub-ann', { preferred_username: 'ann@example.net', roles: ['tandem-admins'] });
    await api.acs.clock.advance(CHECK_MS);
    await api.acs.fleet.access.sessionChecks.run();
    const { role, scope } = (await sessionOf(browser)).session;
    assert.deepEqual([role, scope], ['admin', null]);
    provider.accounts.set('sub-ann', { preferred_username: 'ann@example.net', roles: [] });
    await api.acs.clock.advance(CHECK_MS);
    await api.acs.fleet.access.sessionChecks.run();
    assert.equal((await sessionOf(browser)).status, 401);
    assert.deepEqual(await users(), []);
  });

  it('lets sessions run for an hour while the provider is away, and then ends them', async () => {
    const { browser } = await signIn();
    await provider.close();
    for (let at = 0; at < UNCHECKED_MS - 2 * CHECK_MS; at += CHECK_MS) {
      await api.acs.clock.advance(CHECK_MS);
      await api.acs.fleet.access.sessionChecks.run();
      assert.equal((await sessionOf(browser)).status, 200);
    }
    await api.acs.clock.advance(2 * CHECK_MS);
    assert.equal((await sessionOf(browser)).status, 401);
  });

  it('keeps no token of the provider in plain text', async () => {
    await signIn();
    const [session] = await api.acs.store.documents<{ provided: { refreshToken: string } }>('session');
    const sealed = session?.body.provided.refreshToken ?? '';
    assert.ok(!JSON.stringify(session).includes(api.acs.secrets.open(sealed)));
  });

  it('keeps a role from being deleted that claims grant', async () => {
    await api.call('PUT', '/roles/field', { body: { operations: ['read'] } });
    await api.call('PUT', '/settings/oidc', {
      body: { rolesClaim: 'realm.roles', map: [{ value: 'x', role: 'field' }] },
    });
    await api.refused(409, 'role-in-use', 'DELETE', '/roles/field');
    await api.refused(400, 'no-such-role', 'PUT', '/settings/oidc', { body: { map: [{ value: 'x', role: 'none' }] } });
  });
});

describe('a server without an identity provider', () => {
  it('tells so', async () => {
    const api = await testApi();
    await api.refused(404, 'oidc-not-configured', 'GET', '/session/oidc', { token: undefined });
    assert.deepEqual((await api.call('GET', '/session/ways', { token: undefined })).json, {
      password: true,
      provider: false,
    });
    await api.close();
  });
});

// A server with an identity provider, from its options to the session of a browser.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endPrograms, openAcs, program } from '../support/processes/process.ts';
import { Browser, CLIENT, type TestProvider, testProvider } from '../support/servers/oidc/provider.ts';

const ADMIN = 'token-of-the-admin';

describe('a server with an identity provider', function () {
  this.timeout(60_000);
  let data: string;
  let provider: TestProvider;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'tandem-oidc-'));
    provider = await testProvider();
  });
  afterEach(async () => {
    await endPrograms();
    await provider.close();
    await rm(data, { recursive: true, force: true });
  });

  it('signs a browser in by the options of its start, and keeps the secret out of its log', async () => {
    const options = ['--oidc-issuer', provider.issuer, '--oidc-client-id', CLIENT.id];
    const secrets = { TANDEM_ADMIN_TOKEN: ADMIN, TANDEM_OIDC_CLIENT_SECRET: CLIENT.secret };
    const acs = program('acs/main.ts', [...openAcs(data), ...options], secrets);
    const api = `${(await acs.ready()).api}/api/v1`;
    provider.serve(`${api}/session/oidc/callback`);
    provider.accounts.set('sub-ann', { preferred_username: 'ann', roles: 'admins' });
    provider.user = 'sub-ann';
    const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ map: [{ value: 'admins', role: 'admin' }] });
    assert.equal((await fetch(`${api}/settings/oidc`, { method: 'PUT', headers, body })).status, 200);
    const browser = new Browser();
    const { url, answer } = await browser.follow(`${api}/session/oidc`);
    assert.deepEqual([new URL(url).pathname, answer.status], ['/docs', 200]);
    const session = (await (await browser.get(`${api}/session`)).json()) as { user: string; role: string };
    assert.deepEqual([session.user, session.role], ['ann', 'admin']);
    await acs.stop();
    assert.ok(!acs.text().includes(CLIENT.secret));
  });
});

// Links that sign in: made by an admin for a user, good once, within a day.
import assert from 'node:assert/strict';
import { CODE_MS } from '../../../../acs/fleet/access/first-user.ts';
import { type Answer, type TestApi, testApi } from '../../../support/acs/api.ts';

describe('a link that signs in', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.call('POST', '/users', { body: { name: 'ann', role: 'viewer' } });
  });
  afterEach(async () => await api.close());

  const make = async (): Promise<string> => {
    const { status, json } = await api.call('POST', '/users/ann/link');
    assert.equal(status, 201);
    const url = new URL(String(json.url));
    assert.equal(url.pathname, '/ui/welcome');
    return url.hash.slice(1);
  };
  const use = async (code: string): Promise<Answer> =>
    await api.call('POST', '/session/link', { token: undefined, body: { code } });

  it('begins a session of its user, who needs no password', async () => {
    const { status, headers } = await use(await make());
    assert.equal(status, 204);
    const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
    const { user, role } = (await api.call('GET', '/session', { token: undefined, headers: { cookie } })).json;
    assert.deepEqual([user, role], ['ann', 'viewer']);
    const [entry] = (await api.call('GET', '/audit?what=createSessionByLink')).json.items;
    assert.deepEqual([entry?.who, entry?.status], ['ann', 204]);
  });

  it('is good once, also when two open it at the same time', async () => {
    const code = await make();
    const both = await Promise.all([use(code), use(code)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [204, 403]);
  });

  it('ends with a newer one, after a day, and with its user', async () => {
    const older = await make();
    const newer = await make();
    assert.equal((await use(older)).json.code, 'link-wrong');
    await api.acs.clock.advance(CODE_MS);
    assert.equal((await use(newer)).json.code, 'link-wrong');
    const last = await make();
    await api.call('PATCH', '/users/ann', { body: { disabled: true } });
    assert.equal((await use(last)).json.code, 'link-wrong');
  });

  it('is made by an admin alone, for a user that is there, and is in no log of the audit', async () => {
    await api.refused(404, 'no-such-user', 'POST', '/users/bob/link');
    await api.refused(403, 'forbidden', 'POST', '/users/ann/link', { token: 'operator-token' });
    const code = await make();
    assert.ok(!(await api.call('GET', '/audit')).text.includes(code));
  });

  it('is refused to a page of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    const body = { code: await make() };
    await api.refused(403, 'cross-site', 'POST', '/session/link', { token: undefined, body, headers });
  });
});

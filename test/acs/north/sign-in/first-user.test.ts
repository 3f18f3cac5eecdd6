// The first user: made once, by the code of a start without users, within a day.
import assert from 'node:assert/strict';
import { CODE_MS } from '../../../../acs/fleet/access/first-user.ts';
import { type Answer, type TestApi, testApi } from '../../../support/acs/api.ts';

const password = 'correct horse battery';

describe('the first user', () => {
  let api: TestApi;
  let code: string;
  beforeEach(async () => {
    api = await testApi();
    code = (await api.acs.fleet.access.firstUser.offer())?.code ?? '';
  });
  afterEach(async () => await api.close());

  const make = async (given: string, changes: object = {}): Promise<Answer> =>
    await api.call('POST', '/session/first', {
      token: undefined,
      body: { code: given, name: 'ann', password, ...changes },
    });

  it('is an admin, signed in by the answer, and can sign in later', async () => {
    assert.match(code, /^[\w-]{43}$/);
    const made = await make(code);
    assert.equal(made.status, 204);
    const cookie = String(made.headers['set-cookie']).split(';')[0] ?? '';
    const { user, role } = (await api.call('GET', '/session', { token: undefined, headers: { cookie } })).json;
    assert.deepEqual([user, role], ['ann', 'admin']);
    const body = { name: 'ann', password };
    assert.equal((await api.call('POST', '/session', { token: undefined, body })).status, 204);
    const [entry] = (await api.call('GET', '/audit?what=createFirstUser')).json.items;
    assert.deepEqual([entry?.who, entry?.target, entry?.status], ['ann', 'ann', 204]);
    assert.ok(!JSON.stringify(entry).includes(code));
  });

  it('is made once, also when two try at the same time', async () => {
    const both = await Promise.all([make(code), make(code, { name: 'bob' })]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [204, 403]);
    assert.equal((await make(code)).json.code, 'first-user-exists');
    assert.equal((await api.call('GET', '/users')).json.items.length, 1);
  });

  it('is not made with another code, nor after a day', async () => {
    for (const wrong of ['', 'x'.repeat(43), code.slice(1)])
      assert.equal((await make(wrong)).json.code, 'first-code-wrong');
    await api.acs.clock.advance(CODE_MS);
    assert.equal((await make(code)).status, 403);
    assert.deepEqual((await api.call('GET', '/users')).json.items, []);
  });

  it('may try another password or name after one that is refused', async () => {
    assert.equal((await make(code, { password: 'short' })).json.code, 'bad-password');
    assert.equal((await make(code, { name: 'a b' })).json.code, 'bad-name');
    assert.equal((await make(code)).status, 204);
  });

  it('is not made where another one was made meanwhile, nor by a page of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    const body = { code, name: 'ann', password };
    await api.refused(403, 'cross-site', 'POST', '/session/first', { token: undefined, body, headers });
    await api.call('POST', '/users', { body: { name: 'bob', role: 'viewer' } });
    assert.equal((await make(code)).status, 409);
    assert.equal(await api.acs.fleet.access.firstUser.offer(), undefined);
  });
});

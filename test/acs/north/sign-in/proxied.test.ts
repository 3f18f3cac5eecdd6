// A proxy before the API: its X-Forwarded headers count where it is trusted, and those of others nowhere.
import assert from 'node:assert/strict';
import { FREE_GUESSES } from '../../../../acs/fleet/access/guess-limit.ts';
import { type Answer, type TestApi, testApi } from '../../../support/acs/api.ts';
import { eventually } from '../../../support/eventually.ts';

const PROXY = '10.1.2.3';
const STRANGER = '192.0.2.9';
const body = { name: 'ann', password: 'correct horse battery' };

describe('the API behind a proxy', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ trustedProxies: ['10.0.0.0/8'] });
    await api.call('POST', '/users', { body: { ...body, role: 'viewer' } });
  });
  afterEach(async () => await api.close());

  const forwarded = {
    'x-forwarded-for': '198.51.100.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'acs.example',
  };
  const signIn = async (from: string, headers: Record<string, string> = forwarded, login = body): Promise<Answer> =>
    await api.call('POST', '/session', { token: undefined, body: login, headers, from });
  const lastFrom = async (): Promise<unknown> => (await api.call('GET', '/audit?limit=1')).json.items[0]?.from;

  it('sets the cookie for HTTPS, and notes the address of the browser', async () => {
    const { headers } = await signIn(PROXY);
    assert.match(String(headers['set-cookie']), /^__Host-tandem=.*; Secure$/);
    assert.equal(await lastFrom(), '198.51.100.1');
    const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
    const by = (from: string) =>
      api.call('GET', '/session', { token: undefined, headers: { ...forwarded, cookie }, from });
    assert.equal((await by(PROXY)).json.user, 'ann');
    assert.equal((await by(STRANGER)).status, 401);
  });

  it('believes nothing of the kind from another address', async () => {
    const { headers } = await signIn(STRANGER);
    assert.match(String(headers['set-cookie']), /^tandem=.*SameSite=Strict$/);
    assert.equal(await lastFrom(), STRANGER);
  });

  it('takes the last address that no trusted proxy has', async () => {
    await signIn(PROXY, { 'x-forwarded-for': '203.0.113.7, 198.51.100.1, 10.9.9.9' });
    assert.equal(await lastFrom(), '198.51.100.1');
    await signIn(PROXY, { 'x-forwarded-for': 'no address' });
    await signIn(PROXY, {});
    assert.equal(await lastFrom(), PROXY);
  });

  it('knows its own pages by the host that the proxy tells', async () => {
    const origin = { ...forwarded, origin: 'https://acs.example', host: 'inside:8080' };
    assert.equal((await signIn(PROXY, origin)).status, 204);
    assert.equal((await signIn(STRANGER, origin)).json.code, 'cross-site');
  });

  it('slows guesses by the address of the browser, not of the proxy', async () => {
    const wrong = { name: 'none', password: 'a wrong password' };
    let answered = 0;
    const guesses = Array.from({ length: FREE_GUESSES + 2 }, (_, at) =>
      signIn(PROXY, { 'x-forwarded-for': '203.0.113.7' }, { ...wrong, name: `none${at}` }).then(() => answered++),
    );
    await eventually('the free ones', async () => answered >= FREE_GUESSES);
    assert.equal((await signIn(PROXY, { 'x-forwarded-for': '203.0.113.8' }, wrong)).status, 401);
    assert.equal(answered, FREE_GUESSES);
    await eventually('the rest', async () => {
      await api.acs.clock.advance(20_000);
      return answered === guesses.length;
    });
  });
});

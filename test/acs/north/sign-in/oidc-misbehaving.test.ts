// Identity providers that misbehave: the sign-in fails with a page, a reason and a log line, nobody gets a session, and the server goes on.
import assert from 'node:assert/strict';
import { MAX_ANSWER } from '../../../../acs/north/oidc/bounded-fetch.ts';
import { OidcProvider } from '../../../../acs/north/oidc/identity-provider.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { type Answer, type TestApi, testApi } from '../../../support/acs/api.ts';
import { type Lies, type LyingProvider, lyingProvider } from '../../../support/servers/oidc/lying-provider.ts';
import { CLIENT } from '../../../support/servers/oidc/provider.ts';

const METADATA = '/.well-known/openid-configuration';
const past = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds;

const wrongTokens: Record<string, Lies> = {
  'another issuer in the ID token': { claims: { iss: 'https://evil.test' } },
  'another audience': { claims: { aud: 'another-client' } },
  'several audiences, and another authorized party': { claims: { aud: [CLIENT.id, 'x'], azp: 'x' } },
  'an ID token that has expired': { claims: { iat: past(7200), exp: past(3600) } },
  'an ID token without an end': { claims: { exp: undefined } },
  'another nonce': { claims: { nonce: 'another' } },
  'no nonce': { claims: { nonce: undefined } },
  'no subject': { claims: { sub: undefined } },
  'the algorithm none': { header: { alg: 'none' } },
  'the algorithm none, which its metadata allow': {
    header: { alg: 'none' },
    metadata: { id_token_signing_alg_values_supported: ['none', 'RS256'] },
  },
  'the algorithm HS256 with its public key': { header: { alg: 'HS256' } },
  'a signature by another key': { isForged: true },
  'a key that it does not publish': { header: { kid: 'another' } },
  'user information about somebody else': { subject: 'sub-other' },
  'an ID token that is none': {
    answers: { '/token': json({ access_token: 'a', token_type: 'Bearer', id_token: 'x' }) },
  },
  'no ID token': { answers: { '/token': json({ access_token: 'a', token_type: 'Bearer' }) } },
  'a token that is no JSON': { answers: { '/token': response => response.end('<html>') } },
  'a redirect instead of a token': {
    answers: { '/token': response => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end() },
  },
};

const failures: Record<string, Lies> = {
  'fails at the token': { answers: { '/token': response => response.writeHead(500).end() } },
  'fails at its keys': { answers: { '/jwks': response => response.writeHead(503).end() } },
  'hangs up at the token': { answers: { '/token': response => response.destroy() } },
  'does not answer at the token': { answers: { '/token': () => undefined } },
  'never ends its answer': { answers: { '/token': response => response.writeHead(200).write('{') } },
  'answers with more than a megabyte': {
    answers: { '/token': response => response.end(Buffer.alloc(MAX_ANSWER + 1, 0x20)) },
  },
};

function json(value: unknown): NonNullable<Lies['answers']>[string] {
  return response => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

describe('an identity provider that misbehaves', () => {
  let provider: LyingProvider;
  let api: TestApi;
  beforeEach(async () => {
    provider = await lyingProvider();
    const options = { issuer: provider.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, scope: 'openid' };
    api = await testApi({ identityProvider: new OidcProvider(options, systemClock(), 1) });
    await api.call('PUT', '/settings/oidc', { body: { map: [{ value: 'admins', role: 'admin' }] } });
  });
  afterEach(async () => {
    await provider.close();
    await api.close();
  });

  const begin = async (): Promise<Answer> =>
    await api.call('GET', '/session/oidc', { token: undefined, headers: { accept: 'text/html' } });

  const signIn = async (): Promise<Answer> => {
    const begun = await begin();
    assert.equal(begun.status, 303, begun.text);
    const query = new URL(String(begun.headers.location)).searchParams;
    provider.nonce = query.get('nonce') ?? '';
    return await api.call('GET', `/session/oidc/callback?code=c&state=${query.get('state')}`, {
      token: undefined,
      headers: { accept: 'text/html', cookie: String(begun.headers['set-cookie']).split(';')[0] ?? '' },
    });
  };

  const assertFailed = (answer: Answer, status: number, code: string): void => {
    assert.equal(answer.status, status, answer.text);
    assert.ok(answer.text.includes(code) && answer.text.startsWith('<!doctype html>'));
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.ok(api.acs.logged.some(line => line.includes('sign-in by the identity provider failed')));
  };

  it('signs a user in as long as it does not', async () => {
    const { status, headers } = await signIn();
    assert.equal(status, 303);
    assert.match(String(headers['set-cookie']), /^tandem=/);
  });

  for (const [title, lies] of Object.entries(wrongTokens)) {
    it(`gets nobody in with ${title}`, async () => {
      provider.lies = lies;
      assertFailed(await signIn(), 401, 'oidc-refused');
      assert.deepEqual(await api.acs.store.documents('session'), []);
    });
  }

  for (const [title, lies] of Object.entries(failures)) {
    it(`holds nothing up when it ${title}`, async () => {
      provider.lies = lies;
      const answering = signIn();
      assert.equal((await api.call('GET', '/devices')).status, 200);
      assertFailed(await answering, 502, 'oidc-unavailable');
    });
  }

  for (const [title, metadata] of Object.entries({
    'name another issuer': { issuer: 'https://evil.test' },
    'name no authorization endpoint': { authorization_endpoint: undefined },
  })) {
    it(`is refused where its metadata ${title}`, async () => {
      provider.lies = { metadata };
      assertFailed(await begin(), 401, 'oidc-refused');
    });
  }

  it('is told apart when it is away before the sign-in begins, and asked again the next time', async () => {
    provider.lies = { answers: { [METADATA]: () => undefined } };
    assertFailed(await begin(), 502, 'oidc-unavailable');
    provider.lies = {};
    assert.equal((await signIn()).status, 303);
  });

  it('gives no name that a user may not have', async () => {
    for (const name of ['../admin', 'a b', '', 7, null, ['ann'], 'x'.repeat(65)]) {
      provider.lies = { claims: { preferred_username: name } };
      const { status } = await signIn();
      assert.ok(status === 400 || status === 401, `${JSON.stringify(name)}: ${status}`);
    }
    assert.deepEqual(await api.acs.store.documents('user'), []);
  });
});

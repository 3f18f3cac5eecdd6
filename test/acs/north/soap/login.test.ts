// The login of SOAP requests: in headers of HTTP, or in the envelope; guessing slows down as for REST.
import assert from 'node:assert/strict';
import { type TestApi, TOKEN, testApi } from '../../../support/acs/api.ts';
import { callText, envelopeOf, type SoapAnswer, sendEnvelope, soapCall } from '../../../support/soap/api.ts';

const SECURITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const PROFILE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
const PASSWORD = 'correct horse battery';

const tokenHeader = (name: string, password: string, type = ''): string =>
  `<s:Header><o:Security s:mustUnderstand="1" xmlns:o="${SECURITY}"><o:UsernameToken><o:Username>${name}</o:Username><o:Password${type}>${password}</o:Password></o:UsernameToken></o:Security></s:Header>`;
const basic = (name: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

describe('SOAP login', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.call('POST', '/users', { body: { name: 'ann', role: 'viewer', password: PASSWORD } });
  });
  afterEach(async () => await api.close());

  const session = callText('getSession', {});
  const withToken = async (name: string, password: string, type?: string): Promise<SoapAnswer> =>
    await sendEnvelope(api, envelopeOf(session, tokenHeader(name, password, type)), { token: undefined });
  const userOf = ({ result, xml }: SoapAnswer): unknown => {
    assert.ok(result, xml);
    return (result as { user: unknown }).user;
  };

  it('is an API token as password of a UsernameToken, under any name', async () => {
    assert.equal(userOf(await withToken('oss', TOKEN)), 'admin');
    assert.equal(userOf(await withToken('', TOKEN, ` Type="${PROFILE}#PasswordText"`)), 'admin');
  });

  it('is the name and the password of a user', async () => {
    assert.equal(userOf(await withToken('ann', PASSWORD)), 'ann');
    const headers = basic('ann', PASSWORD);
    assert.equal(userOf(await sendEnvelope(api, envelopeOf(session), { token: undefined, headers })), 'ann');
  });

  it('is HTTP Basic with an API token', async () => {
    const headers = basic('x', TOKEN);
    assert.equal(userOf(await sendEnvelope(api, envelopeOf(session), { token: undefined, headers })), 'admin');
  });

  it('is refused where it is missing, wrong or disabled', async () => {
    const none = await soapCall(api, 'getSession', {}, { token: undefined });
    assert.deepEqual([none.status, none.fault?.code], [401, 'unauthorized']);
    assert.equal(none.headers['www-authenticate'], 'Basic realm="Tandem", Bearer');
    assert.equal((await withToken('ann', 'wrong')).fault?.code, 'sign-in-failed');
    await api.call('PATCH', '/users/ann', { body: { disabled: true } });
    assert.equal((await withToken('ann', PASSWORD)).fault?.code, 'sign-in-failed');
    const bad = { token: undefined, headers: { authorization: 'Basic !' } };
    assert.equal((await sendEnvelope(api, envelopeOf(session), bad)).fault?.code, 'unauthorized');
  });

  it('is not told whether an operation exists before it is good', async () => {
    const unknown = envelopeOf('<t:nothing xmlns:t="urn:tandem:northbound:1"/>');
    assert.equal((await sendEnvelope(api, unknown, { token: undefined })).fault?.code, 'unauthorized');
    assert.equal((await sendEnvelope(api, unknown)).fault?.code, 'no-such-call');
  });

  it('is no digest of a password', async () => {
    const { fault } = await withToken('ann', PASSWORD, ` Type="${PROFILE}#PasswordDigest"`);
    assert.equal(fault?.code, 'bad-envelope');
    assert.match(fault?.detail ?? '', /PasswordText/);
  });

  it('is refused by plain HTTP from another host', async () => {
    const reply = await api.rest.inject({
      method: 'POST',
      url: '/soap',
      remoteAddress: '192.0.2.7',
      headers: { 'content-type': 'text/xml', ...basic('ann', PASSWORD) },
      payload: envelopeOf(session),
    });
    assert.match(reply.body, /login-in-the-clear/);
  });

  it('slows wrong passwords down as for REST', async () => {
    for (let at = 0; at < 5; at++) await withToken('ann', `wrong ${at}`);
    let isAnswered = false;
    const sixth = withToken('ann', 'wrong').finally(() => {
      isAnswered = true;
    });
    const before = api.acs.clock.now();
    while (!isAnswered) await api.acs.clock.advance(100);
    assert.equal((await sixth).fault?.code, 'sign-in-failed');
    assert.ok(api.acs.clock.now() - before >= 500);
  });

  it('opens the calls that need none, which begin a session by cookie', async () => {
    const login = { name: 'ann', password: PASSWORD };
    const { status, headers } = await soapCall(api, 'createSession', login, { token: undefined });
    assert.equal(status, 200);
    const [cookie = ''] = String(headers['set-cookie']).split(';');
    const asPage = { token: undefined, headers: { cookie, 'x-tandem': '1' } };
    assert.equal(userOf(await soapCall(api, 'getSession', {}, asPage)), 'ann');
    const asOther = await soapCall(api, 'getSession', {}, { token: undefined, headers: { cookie } });
    assert.equal(asOther.fault?.code, 'cross-site');
  });

  it('ends at once with the token', async () => {
    const { json } = await api.call('POST', '/tokens', { body: { name: 'oss', role: 'viewer' } });
    const secret = String(json.token);
    assert.equal(userOf(await withToken('oss', secret)), 'oss');
    await api.call('DELETE', '/tokens/oss');
    assert.equal((await withToken('oss', secret)).fault?.status, 401);
  });
});

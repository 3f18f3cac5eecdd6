// Sessions of browsers: signing in and out, limits of time, revocation, and requests that other sites or old cookies make.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { FIRST_WAIT_MS, FREE_GUESSES, MAX_PENDING } from '../../../acs/fleet/access/guess-limit.ts';
import { ABSOLUTE_MS, IDLE_MS } from '../../../acs/fleet/access/sessions.ts';
import { type Answer, type TestApi, testApi } from '../../support/acs/api.ts';
import { eventually } from '../../support/eventually.ts';

const password = 'correct horse battery';

describe('sessions', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.call('POST', '/users', { body: { name: 'ann', role: 'operator', password, filter: 'tag = "a"' } });
  });
  afterEach(async () => await api.close());

  const signIn = async (given = password, headers: Record<string, string> = {}): Promise<Answer> =>
    await api.call('POST', '/session', { token: undefined, body: { name: 'ann', password: given }, headers });
  const cookieOf = ({ headers }: Answer): string => String(headers['set-cookie']).split(';')[0] ?? '';
  const withCookie = (cookie: string, headers: Record<string, string> = {}) => ({
    token: undefined,
    headers: { cookie, ...headers },
  });

  it('signs in with a cookie that scripts and other sites do not get, and tells what one may', async () => {
    const answer = await signIn();
    assert.equal(answer.status, 204);
    assert.match(String(answer.headers['set-cookie']), /^tandem=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const { json } = await api.call('GET', '/session', withCookie(cookieOf(answer)));
    const { operations, expires, ...rest } = json;
    assert.deepEqual(rest, { user: 'ann', kind: 'user', role: 'operator', scope: 'tag = "a"' });
    assert.equal(expires, new Date(api.acs.clock.now() + IDLE_MS).toISOString());
    assert.ok((operations as string[]).includes('addTask') && !(operations as string[]).includes('createUser'));
    // Presets concern devices that the filter leaves out.
    assert.ok(!(operations as string[]).includes('putPreset') && (operations as string[]).includes('listPresets'));
  });

  it('stores neither the password nor the secret of the cookie', async () => {
    const secret = cookieOf(await signIn()).split('=')[1] ?? '';
    const kinds = ['user', 'session'] as const;
    const stored = JSON.stringify(await Promise.all(kinds.map(kind => api.acs.store.documents(kind))));
    assert.ok(secret.length === 43 && !stored.includes(secret) && !stored.includes(password));
  });

  it('refuses a cookie after the sign-out, also one that was stolen before', async () => {
    const cookie = cookieOf(await signIn());
    const out = await api.call('DELETE', '/session', withCookie(cookie, { 'x-tandem': '1' }));
    assert.match(String(out.headers['set-cookie']), /^tandem=; .*Max-Age=0$/);
    await api.refused(401, 'unauthorized', 'GET', '/devices', withCookie(cookie));
    await api.refused(400, 'no-session', 'DELETE', '/session');
  });

  it('ends when it is not used, and at last in any case', async () => {
    const idle = withCookie(cookieOf(await signIn()));
    const used = withCookie(cookieOf(await signIn()));
    for (let at = 0; at < ABSOLUTE_MS - IDLE_MS; at += IDLE_MS / 2) {
      await api.acs.clock.advance(IDLE_MS / 2);
      assert.equal((await api.call('GET', '/session', used)).status, 200);
    }
    await api.refused(401, 'unauthorized', 'GET', '/session', idle);
    const { expires } = (await api.call('GET', '/session', used)).json;
    assert.equal(Date.parse(String(expires)) - api.acs.clock.now(), IDLE_MS);
    for (let at = 0; at < IDLE_MS; at += IDLE_MS / 2) {
      await api.acs.clock.advance(IDLE_MS / 2);
      await api.call('GET', '/session', used);
    }
    await api.refused(401, 'unauthorized', 'GET', '/session', used);
  });

  it('ends at once when the user is disabled, deleted, or gets another password', async () => {
    const changes: [string, string, unknown?][] = [
      ['PATCH', '/users/ann', { disabled: true }],
      ['PATCH', '/users/ann', { password: 'another password' }],
      ['DELETE', '/users/ann'],
    ];
    for (const [method, path, body] of changes) {
      const cookie = withCookie(cookieOf(await signIn()));
      assert.equal((await api.call('GET', '/session', cookie)).status, 200);
      await api.acs.clock.advance(1);
      await api.call(method, path, { body });
      await api.refused(401, 'unauthorized', 'GET', '/session', cookie);
      await api.acs.clock.advance(1);
      await api.call('PUT', '/users/ann', { body: { role: 'operator', password } });
      await api.refused(401, 'unauthorized', 'GET', '/session', cookie);
    }
  });

  it('changes the own password where the current one is given, and ends the other sessions', async () => {
    const other = withCookie(cookieOf(await signIn()));
    const cookie = cookieOf(await signIn());
    const change = async (current: string, next: string): Promise<Answer> =>
      await api.call('PATCH', '/session', {
        ...withCookie(cookie, { 'x-tandem': '1' }),
        body: { password: current, newPassword: next },
      });
    const next = 'another password';
    assert.deepEqual([(await change('a wrong password', next)).json.code], ['wrong-password']);
    assert.deepEqual([(await change(password, 'short')).json.code], ['bad-password']);
    assert.equal((await api.call('GET', '/session', other)).status, 200);
    await api.acs.clock.advance(1);
    const changed = await change(password, next);
    assert.equal(changed.status, 204);
    assert.notEqual(cookieOf(changed), cookie);
    assert.equal((await api.call('GET', '/session', withCookie(cookieOf(changed)))).json.user, 'ann');
    for (const old of [other, withCookie(cookie)]) await api.refused(401, 'unauthorized', 'GET', '/session', old);
    assert.equal((await signIn()).status, 401);
    assert.equal((await signIn(next)).status, 204);
    const { items } = (await api.call('GET', '/audit?who=ann&what=patchSession')).json;
    assert.deepEqual(
      items.map(({ status, code }) => [status, code]),
      [
        [204, undefined],
        [400, 'bad-password'],
        [403, 'wrong-password'],
      ],
    );
    assert.ok(!JSON.stringify(items).includes(next));
  });

  it('changes no password for a token, nor for a page of another site', async () => {
    const body = { password, newPassword: 'another password' };
    await api.refused(400, 'no-session', 'PATCH', '/session', { body });
    const cookie = withCookie(cookieOf(await signIn()), { 'sec-fetch-site': 'cross-site' });
    await api.refused(403, 'cross-site', 'PATCH', '/session', { ...cookie, body });
    assert.equal((await signIn()).status, 204);
  });

  it('slows guesses of the current password like those of a sign-in', async () => {
    const cookie = withCookie(cookieOf(await signIn()), { 'x-tandem': '1' });
    const body = { password: 'a wrong password', newPassword: 'another password' };
    for (let n = 0; n < FREE_GUESSES; n++)
      await api.refused(403, 'wrong-password', 'PATCH', '/session', { ...cookie, body });
    let isAnswered = false;
    const begin = api.acs.clock.now();
    const late = api.call('PATCH', '/session', { ...cookie, body }).finally(() => {
      isAnswered = true;
    });
    await eventually('the answer', async () => {
      await api.acs.clock.advance(100);
      return isAnswered;
    });
    assert.equal((await late).status, 403);
    assert.ok(api.acs.clock.now() - begin >= FIRST_WAIT_MS);
  });

  it('changes nothing for a page of another site', async () => {
    const cookie = cookieOf(await signIn());
    const post = async (headers: Record<string, string>): Promise<unknown> => {
      const init = { ...withCookie(cookie, { host: 'acs.test', ...headers }), body: { method: 'Reboot' } };
      return (await api.call('POST', '/devices/x/tasks', init)).json.code;
    };
    const foreign: Record<string, string>[] = [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none', origin: 'https://acs.test' },
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { 'x-tandem': '0' },
    ];
    for (const headers of foreign) assert.equal(await post(headers), 'cross-site', JSON.stringify(headers));
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: 'http://acs.test' }, { 'x-tandem': '1' }])
      assert.equal(await post(headers as Record<string, string>), 'no-such-device');
    const evil = { token: undefined, body: { name: 'ann', password }, headers: { 'sec-fetch-site': 'cross-site' } };
    await api.refused(403, 'cross-site', 'POST', '/session', evil);
  });

  it('answers guesses more slowly each time, the same for names that exist and others', async () => {
    for (const name of ['ann', 'none']) {
      const body = { name, password: 'wrong wrong wrong' };
      const guess = () => api.call('POST', '/session', { token: undefined, body });
      for (let count = 0; count < FREE_GUESSES / 2 - 1; count++)
        assert.equal((await guess()).json.code, 'sign-in-failed');
    }
    const guesses = Array.from({ length: FREE_GUESSES + MAX_PENDING + 2 }, () => signIn('wrong wrong wrong'));
    await eventually('guesses that are not checked', async () => {
      await api.acs.clock.advance(60_000);
      return true;
    });
    const ended = Promise.all(guesses);
    let isEnded = false;
    void ended.then(() => {
      isEnded = true;
    });
    await eventually('all answers', async () => {
      await api.acs.clock.advance(60_000);
      return isEnded;
    });
    const codes = (await ended).map(({ status }) => status);
    assert.ok(codes.includes(401) && codes.every(status => status === 401 || status === 429), codes.join());
  });

  it('takes no cookie that it has not set, however it is written', async () => {
    const good = cookieOf(await signIn());
    const value = good.split('=')[1];
    const bad = [
      `${good}; tandem=${'a'.repeat(43)}`,
      `tandem="${value}"`,
      `__Host-tandem=${value}`,
      `tandem=${value}x`,
      'tandem',
      '=;;=',
      `tandem=${'x'.repeat(4000)}`,
    ];
    for (const cookie of bad) await api.refused(401, 'unauthorized', 'GET', '/devices', withCookie(cookie));
    assert.equal((await api.call('GET', '/devices', withCookie(`other=1; ${good}`))).status, 200);
  });

  it('refuses bodies and headers beyond their limits on a raw connection, and goes on', async () => {
    const base = new URL(await api.rest.listen({ host: '127.0.0.1', port: 0 }));
    const raw = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let heard = '';
        const socket = connect(Number(base.port), base.hostname, () => socket.write(text));
        socket.on('data', data => {
          heard += data.toString();
          if (heard.includes('\r\n\r\n')) socket.destroy();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve(heard.split('\r\n')[0] ?? ''));
      });
    const post = 'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    assert.match(
      await raw(`GET /api/v1/session HTTP/1.1\r\nHost: x\r\nCookie: tandem=${'x'.repeat(70_000)}\r\n\r\n`),
      / 431 /,
    );
    assert.match(await raw(`${post}Content-Length: 100000\r\n\r\n`), / 413 /);
    assert.match(await raw(`${post}Content-Length: 3\r\n\r\n{}x`), / 400 /);
    assert.match(await raw(`${post}Content-Length: 2\r\n\r\n{}`), / 400 /);
    assert.equal((await signIn()).status, 204);
  });

  it('ends event streams within a second of the sign-out', async () => {
    const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    const cookie = cookieOf(await signIn());
    const answer = await fetch(`${base}/api/v1/events`, { headers: { cookie } });
    assert.equal(answer.status, 200);
    let isOpen = true;
    void (async () => {
      for await (const _chunk of answer.body as unknown as AsyncIterable<Uint8Array>);
    })()
      .catch(() => undefined)
      .finally(() => {
        isOpen = false;
      });
    await api.acs.clock.advance(2000);
    assert.ok(isOpen);
    await api.call('DELETE', '/session', withCookie(cookie, { 'x-tandem': '1' }));
    await api.acs.clock.advance(1000);
    await eventually('the end of the stream', async () => !isOpen);
  });
});

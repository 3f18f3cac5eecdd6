// The REST API: access, and the answers to invalid requests.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { operations } from '../../../acs/north/operations.ts';
import { type TestApi, TOKEN, testApi } from '../../support/acs/api.ts';
import { deviceId as id } from '../../support/devices.ts';

describe('REST API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => await api.close());

  describe('access', () => {
    it('refuses every operation but those of the sign-in without a valid token (401)', async () => {
      assert.deepEqual(
        operations.filter(({ isOpen }) => isOpen).map(({ name }) => name),
        [
          'createSession',
          'createFirstUser',
          'createSessionByLink',
          'getSignInWays',
          'beginProviderSignIn',
          'endProviderSignIn',
        ],
      );
      for (const { method, path, isOpen } of operations) {
        if (isOpen) continue;
        const url = path.replace(/:\w+/, 'x');
        for (const token of [undefined, 'wrong', `${TOKEN}x`]) {
          const answer = await api.call(method, url, { token });
          assert.equal(answer.status, 401, `${method} ${path}`);
          assert.equal(answer.headers['www-authenticate'], 'Bearer');
          assert.equal(answer.json.code, 'unauthorized');
        }
      }
      const events = await api.call('GET', '/events', { token: undefined });
      assert.equal(events.status, 401);
    });

    it('accepts the scheme in any case, and no scheme but Bearer', async () => {
      assert.equal(
        (await api.call('GET', '/devices', { token: undefined, headers: { authorization: `bearer ${TOKEN}` } })).status,
        200,
      );
      for (const authorization of [`Basic ${TOKEN}`, TOKEN, 'Bearer', `Bearer ${TOKEN} more`])
        await api.refused(401, 'unauthorized', 'GET', '/devices', { token: undefined, headers: { authorization } });
    });

    it('gives each role only the operations of the table', async () => {
      for (const { method, path, role } of operations) {
        const url = path.replace(/:\w+/, 'x');
        const asViewer = await api.call(method, url, {
          token: 'viewer-token',
          body: method === 'GET' ? undefined : {},
        });
        assert.equal(asViewer.status === 403, role !== 'viewer', `${method} ${path} as viewer: ${asViewer.status}`);
      }
      await api.refused(403, 'forbidden', 'POST', '/devices', { token: 'viewer-token', body: { id } });
      assert.equal((await api.call('POST', '/devices', { token: 'operator-token', body: { id } })).status, 201);
    });
  });

  describe('invalid requests', () => {
    it('answers 404 for an unknown path, 405 with Allow for another method', async () => {
      assert.match(
        String((await api.refused(404, 'no-such-call', 'GET', '/nothing')).detail),
        /no operation GET \/api\/v1\/nothing/,
      );
      await api.refused(405, 'method-not-allowed', 'PUT', '/devices', { body: {} });
      const answer = await api.call('POST', `/devices/${id}`, { body: {} });
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, PATCH, DELETE']);
    });

    const wrong: [string, string, string, string, unknown, RegExp][] = [
      ['malformed JSON', 'POST', '/devices', 'bad-json', '{"id": ', /not JSON/],
      ['an empty body', 'POST', '/devices', 'bad-json', undefined, /empty; JSON is expected/],
      ['a body that is not UTF-8', 'POST', '/devices', 'bad-input', Buffer.from([0x7b, 0xff, 0x7d]), /UTF-8/],
      ['NUL in the body', 'POST', '/devices', 'bad-input', '{"id": "a\\u0000b"}', /NUL/],
      ['an array', 'POST', '/devices', 'bad-input', [], /^body: must be object/],
      ['a missing id', 'POST', '/devices', 'bad-input', {}, /^body: .*required.* id/],
      [
        'an unknown field',
        'POST',
        '/devices',
        'bad-input',
        { id, colour: 1 },
        /^body: unknown field colour \(known: id, tags/,
      ],
      [
        'an unknown step',
        'POST',
        '/jobs',
        'bad-input',
        { devices: { ids: [id] }, do: [{ sett: {} }] },
        /^body\.do\.0: unknown field sett \(known: task, set, keep, file, tags, /,
      ],
      [
        'an empty step',
        'POST',
        '/jobs',
        'bad-input',
        { devices: { ids: [id] }, do: [{}] },
        /^body\.do\.0: one of these is expected: task, set, file, /,
      ],
      ['a wrong type', 'POST', '/devices', 'bad-input', { id, tags: 'x' }, /^body\.tags: must be array/],
      ['a wrong entry', 'POST', '/devices', 'bad-input', { id, tags: ['a', 2] }, /^body\.tags\.1: must be string/],
      [
        'an empty password',
        'POST',
        '/devices',
        'bad-input',
        { id, credentials: { username: 'u', password: '' } },
        /^body\.credentials\.password: /,
      ],
      [
        'half of the credentials',
        'PATCH',
        `/devices/${id}`,
        'bad-input',
        { credentials: { username: 'u' } },
        /^body\.credentials: .*password/,
      ],
      [
        'an unknown event of a webhook',
        'PUT',
        '/webhooks/w',
        'bad-input',
        { url: 'https://example.net/', events: ['inform', 'enrol'] },
        /^body\.events\.1: must be one of enrolled, removed, .*inform, not "enrol"$/,
      ],
      [
        'an unknown choice in a query',
        'PUT',
        `/files/a?type=${'sound'.repeat(100)}`,
        'bad-input',
        'x',
        /^query\.type: must be one of firmware, script, certificate, web, upload, not "(sound)+[^ ]{1,5} \(\d+ more characters\)$/,
      ],
      [
        'a choice of a wrong type',
        'PUT',
        '/webhooks/w',
        'bad-input',
        { url: 'https://example.net/', events: [{ a: 1 }] },
        /^body\.events\.0: must be one of enrolled, [^{}]*$/,
      ],
      ['a limit in words', 'GET', '/devices?limit=many', 'bad-input', undefined, /^query\.limit: must be integer/],
      ['a limit too large', 'GET', '/devices?limit=1001', 'bad-input', undefined, /^query\.limit: must be <= 1000/],
      [
        'an unknown query',
        'GET',
        '/devices?page=2',
        'bad-input',
        undefined,
        /^query: unknown field page \(known: filter, sort, offset, at, fields, limit, cursor, count, format, separator\)/,
      ],
      ['a query for an operation without one', 'GET', '/roles?page=2', 'bad-input', undefined, /listRoles takes none/],
      [
        'a query given twice',
        'GET',
        '/devices?filter=online&filter=online',
        'bad-input',
        undefined,
        /^query\.filter: must be string/,
      ],
      ['NUL in a query', 'GET', '/devices?sort=%00', 'bad-input', undefined, /NUL/],
      ['a stray cursor', 'GET', '/devices?cursor=xyz', 'bad-cursor', undefined, /cursor/],
      ['an unknown sort field', 'GET', '/devices?sort=colour', 'bad-sort', undefined, /colour/],
      ['a malformed id', 'POST', '/devices', 'bad-device-id', { id: 'x-y' }, /OUI-ProductClass-Serial/],
      [
        'an id in another spelling',
        'POST',
        '/devices',
        'bad-device-id',
        { id: '0090F8-41%30-1' },
        /is spelled '0090F8-410-1'/,
      ],
    ];
    for (const [name, method, path, code, body, detail] of wrong) {
      it(`answers 400 for ${name} and names the place`, async () => {
        const problem = await api.refused(400, code, method, path, { body });
        assert.match(String(problem.detail), detail);
      });
    }

    it('names the column of an error in a filter', async () => {
      const problem = await api.refused(
        400,
        'bad-filter',
        'GET',
        `/devices?filter=${encodeURIComponent('productClass = and')}`,
      );
      assert.equal(problem.column, 16);
      assert.match(String(problem.detail), /column 16/);
    });

    it('answers 415 for a compressed body, 413 for one that is too large', async () => {
      await api.refused(415, 'encoded-body', 'POST', '/devices', {
        body: 'x',
        headers: { 'content-encoding': 'gzip' },
      });
      await api.refused(413, 'too-large', 'POST', '/devices', { body: `"${'x'.repeat(5_000_000)}"` });
    });

    it('accepts a missing or malformed Content-Type', async () => {
      for (const type of ['', 'nonsense', 'application/json; charset', 'application/x-www-form-urlencoded']) {
        const body = JSON.stringify({ id: `0090F8-A-${type.length}` });
        const answer = await api.call('POST', '/devices', { body, headers: { 'content-type': type } });
        assert.equal(answer.status, 201, `${type}: ${answer.text}`);
      }
    });

    it('answers malformed HTTP and URLs with a problem document', async () => {
      const address = await api.rest.listen({ host: '127.0.0.1', port: 0 });
      const say = (text: string): Promise<string> =>
        new Promise((resolve, reject) => {
          let heard = '';
          const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(text));
          socket.on('data', chunk => {
            heard += String(chunk);
          });
          socket.on('close', () => resolve(heard)).on('error', reject);
        });
      assert.match(
        await say('NONSENSE\r\n\r\n'),
        /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"bad-http"/,
      );
      assert.match(await say(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
      const bad = await say(
        `GET /api/v1/devices/%zz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
      );
      assert.match(bad, /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/);
    });
  });
});

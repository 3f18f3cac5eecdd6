// The API: who may call, how it refuses, and the devices.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { openedText } from '../../../acs/fleet/common/secrets.ts';
import { operations } from '../../../acs/north/operations.ts';
import { type Json, type TestApi, TOKEN, testApi } from '../../support/acs/api.ts';
import { ScriptedCpe } from '../../support/acs/memory-acs.ts';

const id = '0090F8-4102S-0090F8000001';
const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const factory = { username: 'enrol', password: 'factory' };

describe('the API', () => {
  let api: TestApi;
  const open = async (options: Parameters<typeof testApi>[0] = {}): Promise<void> => {
    api = await testApi(options);
  };
  afterEach(async () => await api.close());
  const announce = async (device: Json | object = { id }): Promise<Json> => {
    const answer = await api.call('POST', '/devices', { body: device });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
  };

  describe('who may call', () => {
    beforeEach(async () => await open());

    it('every operation refuses a call without a good token, and says how to ask', async () => {
      for (const { method, path } of operations) {
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

    it('takes the scheme in any case and nothing but a bearer token', async () => {
      assert.equal(
        (await api.call('GET', '/devices', { token: undefined, headers: { authorization: `bearer ${TOKEN}` } })).status,
        200,
      );
      for (const authorization of [`Basic ${TOKEN}`, TOKEN, 'Bearer', `Bearer ${TOKEN} more`])
        await api.refused(401, 'unauthorized', 'GET', '/devices', { token: undefined, headers: { authorization } });
    });

    it('holds each role to what the table gives it', async () => {
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

  describe('what is asked wrong', () => {
    beforeEach(async () => await open());

    it('an unknown path is 404, a known one with another method 405 with what it takes', async () => {
      assert.match(
        String((await api.refused(404, 'no-such-call', 'GET', '/nothing')).detail),
        /no operation GET \/api\/v1\/nothing/,
      );
      await api.refused(405, 'method-not-allowed', 'PUT', '/devices', { body: {} });
      const answer = await api.call('POST', `/devices/${id}`, { body: {} });
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, PATCH, DELETE']);
    });

    const wrong: [string, string, string, string, unknown, RegExp][] = [
      ['JSON syntax', 'POST', '/devices', 'bad-json', '{"id": ', /not JSON/],
      ['no body', 'POST', '/devices', 'bad-json', undefined, /empty; JSON is expected/],
      ['not UTF-8', 'POST', '/devices', 'bad-input', Buffer.from([0x7b, 0xff, 0x7d]), /UTF-8/],
      ['NUL', 'POST', '/devices', 'bad-input', '{"id": "a\\u0000b"}', /NUL/],
      ['an array', 'POST', '/devices', 'bad-input', [], /^body: must be object/],
      ['no id', 'POST', '/devices', 'bad-input', {}, /^body: .*required.* id/],
      [
        'an unknown field',
        'POST',
        '/devices',
        'bad-input',
        { id, colour: 1 },
        /^body: unknown field colour \(known: id, tags/,
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
      ['a limit in words', 'GET', '/devices?limit=many', 'bad-input', undefined, /^query\.limit: must be integer/],
      ['a limit too large', 'GET', '/devices?limit=501', 'bad-input', undefined, /^query\.limit: must be <= 500/],
      [
        'an unknown query',
        'GET',
        '/devices?page=2',
        'bad-input',
        undefined,
        /^query: unknown field page \(known: filter, sort, limit, cursor\)/,
      ],
      ['a query where none is taken', 'GET', '/presets?page=2', 'bad-input', undefined, /listPresets takes none/],
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
      ['an id that is none', 'POST', '/devices', 'bad-device-id', { id: 'x-y' }, /OUI-ProductClass-Serial/],
      [
        'an id spelled otherwise',
        'POST',
        '/devices',
        'bad-device-id',
        { id: '0090F8-41%30-1' },
        /is spelled '0090F8-410-1'/,
      ],
    ];
    for (const [name, method, path, code, body, detail] of wrong) {
      it(`${name}: 400 that names the place`, async () => {
        const problem = await api.refused(400, code, method, path, { body });
        assert.match(String(problem.detail), detail);
      });
    }

    it('a wrong filter is pointed at by its column', async () => {
      const problem = await api.refused(
        400,
        'bad-filter',
        'GET',
        `/devices?filter=${encodeURIComponent('productClass = and')}`,
      );
      assert.equal(problem.column, 16);
      assert.match(String(problem.detail), /column 16/);
    });

    it('a compressed body is 415, one that is too large 413', async () => {
      await api.refused(415, 'encoded-body', 'POST', '/devices', {
        body: 'x',
        headers: { 'content-encoding': 'gzip' },
      });
      await api.refused(413, 'too-large', 'POST', '/devices', { body: `"${'x'.repeat(5_000_000)}"` });
    });

    it('a Content-Type that is none, or none at all, is no reason to refuse', async () => {
      for (const type of ['', 'nonsense', 'application/json; charset', 'application/x-www-form-urlencoded']) {
        const body = JSON.stringify({ id: `0090F8-A-${type.length}` });
        const answer = await api.call('POST', '/devices', { body, headers: { 'content-type': type } });
        assert.equal(answer.status, 201, `${type}: ${answer.text}`);
      }
    });

    it('what is no HTTP, or no URL, gets a problem document too', async () => {
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

  describe('devices', () => {
    beforeEach(async () => await open({ enrol: 'approve' }));

    it('are announced by JSON, seen, changed and forgotten', async () => {
      const made = await announce({
        id,
        tags: ['sales', 'sales'],
        site: { town: 'Ulm' },
        credentials: { username: 'box', password: 'secret' },
        overrides: { [interval]: 60 },
      });
      assert.deepEqual(
        [made.state, made.tags, made.site, made.username, made.online],
        ['known', ['sales'], { town: 'Ulm' }, 'box', false],
      );
      assert.deepEqual(made.overrides, { [interval]: { value: '60' } });
      await api.refused(409, 'device-exists', 'POST', '/devices', { body: { id } });
      const patched = await api.call('PATCH', `/devices/${id}`, {
        body: { tags: ['lab'], overrides: { [interval]: null, 'Device.X_0090F8_Cwmp.Username': 'u' } },
      });
      assert.deepEqual(
        [patched.json.tags, patched.json.site, patched.json.overrides],
        [['lab'], { town: 'Ulm' }, { 'Device.X_0090F8_Cwmp.Username': { value: 'u' } }],
      );
      assert.deepEqual((await api.call('GET', `/devices/${id}`)).json, patched.json);
      assert.equal((await api.call('DELETE', `/devices/${id}`)).status, 204);
      for (const method of ['GET', 'DELETE', 'PATCH'])
        await api.refused(404, 'no-such-device', method, `/devices/${id}`, method === 'PATCH' ? { body: {} } : {});
    });

    it('never show a credential or a secret override; a masked one that comes back is kept', async () => {
      const secret = 'Device.X_0090F8_Cwmp.Password';
      await announce({
        id,
        credentials: { username: 'box', password: 'hidden-1' },
        overrides: { [secret]: 'hidden-2' },
        connectionRequest: { username: 'acs', password: 'hidden-3' },
      });
      for (const path of [`/devices/${id}`, '/devices', `/devices/${id}/parameters`])
        assert.doesNotMatch((await api.call('GET', path)).text, /hidden/);
      const shown = (await api.call('GET', `/devices/${id}`)).json;
      assert.deepEqual(shown.overrides, { [secret]: { value: '***' } });
      await api.call('PATCH', `/devices/${id}`, { body: { overrides: shown.overrides, tags: ['x'] } });
      const kept = (await api.acs.store.device(id))?.overrides[secret]?.value ?? '';
      assert.equal(openedText(api.acs.secrets, kept), 'hidden-2');
      await api.refused(400, 'masked-secret', 'PATCH', `/devices/${id}`, {
        body: { overrides: { 'Device.X_0090F8_Sip.Secret': '***' } },
      });
      assert.doesNotMatch(api.acs.logged.join('\n'), /hidden/);
    });

    it('refuse an override that the data model refuses, and a user name that is taken', async () => {
      await announce({ id, credentials: { username: 'box', password: 'p' } });
      const patch = async (code: string, body: object, detail: RegExp, status = 400): Promise<void> => {
        assert.match(String((await api.refused(status, code, 'PATCH', `/devices/${id}`, { body })).detail), detail);
      };
      await patch('bad-value', { overrides: { [interval]: 'soon' } }, /overrides: .*PeriodicInformInterval/);
      await patch('read-only', { overrides: { 'Device.DeviceInfo.SoftwareVersion': '1' } }, /read-only/);
      await patch('bad-path', { overrides: { PeriodicInformInterval: '1' } }, /not the full path/);
      await patch('bad-path', { overrides: { 'Device.X.': '1' } }, /not the full path/);
      await patch('username-taken', { credentials: { username: 'enrol', password: 'p' } }, /enrolment credential/, 409);
      await patch('username-taken', { credentials: { username: 'box', password: 'p' } }, /./, 409).catch(
        () => undefined,
      );
      const other = { id: '0090F8-4102S-2', credentials: { username: 'box', password: 'p' } };
      await api.refused(409, 'username-taken', 'POST', '/devices', { body: other });
      assert.equal(
        (await api.call('PATCH', `/devices/${id}`, { body: { credentials: { username: 'box', password: 'q' } } }))
          .status,
        200,
      );
    });

    it('are announced by CSV: what is wrong is told by its line, the rest is made', async () => {
      const csv = [
        '\ufeffid,username,password,tags,site.town',
        '0090F8-4102S-1,box1,"a,""b""",sales lab,Ulm',
        '',
        'not-an-id,,,,',
        '0090F8-4102S-2,,,,"New',
        'York"',
        '0090F8-4102S-3,half,,,',
        '0090F8-4102S-1,,,,',
      ].join('\r\n');
      const answer = await api.call('POST', '/devices', { body: csv, headers: { 'content-type': 'text/csv' } });
      assert.equal(answer.status, 207);
      assert.deepEqual(answer.json.created, ['0090F8-4102S-1', '0090F8-4102S-2']);
      assert.deepEqual(
        (answer.json.failed as Json[]).map(({ line }) => line),
        [4, 7, 8],
      );
      const first = (await api.call('GET', '/devices/0090F8-4102S-1')).json;
      assert.deepEqual([first.tags, first.site, first.username], [['sales', 'lab'], { town: 'Ulm' }, 'box1']);
      assert.deepEqual((await api.call('GET', '/devices/0090F8-4102S-2')).json.site, { town: 'New\r\nYork' });
      const good = await api.call('POST', '/devices', {
        body: 'id\n0090F8-4102S-9\n',
        headers: { 'content-type': 'text/csv; charset=utf-8' },
      });
      assert.deepEqual([good.status, good.json.created], [201, ['0090F8-4102S-9']]);
    });

    it('refuse a CSV that is none', async () => {
      const send = async (body: string, code: string): Promise<string> =>
        String(
          (await api.refused(400, code, 'POST', '/devices', { body, headers: { 'content-type': 'text/csv' } })).detail,
        );
      assert.match(await send('', 'empty-csv'), /header/);
      assert.match(await send('id,colour\n0090F8-A-1,red', 'bad-csv'), /unknown column 'colour'/);
      assert.match(await send('id\na,b', 'bad-csv'), /line 2 has 2 fields, but the header has 1/);
      assert.match(await send('id\n"open', 'bad-csv'), /line 2: an unclosed quote/);
    });

    it('have ids that are percent-encoded inside; the URL encodes them once more', async () => {
      const odd = '0090F8-41%2D02%20S-AB%2D1%2F2';
      const made = await announce({ id: odd });
      assert.deepEqual([made.productClass, made.serialNumber], ['41-02 S', 'AB-1/2']);
      assert.equal((await api.call('GET', `/devices/${encodeURIComponent(odd)}`)).json.id, odd);
      const once = await api.refused(404, 'no-such-device', 'GET', `/devices/${odd}`);
      assert.match(String(once.detail), /%2D becomes %252D/);
      assert.equal((await api.call('DELETE', `/devices/${encodeURIComponent(odd)}`)).status, 204);
    });

    /** Ids of a whole listing, page by page. */
    const listed = async (query: Record<string, string>): Promise<string[]> => {
      const seen: string[] = [];
      for (let cursor: unknown = ''; cursor !== null; ) {
        const search = new URLSearchParams({ ...query, limit: '5', ...(cursor ? { cursor: String(cursor) } : {}) });
        const { json } = await api.call('GET', `/devices?${search}`);
        assert.ok(json.items.length <= 5);
        seen.push(...json.items.map(item => String(item.id)));
        cursor = json.next;
      }
      return seen;
    };

    it('are listed by pages, each once, in order', async () => {
      const ids = Array.from({ length: 23 }, (_, n) => `0090F8-4102S-${String(n).padStart(3, '0')}`);
      for (const [n, device] of ids.entries()) await announce({ id: device, tags: n % 2 ? ['odd'] : [] });
      assert.deepEqual(await listed({ sort: 'id' }), ids);
      assert.deepEqual(await listed({ sort: '-serial' }), [...ids].reverse());
      const odd = ids.filter((_, n) => n % 2);
      assert.deepEqual(await listed({ sort: 'created', filter: 'tag = "odd"' }), odd);
      assert.deepEqual(await listed({ filter: 'serial in ("003", "007")' }), [ids[3], ids[7]]);
    });

    it('are approved out of quarantine, and out of knocking', async () => {
      await new ScriptedCpe(api.acs.app, factory).session();
      assert.equal((await api.call('GET', `/devices/${id}`)).json.state, 'quarantine');
      assert.equal((await api.call('POST', `/devices/${id}/approve`)).json.state, 'enrolled');

      const stranger = new ScriptedCpe(api.acs.app, { serial: 'STRANGER' });
      assert.equal((await stranger.post(stranger.inform())).status, 401);
      const [knock] = (await api.call('GET', '/knocking')).json.items;
      assert.deepEqual([knock?.device, knock?.count, knock?.address], ['0090F8-4102S-STRANGER', 1, '127.0.0.1']);
      await api.refused(404, 'no-such-device', 'POST', '/devices/0090F8-4102S-NOBODY/approve');
      await api.call('POST', '/devices/0090F8-4102S-STRANGER/approve');
      assert.deepEqual((await api.call('GET', '/knocking')).json.items, []);
      assert.equal((await stranger.post(stranger.inform())).status, 200);
    });

    it('have parameters, at or below a path', async () => {
      await announce();
      const value = (path: string, text: string): object => ({
        path,
        value: text,
        type: 'xsd:string',
        time: 1000,
        writable: true,
      });
      const known = [value('Device.A.B', '1'), value('Device.A.Password', 'hidden'), value('Device.C', '3')];
      await api.acs.store.putParameters(id, known as never);
      const read = async (path: string): Promise<unknown[]> =>
        (await api.call('GET', `/devices/${id}/parameters?path=${path}`)).json.items.map(item => [
          item.path,
          item.value,
        ]);
      assert.deepEqual(await read('Device.A.'), [
        ['Device.A.B', '1'],
        ['Device.A.Password', '***'],
      ]);
      assert.deepEqual(await read('Device.C'), [['Device.C', '3']]);
      assert.equal((await read('')).length, 3);
      assert.equal(
        (await api.call('GET', `/devices/${id}/parameters`)).json.items[0]?.time,
        '1970-01-01T00:00:01.000Z',
      );
      await api.refused(404, 'no-such-device', 'GET', '/devices/0090F8-X-1/parameters');
    });

    it('are asked to connect; a refusal is 504 with the reason', async () => {
      await announce();
      assert.deepEqual((await api.call('POST', `/devices/${id}/connection-request`)).json, { accepted: true });
      api.wake(async () => ({ accepted: false, reason: 'the device refused the credentials' }));
      const problem = await api.refused(504, 'not-woken', 'POST', `/devices/${id}/connection-request`);
      assert.equal(problem.detail, 'the device refused the credentials');
      await api.refused(404, 'no-such-device', 'POST', '/devices/0090F8-X-1/connection-request');
    });
  });
});

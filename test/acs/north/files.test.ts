// Operations on stored files.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestApi, testApi } from '../../support/acs/api.ts';
import { addTask, putFile, runSession } from '../../support/acs/api-calls.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId } from '../../support/devices.ts';

describe('file API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  it('stores and returns the same bytes', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0, 200]);
    const made = await putFile(api, 'fw-1.bin', 'type=firmware&version=49.2&productClass=4102S', bytes);
    assert.deepEqual(
      [made.name, made.type, made.version, made.productClass, made.size],
      ['fw-1.bin', 'firmware', '49.2', '4102S', 6],
    );
    const out = await api.call('GET', '/files/fw-1.bin');
    assert.ok(out.bytes.equals(bytes));
    assert.deepEqual(
      [out.headers['content-type'], out.headers['x-file-type'], out.headers.etag],
      ['application/octet-stream', 'firmware', `"${made.sha256}"`],
    );
    assert.deepEqual((await api.call('GET', '/files')).json.items, [
      { ...made, usedBy: { presets: [], rollouts: [] } },
    ]);
    assert.equal(
      (await api.call('PUT', '/files/fw-1.bin?type=firmware&version=49.3', { body: Buffer.alloc(0) })).status,
      200,
    );
    assert.equal((await api.call('DELETE', '/files/fw-1.bin')).status, 204);
    for (const method of ['GET', 'DELETE']) await api.refused(404, 'no-such-file', method, '/files/fw-1.bin');
  });

  it('refuses a bad type, version or name, and names it', async () => {
    const refused = async (code: string, path: string, detail: RegExp): Promise<void> => {
      assert.match(String((await api.refused(400, code, 'PUT', path, { body: Buffer.from('x') })).detail), detail);
    };
    await refused('bad-input', '/files/a?type=sound', /query\.type: must be one of firmware, script, certificate, web/);
    await refused('bad-input', '/files/a', /type/);
    await refused('version-missing', '/files/a?type=firmware', /firmware image needs its version/);
    await refused('bad-file-name', '/files/..%2Fetc?type=script', /a file name is/);
    await refused('bad-file-name', `/files/${'x'.repeat(200)}?type=script`, /1 to 128/);
  });

  it('neither deletes nor changes the type of a file that a preset uses', async () => {
    await putFile(api, 'a.cfg', 'type=script');
    await api.call('PUT', '/presets/base', { body: { script: 'a.cfg' } });
    const problem = await api.refused(409, 'file-in-use', 'DELETE', '/files/a.cfg');
    assert.match(String(problem.detail), /used by preset base/);
    await api.refused(409, 'file-in-use', 'PUT', '/files/a.cfg?type=web', { body: Buffer.from('x') });
    await putFile(api, 'a.cfg', 'type=script', 'a newer one');
    await api.call('DELETE', '/presets/base');
    assert.equal((await api.call('DELETE', '/files/a.cfg')).status, 204);
  });

  it('keeps the old file whole when the store fails during a replacement', async () => {
    await putFile(api, 'a.cfg', 'type=script', 'old');
    const { store } = api.acs;
    const { putDocument } = store;
    store.putDocument = async () => {
      throw new Error('the process ends here');
    };
    const failed = await api.call('PUT', '/files/a.cfg?type=script', { body: Buffer.from('new') });
    assert.equal(failed.status, 500);
    store.putDocument = putDocument;
    const { text, headers } = await api.call('GET', '/files/a.cfg');
    assert.equal(text, 'old');
    assert.equal(headers.etag, `"${createHash('sha256').update('old').digest('hex')}"`);
  });

  it('keeps one whole content when several clients store a file at once', async () => {
    await putFile(api, 'a.cfg', 'type=script', 'one');
    await Promise.all(['two', 'one', 'three', 'one', 'two'].map(text => putFile(api, 'a.cfg', 'type=script', text)));
    const { text, headers } = await api.call('GET', '/files/a.cfg');
    assert.match(text, /^(one|two|three)$/);
    assert.equal(headers.etag, `"${createHash('sha256').update(text).digest('hex')}"`);
  });

  it('serves a device the file of its task, whole or in ranges', async () => {
    await putFile(api, 'a.bin', 'type=firmware&version=2', Buffer.from('0123456789'));
    await addTask(api, { method: 'Download', file: 'a.bin' });
    const { asked } = await runSession(api);
    const url = String(asked[0]?.args.URL).replace('https://acs.test', '');
    const get = async (headers: Record<string, string> = {}) => await api.acs.app.inject({ url, headers });
    const bytes: number[] = [];
    api.acs.events.on('file', event => bytes.push(event.bytes));
    const whole = await get();
    assert.deepEqual([whole.statusCode, whole.body, whole.headers['content-length']], [200, '0123456789', '10']);
    const etag = String(whole.headers.etag);
    const cases: [Record<string, string>, number, string][] = [
      [{ range: 'bytes=2-4' }, 206, '234'],
      [{ range: 'bytes=7-' }, 206, '789'],
      [{ range: 'bytes=-2' }, 206, '89'],
      [{ range: 'bytes=8-99' }, 206, '89'],
      [{ range: 'bytes=10-' }, 416, ''],
      [{ range: 'bytes=4-2' }, 416, ''],
      [{ range: 'bytes=0-1,3-4' }, 200, '0123456789'],
      [{ range: 'lines=1-2' }, 200, '0123456789'],
      [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234'],
      [{ range: 'bytes=2-4', 'if-range': '"other"' }, 200, '0123456789'],
      [{ 'if-none-match': etag }, 304, ''],
    ];
    for (const [headers, status, body] of cases) {
      const answer = await get(headers);
      assert.deepEqual([answer.statusCode, answer.body], [status, body], JSON.stringify(headers));
    }
    assert.deepEqual(bytes.slice(0, 3), [10, 3, 3]);
    await putFile(api, 'a.bin', 'type=firmware&version=2', 'something else');
    assert.equal((await get()).statusCode, 404, 'another file by now');
    assert.match(api.acs.logged.join('\n'), /was replaced or deleted since the task was made/);
  });

  it('refuses an upload over a file that an operator has stored', async () => {
    await putFile(api, 'a.cfg', 'type=script');
    const upload = { method: 'Upload', args: { FileType: '1 Vendor Configuration File' } };
    await api.refused(409, 'file-exists', 'POST', `/devices/${deviceId}/tasks`, { body: { ...upload, file: 'a.cfg' } });
    await api.refused(400, 'bad-file-name', 'POST', `/devices/${deviceId}/tasks`, {
      body: { ...upload, file: '../x' },
    });
    await addTask(api, { ...upload, file: 'unit.cfg' });
    const { asked } = await runSession(api);
    const url = String(asked[0]?.args.URL).replace('https://acs.test', '');
    const bytes = Buffer.from([0, 255, 1]);
    const stored = await api.acs.app.inject({
      method: 'PUT',
      url,
      payload: bytes,
      headers: { 'content-type': 'text/xml' },
    });
    assert.equal(stored.statusCode, 201);
    const out = await api.call('GET', '/files/unit.cfg');
    assert.ok(out.bytes.equals(bytes));
    assert.equal(out.headers['x-file-type'], 'upload');
  });

  it('lists files by type and version, in pages and as CSV, with what uses them', async () => {
    for (const [name, version] of [
      ['b.bin', '2'],
      ['a.bin', '1'],
      ['c.bin', '2'],
    ])
      await api.call('PUT', `/files/${name}?type=firmware&version=${version}`, { body: Buffer.from(String(name)) });
    await api.call('PUT', '/files/log.cfg?type=script', { body: Buffer.from('x') });
    await api.call('PUT', '/presets/p', { body: { when: 'tag = "none"', firmware: 'b.bin' } });
    const names = async (query: string): Promise<unknown[]> =>
      (await api.call('GET', `/files?${query}`)).json.items.map(({ name }) => name);
    assert.deepEqual(await names('type=firmware&version=2'), ['b.bin', 'c.bin']);
    assert.deepEqual(await names('sort=-name&limit=2'), ['log.cfg', 'c.bin']);
    const { next } = (await api.call('GET', '/files?sort=-name&limit=2')).json;
    const second = (await api.call('GET', `/files?sort=-name&limit=2&count=true&cursor=${String(next)}`)).json;
    assert.deepEqual([second.items.map(({ name }) => name), second.next, second.total], [['b.bin', 'a.bin'], null, 4]);
    assert.deepEqual(second.items[0]?.usedBy, { presets: ['p'], rollouts: [] });
    const csv = await api.call('GET', '/files?fields=name,usedBy.presets&type=firmware', {
      headers: { accept: 'text/csv' },
    });
    assert.equal(csv.text, 'name,usedBy.presets\r\na.bin,\r\nb.bin,p\r\nc.bin,\r\n');
    await api.refused(400, 'bad-cursor', 'GET', '/files?cursor=eA');
  });

  it('lists the files that a device was offered and was asked to send', async () => {
    await api.call('POST', '/devices', { body: { id: '0090F8-4102S-F1' } });
    await api.call('PUT', '/files/log.cfg?type=script', { body: Buffer.from('x') });
    const add = async (body: object): Promise<unknown> =>
      (await api.call('POST', '/devices/0090F8-4102S-F1/tasks', { body })).json.id;
    const down = await add({ method: 'Download', file: 'log.cfg' });
    await add({ method: 'GetRPCMethods' });
    await api.acs.clock.advance(1000);
    const up = await add({ method: 'Upload', file: 'backup.xml' });
    const { items } = (await api.call('GET', '/devices/0090F8-4102S-F1/files')).json;
    assert.deepEqual(
      items.map(({ file, direction, task, state, isApplied }) => [file, direction, task, state, isApplied]),
      [
        ['backup.xml', 'from-device', up, 'queued', false],
        ['log.cfg', 'to-device', down, 'queued', false],
      ],
    );
    await api.refused(404, 'no-such-device', 'GET', '/devices/0090F8-4102S-F2/files');
  });
});

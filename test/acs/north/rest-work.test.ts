// The API: tasks, presets, files, faults; what is told live; the description.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe as describeApi } from '../../../acs/north/openapi.ts';
import { operations } from '../../../acs/north/operations.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type Json, type TestApi, TOKEN, testApi } from '../../support/acs/api.ts';
import { memoryCpe, ScriptedCpe } from '../../support/acs/memory-acs.ts';

const id = '0090F8-4102S-0090F8000001';
const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const secret = 'Device.X_0090F8_Cwmp.Password';

describe('the API: work', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  const add = async (body: object, query = ''): Promise<Json> => {
    const answer = await api.call('POST', `/devices/${id}/tasks${query}`, { body });
    assert.ok(answer.status < 300, answer.text);
    return answer.json;
  };
  const visit = async (cpe = memoryCpe({}), events = ['2 PERIODIC']) =>
    await new ScriptedCpe(api.acs.app, {
      events,
      parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '' },
    }).session(cpe.answer);
  const put = async (name: string, query: string, bytes: Buffer | string = 'bytes'): Promise<Json> => {
    const answer = await api.call('PUT', `/files/${name}?${query}`, { body: Buffer.from(bytes) });
    assert.ok(answer.status < 300, answer.text);
    return answer.json;
  };

  describe('tasks', () => {
    it('are queued, shown, listed newest first, and cancelled', async () => {
      const first = await add({ method: 'Reboot', args: { CommandKey: 'x' } });
      assert.deepEqual(
        [first.state, first.device, first.method, first.args],
        ['queued', id, 'Reboot', { CommandKey: 'x' }],
      );
      await api.acs.clock.advance(1000);
      const second = await add({ method: 'GetRPCMethods', expiresIn: 60 });
      assert.equal(Date.parse(String(second.expires)) - Date.parse(String(second.created)), 60_000);
      const listed = (await api.call('GET', `/tasks?device=${encodeURIComponent(id)}`)).json.items;
      assert.deepEqual(
        listed.map(task => task.id),
        [second.id, first.id],
      );
      assert.deepEqual(
        (await api.call('GET', '/tasks?limit=1')).json.items.map(task => task.id),
        [second.id],
      );
      assert.deepEqual((await api.call('GET', '/tasks?device=other')).json.items, []);
      assert.deepEqual((await api.call('GET', `/tasks/${first.id}`)).json, first);
      assert.equal((await api.call('DELETE', `/tasks/${first.id}`)).json.state, 'cancelled');
      await api.refused(409, 'task-ended', 'DELETE', `/tasks/${first.id}`);
      await api.refused(404, 'no-such-task', 'GET', '/tasks/none');
      await api.refused(404, 'no-such-task', 'DELETE', '/tasks/none');
      const { asked } = await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session(() => ({
        MethodList: ['Inform'],
      }));
      assert.deepEqual(
        asked.map(entry => entry.method),
        ['GetRPCMethods'],
      );
    });

    it('of every RPC of Annex A are taken with the arguments of the standard', async () => {
      const good: [string, object][] = [
        ['GetRPCMethods', {}],
        ['SetParameterValues', { ParameterList: { [interval]: 60 }, ParameterKey: 'k' }],
        ['SetParameterValues', { ParameterList: [{ Name: interval, Value: '60', Type: 'xsd:unsignedInt' }] }],
        ['GetParameterValues', { ParameterNames: ['Device.'] }],
        ['GetParameterNames', { ParameterPath: 'Device.', NextLevel: true }],
        [
          'SetParameterAttributes',
          {
            ParameterList: [
              { Name: interval, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
            ],
          },
        ],
        ['GetParameterAttributes', { ParameterNames: [interval] }],
        ['AddObject', { ObjectName: 'Device.X.' }],
        ['DeleteObject', { ObjectName: 'Device.X.1.' }],
        ['Reboot', {}],
        ['FactoryReset', {}],
        ['Download', { FileType: '1 Firmware Upgrade Image', URL: 'http://127.0.0.1/x', FileSize: 1 }],
        ['Upload', { FileType: '1 Vendor Configuration File', URL: 'http://127.0.0.1/x' }],
        ['ScheduleInform', { DelaySeconds: 5 }],
        ['GetAllQueuedTransfers', {}],
        ['CancelTransfer', { CommandKey: 'z' }],
      ];
      for (const [method, args] of good) assert.equal((await add({ method, args })).state, 'queued', method);
    });

    const wrong: [string, object, string, RegExp][] = [
      ['no method', {}, 'bad-input', /method/],
      [
        'an unknown method',
        { method: 'Dance' },
        'unknown-method',
        /'Dance' is not an RPC that an ACS calls \(known: .*Reboot/,
      ],
      ['a method of the other side', { method: 'Inform' }, 'unknown-method', /Inform/],
      ['a name of Object', { method: 'constructor' }, 'unknown-method', /constructor/],
      ['an unknown argument', { method: 'Reboot', args: { Colour: 1 } }, 'invalid-argument', /Colour/],
      ['a missing argument', { method: 'AddObject' }, 'invalid-argument', /ObjectName/],
      [
        'a wrong type',
        { method: 'GetParameterNames', args: { ParameterPath: 'Device.', NextLevel: 'maybe' } },
        'invalid-argument',
        /NextLevel/,
      ],
      [
        'a list that is none',
        { method: 'GetParameterValues', args: { ParameterNames: 5 } },
        'invalid-argument',
        /ParameterNames/,
      ],
      [
        'a key that is too long',
        { method: 'Reboot', args: { CommandKey: 'x'.repeat(33) } },
        'invalid-argument',
        /CommandKey/,
      ],
      ['an unknown field', { method: 'Reboot', arguments: {} }, 'bad-input', /unknown field arguments/],
      ['a file for what takes none', { method: 'Reboot', file: 'x' }, 'file-not-allowed', /Reboot takes no file/],
      [
        'no source',
        { method: 'Download', args: { FileType: '1 Firmware Upgrade Image' } },
        'no-source',
        /file or args\.URL/,
      ],
    ];
    for (const [name, body, code, detail] of wrong) {
      it(`with ${name} are refused with its name`, async () => {
        const problem = await api.refused(400, code, 'POST', `/devices/${id}/tasks`, { body });
        assert.match(String(problem.detail), detail);
      });
    }

    it('are refused for an unknown device, an unknown file, a CommandKey that is open, and beyond a hundred', async () => {
      await api.refused(404, 'no-such-device', 'POST', '/devices/0090F8-X-1/tasks', { body: { method: 'Reboot' } });
      await api.refused(404, 'no-such-file', 'POST', `/devices/${id}/tasks`, {
        body: { method: 'Download', file: 'none' },
      });
      await add({ method: 'Reboot', args: { CommandKey: 'x' } });
      const twice = { body: { method: 'Reboot', args: { CommandKey: 'x' } } };
      assert.match(
        String((await api.refused(409, 'command-key-open', 'POST', `/devices/${id}/tasks`, twice)).detail),
        /"x" is open/,
      );
      for (let n = 1; n < 100; n++) await add({ method: 'GetRPCMethods' });
      await api.refused(429, 'too-many-tasks', 'POST', `/devices/${id}/tasks`, { body: { method: 'GetRPCMethods' } });
    });

    it('with wait ask the device to connect and answer with the outcome', async () => {
      const cpe = memoryCpe({ [interval]: '3600' });
      api.wake(async () => {
        void visit(cpe, ['6 CONNECTION REQUEST']);
        return { accepted: true };
      });
      const read = await api.call('POST', `/devices/${id}/tasks?wait=30`, {
        body: { method: 'GetParameterValues', args: { ParameterNames: [interval] } },
      });
      assert.equal(read.status, 200, read.text);
      assert.equal(read.json.state, 'done');
      assert.deepEqual(
        (read.json.result as { ParameterList: Json[] }).ParameterList.map(entry => entry.Value),
        ['3600'],
      );
      api.wake(async () => {
        void new ScriptedCpe(api.acs.app, { events: ['6 CONNECTION REQUEST'] }).session(
          () => new CwmpFault(9003, 'no', [{ name: interval, code: 9007, message: 'not so' }]),
        );
        return { accepted: true };
      });
      const failed = await api.call('POST', `/devices/${id}/tasks?wait=30`, {
        body: { method: 'SetParameterValues', args: { ParameterList: { [interval]: 'x' } } },
      });
      assert.deepEqual([failed.status, failed.json.state], [200, 'failed']);
      assert.deepEqual(failed.json.fault, {
        code: 9003,
        message: 'no',
        parameters: [{ name: interval, code: 9007, message: 'not so' }],
      });
    });

    it('with wait answer 202 when the time is over, and why the device was not reached', async () => {
      api.wake(async () => ({ accepted: false, reason: 'nobody there' }));
      const waiting = api.call('POST', `/devices/${id}/tasks?wait=30`, { body: { method: 'GetRPCMethods' } });
      await api.acs.clock.advance(31_000);
      const answer = await waiting;
      assert.deepEqual(
        [answer.status, answer.json.state, answer.json.connectionRequest],
        [202, 'queued', 'nobody there'],
      );
      await api.refused(400, 'bad-input', 'POST', `/devices/${id}/tasks?wait=soon`, {
        body: { method: 'GetRPCMethods' },
      });
      await api.refused(400, 'bad-input', 'POST', `/devices/${id}/tasks?wait=601`, {
        body: { method: 'GetRPCMethods' },
      });
    });

    it('never show a secret that was set or read', async () => {
      const task = await add({
        method: 'SetParameterValues',
        args: { ParameterList: { [secret]: 'hidden-1', [interval]: '60' } },
      });
      const list = (task.args as { ParameterList: Json[] }).ParameterList;
      assert.deepEqual(
        list.map(entry => entry.Value),
        ['***', '60'],
      );
      await add({ method: 'GetParameterValues', args: { ParameterNames: ['Device.'] } });
      await add({
        method: 'Download',
        args: { FileType: '1 Firmware Upgrade Image', URL: 'http://127.0.0.1/x', Username: 'u', Password: 'hidden-2' },
      });
      const cpe = memoryCpe({ [secret]: 'hidden-3', [interval]: '1' });
      const { asked } = await visit(cpe);
      assert.equal(cpe.values.get(secret), 'hidden-1', 'it reached the device as it was given');
      assert.equal(asked[2]?.args.Password, 'hidden-2');
      for (const path of ['/tasks', `/devices/${id}/parameters`, `/devices/${id}`])
        assert.doesNotMatch((await api.call('GET', path)).text, /hidden/, path);
    });
  });

  describe('presets', () => {
    it('are written, read, listed and deleted', async () => {
      const preset = { when: 'productClass = "4102S"', set: { [interval]: 60 }, weight: 5 };
      const made = await api.call('PUT', '/presets/base', { body: preset });
      assert.deepEqual([made.status, made.json], [201, { name: 'base', ...preset }]);
      assert.equal((await api.call('PUT', '/presets/base', { body: preset })).status, 200);
      assert.deepEqual((await api.call('GET', '/presets/base')).json, { name: 'base', ...preset });
      assert.deepEqual((await api.call('GET', '/presets')).json.items, [{ name: 'base', ...preset }]);
      assert.equal((await api.call('DELETE', '/presets/base')).status, 204);
      for (const method of ['GET', 'DELETE']) await api.refused(404, 'no-such-preset', method, '/presets/base');
    });

    const wrong: [string, object, string, RegExp][] = [
      ['a wrong filter', { when: 'productClass =' }, 'bad-filter', /column 15/],
      ['a rule over what passes', { when: 'online' }, 'passing-rule', /online/],
      ['an unknown parameter', { set: { 'Device.Nothing': 1 } }, 'unknown-parameter', /set: Device\.Nothing/],
      ['a value that does not fit', { set: { [interval]: 'soon' } }, 'bad-value', /PeriodicInformInterval/],
      ['a read-only parameter', { set: { 'Device.DeviceInfo.SoftwareVersion': 'x' } }, 'read-only', /SoftwareVersion/],
      ['a table without its dot', { objects: { 'Device.X': { keys: ['A'], rows: [] } } }, 'bad-table', /dot/],
      ['no keys', { objects: { 'Device.X.': { keys: [], rows: [] } } }, 'bad-input', /keys/],
      ['a file that is not there', { firmware: 'none.bin' }, 'no-such-file', /firmware: no file 'none\.bin'/],
      ['an unknown field', { sett: {} }, 'bad-input', /unknown field sett/],
      ['a wrong restart', { restart: 'soon' }, 'bad-input', /restart: must be one of now, idle, never/],
    ];
    for (const [name, body, code, detail] of wrong) {
      it(`with ${name} are refused with the place`, async () => {
        for (const [method, path] of [
          ['PUT', '/presets/p'],
          ['POST', '/presets/p/dry-run'],
        ] as const) {
          const problem = await api.refused(400, code, method, path, { body });
          assert.match(String(problem.detail), detail);
        }
      });
    }

    it('have names of a kind, and files of the kind that they ask for', async () => {
      await api.refused(400, 'bad-name', 'PUT', `/presets/${encodeURIComponent('a b')}`, { body: {} });
      await put('a.cfg', 'type=script');
      const problem = await api.refused(400, 'wrong-file-type', 'PUT', '/presets/p', { body: { firmware: 'a.cfg' } });
      assert.match(String(problem.detail), /'a\.cfg' is a script file, not a firmware/);
      assert.equal((await api.call('PUT', '/presets/p', { body: { script: 'a.cfg' } })).status, 201);
    });

    it('never show a secret; the mask that comes back keeps it', async () => {
      const preset = { set: { [secret]: 'hidden', [interval]: 60 } };
      const made = await api.call('PUT', '/presets/base', { body: preset });
      assert.deepEqual(made.json.set, { [secret]: '***', [interval]: 60 });
      const { name: _name, ...shown } = (await api.call('GET', '/presets/base')).json;
      await api.call('PUT', '/presets/base', { body: { ...shown, weight: 3 } });
      assert.equal((await api.acs.fleet.presets.get('base')).set?.[secret], 'hidden');
      await api.refused(400, 'masked-secret', 'PUT', '/presets/other', { body: { set: { [secret]: '***' } } });
      for (const path of ['/presets', '/presets/base'])
        assert.doesNotMatch((await api.call('GET', path)).text, /hidden/);
      assert.doesNotMatch((await api.call('POST', '/presets/base/dry-run')).text, /hidden/);
    });

    it('tell by a dry run who would change, and how, and change nothing', async () => {
      const cpe = memoryCpe({ [interval]: '3600' });
      await add({ method: 'GetParameterValues', args: { ParameterNames: [interval] } });
      await visit(cpe);
      const ask = async (body?: object): Promise<Json> =>
        (await api.call('POST', '/presets/base/dry-run', { body })).json;
      const given = await ask({ set: { [interval]: 60 } });
      assert.equal(given.matched, 1);
      const [device] = given.devices as Json[];
      assert.deepEqual([device?.device, device?.set], [id, [{ path: interval, known: '3600', wanted: '60' }]]);
      assert.deepEqual((await ask({ when: 'productClass = "other"', set: { [interval]: 60 } })).matched, 0);
      assert.deepEqual((await visit(cpe)).asked, []);
      await api.refused(404, 'no-such-preset', 'POST', '/presets/base/dry-run');
      await api.call('PUT', '/presets/base', { body: { set: { [interval]: 60 } } });
      assert.equal((await ask()).matched, 1, 'the stored one, not yet carried out');
      await visit(cpe);
      await visit(cpe);
      assert.equal((await ask()).matched, 0, 'it is as it should be');
    });
  });

  describe('files', () => {
    it('go in and out byte by byte', async () => {
      const bytes = Buffer.from([0, 255, 10, 13, 0, 200]);
      const made = await put('fw-1.bin', 'type=firmware&version=49.2&productClass=4102S', bytes);
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
      assert.deepEqual((await api.call('GET', '/files')).json.items, [made]);
      assert.equal(
        (await api.call('PUT', '/files/fw-1.bin?type=firmware&version=49.3', { body: Buffer.alloc(0) })).status,
        200,
      );
      assert.equal((await api.call('DELETE', '/files/fw-1.bin')).status, 204);
      for (const method of ['GET', 'DELETE']) await api.refused(404, 'no-such-file', method, '/files/fw-1.bin');
    });

    it('are refused with what is wrong of type, version or name', async () => {
      const refused = async (code: string, path: string, detail: RegExp): Promise<void> => {
        assert.match(String((await api.refused(400, code, 'PUT', path, { body: Buffer.from('x') })).detail), detail);
      };
      await refused(
        'bad-input',
        '/files/a?type=sound',
        /query\.type: must be one of firmware, script, certificate, web/,
      );
      await refused('bad-input', '/files/a', /type/);
      await refused('version-missing', '/files/a?type=firmware', /firmware image needs its version/);
      await refused('bad-file-name', '/files/..%2Fetc?type=script', /a file name is/);
      await refused('bad-file-name', `/files/${'x'.repeat(200)}?type=script`, /1 to 128/);
    });

    it('that a preset wants stay, and stay of their type', async () => {
      await put('a.cfg', 'type=script');
      await api.call('PUT', '/presets/base', { body: { script: 'a.cfg' } });
      const problem = await api.refused(409, 'file-in-use', 'DELETE', '/files/a.cfg');
      assert.match(String(problem.detail), /used by preset base/);
      await api.refused(409, 'file-in-use', 'PUT', '/files/a.cfg?type=web', { body: Buffer.from('x') });
      await put('a.cfg', 'type=script', 'a newer one');
      await api.call('DELETE', '/presets/base');
      assert.equal((await api.call('DELETE', '/files/a.cfg')).status, 204);
    });

    it('are replaced in one step: a store that fails in the middle leaves the old file whole', async () => {
      await put('a.cfg', 'type=script', 'old');
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

    it('put at once by several callers end as one of them, whole', async () => {
      await put('a.cfg', 'type=script', 'one');
      await Promise.all(['two', 'one', 'three', 'one', 'two'].map(text => put('a.cfg', 'type=script', text)));
      const { text, headers } = await api.call('GET', '/files/a.cfg');
      assert.match(text, /^(one|two|three)$/);
      assert.equal(headers.etag, `"${createHash('sha256').update(text).digest('hex')}"`);
    });

    it('go to a device as they were when the task was made, whole or in ranges', async () => {
      await put('a.bin', 'type=firmware&version=2', Buffer.from('0123456789'));
      await add({ method: 'Download', file: 'a.bin' });
      const { asked } = await visit();
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
      await put('a.bin', 'type=firmware&version=2', 'something else');
      assert.equal((await get()).statusCode, 404, 'another file by now');
      assert.match(api.acs.logged.join('\n'), /was replaced or deleted since the task was made/);
    });

    it('an upload does not replace what an operator stored', async () => {
      await put('a.cfg', 'type=script');
      const upload = { method: 'Upload', args: { FileType: '1 Vendor Configuration File' } };
      await api.refused(409, 'file-exists', 'POST', `/devices/${id}/tasks`, { body: { ...upload, file: 'a.cfg' } });
      await api.refused(400, 'bad-file-name', 'POST', `/devices/${id}/tasks`, { body: { ...upload, file: '../x' } });
      await add({ ...upload, file: 'unit.cfg' });
      const { asked } = await visit();
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
  });

  it('faults are listed, and cleared so that they are tried again', async () => {
    await api.call('PUT', '/presets/bad', { body: { set: { 'Device.X_0090F8_Cwmp.Username': 'x' } } });
    await new ScriptedCpe(api.acs.app).session(method =>
      method === 'SetParameterValues'
        ? new CwmpFault(9003, 'no', [{ name: 'Device.X_0090F8_Cwmp.Username', code: 9007, message: 'not so' }])
        : { ParameterList: [{ Name: 'Device.X_0090F8_Cwmp.Username', Value: '', Type: 'xsd:string' }] },
    );
    const [fault] = (await api.call('GET', '/faults')).json.items;
    assert.deepEqual([fault?.device, fault?.cause, fault?.code, fault?.count], [id, 'preset:bad', 9007, 1]);
    assert.ok(Date.parse(String(fault?.retryAt)) > Date.parse(String(fault?.last)));
    assert.equal((await api.call('DELETE', `/faults/${fault?.id}`)).status, 204);
    assert.deepEqual((await api.call('GET', '/faults')).json.items, []);
    await api.refused(404, 'no-such-fault', 'DELETE', `/faults/${fault?.id}`);
    const { asked } = await visit(memoryCpe({ 'Device.X_0090F8_Cwmp.Username': '' }));
    assert.ok(asked.some(entry => entry.method === 'SetParameterValues'));
  });

  describe('live', () => {
    /** Reads the stream until a piece of it fits. */
    const stream = async (
      base: string,
      query = '',
    ): Promise<{ until: (text: string) => Promise<string>; end: () => void }> => {
      const stop = new AbortController();
      const answer = await fetch(`${base}/api/v1/events${query}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
        signal: stop.signal,
      });
      assert.equal(answer.headers.get('content-type'), 'text/event-stream');
      const reader = answer.body!.getReader();
      let heard = '';
      const until = async (text: string): Promise<string> => {
        while (!heard.includes(text)) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`the stream ended before ${text}: ${heard}`);
          heard += Buffer.from(value).toString();
        }
        return heard;
      };
      return { until, end: () => stop.abort() };
    };

    it('events are told as they happen, secrets masked, filtered when asked', async () => {
      const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
      const [all, tasks, other] = [
        await stream(base),
        await stream(base, '?types=task'),
        await stream(base, '?device=other'),
      ];
      await Promise.all([all, tasks, other].map(each => each.until(': connected')));
      await add({ method: 'SetParameterValues', args: { ParameterList: { [secret]: 'hidden' } } });
      await visit();
      const heard = await all.until('event: session');
      for (const name of ['task', 'inform', 'rpc']) assert.match(heard, new RegExp(`event: ${name}\\ndata: \\{`));
      assert.doesNotMatch(heard, /hidden/);
      const only = await tasks.until('"state":"done"');
      assert.doesNotMatch(only, /event: (inform|rpc|session)/);
      await api.acs.clock.advance(16_000);
      assert.doesNotMatch(await other.until(': still here'), /event:/);
      for (const each of [all, tasks, other]) each.end();
      await api.refused(400, 'bad-input', 'GET', '/events?types=task,dance');
      await api.refused(400, 'bad-input', 'GET', '/events?colour=red');
    });

    it('health and metrics need no token and tell nothing of a device', async () => {
      await visit();
      const get = async (url: string) => await api.rest.inject({ url });
      assert.deepEqual([(await get('/healthz')).statusCode, (await get('/healthz')).body], [200, 'ok\n']);
      assert.deepEqual([(await get('/readyz')).statusCode, (await get('/readyz')).body], [200, 'ready\n']);
      const metrics = await get('/metrics');
      assert.match(String(metrics.headers['content-type']), /^text\/plain; version=0\.0\.4/);
      assert.match(metrics.body, /^acs_sessions_total\{outcome="ok"\} \d+$/m);
      assert.match(metrics.body, /^# HELP acs_rpcs_total /m);
      assert.doesNotMatch(metrics.body, /0090F8/);
    });
  });

  describe('the description (OpenAPI 3.1)', () => {
    it('is served, and the committed one is up to date: npm run generate', async () => {
      const served = (await api.call('GET', '/openapi.json')).json as unknown;
      assert.deepEqual(served, JSON.parse(JSON.stringify(describeApi(operations))));
      const file = readFileSync(new URL('../../../schemas/openapi.json', import.meta.url), 'utf8');
      assert.deepEqual(JSON.parse(file), served);
    });

    it('names each operation once, each parameter of a path, and nothing that is not there', () => {
      const api = describeApi(operations) as {
        paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
      };
      const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
        Object.values(methods).map(call => ({ path, call })),
      );
      const names = calls.map(({ call }) => call.operationId);
      assert.equal(new Set(names).size, names.length);
      assert.equal(names.length, operations.length + 1);
      for (const { path, call } of calls) {
        const inPath = (call.parameters ?? [])
          .filter(parameter => parameter.in === 'path')
          .map(parameter => parameter.name);
        assert.deepEqual(
          inPath,
          [...path.matchAll(/\{(\w+)\}/g)].map(found => found[1]),
        );
      }
      const text = JSON.stringify(api);
      for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
        assert.ok(text.includes(`"${name}":{`), `${name} is described`);
    });
  });
});

// Operations on devices.
import assert from 'node:assert/strict';
import { openedText } from '../../../acs/fleet/common/secrets.ts';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { ForeignCpe } from '../../support/acs/foreign-cpe.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const factory = { username: 'enrol', password: 'factory' };

describe('device API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'approve' });
  });
  afterEach(async () => await api.close());
  const announce = async (device: Json | object = { id }): Promise<Json> => {
    const answer = await api.call('POST', '/devices', { body: device });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
  };

  it('pre-registers a device as JSON, reads, changes and deletes it', async () => {
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

  it('tells what a deletion would take with it, and deletes nothing', async () => {
    await announce({ id });
    await api.call('POST', `/devices/${id}/tasks`, { body: { method: 'Reboot', args: { CommandKey: 'x' } } });
    const { status, json } = await api.call('DELETE', `/devices/${id}?dryRun=true`);
    assert.equal(status, 200);
    const told = { dryRun: true, id, state: 'known', liveness: null, lastInform: null, openTasks: 1, rollout: null };
    assert.deepEqual(json, told);
    assert.equal((await api.call('GET', `/devices/${id}`)).json.openTasks, 1);
    const [entry] = (await api.call('GET', '/audit?limit=1')).json.items;
    assert.deepEqual([entry?.what, entry?.status, entry?.after], ['deleteDevice', 200, { dryRun: true }]);
    const headers = { 'if-match': '"0.0"' };
    assert.equal((await api.call('DELETE', `/devices/${id}?dryRun=true`, { headers })).status, 412);
    assert.equal((await api.call('DELETE', `/devices/${id}?dryRun=false`)).status, 204);
    await api.refused(404, 'no-such-device', 'DELETE', `/devices/${id}?dryRun=true`);
  });

  it('masks credentials and secret overrides, and keeps them when the mask comes back', async () => {
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

  it('refuses an invalid override and a user name that is taken', async () => {
    await announce({ id, credentials: { username: 'box', password: 'p' } });
    const patch = async (code: string, body: object, detail: RegExp, status = 400): Promise<void> => {
      assert.match(String((await api.refused(status, code, 'PATCH', `/devices/${id}`, { body })).detail), detail);
    };
    await patch('bad-value', { overrides: { [interval]: 'soon' } }, /overrides: .*PeriodicInformInterval/);
    await patch('read-only', { overrides: { 'Device.DeviceInfo.SoftwareVersion': '1' } }, /read-only/);
    await patch('bad-path', { overrides: { PeriodicInformInterval: '1' } }, /not the full path/);
    await patch('bad-path', { overrides: { 'Device.X.': '1' } }, /not the full path/);
    await patch('username-taken', { credentials: { username: 'enrol', password: 'p' } }, /enrolment credential/, 409);
    await patch('username-taken', { credentials: { username: 'box', password: 'p' } }, /./, 409).catch(() => undefined);
    const other = { id: '0090F8-4102S-2', credentials: { username: 'box', password: 'p' } };
    await api.refused(409, 'username-taken', 'POST', '/devices', { body: other });
    assert.equal(
      (await api.call('PATCH', `/devices/${id}`, { body: { credentials: { username: 'box', password: 'q' } } })).status,
      200,
    );
  });

  it('pre-registers devices from CSV and reports bad lines by number', async () => {
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

  const csv = { 'content-type': 'text/csv' };

  it('previews a CSV: what is new, changed, the same and wrong, and changes nothing', async () => {
    await announce({ id: '0090F8-4102S-1', tags: ['sales'], site: { town: 'Ulm' } });
    await announce({ id: '0090F8-4102S-2', tags: ['lab'], credentials: { username: 'two', password: 'hidden-1' } });
    const before = (await api.call('GET', '/devices?sort=id')).json.items;
    const body = [
      'id;tags;site.town;username;password',
      '0090F8-4102S-1;+vip -sales;Bern;;',
      '0090F8-4102S-2;lab;;two;hidden-1',
      '0090F8-4102S-3;;;;',
      'not an id;;;;',
      '0090F8-4102S-1;lab;;;',
      '0090F8-4102S-2;+a b;;;',
      '',
    ].join('\n');
    const patched = await api.call('PATCH', '/devices?dryRun=true', { body, headers: csv });
    const { wrong, sample, ...counts } = patched.json as unknown as Record<string, unknown>;
    assert.deepEqual(counts, { dryRun: true, new: 0, changed: 1, same: 1, moreWrong: 0 });
    assert.deepEqual(
      (wrong as Json[]).map(({ line }) => line),
      [4, 5, 6, 7],
    );
    assert.deepEqual(sample, [
      {
        ...{ line: 2, id: '0090F8-4102S-1' },
        before: { tags: ['sales'], 'site.town': 'Ulm' },
        after: { tags: ['vip'], 'site.town': 'Bern' },
      },
    ]);
    const announced = await api.call('POST', '/devices?dryRun=true', { body, headers: csv });
    assert.deepEqual([announced.status, announced.json.new], [200, 1]);
    assert.doesNotMatch(patched.text + announced.text, /hidden/);
    assert.deepEqual((await api.call('GET', '/devices?sort=id')).json.items, before);
    const done = await api.call('PATCH', '/devices', { body, headers: csv });
    assert.deepEqual(
      (done.json.failed as Json[]).map(({ line }) => line),
      [4, 5, 7],
    );
  });

  it('adds and removes tags by CSV, and reads 100,000 lines', async function () {
    this.timeout(60_000);
    await announce({ id: '0090F8-4102S-1', tags: ['sales', 'old'] });
    await api.call('PATCH', '/devices', { body: 'id\ttags\n0090F8-4102S-1\t+vip -old\n', headers: csv });
    assert.deepEqual((await api.call('GET', '/devices/0090F8-4102S-1')).json.tags, ['sales', 'vip']);
    const lines = Array.from({ length: 100_000 }, (_, at) => `x${at};+new;"Street ${at}, long enough for a line"`);
    const body = `id;tags;site.street\n${lines.join('\n')}`;
    const { json } = await api.call('PATCH', '/devices?dryRun=true', { body, headers: csv });
    assert.deepEqual([(json.wrong as Json[]).length, json.moreWrong], [1000, 99_000]);
    await api.refused(413, 'too-large', 'PATCH', '/devices', { body: { items: [], x: 'x'.repeat(5_000_000) } });
  });

  it('refuses a malformed CSV', async () => {
    const send = async (body: string, code: string): Promise<string> =>
      String(
        (await api.refused(400, code, 'POST', '/devices', { body, headers: { 'content-type': 'text/csv' } })).detail,
      );
    assert.match(await send('', 'empty-csv'), /header/);
    assert.match(await send('id,colour\n0090F8-A-1,red', 'bad-csv'), /unknown column 'colour'/);
    assert.match(await send('id\na,b', 'bad-csv'), /line 2 has 2 fields, but the header has 1/);
    assert.match(await send('id\n"open', 'bad-csv'), /line 2: an unclosed quote/);
  });

  it('takes ids with percent-encoded parts, encoded once more in the URL', async () => {
    const odd = '0090F8-41%2D02%20S-AB%2D1%2F2';
    const made = await announce({ id: odd });
    assert.deepEqual([made.productClass, made.serialNumber], ['41-02 S', 'AB-1/2']);
    assert.equal((await api.call('GET', `/devices/${encodeURIComponent(odd)}`)).json.id, odd);
    const once = await api.refused(404, 'no-such-device', 'GET', `/devices/${odd}`);
    assert.match(String(once.detail), /%2D becomes %252D/);
    assert.equal((await api.call('DELETE', `/devices/${encodeURIComponent(odd)}`)).status, 204);
  });

  /** The ids of a listing, read page by page. */
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

  it('lists devices in pages, each once and in order', async () => {
    const ids = Array.from({ length: 23 }, (_, n) => `0090F8-4102S-${String(n).padStart(3, '0')}`);
    for (const [n, device] of ids.entries()) await announce({ id: device, tags: n % 2 ? ['odd'] : [] });
    assert.deepEqual(await listed({ sort: 'id' }), ids);
    assert.deepEqual(await listed({ sort: '-serial' }), [...ids].reverse());
    const odd = ids.filter((_, n) => n % 2);
    assert.deepEqual(await listed({ sort: 'created', filter: 'tag = "odd"' }), odd);
    assert.deepEqual(await listed({ filter: 'serial in ("003", "007")' }), [ids[3], ids[7]]);
  });

  it('approves a device in quarantine, and an unknown CPE', async () => {
    await new ScriptedCpe(api.acs.app, factory).session();
    assert.equal((await api.call('GET', `/devices/${id}`)).json.state, 'quarantine');
    assert.equal((await api.call('POST', `/devices/${id}/approve`)).json.state, 'enrolled');

    const stranger = new ScriptedCpe(api.acs.app, { serial: 'STRANGER' });
    assert.equal((await stranger.post(stranger.inform())).status, 401);
    const [unknown] = (await api.call('GET', '/knocking')).json.items;
    assert.deepEqual([unknown?.device, unknown?.count, unknown?.address], ['0090F8-4102S-STRANGER', 1, '127.0.0.1']);
    await api.refused(404, 'no-such-device', 'POST', '/devices/0090F8-4102S-NOBODY/approve');
    await api.call('POST', '/devices/0090F8-4102S-STRANGER/approve');
    assert.deepEqual((await api.call('GET', '/knocking')).json.items, []);
    assert.equal((await stranger.post(stranger.inform())).status, 200);
  });

  it('lists parameters at or below a path', async () => {
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
      (await api.call('GET', `/devices/${id}/parameters?path=${path}`)).json.items.map(item => [item.path, item.value]);
    assert.deepEqual(await read('Device.A.'), [
      ['Device.A.B', '1'],
      ['Device.A.Password', '***'],
    ]);
    assert.deepEqual(await read('Device.C'), [['Device.C', '3']]);
    assert.equal((await read('')).length, 3);
    assert.equal((await api.call('GET', `/devices/${id}/parameters`)).json.items[0]?.time, '1970-01-01T00:00:01.000Z');
    await api.refused(404, 'no-such-device', 'GET', '/devices/0090F8-X-1/parameters');
  });

  it('lists what Informs have told beside what was read, and tells what decides a value', async () => {
    await api.close();
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    const cpe = new ForeignCpe(
      api.acs,
      { manufacturer: 'Acme', oui: 'A1B2C3', productClass: 'Lamp', serial: 'L1', version: '1.7', root: 'Device.' },
      {},
    );
    await cpe.run();
    await api.call('PATCH', `/devices/${cpe.id}`, { body: { overrides: { 'Device.Lamp.Mode': 'Dim' } } });
    const known = ['Device.Lamp.Level', 'Device.Lamp.Mode', 'Device.Lamp.Password', 'Device.ZZ.Last'].map(path => ({
      ...{ path, value: `old-${path.length}`, type: 'xsd:string', time: 1000, writable: path.includes('L') },
    }));
    await api.acs.store.putParameters(cpe.id, known);
    const paths = async (query: string): Promise<unknown[]> =>
      (await api.call('GET', `/devices/${cpe.id}/parameters?${query}`)).json.items.map(({ path }) => path);
    const told = ['Device.DeviceInfo.SoftwareVersion', 'Device.ManagementServer.ParameterKey'];
    const all = [told[0], ...known.slice(0, 3).map(({ path }) => path), told[1], 'Device.ZZ.Last'];
    assert.deepEqual(await paths(''), all);
    assert.deepEqual(await paths('path=Device.DeviceInfo.SoftwareVersion'), [told[0]]);
    assert.deepEqual(await paths('prefix=Device.Lamp.L'), ['Device.Lamp.Level']);
    assert.deepEqual(await paths('find=OLD-16'), ['Device.Lamp.Mode']);
    assert.deepEqual(await paths('find=lamp.p'), ['Device.Lamp.Password']);
    assert.deepEqual(await paths('find=old-20'), [], 'no secret is found by its text');
    assert.deepEqual(await paths('show=wanted,writable'), ['Device.Lamp.Mode']);
    assert.deepEqual(await paths('show=changed'), []);
    const walked: unknown[] = [];
    for (let cursor: unknown = ''; cursor !== null; ) {
      const page = await api.call(
        'GET',
        `/devices/${cpe.id}/parameters?limit=1&count=true${cursor ? `&cursor=${cursor}` : ''}`,
      );
      assert.equal(page.json.total, 6);
      walked.push(...page.json.items.map(({ path }) => path));
      cursor = page.json.next;
    }
    assert.deepEqual(walked, all);
    const [first] = (await api.call('GET', `/devices/${cpe.id}/parameters`)).json.items;
    assert.deepEqual([first?.value, first?.type], ['1.7', '']);
    const csv = await api.call(
      'GET',
      `/devices/${cpe.id}/parameters?format=csv&path=Device.Lamp.&fields=path,value,decidedBy`,
    );
    assert.equal(
      csv.text,
      'path,value,decidedBy\r\nDevice.Lamp.Level,old-17,\r\nDevice.Lamp.Mode,old-16,override\r\nDevice.Lamp.Password,***,\r\n',
    );
    await api.refused(400, 'bad-input', 'GET', `/devices/${cpe.id}/parameters?show=all`);
  });

  it('B3: lists parameters in pages of at most 1,000', async () => {
    await announce();
    const values = Array.from({ length: 1500 }, (_, at) => ({
      ...{ path: `Device.P${1000 + at}`, value: String(at), type: 'xsd:string', time: 1000 },
    }));
    await api.acs.store.putParameters(id, values);
    const first = (await api.call('GET', `/devices/${id}/parameters`)).json;
    assert.deepEqual([first.items.length, typeof first.next], [1000, 'string']);
    const second = (await api.call('GET', `/devices/${id}/parameters?cursor=${first.next}`)).json;
    assert.deepEqual([second.items.length, second.items[0]?.value, second.next], [500, '1000', null]);
    const few = (await api.call('GET', `/devices/${id}/parameters?path=Device.&limit=2`)).json;
    assert.deepEqual([few.items.length, typeof few.next], [2, 'string']);
    await api.refused(400, 'bad-cursor', 'GET', `/devices/${id}/parameters?cursor=x`);
    await api.refused(400, 'bad-input', 'GET', `/devices/${id}/parameters?limit=1001`);
  });

  it('sends a connection request, and answers a refusal with 504 and the reason', async () => {
    await announce();
    assert.deepEqual((await api.call('POST', `/devices/${id}/connection-request`)).json, { accepted: true });
    api.wake(async () => ({ accepted: false, reason: 'the device refused the credentials' }));
    const problem = await api.refused(504, 'not-woken', 'POST', `/devices/${id}/connection-request`);
    assert.equal(problem.detail, 'the device refused the credentials');
    await api.refused(404, 'no-such-device', 'POST', '/devices/0090F8-X-1/connection-request');
  });
});

// Filters and orders of lists of other things than devices: the audit, jobs, files, the parameters of a device.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { putFile } from '../../../support/acs/api-calls.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';
import { deviceId as id } from '../../../support/devices.ts';

const HOUR = 3_600_000;

bothStoresSuite('filters of other lists than devices', subject => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ beside: subject });
  });
  afterEach(async () => await api.close());

  const list = async (path: string, query: Record<string, string>): Promise<Json> =>
    (await api.call('GET', `${path}?${new URLSearchParams(query)}`)).json;
  /** One field of all entries, by pages of two. */
  const all = async (path: string, field: string, query: Record<string, string>): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await list(path, { ...query, limit: '2', ...(cursor ? { cursor } : {}) });
      found.push(...page.items.map(item => item[field]));
      if (page.next === null) return found;
      cursor = String(page.next);
    }
  };

  it('find entries of the audit, in both orders', async () => {
    for (const name of ['a', 'b', 'c']) await api.call('PUT', `/presets/${name}`, { body: {} });
    await api.acs.clock.advance(HOUR);
    await api.call('DELETE', '/presets/none');
    await api.call('DELETE', '/presets/c');
    const targets = (filter: string, more = {}): Promise<unknown[]> => all('/audit', 'target', { filter, ...more });
    assert.deepEqual(await targets('what = "putPreset"'), ['c', 'b', 'a']);
    assert.deepEqual(await targets('what = "putPreset"', { sort: 'time' }), ['a', 'b', 'c']);
    assert.deepEqual(await all('/audit', 'target', { sort: 'time' }), ['a', 'b', 'c', 'none', 'c']);
    assert.deepEqual(await targets('status >= 400 or (target = "c" and time < now - 30m)'), ['none', 'c']);
    assert.deepEqual(await targets('what like "%preset" and not code exists', { what: 'deletePreset' }), ['c']);
    assert.deepEqual(await targets('seq in (1, 3)', { sort: 'time' }), ['a', 'c']);
    assert.deepEqual(await targets('search "no-such"'), ['none']);
    assert.deepEqual((await list('/audit', { filter: 'target = "c"', count: 'true' })).total, 2);
    const { text } = await api.call('GET', `/audit/csv?${new URLSearchParams({ filter: 'target = "none"' })}`);
    assert.equal(text.trim().split('\r\n').length, 2);
  });

  it('page through the audit entry by entry, whatever characters its cursors have', async () => {
    for (let n = 0; n < 40; n++) await api.call('DELETE', `/presets/p${n}`);
    const page = async (sort: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (let next = ''; ; ) {
        const { items, next: more } = await list('/audit', { sort, limit: '1', ...(next ? { cursor: next } : {}) });
        found.push(...items.map(({ target }) => target));
        if (more === null) return found;
        next = String(more);
      }
    };
    const names = Array.from({ length: 40 }, (_, n) => `p${n}`);
    assert.deepEqual(await page('time'), names);
    assert.deepEqual(await page('-time'), names.reverse());
  });

  it('find jobs and files', async () => {
    for (const name of ['one', 'two', 'three']) {
      const body = { id: name, name: `Job ${name}`, devices: { filter: 'tag = "x"' }, do: [{ tags: { add: ['y'] } }] };
      const { status, text } = await api.call('POST', '/jobs', { body });
      assert.equal(status, 201, text);
      await api.acs.clock.advance(HOUR);
    }
    assert.deepEqual(await all('/jobs', 'id', { filter: 'name like "%t%"' }), ['three', 'two']);
    assert.deepEqual(await all('/jobs', 'id', { filter: 'created < now - 90m', sort: 'created' }), ['one', 'two']);
    assert.deepEqual(await all('/jobs', 'id', { filter: 'author = "admin" and id != "two"' }), ['three', 'one']);
    await putFile(api, 'a.bin', 'type=firmware&version=49.9', 'abc');
    await putFile(api, 'b.bin', 'type=firmware&version=49.10', 'abcd');
    await putFile(api, 'c.cfg', 'type=script', 'a');
    assert.deepEqual(await all('/files', 'name', { filter: 'version > "49.9"' }), ['b.bin']);
    assert.deepEqual(await all('/files', 'name', { filter: 'size < 4 and not type = "web"' }), ['a.bin', 'c.cfg']);
    assert.deepEqual(await all('/files', 'name', { filter: 'version exists', type: 'firmware', sort: '-size' }), [
      'b.bin',
      'a.bin',
    ]);
    assert.equal((await list('/files', { filter: 'name like "%.bin"', count: 'true' })).total, 2);
  });

  it('name the place of what cannot be read, and the fields that there are', async () => {
    for (const [path, field] of [
      ['/audit', 'who'],
      ['/jobs', 'handle'],
      ['/files', 'sha256'],
    ] as const) {
      const refused = (filter: string): Promise<Json> =>
        api.refused(400, 'bad-filter', 'GET', `${path}?${new URLSearchParams({ filter })}`);
      const { detail, column } = await refused(`${field} = "x" and productClas = "y"`);
      assert.match(String(detail), new RegExp(`unknown field "productClas": one of .*\\b${field}\\b`));
      assert.equal(column, field.length + 12);
      await refused(`${field} =`);
      await refused('constructor = 1');
      await refused('preset = "a"');
      await refused('Device.A = 1');
    }
  });

  it('sort the parameters of a device by path or time', async () => {
    await api.call('POST', '/devices', { body: { id } });
    const values = ['A', 'B', 'C', 'D', 'E'].map((name, at) => ({
      ...{ path: `Device.Lamp.${name}`, value: name, type: 'xsd:string', time: 1000 * (at % 2) + 1000 },
    }));
    await api.acs.store.putParameters(id, values);
    const sorted = async (sort: string): Promise<string> =>
      (await all(`/devices/${id}/parameters`, 'value', { sort, prefix: 'Device.Lamp.' })).join('');
    assert.deepEqual(
      [await sorted('path'), await sorted('-path'), await sorted('time'), await sorted('-time')],
      ['ABCDE', 'EDCBA', 'ACEBD', 'DBECA'],
    );
    const { next } = await list(`/devices/${id}/parameters`, { sort: 'time', limit: '1' });
    await api.refused(400, 'bad-cursor', 'GET', `/devices/${id}/parameters?sort=-time&cursor=${next}`);
    await api.refused(400, 'bad-input', 'GET', `/devices/${id}/parameters?sort=value`);
  });
});

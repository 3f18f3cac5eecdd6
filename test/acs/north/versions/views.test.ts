// Saved views: each caller has its own, shared ones are read by all.
import assert from 'node:assert/strict';
import { type TestApi, testApi } from '../../../support/acs/api.ts';

describe('saved views', () => {
  let api: TestApi;
  const init = (token: string, body?: object) => (body ? { token, body } : { token });
  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => await api.close());

  const lost = { q: 'lost and tag = "vip"', cols: ['serial', 'site.name', 'Device.Uptime'], sort: '-lastInform' };
  const namesOf = async (token: string): Promise<unknown[]> =>
    (await api.call('GET', '/views', { token })).json.items.map(({ name, author, mine }) => [name, author, mine]);

  it('are saved, read, listed and deleted by their author', async () => {
    const made = await api.call('PUT', '/views/lost', init('viewer-token', lost));
    const view = { name: 'lost', author: 'viewer', ...lost, shared: false, mine: true };
    assert.deepEqual([made.status, made.json], [201, view]);
    assert.equal((await api.call('PUT', '/views/lost', init('viewer-token', lost))).status, 200);
    const read = await api.call('GET', '/views/lost', init('viewer-token'));
    assert.deepEqual(read.json, view);
    const stale = { ...init('viewer-token', lost), headers: { 'if-match': '"0"' } };
    await api.refused(412, 'changed-meanwhile', 'PUT', '/views/lost', stale);
    const right = { ...init('viewer-token', {}), headers: { 'if-match': String(read.headers.etag) } };
    assert.equal((await api.call('PUT', '/views/lost', right)).json.q, '');
    assert.equal((await api.call('DELETE', '/views/lost', init('viewer-token'))).status, 204);
    await api.refused(404, 'no-such-view', 'GET', '/views/lost', init('viewer-token'));
  });

  it('are seen by others only where they are shared, and changed by none of them', async () => {
    const { token: bob } = (await api.call('POST', '/tokens', { body: { name: 'bob', role: 'viewer' } })).json;
    const { token: eve } = (await api.call('POST', '/tokens', { body: { name: 'eve', role: 'viewer' } })).json;
    await api.call('PUT', '/views/own', init(String(bob), lost));
    await api.call('PUT', '/views/all', init(String(bob), { ...lost, shared: true }));
    await api.call('PUT', '/views/all', init(String(eve), { q: 'late' }));
    assert.deepEqual(await namesOf(String(eve)), [
      ['all', 'eve', true],
      ['all', 'bob', false],
    ]);
    assert.equal((await api.call('GET', '/views/all?author=bob', init(String(eve)))).json.q, lost.q);
    assert.equal((await api.call('GET', '/views/all', init(String(eve)))).json.q, 'late');
    await api.refused(404, 'no-such-view', 'GET', '/views/own?author=bob', init(String(eve)));
    await api.refused(404, 'no-such-view', 'DELETE', '/views/own', init(String(eve)));
    assert.equal((await api.call('DELETE', '/views/all', init(String(eve)))).status, 204);
    assert.deepEqual(await namesOf(String(eve)), [['all', 'bob', false]]);
    await api.call('DELETE', '/tokens/bob');
    assert.deepEqual(await namesOf(String(eve)), []);
  });

  it('are refused with a filter that cannot be read, a bad name, or beyond their number', async () => {
    const problem = await api.refused(400, 'bad-filter', 'PUT', '/views/v', { body: { q: 'tag =' } });
    assert.match(String(problem.detail), /body\.q/);
    await api.refused(400, 'bad-name', 'PUT', `/views/${encodeURIComponent('a/b')}`, { body: {} });
    for (let n = 0; n < 100; n++) assert.equal((await api.call('PUT', `/views/v${n}`, { body: {} })).status, 201);
    await api.refused(409, 'too-many-views', 'PUT', '/views/more', { body: {} });
    assert.equal((await api.call('PUT', '/views/v1', { body: {} })).status, 200);
  });
});

// The audit of the API: one entry for each changing request, carried out or refused, and no secret in it.
import assert from 'node:assert/strict';
import { operations } from '../../../acs/north/operations.ts';
import { type TestApi, testApi } from '../../support/acs/api.ts';

describe('audit', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => {
    await api.close();
  });
  const id = '0090F8-4102S-1';
  const entries = async (): Promise<unknown[][]> => {
    const { items } = (await api.call('GET', '/audit')).json;
    return items.map(({ who, what, target, status }) => [who, what, target, status]);
  };

  it('records changes and refusals, newest first, with role, target and status', async () => {
    await api.call('POST', '/devices', { body: { id } });
    await api.call('POST', '/devices', { body: { id } });
    await api.call('PATCH', `/devices/${id}`, { body: { nonsense: 1 } });
    await api.call('DELETE', `/devices/${id}`, { token: 'viewer-token' });
    await api.call('DELETE', '/presets/none', { token: 'operator-token' });
    await api.call('GET', '/devices');
    await api.call('DELETE', `/devices/${id}`, { token: 'no-token' });
    await api.call('DELETE', `/devices/${id}`);
    assert.deepEqual(await entries(), [
      ['admin', 'deleteDevice', id, 204],
      ['operator', 'deletePreset', 'none', 404],
      ['viewer', 'deleteDevice', id, 403],
      ['admin', 'patchDevice', id, 400],
      ['admin', 'announceDevices', id, 409],
      ['admin', 'announceDevices', id, 201],
    ]);
  });

  it('records one entry per request of every operation but plain GETs', async () => {
    let expected = 0;
    for (const { method, path, isAudited } of operations) {
      await api.call(method, path.replace(/:\w+/g, 'x'));
      if (method !== 'GET' || isAudited) expected++;
    }
    assert.equal((await entries()).length, expected);
  });

  it('records requests whose target cannot be stored as it is', async () => {
    await api.call('DELETE', '/presets/a%00b');
    await api.call('POST', '/devices', { body: { id: 'x'.repeat(100_000) } });
    assert.deepEqual(
      (await entries()).map(([, what, target, status]) => [what, String(target).length, status]),
      [
        ['announceDevices', 1024, 400],
        ['deletePreset', 2, 400],
      ],
    );
  });

  it('records no secrets', async () => {
    const credentials = { username: 'user', password: 'very-secret' };
    await api.call('POST', '/devices', { body: { id, credentials } });
    await api.call('PATCH', `/devices/${id}`, {
      body: { credentials, overrides: { 'Device.X.Password': 'very-secret' } },
    });
    await api.call('POST', '/devices', {
      body: `id,username,password\n${id}2,u,very-secret\n`,
      headers: { 'content-type': 'text/csv' },
    });
    const { text } = await api.call('GET', '/audit');
    assert.equal((await entries()).length, 3);
    assert.ok(!text.includes('very-secret'));
  });

  it('shows its entries to the admin only, in pages', async () => {
    await api.refused(403, 'forbidden', 'GET', '/audit', { token: 'operator-token' });
    for (let n = 0; n < 5; n++) await api.call('DELETE', `/presets/p${n}`);
    const first = (await api.call('GET', '/audit?limit=3')).json;
    const second = (await api.call('GET', `/audit?limit=3&cursor=${String(first.next)}`)).json;
    assert.deepEqual(
      [...first.items, ...second.items].map(({ target }) => target),
      ['p4', 'p3', 'p2', 'p1', 'p0'],
    );
    assert.equal(second.next, null);
    await api.refused(400, 'bad-cursor', 'GET', '/audit?cursor=zzz');
  });

  it('refuses the cursor of the other order', async () => {
    for (let n = 0; n < 5; n++) await api.call('DELETE', `/presets/p${n}`);
    for (const [sort, other] of [
      ['time', '-time'],
      ['-time', 'time'],
    ]) {
      const first = (await api.call('GET', `/audit?limit=3&sort=${sort}`)).json;
      const rest = (await api.call('GET', `/audit?limit=3&sort=${sort}&cursor=${String(first.next)}`)).json;
      assert.deepEqual([first.items.length, rest.items.length, rest.next], [3, 2, null]);
      await api.refused(400, 'bad-cursor', 'GET', `/audit?sort=${other}&cursor=${String(first.next)}`);
    }
  });
});

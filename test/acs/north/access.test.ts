// Users, roles and API tokens: made, shown without secrets, changed and revoked.
import assert from 'node:assert/strict';
import { operations } from '../../../acs/north/operations.ts';
import { type TestApi, testApi } from '../../support/acs/api.ts';

describe('users, roles and tokens', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => await api.close());
  const password = 'correct horse battery';

  it('creates, changes and deletes a user without showing the password', async () => {
    const made = await api.call('POST', '/users', { body: { name: 'ann', role: 'viewer', password } });
    assert.deepEqual(made.json, { name: 'ann', role: 'viewer', disabled: false, hasPassword: true });
    await api.refused(409, 'user-exists', 'POST', '/users', { body: { name: 'ann', role: 'viewer' } });
    const changed = await api.call('PATCH', '/users/ann', { body: { filter: 'tag = "a"', disabled: true } });
    assert.deepEqual(changed.json, {
      name: 'ann',
      role: 'viewer',
      filter: 'tag = "a"',
      disabled: true,
      hasPassword: true,
    });
    const cleared = await api.call('PATCH', '/users/ann', { body: { filter: null, role: 'admin' } });
    assert.deepEqual(cleared.json, { name: 'ann', role: 'admin', disabled: true, hasPassword: true });
    assert.equal((await api.call('PUT', '/users/ann', { body: { role: 'operator' } })).json.hasPassword, true);
    assert.equal((await api.call('DELETE', '/users/ann')).status, 204);
    await api.refused(404, 'no-such-user', 'GET', '/users/ann');
    const stored = JSON.stringify(await api.acs.store.documents('user'));
    assert.ok(!stored.includes(password));
  });

  it('refuses unknown roles, passing filters and short passwords with the place', async () => {
    await api.refused(400, 'no-such-role', 'POST', '/users', { body: { name: 'a', role: 'none' } });
    await api.refused(400, 'bad-filter', 'POST', '/users', { body: { name: 'a', role: 'viewer', filter: 'online' } });
    await api.refused(400, 'bad-password', 'POST', '/users', {
      body: { name: 'a', role: 'viewer', password: 'short' },
    });
    await api.refused(400, 'bad-name', 'POST', '/users', { body: { name: 'a b', role: 'viewer' } });
  });

  it('shows a token once, stores its hash, and notes its last use seldom', async () => {
    const { json } = await api.call('POST', '/tokens', { body: { name: 'oss', role: 'operator' } });
    const token = String(json.token);
    assert.match(token, /^tandem_[\w-]{43}$/);
    assert.ok(!(await api.call('GET', '/tokens')).text.includes(token));
    assert.ok(!JSON.stringify(await api.acs.store.documents('token')).includes(token));
    const lastUsed = async (): Promise<unknown> => (await api.call('GET', '/tokens/oss')).json.lastUsed;
    assert.equal(await lastUsed(), null);
    await api.call('GET', '/devices', { token });
    const first = await lastUsed();
    assert.equal(first, new Date(api.acs.clock.now()).toISOString());
    await api.acs.clock.advance(60_000);
    await api.call('GET', '/devices', { token });
    assert.equal(await lastUsed(), first);
    await api.acs.clock.advance(10 * 60_000);
    await api.call('GET', '/devices', { token });
    assert.notEqual(await lastUsed(), first);
  });

  it('refuses a token once it has expired', async () => {
    const expires = new Date(api.acs.clock.now() + 60_000).toISOString();
    const { json } = await api.call('POST', '/tokens', { body: { name: 'short', role: 'viewer', expires } });
    const token = String(json.token);
    assert.equal((await api.call('GET', '/devices', { token })).status, 200);
    await api.acs.clock.advance(60_000);
    await api.refused(401, 'unauthorized', 'GET', '/devices', { token });
    await api.refused(400, 'bad-time', 'POST', '/tokens', { body: { name: 'past', role: 'viewer', expires } });
  });

  it('tells in the session of a token when it expires', async () => {
    const expires = new Date(api.acs.clock.now() + 60_000).toISOString();
    const made = await api.call('POST', '/tokens', { body: { name: 't', role: 'viewer', expires } });
    const token = String(made.json.token);
    assert.equal((await api.call('GET', '/session', { token })).json.expires, expires);
    const lasting = await api.call('POST', '/tokens', { body: { name: 'u', role: 'viewer' } });
    assert.equal((await api.call('GET', '/session', { token: String(lasting.json.token) })).json.expires, null);
  });

  it('lets a role of your own do what it names and nothing else', async () => {
    const role = { operations: ['read', 'connectionRequest'] };
    assert.equal((await api.call('PUT', '/roles/noc', { body: role })).status, 201);
    const token = String((await api.call('POST', '/tokens', { body: { name: 'noc', role: 'noc' } })).json.token);
    const id = '0090F8-4102S-1';
    await api.call('POST', '/devices', { body: { id } });
    assert.equal((await api.call('GET', `/devices/${id}`, { token })).status, 200);
    assert.equal((await api.call('POST', `/devices/${id}/connection-request`, { token })).status, 200);
    await api.refused(403, 'forbidden', 'DELETE', `/devices/${id}`, { token });
    await api.refused(403, 'forbidden', 'GET', '/audit', { token });
    await api.refused(409, 'role-in-use', 'DELETE', '/roles/noc');
    await api.call('PUT', '/roles/noc', { body: { operations: ['listAudit'] } });
    assert.equal((await api.call('GET', '/audit', { token })).status, 200);
    await api.refused(403, 'forbidden', 'GET', '/devices', { token });
  });

  it('tells the operations of built-in roles, the same as those that a caller with the role has', async () => {
    const { items } = (await api.call('GET', '/roles')).json;
    for (const role of ['viewer', 'operator', 'admin']) {
      const listed = items.find(({ name }) => name === role)?.operations as string[];
      const token = String((await api.call('POST', '/tokens', { body: { name: role, role } })).json.token);
      const { operations } = (await api.call('GET', '/session', { token })).json;
      assert.deepEqual(listed, operations);
    }
  });

  it('gives no role an operation that grants rights, and no role the name of a built-in one', async () => {
    for (const name of ['createToken', 'putRole', 'nonsense'])
      await api.refused(400, 'no-such-operation', 'PUT', '/roles/r', { body: { operations: [name] } });
    await api.refused(400, 'bad-name', 'PUT', '/roles/admin', { body: { operations: ['read'] } });
    await api.refused(400, 'bad-path', 'PUT', '/roles/r', {
      body: { operations: ['read'], parameters: { read: ['no path'] } },
    });
  });

  it('enforces the role that the description names, for each operation and role', async () => {
    const order = ['viewer', 'operator', 'admin'];
    const { paths } = (await api.call('GET', '/openapi.json')).json as unknown as {
      paths: Record<string, Record<string, { operationId: string; 'x-role': string }>>;
    };
    const calls = Object.values(paths).flatMap(methods => Object.values(methods));
    for (const { name, method, path, scope } of operations) {
      if (scope === 'self') continue;
      const described = calls.find(({ operationId }) => operationId === name)?.['x-role'] ?? '';
      for (const [at, level] of order.entries()) {
        if (level === 'admin') continue;
        const token = `${level}-token`;
        const { json } = await api.call(method, path.replace(/:\w+/g, 'x'), { token, body: '' });
        assert.equal(json.code === 'forbidden', at < order.indexOf(described), `${name} as ${level}: ${json.code}`);
      }
    }
  });
});

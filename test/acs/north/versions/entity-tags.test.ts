// Entity tags of stored objects, and changes under conditions on them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { factsOf, type Operation } from '../../../../acs/north/operation.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { conditionOf } from '../../../../acs/north/versions/entity.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';
import { UserError } from '../../../../shared/errors.ts';
import { createCa } from '../../../../shared/pki/authority.ts';
import { type Answer, type CallInit, type TestApi, testApi } from '../../../support/acs/api.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';
import { deviceId } from '../../../support/devices.ts';

const changing = operations.filter(operation => operation.entity && !factsOf(operation).isRead);
const model = `<?xml version="1.0" encoding="UTF-8"?>
<dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4" spec="urn:example:acme-1-0-0"><model name="Acme:1.0">
  <object name="Device." access="readOnly" minEntries="1" maxEntries="1">
    <parameter name="Note" access="readOnly"><syntax><string/></syntax></parameter></object></model></dm:document>`;

/** Bodies that make and change the object of each operation. */
const bodies: Record<string, unknown> = {
  preset: { weight: 1 },
  alert: { filter: 'not online', above: 3 },
  enrolRule: { filter: 'oui = "0090F8"', action: 'enrol' },
  webhook: { url: 'https://198.51.100.7/in', events: ['late'] },
  '/settings/secrets': { names: ['pin'] },
  '/settings/history': { parameters: ['Device.Uptime'] },
  '/settings/oidc': { map: [{ value: 'admins', role: 'admin' }] },
  backupRule: { every: '1d', keep: 2 },
  view: { q: 'lost' },
  file: 'print',
  model: Buffer.from(model),
  user: { role: 'viewer' },
  role: { operations: ['read'] },
  trace: { on: true },
};
const urlOf = ({ name, path }: Operation): string =>
  path
    .replace(':name', path.startsWith('/preflight/') ? 'thing:443' : 'thing')
    .replace(':version', '1')
    .replace(':id', deviceId) + (name === 'putFile' ? '?type=script' : '');
const bodyOf = ({ name, path, entity }: Operation): unknown => {
  if (name === 'patchDevice') return { tags: ['later'] };
  if (name === 'patchUser') return { disabled: true };
  if (name === 'rotateWebhookSecret') return {};
  if (/^restore/.test(name)) return undefined;
  return bodies[path] ?? bodies[entity?.kind ?? ''];
};
const putOf = (operation: Operation): Operation | undefined =>
  operations.find(
    ({ method, path }) => method === 'PUT' && path === operation.path.replace(/\/(rotate|versions.*)$/, ''),
  );

describe('entity tags', () => {
  let api: TestApi;
  before(async () => {
    const { cert } = await createCa({ name: 'CA', key: 'ec', clock: new VirtualClock(), random: seededRandom(1) });
    bodies.trust = { certificates: cert };
    bodies.server = { chains: [cert] };
  });
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await api.close());

  /** Makes the object that an operation changes. @returns the answer */
  const make = async (operation: Operation, headers: Record<string, string> = {}): Promise<Answer> => {
    if (operation.entity?.kind === 'device') return await api.call('POST', '/devices', { body: { id: deviceId } });
    if (operation.entity?.kind === 'trace') await api.call('POST', '/devices', { body: { id: deviceId } });
    const put = putOf(operation);
    assert.ok(put, operation.name);
    const answer = await api.call('PUT', urlOf(put), { body: bodyOf(put), headers });
    return answer;
  };
  const change = (operation: Operation, headers: Record<string, string>): Promise<Answer> => {
    const init: CallInit = operation.method === 'DELETE' ? { headers } : { headers, body: bodyOf(operation) };
    return api.call(operation.method, urlOf(operation), init);
  };
  const storedOf = async ({ entity }: Operation): Promise<unknown> => {
    const { store } = api.acs;
    if (entity?.kind === 'device') return await store.device(deviceId);
    if (entity?.kind === 'trace') return structuredClone(await api.acs.fleet.clusterMemory.traced(deviceId));
    if (entity?.kind === 'server') return await store.document('server', 'thing:443');
    // The view of the admin of this test.
    const name = entity?.kind === 'view' ? 'admin-token/admin/thing' : (entity?.name ?? 'thing');
    return entity && (await store.document(entity.kind, name));
  };

  for (const operation of changing) {
    it(`refuses ${operation.name} for another version, and carries it out for the right one`, async () => {
      const made = await make(operation);
      assert.ok(made.status < 300, made.text);
      const before = await storedOf(operation);
      const refused = await change(operation, { 'if-match': '"stale.version"' });
      assert.deepEqual([refused.status, refused.json.code], [412, 'changed-meanwhile'], refused.text);
      assert.deepEqual(await storedOf(operation), before);
      const etag = String(refused.json.etag);
      assert.match(etag, /^"[\w-]+"$/);
      if (operation.method !== 'POST') {
        const read = operations.find(({ method, path }) => method === 'GET' && path === operation.path);
        const shown = read && (await api.call('GET', urlOf(read)));
        if (shown) assert.ok(String(shown.headers.etag).startsWith(etag.slice(0, -1)), String(shown.headers.etag));
      }
      const done = await change(operation, { 'if-match': `"other", ${etag}` });
      assert.ok(done.status < 300, done.text);
    });
  }

  for (const operation of changing.filter(({ method }) => method === 'PUT'))
    it(`makes by ${operation.name} with If-None-Match: * what is not there yet, and nothing else`, async () => {
      const made = await make(operation, { 'if-none-match': '*' });
      assert.ok(made.status < 300, made.text);
      assert.match(String(made.headers.etag), /^"[\w-]+"$/);
      assert.equal((await make(operation, { 'if-none-match': '*' })).status, 412);
      assert.ok((await make(operation, { 'if-match': '*' })).status < 300);
    });

  it('answers 304 without content while the client has the present version', async () => {
    await api.call('PUT', '/presets/p', { body: { weight: 1 } });
    const first = await api.call('GET', '/presets/p');
    const etag = String(first.headers.etag);
    const again = await api.call('GET', '/presets/p', { headers: { 'if-none-match': `"x", W/${etag}` } });
    assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', etag]);
    await api.call('PUT', '/presets/p', { body: { weight: 2 } });
    const later = await api.call('GET', '/presets/p', { headers: { 'if-none-match': etag } });
    assert.deepEqual([later.status, later.json.weight], [200, 2]);
    assert.equal((await api.call('GET', '/presets/p', { headers: { 'if-none-match': '*' } })).status, 304);
    await api.refused(404, 'no-such-preset', 'GET', '/presets/q', { headers: { 'if-none-match': '*' } });
  });

  it('answers what sessions change with 200, and lets a change based on it through', async () => {
    await api.call('POST', '/devices', { body: { id: deviceId } });
    const { headers } = await api.call('GET', `/devices/${deviceId}`);
    const etag = String(headers.etag);
    await api.acs.store.apply(deviceId, 'faultRaised', { cause: 'x', code: 1, message: 'm', retryAt: 0, now: 1 });
    assert.equal((await api.call('GET', `/devices/${deviceId}`, { headers: { 'if-none-match': etag } })).status, 200);
    const patch = { body: { tags: ['a'] }, headers: { 'if-match': etag } };
    const patched = await api.call('PATCH', `/devices/${deviceId}`, patch);
    assert.equal(patched.status, 200, patched.text);
    await api.refused(412, 'changed-meanwhile', 'PATCH', `/devices/${deviceId}`, patch);
    const next = { body: { tags: ['b'] }, headers: { 'if-match': String(patched.headers.etag) } };
    assert.equal((await api.call('PATCH', `/devices/${deviceId}`, next)).status, 200);
  });

  it('refuses a condition that cannot be read', async () => {
    for (const headers of [{ 'if-match': 'plain' }, { 'if-match': '"a" "b"' }, { 'if-none-match': '"1"' }])
      await api.refused(400, 'bad-input', 'PUT', '/presets/p', { body: {}, headers });
  });

  it('describes the conditions of each operation in the API description', async () => {
    const { paths } = (await api.call('GET', '/openapi.json')).json as unknown as {
      paths: Record<string, Record<string, { parameters?: { name: string; in: string }[]; responses: object }>>;
    };
    const at = paths['/presets/{name}'];
    const headers = (method: string): string[] =>
      (at?.[method]?.parameters ?? []).filter(each => each.in === 'header').map(({ name }) => name);
    assert.deepEqual([headers('get'), headers('delete')], [['If-None-Match'], ['If-Match']]);
    assert.deepEqual(headers('put'), ['If-Match', 'If-None-Match']);
    assert.ok('412' in (at?.put?.responses ?? {}) && '304' in (at?.get?.responses ?? {}));
  });

  it('notes a refused condition in the audit', async () => {
    await api.call('PUT', '/presets/p', { body: {} });
    await api.call('PUT', '/presets/p', { body: { weight: 1 }, headers: { 'if-match': '"9"' } });
    const [entry] = (await api.call('GET', '/audit?limit=1')).json.items;
    assert.deepEqual([entry?.what, entry?.status, entry?.code], ['putPreset', 412, 'changed-meanwhile']);
  });
});

bothStoresSuite('changes under a condition', subject => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ beside: subject });
  });
  afterEach(async () => await api.rest.close());

  it('let one of several writers through, and none of the others', async () => {
    const created = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        api.call('PUT', '/presets/p', { body: { weight: n }, headers: { 'if-none-match': '*' } }),
      ),
    );
    assert.deepEqual(created.map(({ status }) => status).sort(), [201, 412, 412, 412, 412, 412]);
    const etag = String((await api.call('GET', '/presets/p')).headers.etag);
    const written = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        n === 5
          ? api.call('DELETE', '/presets/p', { headers: { 'if-match': etag } })
          : api.call('PUT', '/presets/p', { body: { weight: 10 + n }, headers: { 'if-match': etag } }),
      ),
    );
    assert.equal(written.filter(({ status }) => status < 300).length, 1);
    assert.ok(written.every(({ status }) => status < 300 || status === 412));
  });

  it('let one of several changes of a device through', async () => {
    await api.call('POST', '/devices', { body: { id: deviceId } });
    const etag = String((await api.call('GET', `/devices/${deviceId}`)).headers.etag);
    const written = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        api.call('PATCH', `/devices/${deviceId}`, { body: { tags: [`t${n}`] }, headers: { 'if-match': etag } }),
      ),
    );
    assert.deepEqual(written.map(({ status }) => status).sort(), [200, 412, 412, 412, 412]);
  });
});

describe('conditions in header fields', () => {
  const seed = Number(process.env.TANDEM_SEED ?? 3);
  const tag = fc.stringMatching(/^[\w-]{1,12}$/);

  it('name the versions of their tags, weak ones too, whatever follows the version', () => {
    const field = fc.array(fc.record({ tag, rest: fc.constantFrom('', '.x', '.a.b'), weak: fc.boolean() }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(field, tags => {
        const ifMatch = tags.map(each => `${each.weak ? 'W/' : ''}"${each.tag}${each.rest}"`).join(' , ');
        assert.deepEqual(conditionOf({ ifMatch }), { oneOf: tags.map(each => each.tag) });
      }),
      { seed },
    );
  });

  it('are read or refused with 400, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[W/"*,. a]{0,12}$/));
    fc.assert(
      fc.property(text, ifMatch => {
        try {
          const { oneOf, exists } = conditionOf({ ifMatch });
          assert.ok(oneOf !== undefined || exists === true);
        } catch (error) {
          assert.ok(error instanceof UserError && error.status === 400, String(error));
        }
      }),
      { numRuns: 500, seed },
    );
  });
});

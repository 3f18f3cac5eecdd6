// Versions of stored objects: listed, read, compared and restored.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { putPreset } from '../../../support/acs/api-calls.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const secret = 'Device.X_0090F8_Cwmp.Password';
const severity = 'Device.X_0090F8_Cwmp.MinSeverity';

/** Objects whose versions are kept: where they are, and three bodies that differ. */
const objects: [string, object, object][] = [
  ['/presets/thing', { weight: 1 }, { weight: 2, restart: 'idle' }],
  ['/alerts/thing', { filter: 'not online', above: 3 }, { filter: 'not online', above: 4 }],
  ['/enrolment/rules/thing', { oui: 1, action: 'enrol', filter: 'oui = "0090F8"' }, { action: 'refuse' }],
  [
    '/webhooks/thing',
    { url: 'https://198.51.100.7/in', events: ['late'] },
    { url: 'https://198.51.100.7/in', events: ['lost'] },
  ],
  ['/settings/secrets', { names: ['pin'] }, { names: ['pin', 'puk'] }],
  ['/settings/history', { parameters: ['Device.Uptime'] }, { parameters: ['Device.Uptime', 'Device.Load'] }],
];

describe('versions of stored objects', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await api.close());

  const listed = async (path: string): Promise<Json[]> => (await api.call('GET', `${path}/versions`)).json.items;

  for (const [path, { oui: _oui, ...first }, second] of objects as [string, Record<string, unknown>, object][])
    it(`are kept, compared and restored at ${path}`, async () => {
      const stored = async (): Promise<Json> => (await api.call('GET', path)).json;
      assert.equal((await api.call('GET', `${path}/versions`)).status, 404);
      await api.call('PUT', `${path}?comment=the%20first`, { body: first });
      const before = await stored();
      const changed = await api.call('PUT', path, { body: second });
      assert.equal(changed.status, 200, changed.text);
      const [newest, oldest, ...more] = await listed(path);
      assert.deepEqual(more, []);
      assert.deepEqual(oldest, { version: oldest?.version, time: oldest?.time, author: 'admin', comment: 'the first' });
      assert.deepEqual([newest?.author, newest?.current, newest?.comment], ['admin', true, undefined]);
      assert.ok(String(changed.headers.etag) === `"${newest?.version}"`);
      const read = (await api.call('GET', `${path}/versions/${oldest?.version}`)).json;
      for (const [field, value] of Object.entries(first)) assert.deepEqual((read.content as Json)[field], value);
      const compared = (await api.call('GET', `${path}/versions/compare`)).json;
      assert.deepEqual([compared.from, compared.to], [oldest?.version, newest?.version]);
      assert.ok((compared.changes as Json[]).length > 0);
      const restore = `${path}/versions/${oldest?.version}/restore`;
      await api.refused(412, 'changed-meanwhile', 'POST', restore, { headers: { 'if-match': '"1.x"' } });
      assert.equal((await api.call('POST', restore)).status, 200);
      assert.deepEqual(await stored(), before);
      assert.equal((await listed(path))[0]?.comment, `restored from version ${oldest?.version}`);
      assert.equal((await api.call('DELETE', `${path}?comment=no%20use`)).status, 204);
      const [deletion] = await listed(path);
      assert.deepEqual([deletion?.deleted, deletion?.comment, deletion?.current], [true, 'no use', undefined]);
      await api.refused(404, 'no-such-version', 'POST', `${path}/versions/${deletion?.version}/restore`);
      assert.equal(
        (await api.call('POST', `${restore}?comment=needed`)).status,
        path.startsWith('/settings') ? 200 : 201,
      );
      assert.deepEqual(await stored(), before);
      for (const version of ['0', '999', 'x', '1e3', '-1'])
        await api.refused(404, 'no-such-version', 'GET', `${path}/versions/${version}`);
    });

  it('names the parameters that have changed, and shows no secret', async () => {
    const table = 'Device.X_0090F8_SipEp.Gateway.';
    const rows = (port: number) => ({
      [table]: {
        keys: ['Name'],
        rows: [
          { Name: 'a', Port: 1 },
          { Name: 'b', Port: port },
        ],
      },
    });
    const put = async (body: object): Promise<void> => {
      const { store, secrets } = api.acs;
      const { sealPreset } = await import('../../../../acs/fleet/presets/sealed-preset.ts');
      await store.putDocument('preset', 'p', sealPreset(secrets, body));
    };
    await put({ set: { [secret]: 'hidden-1', [interval]: 60 }, objects: rows(5060) });
    await put({ set: { [secret]: 'hidden-2', [severity]: 'Debug' }, objects: rows(5061), weight: 3 });
    const compared = await api.call('GET', '/presets/p/versions/compare');
    assert.deepEqual(compared.json.changes, [
      { field: 'set', parameter: secret, from: '***', to: '***' },
      { field: 'set', parameter: interval, from: 60 },
      { field: 'objects', parameter: `${table}{b}.Port`, from: 5060, to: 5061 },
      { field: 'set', parameter: severity, to: 'Debug' },
      { field: 'weight', to: 3 },
    ]);
    const all = [compared.text];
    for (const { version } of await listed('/presets/p'))
      all.push((await api.call('GET', `/presets/p/versions/${version}`)).text);
    assert.doesNotMatch(all.join(), /hidden/);
  });

  it('bring a secret back when they are restored', async () => {
    await putPreset(api, 'p', { set: { [secret]: 'hidden-1' } });
    await putPreset(api, 'p', { set: { [secret]: 'hidden-2' } });
    const [, first] = await listed('/presets/p');
    assert.equal((await api.call('POST', `/presets/p/versions/${first?.version}/restore`)).status, 200);
    assert.equal((await api.acs.fleet.presets.get('p')).set?.[secret], 'hidden-1');
  });

  it('leave the keys of a webhook as they are when one is restored', async () => {
    const body = { url: 'https://198.51.100.7/in', events: ['late'] };
    await api.call('PUT', '/webhooks/w', { body });
    const keyOf = async (): Promise<unknown> =>
      api.acs.secrets.open(
        ((await api.acs.store.document<{ secret: string }>('webhook', 'w'))?.body.secret ?? '') as never,
      );
    await api.call('POST', '/webhooks/w/rotate', { body: { keep: '1h' } });
    const rotated = await keyOf();
    const [, first] = await listed('/webhooks/w');
    assert.equal((await api.call('POST', `/webhooks/w/versions/${first?.version}/restore`)).status, 200);
    assert.equal(await keyOf(), rotated);
  });

  it('are listed by name where only they are left', async () => {
    for (const name of ['a', 'b']) {
      await putPreset(api, name, {});
      await api.call('DELETE', `/presets/${name}`);
    }
    await putPreset(api, 'a', {});
    const { items } = (await api.call('GET', '/deleted/presets')).json;
    assert.deepEqual(
      items.map(({ name, author, deleted }) => [name, author, deleted]),
      [['b', 'admin', true]],
    );
  });

  it('are named by the audit, before and after', async () => {
    await putPreset(api, 'p', { weight: 1 });
    await putPreset(api, 'p', { weight: 2 });
    const [newest, oldest] = await listed('/presets/p');
    await api.call('POST', `/presets/p/versions/${oldest?.version}/restore`);
    const [entry] = (await api.call('GET', '/audit?limit=1')).json.items;
    const [now] = await listed('/presets/p');
    assert.deepEqual(
      [entry?.what, entry?.target, entry?.before, entry?.after],
      ['restorePresetVersion', 'p', { weight: 2, version: newest?.version }, { weight: 1, version: now?.version }],
    );
  });

  it('hide parameters out of the rights, and cannot be restored without rights over them', async () => {
    await putPreset(api, 'p', { set: { [severity]: 'Debug', [interval]: 60 } });
    await putPreset(api, 'p', { set: { [interval]: 90 } });
    const parameters = { read: [interval], set: [interval] };
    await api.call('PUT', '/roles/some', { body: { operations: ['read', 'write'], parameters } });
    const { token } = (await api.call('POST', '/tokens', { body: { name: 't', role: 'some' } })).json;
    const init = { token: String(token) };
    const [, first] = await listed('/presets/p');
    const compared = await api.call('GET', '/presets/p/versions/compare', init);
    assert.deepEqual(compared.json.changes, [{ field: 'set', parameter: interval, from: 60, to: 90 }]);
    const read = await api.call('GET', `/presets/p/versions/${first?.version}`, init);
    assert.deepEqual((read.json.content as Json).set, { [interval]: 60 });
    const restore = `/presets/p/versions/${first?.version}/restore`;
    await api.refused(403, 'path-forbidden', 'POST', restore, init);
    await api.refused(403, 'forbidden', 'POST', restore, { token: 'viewer-token' });
  });
});

// The audit as a trail: by whom, from where, what was changed from what to what, why refused, and whether it is whole.
import assert from 'node:assert/strict';
import { AuditTrail } from '../../../acs/fleet/access/audit-trail.ts';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';

describe('the audit trail', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => await api.close());
  const id = '0090F8-4102S-1';
  const last = async (query = ''): Promise<Json> => {
    const [entry] = (await api.call('GET', `/audit?limit=1${query}`)).json.items;
    assert.ok(entry);
    return entry;
  };

  it('says who has changed what, from where, from which value to which', async () => {
    await api.call('POST', '/devices', { body: { id, tags: ['a'], site: { city: 'Wien', phone: '1' } } });
    const token = String((await api.call('POST', '/tokens', { body: { name: 'oss', role: 'operator' } })).json.token);
    assert.equal((await last()).target, 'oss');
    assert.ok(!JSON.stringify(await last()).includes(token));
    await api.call('PATCH', `/devices/${id}`, { token, body: { tags: ['b'], site: { city: 'Graz' } } });
    const { who, kind, from, what, target, status, before, after } = await last();
    assert.deepEqual([who, kind, from, what, target, status], ['oss', 'token', '127.0.0.1', 'patchDevice', id, 200]);
    assert.deepEqual(before, { tags: ['a'], 'site.city': 'Wien' });
    assert.deepEqual(after, { tags: ['b'], 'site.city': 'Graz' });
    await api.call('DELETE', `/devices/${id}`);
    assert.equal(((await last()).before as Json).id, id);
  });

  it('keeps presets by version with what was changed, files by digest, and no secret', async () => {
    const secret = 'Device.ManagementServer.Password';
    const set = { 'Device.ManagementServer.PeriodicInformInterval': 60, [secret]: 'very-secret' };
    await api.call('PUT', '/presets/p?force=true', { body: { set } });
    await api.call('PUT', '/presets/p?force=true', { body: { set: { ...set, [secret]: 'other-secret' }, weight: 2 } });
    const { before, after } = (await last()) as unknown as { before: Json; after: Json };
    assert.equal(after.weight, 2);
    assert.ok(Number(after.version) > Number(before.version));
    await api.call('PUT', '/files/a.cfg?type=script', { body: Buffer.from('x') });
    assert.match(String(((await last()).after as Json).sha256), /^[0-9a-f]{64}$/);
    await api.call('PUT', '/trust/t', { body: { certificates: 'no certificate' } });
    assert.equal((await last()).status, 400);
    const { text } = await api.call('GET', '/audit');
    assert.ok(!text.includes('very-secret') && !text.includes('other-secret'));
  });

  it('fills a page with entries of one caller that lie between many others', async () => {
    const token = String((await api.call('POST', '/tokens', { body: { name: 'oss', role: 'operator' } })).json.token);
    for (let at = 0; at < 24; at++)
      await api.call('POST', '/devices', { body: { id: `0090F8-4102S-${at}` }, ...(at % 6 === 0 ? { token } : {}) });
    const page = async (query: string) => (await api.call('GET', `/audit?who=oss&limit=3${query}`)).json;
    const first = await page('');
    const second = await page(`&cursor=${first.next}`);
    const targets = [...first.items, ...second.items].map(({ target }) => target);
    assert.deepEqual(
      targets,
      [18, 12, 6, 0].map(at => `0090F8-4102S-${at}`),
    );
    assert.deepEqual([first.items.length, second.next ?? null], [3, null]);
  });

  it('leaves out no entry of a time where a page of them ends before others that are older', async () => {
    const times: string[] = [];
    for (let at = 0; at < 8; at++) {
      await api.acs.clock.advance(1_000);
      await api.call('POST', '/devices', { body: { id: `0090F8-4102S-${at}` } });
      times.push(String((await last()).time));
    }
    const seen: unknown[] = [];
    for (let next: unknown = ''; next !== undefined && next !== null; ) {
      const { json } = await api.call('GET', `/audit?from=${times[3]}&limit=2${next ? `&cursor=${next}` : ''}`);
      seen.push(...json.items.map(({ time }) => time));
      next = json.next;
    }
    assert.deepEqual(seen, times.slice(3).reverse());
  });

  it('says why a call was refused', async () => {
    await api.call('DELETE', '/presets/x', { token: 'viewer-token' });
    const { code, reason, status } = await last();
    assert.deepEqual([code, reason, status], ['forbidden', 'deletePreset needs the role operator', 403]);
    await api.call('POST', '/users', { body: { name: 'a', role: 'viewer', password: 'short' } });
    assert.deepEqual([(await last()).code, (await last()).reason], ['bad-password', undefined]);
  });

  it('says what was wrong with the input, where no secret can be in the reason', async () => {
    const operations = ['read'];
    const wrong: [string, unknown, string, string][] = [
      ['/roles/r', { operations: ['fly'] }, 'no-such-operation', "body.operations: 'fly' is no operation that"],
      ['/roles/viewer', { operations }, 'bad-name', "'viewer' is a built-in role"],
      ['/roles/r', { operations, devices: 'online' }, 'bad-filter', 'devices: "online" changes by itself'],
      ['/users/a', { role: 'none' }, 'no-such-role', "role: no role 'none'"],
    ];
    for (const [path, body, code, reason] of wrong) {
      await api.refused(400, code, 'PUT', path, { body });
      const entry = await last();
      assert.equal(entry.code, code);
      assert.ok(String(entry.reason).startsWith(reason), String(entry.reason));
    }
    await api.call('PUT', '/users/a', { body: Buffer.from('{"password": very-secret}') });
    assert.deepEqual([(await last()).code, (await last()).reason], ['bad-json', undefined]);
  });

  it('names the user of a sign-in, and a stranger where it fails', async () => {
    const password = 'correct horse battery';
    await api.call('POST', '/users', { body: { name: 'ann', role: 'viewer', password } });
    const signIn = { token: undefined, body: { name: 'ann', password } };
    assert.equal((await api.call('POST', '/session', signIn)).status, 204);
    const { who, kind, what, status } = await last('&who=ann');
    assert.deepEqual([who, kind, what, status], ['ann', 'user', 'createSession', 204]);
    await api.call('POST', '/session', { ...signIn, body: { name: 'ann', password: 'a wrong password' } });
    const failed = await last();
    assert.deepEqual([failed.who, failed.kind, failed.target], ['stranger', 'stranger', 'ann']);
  });

  it('finds entries by caller, operation, target, time and outcome, in pages', async () => {
    for (let n = 0; n < 30; n++) {
      await api.call('PUT', `/alerts/a${n % 3}`, { body: { filter: 'not online', above: n } });
      await api.acs.clock.advance(1000);
    }
    const start = api.acs.clock.now();
    await api.call('DELETE', '/alerts/none');
    const found = async (query: string): Promise<number> => {
      let count = 0;
      for (let cursor = ''; ; ) {
        const { items, next } = (await api.call('GET', `/audit?limit=7&${query}${cursor}`)).json;
        count += items.length;
        if (next === null) return count;
        cursor = `&cursor=${String(next)}`;
      }
    };
    assert.equal(await found('target=a1'), 10);
    assert.equal(await found('what=putAlert'), 30);
    assert.equal(await found('who=none'), 0);
    assert.equal(await found('refused=true'), 1);
    assert.equal(await found(`to=${new Date(start - 10_500).toISOString()}`), 20);
    assert.equal(await found(`from=${new Date(start - 10_500).toISOString()}`), 11);
    await api.refused(400, 'bad-time', 'GET', '/audit?from=yesterday');
  });

  it('is read as CSV in which no cell is a formula', async () => {
    await api.call('POST', '/users', { body: { name: '-a', role: 'viewer' } });
    const listed = await api.call('GET', '/audit?fields=what,target&format=csv&limit=1');
    assert.match(listed.text, /^what,target\r\n\w+,[^\r]*\r\n$/);
    const counted = (await api.call('GET', '/audit?count=true&limit=1')).json;
    assert.deepEqual([counted.exact, counted.total], [true, (await api.call('GET', '/audit/verify')).json.entries]);
    const { text, headers } = await api.call('GET', '/audit/csv?separator=;');
    assert.match(String(headers['content-type']), /^text\/csv/);
    const [head = '', line = ''] = text.split('\r\n');
    assert.equal(head.split(';')[0], 'seq');
    assert.equal(line.split(';')[6], "'-a");
  });

  it('is whole after many calls at once', async () => {
    const calls = Array.from({ length: 60 }, (_, n) => api.call('DELETE', `/presets/p${n}`));
    await Promise.all(calls);
    const { json } = await api.call('GET', '/audit/verify');
    assert.deepEqual([json.intact, json.entries, json.first, json.last], [true, 60, 1, 60]);
  });

  it('is one chain where several processes append to one store', async () => {
    const { store, secrets, events } = api.acs;
    const trails = [0, 1, 2].map(() => new AuditTrail({ store, secrets, events }));
    const entry = (n: number) => ({ id: `e${n}`, time: n, who: 'x', what: 'y', target: 'z', status: 200 });
    await Promise.all(Array.from({ length: 60 }, (_, n) => trails[n % 3]?.append(entry(n))));
    const { intact, entries, last: newest } = (await api.call('GET', '/audit/verify')).json;
    assert.deepEqual([intact, entries, newest], [true, 60, 60]);
  });

  it('keeps no more than some refused sign-ins a minute, and counts the others', async () => {
    for (let n = 0; n < 40; n++) await api.call('POST', '/session', { token: undefined, body: {} });
    assert.equal((await api.call('GET', '/audit?who=stranger&limit=100')).json.items.length, 30);
    await api.call('DELETE', '/presets/x');
    assert.equal((await last()).suppressed, 10);
  });

  it('is sent to webhooks', async () => {
    await api.call('PUT', '/webhooks/w', { body: { url: 'https://198.51.100.7/hook', events: ['audit'] } });
    await api.call('DELETE', '/presets/x');
    const { items } = (await api.call('GET', '/webhooks/w/deliveries')).json;
    const { event, data } = items[0] as unknown as { event: string; data: Json };
    assert.deepEqual([event, data.what, data.target, data.code], ['audit', 'deletePreset', 'x', 'no-such-preset']);
  });
});

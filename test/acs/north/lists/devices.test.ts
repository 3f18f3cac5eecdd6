// The list of devices: fields, pages, CSV.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { informOf, newYear } from '../../../support/devices.ts';

const count = 5;
const idOf = (at: number): string => `0090F8-4102S-${at}`;

describe('the list of devices', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi();
    for (let at = 0; at < count; at++)
      await api.call('POST', '/devices', {
        body: {
          id: idOf(at),
          tags: ['a', `t${at}`],
          site: { name: at === 1 ? '=1+1; "x"' : `S${at}`, phone: `-${at}` },
        },
      });
    const value = { path: 'Device.A.State', value: 'up', type: 'xsd:string', time: 0 };
    await api.acs.store.putParameters(idOf(2), [value, { ...value, path: 'Device.A.Password', value: 'hidden' }]);
  });
  after(async () => await api.close());
  const facetsOf = async (query: string): Promise<Json> => (await api.call('GET', `/devices/facets?${query}`)).json;
  const get = async (query: string) => (await api.call('GET', `/devices?${query}`)).json;

  it('has only the fields that are asked for, by their names', async () => {
    const { items } = await get(
      'sort=id&limit=2&fields=serial,firmware,site.name,tag,openTasks,faultCode,Device.A.State',
    );
    assert.deepEqual(items, [
      {
        serial: '0',
        firmware: '',
        'site.name': 'S0',
        tag: ['a', 't0'],
        openTasks: 0,
        faultCode: [],
        'Device.A.State': null,
      },
      {
        serial: '1',
        firmware: '',
        'site.name': '=1+1; "x"',
        tag: ['a', 't1'],
        openTasks: 0,
        faultCode: [],
        'Device.A.State': null,
      },
    ]);
    const [third] = (await get(`filter=serial="2"&fields=Device.A.State,Device.A.Password,hardware`)).items;
    assert.deepEqual(third, { 'Device.A.State': 'up', 'Device.A.Password': '***', hardware: '' });
  });

  it('tells the interval of Informs and the time of the next one', async () => {
    const id = '0090F8-4102S-informed';
    const interval = { Name: 'Device.ManagementServer.PeriodicInformInterval', Value: '600' };
    await api.acs.store.apply(id, 'informed', informOf('informed', newYear, [], { parameters: [interval] }));
    const { lastInform, informInterval, nextInform } = (await api.call('GET', `/devices/${id}`)).json;
    assert.deepEqual([informInterval, lastInform], [600, new Date(newYear).toISOString()]);
    assert.equal(nextInform, new Date(newYear + 600_000).toISOString());
    const [never] = (await get('filter=serial="0"&fields=informInterval,nextInform')).items;
    assert.deepEqual(never, { informInterval: null, nextInform: null });
    await api.call('DELETE', `/devices/${id}`);
  });

  it('has every field of a device, each by the same value as in the whole', async () => {
    const [whole] = (await get('sort=id&limit=1')).items;
    assert.ok(whole);
    const [picked] = (await get(`sort=id&limit=1&fields=${Object.keys(whole).join(',')}`)).items;
    assert.deepEqual(picked, whole);
  });

  it('refuses fields that no device has', async () => {
    for (const fields of ['nothing', 'site.', 'Device.', ''])
      await api.refused(400, 'bad-field', 'GET', `/devices?fields=${fields}`);
  });

  it('comes as CSV over all pages, by Accept or format', async () => {
    const query = 'sort=-id&fields=id,tag,site.name,site.phone';
    const lines = (separator: string): string =>
      ['id', 'tag', 'site.name', 'site.phone'].join(separator) +
      Array.from({ length: count }, (_, nth) => count - 1 - nth)
        .map(at => `\r\n${[idOf(at), `a t${at}`, at === 1 ? `"'=1+1; ""x"""` : `S${at}`, `-${at}`].join(separator)}`)
        .join('') +
      '\r\n';
    const byAccept = await api.call('GET', `/devices?${query}`, { headers: { accept: 'text/csv' } });
    assert.equal(byAccept.text, lines(','));
    assert.match(String(byAccept.headers['content-type']), /^text\/csv; charset=utf-8$/);
    assert.equal(byAccept.headers['content-disposition'], 'attachment; filename="devices.csv"');
    assert.equal((await api.call('GET', `/devices?${query}&format=csv&separator=;`)).text, lines(';'));
    const part = await api.call('GET', `/devices?${query}&format=csv&limit=2`);
    assert.equal(part.text.split('\r\n').length, 4);
  });

  it('refuses a wrong filter, sort and cursor of CSV as it does of JSON', async () => {
    for (const [code, query] of [
      ['bad-filter', 'filter=x'],
      ['bad-sort', 'sort=x'],
      ['bad-cursor', 'cursor=x'],
      ['bad-field', 'fields=x'],
    ])
      await api.refused(400, String(code), 'GET', `/devices?format=csv&${query}`);
  });

  it('gives at most 1,000 devices a page', async () => {
    assert.equal((await get('limit=1000')).items.length, count);
    await api.refused(400, 'bad-input', 'GET', '/devices?limit=1001');
  });

  it('says how many devices there are, in the answer and in the headers of HEAD', async () => {
    const { total, exact, countedAt, items } = await get('count=true&limit=1&filter=not serial = "3"');
    const now = new Date(api.acs.clock.now()).toISOString();
    assert.deepEqual([total, exact, countedAt, items.length], [count - 1, true, now, 1]);
    const totals = ['limit=5', 'limit=2&offset=3', 'limit=2&sort=id&at=0090F8-4102S-3', 'offset=9'].map(
      async page => (await get(`count=true&${page}`)).total,
    );
    assert.deepEqual(await Promise.all(totals), [count, count, count, count]);
    const head = await api.call('HEAD', '/devices?filter=not serial = "3"');
    const { 'x-total-count': counted, 'content-length': length } = head.headers;
    assert.deepEqual([head.status, counted, length, head.text], [200, String(count - 1), undefined, '']);
    await api.refused(400, 'bad-filter', 'GET', '/devices?count=true&filter=x');
  });

  it('begins after an offset, or at a key of its order', async () => {
    const ids = async (query: string): Promise<unknown[]> =>
      (await get(`fields=id&${query}`)).items.map(({ id }) => id);
    assert.deepEqual(await ids('sort=id&offset=3&limit=1'), [idOf(3)]);
    assert.deepEqual(await ids('sort=-site.name&at=S3'), [3, 2, 0, 1].map(idOf));
    assert.deepEqual(await ids('sort=site.phone&limit=2'), [4, 3].map(idOf));
    assert.deepEqual(await ids('sort=-Device.A.State&limit=2'), [2, 4].map(idOf));
    const first = await get('sort=id&offset=1&limit=2&fields=id');
    const second = await get(`sort=id&offset=1&limit=2&fields=id&cursor=${String(first.next)}`);
    assert.deepEqual(
      second.items.map(({ id }) => id),
      [3, 4].map(idOf),
    );
    const csv = await api.call('GET', '/devices?sort=id&offset=3&format=csv&fields=id');
    assert.equal(csv.text, `id\r\n${idOf(3)}\r\n${idOf(4)}\r\n`);
    await api.refused(400, 'bad-input', 'GET', '/devices?offset=-1');
    await api.refused(400, 'bad-sort', 'GET', '/devices?sort=lastInform&at=soon');
    for (const sort of ['Device.*.A', 'fault.last', 'nothing', '--id'])
      await api.refused(400, 'bad-sort', 'GET', `/devices?sort=${sort}`);
  });

  it('counts devices by the values of fields', async () => {
    const { total, exact, facets } = await facetsOf('by=tag,site.name,state,tasks,Device.A.State,fault&top=2');
    assert.deepEqual([total, exact], [count, true]);
    assert.deepEqual(facets, {
      tag: {
        values: [
          { value: 'a', count: 5 },
          { value: 't0', count: 1 },
        ],
        others: 4,
        missing: 0,
      },
      'site.name': {
        values: [
          { value: '=1+1; "x"', count: 1 },
          { value: 'S0', count: 1 },
        ],
        others: 3,
        missing: 0,
      },
      state: { values: [{ value: 'known', count: 5 }], others: 0, missing: 0 },
      tasks: { values: [{ value: '0', count: 5 }], others: 0, missing: 0 },
      'Device.A.State': { values: [{ value: 'up', count: 1 }], others: 0, missing: 4 },
      fault: { values: [], others: 0, missing: 5 },
    });
    const some = await facetsOf('by=site.phone&filter=tag in ("t1", "t2")&top=1');
    assert.deepEqual(some.facets, { 'site.phone': { values: [{ value: '-1', count: 1 }], others: 1, missing: 0 } });
    for (const by of ['lastInform', 'nothing', 'Device.*.A', 'fault.since'])
      await api.refused(400, 'bad-facet', 'GET', `/devices/facets?by=${by}`);
    await api.refused(400, 'bad-field', 'GET', '/devices/facets?by=,');
    await api.refused(400, 'bad-input', 'GET', '/devices/facets');
    await api.refused(400, 'secret-field', 'GET', '/devices/facets?by=Device.A.Password');
  });

  it('finds the devices that a preset fits', async () => {
    await api.call('PUT', '/presets/some', { body: { when: 'serial in ("1", "3")', weight: 1 } });
    await api.call('PUT', '/presets/every', { body: { weight: 2 } });
    const totals: [string, number][] = [
      ['preset = "some"', 2],
      ['preset != "some" and tag = "a"', 3],
      ['preset = "every"', 5],
      ['not preset in ("some", "every")', 0],
      ['preset not in ("some")', 3],
    ];
    for (const [filter, total] of totals)
      assert.equal((await get(`count=true&filter=${encodeURIComponent(filter)}`)).total, total, filter);
    const facets = await facetsOf(`by=serial&filter=${encodeURIComponent('preset = "some"')}`);
    assert.equal(facets.total, 2);
    for (const filter of ['preset = "none"', 'preset like "s%"', 'preset = some', 'preset'])
      await api.refused(400, 'bad-filter', 'GET', `/devices?filter=${encodeURIComponent(filter)}`);
    await api.refused(400, 'bad-filter', 'PUT', '/presets/other', { body: { when: 'preset = "some"' } });
  });

  it('neither sorts, filters nor counts by what the caller may not read, nor by secrets', async () => {
    await api.call('PUT', '/roles/some', { body: { operations: ['read'], parameters: { read: ['Device.A.'] } } });
    const token = String((await api.call('POST', '/tokens', { body: { name: 'some', role: 'some' } })).json.token);
    assert.equal((await api.call('GET', '/devices?sort=Device.A.State&filter=tasks%3D0', { token })).status, 200);
    assert.equal((await api.call('GET', '/devices?sort=faults&filter=fault%20exists', { token })).status, 200);
    for (const query of ['sort=Device.B.State', 'fields=Device.B.State', 'filter=Device.B.State exists'])
      await api.refused(403, 'path-forbidden', 'GET', `/devices?${query}`, { token });
    for (const [code, by] of [
      ['path-forbidden', 'Device.B.State'],
      ['parameters-forbidden', 'drift'],
      ['parameters-forbidden', 'fault'],
    ])
      await api.refused(403, String(code), 'GET', `/devices/facets?by=${by}`, { token });
    assert.equal((await api.call('GET', '/devices/facets?by=Device.A.State,faultCode', { token })).status, 200);
    for (const query of [
      'sort=drift',
      'filter=drift',
      'filter=not drift > 1',
      'sort=fault.cause',
      'filter=fault = "x"',
    ])
      await api.refused(403, 'parameters-forbidden', 'GET', `/devices?${query}`, { token });
    await api.refused(400, 'secret-field', 'GET', '/devices?sort=Device.A.Password');
    await api.refused(400, 'secret-field', 'GET', '/devices?sort=site.password');
  });
});

// Calls by SOAP: what they do is what REST does, with the same rights, audit and errors.
import assert from 'node:assert/strict';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { deviceId as id } from '../../../support/devices.ts';
import { callText, envelopeOf, refusedCall, sendEnvelope, soapCall } from '../../../support/soap/api.ts';

type Fields = Record<string, unknown>;
const field = (value: unknown, name: string): unknown => (value as Fields | undefined)?.[name];

describe('SOAP calls', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.call('POST', '/devices', { body: { id, tags: ['a'], site: { region: 'north' } } });
  });
  afterEach(async () => await api.close());

  it('answer what REST answers', async () => {
    const { json } = await api.call('GET', `/devices/${id}`);
    const { result, etag } = await soapCall(api, 'getDevice', { id });
    const given = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
    const nulls = Object.fromEntries(Object.entries(result as Fields).filter(([, value]) => value !== null));
    assert.deepEqual(nulls, given);
    assert.match(String(etag), /^"/);
  });

  it('change what REST changes', async () => {
    const overrides = { 'Device.A': '1', 'Device.B': 2 };
    const { result } = await soapCall(api, 'patchDevice', {
      id,
      tags: [],
      site: { region: null, name: 'x' },
      overrides,
    });
    assert.deepEqual(field(result, 'tags'), []);
    const { json } = await api.call('GET', `/devices/${id}`);
    assert.deepEqual(json.site, { name: 'x' });
    assert.deepEqual(json.overrides, { 'Device.A': { value: '1' }, 'Device.B': { value: '2' } });
  });

  it('take and return a content as base64', async () => {
    const content = Buffer.from([0, 1, 2, 255]);
    const stored = await soapCall(api, 'putFile', { name: 'a.bin', type: 'script', content });
    assert.equal(field(stored.result, 'size'), 4);
    const { result } = await soapCall(api, 'getFile', { name: 'a.bin' });
    assert.deepEqual(result, content);
  });

  it('refuse to return a content that is too large', async () => {
    await api.call('PUT', '/files/big.bin?type=script', { body: Buffer.alloc(4 * 1024 * 1024 + 1) });
    const fault = await refusedCall(api, [413, 'too-large'], 'getFile', { name: 'big.bin' });
    assert.match(fault.detail, /GET \/files\/:name/);
  });

  it('take CSV in place of the body', async () => {
    const { result } = await soapCall(api, 'announceDevices', { csv: 'id,site.region\n0090F8-4102S-C1,south\n' });
    assert.deepEqual(field(result, 'created'), ['0090F8-4102S-C1']);
    await refusedCall(api, [400, 'bad-input'], 'announceDevices', { csv: 'id\nx\n', id: 'y' });
  });

  it('take null by the name of the field in `clear`', async () => {
    await api.call('POST', '/users', { body: { name: 'ann', role: 'viewer', filter: 'site.region = "north"' } });
    const text = '<t:patchUser xmlns:t="urn:tandem:northbound:1"><t:name>ann</t:name><t:clear>';
    const close = '</t:clear></t:patchUser>';
    const wrong = await sendEnvelope(api, envelopeOf(`${text}<t:item>role</t:item>${close}`));
    assert.equal(wrong.fault?.place, 'patchUser.clear');
    const { result } = await sendEnvelope(api, envelopeOf(`${text}<t:item>filter</t:item>${close}`));
    assert.equal(field(result, 'filter'), undefined);
    assert.equal((await api.call('GET', '/users/ann')).json.filter, undefined);
  });

  it('hold conditions on the version of an object', async () => {
    const first = await soapCall(api, 'putPreset', { name: 'p', weight: 1 });
    await soapCall(api, 'putPreset', { name: 'p', weight: 2, ifMatch: first.etag });
    await refusedCall(api, [412, 'changed-meanwhile'], 'putPreset', { name: 'p', weight: 3, ifMatch: first.etag });
  });

  it('are in the audit as those of REST are', async () => {
    await soapCall(api, 'patchDevice', { id, tags: ['b'] });
    await refusedCall(api, [403, 'forbidden'], 'patchDevice', { id, tags: ['c'] }, { token: 'viewer-token' });
    await refusedCall(api, [403, 'forbidden'], 'deleteDevice', { id }, { token: 'viewer-token' });
    const { items } = (await api.call('GET', '/audit')).json;
    const told = items
      .slice(0, 3)
      .map(({ what, target, status, who, before, after }) => [what, target, status, who, before, after]);
    assert.deepEqual(told, [
      ['deleteDevice', id, 403, 'viewer', undefined, undefined],
      ['patchDevice', id, 403, 'viewer', undefined, undefined],
      ['patchDevice', id, 200, 'admin', { tags: ['a'] }, { tags: ['b'] }],
    ]);
  });

  it('name the place of what is wrong, as far as the rights allow the call', async () => {
    const limit = await refusedCall(api, [400, 'bad-input'], 'listDevices', { limit: 100_000 });
    assert.equal(limit.place, 'limit');
    const filter = await refusedCall(api, [400, 'bad-filter'], 'listDevices', { filter: 'tag = = 1' });
    assert.deepEqual(filter.more, ['column']);
    const unknown = '<t:patchDevice xmlns:t="urn:tandem:northbound:1"><t:id>x</t:id><t:tag>1</t:tag></t:patchDevice>';
    const { fault } = await sendEnvelope(api, envelopeOf(unknown));
    assert.match(fault?.detail ?? '', /^patchDevice: unknown element tag \(known: id, .*tags/);
    const { fault: hidden } = await sendEnvelope(api, envelopeOf(unknown), { token: 'viewer-token' });
    assert.equal(hidden?.code, 'forbidden');
  });

  it('answer faults with HTTP 500 where the client asks for it', async () => {
    assert.equal((await soapCall(api, 'getDevice', { id: 'x' })).status, 400);
    assert.equal((await soapCall(api, 'getDevice', { id: 'x' }, { url: '/soap?faults=500' })).status, 500);
    api.wake(async () => ({ accepted: false, reason: 'no route' }));
    const { status, fault } = await soapCall(api, 'connectionRequest', { id });
    assert.deepEqual([status, fault?.faultCode, fault?.status, fault?.code], [500, 'soap:Server', 504, 'not-woken']);
  });

  it('tell a bug as such alone, and log it', async () => {
    api.acs.fleet.devices.view = () => {
      throw new TypeError('a bug with secrets');
    };
    const { status, fault, xml } = await soapCall(api, 'getDevice', { id });
    assert.deepEqual([status, fault?.code], [500, 'internal']);
    assert.ok(!xml.includes('bug with secrets') && !xml.includes('.ts'), xml);
    assert.ok(api.acs.logged.some(line => line.includes('SOAP call failed') && line.includes('bug with secrets')));
  });

  it('refuse an answer that is not as its row declares', async () => {
    api.acs.fleet.devices.view = async () => ({ id: 7 }) as never;
    assert.equal((await soapCall(api, 'getDevice', { id })).fault?.code, 'internal');
  });

  it('take an action that fits the body, or none', async () => {
    const xml = envelopeOf(callText('getDevice', { id }));
    for (const soapaction of ['', '""', '"urn:tandem:northbound:1#getDevice"'])
      assert.equal((await sendEnvelope(api, xml, { headers: { soapaction } })).status, 200);
    const { fault } = await sendEnvelope(api, xml, {
      headers: { soapaction: '"urn:tandem:northbound:1#deleteDevice"' },
    });
    assert.equal(fault?.code, 'bad-envelope');
    assert.equal((await api.call('GET', `/devices/${id}`)).status, 200);
  });
});

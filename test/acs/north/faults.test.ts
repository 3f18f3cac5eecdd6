// Operations on faults.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { runSession } from '../../support/acs/api-calls.ts';
import { ForeignCpe } from '../../support/acs/foreign-cpe.ts';
import { memoryCpe, ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId } from '../../support/devices.ts';

describe('fault API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  it('lists faults, and clears one so that the next session tries again', async () => {
    await api.call('PUT', '/presets/bad', { body: { set: { 'Device.X_0090F8_Cwmp.Username': 'x' } } });
    await new ScriptedCpe(api.acs.app).session(method =>
      method === 'SetParameterValues'
        ? new CwmpFault(9003, 'no', [{ name: 'Device.X_0090F8_Cwmp.Username', code: 9007, message: 'not so' }])
        : { ParameterList: [{ Name: 'Device.X_0090F8_Cwmp.Username', Value: '', Type: 'xsd:string' }] },
    );
    const [fault] = (await api.call('GET', '/faults')).json.items;
    assert.deepEqual([fault?.device, fault?.cause, fault?.code, fault?.count], [deviceId, 'preset:bad', 9007, 1]);
    assert.ok(Date.parse(String(fault?.retryAt)) > Date.parse(String(fault?.last)));
    assert.equal((await api.call('DELETE', `/faults/${fault?.id}`)).status, 204);
    assert.deepEqual((await api.call('GET', '/faults')).json.items, []);
    await api.refused(404, 'no-such-fault', 'DELETE', `/faults/${fault?.id}`);
    const { asked } = await runSession(api, memoryCpe({ 'Device.X_0090F8_Cwmp.Username': '' }));
    assert.ok(asked.some(entry => entry.method === 'SetParameterValues'));
  });

  const acme = { manufacturer: 'Acme', oui: 'A1B2C3', productClass: 'Lamp', root: 'Device.' } as const;
  /** A CPE of another maker that refuses what it is told, with a text of its own. */
  async function refusing(serial: string, version: string, message: string): Promise<string> {
    const cpe = new ForeignCpe(api.acs, { ...acme, serial, version }, {});
    await cpe.session(method =>
      method === 'SetParameterValues'
        ? new CwmpFault(9003, 'no', [{ name: 'Device.Lamp.Mode', code: 9007, message }])
        : { ParameterList: [{ Name: 'Device.Lamp.Mode', Value: 'Dim', Type: 'xsd:string' }] },
    );
    return cpe.id;
  }
  const formula = '=HYPERLINK("http://x","<script>alert(1)</script>")';

  it('groups the faults of foreign CPEs by what they refuse, whatever texts they send', async () => {
    await api.call('PUT', '/presets/lamp', { body: { when: 'oui = "A1B2C3"', set: { 'Device.Lamp.Mode': 'Loud' } } });
    const texts = [formula, 'x'.repeat(5000), 'Mode'];
    const ids: string[] = [];
    for (const [at, text] of texts.entries()) {
      await api.acs.clock.advance(1000);
      ids.push(await refusing(`L${at}`, at === 0 ? '1.0' : '1.1', text));
    }
    const { total, devices, items, others } = (await api.call('GET', '/faults/groups')).json;
    assert.deepEqual([total, devices, others], [3, 3, { groups: 0, faults: 0 }]);
    const [group] = items;
    assert.deepEqual(
      [group?.cause, group?.code, group?.parameter, group?.count, group?.devices, group?.message],
      ['preset:lamp', 9007, 'Device.Lamp.Mode', 3, 3, 'Device.Lamp.Mode: Mode'],
    );
    assert.deepEqual([group?.examples, items.length], [[...ids].reverse(), 1]);
    assert.deepEqual(group?.spread, {
      firmware: [
        { value: '1.1', count: 2 },
        { value: '1.0', count: 1 },
      ],
      product: [{ value: 'Lamp', count: 3 }],
    });
    assert.match(String(group?.hint), /rejects this value/);
    const listed = await api.call('GET', `/faults?group=${group?.key}&count=true&limit=2`);
    assert.deepEqual([listed.json.items.length, listed.json.total, listed.json.exact], [2, 3, true]);
    const query = new URLSearchParams({ by: 'firmware,site.region', filter: 'fault.code = 9007 and firmware = "1.1"' });
    const [byFirmware] = (await api.call('GET', `/faults/groups?${query}`)).json.items;
    assert.deepEqual([byFirmware?.firmware, byFirmware?.['site.region'], byFirmware?.count], ['1.1', '', 2]);
    assert.equal((await api.call('GET', `/faults?group=${byFirmware?.key}`)).json.items.length, 2);
    const csv = await api.call(
      'GET',
      `/faults?group=${group?.key}&sort=first&fields=device,message&separator=;&format=csv`,
    );
    const [, first, second] = csv.text.split('\r\n');
    assert.equal(first, `${ids[0]};"Device.Lamp.Mode: ${formula.replaceAll('"', '""')}"`);
    assert.ok((second ?? '').length < 1200, 'the text of a device is clipped');
    const about = { cause: formula, code: 9001, message: formula, retryAt: 0, now: 1 };
    await api.acs.store.apply(deviceId, 'faultRaised', about);
    const query9001 = new URLSearchParams({ filter: 'fault.code = 9001', fields: 'cause,message', format: 'csv' });
    const cell = `"'${formula.replaceAll('"', '""')}"`;
    assert.equal((await api.call('GET', `/faults?${query9001}`)).text, `cause,message\r\n${cell},${cell}\r\n`);
  });

  it('tries a whole group again, and not where its number has changed', async () => {
    await api.call('PUT', '/presets/lamp', { body: { when: 'oui = "A1B2C3"', set: { 'Device.Lamp.Mode': 'Loud' } } });
    for (const serial of ['L1', 'L2']) await refusing(serial, '1', 'no');
    const about = { cause: 'restart', code: 'not-restarted', message: 'no', retryAt: 0, now: api.acs.clock.now() };
    await api.acs.store.apply(deviceId, 'faultRaised', about);
    const [group] = (await api.call('GET', '/faults/groups')).json.items;
    const moved = await api.refused(409, 'count-moved', 'POST', '/faults/retry', {
      body: { group: group?.key, expect: 3 },
    });
    assert.equal(moved.count, 2);
    const { json } = await api.call('POST', '/faults/retry', { body: { group: group?.key, expect: 2 } });
    assert.equal(json.cleared, 2);
    const left = (await api.call('GET', '/faults')).json.items;
    assert.deepEqual(
      left.map(({ cause }) => cause),
      ['restart'],
    );
    assert.deepEqual((await api.call('GET', `/faults/${left[0]?.id}`)).json, left[0]);
    await api.call('POST', '/faults/retry', { body: { filter: 'not fault.code = 9007 and productClass = "4102S"' } });
    assert.deepEqual((await api.call('GET', '/faults')).json.items, []);
    const [entry] = (await api.call('GET', '/audit?what=retryFaults&limit=1')).json.items;
    assert.deepEqual((entry?.after as Json | undefined)?.cleared, 1);
  });

  it('refuses what is no group, no filter and no field', async () => {
    const list = (code: string, query: string) => api.refused(400, code, 'GET', `/faults?${query}`);
    await list('bad-group', 'group=x');
    await list('bad-group', `group=${Buffer.from('[["cause"]]').toString('base64url')}`);
    await list('bad-field', `group=${Buffer.from('[["tag","x"]]').toString('base64url')}`);
    await list('bad-filter', 'filter=fault.code');
    await list('bad-sort', 'sort=message');
    await list('bad-field', 'fields=basis');
    await api.refused(400, 'bad-field', 'GET', '/faults/groups?by=cause,tag');
    await api.refused(400, 'bad-field', 'GET', '/faults/groups?by=site.');
    await api.refused(400, 'bad-input', 'GET', '/faults/groups?limit=201');
    await api.refused(400, 'bad-input', 'POST', '/faults/retry', { body: { expect: 1 } });
    await api.refused(404, 'no-such-fault', 'GET', '/faults/none');
  });

  it('counts many faults once for all that look within seconds, and anew after a clearing', async () => {
    const { store, clock } = api.acs;
    const about = { cause: 'preset:p', code: 9005, message: 'no', retryAt: 0, now: clock.now() };
    await store.apply(deviceId, 'faultRaised', about);
    const { faultGroups } = store;
    let counted = 0;
    store.faultGroups = async query => {
      counted++;
      await clock.advance(200);
      return await faultGroups(query);
    };
    const total = async (query = ''): Promise<unknown> => (await api.call('GET', `/faults/groups${query}`)).json.total;
    assert.deepEqual([await total(), await total(), counted], [1, 1, 1]);
    assert.deepEqual([await total('?by=code'), counted], [1, 2]);
    await api.call('POST', '/faults/retry', { body: { filter: 'fault.code = "9005"', expect: 1 } });
    assert.deepEqual([await total(), counted], [0, 3]);
    await store.apply(deviceId, 'faultRaised', about);
    await clock.advance(5000);
    assert.deepEqual([await total(), counted], [1, 4]);
  });

  it('groups by no site field that is a secret', async () => {
    await api.call('PATCH', `/devices/${deviceId}`, { body: { site: { sipPassword: 'hidden', region: 'north' } } });
    const about = { cause: 'preset:p', code: 9005, message: 'no', retryAt: 0, now: api.acs.clock.now() };
    await api.acs.store.apply(deviceId, 'faultRaised', about);
    const [group] = (await api.call('GET', '/faults/groups?by=site.region')).json.items;
    assert.equal(group?.['site.region'], 'north');
    await api.refused(400, 'secret-field', 'GET', '/faults/groups?by=code,site.sipPassword');
  });

  it('tells a caller with some parameters nothing of the others', async () => {
    const about = { cause: 'override:Device.Secret.Path', message: 'no', retryAt: 0, now: 1 };
    await api.acs.store.apply(deviceId, 'faultRaised', { ...about, code: 9007, parameter: 'Device.Secret.Path' });
    const role = { operations: ['read', 'write'], parameters: { read: ['Device.Open.'] } };
    await api.call('PUT', '/roles/some', { body: role });
    const { token } = (await api.call('POST', '/tokens', { body: { name: 't', role: 'some' } })).json;
    const init = { token: String(token) };
    for (const path of ['/faults', '/faults?format=csv', '/faults/groups', '/faults/groups?by=code,firmware'])
      assert.doesNotMatch((await api.call('GET', path, init)).text, /Secret/, path);
    const forbidden = (path: string) => api.refused(403, 'parameters-forbidden', 'GET', path, init);
    await forbidden('/faults/groups?by=parameter');
    await forbidden('/faults?sort=-cause');
    await forbidden(`/faults?filter=${encodeURIComponent('fault.parameter like "Device.Secret.%"')}`);
    await forbidden(`/devices?filter=${encodeURIComponent('fault.cause like "override:%"')}`);
    await forbidden(`/faults?group=${Buffer.from('[["parameter","Device.Secret.Path"]]').toString('base64url')}`);
  });
});

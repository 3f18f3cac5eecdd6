// The words with which a filter may go on.
import assert from 'node:assert/strict';
import { type Json, type TestApi, TOKEN, testApi } from '../../../support/acs/api.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';

const idOf = (serial: string): string => `0090F8-4102S-${serial}`;

describe('the vocabulary of filters', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    for (let n = 0; n < 6; n++) {
      const parameters = { 'Device.DeviceInfo.SoftwareVersion': n < 4 ? '49.1' : '49.2', 'Device.X.Mode': `m${n}` };
      await new ScriptedCpe(api.acs.app, { serial: `S${n}`, parameters }).session();
      const site = { region: n < 3 ? 'north' : 'south', 'odd name': 'x' };
      await api.call('PATCH', `/devices/${idOf(`S${n}`)}`, { body: { site } });
    }
  });
  after(async () => await api.close());

  const read = async (prefix: string, more = '', token = TOKEN): Promise<Json> => {
    const answer = await api.call('GET', `/vocabulary?prefix=${encodeURIComponent(prefix)}${more}`, { token });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const names = (list: unknown, name: string): unknown[] => (list as Json[]).map(each => each[name]);

  it('has the fields, functions and site fields that begin so', async () => {
    const { fields, functions } = await read('s');
    assert.ok(['serial', 'state'].every(name => names(fields, 'name').includes(name)));
    assert.deepEqual(names(functions, 'name'), ['search']);
    assert.deepEqual(names((await read('site.')).fields, 'name'), ['site."odd name"', 'site.region']);
  });

  it('has the paths of the models of fitting devices', async () => {
    const { paths } = await read('Device.ManagementServer.PeriodicInformI');
    assert.deepEqual(paths, [{ path: 'Device.ManagementServer.PeriodicInformInterval', type: 'xsd:unsignedInt' }]);
    const tables = names((await read('Device.X_0090F8_SipEp.Gateway.*.Name')).paths, 'path');
    assert.ok(tables.every(path => String(path).startsWith('Device.X_0090F8_SipEp.Gateway.*.Name')));
  });

  it('has the values of a field with the number of devices', async () => {
    assert.deepEqual((await read('firmware = "49')).values, [
      { value: '49.1', count: 4 },
      { value: '49.2', count: 2 },
    ]);
    const filter = `&filter=${encodeURIComponent('site.region = "south"')}`;
    assert.deepEqual((await read('firmware in ("49.1", "49.', filter)).values, [
      { value: '49.2', count: 2 },
      { value: '49.1', count: 1 },
    ]);
    assert.deepEqual((await read('site.region like "n')).values, [{ value: 'north', count: 3 }]);
    assert.deepEqual((await read('lost = ')).field, 'lost');
  });

  it('tells nothing out of the rights, and refuses what is no field', async () => {
    const made = await api.call('POST', '/tokens', {
      body: { name: 'n', role: 'viewer', filter: 'site.region = "north"' },
    });
    assert.deepEqual((await read('firmware =', '', String(made.json.token))).values, [{ value: '49.1', count: 3 }]);
    const none = `&filter=${encodeURIComponent('firmware = "none"')}`;
    const prefix = 'Device.ManagementServer.PeriodicInformI';
    assert.equal(names((await read(prefix, none)).paths, 'path').length, 1);
    assert.deepEqual((await read(prefix, none, String(made.json.token))).paths, [], 'no product of other devices');
    await api.call('PUT', '/roles/r', { body: { operations: ['read'], parameters: { read: ['Device.DeviceInfo.'] } } });
    const limited = String((await api.call('POST', '/tokens', { body: { name: 'r', role: 'r' } })).json.token);
    assert.deepEqual((await read('Device.ManagementServer.', '', limited)).paths, []);
    const of = (prefix: string): string => `/vocabulary?prefix=${encodeURIComponent(prefix)}`;
    await api.refused(403, 'path-forbidden', 'GET', of('Device.X.Mode = "'), { token: limited });
    await api.refused(400, 'bad-filter', 'GET', of('colour = "'));
    await api.refused(400, 'bad-filter', 'GET', `${of('s')}&filter=x`);
  });
});

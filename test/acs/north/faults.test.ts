// Operations on faults.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type TestApi, testApi } from '../../support/acs/api.ts';
import { runSession } from '../../support/acs/api-calls.ts';
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
});

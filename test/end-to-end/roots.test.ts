// A DGW that shows its ACS another data model: the root of TR-098, and the voice service of TR-104.
import assert from 'node:assert/strict';
import type { Gateway } from '../../cpe/gateway.ts';
import type { Json } from '../support/acs/api.ts';
import { deviceId as id } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { done, openWorld, type World } from '../support/worlds/world.ts';

const ROOT = 'InternetGatewayDevice.';

describe('a DGW with another root, and its ACS', () => {
  let world: World;
  let unit: Gateway;
  before(async () => {
    world = await openWorld();
    unit = await world.gateway({
      settings: { 'Cwmp.RootElement': 'InternetGatewayDevice', 'Cwmp.Tr104Enable': 'Enable' },
    });
    await unit.boot();
    await eventually('the device', async () => (await api('GET', '/devices')).items[0]?.state === 'enrolled');
  });
  after(async () => await world.close());

  const api = async (method: string, path: string, body?: object): Promise<Json> => {
    const answer = await fetch(`${world.acs.api}/api/v1${path}`, {
      method,
      headers: { authorization: 'Bearer test-token', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Json;
  };
  const informsBelow = (root: string): number =>
    world.wire.filter(({ xml }) => xml.includes(':Inform>') && xml.includes(`<Name>${root}DeviceSummary<`)).length;
  const variable = (name: string): string | undefined => unit.device.config.variable(name);

  it('is kept as a preset wants it, by names of TR-098 and TR-104', async () => {
    await api('PUT', '/presets/voice', {
      when: 'productClass = "4102S"',
      set: {
        [`${ROOT}X_0090F8_Hoc.SystemName`]: 'lobby',
        [`${ROOT}ManagementServer.PeriodicInformInterval`]: 900,
        [`${ROOT}Services.VoiceService.1.VoiceProfile.1.SIP.RegistrarServer`]: 'sip.example',
        [`${ROOT}Services.VoiceService.1.VoiceProfile.1.Line.2.DirectoryNumber`]: '4712',
      },
    });
    await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: [`${ROOT}DeviceInfo.`] } });
    await eventually('the wanted values', () => variable('SipEp.UserAgent[EpId=Phone-Fax2].Username') === '4712');
    assert.equal(variable('Hoc.SystemName'), 'lobby');
    assert.equal(variable('Cwmp.PeriodicInformInterval'), '900');
    assert.match(variable('SipEp.DefaultStaticRegistrarServerHost') ?? '', /^sip\.example:/);
    await api('DELETE', '/presets/voice');
  });

  it('tells its address in the words of all data models', async () => {
    await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: [ROOT] } });
    const { items } = await api('GET', `/devices/${id}/facts`);
    const values = items.filter((item: Json) => item.name === 'wanAddress').map(({ value }: Json) => value);
    assert.deepEqual(values, ['127.0.0.1']);
  });

  it('stays the same device when its root changes', async () => {
    await done(world, id, {
      method: 'SetParameterValues',
      args: { ParameterList: [{ Name: `${ROOT}X_0090F8_Cwmp.RootElement`, Value: 'Device' }] },
    });
    // The session under way keeps its names.
    unit.agent?.inform();
    await eventually('an Inform with the other root', () => informsBelow('Device.') > 0);
    await api('PUT', '/presets/name', { set: { 'Device.X_0090F8_Hoc.SystemName': 'attic' } });
    await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: ['Device.DeviceInfo.'] } });
    await eventually('the wanted value', () => variable('Hoc.SystemName') === 'attic');
    assert.equal((await api('GET', '/devices')).items.length, 1);
  });
});

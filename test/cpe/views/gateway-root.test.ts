// A DGW below the root InternetGatewayDevice (Cwmp.RootElement): an ACS sees a model of TR-098, and it is the same unit.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { devicePath, gatewayPath } from '../../../shared/model/gateway-root.ts';
import { type RpcUnit, rpcUnit } from '../../support/cpe/unit-rpc.ts';
import { eventually } from '../../support/eventually.ts';

const ROOT = 'InternetGatewayDevice.';
const WAN = `${ROOT}WANDevice.1.WANConnectionDevice.1.WANIPConnection.1.`;

describe('a DGW below the root InternetGatewayDevice', () => {
  let unit: RpcUnit;
  before(async () => {
    unit = await rpcUnit({
      parameters: { 'Cwmp.RootElement': 'InternetGatewayDevice' },
      listen: { host: '127.0.0.1', port: 0 },
    });
  });
  after(() => unit.close());

  const names = async (path: string, NextLevel: boolean): Promise<string[]> => {
    const { result, fault } = await unit.call('GetParameterNames', { ParameterPath: path, NextLevel });
    assert.ok(result, JSON.stringify(fault));
    return result.ParameterList.map(({ Name }) => Name);
  };

  it('informs with the parameters that TR-098 demands', () => {
    const text = unit.acs.heard[0]?.text ?? '';
    const sent = [...text.matchAll(/<Name>([^<]+)<\/Name>/g)].map(match => match[1]);
    assert.deepEqual(
      sent.sort(),
      [
        `${ROOT}DeviceInfo.HardwareVersion`,
        `${ROOT}DeviceInfo.ProvisioningCode`,
        `${ROOT}DeviceInfo.SoftwareVersion`,
        `${ROOT}DeviceInfo.SpecVersion`,
        `${ROOT}DeviceSummary`,
        `${ROOT}ManagementServer.ConnectionRequestURL`,
        `${ROOT}ManagementServer.ParameterKey`,
        `${WAN}ExternalIPAddress`,
      ].sort(),
    );
    assert.match(text, /InternetGatewayDevice:1\.8\[\]/);
    assert.match(text, /<Value[^>]*>http:\/\/127\.0\.0\.1:\d+\//);
  });

  it('lists, reads and counts its one WAN connection, and nothing below Device', async () => {
    assert.deepEqual(await names('', true), [ROOT]);
    const all = await names(ROOT, false);
    assert.ok(all.every(name => name.startsWith(ROOT)));
    assert.equal(new Set(all).size, all.length);
    assert.ok(all.includes(`${WAN}SubnetMask`) && all.includes(`${ROOT}X_0090F8_SipEp.Gateway.1.SecurePort`));
    assert.ok(!all.some(name => name.includes('.LAN.')));
    assert.deepEqual(await names(`${ROOT}WANDevice.1.WANConnectionDevice.`, true), [
      `${ROOT}WANDevice.1.WANConnectionDevice.1.`,
    ]);
    assert.equal(await unit.value(`${WAN}ExternalIPAddress`), '127.0.0.1');
    assert.equal(await unit.value(`${ROOT}WANDevice.1.WANConnectionNumberOfEntries`), '1');
    const { fault } = await unit.call('GetParameterValues', { ParameterNames: ['Device.LAN.IPAddress'] });
    assert.equal(fault?.code, 9005);
  });

  it('sets, adds and deletes under its names, and refuses by them', async () => {
    assert.equal(await unit.set({ [`${ROOT}X_0090F8_Hoc.SystemName`]: 'lobby' }), 0);
    assert.equal(unit.unit.gateway.device.config.variable('Hoc.SystemName'), 'lobby');
    assert.deepEqual(await unit.set({ [`${WAN}ExternalIPAddress`]: '10.0.0.1' }), [
      9003,
      `${WAN}ExternalIPAddress 9008`,
    ]);
    assert.deepEqual(await unit.set({ 'Device.X_0090F8_Hoc.SystemName': 'hall' }), [
      9003,
      'Device.X_0090F8_Hoc.SystemName 9005',
    ]);
    const table = `${ROOT}X_0090F8_SipEp.Gateway.`;
    const { result } = await unit.call('AddObject', { ObjectName: table, ParameterKey: '' });
    const row = `${table}${result?.InstanceNumber}.`;
    assert.ok(await unit.value(`${row}Name`));
    const deleted = await unit.call('DeleteObject', { ObjectName: row, ParameterKey: '' });
    assert.ok(deleted.result);
    const wan = await unit.call('AddObject', { ObjectName: `${ROOT}WANDevice.`, ParameterKey: '' });
    assert.equal(wan.fault?.code, 9005);
  });

  it('notifies of changes by these names', async () => {
    const name = `${ROOT}X_0090F8_Hoc.SystemName`;
    const entry = { Name: name, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] };
    await unit.call('SetParameterAttributes', { ParameterList: [entry] });
    const { result } = await unit.call('GetParameterAttributes', { ParameterNames: [name] });
    assert.deepEqual(result?.ParameterList, [{ Name: name, Notification: 2, AccessList: ['Subscriber'] }]);
    const from = unit.acs.heard.length;
    await unit.unit.gateway.device.config.set([{ name: 'Device.X_0090F8_Hoc.SystemName', value: 'attic' }], 'script');
    const informed = await eventually('the Inform', () =>
      unit.acs.heard.slice(from).find(({ text }) => text.includes('4 VALUE CHANGE')),
    );
    assert.ok(informed.text.includes(`<Name>${name}</Name>`) && informed.text.includes('attic'));
  });

  it('is below Device again from the next session after the change', async () => {
    assert.equal(await unit.set({ [`${ROOT}X_0090F8_Cwmp.RootElement`]: 'Device' }), 0);
    assert.equal(await unit.value('Device.X_0090F8_Hoc.SystemName'), 'attic');
    assert.match(unit.acs.heard.at(-3)?.text ?? '', /<Name>Device\.LAN\.IPAddress<\/Name>/);
  });
});

describe('names of both roots', () => {
  it('lead back to where they came from, for each parameter of the DGW and any text', async () => {
    const model = await builtinModel('dgw');
    const shown = [...model.parameters.keys()].filter(path => gatewayPath(path) !== undefined);
    assert.ok(shown.length > 2000);
    for (const path of shown) assert.equal(devicePath(gatewayPath(path) ?? ''), path);
    const part = fc.constantFrom('LAN', 'WANDevice', '1', 'Stats', 'IPAddress', 'DeviceInfo', 'Config', 'x', '');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), parts => {
        const path = `${ROOT}${parts.join('.')}`;
        const own = devicePath(path);
        if (own !== undefined) assert.equal(gatewayPath(own), path);
      }),
    );
  });
});

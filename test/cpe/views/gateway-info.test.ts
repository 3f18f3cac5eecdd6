// The gateway in front of a DGW (Cwmp.Tr069AnnexFEnable): both name themselves by DHCP (TR-069 Annex F).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ENTERPRISE, OPTION, readGateway, readVendorSpecific } from '../../../shared/dhcp/options.ts';
import { readTlv } from '../../../shared/dhcp/packet.ts';
import { Gateways, set } from '../../support/cpe/gateways.ts';
import { eventually } from '../../support/eventually.ts';
import { type DhcpServer, startDhcpServer } from '../../support/servers/dhcp.ts';
import { subOptions, vendorSpecificValue } from '../../support/servers/dhcp-options.ts';

const named = (parts: Readonly<Record<number, string>>): Map<number, Buffer> =>
  new Map([[OPTION.viVendorSpecific, vendorSpecificValue(ENTERPRISE, subOptions(parts))]]);

describe('the gateway in front of a DGW', () => {
  let on: Gateways;
  let server: DhcpServer;
  beforeEach(async () => {
    on = await Gateways.open();
    server = await startDhcpServer({ options: named({ 4: '00D09E', 5: 'GW-1', 6: 'Home' }) });
  });
  afterEach(async () => {
    await on.close();
    await server.close();
  });

  /** The sub-options in which the unit named itself last. */
  const told = (): string[] => {
    const value = server.requests.at(-1)?.message.options.get(OPTION.viVendorSpecific);
    const own = readVendorSpecific(value).get(ENTERPRISE) ?? Buffer.alloc(0);
    return [...readTlv(own)].map(({ code, value: text }) => `${code} ${text}`);
  };

  it('is shown once the setting is on, from the answer to a question that names the unit', async () => {
    const gateway = await on.up({ dhcp: { server: { host: '127.0.0.1', port: server.port } } });
    const { config } = gateway.device;
    assert.deepEqual(told(), []);
    assert.throws(() => config.read('Device.GatewayInfo.'), { code: 9005 });
    const seen: string[] = [];
    config.watchers.watch(changes =>
      seen.push(...changes.map(({ path, value }) => `${path.split('.').at(-1)} ${value}`)),
    );
    await set(gateway, { 'Hoc.HostName': 'lobby', 'Cwmp.Tr069AnnexFEnable': 'Enable' });
    await eventually('the answer', () => told().length > 0);
    assert.equal(server.requests.at(-1)?.message.options.get(OPTION.hostName)?.toString(), 'lobby');
    assert.deepEqual(told(), ['1 0090F8', '2 0090F8000001', '3 4102S']);
    assert.deepEqual(
      config.read('Device.GatewayInfo.').map(({ Value }) => Value),
      ['00D09E', 'Home', 'GW-1'],
    );
    assert.match(config.get('Device.DeviceSummary'), /GatewayInfo:1/);
    assert.equal(config.attributes.read('Device.GatewayInfo.SerialNumber')[0]?.Notification, 2);
    server.change({ options: named({ 4: '00D09E', 5: 'GW-2', 6: 'Home' }) });
    seen.length = 0;
    await gateway.device.dhcp.renew();
    assert.deepEqual(seen, ['SerialNumber GW-2']);
    server.change({ options: new Map() });
    await gateway.device.dhcp.renew();
    assert.equal(config.get('Device.GatewayInfo.ManufacturerOUI'), '');
  });

  it('is none where it names itself in part, or in another form', () => {
    for (const parts of [{ 4: '00D09E' }, { 5: 'GW' }, { 4: 'nonsense', 5: 'GW' }, { 4: '00D09E', 5: 'x'.repeat(65) }])
      assert.equal(readGateway(named(parts)), undefined, JSON.stringify(parts));
    assert.deepEqual(readGateway(named({ 4: '00d09e', 5: 'GW' })), {
      oui: '00D09E',
      serialNumber: 'GW',
      productClass: '',
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const found = readGateway(new Map([[OPTION.viVendorSpecific, Buffer.from(bytes)]]));
        assert.ok(found === undefined || /^[0-9A-F]{6}$/.test(found.oui));
      }),
    );
  });
});

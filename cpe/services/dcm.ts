// Device Control Manager: the unit's identity. Also the standard objects with the same values (TR-106 DeviceInfo, LAN, Time).
import { currentTime } from '../agent/unit-time.ts';
import { defaultRouterOf } from './common/host.ts';
import { type Service, type Unit, uptimeSeconds, X } from './service.ts';

/** The address as Cwmp.InteropMacAddressFormat shows it: `0090f80d5b4a` or `00:90:F8:0D:5B:4A`. */
function macAddress(unit: Unit): string {
  const { mac } = unit.identity;
  if (unit.config.variable('Cwmp.InteropMacAddressFormat') !== 'UpperCaseWithColon') return mac;
  return (mac.match(/../g) ?? []).join(':').toUpperCase();
}

const timeServer =
  (at: number) =>
  (unit: Unit): string =>
    unit.dhcp.lease?.ntpServers[at] ?? unit.config.variable(`Hoc.StaticSntpServers[Priority=${at + 1}].HostName`) ?? '';

export const dcm: Service = {
  name: 'Dcm',
  values: {
    'DeviceInfo.Manufacturer': unit => unit.identity.manufacturer,
    'DeviceInfo.ManufacturerOUI': unit => unit.identity.oui,
    'DeviceInfo.ModelName': unit => unit.identity.productClass,
    'DeviceInfo.Description': unit => `${unit.identity.manufacturer} ${unit.identity.productClass}`,
    'DeviceInfo.ProductClass': unit => unit.identity.productClass,
    'DeviceInfo.SerialNumber': unit => unit.identity.serialNumber,
    'DeviceInfo.HardwareVersion': () => '1.0',
    'DeviceInfo.SoftwareVersion': unit => unit.softwareVersion,
    'DeviceInfo.DeviceStatus': () => 'Up',
    'DeviceInfo.UpTime': unit => String(uptimeSeconds(unit)),
    'DeviceInfo.FirstUseDate': unit => unit.state.unitFacts.firstUse ?? '0001-01-01T00:00:00Z',
    'LAN.AddressingType': unit => (unit.dhcp.lease ? 'DHCP' : 'Static'),
    'LAN.IPAddress': unit => unit.dhcp.lease?.address ?? unit.address,
    'LAN.SubnetMask': () => '255.0.0.0',
    'LAN.DefaultGateway': defaultRouterOf,
    'LAN.DNSServers': unit => unit.dhcp.lease?.dnsServers.join(',') ?? '',
    'LAN.MACAddress': macAddress,
    'LAN.Stats.ConnectionUpTime': unit => String(uptimeSeconds(unit)),
    'Time.CurrentLocalTime': unit => currentTime(unit),
    'Time.NTPServer1': unit => (unit.model.services.length > 0 ? timeServer(0)(unit) : undefined),
    'Time.NTPServer2': unit => (unit.model.services.length > 0 ? timeServer(1)(unit) : undefined),
    'Time.NTPServer3': unit => (unit.model.services.length > 0 ? timeServer(2)(unit) : undefined),
    'Time.NTPServer4': unit => (unit.model.services.length > 0 ? timeServer(3)(unit) : undefined),
    [`${X}Dcm.UnitInfoProductName`]: unit => unit.identity.productClass,
    [`${X}Dcm.UnitInfoSerialNumber`]: unit => unit.identity.serialNumber,
    [`${X}Dcm.UnitInfoMacAddress`]: unit => unit.identity.mac,
    [`${X}Dcm.UnitInfoHardwareRevision`]: () => '1.0',
  },
};

/** TR-106 DeviceInfo.FirstUseDate: the day on which the unit's clock was first set. */
export async function noteFirstUse(unit: Unit): Promise<void> {
  const now = unit.now();
  if (now === undefined || unit.state.unitFacts.firstUse !== undefined) return;
  await unit.state.remember(facts => {
    facts.firstUse = `${new Date(now).toISOString().slice(0, 19)}Z`;
  });
}

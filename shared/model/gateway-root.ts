// Names of a device model (TR-106) below the root of an Internet gateway (TR-098). A DGW has either root, as Cwmp.RootElement says:
// most names follow the root alone, and the network interface is the one connection of the one WAN device.
import type { Model } from './definitions.ts';

const DEVICE = 'Device.';
const GATEWAY = 'InternetGatewayDevice.';
const WAN = 'WANDevice.1.WANConnectionDevice.1.WANIPConnection.1.';

/** Names below the roots. One that ends with a dot moves with all below it; the first that fits counts; undefined is in neither model. */
const moves: readonly (readonly [device: string, gateway: string | undefined])[] = [
  ['LAN.IPPingDiagnostics.', 'IPPingDiagnostics.'],
  ['LAN.TraceRouteDiagnostics.NumberOfRouteHops', 'TraceRouteDiagnostics.RouteHopsNumberOfEntries'],
  ['LAN.TraceRouteDiagnostics.', 'TraceRouteDiagnostics.'],
  ['LAN.IPAddress', `${WAN}ExternalIPAddress`],
  ['LAN.Stats.ConnectionUpTime', `${WAN}Uptime`],
  ['LAN.Stats.TotalBytesSent', `${WAN}Stats.EthernetBytesSent`],
  ['LAN.Stats.TotalBytesReceived', `${WAN}Stats.EthernetBytesReceived`],
  ['LAN.Stats.TotalPacketsSent', `${WAN}Stats.EthernetPacketsSent`],
  ['LAN.Stats.TotalPacketsReceived', `${WAN}Stats.EthernetPacketsReceived`],
  ['LAN.', WAN],
  ['Config.', 'DeviceConfig.'],
  ['DeviceInfo.DeviceStatus', undefined],
  ['GatewayInfo.', undefined],
];

const fits = (name: string, pattern: string): boolean =>
  pattern.endsWith('.') ? name.startsWith(pattern) : name === pattern;

/** @param path concrete or template, below `Device.`; undefined where a gateway has no such name */
export function gatewayPath(path: string): string | undefined {
  if (!path.startsWith(DEVICE)) return undefined;
  const name = path.slice(DEVICE.length);
  const move = moves.find(([device]) => fits(name, device));
  if (!move) return GATEWAY + name;
  const [device, gateway] = move;
  return gateway === undefined ? undefined : GATEWAY + gateway + name.slice(device.length);
}

/** The reverse. @param path concrete, or a template, below `InternetGatewayDevice.`; undefined where a device has no such name */
export function devicePath(path: string): string | undefined {
  if (!path.startsWith(GATEWAY)) return undefined;
  const name = path
    .slice(GATEWAY.length)
    .replace(/^WANDevice\.\{i\}\.WANConnectionDevice\.\{i\}\.WANIPConnection\.\{i\}\./, WAN);
  const move = moves.find(([, gateway]) => gateway !== undefined && fits(name, gateway));
  if (move) return DEVICE + move[0] + name.slice(move[1]?.length);
  const same = DEVICE + name;
  return gatewayPath(same) === GATEWAY + name ? same : undefined;
}

/** The model of a DGW as a unit with that root has it: it resolves the names below that root. */
export function belowRoot(model: Model, root: string): Model {
  if (root === model.root || root !== GATEWAY) return model;
  const resolve: Model['resolve'] = path => {
    const own = devicePath(path);
    return own === undefined ? undefined : model.resolve(own);
  };
  return { ...model, root, resolve };
}

/** The template of a path of a gateway: the WAN connection is a row of three tables there. */
export const gatewayTemplate = (path: string): string => path.replace(`.${WAN}`, `.${WAN.replaceAll('.1.', '.{i}.')}`);

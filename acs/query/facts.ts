// Facts of devices: one vocabulary over the data models. Each fact names the parameters that tell it, by root and by maker, the most telling first.

/** `address`: an IP address. `state`: a state of a line, in the words of `lineStates`. */
export type FactKind = 'text' | 'number' | 'flag' | 'time' | 'address' | 'state';

export interface FactSource {
  /** A parameter, with `*` for each row of a table. */
  path: string;
  /** The parameter beside it that names the row. */
  label?: string;
}

export interface Fact {
  kind: FactKind;
  description: string;
  sources: readonly FactSource[];
}

type Sources = Readonly<Record<string, readonly FactSource[]>>;

const descriptions: Readonly<Record<string, readonly [FactKind, string]>> = {
  model: ['text', 'Name of the model'],
  uptime: ['number', 'Seconds since the last start'],
  cpuUsage: ['number', 'Percent'],
  memoryTotal: ['number', 'Kilobytes'],
  memoryFree: ['number', 'Kilobytes'],
  clockState: ['text', 'State of the synchronisation of its clock'],
  wanAddress: ['address', 'Address on the side of the provider'],
  macAddress: ['text', 'Address of its first interface'],
  hosts: ['number', 'Hosts in its network'],
  wifiSsid: ['text', 'Name of a wireless network'],
  wifiOn: ['flag', 'That network is enabled'],
  lineState: ['state', 'A line at its registrar: registered, registering, unregistered or failed'],
  lineUser: ['text', 'Number or user name of the line'],
  certificateEnd: ['time', 'End of a certificate that the device has'],
};

/** TR-181, TR-104 below Device.Services. */
const device: Sources = {
  ...ofEachRoot('Device.'),
  wanAddress: [
    { path: 'Device.PPP.Interface.*.IPCP.LocalIPAddress' },
    { path: 'Device.DHCPv4.Client.*.IPAddress' },
    { path: 'Device.IP.Interface.1.IPv4Address.1.IPAddress' },
  ],
  macAddress: [{ path: 'Device.Ethernet.Interface.1.MACAddress' }],
  hosts: [{ path: 'Device.Hosts.HostNumberOfEntries' }],
  wifiSsid: [{ path: 'Device.WiFi.SSID.*.SSID' }],
  wifiOn: [{ path: 'Device.WiFi.SSID.*.Enable', label: 'SSID' }],
};

/** TR-098, TR-104 below InternetGatewayDevice.Services. */
const internetGatewayDevice: Sources = {
  ...ofEachRoot('InternetGatewayDevice.'),
  wanAddress: [
    { path: 'InternetGatewayDevice.WANDevice.*.WANConnectionDevice.*.WANPPPConnection.*.ExternalIPAddress' },
    { path: 'InternetGatewayDevice.WANDevice.*.WANConnectionDevice.*.WANIPConnection.*.ExternalIPAddress' },
  ],
  macAddress: [{ path: 'InternetGatewayDevice.LANDevice.1.LANEthernetInterfaceConfig.1.MACAddress' }],
  hosts: [{ path: 'InternetGatewayDevice.LANDevice.1.Hosts.HostNumberOfEntries' }],
  wifiSsid: [{ path: 'InternetGatewayDevice.LANDevice.*.WLANConfiguration.*.SSID' }],
  wifiOn: [{ path: 'InternetGatewayDevice.LANDevice.*.WLANConfiguration.*.Enable', label: 'SSID' }],
};

/** TR-106 `Device:1` as the DGW has it, and what it tells in objects of its own. Its parameters of memory have no unit that is known. */
const dgw: Sources = {
  wanAddress: [{ path: 'Device.LAN.IPAddress' }],
  macAddress: [{ path: 'Device.LAN.MACAddress' }],
  lineState: [{ path: 'Device.X_0090F8_SipEp.RegistrationStatus.*.State', label: 'Username' }],
  lineUser: [{ path: 'Device.X_0090F8_SipEp.RegistrationStatus.*.Username' }],
  certificateEnd: [
    { path: 'Device.X_0090F8_Cert.HostCertificatesInfo.*.ValidTo', label: 'IssuedTo' },
    { path: 'Device.X_0090F8_Cert.OthersCertificatesInfo.*.ValidTo', label: 'IssuedTo' },
  ],
};

/** The sources that both roots have in the same place. */
function ofEachRoot(root: 'Device.' | 'InternetGatewayDevice.'): Sources {
  const line = `${root}Services.VoiceService.*.VoiceProfile.*.Line.*.`;
  const client = `${root}Services.VoiceService.*.SIP.Client.*.`;
  return {
    model: [{ path: `${root}DeviceInfo.ModelName` }],
    uptime: [{ path: `${root}DeviceInfo.UpTime` }],
    cpuUsage: [{ path: `${root}DeviceInfo.ProcessStatus.CPUUsage` }],
    memoryTotal: [{ path: `${root}DeviceInfo.MemoryStatus.Total` }],
    memoryFree: [{ path: `${root}DeviceInfo.MemoryStatus.Free` }],
    clockState: [{ path: `${root}Time.Status` }],
    lineState: [
      { path: `${line}Status`, label: 'DirectoryNumber' },
      { path: `${client}Status`, label: 'AuthUserName' },
    ],
    lineUser: [{ path: `${line}DirectoryNumber` }, { path: `${client}AuthUserName` }],
    certificateEnd: [{ path: `${root}Security.Certificate.*.NotAfter`, label: 'Subject' }],
  };
}

/** Every fact by its name, in the order in which they are shown. */
export const facts: Readonly<Record<string, Fact>> = Object.fromEntries(
  Object.entries(descriptions).map(([name, [kind, description]]) => [
    name,
    { kind, description, sources: [dgw, device, internetGatewayDevice].flatMap(table => table[name] ?? []) },
  ]),
);

export const factNamed = (name: string): Fact | undefined => (Object.hasOwn(facts, name) ? facts[name] : undefined);

/** The states of a line, each by the words of data models: TR-104 Line and SIP Client, and the DGW. */
export const lineStates: Readonly<Record<string, readonly string[]>> = {
  registered: ['Up', 'Registered', 'Refreshing'],
  registering: ['Registering', 'Initializing', 'Testing'],
  unregistered: ['Disabled', 'Quiescent', 'Unregistered', 'Unregistering', 'Deregistering'],
  failed: [
    ...['Error', 'Error_Misconfigured', 'Error_Network', 'Error_Registration'],
    ...['Unreachable', 'AuthFailed', 'Rejected', 'ConfigError', 'InvalidResponse'],
  ],
};

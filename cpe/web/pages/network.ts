// Pages of the menu Network.
import { form, table } from '../render/part.ts';
import type { View } from '../render/view.ts';
import type { Page } from './page.ts';

/** TLS judges certificates by the unit's clock, so that the page says where it comes from. */
function clockNote({ unit }: View): string | undefined {
  if (unit.now() === undefined) return 'The clock is not set: certificates cannot be judged before SNTP answers.';
  const source = unit.config.variable('Hoc.SntpCurrentSource') ?? '';
  return source === '' ? undefined : `The clock is set by ${source}.`;
}

const status: Page = {
  path: '/network/status',
  menu: 'Network',
  tab: 'Status',
  parts: [
    form('Host', [
      { name: 'Hoc.DomainNameInfo', label: 'Domain Name' },
      { name: 'Hoc.DefaultRouterInfo', label: 'Default Gateway' },
      { name: 'Hoc.SystemTime', label: 'System Time' },
      { name: 'Hoc.SntpCurrentSource', label: 'SNTP Host in Use' },
    ]),
    table('DNS Servers', 'Hoc.DnsServersInfo', ['Priority', { name: 'IpAddress', label: 'IP Address' }]),
    table('SNTP Servers', 'Hoc.SntpServersInfo', ['Priority', { name: 'HostName', label: 'SNTP Host' }]),
    table('Network Interfaces', 'Bni.NetworkInterfacesStatus', [
      { name: 'InterfaceName', label: 'Name' },
      { name: 'LinkName', label: 'Link' },
      { name: 'InterfaceStatus', label: 'State' },
      { name: 'IpAddr', label: 'IP Address' },
      { name: 'DefaultRouter', label: 'Default Gateway' },
    ]),
  ],
};

const host: Page = {
  path: '/network/host',
  menu: 'Network',
  tab: 'Host',
  parts: [
    form('Host Name Configuration', [
      { name: 'Hoc.DomainNameConfigSource', label: 'Domain Name Configuration Source' },
      { name: 'Hoc.StaticDomainName', label: 'Domain Name' },
      { name: 'Hoc.HostName', label: 'Host Name' },
    ]),
    form('Default Gateway Configuration', [
      { name: 'Hoc.DefaultRouterConfigSource', label: 'Configuration Source' },
      { name: 'Hoc.StaticDefaultRouter', label: 'Default Gateway' },
    ]),
    form('DNS Configuration', [{ name: 'Hoc.DnsServersConfigSource', label: 'Configuration Source' }]),
    table('DNS Servers', 'Hoc.StaticDnsServers', ['Priority', { name: 'IpAddress', label: 'DNS' }]),
    form('SNTP Configuration', [
      { name: 'Hoc.SntpConfigSource', label: 'Configuration Source' },
      { name: 'Hoc.SntpSynchronizationPeriod', label: 'Synchronization Period' },
      { name: 'Hoc.SntpSynchronizationPeriodOnError', label: 'Synchronization Period On Error' },
    ]),
    table('SNTP Servers', 'Hoc.StaticSntpServers', ['Priority', { name: 'HostName', label: 'SNTP Host' }]),
    form('Time Configuration', [{ name: 'Hoc.StaticTimeZone', label: 'Static Time Zone' }, 'Hoc.SystemTime'], {
      note: clockNote,
    }),
  ],
};

const interfaces: Page = {
  path: '/network/interfaces',
  menu: 'Network',
  tab: 'Interfaces',
  parts: [
    table(
      'Network Interface Configuration',
      'Bni.NetworkInterfaces',
      [
        { name: 'InterfaceName', label: 'Name', isReadOnly: true },
        { name: 'LinkName', label: 'Link' },
        { name: 'ConnectionType', label: 'Type' },
        { name: 'StaticIpAddr', label: 'Static IP Address' },
        { name: 'StaticDefaultRouter', label: 'Static Default Router' },
        'Activation',
        'ConfigStatus',
      ],
      { add: ['InterfaceName'], hasDelete: true },
    ),
    table('Ethernet Links', 'Eth.Links', [
      'Name',
      { name: 'Mtu', label: 'MTU' },
      { name: 'Ieee8021XAuthentication', label: '802.1x Authentication' },
    ]),
    table('Ethernet Ports', 'Eth.Ports', ['Name', 'Speed']),
    table('Ethernet Link Status', 'Eth.LinkStatus', [
      { name: 'LinkName', label: 'Link' },
      { name: 'LinkType', label: 'Type' },
      { name: 'LinkState', label: 'State' },
    ]),
    form('PPPoE Configuration', [
      { name: 'Bni.PppServiceName', label: 'Service Name' },
      { name: 'Bni.PppAuthenticationProtocol', label: 'Protocol' },
      { name: 'Bni.PppIdentity', label: 'User Name' },
      { name: 'Bni.PppSecret', label: 'Password' },
    ]),
    form('802.1x', [{ name: 'Eth.Ieee8021XVersion', label: 'Version' }]),
    table('EAP Authentication', 'Eth.Eap', [
      'Name',
      { name: 'Username', label: 'User Name' },
      { name: 'CertificateValidation', label: 'Certificate Validation' },
    ]),
  ],
};

const vlan: Page = {
  path: '/network/vlan',
  menu: 'Network',
  tab: 'VLAN',
  parts: [
    table(
      'VLAN Configuration',
      'Eth.Vlan',
      [
        { name: 'LinkName', label: 'Link' },
        { name: 'VlanId', label: 'VLAN ID' },
        { name: 'DefaultUserPriority', label: 'Default User Priority' },
        'ConfigStatus',
      ],
      { add: [], hasDelete: true },
    ),
  ],
};

const qos: Page = {
  path: '/network/qos',
  menu: 'Network',
  tab: 'QoS',
  parts: [
    form('Differentiated Services Field Configuration', [
      { name: 'LQos.DefaultDiffServ', label: 'Default DiffServ (IPv4)' },
      { name: 'LQos.DefaultTrafficClass', label: 'Default Traffic Class (IPv6)' },
    ]),
    table('Ethernet 802.1Q Tagging Configuration', 'LQos.Ethernet8021QTagging', [
      { name: 'InterfaceName', label: 'Link' },
      { name: 'EnablePriorityTagging', label: 'Priority Tagging' },
      { name: 'DefaultUserPriority', label: 'Default User Priority' },
    ]),
    table('Service Class Configuration', 'LQos.ServiceClasses', [
      { name: 'Description', label: 'Class' },
      'DiffServ',
      { name: 'TrafficClass', label: 'Traffic Class' },
      { name: 'UserPriority', label: 'User Priority' },
    ]),
  ],
};

const ruleColumns = ['SourceAddress', 'SourcePort', 'DestinationAddress', 'DestinationPort', 'Protocol'];

/** A page of ordered rules that a firewall or a translation goes through. */
function rules(
  tab: string,
  path: string,
  service: string,
  tables: readonly (readonly [string, string, string[]])[],
): Page {
  const parts = tables.map(([heading, name, columns]) =>
    table(heading, `${service}.${name}`, ['Priority', 'Activation', ...ruleColumns, ...columns, 'Up', 'Down'], {
      add: [],
      hasDelete: true,
    }),
  );
  const policies = [
    { name: `${service}.DefaultPolicy`, label: 'Default Policy' },
    { name: `${service}.BlacklistTimeout`, label: 'Blacklist Timeout' },
  ];
  const status = { name: `${service}.ConfigModifiedStatus`, label: 'Configuration Modified' };
  const settings = form('Configuration', service === 'Nat' ? [status] : [status, ...policies]);
  return { path: `/network/${path}`, menu: 'Network', tab, parts: [settings, ...parts] };
}

const localFirewall = rules('Local Firewall', 'local-firewall', 'Lfw', [
  ['Local Firewall Rules', 'LocalRules', ['BlacklistEnable', 'RateLimitValue', 'Action']],
]);
const networkFirewall = rules('Network Firewall', 'network-firewall', 'Nfw', [
  ['Network Firewall Rules', 'NetworkRules', ['ConnectionState', 'BlacklistEnable', 'RateLimitValue', 'Action']],
]);
const nat = rules('NAT', 'nat', 'Nat', [
  ['Source NAT Rules', 'SNatRules', ['NewAddress']],
  ['Destination NAT Rules', 'DNatRules', ['NewAddress']],
]);

const routing: Page = {
  path: '/network/ip-routing',
  menu: 'Network',
  tab: 'IP Routing',
  parts: [
    form('IPv4 Routing', [{ name: 'IpRouting.Ipv4ForwardingEnable', label: 'IPv4 Forwarding' }]),
    table('IP Routes', 'IpRouting.IpRoutesStatus', ['Index', 'Link', 'Destination', 'Gateway', 'Protocol']),
    table('Static IP Routes', 'IpRouting.StaticIpRoutes', ['Index', 'Link', 'Destination', 'Gateway'], {
      add: [],
      hasDelete: true,
    }),
    table(
      'Advanced IP Routes',
      'IpRouting.AdvancedIpRoutes',
      ['Priority', 'Activation', 'SourceAddress', 'SourceLink', 'ForwardToNetwork'],
      { add: [], hasDelete: true },
    ),
  ],
};

const dhcpServer: Page = {
  path: '/network/dhcp-server',
  menu: 'Network',
  tab: 'DHCP Server',
  parts: [
    form('Default Settings', [
      { name: 'Dhcp.DefaultDomainNameConfigSource', label: 'Domain Name Configuration Source' },
      { name: 'Dhcp.DefaultStaticDomainName', label: 'Domain Name' },
      { name: 'Dhcp.DefaultLeaseTime', label: 'Lease Time' },
      { name: 'Dhcp.DefaultDnsServersConfigSource', label: 'DNS Configuration Source' },
      { name: 'Dhcp.DefaultNtpServersConfigSource', label: 'NTP Configuration Source' },
    ]),
    table(
      'Subnets',
      'Dhcp.Subnets',
      [
        { name: 'NetworkInterfaceName', label: 'Network Interface', isReadOnly: true },
        { name: 'EnableSubnet', label: 'DHCP Server' },
        { name: 'StartAddress', label: 'Start IP Address' },
        { name: 'EndAddress', label: 'End IP Address' },
        'ConfigStatus',
      ],
      { add: ['NetworkInterfaceName'], hasDelete: true },
    ),
    table('Leases', 'Dhcp.AssignedLeasesInfo', ['IpAddress', 'MacAddress', 'SubnetName', 'LeaseTimeLeft']),
  ],
};

const lldp: Page = {
  path: '/network/lldp',
  menu: 'Network',
  tab: 'LLDP',
  parts: [
    form('LLDP Configuration', [
      { name: 'Lldp.NetworkInterface', label: 'Network Interface' },
      { name: 'Lldp.ChassisId', label: 'Chassis ID' },
      { name: 'Lldp.OverrideNetworkPolicyEnable', label: 'Override Network Policy' },
    ]),
    table('Remote Media Policy', 'Lldp.RemoteMediaPolicyState', ['AppType', 'VlanId', 'Priority', 'Dscp']),
  ],
};

export const networkPages: readonly Page[] = [
  status,
  host,
  interfaces,
  vlan,
  qos,
  localFirewall,
  routing,
  networkFirewall,
  nat,
  dhcpServer,
  lldp,
];

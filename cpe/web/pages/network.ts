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

export const networkPages: readonly Page[] = [status, host];

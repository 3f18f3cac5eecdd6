// The unit's status pages: read-only tables under the names that the vendor's notes use. Everything shown is escaped.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tableOf } from '../../shared/model/path.ts';
import { withoutUrlSecrets } from '../../shared/model/secret-names.ts';
import { escapeAttribute, escapeText } from '../../shared/xml/write.ts';
import type { Device } from '../state/device.ts';
import { readyLed } from '../state/ready-led.ts';
import { columnLabel, variableLabel } from './render/labels.ts';

interface Page {
  path: string;
  title: string;
  /** Tables of the DGW (`Scm.ServicesInfo`) or single variables (`Cwmp.AcsStatus`), by heading. */
  parts: readonly {
    heading: string;
    table?: string;
    columns?: readonly string[];
    variables?: readonly string[];
    /** Names and values that are no variables. */
    facts?: (device: Device) => readonly (readonly [name: string, value: string])[];
    /** Where it is given and false, the part is left out. */
    isShown?: (device: Device) => boolean;
  }[];
  /** A sentence above the parts, where one applies. */
  warning?: (device: Device) => string | undefined;
}

function ledsOf(device: Device): [name: string, value: string][] {
  const state = readyLed(device);
  return state === undefined ? [] : [['Ready', state]];
}

const pages: readonly Page[] = [
  {
    path: '/system/information',
    title: 'System/Information',
    parts: [
      {
        heading: 'Unit',
        variables: [
          'Dcm.UnitInfoProductName',
          'Dcm.UnitInfoSerialNumber',
          'Dcm.UnitInfoMacAddress',
          'Hoc.SystemTime',
          'Hoc.SystemUptime',
        ],
      },
      { heading: 'LEDs', facts: ledsOf },
      { heading: 'Firmware', table: 'Fpu.MfpInstalledInfo', columns: ['MfpName', 'MfpVersion', 'MfpBank'] },
      { heading: 'ACS', variables: ['Cwmp.AcsUrl', 'Cwmp.AcsStatus'] },
    ],
  },
  {
    path: '/system/services',
    title: 'System/Services',
    parts: [
      { heading: 'Services', table: 'Scm.ServicesInfo', columns: ['Name', 'Id', 'Class', 'StartupType', 'ExecState'] },
    ],
  },
  {
    path: '/sip/gateways',
    title: 'SIP/Gateways',
    parts: [
      {
        heading: 'Gateway Status',
        table: 'SipEp.GatewayStatus',
        columns: ['Name', 'NetworkInterface', 'Port', 'SecurePort', 'State'],
      },
      {
        heading: 'Gateway Configuration',
        table: 'SipEp.Gateway',
        columns: ['Name', 'Type', 'NetworkInterface', 'Port', 'SecurePort'],
      },
    ],
  },
  {
    path: '/sip/servers',
    title: 'SIP/Servers',
    parts: [
      {
        heading: 'TLS Persistent Connections Status',
        table: 'SipEp.TlsPersistentConnectionStatus',
        columns: ['Gateway', 'LocalPort', 'RemoteHost', 'RemoteHostIpAddr', 'State'],
        isShown: usesTls,
      },
      {
        heading: 'SIP Default Servers',
        variables: [
          'SipEp.DefaultStaticRegistrarServerHost',
          'SipEp.DefaultStaticProxyHomeDomainHost',
          'SipEp.DefaultStaticProxyOutboundHost',
        ],
      },
      {
        heading: 'SIP Gateway Specific Registrar Servers',
        table: 'SipEp.GwSpecificRegistration',
        columns: ['GatewayName', 'EnableConfig', 'ServerHost'],
      },
      {
        heading: 'SIP Gateway Specific Proxy Servers',
        table: 'SipEp.GwSpecificProxy',
        columns: ['GatewayName', 'EnableConfig', 'HomeDomainHost', 'OutboundHost'],
      },
      { heading: 'Gateways', table: 'SipEp.GatewayStatus', columns: ['Name', 'State'] },
      {
        heading: 'Registrations',
        table: 'SipEp.RegistrationStatus',
        columns: ['Endpoint', 'Username', 'Gateway', 'State'],
      },
    ],
  },
  {
    path: '/sip/transport',
    title: 'SIP/Transport',
    parts: [
      {
        heading: 'General Configuration',
        table: 'SipEp.TransportConfig',
        columns: ['GatewayName', 'RegistrationEnable', 'ContactEnable'],
      },
      { heading: 'Persistent Connections', variables: ['SipEp.TransportPersistentBasePort'] },
      {
        heading: 'Protocol Configuration',
        table: 'SipEp.TransportConfig',
        columns: ['UdpEnable', 'UdpQValue', 'TcpEnable', 'TcpQValue', 'TlsEnable', 'TlsQValue'],
      },
    ],
  },
  {
    path: '/media/security',
    title: 'Media/Security',
    parts: [
      {
        heading: 'Security',
        variables: [
          'Mipt.DefaultSecurityRtpMode',
          'Mipt.DefaultSecurityKeyManagement',
          'Mipt.DefaultSecurityRtpEncryption',
          'Mipt.SessionUpdateCryptoMode',
        ],
      },
      { heading: 'T.38', variables: ['Mipt.AllowUnsecureT38WithSrtp'] },
      {
        heading: 'Endpoints',
        table: 'Mipt.EpSpecificSecurity',
        columns: ['EpId', 'EnableConfig', 'RtpMode', 'KeyManagement', 'RtpEncryption'],
      },
    ],
    warning: keysInTheClear,
  },
  {
    path: '/management/certificates',
    title: 'Management/Certificates',
    warning: newCertificate,
    parts: [
      {
        heading: 'Host',
        table: 'Cert.HostCertificatesInfo',
        columns: ['FileName', 'IssuedTo', 'IssuedBy', 'ValidTo', 'Usage'],
      },
      {
        heading: 'Others',
        table: 'Cert.OthersCertificatesInfo',
        columns: ['FileName', 'IssuedTo', 'IssuedBy', 'ValidTo', 'CertificateAuthority'],
      },
    ],
  },
];

/** @throws Error when the address cannot be had */
export function serveStatus(
  listen: { host: string; port: number },
  device: Device,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'This page can only be read.');
    const page = pages.find(({ path }) => path === request.url) ?? (request.url === '/' ? pages[0] : undefined);
    if (!page) return answer(response, 404, 'There is no such page.');
    answer(response, 200, render(page, device));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      const { address, port, family } = server.address() as AddressInfo;
      resolve({
        url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`,
        close: () =>
          new Promise(done => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

function answer(response: ServerResponse, status: number, content: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...(status === 405 && { Allow: 'GET, HEAD' }),
  });
  response.end(content);
}

const style =
  'body{font:15px sans-serif;margin:2em;color:#222}table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:.3em .7em;text-align:left}nav a{margin-right:1em}';

function render(page: Page, device: Device): string {
  const links = pages.map(({ path, title }) => `<a href="${escapeAttribute(path)}">${escapeText(title)}</a>`).join('');
  const { manufacturer, productClass, serialNumber } = device.identity;
  const name = `${manufacturer} ${productClass} ${serialNumber}`;
  const shown = page.parts.filter(({ isShown }) => isShown?.(device) ?? true);
  const parts = shown.map(part => `<h2>${escapeText(part.heading)}</h2>${renderPart(part, device)}`).join('');
  const said = page.warning?.(device);
  const warning = said === undefined ? '' : `<p><strong>${escapeText(said)}</strong></p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeText(`${page.title} - ${name}`)}</title><style>${style}</style></head><body><nav>${links}</nav>${waitingNote(device)}<h1>${escapeText(page.title)}</h1><p>${escapeText(name)}</p>${warning}${parts}</body></html>`;
}

/** The vendor's sentence and link at the top of each page; the names of the services are ours. */
function waitingNote(device: Device): string {
  const services = [...device.config.pending.services()];
  if (services.length === 0) return '';
  const link = '<a href="/system/services">services table</a>';
  return `<p>Some changes require to restart a service to apply new configuration. Please click this link to access the ${link}. (${escapeText(services.join(', '))})</p>`;
}

/** The vendor's sentence on the page of certificates after a transfer. */
function newCertificate(device: Device): string | undefined {
  if (!device.config.pending.isCertificateNew) return undefined;
  return 'Note: You must restart the appropriate service before using the newly transferred certificate.';
}

/** All rows have the transport of the first one. */
function usesTls(device: Device): boolean {
  const [transport] = rowsOf(device, 'SipEp.TransportConfig', ['TlsEnable']);
  return transport?.[0] === 'Enable';
}

/** The vendor's notes want secure signalling before secure media; the text is ours. */
function keysInTheClear(device: Device): string | undefined {
  const modes = [
    device.config.variable('Mipt.DefaultSecurityRtpMode'),
    ...rowsOf(device, 'Mipt.EpSpecificSecurity', ['EnableConfig', 'RtpMode'])
      .filter(([enabled]) => enabled === 'Enable')
      .map(([, mode]) => mode),
  ];
  if (usesTls(device) || modes.every(mode => mode === undefined || mode === 'Unsecure')) return undefined;
  return 'Media is secured but SIP is not over TLS: the keys can be read on the way.';
}

function renderPart(part: Page['parts'][number], device: Device): string {
  if (part.variables) {
    const shown = (name: string): string => withoutUrlSecrets(device.config.variable(name) ?? '');
    const rows = part.variables.map(name => [variableLabel(name), name, shown(name)]);
    return table(['Setting', 'Variable', 'Value'], rows);
  }
  if (part.facts) return table(['LED', 'State'], part.facts(device));
  const { table: name = '', columns = [] } = part;
  const head = columns.map(column => columnLabel(name, column));
  return table(head, rowsOf(device, name, columns));
}

function rowsOf(device: Device, name: string, columns: readonly string[]): string[][] {
  const def = device.model.table(name);
  if (!def) return [];
  return device.config
    .names(tableOf(def.path), true)
    .map(row => columns.map(column => device.config.read(row.Name + column)[0]?.Value ?? ''));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p>None.</p>';
  const cells = (tag: string, values: readonly string[]): string =>
    `<tr>${values.map(value => `<${tag}>${escapeText(value)}</${tag}>`).join('')}</tr>`;
  return `<table>${cells('th', head)}${rows.map(row => cells('td', row)).join('')}</table>`;
}

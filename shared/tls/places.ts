// Destinations of the unit's TLS clients, from its variables; pure, for any source of their values. Rows of a table
// are named by their numbers: `SipEp.TransportConfig.1.TlsEnable`.
import type { TlsService } from './profiles.ts';

export interface Place {
  service: TlsService;
  /** The role for the unit; several SIP servers differ by their place. */
  link: 'acs' | 'firmware' | 'scripts' | 'certificates' | 'script-server' | 'sip';
  /** A name or an address; absent where it is unknown. */
  host?: string;
  port: number;
}

type Read = (name: string) => string | undefined;

/** Gateways beyond these share the unit's own servers as a rule. */
const GATEWAYS = [1, 2, 3, 4];
const TLS_ON = 'SipEp.TransportConfig.1.TlsEnable';
const unitServers = {
  registrar: 'SipEp.DefaultStaticRegistrarServerHost',
  outbound: 'SipEp.DefaultStaticProxyOutboundHost',
  home: 'SipEp.DefaultStaticProxyHomeDomainHost',
};
const gatewayServers = GATEWAYS.map(at => ({
  ownsRegistrar: `SipEp.GwSpecificRegistration.${at}.EnableConfig`,
  registrar: `SipEp.GwSpecificRegistration.${at}.ServerHost`,
  ownsProxy: `SipEp.GwSpecificProxy.${at}.EnableConfig`,
  outbound: `SipEp.GwSpecificProxy.${at}.OutboundHost`,
  home: `SipEp.GwSpecificProxy.${at}.HomeDomainHost`,
}));
/** Home-domain proxies that the factory puts there; left so, calls go to the registrar. */
const factoryHosts = ['192.168.10.10', '192.168.0.10'];

/** Every variable that `acsUrlOf` reads. */
export const acsVariables: readonly string[] = ['Cwmp.AcsUrlConfigSource', 'Cwmp.AcsStaticUrl', 'Cwmp.AcsUrl'];

/** Every variable that `placesOf` reads. */
export const placeVariables: readonly string[] = [
  'Conf.ScriptsTransferProtocol',
  'Conf.ScriptsTransferSrvHostname',
  TLS_ON,
  ...Object.values(unitServers),
  ...gatewayServers.flatMap(names => Object.values(names)),
];

/** `host:port` as the unit writes it; undefined for none (empty, or the factory's 0.0.0.0). */
function hostPort(text: string | undefined, port: number): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text?.trim() ?? '');
  const host = (match?.[1] ?? match?.[2] ?? '').toLowerCase();
  return host === '' || host === '0.0.0.0' ? undefined : { host, port: Number(match?.[3] ?? 0) || port };
}

/** The URL of the ACS that the unit's own variables name, where they do. */
export const acsUrlOf = (read: Read): string | undefined =>
  (read('Cwmp.AcsUrlConfigSource') === 'Static' ? read('Cwmp.AcsStaticUrl') : undefined) ||
  read('Cwmp.AcsUrl') ||
  undefined;

/** Servers beside the ACS: where scripts come from, and the SIP servers while SIP goes over TLS. A port of 0 is the usual one. */
export function placesOf(read: Read): Place[] {
  const scripts = hostPort(read('Conf.ScriptsTransferSrvHostname'), 443);
  const fetches = scripts && (read('Conf.ScriptsTransferProtocol') ?? 'Https') === 'Https';
  return [
    ...(fetches ? [{ service: 'Conf', link: 'script-server', ...scripts } as const] : []),
    ...(read(TLS_ON) === 'Enable' ? sipPlaces(read) : []),
  ];
}

function sipPlaces(read: Read): Place[] {
  const found = new Map<string, Place>();
  const add = (at: { host: string; port: number } | undefined): void => {
    if (at) found.set(`${at.host}:${at.port}`, { service: 'SipEp', link: 'sip', ...at });
  };
  const addProxy = (names: { outbound: string; home: string }): void => {
    const home = hostPort(read(names.home), 5061);
    add(hostPort(read(names.outbound), 5061) ?? (home && !factoryHosts.includes(home.host) ? home : undefined));
  };
  add(hostPort(read(unitServers.registrar), 5061));
  addProxy(unitServers);
  for (const names of gatewayServers) {
    if (read(names.ownsRegistrar) === 'Enable') add(hostPort(read(names.registrar), 5061));
    if (read(names.ownsProxy) === 'Enable') addProxy(names);
  }
  return [...found.values()];
}

// SIP variables of the unit → the configuration of each of its user agents.
import type { UserAgentConfig } from '../../voice/settings.ts';
import { productName, profileName } from '../common/product.ts';
import { rowsOf, type Unit } from '../service.ts';
import { accountsOf } from './accounts.ts';
import { dnsSettings, failoverSettings } from './lookup.ts';
import { mediaSettings } from './media-security.ts';
import { serverAddresses } from './server-addresses.ts';
import { isTlsEnabled, transportSettings } from './transports.ts';

/** A gateway with its user agent's configuration, or the reason why it has no user agent. */
export type GatewayPlan = { gateway: string; config: UserAgentConfig } | { gateway: string; obstacle: Obstacle };

/** Hz; the dial tone of many countries. */
const DEFAULT_TONE = 425;

/** An obstacle to the start of a gateway: its state as `SipEp.GatewayStatus.State` words it, and the reason for the log. */
export interface Obstacle {
  state: 'Network down' | 'Invalid Configuration';
  reason: string;
}

interface Plans {
  gateways: readonly GatewayPlan[];
  /** Registrations left out because of the limit. */
  surplus: number;
}

/** A plan for each SIP gateway with an account or TLS; the others have nothing to do. */
export function gatewayPlans(unit: Unit): Plans {
  // A stored state may have two rows of one name, which earlier versions took: the second has no user agent.
  const names = [...new Set(rowsOf(unit, 'SipEp.Gateway', ['Name']).map(row => row.Name))];
  if (names.length === 0) return { gateways: [], surplus: 0 };
  const { byGateway, surplus } = accountsOf(unit, names);
  const usesTls = isTlsEnabled(unit);
  const gateways = names.flatMap(gateway => {
    const accounts = byGateway.get(gateway) ?? [];
    return accounts.length > 0 || usesTls ? [planOf(unit, gateway, accounts)] : [];
  });
  return { gateways, surplus };
}

/** The configurations of the gateways that can start. */
export const userAgentConfigs = (unit: Unit): UserAgentConfig[] =>
  gatewayPlans(unit).gateways.flatMap(plan => ('config' in plan ? [plan.config] : []));

function planOf(unit: Unit, gateway: string, accounts: UserAgentConfig['accounts']): GatewayPlan {
  const obstacle = obstacleOf(unit, gateway);
  return obstacle ? { gateway, obstacle } : { gateway, config: configOf(unit, gateway, accounts) };
}

const isEndpointGateway = (unit: Unit, gateway: string): boolean =>
  unit.config.running(`SipEp.Gateway[Name="${gateway}"].Type`) === 'EndpointGateway';

function obstacleOf(unit: Unit, gateway: string): Obstacle | undefined {
  const network = unit.config.running(`SipEp.Gateway[Name="${gateway}"].NetworkInterface`) ?? '';
  if (!isUp(unit, network))
    return { state: 'Network down', reason: `there is no network '${network}', or it is disabled` };
  const { transports, transport } = transportSettings(unit, gateway);
  if (transports.length === 0) return { state: 'Invalid Configuration', reason: 'no transport is enabled' };
  // Vendor text: "TLS connections are currently only supported with SIP Trunk gateways".
  if (transport === 'tls' && isEndpointGateway(unit, gateway))
    return { state: 'Invalid Configuration', reason: 'TLS is for trunk gateways' };
  return undefined;
}

/** The signalling network of a gateway is an enabled row of Bni.NetworkInterfaces. The simulated unit has one address in all. */
function isUp(unit: Unit, network: string): boolean {
  const rows = rowsOf(unit, 'Bni.NetworkInterfaces', ['InterfaceName', 'Activation']);
  return rows.some(({ InterfaceName, Activation }) => InterfaceName === network && Activation === 'Enable');
}

/** Ports that an endpoint gateway takes one of: it has no static listening port (vendor text); the range is that of RFC 6335. */
const DYNAMIC_PORTS = [49_152, 65_535] as const;

function configOf(unit: Unit, gateway: string, accounts: UserAgentConfig['accounts']): UserAgentConfig {
  const scalar = (name: string): string => unit.config.running(`SipEp.${name}`) ?? '';
  const own = (table: string, column: string): string => scalar(`${table}[GatewayName="${gateway}"].${column}`);
  const row = (column: string): string => scalar(`Gateway[Name="${gateway}"].${column}`);
  const transports = transportSettings(unit, gateway);
  const isEndpoint = isEndpointGateway(unit, gateway);
  const ownRegistrar = own('GwSpecificRegistration', 'EnableConfig') === 'Enable';
  const registration = (column: string, whole: string): number =>
    Number(ownRegistrar ? own('GwSpecificRegistration', column) : scalar(whole));
  const { registrar, proxy, home, domain } = serverAddresses(unit, gateway);
  const media = mediaSettings(unit, undefined);
  return {
    gateway,
    type: isEndpoint ? 'endpoint' : 'trunk',
    address: unit.address,
    ...transports,
    port: isEndpoint
      ? unit.random.int(...DYNAMIC_PORTS)
      : Number(row(transports.transport === 'tls' ? 'SecurePort' : 'Port')),
    clientAuthentication: scalar('InteropTlsClientAuthenticationEnable') === 'Enable',
    basePort: Number(scalar('TransportPersistentBasePort')),
    portInterval: Number(scalar('TransportPersistentPortInterval')),
    failbackInterval: Number(scalar('TransportFailbackInterval')),
    connectTimeout: Number(scalar('InteropTcpConnectTimeout')),
    dns: dnsSettings(unit),
    ...failoverSettings(unit, gateway, transports.transport),
    transmissionTimeout: Number(scalar('InteropTransmissionTimeout') || 32),
    ...(proxy && { proxy }),
    ...(home && { home }),
    registrar,
    domain,
    accounts,
    userAgent:
      scalar('InteropSendUaHeaderEnable') === 'Disable' ? '' : expandHeader(unit, scalar('InteropUaHeaderFormat')),
    ...media,
    ...(unit.lab.mikeyKey && { mikeyKey: unit.lab.mikeyKey }),
    rejectCode: scalar('InteropRejectCodeForUnsupportedSdpOffer') === 'NotAcceptableHere' ? 488 : 415,
    expires: registration('ProposedExpirationValue', 'DefaultRegistrationProposedExpirationValue'),
    retryTime: registration('RetryTime', 'DefaultRegistrationRetryTime'),
    refreshTime: registration('RefreshTime', 'DefaultRegistrationRefreshTime'),
    keepAlive: {
      method: keepAliveOf(scalar('SipKeepAliveMethod'), isEndpoint),
      interval: Number(scalar('SipKeepAliveInterval')),
    },
    tone: unit.lab.tone ?? DEFAULT_TONE,
    contactMatching: matchingOf(scalar('InteropRegistrationContactMatching')),
  };
}

/** OPTIONS and Ping are for trunk gateways (vendor text). */
function keepAliveOf(text: string, isEndpoint: boolean): UserAgentConfig['keepAlive']['method'] {
  const known = isEndpoint
    ? (['None', 'TcpKeepAlive'] as const)
    : (['None', 'SipOptions', 'Ping', 'TcpKeepAlive'] as const);
  return known.find(method => method === text) ?? 'None';
}

function matchingOf(text: string): NonNullable<UserAgentConfig['contactMatching']> {
  return text === 'IgnoreUriParams' || text === 'IgnoreUriAndPortParams' ? text : 'Strict';
}

/** Macros of SipEp.InteropUaHeaderFormat: %version% %mac% %product% %profile% %serial% %%. */
function expandHeader(unit: Unit, format: string): string {
  const values: Record<string, string> = {
    version: unit.softwareVersion,
    mac: unit.identity.mac,
    product: productName(unit),
    profile: profileName(unit),
    serial: unit.identity.serialNumber,
  };
  return format.replace(/%(\w*)%/g, (whole, name: string) => (name === '' ? '%' : (values[name] ?? whole)));
}

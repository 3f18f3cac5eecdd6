// SIP variables of the unit → the configuration of each of its user agents.
import type { UserAgentConfig } from '../../voice/settings.ts';
import { hostPort, rowsOf, type Unit } from '../service.ts';
import { callSettings } from './call-settings.ts';
import { mediaSettings, ownSecurity } from './mipt.ts';

type Account = UserAgentConfig['accounts'][number];

/** Hz; the dial tone of many countries. */
const DEFAULT_TONE = 425;

/** One configuration per SIP gateway with a user or a persistent connection. */
export function userAgentConfigs(unit: Unit): UserAgentConfig[] {
  const names = rowsOf(unit, 'SipEp.Gateway', ['Name']).map(row => row.Name);
  const first = names[0];
  if (first === undefined) return [];
  return names
    .map(name => configOf(unit, name, first))
    .filter(config => config.accounts.length > 0 || config.transport === 'tls');
}

function configOf(unit: Unit, gateway: string, first: string): UserAgentConfig {
  const scalar = (name: string): string => unit.config.running(`SipEp.${name}`) ?? '';
  const own = (table: string, column: string): string => scalar(`${table}[GatewayName="${gateway}"].${column}`);
  const row = (column: string): string => scalar(`Gateway[Name="${gateway}"].${column}`);
  // The first row's transport is that of the whole unit.
  const shared = (column: string): boolean => scalar(`TransportConfig[GatewayName="${first}"].${column}`) === 'Enable';
  const transport = shared('TlsEnable') ? 'tls' : shared('TcpEnable') && !shared('UdpEnable') ? 'tcp' : 'udp';
  const ownRegistrar = own('GwSpecificRegistration', 'EnableConfig') === 'Enable';
  const ownProxy = own('GwSpecificProxy', 'EnableConfig') === 'Enable';
  const registration = (column: string, whole: string): number =>
    Number(ownRegistrar ? own('GwSpecificRegistration', column) : scalar(whole));
  const registrar = hostPort(
    ownRegistrar ? own('GwSpecificRegistration', 'ServerHost') : scalar('DefaultStaticRegistrarServerHost'),
  );
  const home = ownProxy ? own('GwSpecificProxy', 'HomeDomainHost') : scalar('DefaultStaticProxyHomeDomainHost');
  const outbound = hostPort(
    ownProxy ? own('GwSpecificProxy', 'OutboundHost') : scalar('DefaultStaticProxyOutboundHost'),
  );
  const media = mediaSettings(unit);
  return {
    gateway,
    address: unit.address,
    transport,
    port: Number(row(transport === 'tls' ? 'SecurePort' : 'Port')),
    clientAuthentication: scalar('InteropTlsClientAuthenticationEnable') === 'Enable',
    basePort: Number(scalar('TransportPersistentBasePort')),
    portInterval: Number(scalar('TransportPersistentPortInterval')),
    failbackInterval: Number(scalar('TransportFailbackInterval')),
    connectTimeout: Number(scalar('InteropTcpConnectTimeout')),
    // '' and 0.0.0.0 mean none.
    ...(outbound.host !== '' && outbound.host !== '0.0.0.0' && { proxy: outbound }),
    registrar,
    domain: row('Domain') || domainOf(unit, home, registrar.host),
    accounts: accountsOf(unit, gateway),
    contactTransport: shared('ContactEnable'),
    registrationTransport: shared('RegistrationEnable'),
    userAgent:
      scalar('InteropSendUaHeaderEnable') === 'Disable' ? '' : expandHeader(unit, scalar('InteropUaHeaderFormat')),
    ...media,
    ...(unit.voice.mikeyKey && { mikeyKey: unit.voice.mikeyKey }),
    rejectCode: scalar('InteropRejectCodeForUnsupportedSdpOffer') === 'NotAcceptableHere' ? 488 : 415,
    expires: registration('ProposedExpirationValue', 'DefaultRegistrationProposedExpirationValue'),
    retryTime: registration('RetryTime', 'DefaultRegistrationRetryTime'),
    refreshTime: registration('RefreshTime', 'DefaultRegistrationRefreshTime'),
    keepAlive: { method: keepAliveOf(scalar('SipKeepAliveMethod')), interval: Number(scalar('SipKeepAliveInterval')) },
    calls: callSettings(unit),
    tone: unit.voice.tone ?? DEFAULT_TONE,
    contactMatching: matchingOf(scalar('InteropRegistrationContactMatching')),
  };
}

/** A home domain left at the factory's address means the registrar's. */
function domainOf(unit: Unit, home: string, registrar: string): string {
  const factory = unit.model.variable('SipEp.DefaultStaticProxyHomeDomainHost')?.parameter.default;
  const { host } = hostPort(home);
  return host === '' || home === factory ? registrar : host;
}

function keepAliveOf(text: string): UserAgentConfig['keepAlive']['method'] {
  const known = ['None', 'SipOptions', 'Ping', 'TcpKeepAlive'] as const;
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
    product: `${unit.identity.manufacturer} ${unit.identity.productClass}`,
    profile: `${unit.identity.productClass}-TANDEM`,
    serial: unit.identity.serialNumber,
  };
  return format.replace(/%(\w*)%/g, (whole, name: string) => (name === '' ? '%' : (values[name] ?? whole)));
}

function accountsOf(unit: Unit, gateway: string): Account[] {
  const here = (name: string): boolean => name === '' || name.toLowerCase() === 'all' || name === gateway;
  const accounts: Account[] = [];
  const add = (user: string, register: boolean, endpoint: string): void => {
    if (user === '' || accounts.some(account => account.user === user)) return;
    const srtp = endpoint === '' ? undefined : ownSecurity(unit, endpoint);
    accounts.push({ user, register, ...credentialsOf(unit, gateway, endpoint, user), ...(srtp && { srtp }) });
  };
  for (const { EpId } of rowsOf(unit, 'SipEp.UserAgent', ['EpId'])) {
    const read = (column: string): string => unit.config.running(`SipEp.UserAgent[EpId="${EpId}"].${column}`) ?? '';
    if (here(read('GatewayName'))) add(read('Username'), read('Register') === 'Enable', EpId);
  }
  for (const { Index } of rowsOf(unit, 'SipEp.UnitRegistrations', ['Index'])) {
    const read = (column: string): string =>
      unit.config.running(`SipEp.UnitRegistrations[Index=${Index}].${column}`) ?? '';
    if (here(read('GatewayName'))) add(read('Username'), true, '');
  }
  return accounts;
}

/** The first row of SipEp.Authentication, by Index, whose criteria fit. */
function credentialsOf(unit: Unit, gateway: string, endpoint: string, user: string): Partial<Account> {
  const indexes = rowsOf(unit, 'SipEp.Authentication', ['Index']).map(row => Number(row.Index));
  for (const index of indexes.sort((a, b) => a - b)) {
    const read = (column: string): string =>
      unit.config.running(`SipEp.Authentication[Index=${index}].${column}`) ?? '';
    const fits: Record<string, boolean> = {
      Unit: true,
      Endpoint: read('EpId') === endpoint,
      Gateway: read('GatewayName') === gateway,
      Username: read('UsernameCriteria') === user,
    };
    if (!fits[read('CriteriaSelection')]) continue;
    const realm = read('ValidateRealm') === 'Enable' ? read('Realm') : '';
    return { authUser: read('Username') || user, password: read('Password'), ...(realm !== '' && { realm }) };
  }
  return {};
}

// Pages of the menu SIP.
import { rowsOf, type Unit } from '../../services/service.ts';
import { rowPaths } from '../render/cells.ts';
import { form, table, yesNo } from '../render/part.ts';
import type { View } from '../render/view.ts';
import type { Page } from './page.ts';
import { usesTls } from './security-warning.ts';
import { sipBehaviourPages } from './sip-behaviour.ts';

/** The column of tables of settings that count for one gateway. */
export const specific = { name: 'EnableConfig', texts: yesNo } as const;

/** Interfaces that a gateway can be bound to. The notes name Uplink, Lan1 is the factory's. */
const networks = (): readonly string[] => ['Uplink', 'Lan1'];

const gatewayTypes = { TrunkGateway: 'Trunk', EndpointGateway: 'Endpoint' } as const;

export const gatewayNames = (unit: Unit): string[] => rowsOf(unit, 'SipEp.Gateway', ['Name']).map(({ Name }) => Name);
const orAll = { name: 'GatewayName', choices: ({ unit }: View) => ['all', ...gatewayNames(unit)] } as const;

/** All rows have the transport of the first one: it is shown once. */
const isFirst = (view: View, row: string): boolean => rowPaths(view, table('', 'SipEp.TransportConfig', []))[0] === row;

const gateways: Page = {
  path: '/sip/gateways',
  menu: 'SIP',
  tab: 'Gateways',
  parts: [
    table('Gateway Status', 'SipEp.GatewayStatus', ['Name', 'NetworkInterface', 'Port', 'SecurePort', 'State']),
    table(
      'Gateway Configuration',
      'SipEp.Gateway',
      [
        { name: 'Name', isReadOnly: true },
        { name: 'Type', texts: gatewayTypes },
        { name: 'NetworkInterface', choices: networks },
        'Port',
        'SecurePort',
      ],
      { add: ['Name'], hasDelete: true },
    ),
  ],
};

const servers: Page = {
  path: '/sip/servers',
  menu: 'SIP',
  tab: 'Servers',
  button: 'Submit',
  parts: [
    table(
      'TLS Persistent Connections Status',
      'SipEp.TlsPersistentConnectionStatus',
      ['Gateway', 'LocalPort', 'RemoteHost', 'RemoteHostIpAddr', 'State'],
      { isShown: ({ unit }) => usesTls(unit) },
    ),
    form('SIP Default Servers', [
      'SipEp.DefaultStaticRegistrarServerHost',
      'SipEp.DefaultStaticProxyHomeDomainHost',
      'SipEp.DefaultStaticProxyOutboundHost',
      'SipEp.DefaultStaticMessagingHost',
    ]),
    table('SIP Gateway Specific Registrar Servers', 'SipEp.GwSpecificRegistration', [
      'GatewayName',
      specific,
      'ServerHost',
    ]),
    table('SIP Gateway Specific Proxy Servers', 'SipEp.GwSpecificProxy', [
      'GatewayName',
      specific,
      'HomeDomainHost',
      'OutboundHost',
    ]),
    table('SIP Gateway Specific Messaging Servers', 'SipEp.GwSpecificMwi', [
      'GatewayName',
      specific,
      'MessagingHost',
      'UsernameInRequestUriEnable',
    ]),
    table('Keep Alive', 'SipEp.GwKeepAliveAlternateDestination', ['GatewayName', 'AlternateDestination']),
    form('Keep Alive Configuration', [
      'SipEp.SipKeepAliveMethod',
      'SipEp.SipKeepAliveInterval',
      'SipEp.SipKeepAliveRetry',
      'SipEp.SipKeepAliveDestination',
    ]),
    form('Outbound Proxy', ['SipEp.DefaultProxyOutboundType']),
    table('Gateways', 'SipEp.GatewayStatus', ['Name', 'State']),
    table('Registrations', 'SipEp.RegistrationStatus', ['Endpoint', 'Username', 'Gateway', 'State']),
  ],
};

const registrations: Page = {
  path: '/sip/registrations',
  menu: 'SIP',
  tab: 'Registrations',
  parts: [
    table('Registration Status', 'SipEp.RegistrationStatus', ['Endpoint', 'Username', 'Gateway', 'Registrar', 'State']),
    table('Endpoints Registration', 'SipEp.UserAgent', ['EpId', 'Username', 'FriendlyName', 'Register', orAll]),
    table('Unit Registration', 'SipEp.UnitRegistrations', ['Index', 'Username', orAll], { add: [], hasDelete: true }),
    form('Registration Configuration', [
      'SipEp.DefaultRegistrationRefreshTime',
      'SipEp.DefaultRegistrationProposedExpirationValue',
      'SipEp.DefaultRegistrationExpirationValue',
      'SipEp.DefaultRegistrationRetryTime',
      'SipEp.DefaultRegistrationUnregisteredBehavior',
      'SipEp.DefaultUnitRegistrationUnregisteredBehavior',
      'SipEp.BehaviorOnInitialRegistrationReception',
      'SipEp.RegistrationDelayOnInitialRegistrationReception',
    ]),
    table('Gateway Specific Registration', 'SipEp.GwSpecificRegistration', [
      { name: 'GatewayName' },
      specific,
      'RefreshTime',
      'ProposedExpirationValue',
      'ExpirationValue',
      'RetryTime',
      'UnregisteredBehavior',
    ]),
  ],
};

const endpoints: Page = {
  path: '/sip/endpoints',
  menu: 'SIP',
  tab: 'Endpoints',
  parts: [
    table('User Agents', 'SipEp.UserAgent', [
      'EpId',
      'Username',
      'FriendlyName',
      orAll,
      'ContactDomain',
      'MwiSubscribe',
      'AcceptLanguage',
    ]),
    table('Messaging Subscriptions', 'SipEp.MwiStatus', [
      'Endpoint',
      'Username',
      'GatewayName',
      'MessagingHost',
      'SubscriptionState',
    ]),
  ],
};

const authentication: Page = {
  path: '/sip/authentication',
  menu: 'SIP',
  tab: 'Authentication',
  parts: [
    table(
      'Authentication',
      'SipEp.Authentication',
      [
        'Index',
        'CriteriaSelection',
        'EpId',
        { name: 'GatewayName', choices: ({ unit }) => ['', ...gatewayNames(unit)] },
        'UsernameCriteria',
        'ValidateRealm',
        'Realm',
        'Username',
        'Password',
        'Up',
        'Down',
      ],
      { add: [], hasDelete: true },
    ),
  ],
};

const transport: Page = {
  path: '/sip/transport',
  menu: 'SIP',
  tab: 'Transport',
  parts: [
    table('General Configuration', 'SipEp.TransportConfig', ['GatewayName', 'RegistrationEnable', 'ContactEnable']),
    form('Persistent Connections', [
      'SipEp.TransportPersistentBasePort',
      'SipEp.TransportPersistentPortInterval',
      'SipEp.TransportFailbackInterval',
    ]),
    table(
      'Protocol Configuration',
      'SipEp.TransportConfig',
      ['UdpEnable', 'UdpQValue', 'TcpEnable', 'TcpQValue', 'TlsEnable', 'TlsQValue'],
      {
        hasRow: isFirst,
        note: () => 'TLS and other transports are not mixed: once TLS is enabled, all gateways use it.',
      },
    ),
    form('TLS', [
      'SipEp.TransportTlsVersion',
      'SipEp.TransportTlsCipherSuite',
      'SipEp.TransportTlsCertificateTrustLevel',
    ]),
  ],
};

export const sipPages: readonly Page[] = [
  gateways,
  servers,
  registrations,
  endpoints,
  authentication,
  transport,
  ...sipBehaviourPages,
];

// Pages of the menu SIP.
import { form, table, yesNo } from '../render/part.ts';
import type { View } from '../render/view.ts';
import type { Page } from './page.ts';
import { usesTls } from './security-warning.ts';

/** The column of tables of settings that count for one gateway. */
const specific = { name: 'EnableConfig', texts: yesNo } as const;

/** Interfaces that a gateway can be bound to. The notes name Uplink, Lan1 is the factory's. */
const networks = (_view: View): readonly string[] => ['Uplink', 'Lan1'];

const gatewayTypes = { TrunkGateway: 'Trunk', EndpointGateway: 'Endpoint' } as const;

export const sipPages: readonly Page[] = [
  {
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
  },
  {
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
      table('Gateways', 'SipEp.GatewayStatus', ['Name', 'State']),
      table('Registrations', 'SipEp.RegistrationStatus', ['Endpoint', 'Username', 'Gateway', 'State']),
    ],
  },
  {
    path: '/sip/transport',
    menu: 'SIP',
    tab: 'Transport',
    parts: [
      table('General Configuration', 'SipEp.TransportConfig', ['GatewayName', 'RegistrationEnable', 'ContactEnable']),
      form('Persistent Connections', ['SipEp.TransportPersistentBasePort']),
      table('Protocol Configuration', 'SipEp.TransportConfig', [
        'UdpEnable',
        'UdpQValue',
        'TcpEnable',
        'TcpQValue',
        'TlsEnable',
        'TlsQValue',
      ]),
    ],
  },
];

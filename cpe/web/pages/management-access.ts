// The pages Management/SNMP, Access Control and CWMP.
import { renderSwitch, switchCwmp } from '../actions/cwmp-switch.ts';
import { form, table } from '../render/part.ts';
import type { Page } from './page.ts';

const snmp: Page = {
  path: '/management/snmp',
  menu: 'Management',
  tab: 'SNMP',
  parts: [
    form('SNMP Configuration', [
      { name: 'Snmp.EnableSnmpV1', label: 'SNMPv1' },
      { name: 'Snmp.EnableSnmpV2', label: 'SNMPv2' },
      { name: 'Snmp.EnableSnmpV3', label: 'SNMPv3' },
      { name: 'Snmp.Port', label: 'Port' },
      { name: 'Snmp.Community', label: 'Community' },
      { name: 'Snmp.SnmpUser', label: 'SNMPv3 User Name' },
      { name: 'Snmp.AuthProtocol', label: 'Authentication Protocol' },
      { name: 'Snmp.PrivProtocol', label: 'Privacy Protocol' },
      { name: 'Snmp.PrivPassword', label: 'Privacy Password' },
    ]),
    form('Traps', [
      { name: 'Snmp.EnableTrap', label: 'Traps' },
      { name: 'Snmp.TrapDest', label: 'Trap Destination(s)' },
    ]),
    form('Statistics', [
      { name: 'Snmp.StatsGetRequest', label: 'Get Requests' },
      { name: 'Snmp.StatsGetNextRequest', label: 'Get Next Requests' },
      { name: 'Snmp.StatsSetRequest', label: 'Set Requests' },
    ]),
  ],
};

const access: Page = {
  path: '/management/access-control',
  menu: 'Management',
  tab: 'Access Control',
  parts: [
    table(
      'Users',
      'Aaa.Users',
      [
        { name: 'UserName', label: 'User Name', isReadOnly: true },
        'Password',
        { name: 'AccessRights', label: 'Access Rights' },
        { name: 'LockProtectionEnable', label: 'Lock Protection' },
      ],
      { add: ['UserName'], hasDelete: true },
    ),
    table('Users Status', 'Aaa.UsersStatus', [{ name: 'UserName', label: 'User Name' }, 'Locked']),
    form('Login', [
      { name: 'Aaa.LoginLockedMaxRetry', label: 'Failed Logins before a Lock' },
      { name: 'Aaa.LoginLockedTimeoutS', label: 'Lock Time (s)' },
      { name: 'Aaa.BatchUser', label: 'User of Scripts' },
    ]),
    table('Services Access Control Type', 'Aaa.ServicesAaaType', [
      'Service',
      { name: 'AuthenticationType', label: 'Authentication Type' },
      { name: 'AccountingType', label: 'Accounting Type' },
    ]),
    table('Radius Servers', 'Aaa.RadiusServers', [
      'Service',
      'Priority',
      { name: 'AuthenticationHost', label: 'Authentication Host' },
      { name: 'AuthenticationSecret', label: 'Authentication Secret' },
      { name: 'AccountingHost', label: 'Accounting Host' },
      { name: 'AccountingSecret', label: 'Accounting Secret' },
    ]),
  ],
};

const cwmp: Page = {
  path: '/management/cwmp',
  menu: 'Management',
  tab: 'CWMP',
  actions: { switch: switchCwmp },
  parts: [
    { kind: 'custom', heading: 'TR-069', render: renderSwitch },
    form('Status', [
      { name: 'Cwmp.AcsStatus', label: 'ACS Status' },
      { name: 'Cwmp.AcsUrl', label: 'ACS URL in Use' },
    ]),
    form('General Configuration', [
      { name: 'Cwmp.AcsUrlConfigSource', label: 'ACS URL Configuration Source' },
      { name: 'Cwmp.AcsStaticUrl', label: 'ACS URL' },
      { name: 'Cwmp.Username', label: 'User Name' },
      { name: 'Cwmp.Password', label: 'Password' },
      { name: 'Cwmp.NetworkInterface', label: 'Network Interface' },
    ]),
    form('Periodic Inform', [
      { name: 'Cwmp.PeriodicInformEnable', label: 'Periodic Inform' },
      { name: 'Cwmp.PeriodicInformInterval', label: 'Interval (s)' },
      { name: 'Cwmp.PeriodicInformTime', label: 'Reference Time' },
    ]),
    form('Connection Request', [
      { name: 'Cwmp.ListeningPort', label: 'Port' },
      { name: 'Cwmp.ConnectionRequestUsername', label: 'User Name' },
      { name: 'Cwmp.ConnectionRequestPassword', label: 'Password' },
    ]),
    form('TR-111 (STUN)', [
      { name: 'Cwmp.Tr111StunEnable', label: 'STUN' },
      { name: 'Cwmp.Tr111StunServerHost', label: 'STUN Server' },
      { name: 'Cwmp.Tr111StunStatus', label: 'STUN Status' },
      { name: 'Cwmp.Tr111NatDetected', label: 'NAT Detected' },
    ]),
    form('Transport', [
      { name: 'Cwmp.TransportCertificateValidation', label: 'Certificate Validation' },
      { name: 'Cwmp.TransportHttpsCipherSuite', label: 'HTTPS Cipher Suite' },
      { name: 'Cwmp.TransportHttpsTlsVersion', label: 'HTTPS TLS Version' },
    ]),
    form('Data Models', [
      { name: 'Cwmp.RootElement', label: 'Root Element' },
      { name: 'Cwmp.Tr104Enable', label: 'TR-104' },
      { name: 'Cwmp.Tr069AnnexFEnable', label: 'TR-069 Annex F' },
    ]),
  ],
};

export const accessPages: readonly Page[] = [snmp, access, cwmp];

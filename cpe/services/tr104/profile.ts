// The settings that all lines share, as TR-104's voice profile names them: transport, ports and times of the first SIP gateway.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Draft } from '../../state/tree/draft.ts';
import type { Tree } from '../../state/tree/tree.ts';
import { portRange } from '../../voice/media/port-range.ts';
import { cell, dgwPath, type ReadValue, readVariable, type WriteValue, writeVariable } from '../service.ts';
import { PROFILE } from './paths.ts';

/** The name of the first SIP gateway; '' without one. */
export function firstGateway(tree: Tree): string {
  const table = dgwPath(tree, 'SipEp.Gateway.');
  const row = tree.rows(table)[0];
  return row === undefined ? '' : cell(tree, `${table}${row}.Name`);
}

const transports = ['Tls', 'Udp', 'Tcp'] as const;

function transportOf(tree: Tree): string {
  const row = `SipEp.TransportConfig[GatewayName="${firstGateway(tree)}"].`;
  const on = transports.find(name => readVariable(tree, `${row}${name}Enable`) === 'Enable');
  return (on ?? 'Udp').toUpperCase();
}

const writeTransport: WriteValue = (draft, value) => {
  const row = `SipEp.TransportConfig[GatewayName="${firstGateway(draft)}"].`;
  for (const name of transports)
    writeVariable(draft, `${row}${name}Enable`, name.toUpperCase() === value ? 'Enable' : 'Disable');
};

const gatewayVariable = (tree: Tree, column: string): string => `SipEp.Gateway[Name="${firstGateway(tree)}"].${column}`;
const portColumn = (tree: Tree): string => (transportOf(tree) === 'TLS' ? 'SecurePort' : 'Port');

/** Seconds that a registration is asked for, and seconds before its end at which it is renewed. */
const EXPIRY = 'SipEp.DefaultRegistrationProposedExpirationValue';
const REFRESH = 'SipEp.DefaultRegistrationRefreshTime';

const expiryOf = (tree: Tree): number =>
  Number(readVariable(tree, EXPIRY)) || Number(readVariable(tree, 'SipEp.DefaultRegistrationExpirationValue'));

/** The unit renews each registration RefreshTime seconds before its end, so the period decides that. */
const writePeriod: WriteValue = (draft, value) => {
  const refresh = expiryOf(draft) - Number(value);
  const most = Number(draft.model.variable(REFRESH)?.parameter.max ?? 600);
  if (refresh < 0 || refresh > most)
    throw new CwmpFault(9007, `the period must be 0 to ${most} seconds shorter than RegisterExpires`);
  writeVariable(draft, REFRESH, String(refresh));
};

const lastPortOf = (tree: Tree): string =>
  String(portRange(Number(readVariable(tree, 'Mipt.IpTransportRtpBasePort'))).last);

const writeLastPort: WriteValue = (draft, value) => {
  if (value !== lastPortOf(draft))
    throw new CwmpFault(9007, `LocalPortMax follows from LocalPortMin: ${lastPortOf(draft)}`);
};

function lines(tree: Tree): string[] {
  const table = dgwPath(tree, 'SipEp.UserAgent.');
  return tree.rows(table).map(row => `${table}${row}.Register`);
}

function writeEnable(draft: Draft, value: string): void {
  for (const path of lines(draft)) {
    const found = draft.find(path);
    if (found) draft.put(path, found, value === 'Enabled' ? 'Enable' : 'Disable');
  }
}

const read =
  (show: (tree: Tree) => string): ReadValue =>
  unit =>
    show(unit.config.tree);

const servers = ['ProxyServerTransport', 'RegistrarServerTransport', 'UserAgentTransport'] as const;

export const profileValues: Readonly<Record<string, ReadValue>> = {
  [`${PROFILE}Enable`]: read(tree =>
    lines(tree).some(path => cell(tree, path) === 'Enable') ? 'Enabled' : 'Disabled',
  ),
  ...Object.fromEntries(servers.map(name => [`${PROFILE}SIP.${name}`, read(transportOf)])),
  [`${PROFILE}SIP.UserAgentDomain`]: read(tree => readVariable(tree, gatewayVariable(tree, 'Domain'))),
  [`${PROFILE}SIP.UserAgentPort`]: read(tree => readVariable(tree, gatewayVariable(tree, portColumn(tree)))),
  [`${PROFILE}SIP.RegisterExpires`]: read(tree => String(expiryOf(tree))),
  [`${PROFILE}SIP.RegistrationPeriod`]: read(tree =>
    String(Math.max(1, expiryOf(tree) - Number(readVariable(tree, REFRESH)))),
  ),
  [`${PROFILE}RTP.LocalPortMax`]: read(lastPortOf),
};

export const profileWrites: Readonly<Record<string, WriteValue>> = {
  [`${PROFILE}Enable`]: writeEnable,
  ...Object.fromEntries(servers.map(name => [`${PROFILE}SIP.${name}`, writeTransport])),
  [`${PROFILE}SIP.UserAgentDomain`]: (draft, value) =>
    void writeVariable(draft, gatewayVariable(draft, 'Domain'), value),
  [`${PROFILE}SIP.UserAgentPort`]: (draft, value) =>
    void writeVariable(draft, gatewayVariable(draft, portColumn(draft)), value),
  [`${PROFILE}SIP.RegisterExpires`]: (draft, value) => void writeVariable(draft, EXPIRY, value),
  [`${PROFILE}SIP.RegistrationPeriod`]: writePeriod,
  [`${PROFILE}RTP.LocalPortMax`]: writeLastPort,
};

// Settings of a line that TR-104 names otherwise than the DGW: its login, its address, its state.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Draft } from '../../state/tree/draft.ts';
import { insertRow } from '../../state/tree/rows.ts';
import type { Tree } from '../../state/tree/tree.ts';
import {
  cell,
  dgwPath,
  hostPort,
  type ReadValue,
  readVariable,
  rowsOf,
  type Unit,
  type WriteValue,
  writeVariable,
} from '../service.ts';
import { registrationStates } from '../sip/sipep.ts';
import { LINE, lineOf } from './paths.ts';
import { firstGateway } from './profile.ts';

const column = (tree: Tree, line: number, name: string): string =>
  cell(tree, dgwPath(tree, `SipEp.UserAgent.${line}.${name}`));

interface Login {
  /** Path of the row of SipEp.Authentication. */
  row: string;
  isOwn: boolean;
}

/** The row of credentials that the endpoint uses: the first, by Index, whose criteria fit. */
function loginOf(tree: Tree, line: number): Login | undefined {
  const table = dgwPath(tree, 'SipEp.Authentication.');
  const read = (row: number, name: string): string => cell(tree, `${table}${row}.${name}`);
  const [endpoint, user] = [column(tree, line, 'EpId'), column(tree, line, 'Username')];
  const fits: Record<string, (row: number) => boolean> = {
    Unit: () => true,
    Endpoint: row => read(row, 'EpId') === endpoint,
    Gateway: row => read(row, 'GatewayName') === firstGateway(tree),
    Username: row => read(row, 'UsernameCriteria') === user,
  };
  const rows = [...tree.rows(table)].sort((a, b) => Number(read(a, 'Index')) - Number(read(b, 'Index')));
  const row = rows.find(one => fits[read(one, 'CriteriaSelection')]?.(one));
  if (row === undefined) return undefined;
  return { row: `${table}${row}.`, isOwn: read(row, 'CriteriaSelection') === 'Endpoint' };
}

/** Writes a column of the endpoint's own credentials, and makes their row where there is none. */
const writeLogin =
  (name: 'Username' | 'Password'): WriteValue =>
  (draft, value, instances) => {
    const line = lineOf(instances);
    const used = loginOf(draft, line);
    if (used && !used.isOwn)
      throw new CwmpFault(9007, 'a row of SipEp.Authentication for more than this endpoint comes first');
    const row = used?.row ?? newLogin(draft, column(draft, line, 'EpId'));
    const found = draft.find(row + name);
    if (found) draft.put(row + name, found, value);
  };

function newLogin(draft: Draft, endpoint: string): string {
  const table = dgwPath(draft, 'SipEp.Authentication.');
  return `${table}${insertRow(draft, table, { CriteriaSelection: 'Endpoint', EpId: endpoint })}.`;
}

/** The right-hand side of the line's address: the domain of the gateway, else the proxy host, else the registrar. */
function domainOf(tree: Tree): string {
  const own = readVariable(tree, `SipEp.Gateway[Name="${firstGateway(tree)}"].Domain`);
  const hosts = ['DefaultStaticProxyHomeDomainHost', 'DefaultStaticRegistrarServerHost'];
  const found = hosts.map(name => hostPort(readVariable(tree, `SipEp.${name}`)).host);
  return own || (found.find(host => host !== '' && host !== '0.0.0.0') ?? '');
}

const writeUri: WriteValue = (draft, value, instances) => {
  const [, user, domain] = /^sips?:([^@:;]+)@([^;?]+)$/i.exec(value) ?? [];
  if (user === undefined || domain === undefined) throw new CwmpFault(9007, `'${value}' is not sip:user@domain`);
  const endpoint = column(draft, lineOf(instances), 'EpId');
  writeVariable(draft, `SipEp.UserAgent[EpId="${endpoint}"].Username`, user);
  if (domain !== domainOf(draft)) writeVariable(draft, `SipEp.Gateway[Name="${firstGateway(draft)}"].Domain`, domain);
};

function statusOf(unit: Unit, line: number): string {
  const endpoint = column(unit.config.tree, line, 'EpId');
  const isOn = unit.config.running(`SipEp.UserAgent[EpId="${endpoint}"].Register`) === 'Enable';
  if (!isOn || !unit.services.started('SipEp')) return 'Disabled';
  const states = registrationStates(unit, endpoint);
  if (states.some(state => state === 'Registered' || state === 'Refreshing')) return 'Up';
  const busy = ['Registering', 'Unregistering'].find(state => states.includes(state));
  if (busy) return busy;
  return states.length === 0 || states.every(state => state === 'Unregistered') ? 'Initializing' : 'Error';
}

export const lineRows = (unit: Unit): number[] => rowsOf(unit, 'SipEp.UserAgent', []).map(({ row }) => row);

export const lineValues: Readonly<Record<string, ReadValue>> = {
  [`${LINE}Status`]: (unit, instances) => statusOf(unit, lineOf(instances)),
  [`${LINE}PhyReferenceList`]: (_unit, instances) => String(lineOf(instances)),
  [`${LINE}SIP.AuthUserName`]: (unit, instances) => {
    const login = loginOf(unit.config.tree, lineOf(instances));
    return login ? cell(unit.config.tree, `${login.row}Username`) : '';
  },
  [`${LINE}SIP.AuthPassword`]: (unit, instances) => {
    const login = loginOf(unit.config.tree, lineOf(instances));
    return login ? cell(unit.config.tree, `${login.row}Password`) : '';
  },
  [`${LINE}SIP.URI`]: (unit, instances) => {
    const { tree } = unit.config;
    const user = column(tree, lineOf(instances), 'Username');
    return user === '' ? '' : `sip:${user}@${domainOf(tree)}`;
  },
};

export const lineWrites: Readonly<Record<string, WriteValue>> = {
  [`${LINE}SIP.AuthUserName`]: writeLogin('Username'),
  [`${LINE}SIP.AuthPassword`]: writeLogin('Password'),
  [`${LINE}SIP.URI`]: writeUri,
};

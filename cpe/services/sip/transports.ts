// The transports of SIP: unit-wide by the first row of SipEp.TransportConfig, TLS without UDP and TCP.
import type { Problem } from '../../state/changes.ts';
import type { Draft } from '../../state/tree/draft.ts';
import type { UserAgentConfig } from '../../voice/settings.ts';
import { cell, dgwPath, rowsOf, type Unit } from '../service.ts';

/** The name of the gateway whose row decides for the whole unit; '' without gateways. */
const firstGateway = (unit: Unit): string => rowsOf(unit, 'SipEp.Gateway', ['Name'])[0]?.Name ?? '';

type Transports = Pick<UserAgentConfig, 'transport' | 'registrationTransport' | 'contactTransport'> & {
  transports: NonNullable<UserAgentConfig['transports']>;
};

/** The transports of a gateway; an empty list where all are disabled. */
export function transportSettings(unit: Unit, gateway: string): Transports {
  const first = firstGateway(unit);
  const read = (name: string, column: string): string =>
    unit.config.running(`SipEp.TransportConfig[GatewayName="${name}"].${column}`) ?? '';
  // A switch of the first row is that of the unit's page and holds for all gateways; another row adds its own.
  const isOn = (column: string): boolean => [first, gateway].some(name => read(name, column) === 'Enable');
  const quality = (column: string): string => read(gateway, column) || read(first, column);
  const enabled = (column: string): boolean => read(first, column) === 'Enable';
  const transports = [
    ...(enabled('TlsEnable') ? [{ protocol: 'tls' as const, q: quality('TlsQValue') }] : []),
    ...(enabled('UdpEnable') ? [{ protocol: 'udp' as const, q: quality('UdpQValue') }] : []),
    ...(enabled('TcpEnable') ? [{ protocol: 'tcp' as const, q: quality('TcpQValue') }] : []),
  ];
  return {
    transport: transports[0]?.protocol ?? 'udp',
    transports,
    registrationTransport: isOn('RegistrationEnable'),
    // With UDP and TCP both enabled, no parameter says which is meant.
    contactTransport: isOn('ContactEnable') && transports.length === 1,
  };
}

export const isTlsEnabled = (unit: Unit): boolean =>
  unit.config.running(`SipEp.TransportConfig[GatewayName="${firstGateway(unit)}"].TlsEnable`) === 'Enable';

/** RFC 3261 25.1 qvalue; '' for none. */
const qualityValue = /^(?:|0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;
const switches = ['TlsEnable', 'UdpEnable', 'TcpEnable'] as const;

/**
 * TLS is exclusive with UDP and TCP, and unit-wide: enabling it enables it in every row and turns the others off there,
 * and the other way round. The row of a new gateway takes over what the first row says.
 */
export function checkTransports(unit: Unit, draft: Draft, problem: Problem): void {
  const path = dgwPath(unit, 'SipEp.TransportConfig.');
  const touched = [...draft.touched].filter(([name]) => name.startsWith(path));
  for (const [name, text] of touched) {
    if (name.endsWith('QValue') && !qualityValue.test(text)) problem(name, 9007, `'${text}' is no q-value from 0 to 1`);
  }
  const enabled = (column: string): string | undefined =>
    touched.find(([name, text]) => name.endsWith(`.${column}`) && text === 'Enable')?.[0];
  const plain = enabled('UdpEnable') ?? enabled('TcpEnable');
  const tls = enabled('TlsEnable');
  if (tls && plain) problem(plain, 9007, 'TLS excludes UDP and TCP');
  else if (tls) everywhere(draft, path, { TlsEnable: 'Enable', UdpEnable: 'Disable', TcpEnable: 'Disable' });
  else if (plain) everywhere(draft, path, { TlsEnable: 'Disable' });
  else if (draft.changedTables.has(dgwPath(unit, 'SipEp.Gateway.'))) followFirst(draft, path);
}

function followFirst(draft: Draft, path: string): void {
  const [first, ...others] = draft.rows(path);
  if (first === undefined || others.length === 0) return;
  everywhere(
    draft,
    path,
    Object.fromEntries(switches.map(column => [column, cell(draft, `${path}${first}.${column}`)])),
  );
}

function everywhere(draft: Draft, table: string, values: Record<string, string>): void {
  for (const row of draft.rows(table)) {
    for (const [column, value] of Object.entries(values)) {
      const path = `${table}${row}.${column}`;
      const found = draft.find(path);
      if (found && cell(draft, path) !== value) draft.put(path, found, value);
    }
  }
}

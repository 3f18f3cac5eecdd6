// The counts at the head of the status page.
import { policyNames } from '../policy/tables.ts';
import type { StatusSources } from './sources.ts';

/** Words of the page by the names of the facts. */
export const factNames = {
  domain: 'Domain',
  ports: 'Ports',
  policy: 'Security policy',
  registrations: 'Registrations',
  encrypted: 'Registrations, encrypted',
  notEncrypted: 'Registrations, not encrypted',
  calls: 'Calls',
  refused: 'Refused since the start',
  connections: 'Connections',
} as const;

/** Words of the page by the names of ports. */
const portNames = new Map([
  ['tls', 'SIP over TLS'],
  ['udp', 'SIP over UDP'],
  ['tcp', 'SIP over TCP'],
  ['h323', 'H.323 RAS'],
  ['h323Calls', 'H.323 calls'],
  ['h323Tls', 'H.323 over TLS'],
]);

/** The facts as the page words them. */
export function pageFacts(facts: Facts): Array<{ name: string; value: string | number }> {
  const ports = facts.ports.split(', ').map(text => {
    const [name = '', port = ''] = text.split(' ');
    return `${portNames.get(name) ?? name} ${port}`;
  });
  const worded = { ...facts, ports: ports.join(', ') };
  return Object.entries(factNames).map(([key, name]) => ({ name, value: worded[key as keyof Facts] }));
}

export type Facts = Readonly<Record<keyof typeof factNames, string | number> & { ports: string }>;

export function overview(sources: StatusSources): Facts {
  const { domain, ports, exchange } = sources;
  const registered = sources.terminals();
  const encrypted = registered.filter(({ protocol }) => protocol === 'tls').length;
  const { policy } = exchange.settings;
  return {
    domain,
    ports: Object.entries(ports)
      .map(([name, port]) => `${name} ${port}`)
      .join(', '),
    policy: `${policy} (${policyNames[policy]})`,
    registrations: registered.length,
    encrypted,
    notEncrypted: registered.length - encrypted,
    calls: sources.calls().length,
    refused: [...sources.refusalTotals().values()].reduce((sum, count) => sum + count, 0),
    connections: sources.connections().length,
  };
}

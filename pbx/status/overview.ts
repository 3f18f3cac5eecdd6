// The counts at the head of the status page.
import { policyNames } from '../policy/tables.ts';
import type { StatusSources } from './sources.ts';
import type { Row } from './views.ts';

export function overview({
  domain,
  ports,
  exchange,
  terminals,
  calls,
  refusalTotals,
  connections,
}: StatusSources): Row {
  const registered = terminals();
  const encrypted = registered.filter(({ protocol }) => protocol === 'tls').length;
  const { policy } = exchange.settings;
  return {
    Domain: domain,
    Ports: Object.entries(ports)
      .map(([name, port]) => `${name} ${port}`)
      .join(', '),
    'Security policy': `${policy} (${policyNames[policy]})`,
    Registrations: registered.length,
    'Registrations, encrypted': encrypted,
    'Registrations, not encrypted': registered.length - encrypted,
    Calls: calls().length,
    'Refused since the start': [...refusalTotals().values()].reduce((sum, count) => sum + count, 0),
    Connections: connections().length,
  };
}

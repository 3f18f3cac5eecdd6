// Facts of an exchange for tests of the status page: terminals, calls and refusals as they are given.
import { type Change, defaultSettings } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import type { RegisteredTerminal } from '../../../pbx/exchange/terminals.ts';
import type { StatusSources } from '../../../pbx/status/sources.ts';

export const terminalAt = (extra: Partial<RegisteredTerminal> = {}): RegisteredTerminal => ({
  dir: '4100',
  kind: 'SIP',
  protocol: 'tls',
  port: 5061,
  remote: { host: '127.0.0.1', port: 40_000 },
  contact: 'sip:4100@127.0.0.1:40000;transport=tls',
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
  product: 'Mitel 6867i/5.0',
  isSecure: true,
  row: 'Table 1 row 2',
  since: 0,
  expires: 60_000,
  ...extra,
});

export function statusSources(
  extra: Partial<StatusSources> = {},
  changes: readonly Change[] = [{ table: 'settings', key: 'system', row: defaultSettings }],
): StatusSources {
  return {
    domain: 'lab.test',
    ports: { tls: 5061, udp: 5060 },
    exchange: Exchange.inMemory(changes),
    terminals: () => [terminalAt()],
    calls: () => [],
    routes: () => [],
    refusals: () => [],
    refusalTotals: () => new Map(),
    connections: () => [{ protocol: 'tls' }],
    messages: () => [],
    ...extra,
  };
}

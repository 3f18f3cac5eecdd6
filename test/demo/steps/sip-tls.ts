// SIP over TLS: connections and registrations of both gateways.
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import { type Detail, expect, until } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function sipTls(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const seen: Detail[] = [];
  for (const unit of world.units) {
    const agent = await until(`gateway ${unit.name} has no user agent`, signal, () => userAgentOf(unit.gateway.device));
    const up = await until(`gateway ${unit.name} has no SIP/TLS connection`, signal, () =>
      agent.connections().find(connection => connection.state === 'Up'),
    );
    await until(`gateway ${unit.name} is not registered`, signal, () =>
      agent.registrations().some(entry => entry.state === 'Registered'),
    );
    seen.push({
      gateway: unit.name,
      localPort: up.localPort,
      remote: up.remoteHost,
      tls: up.tls,
      registration: 'Registered',
    });
  }
  detail.connections = seen;
  const logged = [
    await world.syslog.waitFor(/1400-SIP Endpoint: 303-TLS connection/),
    await world.syslog.waitFor(/1400-SIP Endpoint: 310-Server/),
  ];
  detail.syslog = logged;
  detail.registrar = world.pbx
    .registrations()
    .map(entry => ({ user: entry.user, contact: entry.contact, tls: entry.tls }));
  expect(world.pbx.registrations().length === 2, `${world.pbx.registrations().length} registrations at the SIP server`);
  const ports = seen.map(entry => entry.localPort).join(' and ');
  return `from ports ${ports}, ${(seen[0]?.tls as { version?: string })?.version}; 303 and 310 logged; both registered`;
}

// TLS profile: a hardening preset changes version and cipher suite of the next session.
import { type Detail, informWith, mark, settled, until, wakeSoon } from '../observe.ts';
import { type DemoWorld, product } from '../world.ts';

export async function tlsProfile(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const before = world.a.gateway.agent?.sessions.last?.tls;
  // A technician put the CA on the units: without being told, the ACS takes the hardening for one that would cut them off.
  await world.api('PUT', '/trust/technician', { when: 'tag = "demo"', certificates: world.acsCa });
  await world.api('PUT', '/presets/hardening', {
    when: `productClass = "${product}"`,
    set: {
      'Device.X_0090F8_Cwmp.TransportHttpsCipherSuite': 'CS3',
      'Device.X_0090F8_Cwmp.TransportHttpsTlsVersion': 'TLSv1_2',
      'Device.X_0090F8_Cwmp.TransportCertificateValidation': 'HostName',
    },
  });
  for (const unit of world.units) {
    await wakeSoon(world, unit, signal);
    await settled(world, unit, signal);
  }
  const start = mark(world);
  await wakeSoon(world, world.a, signal);
  await informWith(world, world.a, '6 CONNECTION REQUEST', start, signal);
  const after = await until('no session with the new profile', signal, () => {
    const tls = world.a.gateway.agent?.sessions.last?.tls;
    return tls && tls.cipher !== before?.cipher && tls;
  });
  const { device } = world.a.gateway;
  detail.before = before;
  detail.after = after;
  detail.settings = Object.fromEntries(
    ['TransportCertificateValidation', 'TransportHttpsCipherSuite', 'TransportHttpsTlsVersion'].map(name => [
      name,
      device.config.variable(`Cwmp.${name}`),
    ]),
  );
  return `${before?.version} ${before?.cipher} → ${after.version} ${after.cipher}`;
}

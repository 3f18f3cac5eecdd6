// 5.1 of the vendor's description: security is enabled with a valid licence, on the exchange and on the terminals.
import { type Detail, expect } from '../../observe.ts';
import { executed, provision, registrationBy } from '../observe.ts';
import type { MxOneWorld } from '../world.ts';

/** Configuration file of D4 telephones. */
const D4_FILE = 'd42x02-config.txt';

/** 5.1.1, steps 1 to 4, and what the telephones read after that. */
export async function srtp(world: MxOneWorld, detail: Detail): Promise<string> {
  const printed: Record<string, string[]> = {};
  const before = await world.exchange.phoneFile(D4_FILE);
  for (const type of ['extension', 'route', 'intermgw']) {
    await executed(world, `media_encryption_enable -type ${type}`);
    printed[type] = await executed(world, `media_encryption_print -type ${type}`);
  }
  await executed(world, 'data_backup');
  const after = await world.exchange.phoneFile(D4_FILE);
  expect(/SECURITY = disabled/.test(before) && /SECURITY = enabled/.test(after), `${D4_FILE} has not changed`);
  detail.phoneFile = { name: D4_FILE, before, after };
  detail.license = await executed(world, 'license_status');
  detail.mediaEncryption = printed;
  detail.backups = await executed(world, 'data_info');
  return `encryption of extensions, routes and inter-gateway connections on, data backed up; ${D4_FILE}: SECURITY = enabled`;
}

/** 5.1.1, step 5: the exchange has its certificate; the gateways get the CA by their ACS. */
export async function certificates(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  for (const unit of [world.lines, world.trunk]) await provision(world, unit, 2, signal);
  const installed = world.lines.gateway.device.config
    .read('Device.X_0090F8_Cert.OthersCertificatesInfo.')
    .filter(value => value.Name.endsWith('.IssuedTo'))
    .map(value => value.Value)
    .filter(name => name !== 'test'); // That of the factory judges no peer.
  expect(installed.length === 2, `the gateway has ${installed.length} CA certificates`);
  detail.installed = installed;
  return `CAs of the gateway: ${installed.join(', ')}`;
}

/** 5.1.2, steps 6 to 8, and 6.5: the preset has set TLS and SRTP, and `ip_extension -p` shows the secure port. */
export async function terminals(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const { exchange, lines: unit } = world;
  const { tls } = exchange.ports;
  const lines = [];
  for (const dir of ['4100', '4101', '4150'])
    lines.push(await registrationBy(world, dir, 'Table 1 row 3', signal, ({ port }) => port === tls));
  const printed = await executed(world, 'ip_extension -p -d 4100..4101,4150');
  expect(
    printed.filter(line => line.startsWith('41')).every(line => line.includes(String(tls))),
    `ip_extension -p does not show the port ${tls}: ${printed.join(' / ')}`,
  );
  detail.rtpMode = unit.gateway.device.config.variable('Mipt.DefaultSecurityRtpMode');
  detail.printed = printed;
  detail.tls = lines.map(line => line.tls);
  return `lines and trunk at the secure port ${tls}, ${lines[0]?.tls?.version}; SRTP ${String(detail.rtpMode)}`;
}

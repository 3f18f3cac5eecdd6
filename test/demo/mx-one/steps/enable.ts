// 5.1 of the vendor's description: security is enabled with a valid licence, on the exchange and on the terminals.
import { type Detail, expect } from '../../observe.ts';
import { executed, provision, registrationBy } from '../observe.ts';
import type { MxOneWorld } from '../world.ts';

/** 5.1.1, steps 1 to 4. */
export async function srtp(world: MxOneWorld, detail: Detail): Promise<string> {
  const printed: Record<string, string[]> = {};
  for (const type of ['extension', 'route', 'intermgw']) {
    await executed(world, `media_encryption_enable -type ${type}`);
    printed[type] = await executed(world, `media_encryption_print -type ${type}`);
  }
  await executed(world, 'data_backup');
  detail.license = await executed(world, 'license_status');
  detail.mediaEncryption = printed;
  detail.backups = await executed(world, 'data_info');
  return 'media encryption of extensions, routes and inter-gateway connections on; data backed up';
}

/** 5.1.1, step 5: the exchange has its certificate; the gateways get the CA by their ACS. */
export async function certificates(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  await provision(world, 2, signal);
  const installed = world.gateway.device.config
    .read('Device.X_0090F8_Cert.OthersCertificatesInfo.')
    .filter(value => value.Name.endsWith('.IssuedTo'))
    .map(value => value.Value);
  expect(installed.length === 2, `the gateway has ${installed.length} CA certificates`);
  detail.installed = installed;
  return `CAs of the gateway: ${installed.join(', ')}`;
}

/** 5.1.2, steps 6 to 8, and 6.5: the preset has set TLS and SRTP, and `ip_extension -p` shows the secure port. */
export async function terminals(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const { exchange, gateway } = world;
  const { tls } = exchange.ports;
  const lines = [];
  for (const dir of ['4100', '4101'])
    lines.push(await registrationBy(world, dir, 'Table 1 row 3', signal, ({ port }) => port === tls));
  const printed = await executed(world, 'ip_extension -p -d 4100..4101');
  expect(
    printed.filter(line => line.startsWith('410')).every(line => line.includes(String(tls))),
    `ip_extension -p does not show the port ${tls}: ${printed.join(' / ')}`,
  );
  detail.rtpMode = gateway.device.config.variable('Mipt.DefaultSecurityRtpMode');
  detail.printed = printed;
  detail.tls = lines.map(line => line.tls);
  return `both lines at the secure port ${tls}, ${lines[0]?.tls?.version}; SRTP ${String(detail.rtpMode)}`;
}

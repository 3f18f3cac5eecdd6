// Effects of settings that are seen on a running unit only: ports, certificates of services, the form of messages and exports.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Gateway } from '../../../cpe/gateway.ts';
import { algorithmsOf } from '../../../cpe/shell/algorithms.ts';
import { UnitPagesOf } from '../../../cpe/unit-pages.ts';
import type { TlsService } from '../../../shared/tls/profiles.ts';
import { CERTIFICATE, Gateways, SCRIPT, set } from '../../support/cpe/gateways.ts';
import { voiceAuthority } from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const isOpen = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('settings of a running DGW', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  const installHost = async (gateway: Gateway): Promise<void> => {
    const authority = await voiceAuthority();
    const issued = await authority.issue({
      commonName: 'unit',
      ips: ['127.0.0.1'],
      usage: ['server', 'client'],
      key: 'rsa',
    });
    await gateway.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'unit.pem');
  };

  it('Web.SecureServerPort is the port of the pages over HTTPS', async () => {
    const pages = new UnitPagesOf('127.0.0.1:0', 0);
    const gateway = await on.up({ pages });
    try {
      await installHost(gateway);
      const port = await freePort();
      await set(gateway, { 'Web.SecureServerPort': String(port) });
      assert.equal(await isOpen(port), false, 'before the restart');
      await set(gateway, { 'Scm.ServiceCommands[Name=Web].Restart': 'Restart' });
      await gateway.device.services.settled();
      assert.equal(new URL(pages.addresses.webSecure ?? 'http://none').port, String(port));
      assert.equal(await isOpen(port), true);
    } finally {
      await pages.stop();
    }
  });

  it('Cert.HostCertificateAssociation decides which services present a certificate', async () => {
    const gateway = await on.up();
    await installHost(gateway);
    const columns: readonly (readonly [column: string, service: TlsService])[] = [
      ...[
        ['Conf', 'Conf'] as const,
        ['Conf', 'ConfImage'] as const,
        ['Fpu', 'Fpu'] as const,
        ['File', 'File'] as const,
      ],
      ...[['Cert', 'Cert'] as const, ['Nlm', 'Nlm'] as const, ['Web', 'Web'] as const, ['Cwmp', 'Cwmp'] as const],
      ['Sip', 'SipEp'],
    ];
    for (const [column, service] of columns) {
      const name = `Cert.HostCertificateAssociation[FileName="unit.pem"].${column}`;
      await set(gateway, { [name]: 'Enable' });
      assert.ok(gateway.device.tls(service).host, `${service} has one`);
      await set(gateway, { [name]: 'Disable' });
      assert.equal(gateway.device.tls(service).host, undefined, `${service} has none`);
      await set(gateway, { [name]: 'Enable' });
    }
  });

  it('Nlm.Events Activation and SyslogMessageFormat decide about the lines of syslog', async () => {
    const sink = createSocket('udp4');
    const lines: string[] = [];
    sink.on('message', bytes => lines.push(String(bytes)));
    sink.bind(0, '127.0.0.1');
    await once(sink, 'listening');
    try {
      const { device } = await on.up();
      const script = [
        'Conf.MinSeverity = Info',
        `Nlm.SyslogRemoteHost = "127.0.0.1:${sink.address().port}"`,
        'Nlm.InsertEvent',
        'Nlm.Events[Index=1].Criteria = "All"',
        'Nlm.Events[Index=1].Action = SendViaSyslog',
      ];
      await device.install(SCRIPT, Buffer.from(script.join('\n')), '');
      const say = (origin: string): void => device.notify('scriptUnchanged', { origin });
      say('one');
      await eventually('a line', () => lines.some(line => line.includes('one')));
      await device.install(SCRIPT, Buffer.from('Nlm.SyslogMessageFormat = "unit says %message"'), '');
      say('two');
      await eventually('a line of that form', () => lines.some(line => /unit says .*two/.test(line)));
      await device.install(SCRIPT, Buffer.from('Nlm.Events[Index=1].Activation = Disable'), '');
      say('three');
      await device.install(SCRIPT, Buffer.from('Nlm.Events[Index=1].Activation = Enable'), '');
      say('four');
      await eventually('the line after', () => lines.some(line => line.includes('four')));
      assert.ok(!lines.some(line => line.includes('three')));
    } finally {
      sink.close();
    }
  });

  it('Conf.ScriptExportServiceName and ScriptExportSecretKey decide about an export', async () => {
    const { device } = await on.up();
    await device.install(SCRIPT, Buffer.from('Hoc.SystemName = "lobby"\nMipt.IpTransportRtpBasePort = 6200'), '');
    const exported = async (): Promise<string> => String(await device.export('1 Vendor Configuration File'));
    assert.match(await exported(), /lobby[\s\S]*6200|6200[\s\S]*lobby/);
    await device.install(SCRIPT, Buffer.from('Conf.ScriptExportServiceName = "Mipt"'), '');
    const one = await exported();
    assert.ok(one.includes('6200') && !one.includes('lobby'), one);
    await device.install(SCRIPT, Buffer.from('Conf.ScriptExportSecretKey = "00112233445566778899aabbccddeeff"'), '');
    assert.ok(!(await exported()).includes('6200'));
  });

  it('Cli.SshSecurityLevel decides about the algorithms of the console', async () => {
    const gateway = await on.up();
    const def = gateway.device.model.variable('Cli.SshSecurityLevel')?.parameter;
    const seen = new Set<string>();
    for (const { label } of def?.enumeration ?? []) {
      await set(gateway, { 'Cli.SshSecurityLevel': label });
      seen.add(JSON.stringify(algorithmsOf(gateway.device)));
    }
    assert.equal(seen.size, def?.enumeration?.length);
  });
});

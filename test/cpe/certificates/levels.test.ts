// Validation levels of the services that connect over TLS, each with its own parameter, against openssl as server.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gateway } from '../../../cpe/gateway.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { connectTls, TlsRefused } from '../../../shared/tls/connect.ts';
import type { TlsService } from '../../../shared/tls/profiles.ts';
import { CERTIFICATE, clock, Gateways, random, set } from '../../support/cpe/gateways.ts';

const parameters = {
  SipEp: 'SipEp.InteropTlsCertificateValidation',
  Cwmp: 'Cwmp.TransportCertificateValidation',
  Conf: 'Conf.ScriptsTransferCertificateValidation',
  Fpu: 'Fpu.MfpTransferCertificateValidation',
  Nlm: 'Nlm.PCaptureTransferCertificateValidation',
} as const;

describe('validation levels of the services', () => {
  let on: Gateways;
  let gateway: Gateway;
  let ca: Authority;
  const servers: ChildProcess[] = [];
  const ports: Record<string, number> = {};

  async function serve(name: string, authority: Authority, address: string): Promise<void> {
    const { cert, key } = await authority.issue({ commonName: name, ips: [address], usage: ['server'], key: 'rsa' });
    const file = join(on.directory, `${name}.pem`);
    writeFileSync(file, cert + key);
    const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-cert', file], { stdio: 'pipe' });
    servers.push(child);
    let text = '';
    ports[name] = await new Promise<number>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const port = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (port) resolve(Number(port));
      });
      child.on('exit', () => reject(new Error(text)));
    });
  }

  before(async () => {
    on = await Gateways.open();
    gateway = await on.up();
    ca = await createCa({ name: 'Known CA', key: 'ec', clock, random });
    const stranger = await createCa({ name: 'Stranger', key: 'ec', clock, random });
    await gateway.device.install(CERTIFICATE, Buffer.from(ca.cert), 'ca.crt');
    await serve('fitting', ca, '127.0.0.1');
    await serve('elsewhere', ca, '10.9.9.9');
    await serve('stranger', stranger, '127.0.0.1');
  });
  after(async () => {
    for (const child of servers) child.kill('SIGKILL');
    await on.close();
  });

  async function outcome(service: TlsService, name: string): Promise<string> {
    const settings = { ...gateway.device.tls(service), srvNames: ['10.9.9.9'] };
    try {
      (await connectTls({ host: '127.0.0.1', port: ports[name] ?? 0, settings, clock })).destroy();
      return 'accepted';
    } catch (error) {
      assert.ok(error instanceof TlsRefused, String(error));
      return error.verdict.reason;
    }
  }
  const outcomes = async (service: TlsService): Promise<string[]> => [
    await outcome(service, 'fitting'),
    await outcome(service, 'elsewhere'),
    await outcome(service, 'stranger'),
  ];

  for (const [service, parameter] of Object.entries(parameters) as [keyof typeof parameters, string][]) {
    it(`of ${service} follow ${parameter}`, async () => {
      await set(gateway, { [parameter]: 'NoValidation' });
      await gateway.device.services.restartRequired();
      assert.deepEqual(await outcomes(service), ['accepted', 'accepted', 'accepted']);
      await set(gateway, { [parameter]: 'HostName' });
      await gateway.device.services.restartRequired();
      assert.deepEqual(await outcomes(service), ['accepted', 'name-mismatch', 'untrusted']);
    });
  }

  it('of SIP have two more: a trusted certificate, and a name of the DNS SRV answer', async () => {
    await set(gateway, { [parameters.SipEp]: 'TrustedCertificate' });
    await gateway.device.services.restartRequired();
    assert.deepEqual(await outcomes('SipEp'), ['accepted', 'accepted', 'untrusted']);
    await set(gateway, { [parameters.SipEp]: 'DnsSrvResponse' });
    await gateway.device.services.restartRequired();
    assert.deepEqual(await outcomes('SipEp'), ['accepted', 'accepted', 'untrusted']);
  });

  it('of files and certificates have no parameter: the name must fit', async () => {
    for (const service of ['File', 'Cert'] as const) {
      assert.deepEqual(await outcomes(service), ['accepted', 'name-mismatch', 'untrusted']);
    }
  });
});

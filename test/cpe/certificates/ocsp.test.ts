// Trust levels: openssl as authority, server and OCSP responder decides, and responders that misbehave.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway } from '../../../cpe/gateway.ts';
import { connectTls, TlsRefused } from '../../../shared/tls/connect.ts';
import { CERTIFICATE, clock, Gateways, set } from '../../support/cpe/gateways.ts';
import { eventually } from '../../support/eventually.ts';

const OVERRIDE = 'Cert.CertificateAuthorities[FileName=ca.crt].OverrideIssuedCertificateOcspUrl';

async function freePort(): Promise<number> {
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('trust levels of certificates', () => {
  let directory: string;
  let on: Gateways;
  let gateway: Gateway;
  const children: ChildProcess[] = [];
  const at = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });

  /** Makes a certificate below the CA, and its line in the CA's index. */
  function issue(name: string, state: 'V' | 'R' | undefined, extensions = ''): void {
    writeFileSync(at('ext'), `subjectAltName=IP:127.0.0.1\n${extensions}`);
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', 'csr', '-subj', `/CN=${name}`);
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', 'ext'];
    openssl('x509', '-req', '-in', 'csr', '-out', `${name}.crt`, ...signing);
    if (!state) return;
    const serial = /serial=(\w+)/.exec(openssl('x509', '-in', `${name}.crt`, '-noout', '-serial'))?.[1];
    const revoked = state === 'R' ? '260101000000Z' : '';
    writeFileSync(at('index'), `${state}\t351231000000Z\t${revoked}\t${serial}\tunknown\t/CN=${name}\n`, { flag: 'a' });
  }

  async function started(args: string[], sign: RegExp): Promise<ChildProcess> {
    const child = spawn('openssl', args, { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] });
    children.push(child);
    let text = '';
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        text += chunk.toString();
        if (sign.test(text)) resolve();
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.on('exit', () => reject(new Error(text)));
    });
    return child;
  }

  async function responder(signer = 'ca', more: string[] = [], port?: number): Promise<string> {
    port ??= await freePort();
    const files = ['-index', 'index', '-CA', 'ca.crt', '-rsigner', `${signer}.crt`, '-rkey', `${signer}.key`];
    await started(['ocsp', '-port', String(port), ...files, ...more], /waiting for/i);
    return `http://127.0.0.1:${port}/`;
  }

  async function server(name: string, ...more: string[]): Promise<number> {
    const port = await freePort();
    await started(
      ['s_server', '-port', String(port), '-cert', `${name}.crt`, '-key', `${name}.key`, ...more],
      /ACCEPT/,
    );
    return port;
  }

  const ports: Record<string, number> = {};
  before(async function () {
    this.timeout(30_000);
    directory = await mkdtemp(join(tmpdir(), 'cpe-ocsp-'));
    writeFileSync(at('index'), '');
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=CA');
    issue('good', 'V');
    issue('bad', 'R');
    issue('strange', undefined);
    issue('delegate', 'V', 'extendedKeyUsage=OCSPSigning\n');
    issue('impostor', 'V');
    for (const name of ['good', 'bad', 'strange']) ports[name] = await server(name);
    on = await Gateways.open();
    gateway = await on.up();
    await gateway.device.install(CERTIFICATE, readFileSync(at('ca.crt')), 'ca.crt');
  });
  after(async () => {
    await on.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  /** @returns 'accepted', or the reason of the refusal */
  async function verdict(level: string, name: string, url: string): Promise<string> {
    await set(gateway, { 'Conf.ScriptsTransferCertificateTrustLevel': level, [OVERRIDE]: url });
    return connect(ports[name] ?? 0);
  }
  async function connect(port: number): Promise<string> {
    const settings = gateway.device.tls('Conf');
    settings.revocation?.cache.clear();
    try {
      const socket = await connectTls({ host: '127.0.0.1', port, settings, clock, timeoutMs: 10_000 });
      socket.destroy();
      return 'accepted';
    } catch (error) {
      assert.ok(error instanceof TlsRefused, String(error));
      return error.verdict.reason;
    }
  }
  const both = async (name: string, url: string): Promise<string[]> => [
    await verdict('OcspOptional', name, url),
    await verdict('OcspMandatory', name, url),
  ];
  /** A responder of ours. */
  async function odd(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<[string, () => void]> {
    const http = createServer(answer).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    return [
      `http://127.0.0.1:${port}/`,
      () => {
        http.close();
        http.closeAllConnections();
      },
    ];
  }

  it('take what is good, refuse what is revoked, and differ about what is unknown', async () => {
    const url = await responder();
    assert.deepEqual(await both('good', url), ['accepted', 'accepted']);
    assert.deepEqual(await both('bad', url), ['revoked', 'revoked']);
    assert.deepEqual(await both('strange', url), ['accepted', 'revocation-unknown']);
    assert.equal(await verdict('LocallyTrusted', 'bad', url), 'accepted');
  });

  it('believe a responder that the issuer has certified, and no other', async () => {
    assert.deepEqual(await both('bad', await responder('delegate')), ['revoked', 'revoked']);
    assert.deepEqual(await both('bad', await responder('impostor')), ['accepted', 'revocation-unknown']);
  });

  it('differ about a responder that is away, silent, garbled or too long', async function () {
    this.timeout(20_000);
    const known = ['accepted', 'revocation-unknown'];
    assert.deepEqual(await both('good', `http://127.0.0.1:${await freePort()}/`), known);
    for (const body of [Buffer.from('no'), Buffer.alloc(100_000, 0x30), Buffer.from('30030a0106', 'hex')]) {
      const [url, close] = await odd((_, response) => response.end(body));
      assert.deepEqual(await both('good', url), known);
      close();
    }
    const [url, close] = await odd(() => undefined);
    const begun = Date.now();
    assert.equal(await verdict('OcspMandatory', 'good', url), 'revocation-unknown');
    assert.ok(Date.now() - begun < 7000);
    close();
  });

  it('refuse an answer to another request, and one that is too old', async () => {
    const url = await responder('ca', ['-nmin', '1']);
    let kept: Buffer | undefined;
    const [replay, close] = await odd(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      kept ??= Buffer.from(await (await fetch(url, { method: 'POST', body: Buffer.concat(chunks) })).arrayBuffer());
      response.end(kept);
    });
    assert.deepEqual(await both('good', replay), ['accepted', 'revocation-unknown']);
    close();
    gateway.device.setClock(3_600_000);
    assert.equal(await verdict('OcspMandatory', 'good', url), 'revocation-unknown');
    gateway.device.setClock(0);
    assert.equal(await verdict('OcspMandatory', 'good', url), 'accepted');
  });

  it('remember an answer until its next update, and ask again after it', async () => {
    const url = await responder('ca', ['-nmin', '10']);
    let asked = 0;
    const [counted, close] = await odd(async (request, response) => {
      asked++;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await fetch(url, { method: 'POST', body: Buffer.concat(chunks) });
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    await verdict('OcspMandatory', 'good', counted);
    const settings = gateway.device.tls('Conf');
    for (const now of [0, 60_000, 960_000].map(ms => Date.now() + ms)) {
      const open = { host: '127.0.0.1', port: ports.good ?? 0, clock };
      const work = connectTls({ ...open, settings: { ...settings, now } });
      if (now < Date.now() + 600_000) (await work).destroy();
      else await assert.rejects(work, /too old/);
    }
    assert.equal(asked, 2);
    close();
  });

  it('use the answer that the server sends along, and the responder that the certificate names', async function () {
    this.timeout(20_000);
    const port = await freePort();
    issue('named', 'R', `authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}/\n`);
    await responder('ca', [], port);
    issue('stapled', 'V');
    openssl(
      'ocsp',
      '-index',
      'index',
      '-CA',
      'ca.crt',
      '-rsigner',
      'ca.crt',
      '-rkey',
      'ca.key',
      '-issuer',
      'ca.crt',
      '-cert',
      'stapled.crt',
      '-no_nonce',
      '-respout',
      'staple.der',
      '-ndays',
      '1',
      '-noverify',
    );
    await set(gateway, { 'Conf.ScriptsTransferCertificateTrustLevel': 'OcspMandatory', [OVERRIDE]: '' });
    assert.equal(await connect(await server('stapled')), 'revocation-unknown', 'no responder is known');
    assert.equal(await connect(await server('stapled', '-status_file', 'staple.der')), 'accepted');
    assert.equal(await connect(await server('named')), 'revoked');
  });

  it('keep SIP from a server that is revoked, and the log says so', async () => {
    const unit = await on.up({ address: `127.12.${1 + (process.pid % 250)}.1` });
    const { device } = unit;
    const heard: string[] = [];
    Object.assign(device, { notify: (_: string, { reason = '' }: { reason?: string }) => void heard.push(reason) });
    await device.install(CERTIFICATE, readFileSync(at('ca.crt')), 'ca.crt');
    await set(unit, {
      'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable',
      'SipEp.DefaultStaticRegistrarServerHost': `127.0.0.1:${ports.bad}`,
      'SipEp.TransportTlsCertificateTrustLevel': 'OcspMandatory',
      [OVERRIDE]: await responder(),
    });
    await device.services.restartRequired();
    await eventually('the server is refused', () => heard.some(reason => reason.includes("'bad' is revoked")));
  });

  it('are those of the variables of each service, and of none where there is none', async () => {
    const level = (service: 'SipEp' | 'Conf' | 'Fpu' | 'Nlm' | 'Cwmp' | 'File'): string | undefined =>
      gateway.device.tls(service).revocation?.level;
    await set(gateway, {
      'Conf.ScriptsTransferCertificateTrustLevel': 'LocallyTrusted',
      'Fpu.MfpTransferCertificateTrustLevel': 'OcspOptional',
      'Nlm.PCaptureTransferCertificateTrustLevel': 'OcspMandatory',
      'SipEp.TransportTlsCertificateTrustLevel': 'OcspMandatory',
    });
    assert.deepEqual(
      [level('Conf'), level('Fpu'), level('Nlm'), level('Cwmp'), level('File')],
      [undefined, 'OcspOptional', 'OcspMandatory', undefined, undefined],
    );
    assert.equal(level('SipEp'), undefined, 'waits for the restart');
    await gateway.device.services.restartRequired();
    assert.equal(level('SipEp'), 'OcspMandatory');
  });
});

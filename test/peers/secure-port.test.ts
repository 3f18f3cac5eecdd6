// pjsua2 and openssl at the unit's SecurePort.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Authority } from '../../shared/pki/authority.ts';
import { policyFor } from '../../shared/tls/profiles.ts';
import { startUnit, tlsSettings, type Unit, unitConfig, voiceAuthority } from '../support/cpe/voice.ts';
import { peerSuite } from '../support/servers/peers.ts';
import { callWithPjsua2, hasPjsua2, pjsua2Needs } from '../support/servers/pjsua2.ts';

const run = promisify(execFile);

/** A unit and the files of its peers. */
class SecurePort {
  readonly address: string;
  readonly #authority: Authority;
  readonly #folder: string;
  #unit: Unit | undefined;

  private constructor(authority: Authority, folder: string) {
    this.#authority = authority;
    this.#folder = folder;
    this.address = `127.10.${1 + (process.pid % 250)}.1`;
  }

  static async open(): Promise<SecurePort> {
    const port = new SecurePort(await voiceAuthority(), await mkdtemp(join(tmpdir(), 'tandem-secure-port-')));
    await writeFile(port.file('ca.pem'), port.#authority.cert);
    await port.issue('client', { usage: ['client'] });
    return port;
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  async issue(name: string, { usage }: { usage: ('client' | 'server')[] }): Promise<{ cert: string; key: string }> {
    const ips = usage.includes('server') ? [this.address] : [];
    const issued = await this.#authority.issue({ commonName: ips[0] ?? name, ips, usage, key: 'rsa' });
    await writeFile(this.file(`${name}.pem`), issued.chain);
    await writeFile(this.file(`${name}.key`), issued.key);
    return { cert: issued.chain, key: issued.key };
  }

  /** @param host with a Host certificate */
  async start(host: boolean, changes: Parameters<typeof unitConfig>[2] = {}, suite = 'CS3'): Promise<void> {
    const own = host ? { host: await this.issue('unit', { usage: ['server'] }) } : {};
    const config = unitConfig(
      '100',
      { host: '', port: 0 },
      {
        address: this.address,
        domain: this.address,
        home: { host: '127.0.0.1', port: 9 },
        accounts: [{ user: '100', register: false }],
        srtp: { mode: 'Unsecure', keyManagement: 'Sdes', encryption: 'AesCm128' },
        ...changes,
      },
    );
    const policy = policyFor('SipEp', name => (name === 'SipEp.TransportTlsCipherSuite' ? suite : undefined));
    this.#unit = startUnit(config, () => tlsSettings([this.#authority.cert], { policy, ...own }));
    await this.#unit.until(agent => agent.connections()[0]?.failure !== undefined, 'the start');
  }

  async stop(): Promise<void> {
    await this.#unit?.agent.stop();
    this.#unit = undefined;
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

peerSuite("pjsua2 at the unit's SecurePort", pjsua2Needs, function () {
  this.timeout(60_000);
  let port: SecurePort;
  before(async function () {
    if (!(await hasPjsua2())) this.skip();
    port = await SecurePort.open();
  });
  afterEach(() => port?.stop());
  after(() => port?.close());
  const call = (...words: string[]) =>
    callWithPjsua2(`sip:100@${port.address}:5061;transport=tls`, '--ca', port.file('ca.pem'), ...words);

  it('calls a unit with a Host certificate', async () => {
    await port.start(true);
    const { confirmed, status, sent, received } = await call();
    assert.equal(confirmed, true, `status ${status}`);
    assert.ok(sent >= 20 && received >= 20, `${sent} sent, ${received} received`);
  });

  it('does not reach a unit without one', async () => {
    await port.start(false);
    assert.deepEqual(await call(), { confirmed: false, status: 503, sent: 0, received: 0 });
  });

  it('needs a certificate of its own where the unit asks for one', async () => {
    await port.start(true, { clientAuthentication: true });
    const { confirmed, status } = await call();
    assert.deepEqual([confirmed, status >= 400], [false, true]);
    const known = await call('--cert', port.file('client.pem'), '--key', port.file('client.key'));
    assert.equal(known.confirmed, true, `status ${known.status}`);
  });
});

peerSuite("openssl s_client at the unit's SecurePort", { programs: ['openssl', 'timeout'] }, function () {
  this.timeout(30_000);
  let port: SecurePort;
  before(async () => {
    port = await SecurePort.open();
  });
  afterEach(() => port.stop());
  after(() => port.close());
  /** Everything that s_client says about a handshake of at most two seconds. */
  const client = async (...words: string[]): Promise<string> => {
    const all = ['s_client', '-connect', `${port.address}:5061`, '-CAfile', port.file('ca.pem'), ...words];
    const { stdout, stderr } = await run('timeout', ['2', 'openssl', ...all]).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return stdout + stderr;
  };

  it('verifies the Host certificate and negotiates RSA key exchange by CS1', async () => {
    await port.start(true, {}, 'CS1');
    const text = await client('-tls1_2', '-verify_ip', port.address);
    assert.match(text, /Verify return code: 0 \(ok\)/);
    assert.match(text, /Cipher is AES256-SHA\b/);
  });

  it('is asked for a certificate only where the setting says so', async () => {
    await port.start(true);
    assert.match(await client('-tls1_2'), /No client certificate CA names sent/);
    assert.doesNotMatch(await client('-tls1_2'), /Requested Signature Algorithms/);
    await port.stop();
    await port.start(true, { clientAuthentication: true });
    assert.match(await client('-tls1_2'), /Requested Signature Algorithms/);
  });
});

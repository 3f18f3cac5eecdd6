import assert from 'node:assert/strict';
import { generateKeyPair, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer, getCiphers, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { seededRandom, systemClock, VirtualClock } from '../../../shared/clock.ts';
import { isAbort } from '../../../shared/errors.ts';
import { type Authority, createCa, type Issued } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { keyPem as keyText, newKey, usableKey } from '../../../shared/pki/keys.ts';
import { x509 } from '../../../shared/pki/x509.ts';
import { connectTls, TlsRefused, type TlsSettings, type TlsTarget, tlsFacts } from '../../../shared/tls/connect.ts';
import { clientContext, tlsOptions } from '../../../shared/tls/context.ts';
import {
  plainPolicy,
  policyFor,
  protocolOf,
  suiteLists,
  suites,
  type TlsPolicy,
  type TlsVersion,
} from '../../../shared/tls/profiles.ts';

const clock = systemClock();
const environment = { clock, random: seededRandom(1) };
const one = (pem: string): X509Certificate => readCertificates(pem)[0] as X509Certificate;
const port = (server: Server): number => (server.address() as { port: number }).port;

describe('TLS connections', () => {
  let root: Authority;
  let keyPem: string;
  let server: Issued;
  let dss: { cert: string; key: string };
  const open: Server[] = [];

  before(async () => {
    keyPem = await newKey('rsa');
    root = await createCa({ name: 'Root', key: 'rsa', ...environment });
    server = await root.issue({
      commonName: 'localhost',
      dns: ['localhost'],
      ips: ['127.0.0.1'],
      usage: ['server'],
      keyPem,
    });
    const pair = await promisify(generateKeyPair)('dsa', { modulusLength: 1024, divisorLength: 160 });
    const { privateKey, algorithm } = await usableKey(root.key);
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: '02',
      subject: 'CN=127.0.0.1',
      issuer: 'CN=Root',
      notBefore: new Date(clock.now() - 86_400_000),
      notAfter: new Date(clock.now() + 86_400_000),
      publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }),
      signingKey: privateKey,
      signingAlgorithm: algorithm,
    });
    dss = { cert: cert.toString('pem'), key: keyText(pair.privateKey) };
  });

  afterEach(() => {
    for (const listening of open.splice(0)) listening.close();
  });

  async function listen<S extends Server>(listening: S): Promise<S> {
    open.push(listening);
    // Each connection ends with its test, so that close() has nothing to wait for.
    listening.on('connection', socket => socket.on('error', () => undefined).unref());
    listening.on('tlsClientError', () => undefined);
    listening.on('secureConnection', socket => socket.on('error', () => undefined));
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    return listening;
  }

  const tlsServer = (options: TlsOptions = {}) =>
    listen(
      createServer({
        cert: server.chain,
        key: server.key,
        minVersion: 'TLSv1',
        ciphers: 'ALL:@SECLEVEL=0',
        dhparam: 'auto',
        ...options,
      } as TlsOptions),
    );

  const settings = (policy: Partial<TlsPolicy> = {}, more: Partial<TlsSettings> = {}): TlsSettings => ({
    policy: { ...policyFor('Cwmp', () => undefined), ...policy },
    roots: [one(root.cert)],
    now: clock.now(),
    ...more,
  });

  const target = (listening: Server, more: Partial<TlsTarget> = {}): TlsTarget => ({
    host: '127.0.0.1',
    port: port(listening),
    settings: settings(),
    clock,
    ...more,
  });

  /** `TLSv1.2 SUITE` of the connection, or the reason it was refused for. */
  async function outcome(options: TlsTarget): Promise<string> {
    try {
      const socket = await connectTls(options);
      const { version, cipher } = tlsFacts(socket);
      socket.destroy();
      return `${version} ${cipher}`;
    } catch (error) {
      if (error instanceof TlsRefused) return error.verdict.reason;
      throw error;
    }
  }

  describe('floors', () => {
    const floors = ['SSLv3', 'TLSv1', 'TLSv1_1', 'TLSv1_2'] as const;
    const spoken: TlsVersion[] = ['TLSv1', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'];
    for (const floor of floors) {
      for (const version of spoken) {
        const low = spoken.indexOf(version) < spoken.indexOf(floor as TlsVersion);
        const wanted =
          version === 'TLSv1_3'
            ? 'version'
            : low
              ? 'below-floor'
              : `${protocolOf(version)} TLS_RSA_WITH_AES_128_CBC_SHA`;
        it(`${floor}: a server of ${version} only is ${wanted}`, async () => {
          const exact = protocolOf(version) as 'TLSv1';
          const ciphers = version === 'TLSv1_3' ? {} : { ciphers: 'AES128-SHA:@SECLEVEL=0' };
          const listening = await tlsServer({ minVersion: exact, maxVersion: exact, ...ciphers });
          assert.equal(await outcome(target(listening, { settings: settings({ floor }) })), wanted);
        });
      }
    }

    it('offers TLS 1.3 as a plain device, never as the unit', async () => {
      const listening = await tlsServer({ ciphers: 'DEFAULT' });
      assert.match(await outcome(target(listening)), /^TLSv1\.2 /);
      assert.equal(
        await outcome(target(listening, { settings: settings(plainPolicy) })),
        'TLSv1.3 TLS_AES_256_GCM_SHA384',
      );
    });

    it('offers nothing below the floor as a plain device', async () => {
      const listening = await tlsServer({ maxVersion: 'TLSv1.1' });
      assert.equal(await outcome(target(listening, { settings: settings(plainPolicy) })), 'version');
    });
  });

  describe('suites', () => {
    const lists = [
      ['CS1 of HTTPS', suiteLists.https.CS1],
      ['CS1 of SIP', suiteLists.sip.CS1],
      ['CS2', suiteLists.https.CS2],
      ['CS3', suiteLists.https.CS3],
    ] as const;
    const all = Object.entries(suites).filter(([, suite]) => suite.from !== 'TLSv1_3');

    for (const [name, suite] of all.filter(([, { lacking }]) => lacking)) {
      it(`${name}: OpenSSL here has no ${suite.lacking}, so the unit lists it and cannot negotiate it`, () => {
        assert.ok(!getCiphers().includes(suite.openssl.toLowerCase()));
        assert.throws(() => createSecureContext({ ciphers: `${suite.openssl}:@SECLEVEL=0` }), /no cipher match/i);
      });
    }

    for (const [title, list] of lists) {
      it(`${title}: a server limited to one suite is met if it is in the list, else not`, async () => {
        for (const [name, suite] of all.filter(([, { lacking, key }]) => !lacking && key !== 'EC')) {
          const own = suite.key === 'DSS' ? dss : { cert: server.chain, key: server.key };
          const listening = await tlsServer({ ...own, ciphers: `${suite.openssl}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' });
          const wanted = list.includes(name) ? `TLSv1.2 ${name}` : 'no-common-suite';
          assert.equal(await outcome(target(listening, { settings: settings({ suites: list }) })), wanted, name);
        }
      });
    }

    it("follows the server's preference among common suites", async () => {
      const listening = await tlsServer({ ciphers: 'AES128-SHA:AES256-SHA:@SECLEVEL=0', honorCipherOrder: true });
      assert.equal(await outcome(target(listening)), 'TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA');
    });

    it('meets no server below TLS 1.2 with CS3', async () => {
      const listening = await tlsServer({ maxVersion: 'TLSv1.1' });
      assert.equal(
        await outcome(target(listening, { settings: settings({ suites: suiteLists.https.CS3 }) })),
        'no-common-suite',
      );
    });

    it('meets no server with an EC certificate only', async () => {
      const ec = await root.issue({ commonName: 'localhost', usage: ['server'], key: 'ec' });
      const listening = await tlsServer({ cert: ec.chain, key: ec.key });
      for (const [title, list] of lists) {
        assert.equal(
          await outcome(target(listening, { settings: settings({ suites: list }) })),
          'no-common-suite',
          title,
        );
      }
    });

    it('refuses RC4 and 3DES alone before anything is sent', async () => {
      const listening = await tlsServer();
      const only = ['TLS_RSA_WITH_RC4_128_SHA', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'];
      assert.equal(await outcome(target(listening, { settings: settings({ suites: only }) })), 'no-common-suite');
    });
  });

  describe('trust', () => {
    it('judges by the clock and CAs of the unit, not of the host', async () => {
      const listening = await tlsServer();
      const year = 365 * 86_400_000;
      const ask = (policy: Partial<TlsPolicy>, more: Partial<TlsSettings>) =>
        outcome(target(listening, { settings: settings(policy, more) }));
      const good = 'TLSv1.2 TLS_DHE_RSA_WITH_AES_256_CBC_SHA';
      const cases: [Partial<TlsSettings>, string][] = [
        [{}, good],
        [{ roots: [] }, 'no-ca'],
        [{ now: undefined }, 'clock-not-set'],
        [{ now: clock.now() + 20 * year }, 'expired'],
        [{ now: 0 }, 'not-yet-valid'],
        [{ roots: [one((await createCa({ name: 'Other', key: 'ec', ...environment })).cert)] }, 'untrusted'],
      ];
      for (const [more, wanted] of cases) {
        assert.equal((await ask({}, more)).replace(/ECDHE|DHE/, 'DHE'), wanted);
        assert.equal(await ask({ validation: 'NoValidation' }, more), good);
      }
    });

    it('compares the requested name, whatever its address', async () => {
      const listening = await tlsServer();
      const ask = (host: string) => outcome(target(listening, { host, address: '127.0.0.1' }));
      assert.match(await ask('localhost'), /^TLS/);
      assert.match(await ask('127.0.0.1'), /^TLS/);
      assert.equal(await ask('acs.example'), 'name-mismatch');
      assert.equal(await ask('127.0.0.2'), 'name-mismatch');
    });

    it('sees the whole chain, in whatever order it is sent', async () => {
      const middle = await root.issueCa({ name: 'Middle', key: 'ec' });
      const low = await middle.issueCa({ name: 'Low', key: 'ec' });
      const leaf = await low.issue({ commonName: '127.0.0.1', usage: ['server'], keyPem });
      for (const chain of [
        [leaf.cert, low.cert, middle.cert],
        [leaf.cert, root.cert, middle.cert, low.cert],
      ]) {
        const listening = await tlsServer({ cert: chain.join(''), key: leaf.key });
        assert.match(await outcome(target(listening)), /^TLS/);
      }
      const listening = await tlsServer({ cert: leaf.cert, key: leaf.key });
      assert.equal(await outcome(target(listening)), 'untrusted');
    });

    it('sends no application byte to a server it refuses', async () => {
      const listening = await tlsServer();
      const closed = new Promise<number>(resolve => {
        let bytes = 0;
        listening.on('secureConnection', socket => {
          socket.on('data', data => {
            bytes += data.length;
          });
          socket.on('close', () => resolve(bytes));
        });
      });
      assert.equal(await outcome(target(listening, { settings: settings({}, { roots: [] }) })), 'no-ca');
      assert.equal(await closed, 0);
    });

    it("presents the unit's own certificate when asked", async () => {
      const unit = await root.issue({ commonName: 'unit', usage: ['client'], keyPem });
      const listening = await tlsServer({ requestCert: true, ca: [root.cert], rejectUnauthorized: true });
      const peer = new Promise<string>(resolve => {
        listening.on('secureConnection', socket => resolve(String(socket.getPeerCertificate().subject.CN)));
      });
      assert.equal(await outcome(target(listening)), 'client-certificate-missing'); // Alert 40, after the suite was agreed.
      const host = { cert: unit.chain, key: unit.key };
      assert.match(await outcome(target(listening, { settings: settings({}, { host }) })), /^TLS/);
      assert.equal(await peer, 'unit');
      const broken = { cert: unit.chain, key: root.key };
      assert.equal(await outcome(target(listening, { settings: settings({}, { host: broken }) })), 'handshake');
    });
  });

  describe('sockets', () => {
    it('binds the local port and address, sends SNI for names only, and hands out the key log', async () => {
      const listening = await tlsServer();
      const names: (string | false)[] = [];
      listening.on('secureConnection', socket =>
        names.push((socket as unknown as { servername: string | false }).servername),
      );
      const lines: string[] = [];
      const first = await connectTls(
        target(listening, {
          host: 'localhost',
          address: '127.0.0.1',
          settings: { ...settings(), keylog: line => lines.push(String(line)) },
        }),
      );
      const local = first.localPort as number;
      assert.match(lines.join(''), /^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}\n/);
      await assert.rejects(connectTls(target(listening, { localAddress: '127.0.0.1', localPort: local })), {
        code: 'EADDRINUSE',
      });
      const second = await connectTls(target(listening, { localAddress: '127.0.0.9' }));
      assert.equal(second.localAddress, '127.0.0.9');
      assert.equal(tlsFacts(first).peerCertificate?.subject, 'CN=localhost');
      first.destroy();
      second.destroy();
      assert.deepEqual(names, ['localhost', false]);
    });

    it('shares one context between connections of one policy', () => {
      assert.equal(clientContext(plainPolicy), clientContext({ ...plainPolicy }));
      assert.notEqual(clientContext(plainPolicy), clientContext(policyFor('Cwmp', () => undefined)));
      assert.equal(
        tlsOptions(
          policyFor('Web', () => 'TLSv1_1'),
          'server',
        ).minVersion,
        'TLSv1.1',
      );
    });

    const plain = async (onConnection: (socket: Socket) => void) => listen(createTcpServer(onConnection));

    it('reports a server that speaks no TLS or closes', async () => {
      const http = await plain(socket => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'));
      const rude = await plain(socket => socket.destroy());
      for (const [listening, text] of [
        [http, /does not speak TLS/],
        [rude, /closed the connection during the handshake/],
      ] as const) {
        await assert.rejects(connectTls(target(listening)), error => {
          return error instanceof TlsRefused && error.verdict.reason === 'handshake' && text.test(error.message);
        });
      }
    });

    it("reports the system's error for a closed port", async () => {
      const listening = await plain(() => undefined);
      const options = target(listening);
      listening.close();
      await once(listening, 'close');
      await assert.rejects(connectTls(options), { code: 'ECONNREFUSED' });
    });

    it('rejects on time-out and on abort', async () => {
      const silent = await plain(() => undefined);
      const virtual = new VirtualClock();
      const waiting = assert.rejects(connectTls(target(silent, { clock: virtual, timeoutMs: 5000 })), {
        code: 'ETIMEDOUT',
      });
      await virtual.advance(5000);
      await waiting;
      const controller = new AbortController();
      const stopped = assert.rejects(connectTls(target(silent, { signal: controller.signal })), isAbort);
      controller.abort();
      await stopped;
      await assert.rejects(connectTls(target(silent, { signal: controller.signal })), isAbort);
    });
  });
});

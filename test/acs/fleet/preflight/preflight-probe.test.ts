// Probes of TLS servers. The outcome that is foreseen from a probe is the one that the gateway's own code then has.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { probeTls } from '../../../../acs/south/probe/tls.ts';
import { seededRandom, systemClock } from '../../../../shared/clock.ts';
import { type Authority, createCa } from '../../../../shared/pki/authority.ts';
import { readCertificates } from '../../../../shared/pki/certificates.ts';
import { connectTls, TlsRefused } from '../../../../shared/tls/connect.ts';
import type { JudgedBy } from '../../../../shared/tls/judge.ts';
import { judgeServer } from '../../../../shared/tls/offer.ts';
import { plainPolicy, policyFor, services, type TlsPolicy } from '../../../../shared/tls/profiles.ts';

const clock = systemClock();

describe('TLS probe', () => {
  let ca: Authority;
  const open: { close(): unknown }[] = [];
  before(async () => {
    ca = await createCa({ name: 'CA', key: 'ec', clock, random: seededRandom(2) });
  });
  afterEach(() => {
    for (const server of open.splice(0)) server.close();
  });

  async function serve(keys: ('rsa' | 'ec')[], options: TlsOptions): Promise<number> {
    const pairs = await Promise.all(
      keys.map(key => ca.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'], key })),
    );
    const pem = { cert: pairs.map(pair => pair.chain), key: pairs.map(pair => pair.key) };
    const server: Server = createServer({ ...pem, ...options }, socket => socket.on('error', () => undefined));
    server
      .on('connection', socket => socket.on('error', () => undefined).unref())
      .on('tlsClientError', () => undefined);
    open.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  const policies: TlsPolicy[] = (['Cwmp', 'SipEp'] as const).flatMap(service =>
    (['CS1', 'CS2', 'CS3'] as const).flatMap(set =>
      (['TLSv1', 'TLSv1_2'] as const).map(floor => {
        const { suite, version } = services[service];
        const values: Record<string, string> = { [suite]: set, [version]: floor };
        return policyFor(service, name => values[name]);
      }),
    ),
  );

  const met = async (port: number, by: JudgedBy): Promise<string> => {
    try {
      (await connectTls({ host: '127.0.0.1', port, settings: by, clock })).destroy();
      return 'keeps';
    } catch (error) {
      if (error instanceof TlsRefused) return error.verdict.reason;
      throw error;
    }
  };

  const table: [string, ('rsa' | 'ec')[], TlsOptions][] = [
    ['as Node has it', ['rsa'], {}],
    ['RSA and EC', ['rsa', 'ec'], { minVersion: 'TLSv1.2' }],
    ['EC alone', ['ec'], {}],
    ['TLS 1.3 alone, RSA and EC', ['rsa', 'ec'], { minVersion: 'TLSv1.3' }],
    ['TLS 1.0 and 1.1', ['rsa'], { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'AES128-SHA:@SECLEVEL=0' }],
    [
      'one DHE suite',
      ['rsa'],
      { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES256-SHA', dhparam: 'auto' as unknown as string },
    ],
  ];
  for (const [what, keys, options] of table)
    it(`foresees the outcome with ${what}`, async () => {
      const port = await serve(keys, options);
      const facts = await probeTls('127.0.0.1', port, clock);
      assert.deepEqual(facts.chains.map(([leaf]) => leaf?.publicKey.asymmetricKeyType).sort(), [...keys].sort());
      for (const policy of [...policies, plainPolicy]) {
        const by = { policy, roots: readCertificates(ca.cert), now: clock.now() };
        const verdict = judgeServer(facts, '127.0.0.1', by);
        assert.equal(verdict.ok ? 'keeps' : verdict.reason, await met(port, by), policy.suites[0]);
      }
    });

  it('returns versions and suites in the order of the server', async () => {
    const ciphers = 'AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256';
    const port = await serve(['rsa'], { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers });
    const { versions, suites } = await probeTls('127.0.0.1', port, clock);
    assert.deepEqual(
      [versions, suites],
      [['TLSv1_2'], ['TLS_RSA_WITH_AES_256_CBC_SHA', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']],
    );
  });

  it('gives the reason when it learns nothing', async () => {
    const deaf = createTcpServer(socket =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('HTTP/1.1 400 Bad\r\n\r\n'),
    );
    open.push(deaf);
    deaf.listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const { port } = deaf.address() as { port: number };
    await assert.rejects(probeTls('127.0.0.1', port, clock), /wrong version number|packet length/i);
    deaf.close();
    await once(deaf, 'close');
    await assert.rejects(probeTls('127.0.0.1', port, clock), /ECONNREFUSED/);
  });
});

// Forecasts of handshakes against the results of the gateway's own connect code: every combination of validation
// level, cipher suites, TLS floor and server, on real sockets.
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { type KeyKind, newKey } from '../../../shared/pki/keys.ts';
import { connectTls, TlsRefused, tlsFacts } from '../../../shared/tls/connect.ts';
import type { JudgedBy } from '../../../shared/tls/judge.ts';
import { judgeServer, type ServerFacts } from '../../../shared/tls/offer.ts';
import {
  ianaName,
  plainPolicy,
  policyFor,
  protocolOf,
  services,
  type TlsPolicy,
  type TlsService,
  type TlsVersion,
} from '../../../shared/tls/profiles.ts';

const clock = systemClock();
const random = seededRandom(1);
const DAY = 86_400_000;

/** Versions and suites that servers are set up with. */
const offers: Readonly<Record<string, { versions: TlsVersion[]; suites: string[] }>> = {
  'TLS 1.0 to 1.3, CBC and GCM': {
    versions: ['TLSv1', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'],
    suites: [
      'TLS_AES_128_GCM_SHA256',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'DHE-RSA-AES128-SHA',
      'AES128-SHA',
    ],
  },
  'TLS 1.2 and 1.3, ECDHE and GCM': {
    versions: ['TLSv1_2', 'TLSv1_3'],
    suites: ['TLS_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  },
  'TLS 1.2, DHE and CBC': { versions: ['TLSv1_2'], suites: ['DHE-RSA-AES256-SHA'] },
  'TLS 1.1': { versions: ['TLSv1_1'], suites: ['AES256-SHA'] },
  'TLS 1.0': { versions: ['TLSv1'], suites: ['AES128-SHA', 'DHE-RSA-AES128-SHA'] },
  // With Node's own list.
  'TLS 1.3': {
    versions: ['TLSv1_3'],
    suites: ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  },
};

type Kind = 'good' | 'wrong name' | 'expired' | 'other CA';
const kinds: readonly Kind[] = ['good', 'wrong name', 'expired', 'other CA'];
const keys: readonly (readonly KeyKind[])[] = [['rsa'], ['ec'], ['rsa', 'ec']];
const suiteSets = ['CS1', 'CS2', 'CS3'] as const;
const floors = ['SSLv3', 'TLSv1', 'TLSv1_1', 'TLSv1_2'] as const;

describe('TLS foreseen and met', () => {
  let root: Authority;
  let other: Authority;
  const keyPem: Partial<Record<KeyKind, string>> = {};
  const open: Server[] = [];

  before(async () => {
    root = await createCa({ name: 'Root', key: 'ec', clock, random });
    other = await createCa({ name: 'Other', key: 'ec', clock, random });
    keyPem.rsa = await newKey('rsa');
    keyPem.ec = await newKey('ec');
  });
  afterEach(() => {
    for (const server of open.splice(0)) server.close();
  });

  const issue = async (kind: Kind, key: KeyKind): Promise<{ cert: string; key: string }> => {
    const issued = await (kind === 'other CA' ? other : root).issue({
      commonName: kind === 'wrong name' ? 'else.example' : '127.0.0.1',
      ...(kind === 'wrong name' ? { dns: ['else.example'] } : { ips: ['127.0.0.1'] }),
      usage: ['server'],
      keyPem: keyPem[key]!,
      ...(kind === 'expired' && {
        notBefore: new Date(clock.now() - 2 * DAY),
        notAfter: new Date(clock.now() - DAY),
      }),
    });
    return { cert: issued.chain, key: issued.key };
  };

  async function serve(kind: Kind, held: readonly KeyKind[], offer: string): Promise<{ port: number } & ServerFacts> {
    const { versions, suites } = offers[offer]!;
    const pairs = await Promise.all(held.map(key => issue(kind, key)));
    const options: TlsOptions = {
      cert: pairs.map(pair => pair.cert),
      key: pairs.map(pair => pair.key),
      minVersion: protocolOf(versions[0]!) as 'TLSv1',
      maxVersion: protocolOf(versions.at(-1)!) as 'TLSv1',
      ...(versions[0] !== 'TLSv1_3' && { ciphers: [...suites, '@SECLEVEL=0'].join(':') }),
      dhparam: 'auto' as unknown as string,
    };
    const server = createServer(options, socket => socket.on('error', () => undefined));
    server
      .on('connection', socket => socket.on('error', () => undefined).unref())
      .on('tlsClientError', () => undefined);
    open.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const chains = pairs.map(pair => readCertificates(pair.cert));
    return { port: (server.address() as { port: number }).port, versions, suites: suites.map(ianaName), chains };
  }

  /** `TLSv1_2 SUITE`, or the reason of the refusal. */
  const foreseen = (server: ServerFacts, by: JudgedBy): string => {
    const verdict = judgeServer(server, '127.0.0.1', by);
    return verdict.ok ? `${protocolOf(verdict.version)} ${verdict.suite}` : verdict.reason;
  };
  const met = async (port: number, by: JudgedBy): Promise<string> => {
    try {
      const socket = await connectTls({ host: '127.0.0.1', port, settings: by, clock });
      const { version, cipher } = tlsFacts(socket);
      socket.destroy();
      return `${version} ${cipher}`;
    } catch (error) {
      if (error instanceof TlsRefused) return error.verdict.reason;
      throw error;
    }
  };

  const roots = (): X509Certificate[] => readCertificates(root.cert);

  /** Every setting that the service's variables can take, as the unit reads them. */
  const policiesOf = (service: TlsService): { name: string; policy: TlsPolicy }[] => {
    const { validation = '', suite, version, levels } = services[service];
    return levels.flatMap(level =>
      suiteSets.flatMap(set =>
        floors.map(floor => {
          const values: Record<string, string> = { [validation]: level, [suite]: set, [version]: floor };
          return { name: `${level} ${set} ${floor}`, policy: policyFor(service, name => values[name]) };
        }),
      ),
    );
  };

  const compare = async (
    server: { port: number } & ServerFacts,
    policies: { name: string; policy: TlsPolicy }[],
    unit: Omit<JudgedBy, 'policy'>,
  ): Promise<{ seen: Set<string> }> => {
    const seen = new Set<string>();
    for (const { name, policy } of policies) {
      const by = { ...unit, policy };
      const expected = foreseen(server, by);
      assert.equal(await met(server.port, by), expected, name);
      seen.add(expected.startsWith('TLS') ? 'keeps' : expected);
    }
    return { seen };
  };

  const compareAll = async (
    service: TlsService,
    kind: Kind,
    held: readonly KeyKind[],
    offer: string,
  ): Promise<void> => {
    const server = await serve(kind, held, offer);
    const { seen } = await compare(server, policiesOf(service), { roots: roots(), now: clock.now() });
    if (!held.includes('rsa')) assert.ok(!seen.has('keeps'), 'no list of the unit has a suite for an EC key');
    else if (offer !== 'TLS 1.3') assert.ok(seen.has('keeps'), 'some setting reaches it');
  };

  for (const service of ['Cwmp', 'SipEp'] as const) {
    for (const offer of Object.keys(offers)) {
      it(`predicts ${service} at a server of ${offer} for every level, suite, floor and certificate`, async function () {
        this.timeout(60_000);
        for (const held of keys) for (const kind of kinds) await compareAll(service, kind, held, offer);
      });
    }

    it(`predicts ${service} without a CA, and before the clock is set`, async () => {
      for (const kind of kinds) {
        const server = await serve(kind, ['rsa'], 'TLS 1.0 to 1.3, CBC and GCM');
        const without = await compare(server, policiesOf(service), { roots: [], now: clock.now() });
        assert.ok(without.seen.has('no-ca') && without.seen.has('keeps'));
        const early = await compare(server, policiesOf(service), { roots: roots(), now: undefined });
        assert.ok(early.seen.has('clock-not-set'));
        assert.equal(early.seen.has('keeps'), service === 'Cwmp', 'SIP over TLS waits for the clock at every level');
      }
    });
  }

  it('predicts the handshakes of a plain TR-069 device with and without its clock', async () => {
    for (const offer of Object.keys(offers))
      for (const held of keys)
        for (const kind of kinds) {
          const server = await serve(kind, held, offer);
          for (const now of [clock.now(), undefined])
            await compare(server, [{ name: `${offer} ${kind} ${held}`, policy: plainPolicy }], { roots: roots(), now });
        }
  });
});

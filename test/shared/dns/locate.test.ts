// Locating SIP servers: the order of RFC 3263 and RFC 2782, and what a DNS server can do wrong.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import {
  DnsClient,
  type DnsLookup,
  type DnsSettings,
  type NaptrRecord,
  type SrvRecord,
} from '../../../shared/dns/client.ts';
import { inOrder, type LocateOptions, locate } from '../../../shared/dns/locate.ts';
import { type DnsServer, startDns } from '../../support/servers/dns.ts';

const random = seededRandom(7);

interface Zone {
  naptr?: Record<string, NaptrRecord[]>;
  srv?: Record<string, SrvRecord[]>;
  addresses?: Record<string, string[]>;
}

/** A lookup with these records, and what it was asked. */
function zone({ naptr = {}, srv = {}, addresses = {} }: Zone): { dns: DnsLookup; asked: string[] } {
  const asked: string[] = [];
  const look =
    <T>(kind: string, records: Record<string, T[]>) =>
    async (name: string): Promise<T[]> => {
      asked.push(`${kind} ${name}`);
      return records[name] ?? [];
    };
  const dns = { naptr: look('naptr', naptr), srv: look('srv', srv), addresses: look('a', addresses) };
  return { dns, asked };
}

const tls: LocateOptions = { protocols: ['tls'], queries: 'Naptr', forcesNaptr: false, family: 4 };
const plain: LocateOptions = { ...tls, protocols: ['udp', 'tcp'] };
const srv = (name: string, priority: number, weight = 0, port = 5071): SrvRecord => ({ name, priority, weight, port });
const naptr = (service: string, replacement: string, order: number, preference = 0): NaptrRecord => ({
  ...{ service, replacement, order, preference },
  flags: 's',
});
const show = (targets: Awaited<ReturnType<typeof locate>>): string[] =>
  targets.map(({ protocol, address, port }) => `${protocol} ${address}:${port}`);

describe('locating a SIP server', () => {
  it('asks nothing for an address, and addresses alone where a port is given', async () => {
    const { dns, asked } = zone({ addresses: { 'sip.test': ['192.0.2.1', '2001:db8::1', '192.0.2.2'] } });
    assert.deepEqual(show(await locate({ host: '192.0.2.9', port: 0 }, tls, dns, random)), ['tls 192.0.2.9:5061']);
    assert.deepEqual(asked, []);
    assert.deepEqual(show(await locate({ host: 'sip.test', port: 5070 }, plain, dns, random)), [
      'udp 192.0.2.1:5070',
      'udp 192.0.2.2:5070',
    ]);
    assert.deepEqual(asked, ['a sip.test']);
  });

  it('takes the SRV records of sips for TLS, by priority, and gives their names', async () => {
    const { dns, asked } = zone({
      srv: { '_sips._tcp.voice.test': [srv('b.test', 20), srv('a.test', 10, 0, 5072)] },
      addresses: { 'a.test': ['192.0.2.1'], 'b.test': ['192.0.2.2', '192.0.2.3'] },
    });
    const targets = await locate({ host: 'voice.test', port: 0 }, tls, dns, random);
    assert.deepEqual(show(targets), ['tls 192.0.2.1:5072', 'tls 192.0.2.2:5071', 'tls 192.0.2.3:5071']);
    assert.deepEqual(targets[0]?.srvNames, ['b.test', 'a.test']);
    assert.deepEqual(asked, ['srv _sips._tcp.voice.test', 'a a.test', 'a b.test']);
  });

  it('follows NAPTR to the transport that the domain prefers, and for TLS only where forced', async () => {
    const records = {
      naptr: {
        'voice.test': [
          naptr('SIP+D2U', '_u.test', 20),
          naptr('sip+d2t', '_t.test', 10),
          naptr('SIPS+D2T', '_s.test', 5),
        ],
      },
      srv: {
        '_t.test': [srv('t.test', 1)],
        '_s.test': [srv('s.test', 1)],
        '_sips._tcp.voice.test': [srv('x.test', 1)],
      },
      addresses: { 't.test': ['192.0.2.1'], 's.test': ['192.0.2.2'], 'x.test': ['192.0.2.3'] },
    };
    const { dns } = zone(records);
    const server = { host: 'voice.test', port: 0 };
    assert.deepEqual(show(await locate(server, plain, dns, random)), ['tcp 192.0.2.1:5071']);
    assert.deepEqual(show(await locate(server, tls, dns, random)), ['tls 192.0.2.3:5071']);
    assert.deepEqual(show(await locate(server, { ...tls, forcesNaptr: true }, dns, random)), ['tls 192.0.2.2:5071']);
  });

  it('asks as much as the setting allows, and falls back to addresses', async () => {
    const records = { addresses: { 'voice.test': ['192.0.2.1'] } };
    const asked = async (queries: LocateOptions['queries']): Promise<string[]> => {
      const made = zone(records);
      const targets = await locate({ host: 'voice.test', port: 0 }, { ...plain, queries }, made.dns, random);
      assert.deepEqual(show(targets), ['udp 192.0.2.1:5060']);
      return made.asked;
    };
    assert.deepEqual(await asked('Address'), ['a voice.test']);
    assert.deepEqual(await asked('Srv'), ['srv _sip._udp.voice.test', 'srv _sip._tcp.voice.test', 'a voice.test']);
    assert.equal((await asked('Naptr'))[0], 'naptr voice.test');
  });

  it('passes over what has no address, and says when nothing is left', async () => {
    const { dns } = zone({
      srv: { '_sips._tcp.a.test': [srv('.', 0)], '_sips._tcp.b.test': [srv('gone.test', 1), srv('b.test', 2)] },
      addresses: { 'b.test': ['192.0.2.2'] },
    });
    await assert.rejects(locate({ host: 'a.test', port: 0 }, tls, dns, random), /DNS knows no address of a\.test/);
    assert.deepEqual(show(await locate({ host: 'b.test', port: 0 }, tls, dns, random)), ['tls 192.0.2.2:5071']);
  });

  it('bounds the targets of an answer with many', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `n${at}.test`);
    const { dns } = zone({
      srv: { '_sips._tcp.voice.test': names.map((name, at) => srv(name, at)) },
      addresses: Object.fromEntries(names.map(name => [name, ['192.0.2.1', '192.0.2.2']])),
    });
    assert.equal((await locate({ host: 'voice.test', port: 0 }, tls, dns, random)).length, 32);
  });

  it('orders any records by priority, keeps each once, and prefers heavy ones', () => {
    const record = fc.record({
      ...{ name: fc.string(), port: fc.nat(65_535), priority: fc.nat(3), weight: fc.nat(65_535) },
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.integer(), (records, seed) => {
        const ordered = inOrder(records, seededRandom(seed));
        assert.equal(new Set(ordered).size, records.length);
        for (const [at, one] of ordered.entries()) assert.ok(one.priority >= (ordered[at - 1]?.priority ?? 0));
      }),
    );
    const first = Array.from({ length: 400 }, (_, seed) =>
      inOrder([srv('light', 1, 10), srv('heavy', 1, 90)], seededRandom(seed)),
    ).filter(([one]) => one?.name === 'heavy').length;
    assert.ok(first > 320 && first < 395, `${first} of 400`);
  });
});

describe('DNS of a unit', () => {
  const clock = new VirtualClock();
  let server: DnsServer;
  const client = (changes: Partial<DnsSettings> = {}): DnsClient =>
    new DnsClient({ servers: [server.address], withIpv6: false, concealsFailures: false, ...changes }, clock);
  beforeEach(async () => {
    server = await startDns({
      'a.test': [{ type: 'A', address: '192.0.2.1', ttl: 10 }],
      'voice.test': [
        { type: 'NAPTR', order: 1, preference: 2, service: 'SIPS+D2T', replacement: '_sips._tcp.voice.test' },
      ],
      '_sips._tcp.voice.test': [{ type: 'SRV', priority: 1, weight: 2, port: 5071, target: 'a.test' }],
    });
  });
  afterEach(() => server.close());

  it('reads the three kinds of records', async () => {
    const dns = client();
    assert.deepEqual(await dns.addresses('a.test'), ['192.0.2.1']);
    assert.deepEqual(
      (await dns.srv('_sips._tcp.voice.test')).map(one => one.name),
      ['a.test'],
    );
    assert.deepEqual(
      (await dns.naptr('voice.test')).map(one => one.service),
      ['SIPS+D2T'],
    );
    assert.deepEqual(await dns.srv('nothing.test'), []);
    dns.close();
  });

  it('keeps an answer for the time that it lives', async () => {
    const dns = client();
    for (const seconds of [0, 9, 2]) {
      await clock.advance(1000 * seconds);
      await dns.addresses('a.test');
    }
    assert.deepEqual(server.asked, ['A a.test', 'A a.test']);
    dns.close();
  });

  it('asks with the host for names where no server is set', async () => {
    const dns = client({ servers: [] });
    assert.ok((await dns.addresses('localhost')).includes('127.0.0.1'));
    assert.deepEqual(await dns.srv('_sips._tcp.voice.test'), []);
  });

  it('takes no garbage for an answer, and keeps the last one where the setting says so', async function () {
    this.timeout(20_000);
    const [dns, lasting] = [client(), client({ concealsFailures: true })];
    await lasting.addresses('a.test');
    await clock.advance(60_000);
    server.answer = query => Buffer.concat([query.subarray(0, 2), Buffer.alloc(300, 0xff)]);
    await assert.rejects(dns.addresses('a.test'));
    assert.deepEqual(await lasting.addresses('a.test'), ['192.0.2.1']);
    dns.close();
    lasting.close();
  });
});

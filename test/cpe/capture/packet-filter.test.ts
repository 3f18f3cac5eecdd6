// The filter of a packet capture: what it lets through, and what it refuses.
import assert from 'node:assert/strict';
import type { Packet } from '../../../shared/capture/packet.ts';
import { readFilter } from '../../../shared/capture/packet-filter.ts';
import { PcapFile } from '../../../shared/capture/pcap-file.ts';

const packet = (isSent: boolean, more: Partial<Packet> = {}): Packet => ({
  protocol: 'udp',
  isSent,
  local: { host: '192.0.2.1', port: 5060 },
  remote: { host: '192.0.2.2', port: 5062 },
  connection: {},
  kind: 'data',
  bytes: Buffer.from('x'),
  ...more,
});
/** For a datagram that was sent, and one that was received. */
const passes = (text: string): string =>
  [true, false].map(isSent => (readFilter(text)(packet(isSent)) ? '+' : '-')).join('');

describe('the filter of a packet capture', () => {
  for (const [text, wanted] of [
    ['', '++'],
    ['udp', '++'],
    ['tcp', '--'],
    ['port 5060', '++'],
    ['src port 5060', '+-'],
    ['dst port 5060', '-+'],
    ['udp src port 5062', '-+'],
    ['portrange 5061-5070', '++'],
    ['host 192.0.2.2', '++'],
    ['dst host 192.0.2.2', '+-'],
    ['src 192.0.2.2 or tcp', '-+'],
    ['not (udp and src port 5060)', '-+'],
    ['!udp || ip && dst port 5062', '+-'],
    ['ip6', '--'],
  ] as const) {
    it(`lets through ${wanted} for '${text}'`, () => assert.equal(passes(text), wanted));
  }

  for (const text of [
    'port',
    'port 0',
    'port 70000',
    'udp udp',
    '(udp',
    'udp)',
    'and',
    'sip',
    'host x',
    `${'!'.repeat(60)}udp`,
  ]) {
    it(`refuses '${text.slice(0, 20)}'`, () => assert.throws(() => readFilter(text), Error));
  }

  it('refuses a filter of thousands of words', () => {
    assert.throws(() => readFilter(`${'udp or '.repeat(10_000)}udp`), /at most 200 words/);
  });
});

describe('a capture file', () => {
  it('has the length of its frames in each head, for both families', () => {
    const file = new PcapFile();
    file.add(packet(true), 1_700_000_000_123);
    file.add(packet(false, { protocol: 'tcp', kind: 'open', bytes: Buffer.alloc(0) }), 1_700_000_000_124);
    const v6 = { local: { host: 'fe80::1%eth0', port: 1 }, remote: { host: '::1', port: 2 } };
    file.add(packet(true, v6), 1_700_000_000_125);
    const bytes = file.bytes();
    const lengths: number[] = [];
    for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
      lengths.push(bytes.readUInt32LE(at + 8));
    assert.deepEqual(lengths, [29, 40, 40, 40, 49]);
    assert.equal(file.frames, 5);
    assert.equal(file.size, bytes.length);
  });
});

import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { readProxyHeader } from '../../../shared/net/proxy-protocol.ts';
import { binaryHeader, lineHeader } from '../../support/servers/proxy-header.ts';

describe('PROXY header (HAProxy, The PROXY protocol 2.1, 2.2)', () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  // As an address is written once it was read.
  const ipv6 = fc.ipV6().map(address => new SocketAddress({ address, family: 'ipv6' }).address);
  const end = (address: fc.Arbitrary<string>) => fc.record({ address, port });
  const ends = fc.oneof(fc.tuple(end(fc.ipV4()), end(fc.ipV4())), fc.tuple(end(ipv6), end(ipv6)));
  const rest = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes));

  it('reads source and length of a header of either version and family', () => {
    fc.assert(
      fc.property(ends, rest, rest, fc.boolean(), ([from, to], extra, behind, isBinary) => {
        const header = isBinary ? binaryHeader(from, to, extra) : lineHeader(from, to);
        assert.deepEqual(readProxyHeader(Buffer.concat([header, behind])), {
          state: 'whole',
          length: header.length,
          source: { ...from },
        });
      }),
    );
  });

  it('waits for the rest of an incomplete header', () => {
    fc.assert(
      fc.property(ends, fc.boolean(), fc.nat(), ([from, to], isBinary, cut) => {
        const header = isBinary ? binaryHeader(from, to) : lineHeader(from, to);
        assert.deepEqual(readProxyHeader(header.subarray(0, cut % header.length)), { state: 'more' });
      }),
    );
  });

  it('finds no source in a health check or an unknown address family', () => {
    const local = binaryHeader({ address: '1.2.3.4', port: 1 }, { address: '1.2.3.5', port: 2 });
    local[12] = 0x20;
    const unix = Buffer.concat([local.subarray(0, 12), Buffer.from([0x21, 0x31, 0, 216]), Buffer.alloc(216)]);
    const datagram = Buffer.from(local);
    datagram[12] = 0x21;
    datagram[13] = 0x12;
    const unknown = [Buffer.from('PROXY UNKNOWN\r\n'), Buffer.from('PROXY UNKNOWN ffff::1 x 1 2\r\n')];
    for (const header of [local, unix, datagram, ...unknown])
      assert.deepEqual(readProxyHeader(header), { state: 'whole', length: header.length }, header.toString('latin1'));
  });

  it('refuses any other bytes with a reason', () => {
    const good = binaryHeader({ address: '1.2.3.4', port: 1 }, { address: '1.2.3.5', port: 2 });
    const changed = (at: number, byte: number): Buffer => {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      return bytes;
    };
    const cases: [string | Buffer, RegExp][] = [
      ['POST / HTTP/1.1\r\n', /does not begin with a PROXY header/],
      [Buffer.from([0x16, 3, 1]), /does not begin/],
      ['PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n', /not understood: "PROXY TCP4 1.2.3.4 1.2.3.5 1"/],
      ['PROXY TCP4 ::1 ::1 1 2\r\n', /not understood/],
      ['PROXY TCP6 1.2.3.4 1.2.3.5 1 2\r\n', /not understood/],
      ['PROXY TCP4 1.2.3.4 1.2.3.5 x 2\r\n', /not understood/],
      ['PROXY UDP4 1.2.3.4 1.2.3.5 1 2\r\n', /not understood/],
      ['PROXY TCP4 1.2.3.4 1.2.3.5 70000 2\r\n', /port 70000/],
      [`PROXY TCP4 ${'1'.repeat(120)}`, /more than 107 bytes/],
      [changed(12, 0x22), /command 0x22/],
      [changed(12, 0x11), /command 0x11/],
      [changed(14, 0x20), /header of 8\d{3} bytes/],
      [changed(15, 11), /too short for its addresses/],
    ];
    for (const [bytes, reason] of cases) assert.throws(() => readProxyHeader(Buffer.from(bytes)), reason);
  });

  it('never reads beyond a header, and throws nothing but its own errors', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, isBinary) => {
        const begun = isBinary ? Buffer.from('0d0a0d0a000d0a515549540a', 'hex') : Buffer.from('PROXY ');
        const bytes = Buffer.concat([begun, noise]);
        try {
          const header = readProxyHeader(bytes);
          assert.ok(header.state === 'more' || header.length <= bytes.length);
        } catch (error) {
          assert.match((error as Error).message, /PROXY/);
          assert.ok(!(error instanceof assert.AssertionError));
        }
      }),
    );
  });
});

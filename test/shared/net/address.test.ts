// Addresses as sockets report them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hostAddress, plainAddress } from '../../../shared/net/address.ts';

describe('plainAddress', () => {
  it('returns an IPv4-mapped address as IPv4', () => {
    assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('::FFFF:192.0.2.1'), '192.0.2.1');
  });

  it('drops the zone of a link-local address', () => {
    assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1');
  });

  it('keeps any other text as it is', () => {
    for (const text of ['192.0.2.1', '2001:db8::1', '::ffff:c000:201', 'unknown', ''])
      assert.equal(plainAddress(text), text);
  });
});

describe('hostAddress', () => {
  it('D7: finds the IPv4 address behind every URL that maps one into IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), address => {
        for (const host of [address, `[::ffff:${address}]`])
          assert.equal(hostAddress(new URL(`http://${host}:1/x`)), address);
      }),
    );
    assert.equal(hostAddress(new URL('http://[2001:db8::1]/')), '2001:db8::1');
  });
});

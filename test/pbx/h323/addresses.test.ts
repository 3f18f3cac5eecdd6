// Addresses of H.225.0 as host and port, over IPv4 and IPv6, and the gatekeeper at addresses of both.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addressOf, textOfAlias, transportAddress } from '../../../pbx/h323/transport/addresses.ts';
import { openH323Lab } from '../../support/h323/lab.ts';
import { RawEndpoint } from '../../support/h323/raw.ts';

describe('addresses of H.225.0', () => {
  it('are read as they were written', () => {
    const hosts = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const read = addressOf(transportAddress({ host, port }));
        assert.ok(read);
        assert.deepEqual(transportAddress(read), transportAddress({ host: read.host, port }));
        assert.equal(read.port, port);
      }),
    );
    assert.equal(addressOf(transportAddress({ host: '2001:db8::7:0:1', port: 5 }))?.host, '2001:db8::7:0:1');
  });

  it('are none with port 0, and of other networks', () => {
    assert.equal(addressOf(transportAddress({ host: '192.0.2.1', port: 0 })), undefined);
    assert.equal(addressOf({ nsap: Buffer.of(1) }), undefined);
    assert.throws(() => transportAddress({ host: 'example.test', port: 1 }), TypeError);
  });

  it('name a number by digits, a name, a URL or a party number', () => {
    const e164Number = { publicTypeOfNumber: 'unknown', publicNumberDigits: '4100' } as const;
    for (const alias of [
      { dialledDigits: '4100' },
      { 'h323-ID': '4100' },
      { 'h323-ID': '4100\0' },
      { 'url-ID': 'h323:4100@exchange.test' },
      { partyNumber: { e164Number } },
    ])
      assert.equal(textOfAlias(alias), '4100');
    assert.equal(textOfAlias({ 'email-ID': '4100@exchange.test' }), undefined);
  });

  for (const [host, peer] of [
    ['::1', '::1'],
    ['::', '::1'],
    ['::', '127.0.0.1'],
  ] as const) {
    it(`serve an endpoint at ${peer} when the gatekeeper listens at ${host}`, async () => {
      const lab = await openH323Lab({ host, address: peer });
      const endpoint = await RawEndpoint.open(lab.ports.ras, peer, peer);
      try {
        await lab.add({ dir: '4100' });
        await endpoint.register('4100');
        assert.equal(lab.gatekeeper.terminals()[0]?.remote.host, peer);
      } finally {
        endpoint.close();
        await lab.stop();
      }
    });
  }
});

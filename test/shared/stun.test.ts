// STUN: Binding messages both ways, the seal in both forms, hostile bytes (RFC 3489, RFC 5389, TR-069 Annex G).
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { plainAddress } from '../../shared/net/address.ts';
import { authorityOf, decodeStun, encodeStun, hasCookie, integrityOf, type StunMessage } from '../../shared/stun.ts';

const transaction = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

const endpoint = fc.record(
  {
    address: fc.oneof(
      fc.ipV4(),
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => {
        const groups = Array.from({ length: 8 }, (_, at) =>
          Buffer.from(bytes)
            .readUInt16BE(at * 2)
            .toString(16),
        );
        return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
      }),
    ),
    port: fc.integer({ min: 0, max: 65_535 }),
  },
  { noNullPrototype: true },
);
const text = fc.string({ maxLength: 60, unit: 'grapheme' }).map(value => value.replace(/[ \0]+$/, ''));
const code = fc.integer({ min: 0, max: 0xffff });

const messages: fc.Arbitrary<StunMessage> = fc.record(
  {
    kind: fc.constantFrom('request', 'response', 'error'),
    transaction: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes)),
    mappedAddress: endpoint,
    xorMappedAddress: endpoint,
    responseAddress: endpoint,
    sourceAddress: endpoint,
    changedAddress: endpoint,
    reflectedFrom: endpoint,
    changeRequest: fc.record({ address: fc.boolean(), port: fc.boolean() }, { noNullPrototype: true }),
    username: text,
    error: fc.record(
      { code: fc.integer({ min: 1, max: 7 }).map(hundreds => hundreds * 100 + 31), reason: text },
      { noNullPrototype: true },
    ),
    unknownAttributes: fc.tuple(code, code).map(pair => [...pair]),
    connectionRequestBinding: fc.constant(true),
    bindingChange: fc.constant(true),
  },
  { requiredKeys: ['kind', 'transaction'], noNullPrototype: true },
);

describe('a STUN message', () => {
  it('reads back as written', () => {
    fc.assert(fc.property(messages, message => assert.deepEqual(decodeStun(encodeStun(message)), message)));
  });

  it('has the layout of RFC 3489 11 and TR-069 Annex G', () => {
    const request: StunMessage = {
      kind: 'request',
      transaction,
      username: 'abcde',
      connectionRequestBinding: true,
      bindingChange: true,
    };
    assert.equal(
      encodeStun(request).toString('hex'),
      [
        `00010028${transaction.toString('hex')}`,
        `c0010014${Buffer.from('dslforum.org/TR-111 ').toString('hex')}`,
        'c0020000',
        `00060008${Buffer.from('abcde   ').toString('hex')}`,
      ].join(''),
    );
    const response: StunMessage = {
      kind: 'response',
      transaction,
      mappedAddress: { address: '192.0.2.1', port: 32_853 },
    };
    assert.equal(
      encodeStun(response).toString('hex'),
      `0101000c${transaction.toString('hex')}0001000800018055c0000201`,
    );
  });

  it('reads the XOR address of RFC 5769 2.2 and 2.3', () => {
    const cookie = '2112a442b7e7a701bc34d686fa87dfae';
    const four = decodeStun(Buffer.from(`0101000c${cookie}002000080001a147e112a643`, 'hex'));
    assert.deepEqual(four?.xorMappedAddress, { address: '192.0.2.1', port: 32_853 });
    assert.ok(four && hasCookie(four));
    const six = decodeStun(Buffer.from(`01010018${cookie}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9`, 'hex'));
    assert.deepEqual(six?.xorMappedAddress, { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 });
  });

  it('repeats one in an odd list of unknown attributes (RFC 3489 11.2.10)', () => {
    const error: StunMessage = { kind: 'error', transaction, error: { code: 420, reason: '' }, unknownAttributes: [7] };
    assert.deepEqual(decodeStun(encodeStun(error))?.unknownAttributes, [7, 7]);
  });

  it('reports unknown mandatory attributes and skips optional ones', () => {
    const odd = Buffer.from(`00010010${transaction.toString('hex')}00070004000000008022000400000000`, 'hex');
    assert.deepEqual(decodeStun(odd), { kind: 'request', transaction, notUnderstood: [7] });
  });

  it('refuses junk, cut and altered messages without throwing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void decodeStun(Buffer.from(bytes))));
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 0, max: 255 }), (message, where, value) => {
        const bytes = encodeStun(message);
        bytes[where % bytes.length] = value;
        decodeStun(bytes);
        integrityOf(bytes, 'key');
        assert.equal(decodeStun(bytes.subarray(0, where % bytes.length)), undefined);
      }),
    );
    const many = Buffer.concat([Buffer.from(`00010100${transaction.toString('hex')}`, 'hex'), Buffer.alloc(256, 0xc0)]);
    assert.equal(decodeStun(many), undefined);
    const attributes = 40;
    const head = Buffer.from(
      `0001${(attributes * 4).toString(16).padStart(4, '0')}${transaction.toString('hex')}`,
      'hex',
    );
    const crowd = Buffer.concat([head, ...Array.from({ length: attributes }, () => Buffer.from('c0020000', 'hex'))]);
    assert.equal(decodeStun(crowd), undefined, 'more attributes than anyone sends');
  });
});

describe('MESSAGE-INTEGRITY', () => {
  it('verifies with its own password only, in either form', () => {
    fc.assert(
      fc.property(messages, text, fc.boolean(), fc.nat(), (message, key, padded, where) => {
        const bytes = encodeStun(message, key, padded);
        assert.deepEqual(decodeStun(bytes), { ...message, integrity: true });
        const covered = bytes.length - 24;
        // Both forms are the same when the text fills 64 bytes by itself.
        assert.equal(integrityOf(bytes, key), padded || covered % 64 === 0 ? 'padded' : 'plain');
        assert.equal(integrityOf(bytes, `${key}x`), undefined);
        bytes[where % covered]! ^= 1;
        assert.ok(decodeStun(bytes) === undefined || integrityOf(bytes, key) === undefined);
      }),
    );
  });

  it('covers the message before it, padded with zeros to 64 bytes (RFC 3489 11.2.8)', () => {
    const bytes = encodeStun({ kind: 'request', transaction, username: 'user' }, 'secret');
    const whole = Buffer.concat([bytes.subarray(0, 28), Buffer.alloc(36)]);
    assert.equal(bytes.subarray(-20).toString('hex'), createHmac('sha1', 'secret').update(whole).digest('hex'));
  });

  it('verifies with a FINGERPRINT behind it (RFC 5389 15.5)', () => {
    const sealed = encodeStun({ kind: 'request', transaction }, 'secret', false);
    const bytes = Buffer.concat([sealed, Buffer.from('8028000400000000', 'hex')]);
    bytes.writeUInt16BE(bytes.length - 20, 2);
    assert.equal(integrityOf(bytes, 'secret'), 'plain');
  });
});

describe('an endpoint', () => {
  it('is written with IPv6 in brackets, and a dual-stack address as IPv4', () => {
    assert.equal(authorityOf({ address: '192.0.2.1', port: 80 }), '192.0.2.1:80');
    assert.equal(authorityOf({ address: '2001:db8::1', port: 80 }), '[2001:db8::1]:80');
    assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1');
  });
});

// The codec of MIKEY messages: what is written is read again, and what is not well formed is refused with a reason, at any byte.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MikeyError, type MikeyErrorName } from '../../../shared/mikey/error.ts';
import { type KeyData, readKeyData, writeKeyData } from '../../../shared/mikey/key-data.ts';
import { decodeMessage, encodeMessage, type MikeyMessage, mikeyLimits } from '../../../shared/mikey/message.ts';
import type { Payload } from '../../../shared/mikey/payloads.ts';
import { parametersOf, policyOf, type SrtpPolicy } from '../../../shared/mikey/policy.ts';

/** Plain objects, as the codec makes them. */
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, { noNullPrototype: true });
const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map(array => Buffer.from(array));
const algorithm = fc.constantFrom<(0 | 1)[]>(0, 1);
const mac = (authentication: 0 | 1): fc.Arbitrary<Buffer> => bytes(20 * authentication, 20 * authentication);

const timestamp = fc.oneof(
  record({ kind: fc.constant('timestamp' as const), type: algorithm, value: bytes(8, 8) }),
  record({ kind: fc.constant('timestamp' as const), type: fc.constant(2 as const), value: bytes(4, 4) }),
);
const parameters = fc.array(record({ type: fc.nat(255), value: bytes(0, 40) }), { maxLength: 12 });
const repeatable: fc.Arbitrary<Payload> = fc.oneof(
  record({ kind: fc.constant('identity' as const), type: fc.nat(1), data: bytes(0, 200) }),
  record({ kind: fc.constant('policy' as const), number: fc.nat(255), parameters }),
  record({ kind: fc.constant('error' as const), number: fc.nat(255) }),
  record({ kind: fc.constant('extension' as const), type: fc.nat(255), data: bytes(0, 200) }),
);
const last: fc.Arbitrary<Payload> = algorithm.chain(authentication =>
  fc.oneof(
    record({
      kind: fc.constant('kemac' as const),
      encryption: algorithm,
      data: bytes(0, 300),
      authentication: fc.constant(authentication),
      mac: mac(authentication),
    }),
    record({
      kind: fc.constant('verification' as const),
      authentication: fc.constant(authentication),
      mac: mac(authentication),
    }),
  ),
);
const uint32 = fc.nat(0xffff_ffff);
const message: fc.Arbitrary<MikeyMessage> = fc
  .record({
    type: fc.constantFrom<MikeyMessage['type'][]>('offer', 'answer', 'error'),
    wantsAnswer: fc.boolean(),
    csbId: uint32,
    sessions: fc.array(record({ policy: fc.nat(255), ssrc: uint32, roc: uint32 }), { maxLength: 8 }),
    head: fc.tuple(timestamp, record({ kind: fc.constant('rand' as const), rand: bytes(16, 255) })),
    middle: fc.array(repeatable, { maxLength: 8 }),
    last,
  })
  .map(({ head, middle, last: end, ...rest }) => ({ ...rest, payloads: [...head, ...middle, end] }));

const keyData: fc.Arbitrary<KeyData> = fc.record(
  {
    type: fc.constantFrom<KeyData['type'][]>('TGK', 'TEK'),
    key: bytes(1, 64),
    salt: bytes(0, 32),
    validity: fc.oneof(record({ mki: bytes(0, 20) }), record({ from: bytes(0, 8), to: bytes(0, 8) })),
  },
  { requiredKeys: ['type', 'key'], noNullPrototype: true },
);

/** Anything but a typed refusal is a bug. */
function readsOrRefuses<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof MikeyError, String(error));
    return undefined;
  }
}

describe('MIKEY codec (RFC 3830 6)', () => {
  it('reads each message that it writes', () => {
    fc.assert(fc.property(message, one => assert.deepEqual(decodeMessage(encodeMessage(one)), one)));
  });

  it('reads the keys that it writes', () => {
    fc.assert(
      fc.property(fc.array(keyData, { minLength: 1, maxLength: 16 }), keys =>
        assert.deepEqual(readKeyData(writeKeyData(keys)), keys),
      ),
    );
  });

  it('refuses or reads a changed, cut or lengthened message, and writes again what it reads', () => {
    const change = record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(), more: bytes(0, 3), does: fc.nat(2) });
    fc.assert(
      fc.property(message, fc.array(change, { minLength: 1, maxLength: 4 }), (one, changes) => {
        let wire: Buffer = encodeMessage(one);
        for (const { at, byte, cut, more, does } of changes) {
          if (does === 0) wire = wire.subarray(0, cut % (wire.length + 1));
          else if (does === 1) wire = Buffer.concat([wire, more]);
          else if (wire.length > 0) wire.writeUInt8(byte, at % wire.length);
        }
        const read = readsOrRefuses(() => decodeMessage(wire));
        if (read) assert.deepEqual(decodeMessage(encodeMessage(read)), read);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses or reads any bytes', () => {
    fc.assert(
      fc.property(bytes(0, 200), wire => {
        readsOrRefuses(() => decodeMessage(Buffer.concat([Buffer.from([1, 0]), wire])));
        readsOrRefuses(() => readKeyData(wire));
      }),
      { numRuns: 2000 },
    );
  });

  const header = '0100';
  const start = (next: string, flags = '00', map = '0000'): string => `${header}${next}${flags}00000001${map}`;
  const cases: [what: string, hex: string, reason: MikeyErrorName][] = [
    ['another version', '0200', 'unspecified'],
    ['a public-key message', '0102', 'dataType'],
    ['another pseudo-random function', start('00', '01'), 'prf'],
    ['another map of sessions', start('00', '00', '0001'), 'unspecified'],
    ['too many sessions', start('00', '00', 'ff00'), 'unspecified'],
    ['a certificate', `${start('07')}00`, 'dataType'],
    ['an unknown encryption', `${start('01')}000200000000`, 'encryption'],
    ['an unknown MAC', `${start('01')}000000000200`, 'mac'],
    ['an unknown timestamp', `${start('05')}0003`, 'timestamp'],
    ['an unknown identity', `${start('06')}0002`, 'identity'],
    ['a policy of another protocol', `${start('0a')}000001`, 'policy'],
    ['a policy that ends within a parameter', `${start('0a')}00000000030002aabb`, 'unspecified'],
    ['a short RAND', `${start('0b')}000f${'00'.repeat(15)}`, 'unspecified'],
    ['two timestamps', `${start('05')}0500${'00'.repeat(8)}0000${'00'.repeat(8)}`, 'unspecified'],
    ['more payloads than it takes', `${start('0c')}${'0c000000'.repeat(40)}`, 'unspecified'],
    ['bytes behind the last payload', `${start('00')}00`, 'unspecified'],
    ['a long identity', `${start('06')}0000ffff`, 'unspecified'],
  ];
  for (const [what, hex, reason] of cases)
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeMessage(Buffer.from(hex, 'hex')),
        (error: unknown) => error instanceof MikeyError && error.reason === reason,
      );
    });

  it('refuses a message above its bound before it is read', () => {
    assert.throws(() => decodeMessage(Buffer.alloc(mikeyLimits.bytes + 1, 1)), /more than 8192 bytes/);
  });
});

describe('MIKEY policies for SRTP (RFC 3830 6.10.1)', () => {
  const all: SrtpPolicy[] = (['AES-CM', 'NULL'] as const).flatMap(encryption =>
    ([16, 32] as const).flatMap(keyBytes =>
      ([10, 4] as const).map(tagBytes => ({ encryption, keyBytes, tagBytes, saltBytes: 14 as const })),
    ),
  );
  const parameter = (type: number, ...value: number[]) => ({ type, value: Buffer.from(value) });

  it('reads each policy that it writes', () => {
    for (const policy of all) assert.deepEqual(policyOf(parametersOf(policy)), policy);
  });

  it('takes the defaults of SRTP where nothing is said', () => {
    assert.deepEqual(policyOf([]), { encryption: 'AES-CM', keyBytes: 16, saltBytes: 14, tagBytes: 10 });
    assert.equal(policyOf([parameter(0, 0), parameter(8, 1)]).encryption, 'NULL');
    assert.equal(policyOf([parameter(1, 0, 32)]).keyBytes, 32);
  });

  it('refuses what SRTP here does not do', () => {
    const wrong = [
      parameter(0, 2),
      parameter(1, 24),
      parameter(2, 0),
      parameter(4, 8),
      parameter(6, 1),
      parameter(7, 0),
      parameter(10, 0),
      parameter(11, 16),
      parameter(11),
    ];
    for (const one of wrong)
      assert.throws(
        () => policyOf([one]),
        (error: unknown) => error instanceof MikeyError && error.reason === 'policyParameter',
        String(one.type),
      );
  });
});

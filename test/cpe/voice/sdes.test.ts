// SDES: the a=crypto line and the offer/answer rules of RFC 4568.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  acceptAnswer,
  answerLine,
  type CryptoLine,
  formatCrypto,
  isUsable,
  keyingOf,
  offerLines,
  parseCrypto,
  readLines,
  SdesError,
} from '../../../cpe/voice/media/sdes.ts';
import { srtpSuites } from '../../../cpe/voice/media/srtp.ts';
import { seededRandom } from '../../../shared/clock.ts';

const key30 = Buffer.from(Array.from({ length: 30 }, (_, i) => i)).toString('base64');
const suite80 = 'AES_CM_128_HMAC_SHA1_80';

describe('SDES', () => {
  it('parses formatted lines to the same', () => {
    const suites = Object.keys(srtpSuites) as (keyof typeof srtpSuites)[];
    const lines = fc
      .record({
        suite: fc.constantFrom(...suites, 'F8_128_OTHER'),
        tag: fc.integer({ min: 0, max: 999_999_999 }),
        count: fc.integer({ min: 1, max: 3 }),
      })
      .chain(({ suite, tag, count }) => {
        const shape = suite in srtpSuites ? srtpSuites[suite as keyof typeof srtpSuites] : undefined;
        const length = shape ? shape.keyLength + shape.saltLength : 24;
        const key = fc.record(
          {
            keySalt: fc.uint8Array({ minLength: length, maxLength: length }).map(bytes => Buffer.from(bytes)),
            lifetime: fc.constantFrom('2^20', '2^48', '1', '281474976710656'),
          },
          { requiredKeys: ['keySalt'], noNullPrototype: true },
        );
        return fc.record({
          tag: fc.constant(tag),
          suite: fc.constant<string>(suite),
          keys: fc
            .array(key, { minLength: count, maxLength: count })
            .map(keys =>
              count === 1 ? keys : keys.map((one, i) => ({ ...one, mki: { value: BigInt(i + 1), length: 2 } })),
            ),
          params: fc.subarray(['KDR=2', 'UNENCRYPTED_SRTP', 'WSH=64', '-later', 'FEC_ORDER=FEC_SRTP']),
        });
      });
    fc.assert(
      fc.property(lines, line => assert.deepEqual(parseCrypto(formatCrypto(line as CryptoLine)), { ...line })),
      { numRuns: 300 },
    );
  });

  it('reads the lines of real endpoints', () => {
    const line = parseCrypto(`1 ${suite80} inline:${key30}|2^20|1:4`);
    assert.equal(line.keys[0]?.lifetime, '2^20');
    assert.deepEqual(line.keys[0]?.mki, { value: 1n, length: 4 });
    const keying = keyingOf(line);
    assert.deepEqual([keying.key.length, keying.salt.length, keying.mki?.toString('hex')], [16, 14, '00000001']);
    assert.deepEqual(parseCrypto(`1 ${suite80} inline:${key30}|7:1`).keys[0]?.mki, { value: 7n, length: 1 });
  });

  it('refuses lines that break the rules (RFC 4568 6.1)', () => {
    const bad = {
      'leading zero of the tag': `01 ${suite80} inline:${key30}`,
      'tag of ten digits': `1234567890 ${suite80} inline:${key30}`,
      'no tag': `${suite80} inline:${key30}`,
      'no key': `1 ${suite80}`,
      'other key method': `1 ${suite80} uri:${key30}`,
      'short key': `1 ${suite80} inline:${key30.slice(0, 36)}`,
      'long key': `1 ${suite80} inline:${key30}AAAA`,
      'not base64': `1 ${suite80} inline:${key30.slice(0, 39)}!`,
      'lifetime beyond 2^48': `1 ${suite80} inline:${key30}|2^49`,
      'decimal lifetime beyond 2^48': `1 ${suite80} inline:${key30}|281474976710657`,
      'lifetime 0': `1 ${suite80} inline:${key30}|0`,
      'lifetime with a leading zero': `1 ${suite80} inline:${key30}|020`,
      'MKI without length': `1 ${suite80} inline:${key30}|2^20|1`,
      'MKI of 129 bytes': `1 ${suite80} inline:${key30}|1:129`,
      'MKI that does not fit': `1 ${suite80} inline:${key30}|256:1`,
      'more than lifetime and MKI': `1 ${suite80} inline:${key30}|2^20|1:1|x`,
      'two keys without MKI': `1 ${suite80} inline:${key30};inline:${key30}`,
      'two keys, MKIs of unequal length': `1 ${suite80} inline:${key30}|1:1;inline:${key30}|2:2`,
      'two keys with one MKI': `1 ${suite80} inline:${key30}|1:1;inline:${key30}|1:1`,
      'a very long line': `1 ${suite80} inline:${key30} ${'x'.repeat(3000)}`,
      empty: '',
    };
    for (const [what, value] of Object.entries(bad)) assert.throws(() => parseCrypto(value), SdesError, what);
  });

  it('refuses session parameters that change SRTP, not harmless ones (RFC 4568 6.3)', () => {
    const usable = (params: string): boolean => isUsable(parseCrypto(`1 ${suite80} inline:${key30} ${params}`));
    for (const params of ['', 'WSH=64', 'WSH=128', '-anything=1']) assert.equal(usable(params), true, params);
    for (const params of [
      'UNENCRYPTED_SRTP',
      'UNENCRYPTED_SRTCP',
      'UNAUTHENTICATED_SRTP',
      'KDR=1',
      'WSH=1024',
      'unknown',
      'FEC_ORDER=SRTP_FEC',
    ]) {
      assert.equal(usable(params), false, params);
    }
    assert.equal(isUsable(parseCrypto('1 NULL_HMAC_SHA1_80 inline:AAAA'.replace('AAAA', key30))), false);
  });

  it('offers _80 then _32 under tags 1 and 2, with different keys (RFC 4568 5.1.1)', () => {
    const offer = offerLines(seededRandom(1));
    assert.deepEqual(
      offer.map(line => [line.tag, line.suite]),
      [
        [1, suite80],
        [2, 'AES_CM_128_HMAC_SHA1_32'],
      ],
    );
    assert.notDeepEqual(offer[0]?.keys, offer[1]?.keys);
  });

  it("answers the first usable line's tag and suite with its own key (RFC 4568 5.1.2)", () => {
    const offer = readLines([
      `1 F8_128_HMAC_SHA1_80 inline:${key30}`,
      'rubbish',
      `4 ${suite80} inline:${key30} UNENCRYPTED_SRTP`,
      `9 AES_CM_128_HMAC_SHA1_32 inline:${key30}`,
      `10 ${suite80} inline:${key30}`,
    ]);
    const made = answerLine(offer, seededRandom(2));
    assert.deepEqual([made?.answer.tag, made?.answer.suite], [9, 'AES_CM_128_HMAC_SHA1_32']);
    assert.notDeepEqual(made?.answer.keys[0]?.keySalt, made?.chosen.keys[0]?.keySalt);
    assert.equal(answerLine(readLines([`1 AES_192_CM_HMAC_SHA1_80 inline:${key30}`]), seededRandom(2)), undefined);
  });

  it('accepts only one line with an offered tag and its suite (RFC 4568 5.1.3)', () => {
    const offer = offerLines(seededRandom(3));
    const good = acceptAnswer(offer, [`2 AES_CM_128_HMAC_SHA1_32 inline:${key30}`]);
    assert.ok(good.ok && good.ours.tag === 2 && good.theirs.tag === 2);
    const mine = offer[0] ? formatCrypto(offer[0]) : '';
    const bad = {
      'no line': [],
      'two lines': [`1 ${suite80} inline:${key30}`, `2 AES_CM_128_HMAC_SHA1_32 inline:${key30}`],
      'a tag that was not offered': [`3 ${suite80} inline:${key30}`],
      'the suite of another tag': [`1 AES_CM_128_HMAC_SHA1_32 inline:${key30}`],
      'a parameter that was not offered': [`1 ${suite80} inline:${key30} UNENCRYPTED_SRTP`],
      'an invalid line': [`1 ${suite80} inline:AAAA`],
      'our own key': [mine],
    };
    for (const [what, values] of Object.entries(bad)) assert.equal(acceptAnswer(offer, values).ok, false, what);
  });

  it('throws nothing but SdesError on junk', () => {
    const piece = fc.constantFrom('1', suite80, 'inline:', key30, '|', ';', ':', ' ', '2^', '4', '=', '\t', '\0', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.array(piece, { maxLength: 20 }).map(all => all.join('')),
        ),
        text => {
          try {
            parseCrypto(text);
          } catch (error) {
            assert.ok(error instanceof SdesError, String(error));
          }
          assert.ok(readLines([text]).length <= 1);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

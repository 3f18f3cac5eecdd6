// Key transport by MIKEY: both sides, their refusals, and messages that were made by other programs.
import assert from 'node:assert/strict';
import { seededRandom } from '../../../shared/clock.ts';
import { messageKeys, trafficKeys } from '../../../shared/mikey/derivation.ts';
import { MikeyError, type MikeyErrorName, mikeyErrors } from '../../../shared/mikey/error.ts';
import { makeOffer, type OfferSettings, takeAnswer, takeOffer } from '../../../shared/mikey/exchange.ts';
import { Freshness, ntpTime, timeOfNtp } from '../../../shared/mikey/freshness.ts';
import { decodeMessage, encodeMessage, type MikeyMessage, mustHave } from '../../../shared/mikey/message.ts';
import type { SrtpPolicy } from '../../../shared/mikey/policy.ts';
import { sealed } from '../../../shared/mikey/protection.ts';

const policy: SrtpPolicy = { encryption: 'AES-CM', keyBytes: 16, saltBytes: 14, tagBytes: 10 };
const preShared = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const now = Date.UTC(2026, 0, 1);

/** Values that two programs of other authors have computed alike. */
const known = {
  bundle: { csbId: 0xcd177e50, rand: Buffer.from('202122232425262728292a2b2c2d2e2f', 'hex') },
  tgk: Buffer.from('303132333435363738393a3b3c3d3e3f', 'hex'),
  /** NTP e9f1c2d3.8. */
  at: (0xe9f1c2d3 - 2_208_988_800) * 1000 + 500,
};
const messages = {
  pskTgk:
    'AQAFgM0XflACAAARIjNEAAAAAAAAAAAAAAAAAAsA6fHC04AAAAAGECAhIiMkJSYnKCkqKywtLi8GAQAQc2lwOjEwMEBsYWIudGVzdAoBABBzaXA6MTAxQGxhYi50ZXN0FQAAAB4AAQEBARACAQEDARQEAQ4FAQAHAQEIAQEKAQELAQoBAQAFbWlrZXkAAQAUXHNrsmQUZBAv+AxdN0hPPxH5kqoBy7jRXrVDzJp5UnUlK3VtJaHZQj0=',
  pskTekSalt:
    'AQAFAM0XflACAAARIjNEAAAAAAAAAAAAAAAAAAsA6fHC04AAAAAKECAhIiMkJSYnKCkqKywtLi8BAAAAHgABAQEBEAIBAQMBFAQBDgUBAAcBAQgBAQoBAQsBCgABACRcQ2uyZBRkEC/4DF03SE8/EfmSqszjXRYaZKuD2rFdZlO3ruEBteGwJuUPy1DD90amBgqzRw0jILA=',
  nullTekSalt:
    'AQAFAM0XflACAAARIjNEAAAAAAAAAAAAAAAAAAsA6fHC04AAAAAKECAhIiMkJSYnKCkqKywtLi8BAAAAHgABAQEBEAIBAQMBFAQBDgUBAAcBAQgBAQoBAQsBCgAAACQAMAAQMDEyMzQ1Njc4OTo7PD0+PwAOUFFSU1RVVldYWVpbXF0A',
  nullTgkNullCipher:
    'AQAFAM0XflACAAARIjNEAAAAAAAAAAAAAAAAAAsA6fHC04AAAAAKECAhIiMkJSYnKCkqKywtLi8BAAAAHgABAAEBEAIBAQMBFAQBDgUBAAcBAAgBAAoBAQsBCgAAABQAAAAQMDEyMzQ1Njc4OTo7PD0+PwA=',
  pskAnswer: 'AQEFAM0XflACAAARIjNEAAAAAABVZneIAAAAAAkA6fHC04AAAAAAAfu2P8KBsnx6XjtSEMFAx7H3wFCK',
};
const bytesOf = (name: keyof typeof messages): Buffer => Buffer.from(messages[name], 'base64');

const offerOf = (changes: Partial<OfferSettings> = {}) =>
  makeOffer({ random: seededRandom(7), now, policy, ssrcs: [0x11223344, 0], preShared, ...changes });
const freshAt = (time: number | undefined, places = 10): Freshness =>
  new Freshness({ now: () => time, skewMs: 300_000, places });
const responder = (changes: Partial<Parameters<typeof takeOffer>[1]> = {}) => ({
  preShared,
  allowsNull: false,
  freshness: freshAt(now),
  ssrcs: [0, 0x55667788],
  ...changes,
});
const refuses = (work: () => unknown, reason: MikeyErrorName, text?: RegExp): void =>
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof MikeyError, String(error));
    assert.equal(error.reason, reason, error.message);
    if (text) assert.match(error.message, text);
    return true;
  });
const withoutKey = (): Omit<OfferSettings, 'preShared'> => ({ random: seededRandom(8), now, policy, ssrcs: [1, 0] });
const hex = (buffer: Buffer | undefined): string | undefined => buffer?.toString('hex');

describe('MIKEY key derivation (RFC 3830 4.1)', () => {
  it('makes the keys of messages from the pre-shared key', () => {
    const keys = messageKeys(preShared, known.bundle);
    assert.equal(hex(keys.encryption), '94bc43a2ad0cef780e8b6fd8f331ae83');
    assert.equal(hex(keys.mac), 'b8e5d125e5e0267b38f827f577ce57d4cdd0de73');
    assert.equal(hex(keys.salt), '7cdf174f538cf8e6beae320dbc82');
  });

  it('makes the keys of both streams from one TGK', () => {
    const keys = [1, 2].map(csId => trafficKeys(known.tgk, csId, known.bundle, policy));
    assert.deepEqual(
      keys.map(({ key, salt }) => [hex(key), hex(salt)]),
      [
        ['ce331487e98724c23216dd993606b0a1', 'd9990f10bf9006cb52da2a426e71'],
        ['a9a4966b608f6a50c2c03e4006988957', 'e1c29155dcee1b46b2773d333344'],
      ],
    );
  });
});

describe('MIKEY messages of other programs', () => {
  const at = (changes: Partial<Parameters<typeof takeOffer>[1]> = {}) =>
    responder({ freshness: freshAt(known.at), ...changes });

  it('takes a pre-shared offer with a TGK, and answers as they do', () => {
    const { keys, answer } = takeOffer(bytesOf('pskTgk'), at());
    assert.deepEqual(
      keys.map(({ key, ssrc }) => [hex(key), ssrc]),
      [
        ['ce331487e98724c23216dd993606b0a1', 0x11223344],
        ['a9a4966b608f6a50c2c03e4006988957', 0x55667788],
      ],
    );
    assert.equal(hex(answer), hex(bytesOf('pskAnswer')));
  });

  it('takes a traffic key with its salt, covered or not', () => {
    for (const name of ['pskTekSalt', 'nullTekSalt'] as const) {
      const { keys, answer } = takeOffer(bytesOf(name), at({ allowsNull: true }));
      assert.equal(answer, undefined);
      assert.deepEqual(
        keys.map(({ key, salt }) => [hex(key), hex(salt)]),
        Array.from({ length: 2 }, () => [hex(known.tgk), '505152535455565758595a5b5c5d']),
      );
    }
  });

  it('takes a policy without encryption', () => {
    const { keys } = takeOffer(bytesOf('nullTgkNullCipher'), at({ allowsNull: true }));
    assert.deepEqual(
      keys.map(({ policy: { encryption } }) => encryption),
      ['NULL', 'NULL'],
    );
  });

  it('writes what it has read, byte for byte', () => {
    for (const name of Object.keys(messages) as (keyof typeof messages)[]) {
      assert.equal(hex(encodeMessage(decodeMessage(bytesOf(name)))), hex(bytesOf(name)), name);
    }
  });
});

/** 5.1.2: HDR, T, ERR, without a MAC, as a peer answers that could not authenticate the offer. */
function refusalOf(offer: MikeyMessage, reason: MikeyErrorName): Buffer {
  return encodeMessage({
    ...{ type: 'error', wantsAnswer: false, csbId: offer.csbId, sessions: [] },
    payloads: [mustHave(offer, 'timestamp'), { kind: 'error', number: mikeyErrors[reason] }],
  });
}

describe('MIKEY exchange (RFC 3830 3.1)', () => {
  it('gives both sides the same keys, under a pre-shared key or uncovered', () => {
    for (const offer of [
      offerOf(),
      offerOf({ initiator: 'sip:100@a', responder: 'sip:101@b' }),
      makeOffer(withoutKey()),
    ]) {
      const { keys, answer } = takeOffer(offer.bytes, responder({ allowsNull: true }));
      assert.ok(answer);
      assert.deepEqual(takeAnswer(offer, answer), keys);
      assert.deepEqual(keys[1]?.ssrc, 0x55667788);
      assert.notDeepEqual(keys[0]?.key, keys[1]?.key);
    }
  });

  it('refuses uncovered keys unless they are allowed', () => {
    refuses(() => takeOffer(makeOffer(withoutKey()).bytes, responder()), 'mac');
    const { preShared: _, ...keyless } = responder();
    refuses(() => takeOffer(offerOf().bytes, keyless), 'authentication', /no pre-shared key/);
  });

  it('refuses another key, and any changed byte', () => {
    refuses(() => takeOffer(offerOf().bytes, responder({ preShared: Buffer.alloc(16) })), 'authentication');
    const { bytes } = offerOf();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => takeOffer(changed, responder()), MikeyError, `byte ${at}`);
    }
  });

  it('refuses an answer that is not to its offer', () => {
    const offer = offerOf();
    const { answer = Buffer.alloc(0) } = takeOffer(offer.bytes, responder());
    for (let at = 0; at < answer.length; at++) {
      const changed = Buffer.from(answer);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => takeAnswer(offer, changed), MikeyError, `byte ${at}`);
    }
    refuses(() => takeAnswer(offerOf({ random: seededRandom(9) }), answer), 'unspecified', /another offer/);
    refuses(() => takeAnswer(offer, offer.bytes), 'dataType');
    refuses(() => takeAnswer(offer, refusalOf(offer.message, 'policy')), 'policy', /refused/);
  });

  it('refuses an answer whose protection was taken away', () => {
    const offer = offerOf();
    const { answer = Buffer.alloc(0) } = takeOffer(offer.bytes, responder());
    const open = decodeMessage(answer);
    open.payloads = [mustHave(open, 'timestamp'), { kind: 'verification', authentication: 0, mac: Buffer.alloc(0) }];
    refuses(() => takeAnswer(offer, encodeMessage(open)), 'mac');
  });

  it('refuses a list of protocols that was changed (RFC 4567 4.1.4)', () => {
    const offer = offerOf();
    const payloads = offer.message.payloads.map(payload =>
      payload.kind === 'extension' ? { ...payload, data: Buffer.from('other;mikey') } : payload,
    );
    assert.ok(offer.protection);
    const bytes = sealed({ ...offer.message, payloads }, offer.protection);
    refuses(() => takeOffer(bytes, responder()), 'authentication', /protocols/);
  });
});

describe('MIKEY timestamps (RFC 3830 4.2.8, 5.4)', () => {
  it('reads the times that it writes, beyond 2036 too', () => {
    for (const time of [
      now,
      Date.UTC(2036, 1, 7, 6, 28, 15),
      Date.UTC(2036, 1, 7, 6, 28, 17),
      Date.UTC(2050, 0, 1) + 250,
    ])
      assert.ok(Math.abs(timeOfNtp(ntpTime(time), time + 1000) - time) < 1);
  });

  it('refuses what is too old, too early or repeated, and all while the clock is not set', () => {
    const { bytes } = offerOf();
    for (const time of [now - 300_001, now + 300_001, undefined])
      refuses(() => takeOffer(bytes, responder({ freshness: freshAt(time) })), 'timestamp');
    const freshness = freshAt(now + 299_000);
    takeOffer(bytes, responder({ freshness }));
    refuses(() => takeOffer(bytes, responder({ freshness })), 'timestamp', /repetition/);
  });

  it('remembers no message that was not verified', () => {
    const freshness = freshAt(now);
    const { bytes } = offerOf();
    assert.throws(() => takeOffer(bytes, responder({ freshness, preShared: Buffer.alloc(16) })), MikeyError);
    assert.ok(takeOffer(bytes, responder({ freshness })).answer);
  });

  it('narrows its window when its memory is full, and forgets what has left it', () => {
    let time = now;
    const freshness = new Freshness({ now: () => time, skewMs: 300_000, places: 2 });
    const offers = [0, 1, 2].map(second => offerOf({ now: now + 1000 * second, random: seededRandom(second) }));
    for (const { bytes } of offers) takeOffer(bytes, responder({ freshness }));
    for (const { bytes } of offers) refuses(() => takeOffer(bytes, responder({ freshness })), 'timestamp');
    const late = offerOf({ now: now - 1, random: seededRandom(10) });
    refuses(() => takeOffer(late.bytes, responder({ freshness })), 'timestamp');
    time += 400_000;
    const later = [0, 1].map(second => offerOf({ now: time + second, random: seededRandom(20 + second) }));
    for (const { bytes } of later) assert.ok(takeOffer(bytes, responder({ freshness })).answer);
  });
});

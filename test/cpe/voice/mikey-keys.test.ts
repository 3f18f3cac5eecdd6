// MIKEY in session descriptions: any bytes and any placement give keys or a refusal, on both sides the same keys.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AgreedKeys, KeyManagement, MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import { keyManagementOf } from '../../../cpe/voice/media/keys/key-management.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { timeOfNtp } from '../../../shared/mikey/freshness.ts';
import { writeKeyData } from '../../../shared/mikey/key-data.ts';
import { decodeMessage, encodeMessage, mikeyLimits, mustHave } from '../../../shared/mikey/message.ts';
import { type Attribute, buildSdp, type Media, type Sdp } from '../../../shared/sip/sdp.ts';

const now = Date.UTC(2026, 0, 1);
const SEED = 3830;

function keying(seed: number, encryption: MediaSecurity['encryption'], preShared?: Buffer): KeyManagement {
  const security: MediaSecurity = { mode: 'Secure', keyManagement: 'Mikey', encryption };
  return keyManagementOf(security, {
    random: seededRandom(seed),
    now: () => now,
    memory: {},
    update: 'Keep',
    preShared,
  });
}

const stream = (attributes: Attribute[]): Media => {
  return { type: 'audio', port: 4000, proto: 'RTP/SAVP', formats: ['0'], attributes };
};
const description = (session: Attribute[], attributes: Attribute[]): Sdp =>
  buildSdp({
    origin: { username: '-', sessionId: '1', version: '1', addressType: 'IP4', address: '127.0.0.1' },
    name: '-',
    attributes: session,
    media: [stream(attributes)],
  });
const keyMgmt = (value: string): Attribute => ({ name: 'key-mgmt', value });
const valueIn = (attributes: readonly Attribute[]): string => attributes[0]?.value ?? '';

/** The text with one thing changed: bytes of the message, its length, or its base64. */
const changedValue = (value: string): fc.Arbitrary<string> => {
  const bytes = Buffer.from(value.replace('mikey ', ''), 'base64');
  const inBytes = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = Buffer.from(bytes);
    copy[at] = byte;
    return `mikey ${copy.toString('base64')}`;
  });
  const cut = fc.nat(bytes.length - 1).map(length => `mikey ${bytes.subarray(0, length).toString('base64')}`);
  const longer = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(more => {
    return `mikey ${Buffer.concat([bytes, more]).toString('base64')}`;
  });
  return fc.oneof(
    inBytes,
    cut,
    longer,
    fc.string().map(text => `mikey ${text}`),
    fc.string(),
  );
};

const mediaOf = (sdp: Sdp): Media => sdp.media[0] ?? assert.fail('no stream');
const roundTrip = (offerer: KeyManagement, answerer: KeyManagement): [AgreedKeys, AgreedKeys] => {
  const offer = offerer.offer(0x1111);
  const offered = description(offer.session, offer.media);
  const answer = answerer.answer(offered, mediaOf(offered), 0x2222);
  assert.ok(answer.ok, 'the offer is taken');
  const answered = description(answer.session, answer.media);
  const accepted = offer.accept(answered, mediaOf(answered));
  assert.ok(accepted.ok, 'the answer is taken');
  return [accepted.keys, answer.keys];
};

describe('MIKEY in session descriptions', () => {
  for (const [name, preShared] of [
    ['uncovered', undefined],
    ['pre-shared', Buffer.alloc(16, 7)],
  ] as const)
    it(`gives both sides the same keys in a thousand calls (${name})`, () => {
      const [offerer, answerer] = [keying(1, 'AesCm128', preShared), keying(2, 'AesCm128', preShared)];
      const seen = new Set<string>();
      for (let call = 0; call < 1000; call++) {
        const [caller, called] = roundTrip(offerer, answerer);
        assert.deepEqual([caller.send, caller.receive], [called.receive, called.send]);
        assert.deepEqual([caller.send.ssrc, caller.receive.ssrc], [0x1111, 0x2222]);
        seen.add(caller.send.key.toString('hex')).add(caller.receive.key.toString('hex'));
      }
      assert.equal(seen.size, 2000);
    });

  it('refuses an oversized message, before it is decoded and after', () => {
    for (const length of [mikeyLimits.bytes + 1, mikeyLimits.bytes + 4000]) {
      const sdp = description([keyMgmt(`mikey ${Buffer.alloc(length, 1).toString('base64')}`)], []);
      const answer = keying(1, 'AesCm128').answer(sdp, mediaOf(sdp), 1);
      assert.match(answer.ok ? '' : answer.reason, /more than 8192 bytes/);
    }
  });

  it('refuses a traffic key for both sides whose sources are not known to differ', () => {
    const data = writeKeyData([{ type: 'TEK', key: Buffer.alloc(16, 1), salt: Buffer.alloc(14, 2) }]);
    const reasonFor = (theirs: number): string => {
      const message = decodeMessage(
        Buffer.from(valueIn(keying(7, 'AesCm128').offer(theirs).session).slice(6), 'base64'),
      );
      const payloads = message.payloads.map(one => (one.kind === 'kemac' ? { ...one, data } : one));
      const value = `mikey ${encodeMessage({ ...message, payloads }).toString('base64')}`;
      const sdp = description([keyMgmt(value)], []);
      const answer = keying(8, 'AesCm128').answer(sdp, mediaOf(sdp), 0x2222);
      return answer.ok ? 'taken' : answer.reason;
    };
    assert.equal(reasonFor(0x1111), 'taken');
    for (const theirs of [0x2222, 0]) assert.match(reasonFor(theirs), /needs different sources/);
  });

  it('never gives two offers one time, and follows a clock that is set back', () => {
    let time = now;
    const security: MediaSecurity = { mode: 'Secure', keyManagement: 'Mikey', encryption: 'AesCm128' };
    const settings = { random: seededRandom(9), now: () => time, memory: {}, update: 'Keep' } as const;
    const timeOf = (): number => {
      const value = valueIn(keyManagementOf(security, settings).offer(1).session).slice(6);
      return timeOfNtp(mustHave(decodeMessage(Buffer.from(value, 'base64')), 'timestamp').value, time);
    };
    const times = Array.from({ length: 5 }, timeOf);
    assert.deepEqual(
      times.map(one => Math.round(one - now)),
      [0, 1, 2, 3, 4],
    );
    time -= 3_600_000;
    assert.equal(Math.round(timeOf() - time), 0);
  });

  it('takes or refuses any changed offer, and never throws', () => {
    const value = valueIn(keying(3, 'Null').offer(1).session);
    fc.assert(
      fc.property(changedValue(value), fc.boolean(), (changed, atSession) => {
        const sdp = atSession ? description([keyMgmt(changed)], []) : description([], [keyMgmt(changed)]);
        const answer = keying(4, 'Null').answer(sdp, mediaOf(sdp), 2);
        assert.ok(answer.ok || answer.reason.length > 0);
      }),
      { numRuns: 2000, seed: SEED },
    );
  });

  it('takes or refuses any changed answer, and never throws', () => {
    const offer = keying(5, 'AesCm128').offer(1);
    const offered = description(offer.session, offer.media);
    const answer = keying(6, 'AesCm128').answer(offered, mediaOf(offered), 2);
    assert.ok(answer.ok);
    fc.assert(
      fc.property(changedValue(valueIn(answer.session)), changed => {
        const sdp = description([keyMgmt(changed)], []);
        const accepted = offer.accept(sdp, mediaOf(sdp));
        assert.ok(accepted.ok || accepted.reason.length > 0);
      }),
      { numRuns: 2000, seed: SEED },
    );
  });
});

// Calls of one unit with MIKEY, message by message: what it offers, what it answers, and what it refuses.
import assert from 'node:assert/strict';
import { CallFailed } from '../../../cpe/voice/call/call.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { takeAnswer } from '../../../shared/mikey/exchange.ts';
import { decodeMessage, encodeMessage } from '../../../shared/mikey/message.ts';
import { buildRequest, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import { attributeValues, parseSdp } from '../../../shared/sip/sdp.ts';
import { CallLab, clock, secure } from '../../support/cpe/call-lab.ts';
import { cryptoLine, inviteTo, sdpText, type unitConfig } from '../../support/cpe/voice.ts';
import {
  aesPolicy,
  keyMgmtLine,
  messageOf,
  mikeyAnswer,
  mikeyOffer,
  nullPolicy,
} from '../../support/voice/mikey-peer.ts';

const mikey = { ...secure, keyManagement: 'Mikey' } as const;
const preShared = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const savp = (message: Buffer, lines: string[] = []): string =>
  sdpText(4000, 'RTP/SAVP', lines, { session: [keyMgmtLine(message)] });

describe('calls with MIKEY, message by message', () => {
  const lab = CallLab.inSuite();
  const lines: string[] = [];
  const start = (changes: Parameters<typeof unitConfig>[2] = {}) => {
    lines.length = 0;
    const log = createLog({ clock, level: 'info', write: line => void lines.push(line) });
    return lab.start({ srtp: mikey, ...changes }, undefined, log);
  };
  const toolsLines = (): number => lab.unit.heard.filter(({ message }) => message.startsWith('SdpTools [D3A2]')).length;
  const logged = (message: string): string[] => lines.filter(line => line.includes(`"${message}"`));

  it('offers one message at session level for both streams of RTP/SAVP (RFC 4567 7.1)', async () => {
    await start();
    const failing = lab.unit.agent.call('100', '101');
    const invite = await lab.peer.next('INVITE');
    const offer = parseSdp(invite.request.body);
    assert.deepEqual(
      offer.media.map(media => [media.proto, attributeValues(media, 'crypto'), attributeValues(media, 'key-mgmt')]),
      [['RTP/SAVP', [], []]],
    );
    const message = decodeMessage(messageOf(offer));
    assert.deepEqual([message.type, message.wantsAnswer, message.sessions.length], ['offer', true, 2]);
    assert.notEqual(message.sessions[0]?.ssrc, 0);
    assert.equal(message.sessions[1]?.ssrc, 0);
    invite.respond(486);
    await assert.rejects(failing, CallFailed);
  });

  it('answers an offer at session level and one of the stream alike, each at its level', async () => {
    await start();
    const [first, second] = [mikeyOffer(), mikeyOffer()];
    const session = parseSdp((await lab.answerTo(savp(first.bytes))).body);
    const own = await lab.answerTo(
      sdpText(4000, 'RTP/SAVP', [keyMgmtLine(second.bytes)], { session: ['a=key-mgmt:mikey AAAA'] }),
    );
    const [media] = parseSdp(own.body).media;
    assert.ok(media);
    assert.equal(takeAnswer(first, messageOf(session))[0]?.ssrc, 99);
    assert.notEqual(takeAnswer(second, messageOf({ ...session, ...media }))[1]?.ssrc, 0);
    assert.deepEqual(attributeValues(parseSdp(own.body), 'key-mgmt'), []);
  });

  it('numbers the crypto sessions through the secured streams (RFC 4567 7.1)', async () => {
    await start();
    const offer = mikeyOffer({ ssrcs: [5, 0, 99, 0] });
    const body = savp(offer.bytes).replace('m=audio', 'm=video 4100 RTP/SAVP 96\r\nm=audio');
    const response = await lab.answerTo(body);
    assert.equal(response.status, 200);
    const keys = takeAnswer(offer, messageOf(parseSdp(response.body)));
    assert.deepEqual(
      keys.map(({ ssrc }) => ssrc !== 0),
      [true, false, true, true],
    );
  });

  it('answers MIKEY alone where SDES is offered beside it (RFC 4568 7.5)', async () => {
    await start();
    const offer = mikeyOffer();
    const answer = parseSdp((await lab.answerTo(savp(offer.bytes, [cryptoLine()]))).body);
    assert.ok(takeAnswer(offer, messageOf(answer)));
    assert.deepEqual(attributeValues(answer.media[0] ?? { attributes: [] }, 'crypto'), []);
  });

  it('takes media without encryption where that is set, and AES there too', async () => {
    await start({ srtp: { ...mikey, encryption: 'Null' } });
    for (const [policy, suite] of [
      [nullPolicy, 'NULL_HMAC_SHA1_80'],
      [aesPolicy, 'AES_CM_128_HMAC_SHA1_80'],
      [{ ...aesPolicy, tagBytes: 4 } as const, 'AES_CM_128_HMAC_SHA1_32'],
    ] as const) {
      assert.equal((await lab.answerTo(savp(mikeyOffer({ policy }).bytes))).status, 200);
      assert.equal(lab.unit.agent.calls().at(-1)?.stats().suite, suite);
    }
  });

  it('offers NULL encryption with authentication when that is set', async () => {
    await start({ srtp: { ...mikey, encryption: 'Null' } });
    const calling = lab.unit.agent.call('100', '101');
    const invite = await lab.peer.next('INVITE');
    const { keys } = mikeyAnswer(messageOf(parseSdp(invite.request.body)));
    assert.deepEqual(
      keys.map(({ policy: { encryption, tagBytes } }) => [encryption, tagBytes]),
      [
        ['NULL', 10],
        ['NULL', 10],
      ],
    );
    invite.respond(486);
    await assert.rejects(calling, CallFailed);
  });

  const refusals: [string, () => Buffer, RegExp, Parameters<typeof unitConfig>[2]?][] = [
    ['a truncated message', () => mikeyOffer().bytes.subarray(0, 40), /the message ends within/],
    ['no crypto session', () => mikeyOffer({ ssrcs: [] }).bytes, /no crypto session/],
    ['one crypto session', () => mikeyOffer({ ssrcs: [99] }).bytes, /no crypto session/],
    ['our SSRC chosen by the caller', () => mikeyOffer({ ssrcs: [99, 98] }).bytes, /chooses the SSRC/],
    [
      'our roll-over counter chosen by the caller',
      () => withRoc(mikeyOffer().bytes, 1),
      /chooses the roll-over counter/,
    ],
    ['a time 301 s ago', () => mikeyOffer({ now: clock.now() - 301_000 }).bytes, /not near this time/],
    ['a time in 301 s', () => mikeyOffer({ now: clock.now() + 301_000 }).bytes, /not near this time/],
    ['an unknown payload', () => withNext(mikeyOffer().bytes, 77), /payload 77 is not supported/],
    ['a public-key payload', () => withNext(mikeyOffer().bytes, 2), /payload 2 is not supported/],
    ['another version', () => changed(mikeyOffer().bytes, 0, 2), /MIKEY version 2/],
    ['an answer as offer', () => mikeyAnswer(mikeyOffer().bytes).answer ?? Buffer.alloc(0), /an offer is awaited/],
    ['NULL encryption at a unit set to AES', () => mikeyOffer({ policy: nullPolicy }).bytes, /without encryption/],
    ['keys of 256 bits', () => mikeyOffer({ policy: { ...aesPolicy, keyBytes: 32 } }).bytes, /32 bytes/],
    ['covered keys without a key to open them', () => mikeyOffer({ preShared }).bytes, /no pre-shared key/],
    [
      'uncovered keys at a unit with a key',
      () => mikeyOffer().bytes,
      /without a MAC.*--mikey-key/,
      { mikeyKey: preShared },
    ],
    [
      'another pre-shared key',
      () => mikeyOffer({ preShared: Buffer.alloc(16) }).bytes,
      /MAC is not/,
      { mikeyKey: preShared },
    ],
  ];
  for (const [what, make, reason, changes] of refusals) {
    it(`refuses ${what} with 415 and one log line`, async () => {
      await start(changes);
      const response = await lab.answerTo(savp(make()));
      assert.equal(response.status, 415);
      const [line, ...more] = logged('call refused');
      assert.match(line ?? '', reason);
      assert.deepEqual(more, []);
      assert.equal(toolsLines(), 0);
    });
  }

  it('refuses a message that is not base64, and one without data', async () => {
    await start();
    for (const value of ['mikey', 'mikey !!!', 'mikey AQ AQ']) {
      const body = sdpText(4000, 'RTP/SAVP', [], { session: [`a=key-mgmt:${value}`] });
      assert.equal((await lab.answerTo(body)).status, 415, value);
    }
    assert.equal(logged('call refused').length, 1, 'one line a minute for an address');
  });

  it('refuses a replayed message', async () => {
    await start();
    const body = savp(mikeyOffer().bytes);
    assert.equal((await lab.answerTo(body)).status, 200);
    assert.equal((await lab.answerTo(body)).status, 415);
    assert.match(logged('call refused')[0] ?? '', /repetition/);
  });

  it('reports secured media without TLS once at its start, also that of one endpoint', async () => {
    const reports = (): number => lab.unit.heard.filter(({ message }) => message.includes('keys can be read')).length;
    await start();
    assert.equal((await lab.answerTo(savp(mikeyOffer().bytes))).status, 200);
    assert.equal(reports(), 1);
    await lab.unit.agent.stop({ silent: true });
    await start({ srtp: { ...mikey, mode: 'Unsecure' }, accounts: [{ user: '100', register: true, srtp: mikey }] });
    assert.equal(reports(), 1);
    await lab.unit.agent.stop({ silent: true });
    await start({ srtp: { ...mikey, mode: 'Unsecure' } });
    assert.equal(reports(), 0);
  });

  it('answers 488 with Warning 306 where that reject code is set (RFC 4567 4.1.2)', async () => {
    await start({ rejectCode: 488 });
    const response = await lab.answerTo(savp(mikeyOffer().bytes.subarray(0, 30)));
    assert.match(`${response.status} ${response.headers.get('Warning')}`, /^488 306 \S+ "MIKEY: /);
  });

  it('refuses a bad message by fallback too, though RTP/AVP is offered beside it', async () => {
    await start({ srtp: { ...mikey, mode: 'SecureWithFallback' } });
    const body = savp(mikeyOffer({ now: 0 }).bytes, ['m=audio 4002 RTP/AVP 0']);
    assert.equal((await lab.answerTo(body)).status, 415);
  });

  describe('the answer to its offer', () => {
    const other = mikeyOffer({ random: seededRandom(3) });
    const bad: [string, (offer: Buffer) => string, RegExp, number?][] = [
      ['no key-mgmt', () => sdpText(4000, 'RTP/SAVP'), /the answer has no MIKEY message/],
      ['SDES', () => sdpText(4000, 'RTP/SAVP', [cryptoLine()]), /the answer has SDES, not MIKEY/, 1],
      ['the offer itself', offer => savp(offer), /an answer is awaited/],
      ['another bundle', () => savp(mikeyAnswer(other.bytes).answer ?? other.bytes), /another offer/],
      ['a truncated answer', offer => savp(answerTo(offer).subarray(0, -1)), /the message ends within/],
      ['another count of sessions', offer => savp(withoutSessions(answerTo(offer))), /other streams/],
      ['another SSRC for our stream', offer => savp(withSsrc(answerTo(offer), 0, 5)), /changes an SSRC/],
    ];
    for (const [what, make, reason, told = 0] of bad) {
      it(`is refused with ACK and BYE when it has ${what}`, async () => {
        await start();
        const calling = lab.unit.agent.call('100', '101');
        const invite = await lab.peer.next('INVITE');
        invite.respond(200, undefined, {
          headers: [['Contact', `<sip:101@127.0.0.1:${lab.peer.server.port}>`]],
          body: make(messageOf(parseSdp(invite.request.body))),
          contentType: 'application/sdp',
        });
        const failed = assert.rejects(calling, (error: CallFailed) => reason.test(error.message));
        (await lab.peer.next('BYE')).respond(200);
        await failed;
        assert.equal(lab.peer.acks.length, 1);
        assert.equal(logged('call answer refused').length, 1);
        assert.equal(toolsLines(), told);
      });
    }
  });

  it('takes the time of the unit: neither calls nor is called while its clock is not set', async () => {
    await start();
    await lab.unit.agent.stop({ silent: true });
    await lab.start({ srtp: mikey }, undefined, undefined, () => undefined);
    await assert.rejects(lab.unit.agent.call('100', '101'), { code: 'mikey-not-available' });
    assert.equal((await lab.answerTo(savp(mikeyOffer().bytes))).status, 415);
    assert.equal((await lab.answerTo(sdpText(4000, 'RTP/SAVP', [cryptoLine()]))).status, 415);
  });

  it('takes an unchanged description as a refresh, and new keys with a changed one', async () => {
    await start();
    const body = savp(mikeyOffer().bytes);
    const invite = await lab.peer.send(lab.address, inviteTo(lab.peer, lab.address, body));
    const first = (await invite.final).response;
    const dialog = dialogOfCaller(invite.request, first);
    const ask = async (sdp: string): Promise<SipResponse> => {
      const request = buildRequest(dialog, 'UPDATE', { body: sdp, contentType: 'application/sdp' });
      return (await (await lab.peer.send(lab.address, request)).final).response;
    };
    const refreshed = await ask(body);
    assert.deepEqual([refreshed.status, refreshed.body.toString()], [200, first.body.toString()]);
    const replayed = await ask(body.replace('o=- 7 1 ', 'o=- 7 2 '));
    assert.equal(replayed.status, 415);
    assert.equal(logged('call change refused').length, 1);
    const fresh = mikeyOffer();
    const renewed = await ask(savp(fresh.bytes).replace('o=- 7 1 ', 'o=- 7 2 '));
    assert.notDeepEqual(takeAnswer(fresh, messageOf(parseSdp(renewed.body)))[1]?.key, undefined);
  });
});

const answerTo = (offer: Buffer): Buffer => mikeyAnswer(offer).answer ?? Buffer.alloc(0);

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

/** The message whose first payload is said to be another. */
const withNext = (bytes: Buffer, payload: number): Buffer => changed(bytes, 2, payload);

const withoutSessions = (bytes: Buffer): Buffer => encodeMessage({ ...decodeMessage(bytes), sessions: [] });

/** The message with another roll-over counter for one stream. */
function withRoc(bytes: Buffer, at: number): Buffer {
  const message = decodeMessage(bytes);
  return encodeMessage({
    ...message,
    sessions: message.sessions.map((one, place) => ({ ...one, roc: place === at ? 1 : 0 })),
  });
}

function withSsrc(bytes: Buffer, at: number, ssrc: number): Buffer {
  const message = decodeMessage(bytes);
  const sessions = message.sessions.map((session, place) => (place === at ? { ...session, ssrc } : session));
  return encodeMessage({ ...message, sessions });
}

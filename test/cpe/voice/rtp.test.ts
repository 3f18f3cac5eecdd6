// RTP, RTCP, the media ports, session descriptions and digest answers: the small parts of the voice side.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { createAuthenticator } from '../../../cpe/voice/auth.ts';
import { agreedTimer, agreeTimer } from '../../../cpe/voice/call/session-timer.ts';
import { factoryCallSettings } from '../../../cpe/voice/call/settings.ts';
import { keyManagementOf } from '../../../cpe/voice/media/keys/key-management.ts';
import { openPorts } from '../../../cpe/voice/media/ports.ts';
import { decodeRtp, encodeReport, encodeRtp, readReport } from '../../../cpe/voice/media/rtp.ts';
import { buildOffer, negotiateAnswer, negotiateOffer } from '../../../cpe/voice/media/sdp-negotiation.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { createRequest, createResponse } from '../../../shared/sip/message.ts';
import { parseSdp, SdpError } from '../../../shared/sip/sdp.ts';
import { cryptoLine, sdpText } from '../../support/cpe/voice.ts';

const random = seededRandom(42);

describe('RTP', () => {
  it('decodes encoded packets to the same', () => {
    const packets = fc.record(
      {
        payloadType: fc.integer({ min: 0, max: 127 }),
        marker: fc.boolean(),
        sequence: fc.integer({ min: 0, max: 0xffff }),
        timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
        ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
        payload: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(packets, packet => assert.deepEqual(decodeRtp(encodeRtp(packet)), packet)));
  });

  it('skips CSRCs, extension and padding, and refuses malformed packets', () => {
    const head = Buffer.from('b2000001000000020000000311111111222222220000000133333333', 'hex');
    const packet = decodeRtp(Buffer.concat([head, Buffer.from('abcd0002', 'hex')]));
    assert.equal(packet?.payload.toString('hex'), 'abcd');
    assert.equal(decodeRtp(Buffer.concat([head, Buffer.from('abcd0009', 'hex')])), undefined);
    assert.equal(decodeRtp(Buffer.concat([head, Buffer.from('abcd0000', 'hex')])), undefined);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), bytes => void decodeRtp(Buffer.from(bytes))));
  });

  it('writes RTCP of sender report, CNAME and BYE with correct lengths', () => {
    const state = { ssrc: 7, cname: 'a@127.0.0.1', now: Date.UTC(2026, 0, 1), timestamp: 160, packets: 1, octets: 160 };
    assert.deepEqual(readReport(encodeReport(state)), { types: [200, 202], bye: false });
    assert.deepEqual(readReport(encodeReport(state, true)), { types: [200, 202, 203], bye: true });
    assert.equal(encodeReport(state).readUInt32BE(8), 3_976_214_400);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), bytes => void readReport(Buffer.from(bytes))));
    assert.equal(readReport(Buffer.alloc(0)), undefined);
    assert.equal(readReport(Buffer.from('80c80009', 'hex')), undefined);
  });
});

describe('media ports', () => {
  it('skips a pair of ports when either is taken', async () => {
    const address = `127.9.${1 + (process.pid % 250)}.1`;
    const blocker = createSocket('udp4');
    await new Promise<void>(resolve => blocker.bind(5007, address, resolve));
    const first = await openPorts(address, 5003);
    const second = await openPorts(address, 5004);
    assert.deepEqual([first.port, second.port], [5004, 5008]);
    assert.equal(first.rtcp.address().port, 5005);
    await first.close();
    const again = await openPorts(address, 5004);
    assert.equal(again.port, 5004);
    await Promise.all([again.close(), second.close(), new Promise<void>(resolve => blocker.close(() => resolve()))]);
  });

  it("rejects an address that is not the host's", async () => {
    await assert.rejects(openPorts('192.0.2.1', 5004), /EADDRNOTAVAIL/);
  });
});

describe('session description', () => {
  const security = { mode: 'SecureWithFallback', keyManagement: 'Sdes', encryption: 'Null' } as const;
  const settings = { random, now: () => 0, memory: {}, update: 'Regenerate' } as const;
  const keying = keyManagementOf(security, settings);
  const local = { address: '127.0.0.1', sessionId: '1', version: 1 };

  it('offers AES when Null encryption is set under SDES', () => {
    const offer = buildOffer(local, [{ port: 4000, keys: keying.offer(1) }]);
    const text = offer.lines.map(line => line.value).join('\n');
    assert.match(text, /crypto:1 AES_CM_128_HMAC_SHA1_80/);
    assert.doesNotMatch(text, /NULL|UNENCRYPTED/);
  });

  it('accepts a plain answer by fallback only when the secured stream was refused', () => {
    const streams = [
      { port: 4000, keys: keying.offer(1) },
      { port: 4002, keys: undefined },
    ];
    const answer = (first: string[], second: string): string =>
      `${sdpText(0, 'RTP/SAVP').split('m=')[0]}${first.join('\r\n')}\r\n${second}\r\n`;
    const plain = negotiateAnswer(streams, parseSdp(answer(['m=audio 0 RTP/SAVP 0'], 'm=audio 9000 RTP/AVP 0')));
    assert.ok(plain.ok && plain.index === 1 && plain.parameters.keys === undefined);
    const forged = ['m=audio 8000 RTP/SAVP 0', cryptoLine(9)];
    assert.equal(negotiateAnswer(streams, parseSdp(answer(forged, 'm=audio 9000 RTP/AVP 0'))).ok, false);
    assert.equal(negotiateAnswer(streams, parseSdp(sdpText(9000, 'RTP/AVP'))).ok, false);
  });

  it('stops sending on hold, by 0.0.0.0 or by direction', () => {
    const sending = (line: string[]): boolean | undefined => {
      const negotiated = negotiateOffer(parseSdp(sdpText(4000, 'RTP/AVP', line)), 'Unsecure', { keying, ssrc: 1 });
      return negotiated.ok ? negotiated.chosen.parameters.sending : undefined;
    };
    assert.equal(sending([]), true);
    assert.equal(sending(['a=recvonly']), true);
    assert.equal(sending(['a=sendonly']), false);
    assert.equal(sending(['a=inactive']), false);
    assert.equal(sending(['c=IN IP4 0.0.0.0']), false);
    assert.equal(sending(['c=IN IP4 media.example']), undefined);
  });

  it("finds G.711 by its number or its rtpmap, in the offer's order", () => {
    const codec = (formats: string, lines: string[] = []): string | undefined => {
      const text = sdpText(4000, 'RTP/AVP', lines, { formats });
      const negotiated = negotiateOffer(parseSdp(text), 'Unsecure', { keying, ssrc: 1 });
      return negotiated.ok
        ? `${negotiated.chosen.parameters.codec} ${negotiated.chosen.parameters.payloadType}`
        : undefined;
    };
    assert.equal(codec('18 8 0'), 'PCMA 8');
    assert.equal(codec('101 97', ['a=rtpmap:101 telephone-event/8000', 'a=rtpmap:97 pcmu/8000']), 'PCMU 97');
    assert.equal(codec('0', ['a=rtpmap:0 G722/8000']), undefined);
    assert.equal(codec('300 x'), undefined);
  });

  it('survives hostile descriptions', () => {
    const piece = fc.constantFrom(
      'm=audio 4000 RTP/SAVP 0',
      'm=audio 4000 RTP/AVP 0',
      'm=audio 99999 RTP/SAVP 0',
      'm=video 1 RTP/AVP 0',
      cryptoLine(),
      'a=crypto:',
      'a=crypto:1',
      'a=key-mgmt:mikey',
      'a=key-mgmt:mikey !!!',
      'a=rtpmap:',
      'a=rtpmap:0 PCMU/8000',
      'c=IN IP4 0.0.0.0',
      'c=IN IP6 ::1',
      'a=inactive',
      'c=IN IP4 x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), lines => {
        const text = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${lines.join('\r\n')}\r\n`;
        try {
          const sdp = parseSdp(text);
          for (const mode of ['Unsecure', 'Secure', 'SecureWithFallback'] as const) {
            negotiateOffer(sdp, mode, { keying, ssrc: 1 });
            const mikey = keyManagementOf({ ...security, keyManagement: 'Mikey' }, settings);
            negotiateOffer(sdp, mode, { keying: mikey, ssrc: 1 });
          }
          negotiateAnswer([{ port: 4000, keys: keying.offer(1) }], sdp);
        } catch (error) {
          assert.ok(error instanceof SdpError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('session timer', () => {
  const invite = (headers: [string, string][]) => createRequest('INVITE', 'sip:a@b', { headers });
  it('agrees on refresher and shortest time (RFC 4028 9)', () => {
    const asked = (value: string, timer = true) =>
      agreeTimer(
        invite([['Session-Expires', value], ...(timer ? [['Supported', 'timer'] as [string, string]] : [])]),
        factoryCallSettings.timer,
      );
    assert.deepEqual(agreeTimer(invite([]), factoryCallSettings.timer), { agreed: undefined });
    assert.deepEqual(asked('3600'), { agreed: { seconds: 3600, weRefresh: false } });
    assert.deepEqual(asked('3600;refresher=uas'), { agreed: { seconds: 3600, weRefresh: true } });
    assert.deepEqual(asked('3600', false), { agreed: { seconds: 3600, weRefresh: true } });
    assert.deepEqual(asked('90'), { tooShort: 1800 });
    assert.deepEqual(asked('4294967295'), { agreed: { seconds: 604_800, weRefresh: false } });
    assert.deepEqual(asked('junk'), { agreed: undefined });
  });

  it('follows the 2xx as caller (RFC 4028 7.2)', () => {
    const request = invite([]);
    const said = (value?: string) =>
      agreedTimer(createResponse(request, 200, 'OK', { headers: value ? [['Session-Expires', value]] : [] }));
    assert.equal(said(), undefined);
    assert.deepEqual(said('1800;refresher=uac'), { seconds: 1800, weRefresh: true });
    assert.deepEqual(said('1800;refresher=uas'), { seconds: 1800, weRefresh: false });
    assert.equal(said('5'), undefined);
  });
});

describe('digest in SIP', () => {
  const request = () =>
    createRequest('REGISTER', 'sip:s', {
      headers: [
        ['CSeq', '5 REGISTER'],
        ['Call-ID', 'x'],
      ],
    });
  const challenged = (...values: string[]) =>
    createResponse(request(), 401, 'Unauthorized', {
      headers: values.map(value => ['WWW-Authenticate', value] as const),
    });
  const auth = (account: Partial<Parameters<typeof createAuthenticator>[0]> = {}) =>
    createAuthenticator({ user: '100', password: 'pw', ...account }, random);

  it('answers once with the next CSeq, and again only for a stale nonce', () => {
    const authenticator = auth();
    const first = authenticator.retry(request(), challenged('Digest realm="r", nonce="a", qop="auth"'));
    assert.equal(first?.headers.get('CSeq'), '6 REGISTER');
    assert.ok(first);
    assert.equal(authenticator.retry(first, challenged('Digest realm="r", nonce="b", qop="auth"')), undefined);
    const stale = authenticator.retry(first, challenged('Digest realm="r", nonce="c", qop="auth", stale=true'));
    assert.match(stale?.headers.get('Authorization') ?? '', /nonce="c"/);
    const next = request();
    authenticator.prepare(next);
    assert.match(next.headers.get('Authorization') ?? '', /nonce="c".*nc=00000002/);
  });

  it('answers the topmost challenge of its realm that it can (RFC 8760 2.4)', () => {
    const both = challenged(
      'Digest realm="r", nonce="a", algorithm=UNKNOWN',
      'Digest realm="r", nonce="b", algorithm=SHA-256',
    );
    assert.match(auth().retry(request(), both)?.headers.get('Authorization') ?? '', /algorithm=SHA-256/);
    assert.equal(auth({ realm: 'other' }).retry(request(), both), undefined);
    assert.equal(createAuthenticator({ user: '100' }, random).retry(request(), both), undefined);
    assert.equal(auth().retry(request(), challenged('Basic realm="r"')), undefined);
  });
});

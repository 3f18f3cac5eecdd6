// The messages of one unit in a call: the peer is a bare SIP stack over UDP whose answers the test gives.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { CallFailed } from '../../../cpe/voice/call/call.ts';
import { parseCrypto } from '../../../cpe/voice/media/sdes.ts';
import { createRequest } from '../../../shared/sip/message.ts';
import { attributeValues, parseSdp } from '../../../shared/sip/sdp.ts';
import { CallLab, clock, fallback, mikeyLine, plain, secure } from '../../support/cpe/call-lab.ts';
import { cryptoLine, inviteTo, sdpText, startPeer, type unitConfig } from '../../support/cpe/voice.ts';

describe('calls, message by message', () => {
  const lab = CallLab.inSuite();

  describe('the shape of messages, as in the vendor’s traces', () => {
    it("writes INVITE headers in the vendor's order, without rport and alias", async () => {
      await lab.start({ contactTransport: false });
      const failing = lab.unit.agent.call('100', '101');
      const invite = await lab.peer.next('INVITE');
      const names = [...invite.request.headers].map(([name]) => name);
      assert.deepEqual(names, [
        'Via',
        'Max-Forwards',
        'From',
        'To',
        'Call-ID',
        'CSeq',
        'Allow',
        'Contact',
        'Min-SE',
        'Session-Expires',
        'Supported',
        'Supported',
        'User-Agent',
        'Content-Type',
        'Content-Length',
      ]);
      const { headers } = invite.request;
      assert.match(
        headers.get('Via') ?? '',
        new RegExp(`^SIP/2.0/UDP ${lab.address.replaceAll('.', '\\.')}:5060;branch=z9hG4bK\\w+$`),
      );
      assert.equal(headers.get('Allow'), 'INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, UPDATE');
      assert.equal(headers.get('Contact'), `<sip:100@${lab.address}:5060>`);
      assert.deepEqual(headers.all('Supported'), ['timer', 'replaces']);
      assert.deepEqual([headers.get('Min-SE'), headers.get('Session-Expires')], ['1800', '3600']);
      const offer = parseSdp(invite.request.body);
      assert.deepEqual(
        offer.media.map(media => [media.type, media.proto, media.formats]),
        [['audio', 'RTP/SAVP', ['0', '8']]],
      );
      const suites = attributeValues(offer.media[0] ?? { attributes: [] }, 'crypto').map(
        value => parseCrypto(value).suite,
      );
      assert.deepEqual(suites, ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32']);
      assert.equal((offer.media[0]?.port ?? 1) % 2, 0);
      invite.respond(486);
      await assert.rejects(failing, (error: CallFailed) => error.status === 486);
    });

    it('adds the transport to Contact when contactTransport is set', async () => {
      await lab.start({ contactTransport: true });
      const failing = lab.unit.agent.call('100', '101');
      const invite = await lab.peer.next('INVITE');
      assert.equal(invite.request.headers.get('Contact'), `<sip:100@${lab.address}:5060;transport=udp>`);
      invite.respond(404);
      await assert.rejects(failing, CallFailed);
    });
  });

  describe('an offer to the unit', () => {
    const cases: [string, Parameters<typeof unitConfig>[2], string, number, boolean][] = [
      [
        'MIKEY at a unit set to SDES: 415 and the SdpTools line',
        {},
        sdpText(4000, 'RTP/SAVP', [], { session: [mikeyLine] }),
        415,
        true,
      ],
      [
        'SDES at a unit set to MIKEY: 415 and the SdpTools line',
        { srtp: { ...secure, keyManagement: 'Mikey' } },
        sdpText(4000, 'RTP/SAVP', [cryptoLine()]),
        415,
        true,
      ],
      [
        'the same with the reject code 488',
        { rejectCode: 488 },
        sdpText(4000, 'RTP/SAVP', [], { session: [mikeyLine] }),
        488,
        true,
      ],
      ['RTP/AVP at a Secure unit', {}, sdpText(4000, 'RTP/AVP'), 415, false],
      ['RTP/AVP with a=crypto at a Secure unit', {}, sdpText(4000, 'RTP/AVP', [cryptoLine()]), 415, false],
      ['RTP/SAVP at an Unsecure unit', { srtp: plain }, sdpText(4000, 'RTP/SAVP', [cryptoLine()]), 415, false],
      ['RTP/SAVP without any keys', {}, sdpText(4000, 'RTP/SAVP'), 415, false],
      ['an unknown suite only', {}, sdpText(4000, 'RTP/SAVP', [cryptoLine(1, 'NULL_HMAC_SHA1_80')]), 415, false],
      ['UNENCRYPTED_SRTP', {}, sdpText(4000, 'RTP/SAVP', [`${cryptoLine()} UNENCRYPTED_SRTP`]), 415, false],
      ['no codec in common', {}, sdpText(4000, 'RTP/SAVP', [cryptoLine()], { formats: '18' }), 415, false],
      ['a disabled stream', {}, sdpText(0, 'RTP/SAVP', [cryptoLine()]), 415, false],
      ['a description that cannot be read', { rejectCode: 488 }, 'this is no SDP', 488, false],
      ['no body, whatever the reject code', { rejectCode: 488 }, '', 415, false],
    ];
    for (const [what, changes, body, status, told] of cases) {
      it(`answers ${status} to ${what}`, async () => {
        await lab.start(changes);
        const response = await lab.answerTo(body);
        assert.equal(response.status, status);
        if (status === 415) assert.equal(response.headers.get('Accept'), 'application/sdp');
        else assert.match(response.headers.get('Warning') ?? '', told ? /^306 / : /^304 /);
        const lines = lab.unit.heard.filter(one =>
          one.message.startsWith('SdpTools [D3A2] Received the wrong key management'),
        );
        assert.equal(lines.length, told ? 1 : 0);
        assert.equal(lab.unit.agent.calls().length, 0);
      });
    }

    it('answers the second line when the first has an unknown suite', async () => {
      await lab.start();
      const offered = cryptoLine(7, 'AES_CM_128_HMAC_SHA1_32');
      const response = await lab.answerTo(sdpText(4000, 'RTP/SAVP', [cryptoLine(6, 'F8_128_HMAC_SHA1_80'), offered]));
      assert.equal(response.status, 200);
      const answer = parseSdp(response.body);
      const lines = attributeValues(answer.media[0] ?? { attributes: [] }, 'crypto').map(parseCrypto);
      assert.deepEqual(
        lines.map(line => [line.tag, line.suite]),
        [[7, 'AES_CM_128_HMAC_SHA1_32']],
      );
      assert.notDeepEqual(lines[0]?.keys[0]?.keySalt, parseCrypto(offered.slice('a=crypto:'.length)).keys[0]?.keySalt);
      assert.equal(lab.unit.agent.calls()[0]?.stats().suite, 'AES_CM_128_HMAC_SHA1_32');
    });

    it('prefers the secured stream by fallback, else accepts the plain one', async () => {
      await lab.start({ srtp: fallback });
      const both = sdpText(4000, 'RTP/AVP', ['m=audio 4002 RTP/SAVP 0', cryptoLine()]);
      const secured = parseSdp((await lab.answerTo(both)).body);
      assert.deepEqual(
        secured.media.map(media => [media.proto, media.port !== 0]),
        [
          ['RTP/AVP', false],
          ['RTP/SAVP', true],
        ],
      );
      const alone = parseSdp((await lab.answerTo(sdpText(4000, 'RTP/AVP'))).body);
      assert.deepEqual(
        alone.media.map(media => [media.proto, media.port !== 0]),
        [['RTP/AVP', true]],
      );
    });

    it('refuses with 404 unknown user, 420 extension, 422 short session, 403 unregistered', async () => {
      await lab.start();
      const good = sdpText(4000, 'RTP/SAVP', [cryptoLine()]);
      const stranger = inviteTo(lab.peer, lab.address, good);
      stranger.uri = stranger.uri.replace('100@', '999@');
      assert.equal((await (await lab.peer.send(lab.address, stranger)).final).response.status, 404);
      const extension = await lab.answerTo(good, [['Require', 'timer, 100rel']]);
      assert.deepEqual([extension.status, extension.headers.get('Unsupported')], [420, '100rel']);
      const short = await lab.answerTo(good, [
        ['Supported', 'timer'],
        ['Session-Expires', '90'],
      ]);
      assert.deepEqual([short.status, short.headers.get('Min-SE')], [422, '1800']);
      await lab.unit.agent.stop({ silent: true });

      const deaf = await startPeer({ registrar: false });
      lab.startAt(deaf);
      (await deaf.next('REGISTER')).respond(403);
      await lab.unit.until(agent => agent.registrations()[0]?.state === 'AuthFailed', 'AuthFailed');
      assert.equal((await lab.answerTo(good)).status, 403);
      await assert.rejects(lab.unit.agent.call('100', '101'), /not registered/);
      await deaf.close();
    });
  });

  describe('the answer to the unit’s offer', () => {
    const bad: [string, string][] = [
      ['a tag that was not offered', sdpText(4000, 'RTP/SAVP', [cryptoLine(5)])],
      ['the suite of another tag', sdpText(4000, 'RTP/SAVP', [cryptoLine(2, 'AES_CM_128_HMAC_SHA1_80')])],
      ['no keys', sdpText(4000, 'RTP/SAVP')],
      ['two lines', sdpText(4000, 'RTP/SAVP', [cryptoLine(1), cryptoLine(2, 'AES_CM_128_HMAC_SHA1_32')])],
      ['port 0', sdpText(0, 'RTP/SAVP', [cryptoLine()])],
      ['another profile', sdpText(4000, 'RTP/AVP', [cryptoLine()])],
      ['no session description', ''],
      ['rubbish', 'rubbish'],
    ];
    for (const [what, body] of bad) {
      it(`sends ACK, then BYE and no media, for ${what} (RFC 4568 5.1.3)`, async () => {
        await lab.start();
        const calling = lab.unit.agent.call('100', '101');
        const invite = await lab.peer.next('INVITE');
        const contact: [string, string] = ['Contact', `<sip:101@127.0.0.1:${lab.peer.server.port}>`];
        invite.respond(200, undefined, {
          headers: [contact],
          ...(body ? { body, contentType: 'application/sdp' } : {}),
        });
        const failed = assert.rejects(calling, CallFailed);
        (await lab.peer.next('BYE')).respond(200);
        await failed;
        assert.equal(lab.peer.acks.length, 1);
        assert.equal(lab.unit.agent.calls().length, 0);
      });
    }

    it('answers 401, 407 and 422 once each, with a new CSeq on the same call', async () => {
      await lab.start();
      const calling = lab.unit.agent.call('100', '101');
      const first = await lab.peer.next('INVITE');
      first.respond(407, undefined, { headers: [['Proxy-Authenticate', 'Digest realm="r", nonce="n1", qop="auth"']] });
      const second = await lab.peer.next('INVITE');
      assert.match(second.request.headers.get('Proxy-Authorization') ?? '', /qop=auth, nc=00000001/);
      assert.equal(second.request.headers.get('Call-ID'), first.request.headers.get('Call-ID'));
      second.respond(422, undefined, { headers: [['Min-SE', '4000']] });
      const third = await lab.peer.next('INVITE');
      assert.deepEqual(
        [third.request.headers.get('Min-SE'), third.request.headers.get('Session-Expires')],
        ['4000', '4000'],
      );
      third.respond(407, undefined, {
        headers: [['Proxy-Authenticate', 'Digest realm="r", nonce="n2", qop="auth", stale=true']],
      });
      const fourth = await lab.peer.next('INVITE');
      assert.match(fourth.request.headers.get('Proxy-Authorization') ?? '', /nonce="n2".*nc=00000001/);
      fourth.respond(407, undefined, { headers: [['Proxy-Authenticate', 'Digest realm="r", nonce="n3", qop="auth"']] });
      await assert.rejects(calling, (error: CallFailed) => error.status === 407);
    });

    it('sends CANCEL when the caller aborts while it rings', async () => {
      await lab.start();
      const given = new AbortController();
      const calling = lab.unit.agent.call('100', '101', { signal: given.signal });
      const invite = await lab.peer.next('INVITE');
      const cancelled = new Promise<void>(resolve => invite.onCancel(() => resolve()));
      invite.respond(180);
      await clock.sleep(50);
      given.abort();
      await cancelled;
      invite.respond(487);
      await assert.rejects(calling, { name: 'AbortError' });
    });
  });

  it('survives any input at its SIP port', async () => {
    await lab.start();
    const socket = createSocket('udp4');
    const pieces = fc.constantFrom(
      'INVITE',
      'sip:100@x',
      ' SIP/2.0',
      '\r\n',
      'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1',
      'From: <sip:a@b>;tag=1',
      'To: <sip:100@c>',
      'Call-ID: 1',
      'CSeq: 1 INVITE',
      'Contact: <tel:1>',
      'Content-Length: 5',
      'Content-Type: application/sdp',
      '\r\n\r\n',
      'v=0',
      'm=audio',
      '\0',
      'Record-Route: <<>',
      'Session-Expires: x',
      'Require: a,b',
      'BYE',
    );
    const texts = fc.sample(
      fc.array(pieces, { maxLength: 20 }).map(all => all.join('')),
      { numRuns: 300, seed: 7 },
    );
    for (const text of texts) await new Promise<void>(resolve => socket.send(text, 5060, lab.address, () => resolve()));
    const whole = inviteTo(lab.peer, lab.address, sdpText(4000, 'RTP/SAVP', [cryptoLine()]), [['Record-Route', '<<>']]);
    whole.headers.set('Contact', '<tel:+1>');
    await (await lab.peer.send(lab.address, whole)).final;
    const weird = createRequest('INVITE', 'tel:+123', {
      headers: [...inviteTo(lab.peer, lab.address, 'x').headers].filter(([name]) => name !== 'Content-Length'),
    });
    assert.equal((await (await lab.peer.send(lab.address, weird)).final).response.status, 416);
    assert.equal((await lab.answerTo(sdpText(4000, 'RTP/SAVP', [cryptoLine()]))).status, 200);
    await new Promise<void>(resolve => socket.close(() => resolve()));
  });
});

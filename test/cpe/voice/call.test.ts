// The messages of one unit in a call: the peer is a bare SIP stack over UDP whose answers the test gives.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import fc from 'fast-check';
import { type Call, CallFailed } from '../../../cpe/voice/call/call.ts';
import { encodeG711 } from '../../../cpe/voice/media/g711.ts';
import { encodeRtp } from '../../../cpe/voice/media/rtp.ts';
import { keyingOf, parseCrypto } from '../../../cpe/voice/media/sdes.ts';
import { SrtpReceiver, SrtpSender } from '../../../cpe/voice/media/srtp.ts';
import { createTone } from '../../../cpe/voice/media/tone.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { buildRequest, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import { createRequest, type SipResponse } from '../../../shared/sip/message.ts';
import { attributeValues, parseSdp } from '../../../shared/sip/sdp.ts';
import {
  assertTone,
  cryptoLine,
  hurriedClock,
  inviteTo,
  type Peer,
  reached,
  registered,
  sdpText,
  startPeer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
} from '../../support/cpe/voice.ts';

const clock = systemClock();
const secure = { mode: 'Secure', keyManagement: 'Sdes', encryption: 'AesCm128' } as const;
const plain = { ...secure, mode: 'Unsecure' } as const;
const fallback = { ...secure, mode: 'SecureWithFallback' } as const;
const mikeyLine = 'a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsA';

describe('calls, message by message', () => {
  let peer: Peer;
  let unit: Unit;
  let address = '';
  let units = 0;

  before(async () => {
    peer = await startPeer();
  });
  after(() => peer.close());
  afterEach(async () => {
    await unit.agent.stop({ silent: true });
    peer.acks.length = 0;
  });

  /** A unit at a loopback address of its own, listening at UDP 5060 there. */
  const start = async (changes: Parameters<typeof unitConfig>[2] = {}, time?: Clock): Promise<Unit> => {
    address = `127.7.${1 + (process.pid % 250)}.${++units}`;
    const config = unitConfig('100', peer.server, {
      address,
      transport: 'udp',
      srtp: secure,
      ...changes,
      domain: '127.0.0.1',
    });
    unit = startUnit(config, () => tlsSettings([]), time ? { clock: time } : {});
    await unit.until(registered, 'registration');
    return unit;
  };
  const answerTo = async (body: string, headers: [string, string][] = []): Promise<SipResponse> => {
    const transaction = await peer.send(address, inviteTo(peer, address, body, headers));
    return (await transaction.final).response;
  };

  describe('the shape of messages, as in the vendor’s traces', () => {
    it("writes INVITE headers in the vendor's order, without rport and alias", async () => {
      await start({ contactTransport: false });
      const failing = unit.agent.call('100', '101');
      const invite = await peer.next('INVITE');
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
        new RegExp(`^SIP/2.0/UDP ${address.replaceAll('.', '\\.')}:5060;branch=z9hG4bK\\w+$`),
      );
      assert.equal(headers.get('Allow'), 'INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, UPDATE');
      assert.equal(headers.get('Contact'), `<sip:100@${address}:5060>`);
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
      await start({ contactTransport: true });
      const failing = unit.agent.call('100', '101');
      const invite = await peer.next('INVITE');
      assert.equal(invite.request.headers.get('Contact'), `<sip:100@${address}:5060;transport=udp>`);
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
        await start(changes);
        const response = await answerTo(body);
        assert.equal(response.status, status);
        if (status === 415) assert.equal(response.headers.get('Accept'), 'application/sdp');
        else assert.match(response.headers.get('Warning') ?? '', told ? /^306 / : /^304 /);
        const lines = unit.heard.filter(one =>
          one.message.startsWith('SdpTools [D3A2] Received the wrong key management'),
        );
        assert.equal(lines.length, told ? 1 : 0);
        assert.equal(unit.agent.calls().length, 0);
      });
    }

    it('answers the second line when the first has an unknown suite', async () => {
      await start();
      const offered = cryptoLine(7, 'AES_CM_128_HMAC_SHA1_32');
      const response = await answerTo(sdpText(4000, 'RTP/SAVP', [cryptoLine(6, 'F8_128_HMAC_SHA1_80'), offered]));
      assert.equal(response.status, 200);
      const answer = parseSdp(response.body);
      const lines = attributeValues(answer.media[0] ?? { attributes: [] }, 'crypto').map(parseCrypto);
      assert.deepEqual(
        lines.map(line => [line.tag, line.suite]),
        [[7, 'AES_CM_128_HMAC_SHA1_32']],
      );
      assert.notDeepEqual(lines[0]?.keys[0]?.keySalt, parseCrypto(offered.slice('a=crypto:'.length)).keys[0]?.keySalt);
      assert.equal(unit.agent.calls()[0]?.stats().suite, 'AES_CM_128_HMAC_SHA1_32');
    });

    it('prefers the secured stream by fallback, else accepts the plain one', async () => {
      await start({ srtp: fallback });
      const both = sdpText(4000, 'RTP/AVP', ['m=audio 4002 RTP/SAVP 0', cryptoLine()]);
      const secured = parseSdp((await answerTo(both)).body);
      assert.deepEqual(
        secured.media.map(media => [media.proto, media.port !== 0]),
        [
          ['RTP/AVP', false],
          ['RTP/SAVP', true],
        ],
      );
      const alone = parseSdp((await answerTo(sdpText(4000, 'RTP/AVP'))).body);
      assert.deepEqual(
        alone.media.map(media => [media.proto, media.port !== 0]),
        [['RTP/AVP', true]],
      );
    });

    it('refuses with 404 unknown user, 420 extension, 422 short session, 403 unregistered', async () => {
      await start();
      const good = sdpText(4000, 'RTP/SAVP', [cryptoLine()]);
      const stranger = inviteTo(peer, address, good);
      stranger.uri = stranger.uri.replace('100@', '999@');
      assert.equal((await (await peer.send(address, stranger)).final).response.status, 404);
      const extension = await answerTo(good, [['Require', 'timer, 100rel']]);
      assert.deepEqual([extension.status, extension.headers.get('Unsupported')], [420, '100rel']);
      const short = await answerTo(good, [
        ['Supported', 'timer'],
        ['Session-Expires', '90'],
      ]);
      assert.deepEqual([short.status, short.headers.get('Min-SE')], [422, '1800']);
      await unit.agent.stop({ silent: true });

      const deaf = await startPeer({ registrar: false });
      address = `127.7.${1 + (process.pid % 250)}.${++units}`;
      unit = startUnit(unitConfig('100', deaf.server, { address, transport: 'udp' }), () => tlsSettings([]));
      (await deaf.next('REGISTER')).respond(403);
      await unit.until(agent => agent.registrations()[0]?.state === 'AuthFailed', 'AuthFailed');
      assert.equal((await answerTo(good)).status, 403);
      await assert.rejects(unit.agent.call('100', '101'), /not registered/);
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
        await start();
        const calling = unit.agent.call('100', '101');
        const invite = await peer.next('INVITE');
        const contact: [string, string] = ['Contact', `<sip:101@127.0.0.1:${peer.server.port}>`];
        invite.respond(200, undefined, {
          headers: [contact],
          ...(body ? { body, contentType: 'application/sdp' } : {}),
        });
        const failed = assert.rejects(calling, CallFailed);
        (await peer.next('BYE')).respond(200);
        await failed;
        assert.equal(peer.acks.length, 1);
        assert.equal(unit.agent.calls().length, 0);
      });
    }

    it('answers 401, 407 and 422 once each, with a new CSeq on the same call', async () => {
      await start();
      const calling = unit.agent.call('100', '101');
      const first = await peer.next('INVITE');
      first.respond(407, undefined, { headers: [['Proxy-Authenticate', 'Digest realm="r", nonce="n1", qop="auth"']] });
      const second = await peer.next('INVITE');
      assert.match(second.request.headers.get('Proxy-Authorization') ?? '', /qop=auth, nc=00000001/);
      assert.equal(second.request.headers.get('Call-ID'), first.request.headers.get('Call-ID'));
      second.respond(422, undefined, { headers: [['Min-SE', '4000']] });
      const third = await peer.next('INVITE');
      assert.deepEqual(
        [third.request.headers.get('Min-SE'), third.request.headers.get('Session-Expires')],
        ['4000', '4000'],
      );
      third.respond(407, undefined, {
        headers: [['Proxy-Authenticate', 'Digest realm="r", nonce="n2", qop="auth", stale=true']],
      });
      const fourth = await peer.next('INVITE');
      assert.match(fourth.request.headers.get('Proxy-Authorization') ?? '', /nonce="n2".*nc=00000001/);
      fourth.respond(407, undefined, { headers: [['Proxy-Authenticate', 'Digest realm="r", nonce="n3", qop="auth"']] });
      await assert.rejects(calling, (error: CallFailed) => error.status === 407);
    });

    it('sends CANCEL when the caller aborts while it rings', async () => {
      await start();
      const given = new AbortController();
      const calling = unit.agent.call('100', '101', given.signal);
      const invite = await peer.next('INVITE');
      const cancelled = new Promise<void>(resolve => invite.onCancel(() => resolve()));
      invite.respond(180);
      await clock.sleep(50);
      given.abort();
      await cancelled;
      invite.respond(487);
      await assert.rejects(calling, { name: 'AbortError' });
    });
  });

  describe('inside a call', () => {
    let media: Socket;
    let mediaPort = 0;
    beforeEach(async () => {
      media = createSocket('udp4');
      await new Promise<void>(resolve => media.bind(0, '127.0.0.1', resolve));
      mediaPort = media.address().port;
    });
    afterEach(() => new Promise<void>(resolve => media.close(() => resolve())));

    /** The peer calls, acknowledges, and knows the keys of both directions. */
    const connect = async (headers: [string, string][] = []) => {
      const arriving = new Promise<Call>(resolve => unit.agent.incoming(resolve));
      const line = cryptoLine();
      const transaction = await peer.send(
        address,
        inviteTo(peer, address, sdpText(mediaPort, 'RTP/SAVP', [line]), headers),
      );
      const { response } = await transaction.final;
      assert.equal(response.status, 200);
      const dialog = dialogOfCaller(transaction.request, response);
      const ack = buildRequest({ ...dialog, localSequence: 0 }, 'ACK');
      peer.layer.send(transaction.flow, ack);
      const call = await arriving;
      const answer = parseSdp(response.body);
      const theirs = parseCrypto(attributeValues(answer.media[0] ?? { attributes: [] }, 'crypto')[0] ?? '');
      const ask = async (method: string, body?: string): Promise<SipResponse> => {
        const parts = body === undefined ? {} : { body, contentType: 'application/sdp' };
        const contact: [string, string] = ['Contact', `<sip:200@127.0.0.1:${peer.server.port}>`];
        const inside = await peer.send(address, buildRequest(dialog, method, { headers: [contact], ...parts }));
        const outcome = await inside.final;
        if (method === 'INVITE' && outcome.response.status === 200) {
          peer.layer.send(inside.flow, buildRequest({ ...dialog, localSequence: dialog.localSequence - 1 }, 'ACK'));
        }
        return outcome.response;
      };
      return {
        call,
        dialog,
        line,
        ask,
        port: answer.media[0]?.port ?? 0,
        response,
        sender: new SrtpSender(keyingOf(parseCrypto(line.slice('a=crypto:'.length)))),
        receiver: new SrtpReceiver(keyingOf(theirs)),
      };
    };
    const speak = (sender: SrtpSender, port: number, count: number, from = 0): Buffer[] => {
      const tone = createTone(1000);
      return Array.from({ length: count }, (_, i) => {
        const payload = encodeG711('PCMU', tone(160));
        const packet = encodeRtp({
          payloadType: 0,
          marker: i === 0,
          sequence: from + i,
          timestamp: 160 * i,
          ssrc: 99,
          payload,
        });
        const wire = sender.protect(packet);
        media.send(wire, port, address);
        return wire;
      });
    };

    it('counts replays, forgeries and strangers in SRTP media, and ignores them', async () => {
      await start({ tone: 700 });
      const heard: Buffer[] = [];
      media.on('message', bytes => heard.push(bytes));
      const { call, sender, receiver, port } = await connect();
      const wires = speak(sender, port, 30);
      for (const wire of wires.slice(0, 5)) media.send(wire, port, address);
      for (let i = 0; i < 7; i++)
        media.send(Buffer.concat([wires[0]?.subarray(0, 40) ?? Buffer.alloc(0), Buffer.alloc(142, i)]), port, address);
      media.send('junk', port, address);
      media.send(Buffer.alloc(0), port, address);
      await reached(() => call.stats().received >= 30 && heard.length >= 30, 'media both ways');
      await reached(() => call.stats().replays + call.stats().authFailures >= 12, 'what was refused');
      const stats = call.stats();
      assert.equal(stats.received, 30);
      assert.equal(stats.replays + stats.authFailures, 12);
      assertTone(stats.tone, 1000, 'the unit');
      const opened = heard.map(bytes => receiver.unprotect(bytes)).filter(result => result.ok);
      assert.ok(opened.length >= 20 && opened.length >= heard.length - 1, `${opened.length} of ${heard.length}`);
      assert.ok(opened.every(result => result.ok && result.packet.readUInt16BE(2) < 0x8000 + 100));
    });

    it('stops media on hold, resumes with new keys, and ignores an unchanged refresh', async () => {
      await start();
      const { call, ask, line, response } = await connect();
      const keyOf = (one: SipResponse): string =>
        attributeValues(parseSdp(one.body).media[0] ?? { attributes: [] }, 'crypto')[0] ?? '';
      const same = await ask('INVITE', sdpText(mediaPort, 'RTP/SAVP', [line]));
      assert.deepEqual([same.status, keyOf(same)], [200, keyOf(response)]);
      const held = await ask('INVITE', sdpText(mediaPort, 'RTP/SAVP', [line, 'a=sendonly'], { version: 2 }));
      assert.equal(held.status, 200);
      assert.ok(parseSdp(held.body).media[0]?.attributes.some(one => one.name === 'recvonly'));
      assert.notEqual(keyOf(held), keyOf(response));
      const before = call.stats().sent;
      await clock.sleep(150);
      assert.equal(call.stats().sent, before);
      const resumed = await ask('UPDATE', sdpText(mediaPort, 'RTP/SAVP', [cryptoLine()], { version: 3 }));
      assert.equal(resumed.status, 200);
      await reached(() => call.stats().sent > before, 'media after the resume');
      const worse = await ask('INVITE', sdpText(mediaPort, 'RTP/AVP', [], { version: 4 }));
      assert.deepEqual([worse.status, call.state], [415, 'up']);
    });

    it('answers BYE 200, stray requests 481, unknown methods 405, an old CSeq 500', async () => {
      await start();
      const { call, ask, dialog } = await connect();
      assert.equal((await ask('OPTIONS')).status, 200);
      assert.equal((await ask('INFO')).status, 405);
      assert.equal((await ask('REFER')).status, 603);
      const old = { ...dialog, localSequence: 0 };
      const late = await peer.send(address, buildRequest(old, 'OPTIONS'));
      assert.equal((await late.final).response.status, 500);
      assert.equal((await ask('BYE')).status, 200);
      assert.deepEqual(await call.ended, { reason: 'the peer hung up' });
      assert.equal((await ask('BYE')).status, 481);
      assert.equal((await ask('UPDATE')).status, 481);
    });

    it('repeats the 200 until its ACK (RFC 3261 13.3.1.4)', async () => {
      await start();
      let answers = 0;
      const request = inviteTo(peer, address, sdpText(mediaPort, 'RTP/SAVP', [cryptoLine()]));
      const transaction = await peer.send(address, request, {
        onResponse: response => {
          if (response.status === 200) answers++;
        },
      });
      const { response } = await transaction.final;
      await reached(() => answers >= 2, 'a repeated 200');
      peer.layer.send(
        transaction.flow,
        buildRequest({ ...dialogOfCaller(transaction.request, response), localSequence: 0 }, 'ACK'),
      );
      await clock.sleep(100);
      const before = answers;
      await clock.sleep(1200);
      assert.equal(answers, before);
    });

    it('answers CANCEL while it rings with 487, and frees the media ports', async () => {
      await start({ ring: 30 });
      const transaction = await peer.send(
        address,
        inviteTo(peer, address, sdpText(mediaPort, 'RTP/SAVP', [cryptoLine()])),
      );
      await clock.sleep(100);
      transaction.cancel();
      assert.equal((await transaction.final).response.status, 487);
      await clock.sleep(20);
      const again = createSocket('udp4');
      await new Promise<void>((resolve, reject) => {
        again.once('error', reject);
        again.bind(5004, address, resolve);
      });
      await new Promise<void>(resolve => again.close(() => resolve()));
    });

    it('refreshes by an unchanged re-INVITE at half time, and hangs up on 481 (RFC 4028 7.4)', async () => {
      await start({}, hurriedClock(60_000, 1200));
      const { call, response } = await connect([
        ['Supported', 'timer'],
        ['Session-Expires', '1800;refresher=uas'],
      ]);
      assert.equal(response.headers.get('Session-Expires'), '1800;refresher=uas');
      const refresh = await peer.next('INVITE');
      assert.equal(refresh.request.headers.get('Session-Expires'), '1800;refresher=uac');
      assert.equal(refresh.request.body.toString(), response.body.toString());
      refresh.respond(481);
      (await peer.next('BYE')).respond(200);
      assert.deepEqual(await call.ended, { reason: 'refresh answered 481' });
    });

    it("hangs up before the session expires without the peer's refresh (RFC 4028 10)", async () => {
      await start({}, hurriedClock(60_000, 1200));
      const { call, response } = await connect([
        ['Supported', 'timer'],
        ['Session-Expires', '1800;refresher=uac'],
      ]);
      assert.deepEqual(
        [response.headers.get('Session-Expires'), response.headers.get('Require')],
        ['1800;refresher=uac', 'timer'],
      );
      (await peer.next('BYE')).respond(200);
      assert.deepEqual(await call.ended, { reason: 'the session was not refreshed' });
    });
  });

  it('survives any input at its SIP port', async () => {
    await start();
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
    for (const text of texts) await new Promise<void>(resolve => socket.send(text, 5060, address, () => resolve()));
    const whole = inviteTo(peer, address, sdpText(4000, 'RTP/SAVP', [cryptoLine()]), [['Record-Route', '<<>']]);
    whole.headers.set('Contact', '<tel:+1>');
    await (await peer.send(address, whole)).final;
    const weird = createRequest('INVITE', 'tel:+123', {
      headers: [...inviteTo(peer, address, 'x').headers].filter(([name]) => name !== 'Content-Length'),
    });
    assert.equal((await (await peer.send(address, weird)).final).response.status, 416);
    assert.equal((await answerTo(sdpText(4000, 'RTP/SAVP', [cryptoLine()]))).status, 200);
    await new Promise<void>(resolve => socket.close(() => resolve()));
  });
});

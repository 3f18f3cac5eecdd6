// An established call of one unit: media, keep-alives, re-INVITEs and its end, message by message.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { encodeG711 } from '../../../cpe/voice/media/codecs/g711.ts';
import { encodeRtp } from '../../../cpe/voice/media/rtp.ts';
import { keyingOf, parseCrypto } from '../../../cpe/voice/media/sdes.ts';
import { SrtpReceiver, SrtpSender } from '../../../cpe/voice/media/srtp.ts';
import { createTone } from '../../../cpe/voice/media/tone.ts';
import { buildRequest, dialogOfCaller } from '../../../shared/sip/dialog.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import { attributeValues, parseSdp } from '../../../shared/sip/sdp.ts';
import { CallLab, clock } from '../../support/cpe/call-lab.ts';
import { assertTone, cryptoLine, hurriedClock, inviteTo, reached, sdpText } from '../../support/cpe/voice.ts';

describe('calls, message by message', () => {
  const lab = CallLab.inSuite();

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
      const arriving = new Promise<Call>(resolve => lab.unit.agent.incoming(resolve));
      const line = cryptoLine();
      const transaction = await lab.peer.send(
        lab.address,
        inviteTo(lab.peer, lab.address, sdpText(mediaPort, 'RTP/SAVP', [line]), headers),
      );
      const { response } = await transaction.final;
      assert.equal(response.status, 200);
      const dialog = dialogOfCaller(transaction.request, response);
      const ack = buildRequest({ ...dialog, localSequence: 0 }, 'ACK');
      lab.peer.layer.send(transaction.flow, ack);
      const call = await arriving;
      const answer = parseSdp(response.body);
      const theirs = parseCrypto(attributeValues(answer.media[0] ?? { attributes: [] }, 'crypto')[0] ?? '');
      const ask = async (method: string, body?: string): Promise<SipResponse> => {
        const parts = body === undefined ? {} : { body, contentType: 'application/sdp' };
        const contact: [string, string] = ['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`];
        const inside = await lab.peer.send(lab.address, buildRequest(dialog, method, { headers: [contact], ...parts }));
        const outcome = await inside.final;
        if (method === 'INVITE' && outcome.response.status === 200) {
          lab.peer.layer.send(inside.flow, buildRequest({ ...dialog, localSequence: dialog.localSequence - 1 }, 'ACK'));
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
        media.send(wire, port, lab.address);
        return wire;
      });
    };

    it('counts replays, forgeries and strangers in SRTP media, and ignores them', async () => {
      await lab.start({ tone: 700 });
      const heard: Buffer[] = [];
      media.on('message', bytes => heard.push(bytes));
      const { call, sender, receiver, port } = await connect();
      const wires = speak(sender, port, 30);
      for (const wire of wires.slice(0, 5)) media.send(wire, port, lab.address);
      for (let i = 0; i < 7; i++)
        media.send(
          Buffer.concat([wires[0]?.subarray(0, 40) ?? Buffer.alloc(0), Buffer.alloc(142, i)]),
          port,
          lab.address,
        );
      media.send('junk', port, lab.address);
      media.send(Buffer.alloc(0), port, lab.address);
      await reached(() => call.stats().received >= 30 && heard.length >= 30, 'media both ways');
      await reached(() => call.stats().replays + call.stats().authFailures >= 12, 'what was refused');
      const stats = call.stats();
      assert.equal(stats.received, 30);
      assert.equal(stats.replays + stats.authFailures, 12);
      assertTone(stats.tone, 1000, 'the unit');
      const opened = heard.map(bytes => receiver.unprotect(bytes)).filter(result => result.ok);
      assert.ok(opened.length >= 20 && opened.length >= heard.length - 1, `${opened.length} of ${heard.length}`);
      assert.ok(opened.every(result => result.ok && result.packet.readUInt16BE(2) < 0x8000 + 100));
      void call.hangup();
      (await lab.peer.next('BYE')).respond(200);
      await call.ended;
      const notice = lab.unit.heard.find(({ id }) => id === 9035)?.message;
      assert.match(notice ?? '', new RegExp(`: ${stats.authFailures} packets failed authentication\\.$`));
    });

    it('stops media on hold, resumes with new keys, and ignores an unchanged refresh', async () => {
      await lab.start();
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
      await lab.start();
      const { call, ask, dialog } = await connect();
      assert.equal((await ask('OPTIONS')).status, 200);
      assert.equal((await ask('INFO')).status, 405);
      assert.equal((await ask('REFER')).status, 400);
      const old = { ...dialog, localSequence: 0 };
      const late = await lab.peer.send(lab.address, buildRequest(old, 'OPTIONS'));
      assert.equal((await late.final).response.status, 500);
      assert.equal((await ask('BYE')).status, 200);
      assert.deepEqual(await call.ended, { reason: 'the peer hung up' });
      assert.equal((await ask('BYE')).status, 481);
      assert.equal((await ask('UPDATE')).status, 481);
    });

    it('repeats the 200 until its ACK (RFC 3261 13.3.1.4)', async () => {
      await lab.start();
      let answers = 0;
      const request = inviteTo(lab.peer, lab.address, sdpText(mediaPort, 'RTP/SAVP', [cryptoLine()]));
      const transaction = await lab.peer.send(lab.address, request, {
        onResponse: response => {
          if (response.status === 200) answers++;
        },
      });
      const { response } = await transaction.final;
      await reached(() => answers >= 2, 'a repeated 200');
      lab.peer.layer.send(
        transaction.flow,
        buildRequest({ ...dialogOfCaller(transaction.request, response), localSequence: 0 }, 'ACK'),
      );
      await clock.sleep(100);
      const before = answers;
      await clock.sleep(1200);
      assert.equal(answers, before);
    });

    it('answers CANCEL while it rings with 487, and frees the media ports', async () => {
      await lab.start({ ring: 30 });
      const transaction = await lab.peer.send(
        lab.address,
        inviteTo(lab.peer, lab.address, sdpText(mediaPort, 'RTP/SAVP', [cryptoLine()])),
      );
      await clock.sleep(100);
      transaction.cancel();
      assert.equal((await transaction.final).response.status, 487);
      await clock.sleep(20);
      const again = createSocket('udp4');
      await new Promise<void>((resolve, reject) => {
        again.once('error', reject);
        again.bind(5004, lab.address, resolve);
      });
      await new Promise<void>(resolve => again.close(() => resolve()));
    });

    it('refreshes by an unchanged re-INVITE at half time, and hangs up on 481 (RFC 4028 7.4)', async () => {
      await lab.start({}, hurriedClock(60_000, 1200));
      const { call, response } = await connect([
        ['Supported', 'timer'],
        ['Session-Expires', '1800;refresher=uas'],
      ]);
      assert.equal(response.headers.get('Session-Expires'), '1800;refresher=uas');
      const refresh = await lab.peer.next('INVITE');
      assert.equal(refresh.request.headers.get('Session-Expires'), '1800;refresher=uac');
      assert.equal(refresh.request.body.toString(), response.body.toString());
      refresh.respond(481);
      (await lab.peer.next('BYE')).respond(200);
      assert.deepEqual(await call.ended, { reason: 'refresh answered 481' });
    });

    it('follows the Contact of the 2xx to its refresh, and no other (12.2.1.2)', async () => {
      await lab.start({}, hurriedClock(60_000, 1200));
      const { call } = await connect([
        ['Supported', 'timer'],
        ['Session-Expires', '1800;refresher=uas'],
      ]);
      const port = lab.peer.server.port;
      for (const contact of [`<sip:moved@127.0.0.1:${port}>`, '<sips:200@127.0.0.1>', '<sip:200@[bad>']) {
        const refresh = await lab.peer.next('INVITE');
        const acks = lab.peer.acks.length;
        const body = sdpText(mediaPort, 'RTP/SAVP', [cryptoLine()]);
        refresh.respond(200, undefined, { headers: [['Contact', contact]], body, contentType: 'application/sdp' });
        await reached(() => lab.peer.acks.length > acks, 'the ACK');
        assert.equal(lab.peer.acks.at(-1)?.uri, `sip:moved@127.0.0.1:${port}`);
      }
      void call.hangup();
      assert.equal((await lab.peer.next('BYE')).request.uri, `sip:moved@127.0.0.1:${port}`);
    });

    it("hangs up before the session expires without the peer's refresh (RFC 4028 10)", async () => {
      await lab.start({}, hurriedClock(60_000, 1200));
      const { call, response } = await connect([
        ['Supported', 'timer'],
        ['Session-Expires', '1800;refresher=uac'],
      ]);
      assert.deepEqual(
        [response.headers.get('Session-Expires'), response.headers.get('Require')],
        ['1800;refresher=uac', 'timer'],
      );
      (await lab.peer.next('BYE')).respond(200);
      assert.deepEqual(await call.ended, { reason: 'the session was not refreshed' });
      assert.equal(
        lab.unit.heard.find(({ id }) => id === 9034)?.message,
        `Call of 100 with ${call.peer} given up: the session was not refreshed.`,
      );
    });
  });
});

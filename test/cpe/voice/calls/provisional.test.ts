// Provisional responses: reliable ones with their PRACK (RFC 3262), and early media, at both sides of a call.
import assert from 'node:assert/strict';
import type { CallFailed } from '../../../../cpe/voice/call/call.ts';
import { type CallSettings, factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import { reliableNumber } from '../../../../cpe/voice/provisional/acknowledged.ts';
import { buildAck, buildRequest, type Dialog, dialogOfCaller } from '../../../../shared/sip/dialog.ts';
import { createRequest, createResponse, type SipResponse } from '../../../../shared/sip/message.ts';
import type { ClientTransaction, ServerTransaction } from '../../../../shared/sip/transaction-types.ts';
import { CallLab, clock } from '../../../support/cpe/call-lab.ts';
import { cryptoLine, hurriedClock, inviteTo, reached, sdpText } from '../../../support/cpe/voice.ts';
import { mediaPort, withSdp } from '../../../support/voice/peer-call.ts';

type Prack = CallSettings['prack'];
const withPrack = (prack: Partial<Prack>, more: Partial<CallSettings> = {}): { calls: CallSettings } => ({
  calls: { ...factoryCallSettings, ...more, prack: { ...factoryCallSettings.prack, ...prack } },
});
const body = sdpText(40_000, 'RTP/SAVP', [cryptoLine()]);
const supports: [string, string][] = [['Supported', '100rel']];

describe('provisional responses, message by message', () => {
  const lab = CallLab.inSuite();
  const contact = (): [string, string] => ['Contact', `<sip:200@127.0.0.1:${lab.peer.server.port}>`];

  describe('of the peer', () => {
    const reliably = (invite: ServerTransaction, status: number, number: number, sdp = ''): SipResponse => {
      const headers: [string, string][] = [contact(), ['Require', '100rel'], ['RSeq', String(number)]];
      return invite.respond(status, undefined, { headers, ...(sdp === '' ? {} : withSdp(sdp)) });
    };

    it('are acknowledged by PRACK in order, and the dialog goes on counting', async () => {
      await lab.start(withPrack({ uac: 'supported' }));
      const placing = lab.unit.agent.call('100', '200');
      const invite = await lab.peer.next('INVITE');
      assert.deepEqual(invite.request.headers.all('Supported'), ['timer', 'replaces', '100rel']);
      assert.match(invite.request.headers.get('Allow') ?? '', /, PRACK$/);
      const number = (value = ''): number => Number(value.split(' ')[0]);
      const sequence = number(invite.request.headers.get('CSeq'));
      reliably(invite, 180, 7);
      const first = await lab.peer.next('PRACK');
      assert.equal(first.request.headers.get('RAck'), `7 ${sequence} INVITE`);
      first.respond(200);
      // A repetition and one out of order are not acknowledged.
      reliably(invite, 180, 7);
      reliably(invite, 180, 9);
      reliably(invite, 183, 8, body);
      const second = await lab.peer.next('PRACK');
      assert.equal(second.request.headers.get('RAck'), `8 ${sequence} INVITE`);
      second.respond(200);
      invite.respond(200, undefined, { headers: [contact()] });
      const call = await placing;
      void call.hangup();
      const bye = await lab.peer.next('BYE');
      assert.ok(number(bye.request.headers.get('CSeq')) > number(second.request.headers.get('CSeq')));
      bye.respond(200);
    });

    it('are required where the unit is set to, and the call fails at a peer without them', async () => {
      await lab.start(withPrack({ uac: 'required' }));
      const failing = assert.rejects(lab.unit.agent.call('100', '200'), (error: CallFailed) => error.status === 420);
      const invite = await lab.peer.next('INVITE');
      assert.equal(invite.request.headers.get('Require'), '100rel');
      invite.respond(420, undefined, { headers: [['Unsupported', '100rel']] });
      await failing;
    });

    it('with a session start the media, which is the answer of a 200 without one', async () => {
      await lab.start();
      const placing = lab.unit.agent.call('100', '200');
      const invite = await lab.peer.next('INVITE');
      const media = await mediaPort();
      invite.respond(183, undefined, {
        headers: [contact()],
        ...withSdp(sdpText(media.port, 'RTP/SAVP', [cryptoLine()])),
      });
      await reached(() => media.count() > 5, 'early media');
      invite.respond(200, undefined, { headers: [contact()] });
      const call = await placing;
      const before = call.stats().sent;
      assert.ok(before > 5, String(before));
      await reached(() => call.stats().sent > before, 'media of the call');
      await media.close();
    });

    it('are numbered from 1 to 2^32 - 1, and 100 is none of them', () => {
      const invite = createRequest('INVITE', 'sip:1@a.test', { headers: [['CSeq', '1 INVITE']] });
      const of = (status: number, rseq: string, require = '100rel'): number | undefined => {
        const headers: [string, string][] = [
          ['Require', require],
          ['RSeq', rseq],
        ];
        return reliableNumber(createResponse(invite, status, undefined, { headers }));
      };
      assert.deepEqual([of(180, '1'), of(183, '4294967295', 'x, 100REL')], [1, 4_294_967_295]);
      for (const bad of ['0', '4294967296', '-1', 'x', '']) assert.equal(of(180, bad), undefined);
      assert.deepEqual([of(100, '1'), of(200, '1'), of(180, '1', 'x')], [undefined, undefined, undefined]);
    });
  });

  describe('of the unit', () => {
    /** The peer calls; its early dialog, by which it acknowledges. */
    const calling = async (
      headers = supports,
    ): Promise<{ transaction: ClientTransaction; heard: SipResponse[]; early: () => Dialog }> => {
      const heard: SipResponse[] = [];
      const request = inviteTo(lab.peer, lab.address, body, headers);
      const transaction = await lab.peer.send(lab.address, request, { onResponse: one => heard.push(one) });
      await reached(() => heard.some(one => one.status > 100), 'a provisional response');
      let dialog: Dialog | undefined;
      return {
        transaction,
        heard,
        early: () => {
          dialog ??= dialogOfCaller(transaction.request, heard.find(one => one.status > 100) ?? assert.fail('none'));
          return dialog;
        },
      };
    };
    const prack = async (dialog: Dialog, rack: string, sdp = ''): Promise<number> => {
      const parts = { headers: [['RAck', rack]] as [string, string][], ...(sdp === '' ? {} : withSdp(sdp)) };
      const sent = await lab.peer.send(lab.address, buildRequest(dialog, 'PRACK', parts));
      return (await sent.final).response.status;
    };

    it('are repeated until their PRACK, and answered by it alone (RFC 3262 3)', async () => {
      await lab.start(withPrack({ uas: true }));
      const { transaction, heard, early } = await calling();
      const ringing = heard.find(one => one.status === 180);
      assert.equal(ringing?.headers.get('Require'), '100rel');
      const rseq = ringing?.headers.get('RSeq');
      assert.equal(await prack(early(), `${Number(rseq) + 1} 1 INVITE`), 481);
      assert.equal(await prack(early(), 'rubbish'), 481);
      assert.equal(await prack(early(), `${rseq} 1 INVITE`, body), 488);
      await reached(() => heard.filter(one => one.status === 180).length >= 2, 'a repetition');
      assert.equal(
        heard.some(one => one.status === 200),
        false,
      );
      assert.equal(await prack(early(), `${rseq} 1 INVITE`), 200);
      const { response } = await transaction.final;
      assert.equal(response.status, 200);
      lab.peer.layer.send(transaction.flow, buildAck(early(), transaction.request));
      assert.equal(await prack(early(), `${rseq} 1 INVITE`), 481);
    });

    it('are not reliable for a peer that does not know them, and 420 where the unit does not', async () => {
      await lab.start(withPrack({ uas: true }));
      const { heard, transaction } = await calling([]);
      assert.equal(heard.find(one => one.status === 180)?.headers.has('RSeq'), false);
      await transaction.final;
      await lab.unit.agent.stop({ silent: true });
      await lab.start();
      const refused = await lab.answerTo(body, [['Require', '100rel']]);
      assert.deepEqual([refused.status, refused.headers.get('Unsupported')], [420, '100rel']);
      assert.equal((await lab.answerTo(body, supports)).status, 200);
    });

    it('end in 504 without PRACK, and in 487 after CANCEL', async () => {
      await lab.start(withPrack({ uas: true }), hurriedClock(400, 100));
      const { transaction } = await calling();
      assert.equal((await transaction.final).response.status, 504);
      await lab.unit.agent.stop({ silent: true });
      await lab.start(withPrack({ uas: true }));
      const second = await calling();
      second.transaction.cancel();
      assert.equal((await second.transaction.final).response.status, 487);
      assert.equal(await prack(second.early(), '1 1 INVITE'), 481);
    });

    it('end with 480 when the unit stops, which does not wait for them', async () => {
      for (const [prack, ring] of [
        [false, 30],
        [true, 0],
      ] as const) {
        await lab.start({ ...withPrack({ uas: prack }), ring });
        const { transaction } = await calling();
        const began = clock.monotonic();
        await lab.unit.agent.stop();
        assert.ok(clock.monotonic() - began < 5_000);
        assert.equal((await transaction.final).response.status, 480);
      }
    });

    it('begin with 183 and the session where the unit is set to, and media goes before the answer', async () => {
      await lab.start({ ...withPrack({}, { earlyMedia: true }), ring: 30 });
      const media = await mediaPort();
      const request = inviteTo(lab.peer, lab.address, sdpText(media.port, 'RTP/SAVP', [cryptoLine()]));
      const heard: SipResponse[] = [];
      const transaction = await lab.peer.send(lab.address, request, { onResponse: one => heard.push(one) });
      await reached(() => media.count() > 5, 'early media');
      assert.deepEqual(
        heard.filter(one => one.status > 100).map(one => [one.status, one.body.length > 0]),
        [
          [183, true],
          [180, false],
        ],
      );
      transaction.cancel();
      await transaction.final;
      const before = media.count();
      await clock.sleep(150);
      assert.ok(media.count() <= before + 2);
      await media.close();
    });
  });
});

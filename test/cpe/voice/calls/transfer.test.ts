// Call transfer, message by message: the unit as transferor, as transferee and as target, at a peer that goes along and at one that does not.
import assert from 'node:assert/strict';
import type { CallFailed } from '../../../../cpe/voice/call/call.ts';
import { factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import type { MessageParts } from '../../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../../shared/sip/transaction-types.ts';
import { CallLab, clock } from '../../../support/cpe/call-lab.ts';
import { cryptoLine, hurriedClock, reached, sdpText } from '../../../support/cpe/voice.ts';
import { calledByUnit, callUnit, type PeerCall, withSdp } from '../../../support/voice/peer-call.ts';

const frag = (line: string, state: string, event = 'refer'): MessageParts => ({
  headers: [
    ['Event', event],
    ['Subscription-State', state],
  ],
  body: `${line}\r\n`,
  contentType: 'message/sipfrag;version=2.0',
});
const failed = (status: number) => (error: CallFailed) => error.name === 'CallFailed' && error.status === status;
const referTo = (value: string, ...more: [string, string][]): MessageParts => ({
  headers: [['Refer-To', value], ...more],
});

describe('call transfer, message by message', () => {
  const lab = CallLab.inSuite();
  const target = (): string => `sip:300@127.0.0.1:${lab.peer.server.port}`;

  describe('the unit as transferor', () => {
    it('asks by REFER, hears of the progress, and hangs up when the target is reached (RFC 3515)', async () => {
      await lab.start();
      const { call, ask } = await callUnit(lab);
      const done = call.transfer('300');
      const refer = await lab.peer.next('REFER');
      const { headers } = refer.request;
      assert.equal(headers.get('Refer-To'), '<sip:300@127.0.0.1>');
      assert.match(headers.get('Referred-By') ?? '', /^<sip:100@/);
      assert.ok(headers.has('Contact'));
      refer.respond(202);
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 100 Trying', 'active;expires=60'))).status, 200);
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 180 Ringing', 'active;expires=50'))).status, 200);
      assert.equal(call.state, 'up');
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 200 OK', 'terminated;reason=noresource'))).status, 200);
      (await lab.peer.next('BYE')).respond(200);
      await done;
      assert.deepEqual(await call.ended, { reason: 'transferred' });
    });

    it('keeps the call when the peer refuses, does not reach the target, or does not say', async () => {
      await lab.start();
      const { call, ask } = await callUnit(lab);
      const refused = assert.rejects(call.transfer('300'), failed(603));
      (await lab.peer.next('REFER')).respond(603);
      await refused;
      for (const [line, status] of [
        ['SIP/2.0 486 Busy Here', 486],
        ['SIP/2.0 100 Trying', 0],
      ] as const) {
        const failing = assert.rejects(call.transfer('300'), failed(status));
        (await lab.peer.next('REFER')).respond(202);
        await ask('NOTIFY', frag(line, 'terminated;reason=noresource'));
        await failing;
      }
      await assert.rejects(call.transfer('sip:[bad'), failed(400));
      await assert.rejects(call.transferTo(call), failed(481));
      assert.equal(call.state, 'up');
    });

    it('hears of the outcome after the peer has hung up, and of nothing twice', async () => {
      await lab.start();
      const { call, ask } = await callUnit(lab);
      const done = call.transfer('300');
      (await lab.peer.next('REFER')).respond(202);
      await assert.rejects(call.transfer('301'), failed(491));
      assert.equal((await ask('BYE')).status, 200);
      await call.ended;
      assert.equal((await ask('OPTIONS')).status, 481);
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 200 OK', 'terminated'))).status, 200);
      await done;
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 200 OK', 'terminated'))).status, 481);
    });

    it('gives up when no outcome comes, in the call or after it', async () => {
      await lab.start({}, hurriedClock(30_000, 200));
      const { call, ask } = await callUnit(lab);
      const never = assert.rejects(call.transfer('300'), failed(408));
      (await lab.peer.next('REFER')).respond(202);
      await never;
      const over = assert.rejects(call.transfer('300'), /ended before/);
      (await lab.peer.next('REFER')).respond(202);
      await ask('BYE');
      await over;
    });

    it('refuses a NOTIFY without subscription, of another event, or without sipfrag', async () => {
      await lab.start();
      const { call, ask } = await callUnit(lab);
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 200 OK', 'terminated'))).status, 481);
      assert.equal((await ask('NOTIFY', frag('SIP/2.0 200 OK', 'active', 'talk'))).status, 489);
      assert.equal((await ask('NOTIFY')).status, 489);
      const done = call.transfer('300');
      (await lab.peer.next('REFER')).respond(202);
      assert.equal((await ask('NOTIFY', frag('rubbish', 'active'))).status, 400);
      await ask('NOTIFY', frag('SIP/2.0 200 OK', 'terminated'));
      (await lab.peer.next('BYE')).respond(200);
      await done;
    });

    it('offers no service that is disabled', async () => {
      const services = { hold: false, blindTransfer: false, attendedTransfer: false };
      await lab.start({ calls: { ...factoryCallSettings, services } });
      const { call } = await callUnit(lab);
      for (const use of [() => call.hold(), () => call.transfer('300'), () => call.transferTo(call)])
        await assert.rejects(use(), failed(403));
    });

    it('names the dialog of the other call in Replaces for an attended transfer (RFC 3891)', async () => {
      await lab.start();
      const first = await callUnit(lab);
      const second = await calledByUnit(lab);
      const done = first.call.transferTo(second.call);
      const refer = await lab.peer.next('REFER');
      const { callId, localTag, remoteTag } = second.dialog;
      const value = encodeURIComponent(`${callId};to-tag=${localTag};from-tag=${remoteTag}`);
      assert.equal(refer.request.headers.get('Refer-To'), `<sip:200@127.0.0.1?Replaces=${value}>`);
      refer.respond(202);
      await first.ask('NOTIFY', frag('SIP/2.0 200 OK', 'terminated'));
      (await lab.peer.next('BYE')).respond(200);
      await done;
      assert.equal(second.call.state, 'up');
    });
  });

  describe('the unit as transferee', () => {
    /** The next NOTIFY of the unit: state and status line. */
    const notified = async (): Promise<[string, string, string]> => {
      const notify = await lab.peer.next('NOTIFY');
      notify.respond(200);
      const { headers, body } = notify.request;
      return [headers.get('Event') ?? '', headers.get('Subscription-State') ?? '', body.toString().trim()];
    };
    const answer = (invite: ServerTransaction): void => {
      const headers: [string, string][] = [['Contact', `<${target()}>`]];
      invite.respond(200, undefined, { headers, ...withSdp(sdpText(40_002, 'RTP/SAVP', [cryptoLine()])) });
    };

    it('calls the target and tells of each step, with Referred-By and Replaces passed on', async () => {
      await lab.start();
      const { ask, call } = await callUnit(lab);
      const referred = await ask(
        'REFER',
        referTo(`<${target()}?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2>`, ['Referred-By', '<sip:200@127.0.0.1>']),
      );
      assert.deepEqual([referred.status, referred.headers.has('Contact')], [202, true]);
      assert.deepEqual(await notified(), ['refer', 'active;expires=200', 'SIP/2.0 100 Trying']);
      const invite = await lab.peer.next('INVITE');
      assert.equal(invite.request.uri, target());
      assert.equal(invite.request.headers.get('Replaces'), 'abc;to-tag=1;from-tag=2');
      assert.equal(invite.request.headers.get('Referred-By'), '<sip:200@127.0.0.1>');
      assert.equal((await ask('REFER', referTo('<sip:301@127.0.0.1>'))).status, 603);
      invite.respond(180);
      assert.deepEqual(await notified(), ['refer', 'active;expires=200', 'SIP/2.0 180 Ringing']);
      answer(invite);
      assert.deepEqual(await notified(), ['refer', 'terminated;reason=noresource', 'SIP/2.0 200 OK']);
      assert.equal(lab.unit.agent.calls().length, 2);
      assert.equal(call.state, 'up');
      await ask('BYE');
      assert.equal(lab.unit.agent.calls().length, 1);
    });

    it('tells why the target was not reached, keeps the call, and takes the next REFER with an id', async () => {
      await lab.start();
      const { ask, call, dialog } = await callUnit(lab);
      await ask('REFER', referTo(`<${target()}>`));
      await notified();
      (await lab.peer.next('INVITE')).respond(486);
      assert.deepEqual(await notified(), ['refer', 'terminated;reason=noresource', 'SIP/2.0 486 Busy Here']);
      await ask('REFER', referTo(`<sips:300@127.0.0.1>`));
      const event = `refer;id=${dialog.localSequence}`;
      assert.deepEqual(await notified(), [event, 'active;expires=200', 'SIP/2.0 100 Trying']);
      assert.deepEqual(await notified(), [event, 'terminated;reason=noresource', 'SIP/2.0 416 Unsupported URI Scheme']);
      assert.equal(call.state, 'up');
    });

    it('refuses a REFER that it cannot carry out, inside a call and outside', async () => {
      await lab.start();
      const { ask } = await callUnit(lab);
      for (const [parts, status] of [
        [{}, 400],
        [referTo('<tel:+431>'), 416],
        [referTo('<sip:1@a.test;method=BYE>'), 603],
        [referTo(`<${target()}>`, ['Require', 'norefersub']), 420],
      ] as [MessageParts, number][])
        assert.equal((await ask('REFER', parts)).status, status);
    });

    it('carries out one of a flood of REFERs, and answers the others 603', async () => {
      await lab.start();
      const { ask, call } = await callUnit(lab);
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask('REFER', referTo(`<${target()}>`))));
      const statuses = answers.map(({ status }) => status);
      assert.equal(statuses.filter(status => status === 202).length, 1);
      assert.ok(
        statuses.every(status => [202, 603, 500].includes(status)),
        statuses.join(' '),
      );
      await notified();
      (await lab.peer.next('INVITE')).respond(404);
      await notified();
      assert.equal(call.state, 'up');
    });

    it('sends no NOTIFY more to a peer that refuses one', async () => {
      await lab.start();
      const { ask } = await callUnit(lab);
      await ask('REFER', referTo(`<${target()}>`));
      (await lab.peer.next('NOTIFY')).respond(481);
      const invite = await lab.peer.next('INVITE');
      await clock.sleep(50);
      answer(invite);
      await reached(() => lab.unit.agent.calls().length === 2, 'the new call');
      const another = lab.peer.next('NOTIFY').then(() => 'sent');
      assert.equal(await Promise.race([another, clock.sleep(150).then(() => 'none')]), 'none');
    });
  });

  describe('the unit as target', () => {
    const replacing = ({ dialog }: PeerCall, more = ''): [string, string][] => [
      ['Require', 'replaces'],
      ['Replaces', `${dialog.callId};to-tag=${dialog.remoteTag};from-tag=${dialog.localTag}${more}`],
    ];
    const body = sdpText(40_004, 'RTP/SAVP', [cryptoLine()]);

    it('takes the new call without ringing and hangs up the replaced one', async () => {
      await lab.start({ ring: 30 });
      const old = await calledByUnit(lab);
      const fresh = await callUnit(lab, replacing(old));
      (await lab.peer.next('BYE')).respond(200);
      assert.deepEqual(await old.call.ended, { reason: 'replaced by another call' });
      assert.deepEqual(lab.unit.agent.calls(), [fresh.call]);
    });

    it('answers 481 for a dialog that is not there, 400 for a bad Replaces, 486 for early-only', async () => {
      const accounts = ['100', '101'].map(user => ({ user, register: true, password: 'x' }));
      await lab.start({ accounts });
      const old = await callUnit(lab);
      const [require] = replacing(old);
      const cases: [string, number][] = [
        ['nothing;to-tag=1;from-tag=2', 481],
        ['rubbish', 400],
        [replacing(old, ';early-only')[1]?.[1] ?? '', 486],
      ];
      for (const [value, status] of cases)
        assert.equal((await lab.answerTo(body, [require ?? ['Require', ''], ['Replaces', value]])).status, status);
      const twice = [...replacing(old), ...replacing(old).slice(1)];
      assert.equal((await lab.answerTo(body, twice)).status, 400);
      assert.equal(old.call.state, 'up');
    });

    it('answers 481 to the INVITE of one account that replaces the call of another', async () => {
      const accounts = ['100', '101'].map(user => ({ user, register: true, password: 'x' }));
      await lab.start({ accounts });
      const placing = lab.unit.agent.call('101', '200');
      const invite = await lab.peer.next('INVITE');
      const headers: [string, string][] = [['Contact', `<${target()}>`]];
      const answered = invite.respond(200, undefined, { headers, ...withSdp(body) });
      const call = await placing;
      const tag = (value = ''): string => /tag=([^;]+)/.exec(value)?.[1] ?? '';
      const value = `${answered.headers.get('Call-ID')};to-tag=${tag(answered.headers.get('From'))};from-tag=${tag(answered.headers.get('To'))}`;
      assert.equal((await lab.answerTo(body, [['Replaces', value]])).status, 481);
      assert.equal(call.state, 'up');
    });

    it('keeps the old call when the new one is refused', async () => {
      await lab.start();
      const old = await callUnit(lab);
      assert.equal((await lab.answerTo(sdpText(40_004, 'RTP/AVP'), replacing(old))).status, 415);
      assert.equal(old.call.state, 'up');
    });
  });
});

// Mailboxes: the subscription of an account, what the server tells, and how the subscription ends (RFC 3842, RFC 6665).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mailboxOf } from '../../../../cpe/services/sip/mailboxes.ts';
import type { MailboxView } from '../../../../cpe/voice/events/mailboxes.ts';
import { readMessageSummary } from '../../../../cpe/voice/events/message-summary.ts';
import { buildRequest, type Dialog, dialogOfCallee } from '../../../../shared/sip/dialog.ts';
import { createRequest, createResponse, type SipResponse } from '../../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../../shared/sip/transaction-types.ts';
import { CallLab } from '../../../support/cpe/call-lab.ts';
import { Gateways } from '../../../support/cpe/gateways.ts';
import { hurriedClock, reached } from '../../../support/cpe/voice.ts';

const summary = 'Messages-Waiting: yes\r\nMessage-Account: sip:100@lab.test\r\nVoice-Message: 2/8 (0/2)\r\n';

describe('a message summary', () => {
  it('says whether messages wait, and counts those of the voice (RFC 3842 5.2)', () => {
    const read = (text: string) => readMessageSummary(Buffer.from(text));
    assert.deepEqual(read(summary), { waiting: true, voice: { new: 2, old: 8 } });
    assert.deepEqual(read('messages-waiting:NO'), { waiting: false });
    assert.deepEqual(read('Messages-Waiting: no\nVoice-Message: x/y\nFax-Message: 1/1'), { waiting: false });
    for (const text of ['', 'Voice-Message: 1/1', 'Messages-Waiting: maybe', 'Messages-Waiting'])
      assert.equal(read(text), undefined);
    const property = fc.property(fc.uint8Array({ maxLength: 5000 }), bytes => {
      const found = readMessageSummary(Buffer.from(bytes));
      assert.ok(found === undefined || typeof found.waiting === 'boolean');
    });
    fc.assert(property, { seed: 15, numRuns: 300 });
  });
});

describe('mailboxes, message by message', () => {
  const lab = CallLab.inSuite();
  const start = (time = hurriedClock(3_000_000, 1000)): Promise<unknown> => {
    const mailbox = { uri: 'sip:100@voicemail.test', host: 'voicemail.test' };
    const accounts = [{ user: '100', register: true, password: 'x', mailbox }];
    return lab.start({ accounts, retryTime: 3_500 }, time);
  };
  const view = (): MailboxView => lab.unit.agent.mailboxes()[0] ?? assert.fail('no mailbox');
  const accept = (subscribe: ServerTransaction, expires = 3600): Dialog => {
    const headers: [string, string][] = [
      ['Contact', `<sip:mail@127.0.0.1:${lab.peer.server.port}>`],
      ['Expires', String(expires)],
    ];
    return dialogOfCallee(subscribe.request, subscribe.respond(200, undefined, { headers }));
  };
  const tell = async (dialog: Dialog, body: string, state = 'active;expires=3000'): Promise<SipResponse> => {
    const headers: [string, string][] = [
      ['Event', 'message-summary'],
      ['Subscription-State', state],
    ];
    const content = body === '' ? {} : { body, contentType: 'application/simple-message-summary' };
    const sent = await lab.peer.send(lab.address, buildRequest(dialog, 'NOTIFY', { headers, ...content }));
    return (await sent.final).response;
  };

  it('are subscribed to, refreshed in their dialog, and unsubscribed from when the unit stops', async () => {
    await start();
    const subscribe = await lab.peer.next('SUBSCRIBE');
    const { uri, headers } = subscribe.request;
    assert.deepEqual(
      [uri, headers.get('Event'), headers.get('Expires')],
      ['sip:100@voicemail.test', 'message-summary', '3600'],
    );
    assert.equal(view().state, 'Subscribing');
    const dialog = accept(subscribe);
    await reached(() => view().state === 'Subscribed', 'the subscription');
    assert.equal((await tell(dialog, summary)).status, 200);
    assert.deepEqual(view().messages, { waiting: true, voice: { new: 2, old: 8 } });
    assert.equal((await tell(dialog, 'Messages-Waiting: no\r\n')).status, 200);
    assert.equal(view().messages?.waiting, false);
    const refresh = await lab.peer.next('SUBSCRIBE');
    assert.equal(refresh.request.headers.get('Call-ID'), headers.get('Call-ID'));
    assert.match(refresh.request.headers.get('To') ?? '', /;tag=/);
    accept(refresh);
    await reached(() => view().state === 'Subscribed', 'the refresh');
    const stopped = lab.unit.agent.stop();
    const last = await lab.peer.next('SUBSCRIBE');
    assert.equal(last.request.headers.get('Expires'), '0');
    last.respond(200);
    await stopped;
  });

  it('are told before the answer, and refuse a body without summary and a stranger', async () => {
    await start();
    const subscribe = await lab.peer.next('SUBSCRIBE');
    // The dialog of the answer that is still to come.
    const early = dialogOfCallee(
      subscribe.request,
      createResponse(subscribe.request, 200, undefined, { toTag: subscribe.localTag }),
    );
    assert.equal((await tell(early, summary)).status, 200);
    assert.equal(view().messages?.voice?.new, 2);
    assert.equal((await tell(early, 'rubbish')).status, 400);
    assert.equal((await tell({ ...early, localTag: 'x' }, '')).status, 200);
    assert.equal((await tell({ ...early, callId: 'another' }, summary)).status, 481);
    const dialog = accept(subscribe);
    await reached(() => view().state === 'Subscribed', 'the subscription');
    assert.equal((await tell({ ...dialog, localTag: 'x' }, summary)).status, 481);
    assert.equal((await tell({ ...dialog, localSequence: 5 }, summary)).status, 200);
    assert.equal((await tell({ ...dialog, localSequence: 1 }, summary)).status, 500);
  });

  for (const [answer, state] of [
    [403, 'Rejected'],
    [401, 'AuthFailed'],
    [200, 'InvalidResponse'],
  ] as const)
    it(`are ${state} after ${answer}, and asked for again`, async () => {
      await start();
      (await lab.peer.next('SUBSCRIBE')).respond(answer);
      await reached(() => view().state === state, state);
      accept(await lab.peer.next('SUBSCRIBE'));
      await reached(() => view().state === 'Subscribed', 'the subscription');
    });

  it('are asked for with the time that a 423 demands, and again after the server has ended them', async () => {
    await start(hurriedClock(4_000, 50));
    (await lab.peer.next('SUBSCRIBE')).respond(423, undefined, { headers: [['Min-Expires', '7200']] });
    const longer = await lab.peer.next('SUBSCRIBE');
    assert.equal(longer.request.headers.get('Expires'), '7200');
    const dialog = accept(longer, 7200);
    await reached(() => view().state === 'Subscribed', 'the subscription');
    assert.equal((await tell(dialog, '', 'terminated;reason=timeout')).status, 200);
    const fresh = await lab.peer.next('SUBSCRIBE');
    assert.notEqual(fresh.request.headers.get('Call-ID'), longer.request.headers.get('Call-ID'));
    accept(fresh);
  });

  it('may be told of without a subscription, by a server and for a user with a mailbox', async () => {
    await start();
    accept(await lab.peer.next('SUBSCRIBE'));
    const told = async (user: string): Promise<number> => {
      const request = createRequest('NOTIFY', `sip:${user}@${lab.address}`, {
        headers: [
          ['Max-Forwards', '70'],
          ['From', '<sip:127.0.0.1>;tag=server'],
          ['To', `<sip:${user}@${lab.address}>`],
          ['Call-ID', `unsolicited-${user}`],
          ['CSeq', '1 NOTIFY'],
          ['Event', 'message-summary'],
        ],
        body: summary,
        contentType: 'application/simple-message-summary',
      });
      return (await (await lab.peer.send(lab.address, request)).final).response.status;
    };
    assert.deepEqual([await told('100'), await told('999')], [200, 481]);
    assert.equal(view().messages?.waiting, true);
  });

  it('come from MwiSubscribe and the messaging host, or the gateway’s domain', async () => {
    await start();
    const gateways = await Gateways.open();
    const mailbox = async (parameters: Record<string, string>) => {
      const { device } = await gateways.make({ profile: { parameters, certificates: [] } });
      return mailboxOf(device, 'default', 'Phone-Fax1', '100');
    };
    const on = { 'SipEp.UserAgent[EpId=Phone-Fax1].MwiSubscribe': 'Enable' };
    assert.equal(await mailbox({}), undefined);
    const domain = { 'SipEp.Gateway[Name=default].Domain': 'example.test' };
    assert.deepEqual(await mailbox({ ...on, ...domain }), { uri: 'sip:100@example.test', host: 'example.test' });
    const host = { 'SipEp.DefaultStaticMessagingHost': 'mail.test:5070' };
    assert.deepEqual(await mailbox({ ...on, ...host }), { uri: 'sip:mail.test:5070', host: 'mail.test:5070' });
    await gateways.close();
  });
});

// Dialogs: what each end remembers, requests inside, strict and loose routes, repeated 2xx (RFC 3261 12, 13.3.1.4).
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../shared/clock.ts';
import {
  acceptRequest,
  buildAck,
  buildRequest,
  dialogKey,
  dialogOfCallee,
  dialogOfCaller,
  repeatUntilAcknowledged,
} from '../../../shared/sip/dialog.ts';
import { createRequest, createResponse, type SipRequest, SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';

const invite = (routes: string[]): SipRequest =>
  createRequest('INVITE', 'sip:100@lab.test', {
    headers: [
      ['Via', 'SIP/2.0/TLS 192.0.2.1:16000;branch=z9hG4bK1'],
      ...routes.map((route): [string, string] => ['Record-Route', route]),
      ['From', '"Unit; tag=x" <sip:101@lab.test>;tag=a1'],
      ['To', '<sip:100@lab.test>'],
      ['Call-ID', 'c1'],
      ['CSeq', '41 INVITE'],
      ['Contact', '<sip:101@192.0.2.1:16000;transport=tls>'],
    ],
  });
const accepted = (request: SipRequest) =>
  createResponse(request, 200, undefined, {
    toTag: 'b2',
    headers: [['Contact', '<sip:100@192.0.2.2:16000;transport=tls>']],
  });
const loose = ['<sip:p2.test;lr>, <sip:p1.test;lr>'];

describe('dialogs', () => {
  it('give caller and callee the same call from both ends (12.1)', () => {
    const request = invite(loose);
    const response = accepted(request);
    const caller = dialogOfCaller(request, response);
    const callee = dialogOfCallee(request, response);
    assert.deepEqual(caller.routeSet, ['<sip:p1.test;lr>', '<sip:p2.test;lr>']);
    assert.deepEqual(callee.routeSet, ['<sip:p2.test;lr>', '<sip:p1.test;lr>']);
    assert.equal(caller.local, '"Unit; tag=x" <sip:101@lab.test>');
    const bye = buildRequest(caller, 'BYE');
    assert.equal(bye.uri, 'sip:100@192.0.2.2:16000;transport=tls');
    assert.equal(bye.headers.get('CSeq'), '42 BYE');
    assert.equal(dialogKey(bye, 'in'), callee.key);
    assert.equal(dialogKey(bye, 'out'), caller.key);
    const hold = buildRequest(callee, 'INVITE', { headers: [['Contact', '<sip:100@192.0.2.3>']] });
    assert.equal(hold.headers.get('CSeq'), '1 INVITE');
    assert.equal(dialogKey(hold, 'in'), caller.key);
    assert.equal(acceptRequest(caller, hold), true);
    assert.equal(caller.remoteTarget, 'sip:100@192.0.2.3');
    assert.equal(buildRequest(callee, 'BYE').headers.get('CSeq'), '2 BYE');
  });

  it('put the CSeq number of the INVITE into its ACK (13.2.2.4)', () => {
    const request = invite([]);
    const dialog = dialogOfCaller(request, accepted(request));
    const ack = buildAck(dialog, request);
    assert.equal(ack.headers.get('CSeq'), '41 ACK');
    assert.equal(ack.headers.has('Route'), false);
  });

  it('put a strict router in the place of the Request-URI (12.2.1.1)', () => {
    const request = invite(['<sip:p2.test;lr>, <sip:p1.test;x=1?h=v>']);
    const bye = buildRequest(dialogOfCaller(request, accepted(request)), 'BYE');
    assert.equal(bye.uri, 'sip:p1.test;x=1');
    assert.deepEqual(bye.headers.all('Route'), ['<sip:p2.test;lr>', '<sip:100@192.0.2.2:16000;transport=tls>']);
  });

  it('refuse a request behind the last one, and accept a gap (12.2.2)', () => {
    const request = invite([]);
    const callee = dialogOfCallee(request, accepted(request));
    const caller = dialogOfCaller(request, accepted(request));
    caller.localSequence = 50;
    assert.equal(acceptRequest(callee, buildRequest(caller, 'INFO')), true);
    caller.localSequence = 45;
    assert.equal(acceptRequest(callee, buildRequest(caller, 'INFO')), false);
  });

  it('refuse a response without a Contact', () => {
    const request = invite([]);
    assert.throws(() => dialogOfCaller(request, createResponse(request, 200)), SipSyntaxError);
  });

  it('repeat a 2xx up to every T2 until its ACK, or end after 64 × T1 (13.3.1.4)', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const sent: number[] = [];
    const transaction = { send: () => void sent.push(clock.now() - start) } as unknown as ServerTransaction;
    let givenUp = 0;
    const response = accepted(invite([]));
    repeatUntilAcknowledged(transaction, response, clock, () => givenUp++);
    await clock.advance(60_000);
    assert.deepEqual(sent, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert.equal(givenUp, 1);
    const stop = repeatUntilAcknowledged(transaction, response, clock, () => givenUp++);
    await clock.advance(600);
    stop();
    await clock.advance(60_000);
    assert.deepEqual([sent.length, givenUp], [11, 1]);
  });
});

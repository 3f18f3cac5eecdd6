// The trace of SIP messages: what it shows, hides, bounds and draws.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { VirtualClock } from '../../../shared/clock.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { createRequest, createResponse, formatMessage, type SipMessage } from '../../../shared/sip/message.ts';
import { maskedSip } from '../../../shared/sip/trace/masking.ts';
import { conversationText, SipTrace } from '../../../shared/sip/trace/trace.ts';

const flow = { protocol: 'tls', remote: { host: '192.0.2.1', port: 5061 } } as Flow;
const invite = (callId: string, body = '', headers: [string, string][] = []) =>
  createRequest('INVITE', 'sip:101@sip.test', {
    headers: [
      ['From', '"A" <sip:100:secret@sip.test>;tag=1'],
      ['To', '<sip:101@sip.test>'],
      ['Call-ID', callId],
      ['CSeq', '1 INVITE'],
      ...headers,
    ],
    ...(body === '' ? {} : { body, contentType: 'application/sdp' }),
  });
const traced = (isMasked = true): { trace: SipTrace; take: (d: 'sent' | 'received', m: SipMessage) => void } => {
  const trace = new SipTrace(new VirtualClock(), { isMasked });
  return { trace, take: (direction, message) => trace.tap(direction, message, formatMessage(message), flow) };
};

describe('SIP trace', () => {
  it('draws a conversation as a ladder', () => {
    const { trace, take } = traced();
    const request = invite('c1', 'v=0\r\nm=audio 5004 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\n');
    take('sent', request);
    take('received', createResponse(request, 486, 'Busy\u001b[2J Here'));
    const [conversation] = trace.conversations();
    assert.ok(conversation);
    const lines = conversationText(conversation).split('\n');
    assert.match(
      lines[0] ?? '',
      /^sip:100:\*\*\*@sip\.test -> sip:101@sip\.test {2}\S+Z {2}tls 192\.0\.2\.1:5061 {2}Call-ID c1$/,
    );
    assert.match(
      lines[2] ?? '',
      /^ \|-- INVITE sip:101@sip\.test -+>\| {2}\+0 ms {2}\d+ bytes {2}\(SDP RTP\/SAVP SDES\)$/,
    );
    assert.match(lines[3] ?? '', /^ \|<-- 486 Busy\?\[2J Here \(INVITE\) -+\| {2}\+0 ms {2}\d+ bytes$/);
  });

  it('keeps the last conversations and the last messages of each', () => {
    const { trace, take } = traced();
    for (let at = 0; at < 150; at++) take('sent', invite('long'));
    for (let at = 0; at < 49; at++) take('received', invite(`c${at}`));
    assert.equal(trace.conversations().length, 50);
    const long = trace.conversations().find(one => one.callId === 'long');
    assert.deepEqual([long?.messages.length, long?.omitted], [100, 50]);
    take('sent', invite('another'));
    assert.equal(
      trace.conversations().some(one => one.callId === 'long'),
      false,
    );
  });

  it('clips a message to its bound', () => {
    const { trace, take } = traced();
    take('sent', invite('big', '', [['X-Long', 'x'.repeat(16_000)]]));
    assert.ok((trace.conversations()[0]?.messages[0]?.text.length ?? 0) < 8100);
  });

  it('keeps no more than its bound of all messages together', () => {
    const { trace, take } = traced();
    for (let at = 0; at < 40; at++)
      for (let message = 0; message < 100; message++)
        take('sent', invite(`c${at}`, '', [['X-Long', 'x'.repeat(8000)]]));
    const texts = trace.conversations().flatMap(({ messages }) => messages.map(({ text }) => text.length));
    const characters = texts.reduce((sum, length) => sum + length, 0);
    assert.ok(characters <= 4 * 1024 * 1024 && characters > 3 * 1024 * 1024, String(characters));
  });

  it('shows secrets when it is told to', () => {
    const { trace, take } = traced(false);
    take('sent', invite('c', 'v=0\r\na=crypto:1 S inline:abc\r\n'));
    assert.match(trace.conversations()[0]?.messages[0]?.text ?? '', /inline:abc/);
  });
});

describe('masked SIP', () => {
  it('has no answer to a challenge, no key and no password', () => {
    const key = Buffer.alloc(30, 1).toString('base64');
    const cases: [string, string][] = [
      [
        'Authorization: Digest username="100", response="0123", uri="x"\r',
        'Authorization: Digest username="100", response="***", uri="x"\r',
      ],
      ['proxy-authorization : Digest response = "ab"', 'proxy-authorization : Digest response="***"'],
      ['Authorization: Basic abc', 'Authorization: ***'],
      [`a=crypto:1 AES inline:${key}|2^20|1:4;inline:${key}\r`, 'a=crypto:1 AES inline:***|2^20|1:4;inline:***\r'],
      [`a=key-mgmt:mikey ${key}\r`, 'a=key-mgmt:mikey ***\r'],
      [`a=key-mgmt:mikey AQ\r${key}\r`, 'a=key-mgmt:mikey ***\r'],
      ['k=base64:abc\r', 'k=base64:***\r'],
      ['k=base64:a\rbc\r', 'k=base64:***\r'],
      ['From: <sip:100:pw@h>', 'From: <sip:100:***@h>'],
      ['To: <sip:100@h:5061>', 'To: <sip:100@h:5061>'],
      ['WWW-Authenticate: Digest nonce="abc"', 'WWW-Authenticate: Digest nonce="abc"'],
    ];
    for (const [line, wanted] of cases) assert.equal(maskedSip(line), wanted);
    const whole = cases.map(([line]) => line).join('\n');
    assert.equal(maskedSip(whole), cases.map(([, wanted]) => wanted).join('\n'));
  });

  it('has no answer to a challenge that is folded or without quotes', () => {
    for (const end of ['\r\n', '\n']) {
      const folded = ['Authorization: Digest username="100",', '\tresponse="0123",', ' uri="x"', 'To: <sip:100@h>'];
      assert.equal(
        maskedSip(folded.join(end)),
        ['Authorization: Digest username="100",', '\t***', ' ***', 'To: <sip:100@h>'].join(end),
      );
      assert.doesNotMatch(maskedSip(`Authorization:${end} Basic abc${end}${end}`), /abc/);
    }
    assert.equal(
      maskedSip('Authorization: Digest response=0123, uri="x"'),
      'Authorization: Digest response="***", uri="x"',
    );
  });

  it('never shows a key, wherever it stands in a description', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 30, maxLength: 46 }),
        fc.constantFrom('\r\n', '\n'),
        fc.integer({ min: 1, max: 9 }),
        (bytes, end, tag) => {
          const key = Buffer.from(bytes).toString('base64');
          const text = ['v=0', `a=key-mgmt:mikey ${key}`, `a=crypto:${tag} X inline:${key}`, 's=-'].join(end);
          return !maskedSip(text).includes(key) && maskedSip(text).split(end).length === 4;
        },
      ),
      { seed: 15 },
    );
  });
});

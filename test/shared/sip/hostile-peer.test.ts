// Messages that a peer sends on purpose: no parser takes time that grows faster than its text, and no port is taken unchecked.
import assert from 'node:assert/strict';
import { guardedClock, VirtualClock } from '../../../shared/clock.ts';
import { readPort } from '../../../shared/net/port.ts';
import { parseCSeq, parseVia, seconds } from '../../../shared/sip/fields.ts';
import { createFramer } from '../../../shared/sip/framing.ts';
import { Headers, parseMessage, type SipRequest } from '../../../shared/sip/message.ts';
import { parseSdp } from '../../../shared/sip/sdp.ts';
import { parseNameAddr, parseUri, tagOf } from '../../../shared/sip/uri.ts';

const LENGTH = 16_000;
const many = (text: string): string => text.repeat(Math.ceil(LENGTH / text.length));

const cseq = (text: string): SipRequest => ({
  kind: 'request',
  method: 'OPTIONS',
  uri: 'sip:a',
  headers: new Headers([['CSeq', text]]),
  body: Buffer.alloc(0),
});
const sdp = (line: string): string => `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${line}\r\n`;

const parsers: Record<string, (text: string) => unknown> = {
  Via: parseVia,
  CSeq: text => parseCSeq(cseq(text)),
  Expires: seconds,
  'name-addr': parseNameAddr,
  tag: tagOf,
  URI: parseUri,
  SDP: text => parseSdp(sdp(text)),
  'a header list': text => new Headers([['Via', text]]).list('Via'),
  message: text => parseMessage(Buffer.from(`OPTIONS sip:a SIP/2.0\r\n${text}\r\n\r\n`)),
};

function timeOf(parse: (text: string) => unknown, text: string): number {
  const before = performance.now();
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof Error && /Sip|Sdp|Malformed/.test(error.name), String(error));
  }
  return performance.now() - before;
}

const heads = [
  '',
  'SIP/2.0/UDP a',
  'SIP/2.0/UDP',
  'SIP',
  '1',
  'sip:',
  'sip:a@',
  '"',
  '<sip:a>',
  'm=audio 1 a',
  'm=',
  'V: ',
];
const fillers = [' ', '\t', ':', ';', '; ', 'a', '1', ' a', '/', ',', '"', '\\', '<', '@', '[', '=', '-.', ': '];
const tails = ['', 'x', ':x', ' x:', '!', '\u0000', ';x'];

describe('SIP from a hostile peer', () => {
  for (const [name, parse] of Object.entries(parsers)) {
    it(`B6: reads ${name} in time that grows with the text`, () => {
      for (const head of heads) {
        for (const filler of fillers) {
          for (const tail of tails) {
            const text = `${head}${many(filler)}${tail}`;
            // The quickest of three: another process may have had the processor.
            const took = Math.min(...[0, 1, 2].map(() => timeOf(parse, text)));
            assert.ok(took < 100, `${[head, filler, tail].map(part => JSON.stringify(part)).join(' ')}: ${took} ms`);
          }
        }
      }
    }).timeout(30_000);
  }

  it('B6: frames a body that comes byte by byte without reading its head again', () => {
    let messages = 0;
    const feed = createFramer({
      message: () => messages++,
      crlf: () => undefined,
      broken: reason => assert.fail(reason),
    });
    const head = `OPTIONS sip:a SIP/2.0\r\nX: ${many('l')}\r\nl: 20000\r\n\r\n`;
    const before = performance.now();
    feed(Buffer.from(head));
    for (let at = 0; at < 20_000; at++) feed(Buffer.from('b'));
    assert.equal(messages, 1);
    assert.ok(performance.now() - before < 2000);
  });

  it('B6: takes no port that a socket refuses', () => {
    assert.equal(readPort('5060'), 5060);
    assert.equal(readPort('65535'), 65_535);
    for (const text of ['0', '00000', '65536', '99999', '-1', '1e3', ' 1', '', undefined])
      assert.equal(readPort(text), undefined);
    for (const text of ['a:0', 'a:65536', 'a:', '[::1]:0', 'a:5060:1'])
      assert.throws(() => parseVia(`SIP/2.0/UDP ${text}`));
    assert.throws(() => parseUri('sip:100@127.0.0.1:0'));
    assert.equal(parseVia('SIP / 2.0 / UDP [::1] : 5061 ;branch=z').port, 5061);
  });

  it('B6: lets no error out of a timer', async () => {
    const told: unknown[] = [];
    const virtual = new VirtualClock();
    const clock = guardedClock(virtual, error => told.push(error));
    clock.after(10, () => assert.fail('on purpose'));
    let later = false;
    clock.after(20, () => {
      later = true;
    });
    await virtual.advance(30);
    assert.ok(later);
    assert.equal(told.length, 1);
  });
});

// Refer-To, Replaces and sipfrag, read and written.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatReferTo,
  formatReplaces,
  formatSipfrag,
  parseReplaces,
  type Replaces,
  readReferTo,
  readSipfrag,
  replacesOf,
} from '../../../../cpe/voice/transfer/refer.ts';
import { createRequest, type SipRequest, SipSyntaxError } from '../../../../shared/sip/message.ts';

const word = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/);
const replaces: fc.Arbitrary<Replaces> = fc.record(
  { callId: fc.stringMatching(/^[A-Za-z0-9.%*_+@-]{1,20}$/), toTag: word, fromTag: word, earlyOnly: fc.boolean() },
  { noNullPrototype: true },
);
const seed = { seed: 15, numRuns: 300 };

const refer = (...values: string[]): SipRequest =>
  createRequest('REFER', 'sip:100@lab.test', { headers: values.map(value => ['Refer-To', value]) });

describe('the headers of a transfer', () => {
  it('reads the Replaces that it writes, inside a Refer-To too', () => {
    fc.assert(
      fc.property(replaces, one => {
        assert.deepEqual(parseReplaces(formatReplaces(one)), one);
        assert.deepEqual(readReferTo(refer(formatReferTo('sip:101@lab.test', one))), {
          uri: 'sip:101@lab.test',
          replaces: one,
        });
      }),
      seed,
    );
  });

  it('takes the tags in either order, and spaces around them (RFC 3891 6.1)', () => {
    const read = parseReplaces('98732@sip.example.com ;from-tag=r33th4x0r; to-tag=ff87ff');
    assert.deepEqual(read, {
      callId: '98732@sip.example.com',
      toTag: 'ff87ff',
      fromTag: 'r33th4x0r',
      earlyOnly: false,
    });
  });

  it('refuses a Replaces without call, without one of its tags, or with two of one', () => {
    const bad = [
      '',
      ';to-tag=a;from-tag=b',
      'x',
      'x;to-tag=a',
      'x;to-tag=;from-tag=b',
      'x;to-tag=a;from-tag=b;to-tag=c',
    ];
    for (const text of [...bad, 'x y;to-tag=a;from-tag=b', 'x;to-tag=a\r\nVia: b;from-tag=c'])
      assert.throws(() => parseReplaces(text), SipSyntaxError, text);
    const twice = createRequest('INVITE', 'sip:100@lab.test', {
      headers: [1, 2].map(() => ['Replaces', 'x;to-tag=a;from-tag=b']),
    });
    assert.throws(() => replacesOf(twice), /more than one/);
  });

  const refused: [string, string[], number][] = [
    ['no Refer-To', [], 400],
    ['two', ['<sip:1@a.test>', '<sip:2@a.test>'], 400],
    ['two in one line', ['<sip:1@a.test>, <sip:2@a.test>'], 400],
    ['a telephone URI', ['<tel:+431>'], 416],
    ['another method', ['<sip:1@a.test;method=BYE>'], 603],
    ['a bad escape', ['<sip:1@a.test?Replaces=%E0%A4%A>'], 400],
    ['two Replaces', ['<sip:1@a.test?Replaces=x&Replaces=y>'], 400],
    ['no address', ['hello'], 400],
  ];
  for (const [what, values, status] of refused)
    it(`answers ${status} to ${what}`, () => {
      assert.throws(
        () => readReferTo(refer(...values)),
        (error: unknown) => error instanceof SipSyntaxError && error.status === status,
      );
    });

  it('drops every other header that the URI carries (RFC 3261 19.1.5)', () => {
    const { uri, replaces } = readReferTo(refer('<sip:1@a.test;method=INVITE?Route=%3Csip:evil%3E&subject=x>'));
    assert.deepEqual([uri, replaces], ['sip:1@a.test', undefined]);
  });

  it('reads the status line of a sipfrag, and survives any bytes', () => {
    assert.deepEqual(readSipfrag(Buffer.from(formatSipfrag(486, 'Busy Here'))), { status: 486, reason: 'Busy Here' });
    assert.deepEqual(readSipfrag(Buffer.from('SIP/2.0 200')), { status: 200, reason: '' });
    for (const text of ['', 'SIP/2.0 99 x', 'SIP/2.0 700 x', 'SIP/2.0 2000 x', 'INVITE sip:a SIP/2.0'])
      assert.equal(readSipfrag(Buffer.from(text)), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), bytes => {
        readSipfrag(Buffer.from(bytes));
        try {
          readReferTo(
            refer(
              Buffer.from(bytes)
                .toString('latin1')
                .replace(/[\r\n]/g, ' '),
            ),
          );
        } catch (error) {
          assert.ok(error instanceof SipSyntaxError);
        }
      }),
      seed,
    );
  });
});

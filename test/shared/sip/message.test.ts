// SIP messages and URIs: reading, writing, what is refused (RFC 3261 7, 19.1, 25.1; torture ideas of RFC 4475 in our own words).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Port } from '../../../shared/net/port.ts';
import { checkMessage, maxForwards, parseCSeq, parseVia, setTopVia, topVia } from '../../../shared/sip/fields.ts';
import { splitList } from '../../../shared/sip/headers.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  Headers,
  MalformedRequest,
  parseMessage,
  type SipMessage,
  SipSyntaxError,
  sipLimits,
} from '../../../shared/sip/message.ts';
import {
  formatParameters,
  formatUri,
  type NameAddr,
  parseNameAddr,
  parseUri,
  quote,
  sameUri,
  tagOf,
} from '../../../shared/sip/uri.ts';

function formatNameAddr(address: NameAddr): string {
  const name = address.displayName === undefined ? '' : `${quote(address.displayName)} `;
  return `${name}<${address.uri}>${formatParameters(address.parameters)}`;
}

const lines = (...rows: string[]): Buffer => Buffer.from(`${rows.join('\r\n')}\r\n\r\n`);
const request = (...rows: string[]): Buffer =>
  lines(
    'INVITE sip:100@lab.test SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa',
    'From: <sip:101@lab.test>;tag=1',
    'To: <sip:100@lab.test>',
    'Call-ID: c1',
    'CSeq: 1 INVITE',
    ...rows,
  );
const refusal = (bytes: Buffer): SipSyntaxError => {
  try {
    const message = parseMessage(bytes);
    checkMessage(message);
  } catch (error) {
    assert.ok(error instanceof SipSyntaxError, String(error));
    return error;
  }
  return assert.fail('was not refused');
};

describe('SIP messages', () => {
  it('reads a REGISTER as the DGW sends it', () => {
    const message = parseMessage(
      lines(
        'REGISTER sip:192.0.2.11:5062 SIP/2.0',
        'Via: SIP/2.0/TLS 192.0.2.30:16000;branch=z9hG4bK8401.231a',
        'Max-Forwards: 70',
        'From: <sip:100@192.0.2.11:5062>;tag=2ce6',
        'To: <sip:100@192.0.2.11:5062>',
        'Call-ID: a1b5',
        'CSeq: 151405030 REGISTER',
        'Contact: <sip:100@192.0.2.30:16000;transport=tls>',
        'Supported: timer',
        'Supported: replaces',
        'Content-Length: 0',
      ),
    );
    assert.equal(message.kind, 'request');
    checkMessage(message);
    assert.deepEqual(parseCSeq(message), { number: 151405030, method: 'REGISTER' });
    assert.deepEqual(message.headers.list('supported'), ['timer', 'replaces']);
    assert.equal(topVia(message).port, 16000);
    assert.equal(message.headers.has('Authorization'), false);
  });

  it('reads compact forms, any case, odd spacing and folded lines (RFC 3261 7.3.1, 7.3.3)', () => {
    const message = parseMessage(
      lines(
        'OPTIONS sip:a@b SIP/2.0',
        'v  :  SIP / 2.0 / TCP  host.example:5060 ;branch=z9hG4bKx',
        'F: "A, \\"B\\"" <sip:a@b> ; tag = 5',
        't : sip:c@d',
        'i:\t1@2',
        'cseq: 7',
        '\tOPTIONS',
        'SUBJECT: two',
        '  lines',
        'l: 0',
      ),
    );
    checkMessage(message);
    assert.equal(message.headers.get('Subject'), 'two lines');
    assert.equal(tagOf(message.headers.get('From') ?? ''), '5');
    assert.equal(parseNameAddr(message.headers.get('from') ?? '').displayName, 'A, "B"');
    assert.deepEqual(parseVia(message.headers.get('Via') ?? ''), {
      transport: 'TCP',
      host: 'host.example',
      port: 5060,
      parameters: new Map([['branch', 'z9hG4bKx']]),
    });
  });

  it('accepts bare LF and leading CRLFs, and drops bytes behind Content-Length (7.5, 18.3)', () => {
    const text = '\r\n\r\nSIP/2.0 200 \nv: SIP/2.0/UDP a;branch=z9hG4bK1\nContent-Length: 3\n\nabcdef';
    const message = parseMessage(Buffer.from(text));
    assert.equal(message.kind === 'response' && message.status, 200);
    assert.equal(message.body.toString(), 'abc');
    assert.equal(parseMessage(Buffer.from('SIP/2.0 200 OK\r\n\r\nall of it')).body.toString(), 'all of it');
  });

  it('refuses messages that break the grammar, with a reason', () => {
    const cases: [Buffer, RegExp, number?][] = [
      [Buffer.from(''), /start|request line/],
      [lines('INVITE  sip:a@b SIP/2.0'), /request line/],
      [lines('INVITE sip:a@b SIP/7.0'), /version 7.0/, 505],
      [lines('IN(VITE sip:a@b SIP/2.0'), /token/],
      [lines('SIP/2.0 799 High'), /799/],
      [request('No colon here'), /no name/],
      [request(': no name'), /no name/],
      [request('Content-Length: -5'), /not a number/],
      [request('Content-Length: 10'), /10, but 0 bytes follow/],
      [request('Content-Length: 1', 'l: 2'), /twice/],
      [request('Call-ID: c2'), /Call-ID stands more than once/],
      [request('Max-Forwards: 256'), /Max-Forwards/],
      [request('Max-Forwards: x'), /Max-Forwards/],
      [Buffer.from(request().toString().replace('1 INVITE', '1 BYE')), /CSeq names BYE/],
      [Buffer.from(request().toString().replace('1 INVITE', '4294967296 INVITE')), /CSeq/],
      [Buffer.from(request().toString().replace('<sip:100@lab.test>', '"open <sip:100@lab.test>')), /quoted/],
      [Buffer.from(request().toString().replace('To: <sip:100@lab.test>', 'To: ')), /no To/],
      [Buffer.from(request().toString().replace('SIP/2.0/UDP 192.0.2.1;', 'SIP/2.0/UDP ;')), /Via/],
      [request(...Array.from({ length: 300 }, (_, at) => `X: ${at}`)), /header lines/],
      [Buffer.alloc(sipLimits.messageBytes + 1, 65), /bytes; at most/, 513],
    ];
    for (const [bytes, reason, status = 400] of cases) {
      const error = refusal(bytes);
      assert.match(error.message, reason);
      assert.equal(error.status, status, error.message);
    }
  });

  it('keeps the readable part of a bad request, so that it can be answered', () => {
    const error = refusal(request('broken'));
    assert.ok(error instanceof MalformedRequest);
    assert.equal(error.request.method, 'INVITE');
    assert.equal(error.request.headers.get('Call-ID'), 'c1');
  });

  it('refuses line breaks in headers and start lines', () => {
    assert.throws(() => new Headers().add('X', 'a\r\nY: b'), SipSyntaxError);
    assert.throws(() => new Headers().add('X Y', 'a'), SipSyntaxError);
    assert.throws(() => formatMessage(createRequest('INVITE', 'sip:a@b\r\nX: y')), SipSyntaxError);
  });

  it('splits lists only outside quotes and brackets', () => {
    assert.deepEqual(splitList('"a, b" <sip:x,y@z>;p="1,2", <sip:c@d>,, e'), [
      '"a, b" <sip:x,y@z>;p="1,2"',
      '<sip:c@d>',
      'e',
    ]);
  });

  it('changes headers in their place', () => {
    const headers = new Headers([
      ['X-A', '1'],
      ['Via', 'v1, v2'],
      ['X-B', '2'],
      ['Via', 'v3'],
    ]);
    headers.prepend('v', 'v0').set('x-a', '9').add('X-C', '3');
    assert.deepEqual(
      [...headers],
      [
        ['x-a', '9'],
        ['Via', 'v0'],
        ['Via', 'v1, v2'],
        ['X-B', '2'],
        ['Via', 'v3'],
        ['X-C', '3'],
      ],
    );
    headers.setAll('Via', ['only']);
    assert.deepEqual(headers.list('Via'), ['only']);
    assert.equal([...headers][1]?.[0], 'Via');
  });

  it('makes responses with Vias in order, a new tag, and Record-Route for dialogs (8.2.6)', () => {
    const invite = parseMessage(request('Via: SIP/2.0/TCP second', 'Record-Route: <sip:p;lr>'));
    assert.ok(invite.kind === 'request');
    const ringing = createResponse(invite, 180, undefined, { toTag: 'abc' });
    assert.equal(ringing.reason, 'Ringing');
    assert.equal(tagOf(ringing.headers.get('To') ?? ''), 'abc');
    assert.equal(ringing.headers.list('Via').length, 2);
    assert.deepEqual(ringing.headers.all('Record-Route'), ['<sip:p;lr>']);
    assert.equal(createResponse(invite, 486).headers.has('Record-Route'), false);
    const again = createResponse({ ...invite, headers: new Headers([...ringing.headers]) }, 200, undefined, {
      toTag: 'other',
    });
    assert.equal(tagOf(again.headers.get('To') ?? ''), 'abc');
  });

  it('removes the topmost Via, also from a line with several', () => {
    const message = parseMessage(
      lines('SIP/2.0 200 OK', 'Via: SIP/2.0/TLS a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2', 'v: SIP/2.0/UDP c'),
    );
    setTopVia(message, undefined);
    assert.deepEqual(message.headers.all('Via'), ['SIP/2.0/UDP b;branch=z9hG4bK2', 'SIP/2.0/UDP c']);
  });

  const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,20}$/);
  const value = fc.string({ unit: 'grapheme', maxLength: 40 }).map(text => text.replace(/[\r\n]/g, '').trim());
  const headers = fc.array(
    fc.tuple(
      token.filter(name => name.toLowerCase() !== 'content-length' && name !== 'l' && name !== 'L'),
      value,
    ),
    { maxLength: 20 },
  );
  const start = fc.oneof(
    fc.record({ kind: fc.constant('request' as const), method: token, uri: fc.stringMatching(/^[!-~]{1,40}$/) }),
    fc.record({ kind: fc.constant('response' as const), status: fc.integer({ min: 100, max: 699 }), reason: value }),
  );
  const message = fc
    .tuple(start, headers, fc.uint8Array({ maxLength: 200 }))
    .map(([head, rows, body]): SipMessage => ({ ...head, headers: new Headers(rows), body: Buffer.from(body) }));

  it('parses a formatted message to the same message', () => {
    fc.assert(
      fc.property(message, original => {
        const read = parseMessage(formatMessage(original));
        const { headers: before, ...rest } = original;
        const { headers: after, ...other } = read;
        assert.deepEqual(other, rest);
        assert.deepEqual([...after], [...before, ['Content-Length', String(original.body.length)]]);
        assert.deepEqual(formatMessage(read), formatMessage(original));
      }),
    );
  });

  it('throws nothing but SipSyntaxError on mutated messages', () => {
    const sample = request('Contact: "x" <sip:a@[2001:db8::1]:5061;transport=tls>;expires=60;q=0.5, <sip:b@c>');
    const mutation = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(2)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(mutation, changes => {
        let bytes = Buffer.from(sample);
        for (const [at, byte, how] of changes) {
          if (how === 0) bytes[at % bytes.length] = byte;
          else if (how === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
          else bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]);
          if (bytes.length === 0) bytes = Buffer.from('x');
        }
        try {
          const read = parseMessage(bytes);
          checkMessage(read);
          for (const contact of read.headers.list('Contact')) parseUri(parseNameAddr(contact).uri);
        } catch (error) {
          assert.ok(error instanceof SipSyntaxError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('throws nothing but SipSyntaxError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        try {
          parseMessage(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof SipSyntaxError, String(error));
        }
      }),
    );
  });

  it('reads Max-Forwards', () => {
    const read = (row: string): number | undefined => maxForwards(parseMessage(request(row)) as never);
    assert.equal(read('Max-Forwards: 0'), 0);
    assert.equal(read('X: y'), undefined);
  });
});

describe('SIP URIs', () => {
  it('reads users with reserved characters, passwords, IPv6, parameters and headers', () => {
    assert.deepEqual(parseUri('sips:a;b?c%20:pw@[2001:db8::9]:5061;transport=TLS;lr?Subject=x'), {
      scheme: 'sips',
      user: 'a;b?c%20',
      password: 'pw',
      host: '[2001:db8::9]',
      port: 5061,
      parameters: new Map([
        ['transport', 'TLS'],
        ['lr', ''],
      ]),
      headers: 'Subject=x',
    });
    assert.deepEqual(parseUri('SIP:lab.test'), { scheme: 'sip', host: 'lab.test', parameters: new Map() });
  });

  it('refuses text that is no SIP URI', () => {
    for (const bad of [
      '',
      'lab.test',
      'sip:',
      'sip:@host',
      'sip:a@',
      'sip:a@h:99999',
      'sip:a b@h',
      'sip:a@h<x',
      'sip:a@-h',
    ]) {
      assert.throws(() => parseUri(bad), SipSyntaxError, bad);
    }
    assert.throws(
      () => parseUri('mailto:a@b'),
      (error: unknown) => error instanceof SipSyntaxError && error.status === 416,
    );
  });

  it('compares URIs by RFC 3261 19.1.4', () => {
    const same = (a: string, b: string): boolean => sameUri(parseUri(a), parseUri(b));
    assert.ok(same('sip:%61lice@Atlanta.com;transport=TCP', 'sip:alice@atlanta.com;Transport=tcp'));
    assert.ok(same('sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'));
    assert.ok(!same('SIP:ALICE@a.com', 'sip:alice@a.com'));
    assert.ok(!same('sip:bob@b.com', 'sip:bob@b.com:5060'));
    assert.ok(!same('sip:bob@b.com', 'sip:bob@b.com;transport=udp'));
    assert.ok(!same('sip:bob@b.com', 'sips:bob@b.com'));
    assert.ok(!same('sip:b.com', 'sip:bob@b.com'));
    assert.ok(!same('sip:bob@b.com;x=1', 'sip:bob@b.com;x=2'));
  });

  it('gives parameters of a bare URI to the header (RFC 3261 20)', () => {
    const bare = parseNameAddr('sip:a@b;tag=7');
    assert.equal(bare.uri, 'sip:a@b');
    assert.equal(bare.parameters.get('tag'), '7');
    assert.equal(parseNameAddr('<sip:a@b;tag=7>').parameters.size, 0);
    assert.equal(parseNameAddr('Anna Lee <sip:a@b>').displayName, 'Anna Lee');
    for (const bad of ['', '<sip:a@b', 'x', '<>', '<sip:a@b> x', '"a']) {
      assert.throws(() => parseNameAddr(bad), SipSyntaxError, bad);
    }
  });

  it('parses a formatted URI or address to the same', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const parameters = fc.uniqueArray(fc.tuple(word, word), { selector: pair => pair[0], maxLength: 4 });
    const uri = fc.record(
      {
        scheme: fc.constantFrom('sip' as const, 'sips' as const),
        user: fc.stringMatching(/^[A-Za-z0-9;?&=+$,/_.!~*'()%-]{1,12}$/),
        host: fc.oneof(word, fc.constant('[::1]'), fc.constant('192.0.2.7'), fc.constant('a.b-c.test')),
        port: fc.integer({ min: 1, max: 65_535 }).map(number => number as Port),
        parameters: parameters.map(pairs => new Map(pairs)),
        headers: fc.stringMatching(/^[a-z0-9=&]{1,10}$/),
      },
      { requiredKeys: ['scheme', 'host', 'parameters'], noNullPrototype: true },
    );
    fc.assert(fc.property(uri, original => assert.deepEqual(parseUri(formatUri(original)), original)));
    const address = fc.record(
      {
        displayName: fc.string({ minLength: 1, maxLength: 20 }).map(text => text.replace(/[\r\n]/g, ' ')),
        uri: uri.map(formatUri),
        parameters: parameters.map(pairs => new Map(pairs)),
      },
      { requiredKeys: ['uri', 'parameters'], noNullPrototype: true },
    );
    fc.assert(fc.property(address, original => assert.deepEqual(parseNameAddr(formatNameAddr(original)), original)));
  });
});

import assert from 'node:assert/strict';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { CodingError, decodeBody, encodeBody, isCoded, withCoding } from '../../../shared/net/coding.ts';
import { HttpError, type HttpRequest, type HttpResponse } from '../../../shared/net/http-types.ts';

describe('content codings (RFC 9110 8.4, TR-069 3.4.7)', () => {
  const kindOf = (kind: CodingError['kind']) => (error: unknown) => error instanceof CodingError && error.kind === kind;

  it('decodes what it encoded', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.constantFrom('gzip' as const, 'deflate' as const),
        async (bytes, coding) => {
          const body = Buffer.from(bytes);
          assert.deepEqual(await decodeBody(await encodeBody(body, coding), coding, 5000), body);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('decodes deflate with and without its header, and gzip by either name', async () => {
    const text = Buffer.from('<a>some text</a>');
    for (const [bytes, coding] of [
      [deflateSync(text), 'deflate'],
      [deflateRawSync(text), 'Deflate'],
      [gzipSync(text), 'x-gzip'],
      [gzipSync(text), ' GZIP '],
    ] as const) {
      assert.deepEqual(await decodeBody(bytes, coding, 100), text);
    }
  });

  it('refuses unknown codings, broken or cut bodies, and growth beyond the bound', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    await assert.rejects(decodeBody(Buffer.from('x'), 'br', 100), kindOf('unknown'));
    await assert.rejects(decodeBody(Buffer.from('x'), 'gzip', 100), kindOf('broken'));
    await assert.rejects(decodeBody(gzipSync('hello').subarray(0, -9), 'gzip', 100), kindOf('broken'));
    await assert.rejects(decodeBody(bomb, 'gzip', 1_000_000), kindOf('too-large'));
  });

  it('returns a body without coding as it is', () => {
    assert.deepEqual([undefined, '', 'identity', ' Identity '].map(isCoded), [false, false, false, false]);
    assert.ok(isCoded('gzip') && isCoded('nonsense'));
  });

  it('encodes requests as configured and decodes any response', async () => {
    const sent: HttpRequest[] = [];
    const answers: Partial<HttpResponse>[] = [
      { headers: { 'content-encoding': 'gzip' }, body: gzipSync('answer') },
      { headers: {}, body: Buffer.from('plain') },
      { headers: { 'content-encoding': 'gzip' }, body: Buffer.from('not gzip') },
    ];
    let coding: 'gzip' | undefined = 'gzip';
    const send = withCoding(() => coding)(async request => {
      sent.push(request);
      return { status: 200, headers: {}, body: Buffer.alloc(0), ...answers.shift() };
    });
    const request = { method: 'POST', url: 'http://a/', headers: { X: '1' } };
    assert.equal((await send({ ...request, body: 'question' })).body.toString(), 'answer');
    assert.deepEqual(sent[0]?.headers, { X: '1', 'Accept-Encoding': 'gzip, deflate', 'Content-Encoding': 'gzip' });
    assert.equal((await decodeBody(Buffer.from(sent[0]?.body ?? ''), 'gzip', 100)).toString(), 'question');
    assert.equal((await send(request)).body.toString(), 'plain');
    assert.deepEqual(sent[1]?.headers, { X: '1', 'Accept-Encoding': 'gzip, deflate' });
    coding = undefined;
    await assert.rejects(send({ ...request, body: 'q' }), HttpError);
    assert.deepEqual(sent[2]?.headers, { X: '1' });
  });
});

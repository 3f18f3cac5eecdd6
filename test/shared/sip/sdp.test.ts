// Session descriptions: lines kept byte for byte, typed view, what is refused (RFC 4566; crypto and key-mgmt kept).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  attributeValues,
  buildSdp,
  formatSdp,
  mediaAddress,
  parseSdp,
  SdpError,
  type SessionView,
} from '../../../shared/sip/sdp.ts';

const offer = [
  'v=0',
  'o=MxSIP 0 5 IN IP4 192.0.2.30',
  's=SIP Call',
  'c=IN IP4 192.0.2.30',
  't=0 0',
  'a=key-mgmt:mikey AQAFgAAAAAAA',
  'm=audio 5004 RTP/SAVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4',
  'a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA KDR=1 UNENCRYPTED_SRTCP',
  'a=sendrecv',
  'm=image 0 udptl t38',
  'c=IN IP6 2001:db8::1',
  '',
].join('\r\n');

describe('session descriptions', () => {
  it('reads typed fields and keeps crypto and key-mgmt in their places', () => {
    const sdp = parseSdp(offer);
    assert.deepEqual(sdp.origin, {
      username: 'MxSIP',
      sessionId: '0',
      version: '5',
      addressType: 'IP4',
      address: '192.0.2.30',
    });
    assert.deepEqual(attributeValues(sdp, 'key-mgmt'), ['mikey AQAFgAAAAAAA']);
    const [audio, image] = sdp.media;
    assert.ok(audio && image);
    assert.deepEqual(
      [audio.type, audio.port, audio.proto, audio.formats],
      ['audio', 5004, 'RTP/SAVP', ['0', '8', '101']],
    );
    assert.equal(attributeValues(audio, 'crypto').length, 2);
    assert.deepEqual(attributeValues(audio, 'sendrecv'), ['']);
    assert.equal(mediaAddress(sdp, audio)?.address, '192.0.2.30');
    assert.equal(mediaAddress(sdp, image)?.address, '2001:db8::1');
    assert.equal(image.port, 0);
    assert.equal(formatSdp(sdp), offer);
  });

  it('keeps LF ends, a missing last end and unknown lines', () => {
    const text = 'v=0\no=- 1 1 IN IP4 a\r\ns=-\nb=AS:64\nz=odd\nm=audio 9/2 RTP/AVP 0\na=x:y: z ';
    const sdp = parseSdp(text);
    assert.equal(formatSdp(sdp), text);
    assert.equal(sdp.media[0]?.portCount, 2);
    assert.deepEqual(attributeValues(sdp.media[0] ?? { attributes: [] }, 'x'), ['y: z ']);
  });

  it('refuses text that is no description, with a reason', () => {
    const cases: [string, RegExp][] = [
      ['', /v=0/],
      ['v=1\r\n', /v=0/],
      ['v=0\r\n', /no o=/],
      ['v=0\r\nhello\r\n', /line 2/],
      ['v=0\r\no=a b c\r\n', /o=/],
      ['v=0\r\no=- x 1 IN IP4 a\r\n', /number/],
      ['v=0\r\no=- 1 1 IN IP5 a\r\n', /IP5/],
      ['v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 70000 RTP/AVP 0\r\n', /m=/],
      ['v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 5\r\n', /m=/],
      ['v=0\r\no=- 1 1 IN IP4 a\r\nc=IN IP4\r\n', /c=/],
      ['v=0\ro=', /CR/],
      ['v=0\r\n'.repeat(1001), /lines/],
      ['v'.repeat(70_000), /bytes/],
    ];
    for (const [text, reason] of cases) {
      assert.throws(
        () => parseSdp(text),
        (error: SdpError) => error.name === 'SdpError' && reason.test(error.message),
        text.slice(0, 60),
      );
    }
    const origin = { username: '-', sessionId: '1', version: '1', addressType: 'IP4', address: 'a' } as const;
    assert.throws(() => buildSdp({ origin, name: 'x\r\na=evil', attributes: [], media: [] }), /line break/);
  });

  const word = fc.stringMatching(/^[A-Za-z0-9.-]{1,10}$/);
  const text = fc.stringMatching(/^[ -~]{1,30}$/).map(value => `x${value}`);
  const connection = fc.record(
    { addressType: fc.constantFrom('IP4' as const, 'IP6' as const), address: word },
    { noNullPrototype: true },
  );
  const attributes = fc.array(
    fc.record({ name: word, value: text }, { requiredKeys: ['name'], noNullPrototype: true }),
    { maxLength: 5 },
  );
  const view: fc.Arbitrary<SessionView> = fc.record(
    {
      origin: fc.record(
        {
          username: word,
          sessionId: fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
          version: fc.nat().map(String),
          addressType: fc.constant('IP4' as const),
          address: word,
        },
        { noNullPrototype: true },
      ),
      name: text,
      connection,
      attributes,
      media: fc.array(
        fc.record(
          {
            type: word,
            port: fc.integer({ min: 0, max: 65_535 }),
            portCount: fc.integer({ min: 1, max: 9 }),
            proto: fc.constantFrom('RTP/AVP', 'RTP/SAVP', 'udptl'),
            formats: fc.array(word, { minLength: 1, maxLength: 4 }),
            connection,
            attributes,
          },
          { requiredKeys: ['type', 'port', 'proto', 'formats', 'attributes'], noNullPrototype: true },
        ),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ['origin', 'name', 'attributes', 'media'], noNullPrototype: true },
  );

  it('reads back what it builds', () => {
    fc.assert(
      fc.property(view, original => {
        const built = buildSdp(original);
        const { lines: _, ...read } = parseSdp(formatSdp(built));
        assert.deepEqual(read, original);
      }),
    );
  });

  it('is byte-exact on all that it accepts, and throws SdpError on the rest', () => {
    const change = fc.array(fc.tuple(fc.nat(offer.length - 1), fc.string({ maxLength: 3 })), { maxLength: 4 });
    fc.assert(
      fc.property(change, changes => {
        let mutated = offer;
        for (const [at, put] of changes) mutated = mutated.slice(0, at) + put + mutated.slice(at + 1);
        try {
          assert.equal(formatSdp(parseSdp(mutated)), mutated);
        } catch (error) {
          assert.equal((error as Error).name, 'SdpError', String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('E2: reads a description with empty lines at its end, and refuses one inside', () => {
    const text =
      'v=0\r\no=peer 77 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0\r\n';
    for (const end of ['\r\n', '\n', '\r\n\r\n\n']) assert.equal(parseSdp(text + end).media[0]?.port, 40_000);
    assert.throws(() => parseSdp(text.replace('t=0 0', '\r\nt=0 0')), SdpError);
  });
});

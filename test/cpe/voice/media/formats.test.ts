// The formats of an audio stream: what a unit offers by its settings, and what it agrees to of a peer's.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { agreeFormats, answeredFormats, offeredFormats } from '../../../../cpe/voice/media/codecs/formats.ts';
import { type EndpointMedia, type OfferedCodec, plainMedia } from '../../../../cpe/voice/media/endpoint-media.ts';
import { type Media, parseSdp, SdpError } from '../../../../shared/sip/sdp.ts';
import { sdpText } from '../../../support/cpe/voice.ts';

const codec = (name: OfferedCodec['codec'], payloadType: number, minPtime = 30, maxPtime = 30): OfferedCodec => ({
  codec: name,
  payloadType,
  minPtime,
  maxPtime,
});
const media = (codecs: OfferedCodec[], transport: EndpointMedia['dtmf']['transport'] = 'in-band'): EndpointMedia => ({
  codecs,
  dtmf: { transport, payloadType: 101, initialPackets: 3 },
});
const streamOf = (formats: string, lines: string[] = []): Media => {
  const [first] = parseSdp(sdpText(4000, 'RTP/AVP', lines, { formats })).media;
  assert.ok(first);
  return first;
};
const values = (attributes: readonly { name: string; value?: string }[], name: string): (string | undefined)[] =>
  attributes.filter(one => one.name === name).map(one => one.value);

describe('formats of an audio stream', () => {
  it('offers the codecs in their order, with packet times and telephone-events', () => {
    const offer = offeredFormats(media([codec('G722', 9, 20, 20), codec('G726-32', 99), codec('PCMA', 8)], 'rtp'));
    assert.deepEqual(offer.formats, ['9', '99', '8', '101']);
    assert.deepEqual(values(offer.attributes, 'rtpmap'), [
      '9 G722/8000',
      '99 G726-32/8000',
      '8 PCMA/8000',
      '101 telephone-event/8000',
    ]);
    assert.deepEqual(values(offer.attributes, 'fmtp'), ['101 0-15']);
    assert.deepEqual(values(offer.attributes, 'ptime'), ['20']);
    assert.deepEqual(values(offer.attributes, 'maxptime'), ['20']);
  });

  it('offers no telephone-event where digits are sent as tones or by requests', () => {
    for (const transport of ['in-band', 'signalling'] as const)
      assert.deepEqual(offeredFormats(media([codec('PCMU', 0)], transport)).formats, ['0']);
  });

  it('refuses to offer without a codec', () => {
    assert.throws(() => offeredFormats(media([])), { code: 'no-codec' });
  });

  it("takes the first format of the peer's that is enabled, under the peer's payload type", () => {
    const ours = media([codec('PCMU', 0), codec('G726-32', 99), codec('G722', 9, 20, 20)]);
    const chosen = (formats: string, lines: string[] = []): string | undefined => {
      const agreed = agreeFormats(streamOf(formats, lines), ours);
      return agreed && `${agreed.codec} ${agreed.payloadType}`;
    };
    assert.equal(chosen('18 9 0'), 'G722 9');
    assert.equal(chosen('8 110', ['a=rtpmap:110 g726-32/8000']), 'G726-32 110');
    assert.equal(chosen('8 18'), undefined);
    assert.equal(chosen('9', ['a=rtpmap:9 G722/16000']), undefined);
    assert.equal(chosen('2'), undefined);
  });

  it("sends packets of the peer's ptime within its own bounds and the peer's maxptime", () => {
    const ptime = (bounds: [number, number], lines: string[]): number | undefined =>
      agreeFormats(streamOf('0', lines), media([codec('PCMU', 0, ...bounds)]))?.ptime;
    assert.equal(ptime([10, 30], []), 10);
    assert.equal(ptime([10, 30], ['a=ptime:20']), 20);
    assert.equal(ptime([10, 30], ['a=ptime:60']), 30);
    assert.equal(ptime([20, 30], ['a=ptime:10']), 20);
    assert.equal(ptime([10, 30], ['a=ptime:30', 'a=maxptime:20']), 20);
    assert.equal(ptime([30, 30], ['a=maxptime:20']), 20);
    assert.equal(ptime([10, 30], ['a=ptime:25']), 20);
    assert.equal(ptime([10, 30], ['a=ptime:junk', 'a=maxptime:-4']), 10);
    assert.equal(ptime([10, 30], ['a=maxptime:1']), 10);
  });

  it("agrees to telephone-events of both sides, and answers under the peer's number", () => {
    const ours = media([codec('PCMU', 0)], 'rtp');
    const agreed = agreeFormats(streamOf('0 97', ['a=rtpmap:97 telephone-event/8000']), ours);
    assert.equal(agreed?.eventType, 97);
    assert.deepEqual(agreed && answeredFormats(agreed, ours).formats, ['0', '97']);
    assert.equal(agreeFormats(streamOf('0'), ours)?.eventType, undefined);
    const tones = agreeFormats(streamOf('0 97', ['a=rtpmap:97 telephone-event/8000']), media([codec('PCMU', 0)]));
    assert.equal(tones?.eventType, undefined);
  });

  it('takes packets under the numbers of either side, unless one number has two meanings', () => {
    const ours = media([codec('G726-32', 99), codec('G726-40', 100)], 'rtp');
    const lines = ['a=rtpmap:100 G726-32/8000', 'a=rtpmap:98 telephone-event/8000'];
    assert.deepEqual(agreeFormats(streamOf('100 98', lines), ours)?.receive, [
      { codec: 'G726-32', payloadType: 100 },
      { codec: 'telephone-event', payloadType: 98 },
      { codec: 'G726-32', payloadType: 99 },
      { codec: 'telephone-event', payloadType: 101 },
    ]);
  });

  it('agrees on what it can carry out, whatever the peer writes', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'a=rtpmap:0 PCMU/8000',
        'a=rtpmap:',
        'a=rtpmap:97 telephone-event/8000',
        'a=ptime:',
        'a=ptime:1e9',
      ),
      fc
        .tuple(fc.constantFrom('rtpmap', 'ptime', 'maxptime'), fc.string({ maxLength: 20 }))
        .map(([name, text]) => `a=${name}:${text.replace(/[\r\n\0]/g, '')}`),
    );
    const formats = fc.array(fc.constantFrom('0', '8', '9', '97', '300', '-1', '8x'), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(formats, fc.array(line, { maxLength: 8 }), (list, lines) => {
        let stream: Media;
        try {
          stream = streamOf(list.join(' '), lines);
        } catch (error) {
          assert.ok(error instanceof SdpError);
          return;
        }
        const agreed = agreeFormats(stream, plainMedia);
        if (!agreed) return;
        assert.ok(agreed.ptime >= 10 && agreed.ptime <= 30 && agreed.ptime % 10 === 0);
        assert.ok(answeredFormats(agreed, plainMedia).formats.every(format => stream.formats.includes(format)));
      }),
      { numRuns: 500 },
    );
  });
});

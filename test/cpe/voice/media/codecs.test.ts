// G.722 and G.726: what they keep of a tone, what they make of junk, and vectors.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type CodecName, codecShape, codecTable } from '../../../../cpe/voice/media/codecs/table.ts';
import { createTone, recogniseTone } from '../../../../cpe/voice/media/tone.ts';

const codecs = Object.keys(codecTable) as CodecName[];

/** SHA-256, 16 digits of it, of what libspandsp 0.0.6 makes of `sweep`, by codec. */
const digests: Partial<Record<CodecName, string>> = {
  G722: '6be7dace434cff81',
  'G726-16': '860bae09d2aae811',
  'G726-24': '07439d712ca4e838',
  'G726-32': 'cbdfe7780b4ab724',
  'G726-40': '19856dd297bcc6cb',
};

/** Integers only, so that every machine makes the same samples. */
const sweep = Int16Array.from({ length: 16_000 }, (_, i) => (((i * i) % 4001) - 2000) * (1 + (i >> 10)));

describe('audio codecs', () => {
  for (const codec of codecs) {
    const { sampleRate, bytesPerMs, open } = codecShape(codec);

    it(`keeps a tone through ${codec}, in packets of 10 to 30 ms`, () => {
      for (const ptime of [10, 20, 30]) {
        const [encoder, decoder, tone] = [open(), open(), createTone(1000, sampleRate)];
        const heard: number[] = [];
        for (let ms = 0; ms < 600; ms += ptime) {
          const payload = encoder.encode(tone((sampleRate * ptime) / 1000));
          assert.equal(payload.length, bytesPerMs * ptime);
          heard.push(...decoder.decode(payload));
        }
        assert.equal(recogniseTone(Int16Array.from(heard.slice(-sampleRate * 0.4)), sampleRate), 1000);
      }
    });

    it(`decodes any bytes as ${codec} to as many samples`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
          const samples = open().decode(bytes);
          assert.equal(samples.length, Math.floor((bytes.length * sampleRate) / 1000 / bytesPerMs));
        }),
        { numRuns: 200 },
      );
    });
  }

  it('puts the first code word of G.726 into the low bits of the first byte (RFC 3551 4.5.4)', () => {
    for (const [codec, bits] of [
      ['G726-16', 2],
      ['G726-24', 3],
      ['G726-32', 4],
      ['G726-40', 5],
    ] as const) {
      const mask = (1 << bits) - 1;
      const [alone = 0] = codecShape(codec).open().encode(Int16Array.of(9000));
      const [both = 0] = codecShape(codec).open().encode(Int16Array.of(9000, -9000));
      assert.equal(alone, alone & mask, codec);
      assert.equal(both & mask, alone, codec);
    }
  });

  for (const [codec, digest] of Object.entries(digests)) {
    it(`encodes ${codec} to the bytes of libspandsp`, () => {
      const bytes = codecShape(codec as CodecName)
        .open()
        .encode(sweep);
      assert.equal(createHash('sha256').update(bytes).digest('hex').slice(0, 16), digest);
    });
  }
});

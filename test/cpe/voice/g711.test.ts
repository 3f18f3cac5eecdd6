// G.711 in both laws, and the tone that calls carry.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeG711, encodeG711, type G711Law } from '../../../cpe/voice/media/codecs/g711.ts';
import { createTone, recogniseTone } from '../../../cpe/voice/media/tone.ts';

const codecs: G711Law[] = ['PCMU', 'PCMA'];

describe('G.711', () => {
  for (const codec of codecs) {
    it(`decodes every ${codec} byte to a sample that encodes to it again`, () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const again = encodeG711(codec, decodeG711(codec, bytes));
      // Mu-law has two zeros, 0x7F and 0xFF; the encoder uses the positive one.
      if (codec === 'PCMU') bytes[0x7f] = 0xff;
      assert.deepEqual(again, bytes);
    });

    it(`keeps ${codec} round trips within half a step of the segment`, () => {
      fc.assert(
        fc.property(fc.integer({ min: -32_768, max: 32_767 }), sample => {
          const [heard = 0] = decodeG711(codec, encodeG711(codec, Int16Array.of(sample)));
          const bound = codec === 'PCMU' ? (Math.abs(sample) + 132) / 32 + 1 : Math.max(16, Math.abs(sample) / 32 + 1);
          // Above the law's largest value it can only clip.
          const limit = codec === 'PCMU' ? 32_124 : 32_256;
          const error = Math.abs(heard - sample);
          assert.ok(error <= bound || (Math.abs(sample) > limit && Math.abs(heard) === limit), `${sample} -> ${heard}`);
        }),
        { numRuns: 2000 },
      );
    });

    it(`never makes a louder ${codec} input quieter`, () => {
      const ramp = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
      const heard = decodeG711(codec, encodeG711(codec, ramp));
      for (let i = 1; i < heard.length; i++) assert.ok((heard[i] ?? 0) >= (heard[i - 1] ?? 0), `at ${i - 32_768}`);
    });
  }

  it('has the values of ITU-T G.711 for silence and the extremes', () => {
    assert.deepEqual([...encodeG711('PCMU', Int16Array.of(0, 32_767, -32_768))], [0xff, 0x80, 0x00]);
    assert.deepEqual([...encodeG711('PCMA', Int16Array.of(0, 32_767, -32_768))], [0xd5, 0xaa, 0x2a]);
  });
});

describe('tone', () => {
  it('is recognised to the nearest hertz after either codec, in pieces of 20 ms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 150, max: 3600 }), fc.constantFrom(...codecs), (frequency, codec) => {
        const tone = createTone(frequency);
        const heard = Array.from({ length: 20 }, () => [...decodeG711(codec, encodeG711(codec, tone(160)))]).flat();
        const found = recogniseTone(Int16Array.from(heard));
        assert.ok(found !== undefined && Math.abs(found - frequency) <= 1, `${frequency} heard as ${found}`);
      }),
      { numRuns: 25 },
    );
  });

  it('is not found in silence, in noise, in two equal tones, or in less than 100 ms', () => {
    assert.equal(recogniseTone(new Int16Array(3200)), undefined);
    let state = 1;
    const noise = Int16Array.from({ length: 3200 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) / 4 - 8192;
    });
    assert.equal(recogniseTone(noise), undefined);
    const low = createTone(440)(3200);
    const high = createTone(1000)(3200);
    assert.equal(recogniseTone(low.map((sample, i) => sample + (high[i] ?? 0))), undefined);
    assert.equal(recogniseTone(low.subarray(0, 700)), undefined);
  });
});

// G.722 at 64 kbit/s (ITU-T G.722): two bands of 8 kHz each, by sub-band ADPCM; 16,000 samples a second, one byte for two of them.
import type { AudioCodec } from './audio-codec.ts';

/** G.722 table 11: the quadrature mirror filter. */
const filter = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11] as const;

/** Half of a table of code words whose sign is their place. */
const signed = (magnitudes: readonly number[]): number[] => [...magnitudes.map(value => -value), ...magnitudes];

/** G.722 tables 14, 16, 17: decision levels and output of the quantizers, by code word. */
const lowLevels = [
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
  1458, 1612, 1765, 1980, 2195, 2557, 2919,
] as const;
const sixBits = [
  24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
  4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728,
];
const lowFine = [...Array(4).fill(-136), ...signed(sixBits), 432, 136, -432, -136] as number[];
const lowCoarse = [0, ...signed([20_456, 12_896, 8968, 6288, 4240, 2584, 1200]), 0];
const highOutput = [-7408, -1616, 7408, 1616] as const;

/** G.722 tables 15, 18, 19, 20: logarithmic scale factors. */
const lowSteps = [-60, -30, 58, 172, 334, 538, 1198, 3042] as const;
const lowStepOf = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0] as const;
const highStepOf = [798, -214, 798, -214] as const;
const antilogarithms = Array.from({ length: 32 }, (_, i) => Math.floor(2048 * 2 ** (i / 32) + 0.5));

const bound = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
const saturated = (value: number): number => bound(value, -32_768, 32_767);

interface BandShape {
  /** Highest logarithm of the scale, and the shift from it to the scale. */
  highest: number;
  shift: number;
  scale: number;
}

/** One band's adaptive predictor and scale (G.722 blocks 3 and 4), the same in encoder and decoder. */
class Band {
  readonly #shape: BandShape;
  #logarithm = 0;
  #zeroPart = 0;
  readonly #poles = [0, 0];
  readonly #zeros = [0, 0, 0, 0, 0, 0];
  /** Earlier differences, reconstructed and partly reconstructed samples, latest first. */
  readonly #differences = [0, 0, 0, 0, 0, 0];
  readonly #samples = [0, 0];
  readonly #partials = [0, 0];
  /** The scale of the quantizer. */
  scale: number;
  /** The estimate of the next sample. */
  estimate = 0;

  constructor(shape: BandShape) {
    this.#shape = shape;
    this.scale = shape.scale;
  }

  /** Takes up a quantized difference. @param step change of the scale's logarithm */
  adapt(difference: number, step: number): void {
    const { highest, shift } = this.#shape;
    this.#logarithm = bound(((this.#logarithm * 127) >> 7) + step, 0, highest);
    const down = shift - (this.#logarithm >> 11);
    const mantissa = antilogarithms[(this.#logarithm >> 6) & 31] ?? 0;
    this.scale = (down < 0 ? mantissa << -down : mantissa >> down) << 2;
    this.#predict(difference);
  }

  #predict(difference: number): void {
    const sample = saturated(this.estimate + difference);
    const partial = saturated(this.#zeroPart + difference);
    this.#adaptPoles(partial);
    this.#adaptZeros(difference);
    shiftIn(this.#differences, difference);
    shiftIn(this.#samples, sample);
    shiftIn(this.#partials, partial);
    let zeros = 0;
    for (let i = 0; i < 6; i++) zeros += ((this.#zeros[i] ?? 0) * saturated(2 * (this.#differences[i] ?? 0))) >> 15;
    this.#zeroPart = saturated(zeros);
    let poles = 0;
    for (let i = 0; i < 2; i++) poles += ((this.#poles[i] ?? 0) * saturated(2 * (this.#samples[i] ?? 0))) >> 15;
    this.estimate = saturated(saturated(poles) + this.#zeroPart);
  }

  /** G.722 UPPOL1 and UPPOL2. */
  #adaptPoles(partial: number): void {
    const [first = 0, second = 0] = this.#poles;
    const same = (i: number): boolean => partial >> 15 === (this.#partials[i] ?? 0) >> 15;
    const by = saturated(4 * first);
    const turned = Math.min(same(0) ? -by : by, 32_767);
    const newSecond = bound((same(1) ? 128 : -128) + (turned >> 7) + ((second * 32_512) >> 15), -12_288, 12_288);
    const limit = 15_360 - newSecond;
    this.#poles[0] = bound((same(0) ? 192 : -192) + ((first * 32_640) >> 15), -limit, limit);
    this.#poles[1] = newSecond;
  }

  /** G.722 UPZERO. */
  #adaptZeros(difference: number): void {
    const step = difference === 0 ? 0 : 128;
    for (let i = 0; i < 6; i++) {
      const same = (this.#differences[i] ?? 0) >> 15 === difference >> 15;
      this.#zeros[i] = saturated((same ? step : -step) + (((this.#zeros[i] ?? 0) * 32_640) >> 15));
    }
  }
}

function shiftIn(list: number[], value: number): void {
  list.pop();
  list.unshift(value);
}

/** The two bands of one direction. */
const bands = (): { low: Band; high: Band } => ({
  low: new Band({ highest: 18_432, shift: 8, scale: 32 }),
  high: new Band({ highest: 22_528, shift: 10, scale: 8 }),
});

const lowDifference = (band: Band, coarse: number): number => (band.scale * (lowCoarse[coarse] ?? 0)) >> 15;
const highDifference = (band: Band, code: number): number => (band.scale * (highOutput[code] ?? 0)) >> 15;
const adaptLow = (band: Band, coarse: number): void =>
  band.adapt(lowDifference(band, coarse), lowSteps[lowStepOf[coarse] ?? 0] ?? 0);
const adaptHigh = (band: Band, code: number): void => band.adapt(highDifference(band, code), highStepOf[code] ?? 0);

/** G.722 QUANTL: 6 bits. */
function quantizeLow(difference: number, scale: number): number {
  const magnitude = difference >= 0 ? difference : -(difference + 1);
  let at = 1;
  while (at < 30 && magnitude >= ((lowLevels[at] ?? 0) * scale) >> 12) at++;
  if (difference >= 0) return 62 - at;
  return at < 3 ? 64 - at : 34 - at;
}

/** G.722 QUANTH: 2 bits. */
function quantizeHigh(difference: number, scale: number): number {
  const magnitude = difference >= 0 ? difference : -(difference + 1);
  const large = magnitude >= (564 * scale) >> 12;
  if (difference < 0) return large ? 0 : 1;
  return large ? 2 : 3;
}

/** A delay line of 24 values through both halves of the mirror filter. */
class MirrorFilter {
  readonly #line = new Int32Array(24);

  run(first: number, second: number): { even: number; odd: number } {
    const line = this.#line;
    line.copyWithin(0, 2);
    line[22] = first;
    line[23] = second;
    let even = 0;
    let odd = 0;
    for (let i = 0; i < 12; i++) {
      odd += (line[2 * i] ?? 0) * (filter[i] ?? 0);
      even += (line[2 * i + 1] ?? 0) * (filter[11 - i] ?? 0);
    }
    return { even, odd };
  }
}

export class G722 implements AudioCodec {
  readonly #bands = bands();
  readonly #filter = new MirrorFilter();

  encode(samples: Int16Array): Buffer {
    const { low, high } = this.#bands;
    const out = Buffer.alloc(samples.length >> 1);
    for (let i = 0; i < out.length; i++) {
      const { even, odd } = this.#filter.run(samples[2 * i] ?? 0, samples[2 * i + 1] ?? 0);
      const lowCode = quantizeLow(saturated(((even + odd) >> 14) - low.estimate), low.scale);
      const highCode = quantizeHigh(saturated(((even - odd) >> 14) - high.estimate), high.scale);
      adaptLow(low, lowCode >> 2);
      adaptHigh(high, highCode);
      out[i] = (highCode << 6) | lowCode;
    }
    return out;
  }

  decode(payload: Uint8Array): Int16Array {
    const { low, high } = this.#bands;
    const samples = new Int16Array(2 * payload.length);
    for (const [i, byte] of payload.entries()) {
      const lowCode = byte & 0x3f;
      const highCode = byte >> 6;
      const lowSample = bound(low.estimate + ((low.scale * (lowFine[lowCode] ?? 0)) >> 15), -16_384, 16_383);
      const highSample = bound(high.estimate + highDifference(high, highCode), -16_384, 16_383);
      adaptLow(low, lowCode >> 2);
      adaptHigh(high, highCode);
      const { even, odd } = this.#filter.run(lowSample + highSample, lowSample - highSample);
      samples[2 * i] = saturated(even >> 11);
      samples[2 * i + 1] = saturated(odd >> 11);
    }
    return samples;
  }
}

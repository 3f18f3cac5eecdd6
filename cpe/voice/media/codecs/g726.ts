// G.726: adaptive differential PCM at 16, 24, 32 and 40 kbit/s (ITU-T G.726), packed as RFC 3551 4.5.4 says.
import type { AudioCodec } from './audio-codec.ts';

/** Bits of a code word; kbit/s is eight times as much. */
type G726Bits = 2 | 3 | 4 | 5;

interface Tables {
  /** Decision levels of the quantizer, G.726 tables 1-4. */
  levels: readonly number[];
  /** Logarithms of the reconstructed difference, the scale factor multipliers, and the speed control, by code word. */
  logarithms: readonly number[];
  multipliers: readonly number[];
  speeds: readonly number[];
}

/** A code word and its complement stand for the same magnitude: the tables are symmetric. */
const mirrored = (half: readonly number[]): number[] => [...half, ...[...half].reverse()];

const tables: Record<G726Bits, Tables> = {
  2: {
    levels: [261],
    logarithms: mirrored([116, 365]),
    multipliers: mirrored([-22, 439]).map(value => value * 32),
    speeds: mirrored([0, 7]).map(value => value * 512),
  },
  3: {
    levels: [8, 218, 331],
    logarithms: mirrored([-2048, 135, 273, 373]),
    multipliers: mirrored([-4, 30, 137, 582]).map(value => value * 32),
    speeds: mirrored([0, 1, 2, 7]).map(value => value * 512),
  },
  4: {
    levels: [-124, 80, 178, 246, 300, 349, 400],
    logarithms: mirrored([-2048, 4, 135, 213, 273, 323, 373, 425]),
    multipliers: mirrored([-12, 18, 41, 64, 112, 198, 355, 1122]).map(value => value * 32),
    speeds: mirrored([0, 0, 0, 1, 1, 1, 3, 7]).map(value => value * 512),
  },
  5: {
    levels: [-122, -16, 68, 139, 198, 250, 298, 339, 378, 413, 445, 475, 502, 528, 553],
    logarithms: mirrored([-2048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566]),
    multipliers: mirrored([14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696]).map(v => v * 32),
    speeds: mirrored([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6]).map(value => value * 512),
  },
};

/** Number of bits of a magnitude: the exponent of the short floating point format. */
const bitLength = (magnitude: number): number => 32 - Math.clz32(magnitude);

/** G.726 FLOATA and FLOATB: sign (as 0xFC20), 4-bit exponent and 6-bit mantissa. */
function toFloat(value: number): number {
  const magnitude = Math.abs(value);
  const exponent = bitLength(magnitude);
  const bits = magnitude === 0 ? 0x20 : (exponent << 6) + ((magnitude << 6) >> exponent);
  return value < 0 ? bits - 0x400 : bits;
}

/** G.726 FMULT: a 14-bit coefficient times a value in the short floating point format. */
function multiply(coefficient: number, float: number): number {
  const magnitude = coefficient > 0 ? coefficient : -coefficient & 0x1fff;
  const exponent = bitLength(magnitude) - 6;
  const mantissa = magnitude === 0 ? 32 : exponent >= 0 ? magnitude >> exponent : magnitude << -exponent;
  const resultExponent = exponent + ((float >> 6) & 0xf) - 13;
  const resultMantissa = (mantissa * (float & 0x3f) + 0x30) >> 4;
  const result = resultExponent >= 0 ? (resultMantissa << resultExponent) & 0x7fff : resultMantissa >> -resultExponent;
  return (coefficient ^ float) < 0 ? -result : result;
}

/** Two's complement of 16 bits, as G.726 ADDB and ADDC add. */
const in16Bits = (value: number): number => (value << 16) >> 16;
const limit = (value: number, bound: number): number => Math.max(-bound, Math.min(bound, value));

/** G.726 UPA2: what the first pole adds to the second. */
function bendOf(first: number): number {
  if (first < -8191) return -0x100;
  return first > 8191 ? 0xff : first >> 5;
}

/** G.726 UPA2 and LIMC: one step up or down, within 0.75. */
const limitSecond = (second: number, up: boolean): number => limit(second + (up ? 0x80 : -0x80), 12_288);

/** The estimate of the next sample: by the zeros alone, and by zeros and poles. */
interface Prediction {
  zeros: number;
  estimate: number;
}

/** One code word, read: its difference in sign and magnitude, the sample it makes, and that less the poles' part. */
interface Step {
  magnitude: number;
  negative: boolean;
  sample: number;
  partial: number;
}

/** The adaptive predictor of two poles and six zeros, the same in encoder and decoder (G.726 4.2.6). */
class Predictor {
  readonly #bits: G726Bits;
  /** Coefficients, and what they act on in the short floating point format, latest first. */
  readonly #poles = [0, 0];
  readonly #zeros = [0, 0, 0, 0, 0, 0];
  readonly #differences = [32, 32, 32, 32, 32, 32];
  readonly #signals = [32, 32];
  /** 1 where the partial sample was negative. */
  readonly #partialSigns = [0, 0];

  constructor(bits: G726Bits) {
    this.#bits = bits;
  }

  /** G.726 TONE: a narrow band signal, by the second pole. */
  get hasTone(): boolean {
    return (this.#poles[1] ?? 0) < -11_776;
  }

  predict(): Prediction {
    let sum = 0;
    for (let i = 0; i < 6; i++) sum += multiply((this.#zeros[i] ?? 0) >> 2, this.#differences[i] ?? 0);
    const poles =
      multiply((this.#poles[1] ?? 0) >> 2, this.#signals[1] ?? 0) +
      multiply((this.#poles[0] ?? 0) >> 2, this.#signals[0] ?? 0);
    return { zeros: in16Bits(sum) >> 1, estimate: in16Bits(sum + poles) >> 1 };
  }

  /** @param reset a tone has ended: the coefficients begin anew */
  take({ magnitude, negative, sample, partial }: Step, reset: boolean): void {
    const partialSign = partial < 0 ? 1 : 0;
    if (reset) {
      this.#poles.fill(0);
      this.#zeros.fill(0);
    } else {
      this.#adaptPoles(partial, partialSign);
      this.#adaptZeros(magnitude, negative);
    }
    const zero = negative ? -992 : 32;
    shiftIn(this.#differences, magnitude === 0 ? zero : toFloat(negative ? -magnitude : magnitude));
    shiftIn(this.#signals, toFloat(sample));
    shiftIn(this.#partialSigns, partialSign);
  }

  /** G.726 UPA2, LIMC, UPA1, LIMD. @param sign0 1 where the partial sample is negative */
  #adaptPoles(partial: number, sign0: number): void {
    const [sign1, sign2] = this.#partialSigns;
    const [first = 0, second = 0] = this.#poles;
    const moved = partial !== 0;
    const step = sign0 === sign1 ? 192 : -192;
    const newSecond = moved
      ? limitSecond(second - (second >> 7) + bendOf(sign0 === sign1 ? -first : first), sign0 === sign2)
      : second - (second >> 7);
    this.#poles[1] = newSecond;
    this.#poles[0] = limit(first - (first >> 8) + (moved ? step : 0), 15_360 - newSecond);
  }

  /** G.726 UPB. */
  #adaptZeros(magnitude: number, negative: boolean): void {
    const shift = this.#bits === 5 ? 9 : 8;
    for (let i = 0; i < 6; i++) {
      const coefficient = this.#zeros[i] ?? 0;
      const towards = (this.#differences[i] ?? 0) < 0 === negative ? 128 : -128;
      this.#zeros[i] = coefficient - (coefficient >> shift) + (magnitude === 0 ? 0 : towards);
    }
  }
}

function shiftIn(list: number[], value: number): void {
  list.pop();
  list.unshift(value);
}

/** The scale of the adaptive quantizer, logarithmic, the same in encoder and decoder (G.726 4.2.4, 4.2.5). */
class Scale {
  /** Slow (19 bits) and fast scale factor, and the averages that say which counts. */
  #slow = 34_816;
  #fast = 544;
  #shortAverage = 0;
  #longAverage = 0;
  #speed = 0;
  #tone = false;

  /** G.726 MIX. */
  get value(): number {
    if (this.#speed >= 256) return this.#fast;
    const slow = this.#slow >> 6;
    const difference = this.#fast - slow;
    const control = this.#speed >> 2;
    if (difference > 0) return slow + ((difference * control) >> 6);
    return difference < 0 ? slow + ((difference * control + 0x3f) >> 6) : slow;
  }

  /** G.726 TRANS: a narrow band signal that ends with a large difference. */
  isTransition(magnitude: number): boolean {
    const exponent = this.#slow >> 15;
    const mantissa = (this.#slow >> 10) & 0x1f;
    const first = exponent > 9 ? 31 << 10 : ((32 + mantissa) << exponent) & 0xffff;
    return this.#tone && magnitude > (first + (first >> 1)) >> 1;
  }

  /** @param now `value` as it was for the code word, with the code word's entries of the tables */
  take(now: { scale: number; multiplier: number; speed: number }, transition: boolean, tone: boolean): void {
    const { scale, multiplier, speed } = now;
    this.#fast = Math.max(544, Math.min(5120, scale + ((multiplier - scale) >> 5)));
    this.#slow += this.#fast + (-this.#slow >> 6);
    this.#tone = tone;
    this.#shortAverage += (speed - this.#shortAverage) >> 5;
    this.#longAverage += ((speed << 2) - this.#longAverage) >> 7;
    // G.726 SUBTC, FILTC.
    if (transition) this.#speed = 256;
    else if (scale < 1536 || tone || this.#isChanging) this.#speed += (0x200 - this.#speed) >> 4;
    else this.#speed += -this.#speed >> 4;
  }

  get #isChanging(): boolean {
    return Math.abs((this.#shortAverage << 2) - this.#longAverage) >= this.#longAverage >> 3;
  }
}

/** The code word of a difference (G.726 4.2.2). */
function quantize(bits: G726Bits, difference: number, scale: number): number {
  const { levels } = tables[bits];
  const magnitude = Math.abs(difference);
  const exponent = bitLength(magnitude >> 1);
  const logarithm = (exponent << 7) + (((magnitude << 7) >> exponent) & 0x7f) - (scale >> 2);
  let at = 0;
  while (at < levels.length && logarithm >= (levels[at] ?? 0)) at++;
  if (bits === 2) return difference < 0 ? 3 - at : at;
  const highest = 2 * levels.length + 1;
  if (difference < 0) return highest - at;
  // Zero is the code word of all ones.
  return at === 0 ? highest : at;
}

/** G.726 ANTILOG: the magnitude of a difference from its logarithm. */
function antilogarithm(logarithm: number): number {
  if (logarithm < 0) return 0;
  const exponent = (logarithm >> 7) & 0xf;
  const mantissa = 128 + (logarithm & 0x7f);
  return (mantissa << 7) >> (14 - exponent);
}

/** One direction of one call. The first code word lies in the lowest bits of the first byte (RFC 3551 4.5.4). */
export class G726 implements AudioCodec {
  readonly #bits: G726Bits;
  readonly #predictor: Predictor;
  readonly #scale = new Scale();

  constructor(bits: G726Bits) {
    this.#bits = bits;
    this.#predictor = new Predictor(bits);
  }

  encode(samples: Int16Array): Buffer {
    const out = Buffer.alloc(Math.ceil((samples.length * this.#bits) / 8));
    let word = 0;
    let held = 0;
    let at = 0;
    for (const sample of samples) {
      const prediction = this.#predictor.predict();
      // The codec works on 14 bits.
      const code = quantize(this.#bits, (sample >> 2) - prediction.estimate, this.#scale.value);
      this.#take(code, prediction);
      word |= code << held;
      held += this.#bits;
      for (; held >= 8; held -= 8, word >>= 8) out[at++] = word & 0xff;
    }
    if (held > 0) out[at] = word & 0xff;
    return out;
  }

  decode(payload: Uint8Array): Int16Array {
    const samples = new Int16Array(Math.floor((payload.length * 8) / this.#bits));
    let word = 0;
    let held = 0;
    let at = 0;
    for (const byte of payload) {
      word |= byte << held;
      held += 8;
      for (; held >= this.#bits; held -= this.#bits, word >>= this.#bits) {
        const sample = this.#take(word & ((1 << this.#bits) - 1), this.#predictor.predict());
        samples[at++] = Math.max(-32_768, Math.min(32_767, sample * 4));
      }
    }
    return samples;
  }

  /** Takes a code word up: the sample of 14 bits that it makes. */
  #take(code: number, { zeros, estimate }: Prediction): number {
    const { logarithms, multipliers, speeds } = tables[this.#bits];
    const scale = this.#scale.value;
    const negative = (code & (1 << (this.#bits - 1))) !== 0;
    const magnitude = antilogarithm((logarithms[code] ?? 0) + (scale >> 2));
    const sample = in16Bits(negative ? estimate - magnitude : estimate + magnitude);
    const transition = this.#scale.isTransition(magnitude);
    this.#predictor.take({ magnitude, negative, sample, partial: in16Bits(sample + zeros - estimate) }, transition);
    const tone = !transition && this.#predictor.hasTone;
    this.#scale.take({ scale, multiplier: multipliers[code] ?? 0, speed: speeds[code] ?? 0 }, transition, tone);
    return sample;
  }
}

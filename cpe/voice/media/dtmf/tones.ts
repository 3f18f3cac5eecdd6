// DTMF as tones in the audio (ITU-T Q.23, Q.24): two sines a digit, and their recognition by Goertzel's recurrence.
import { energyOf, powerAt } from '../tone.ts';
import { Blocks } from './blocks.ts';

const low = [697, 770, 852, 941] as const;
const high = [1209, 1336, 1477, 1633] as const;
const keypad = ['123A', '456B', '789C', '*0#D'] as const;

/** Peak of each of the two tones: about -12 dBm0 together, well below clipping. */
const AMPLITUDE = 6000;

function frequenciesOf(digit: string): [number, number] {
  const row = keypad.findIndex(line => line.includes(digit));
  const column = keypad[row]?.indexOf(digit) ?? 0;
  return [low[row] ?? 0, high[column] ?? 0];
}

/** The samples `from` to `from + count` of a digit's tones. @param rate samples per second */
export function digitSamples(digit: string, rate: number, from: number, count: number): Int16Array {
  const [first, second] = frequenciesOf(digit);
  const step = (2 * Math.PI) / rate;
  return Int16Array.from({ length: count }, (_, i) =>
    Math.round(AMPLITUDE * (Math.sin(step * first * (from + i)) + Math.sin(step * second * (from + i)))),
  );
}

/** About 26 ms: narrow enough to tell 697 from 770 Hz, and short enough that a digit of 40 ms holds a whole block (Q.24). */
const BLOCK_SECONDS = 0.025_625;
/** Both tones together must hold most of the block's energy: speech seldom does. */
const SHARE = 0.7;
const QUIETEST = 100;
/** Q.24: the tones of a digit differ by less than this, as a ratio of power (9 dB). */
const MOST_TWIST = 8;

/** Recognises digits in a stream of audio. A digit counts once it fills a whole block, and again after a block without it. */
export class DigitDetector {
  readonly #rate: number;
  readonly #blocks: Blocks;
  #candidate: string | undefined;
  #current: string | undefined;

  constructor(rate: number) {
    this.#rate = rate;
    this.#blocks = new Blocks(Math.round(rate * BLOCK_SECONDS));
  }

  /** The digits that become certain with these samples. */
  take(samples: Int16Array): string {
    let found = '';
    for (const block of this.#blocks.take(samples)) found += this.#judge(block) ?? '';
    return found;
  }

  /** Two equal blocks make a digit, two without it end it: a block on an edge decides nothing. */
  #judge(block: Int16Array): string | undefined {
    const digit = digitIn(block, this.#rate);
    const confirmed = digit === this.#candidate;
    this.#candidate = digit;
    if (!confirmed || digit === this.#current) return undefined;
    this.#current = digit;
    return digit;
  }
}

function strongest(block: Int16Array, frequencies: readonly number[], rate: number): { at: number; power: number } {
  const powers = frequencies.map(frequency => powerAt(block, frequency, rate));
  const power = Math.max(...powers);
  return { at: powers.indexOf(power), power };
}

/** The digit that fills a block, if one does. */
function digitIn(block: Int16Array, rate: number): string | undefined {
  const energy = energyOf(block);
  if (energy < block.length * QUIETEST * QUIETEST) return undefined;
  const first = strongest(block, low, rate);
  const second = strongest(block, high, rate);
  if (first.power > MOST_TWIST * second.power || second.power > MOST_TWIST * first.power) return undefined;
  if (2 * (first.power + second.power) < SHARE * block.length * energy) return undefined;
  return keypad[first.at]?.[second.at];
}

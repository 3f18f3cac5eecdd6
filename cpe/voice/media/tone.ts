// The audio of a simulated telephone: a steady tone, and the recognition of the tone that is received.

/** Samples per second of most telephone audio. */
const SAMPLE_RATE = 8000;
/** Peak of the tone, of 32767. */
const AMPLITUDE = 8000;

/** A generator whose blocks join without a click. @param rate samples per second */
export function createTone(frequency: number, rate = SAMPLE_RATE): (samples: number) => Int16Array {
  const step = (2 * Math.PI * frequency) / rate;
  let phase = 0;
  return samples => {
    const block = new Int16Array(samples);
    for (let i = 0; i < samples; i++) {
      block[i] = Math.round(AMPLITUDE * Math.sin(phase));
      phase = (phase + step) % (2 * Math.PI);
    }
    return block;
  };
}

/** Goertzel's recurrence: squared magnitude of one frequency in the block. @param rate samples per second */
export function powerAt(samples: Int16Array, frequency: number, rate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let last = 0;
  let beforeLast = 0;
  for (const sample of samples) {
    const next = sample + coefficient * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
}

interface Peak {
  frequency: number;
  power: number;
}

/** @param search lowest and highest frequency, and the step between two that are tried */
function strongest(samples: Int16Array, rate: number, search: { from: number; to: number; step: number }): Peak {
  let best = { frequency: search.from, power: -1 };
  for (let frequency = search.from; frequency <= search.to; frequency += search.step) {
    const power = powerAt(samples, frequency, rate);
    if (power > best.power) best = { frequency, power };
  }
  return best;
}

const LOWEST = 100;
const HIGHEST = 3800;
const SHORTEST_SECONDS = 0.1;
const QUIETEST = 50;
/** Part of the block's energy that must lie in the one frequency. */
const SHARE = 0.6;

/** The sum of the squares of all samples. */
export function energyOf(samples: Int16Array): number {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return energy;
}

/** The block of that length with the most energy, of those one behind the other. */
function loudest(samples: Int16Array, length: number): Int16Array {
  let best = samples.subarray(0, length);
  let most = energyOf(best);
  for (let at = length; at + length <= samples.length; at += length) {
    const block = samples.subarray(at, at + length);
    const energy = energyOf(block);
    if (energy > most) [best, most] = [block, energy];
  }
  return best;
}

/**
 * The frequency in Hz, to about 1 Hz, of a block that is mostly one tone; undefined for silence, noise, speech or less than 100 ms.
 * @param rate samples per second
 */
export function recogniseTone(samples: Int16Array, rate = SAMPLE_RATE): number | undefined {
  const short = rate * SHORTEST_SECONDS;
  if (samples.length < short) return undefined;
  const energy = energyOf(samples);
  if (energy < samples.length * QUIETEST * QUIETEST) return undefined;
  // A step of half a bin cannot miss the main lobe. The whole range is searched in the loudest tenth of a second alone, whose bins are
  // wide; finer passes over all samples then find the top.
  const [wide, bin] = [rate / short, rate / samples.length];
  const around = (frequency: number, width: number, step: number): Peak =>
    strongest(samples, rate, { from: frequency - width, to: frequency + width, step });
  const rough = strongest(loudest(samples, short), rate, { from: LOWEST, to: HIGHEST, step: wide / 2 });
  const coarse = around(rough.frequency, wide / 2, bin / 2);
  const fine = around(coarse.frequency, bin / 2, bin / 16);
  const finest = around(fine.frequency, bin / 16, bin / 128);
  const found = (2 * finest.power) / (samples.length * energy);
  return found >= SHARE ? Math.round(finest.frequency) : undefined;
}

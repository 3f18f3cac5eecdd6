// The audio of a simulated telephone: a steady tone, and the recognition of the tone that is received.

/** Samples per second of G.711. */
export const SAMPLE_RATE = 8000;

/** A generator whose blocks join without a click. @param amplitude peak, of 32767 */
export function createTone(frequency: number, amplitude = 8000): (samples: number) => Int16Array {
  const step = (2 * Math.PI * frequency) / SAMPLE_RATE;
  let phase = 0;
  return samples => {
    const block = new Int16Array(samples);
    for (let i = 0; i < samples; i++) {
      block[i] = Math.round(amplitude * Math.sin(phase));
      phase = (phase + step) % (2 * Math.PI);
    }
    return block;
  };
}

/** Goertzel's recurrence: squared magnitude of one frequency in the block. */
function powerAt(samples: Int16Array, frequency: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / SAMPLE_RATE);
  let last = 0;
  let beforeLast = 0;
  for (const sample of samples) {
    const next = sample + coefficient * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
}

function strongest(samples: Int16Array, from: number, to: number, step: number): { frequency: number; power: number } {
  let best = { frequency: from, power: -1 };
  for (let frequency = from; frequency <= to; frequency += step) {
    const power = powerAt(samples, frequency);
    if (power > best.power) best = { frequency, power };
  }
  return best;
}

const LOWEST = 100;
const HIGHEST = 3800;
const SHORTEST = 800;
const QUIETEST = 50;

/**
 * The frequency in Hz, to about 1 Hz, of a block that is mostly one tone; undefined for silence, noise, speech or less than 100 ms.
 * @param share the part of the block's energy that must lie in that frequency
 */
export function recogniseTone(samples: Int16Array, share = 0.6): number | undefined {
  if (samples.length < SHORTEST) return undefined;
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  if (energy < samples.length * QUIETEST * QUIETEST) return undefined;
  // A step of half a bin cannot miss the main lobe; two finer passes then find its top.
  const bin = SAMPLE_RATE / samples.length;
  const coarse = strongest(samples, LOWEST, HIGHEST, bin / 2);
  const fine = strongest(samples, coarse.frequency - bin / 2, coarse.frequency + bin / 2, bin / 16);
  const finest = strongest(samples, fine.frequency - bin / 16, fine.frequency + bin / 16, bin / 128);
  const found = (2 * finest.power) / (samples.length * energy);
  return found >= share ? Math.round(finest.frequency) : undefined;
}

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

/**
 * The frequency in Hz, to about 1 Hz, of a block that is mostly one tone; undefined for silence, noise, speech or less than 100 ms.
 * @param rate samples per second
 */
export function recogniseTone(samples: Int16Array, rate = SAMPLE_RATE): number | undefined {
  if (samples.length < rate * SHORTEST_SECONDS) return undefined;
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  if (energy < samples.length * QUIETEST * QUIETEST) return undefined;
  // A step of half a bin cannot miss the main lobe; two finer passes then find its top.
  const bin = rate / samples.length;
  const around = (frequency: number, width: number, step: number): Peak =>
    strongest(samples, rate, { from: frequency - width, to: frequency + width, step });
  const coarse = strongest(samples, rate, { from: LOWEST, to: HIGHEST, step: bin / 2 });
  const fine = around(coarse.frequency, bin / 2, bin / 16);
  const finest = around(fine.frequency, bin / 16, bin / 128);
  const found = (2 * finest.power) / (samples.length * energy);
  return found >= SHARE ? Math.round(finest.frequency) : undefined;
}

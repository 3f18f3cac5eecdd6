// The calling tone of a fax machine in the audio (CNG, ITU-T T.30 4.2): 1100 Hz for half a second, every three seconds.
import { powerAt } from '../tone.ts';

const FREQUENCY = 1100;
const BLOCK_SECONDS = 0.1;
/** Blocks in sequence that hold nothing else: well within the half second, and longer than speech stays on one tone. */
const ENOUGH = 3;
const SHARE = 0.7;
const QUIETEST = 100;

export class CallingToneDetector {
  readonly #rate: number;
  readonly #onHeard: () => void;
  readonly #block: Int16Array;
  #filled = 0;
  #blocks = 0;

  /** @param rate samples per second @param onHeard called once for each tone */
  constructor(rate: number, onHeard: () => void) {
    this.#rate = rate;
    this.#onHeard = onHeard;
    this.#block = new Int16Array(rate * BLOCK_SECONDS);
  }

  take(samples: Int16Array): void {
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(samples.length - at, this.#block.length - this.#filled);
      this.#block.set(samples.subarray(at, at + count), this.#filled);
      at += count;
      this.#filled += count;
      if (this.#filled < this.#block.length) return;
      this.#filled = 0;
      this.#blocks = this.#isTone() ? this.#blocks + 1 : 0;
      if (this.#blocks === ENOUGH) this.#onHeard();
    }
  }

  #isTone(): boolean {
    const length = this.#block.length;
    let energy = 0;
    for (const sample of this.#block) energy += sample * sample;
    if (energy < length * QUIETEST * QUIETEST) return false;
    return 2 * powerAt(this.#block, FREQUENCY, this.#rate) >= SHARE * length * energy;
  }
}

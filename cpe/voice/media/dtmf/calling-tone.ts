// The calling tone of a fax machine in the audio (CNG, ITU-T T.30 4.2): 1100 Hz for half a second, every three seconds.
import { energyOf, powerAt } from '../tone.ts';
import { Blocks } from './blocks.ts';

const FREQUENCY = 1100;
const BLOCK_SECONDS = 0.1;
/** Blocks in sequence that hold nothing else: well within the half second, and longer than speech stays on one tone. */
const ENOUGH = 3;
const SHARE = 0.7;
const QUIETEST = 100;

export class CallingToneDetector {
  readonly #rate: number;
  readonly #onHeard: () => void;
  readonly #blocks: Blocks;
  /** Blocks of the tone in sequence. */
  #count = 0;

  /** @param rate samples per second @param onHeard called once for each tone */
  constructor(rate: number, onHeard: () => void) {
    this.#rate = rate;
    this.#onHeard = onHeard;
    this.#blocks = new Blocks(rate * BLOCK_SECONDS);
  }

  take(samples: Int16Array): void {
    for (const block of this.#blocks.take(samples)) {
      this.#count = isTone(block, this.#rate) ? this.#count + 1 : 0;
      if (this.#count === ENOUGH) this.#onHeard();
    }
  }
}

function isTone(block: Int16Array, rate: number): boolean {
  const energy = energyOf(block);
  if (energy < block.length * QUIETEST * QUIETEST) return false;
  return 2 * powerAt(block, FREQUENCY, rate) >= SHARE * block.length * energy;
}

// The faults of one unit, drawn at random. Each unit has a random stream for each fault, made from the fleet's seed: the same
// seed gives the same faults, in whatever order the units run and whatever other faults there are.
import { type Random, seededRandom } from '../../shared/clock.ts';
import { type FaultName, type FaultRates, faultNames } from './catalogue.ts';

/** The probabilities of the faults in a fleet; they may change while it runs. */
export interface FaultProbabilities {
  rates: FaultRates;
}

/** FNV-1a: spreads neighbouring units and faults over all seeds. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** A unit's own random source: for waits, phases and paths. */
export const randomOf = (seed: number, unit: number): Random => seededRandom(seedOf(`${seed}/${unit}`));

export class UnitFaults {
  readonly #seed: number;
  readonly #unit: number;
  readonly #probabilities: FaultProbabilities;
  #streams: Map<FaultName, Random> | undefined;
  #traits: Map<FaultName, boolean> | undefined;
  /** Number of times that each fault struck. */
  tally: Partial<Record<FaultName, number>> | undefined;

  constructor(seed: number, unit: number, probabilities: FaultProbabilities) {
    this.#seed = seed;
    this.#unit = unit;
    this.#probabilities = probabilities;
  }

  /** Draws once; without a rate nothing is drawn. */
  strikes(name: FaultName): boolean {
    const rate = this.#probabilities.rates[name] ?? 0;
    if (rate <= 0 || this.#stream(name).next() >= rate) return false;
    this.count(name);
    return true;
  }

  /** A lasting property of the unit, drawn at the first call. */
  has(name: FaultName): boolean {
    const known = this.#traits?.get(name);
    if (known !== undefined) return known;
    if (!this.#probabilities.rates[name]) return false;
    this.#traits ??= new Map();
    const has = this.strikes(name);
    this.#traits.set(name, has);
    return has;
  }

  /** The form of a fault that struck: an integer from min to max. */
  int(name: FaultName, min: number, max: number): number {
    return this.#stream(name).int(min, max);
  }

  count(name: FaultName): void {
    this.tally ??= {};
    this.tally[name] = (this.tally[name] ?? 0) + 1;
  }

  #stream(name: FaultName): Random {
    this.#streams ??= new Map();
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = seededRandom(seedOf(`${this.#seed}/${this.#unit}/${name}`));
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

export type Tally = Partial<Record<FaultName, number>>;

/** Sums, in the order of the catalogue. */
export function sumTallies(tallies: Iterable<Tally | undefined>): Tally {
  const sum: Tally = {};
  const list = [...tallies];
  for (const name of faultNames) {
    const count = list.reduce((total, tally) => total + (tally?.[name] ?? 0), 0);
    if (count > 0) sum[name] = count;
  }
  return sum;
}

// When a fault strikes one unit. Each unit has its own stream of chance for each fault, drawn from the fleet's seed: the same seed
// gives the same faults, in whatever order the units run and whatever other faults there are.
import { type Random, seededRandom } from '../../shared/clock.ts';
import { type FaultName, type FaultRates, faultNames } from './catalogue.ts';

/** What the units of a fleet are exposed to; may change while they run. */
export interface Weather {
  rates: FaultRates;
}

/** FNV-1a: spreads neighbouring units and faults over all seeds. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** A unit's own chance: for waits, phases and paths. */
export const randomOf = (seed: number, unit: number): Random => seededRandom(seedOf(`${seed}/${unit}`));

export class Dice {
  readonly #seed: number;
  readonly #unit: number;
  readonly #weather: Weather;
  #streams: Map<FaultName, Random> | undefined;
  #traits: Map<FaultName, boolean> | undefined;
  /** How often each fault struck. */
  tally: Partial<Record<FaultName, number>> | undefined;

  constructor(seed: number, unit: number, weather: Weather) {
    this.#seed = seed;
    this.#unit = unit;
    this.#weather = weather;
  }

  /** Takes one chance. Without a rate nothing is drawn. */
  strikes(name: FaultName): boolean {
    const rate = this.#weather.rates[name] ?? 0;
    if (rate <= 0 || this.#stream(name).next() >= rate) return false;
    this.count(name);
    return true;
  }

  /** A lasting property of the unit, decided at the first question. */
  has(name: FaultName): boolean {
    const known = this.#traits?.get(name);
    if (known !== undefined) return known;
    if (!this.#weather.rates[name]) return false;
    this.#traits ??= new Map();
    const has = this.strikes(name);
    this.#traits.set(name, has);
    return has;
  }

  /** How a fault that struck turns out: an integer from min to max. */
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

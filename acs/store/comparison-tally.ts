// Values of two sets of devices, counted and compared: the values that are more frequent in the first, the most significant first.
import { rangeOf } from '../query/address-range.ts';
import { LogFactorials } from './significance.ts';

/** The part of a device that many have in common. */
interface CommonFacts {
  productClass: string;
  manufacturer: string;
  oui: string;
  firmware: string;
  hardware: string;
  hasCertificate: boolean;
  tags: readonly string[];
  site: Readonly<Record<string, string>>;
}

interface OwnFacts {
  address: string;
  /** Values of its last Informs by path. */
  told: Readonly<Record<string, unknown>>;
}

/** A device as far as it is compared. */
export type ComparedDevice = CommonFacts & OwnFacts;

export interface ComparedValue {
  /** A field of the filter language, `addressRange`, `certificate`, or the path of a parameter. */
  field: string;
  value: string;
  /** Devices of each set that have the value. */
  these: number;
  against: number;
  /** The probability, as -log10, that so many of the first set have it by chance; corrected for the number of values that were tested. */
  score: number;
}

export interface Comparison {
  these: number;
  against: number;
  values: ComparedValue[];
}

/** Different values of one field: beyond it the field sets single devices apart, and is left out. */
const MAX_VALUES = 2000;
const MAX_FIELDS = 1000;
const MAX_VALUE_LENGTH = 200;
const MAX_ANSWERED = 1000;

/** Values that are judged without a break. */
const PORTION = 200;

type Counts = [these: number, against: number];
type Fields = Map<string, Map<string, Counts> | 'varied'>;

/** The values that are more frequent in the first set, and the number of all: each is one test. */
function moreFrequent(
  fields: Fields,
  [these, against]: Counts,
): { found: Omit<ComparedValue, 'score'>[]; tested: number } {
  const found: Omit<ComparedValue, 'score'>[] = [];
  let tested = 0;
  for (const [field, values] of fields) {
    if (values === 'varied') continue;
    tested += values.size;
    for (const [value, [n, m]] of values)
      if (n * against > m * these) found.push({ field, value, these: n, against: m });
  }
  return { found, tested };
}

export class ComparisonTally {
  readonly #fields: Fields = new Map();
  readonly #whole: Counts = [0, 0];

  /** @param side 0 for the first set, 1 for the second */
  add(device: ComparedDevice, side: 0 | 1): void {
    this.addCommon(device, side === 0 ? [1, 0] : [0, 1]);
    this.addOwn(device, side);
  }

  /** Counts the part of a device that many have in common, for all those that have it. */
  addCommon({ tags, site, hasCertificate, ...device }: CommonFacts, counts: Counts): void {
    for (const field of columns) this.#count(field, device[field], counts);
    this.#count('certificate', hasCertificate ? 'yes' : 'no', counts);
    for (const tag of tags) this.#count('tag', tag, counts);
    for (const name in site) this.#count(`site.${name}`, site[name] ?? '', counts);
  }

  /** Counts the rest of a device. */
  addOwn({ address, told }: OwnFacts, side: 0 | 1): void {
    this.#whole[side]++;
    const counts: Counts = side === 0 ? first : second;
    this.#count('addressRange', rangeOf(address), counts);
    for (const path in told) {
      const value = told[path];
      if (typeof value === 'string' && !isColumn(path)) this.#count(path, value, counts);
    }
  }

  /** Compares; yields now and then, so that other work can have its turn. */
  *judge(): Generator<void, Comparison> {
    const [these, against] = this.#whole;
    const factorials = new LogFactorials(these + against);
    const { found, tested } = moreFrequent(this.#fields, this.#whole);
    const values: ComparedValue[] = [];
    for (const each of found) {
      const table = { hits: each.these, drawn: these, marked: each.these + each.against, whole: these + against };
      values.push({ ...each, score: -factorials.log10Tail(table) - Math.log10(tested) });
      if (values.length % PORTION === 0) yield;
    }
    values.sort((a, b) => b.score - a.score || b.these * a.against - a.these * b.against);
    const shown = values.slice(0, MAX_ANSWERED).map(each => ({ ...each, score: Math.max(0, each.score) }));
    return { these, against, values: shown };
  }

  #count(field: string, value: string, [these, against]: Counts): void {
    if (value === '' || value.length > MAX_VALUE_LENGTH) return;
    let values = this.#fields.get(field);
    if (values === 'varied') return;
    if (!values) {
      if (this.#fields.size >= MAX_FIELDS) return;
      values = new Map();
      this.#fields.set(field, values);
    }
    const counts = values.get(value);
    if (counts) {
      counts[0] += these;
      counts[1] += against;
    } else if (values.size >= MAX_VALUES) this.#fields.set(field, 'varied');
    else values.set(value, [these, against]);
  }
}

const columns = ['productClass', 'manufacturer', 'oui', 'firmware', 'hardware'] as const;
const first: Counts = [1, 0];
const second: Counts = [0, 1];

/** The parameter is a field too. */
const isColumn = (path: string): boolean =>
  path.endsWith('.DeviceInfo.SoftwareVersion') || path.endsWith('.DeviceInfo.HardwareVersion');

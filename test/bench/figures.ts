// The arithmetic of the bench: medians of rounds, paired differences with quartiles, one row of the table with its goal and whether it is met.

/** The promise of a row. `of`: the limit is on our figure, or on its ratio to the floor. */
export interface Goal {
  limit: number;
  of: 'ours' | 'ratio';
  /** Judged only where three quarters of the rounds agree: for figures that scatter by their nature. */
  byQuartiles?: boolean;
}

/** Lower and upper quartile. */
export type Quartiles = [number, number];

/** Figures of one version of Node, one of each list a round. */
export interface Rounds {
  /** Major version of Node; absent for a row that has one column. */
  node?: string;
  ours: readonly number[];
  floor?: readonly number[];
  /** The floor without writer thread, cookie check, idle timer and log line. */
  bare?: readonly number[];
}

export interface Figures {
  node: string;
  rounds: number;
  /** Medians of the rounds. */
  ours: number;
  floor: number | null;
  bare: number | null;
  /** Of the medians; null where nothing is to be compared, and where the rounds are noisy. */
  ratio: number | null;
  bareRatio: number | null;
  /** Ours less the floor of the same round. */
  difference: { median: number; quartiles: Quartiles } | null;
  /** The differences scatter more than their median: no ratio is told. */
  noisy: boolean;
  spread: { ours: Quartiles; floor: Quartiles | null };
}

export interface Row extends Figures {
  name: string;
  unit: string;
  /** As text: `≤ 0.45 ms`. */
  goal: string;
  met: boolean | null;
  /** The same under other versions of Node, in the same run. */
  others: Figures[];
  /** GenieACS, measured in another run. */
  incumbent: string;
  note: string;
  /** Key of the row for docs/capacity.md; absent in most. */
  capacity?: string;
  /** Table of the row; absent: the main one. In the waterfall `floor` is the cost without the layer. */
  section?: 'waterfall';
}

export interface RowSource extends Rounds {
  name: string;
  unit: string;
  others?: readonly Rounds[];
  goal?: Goal;
  incumbent?: string;
  note?: string;
  capacity?: string;
  section?: 'waterfall';
}

/** @param share 0 … 1; of an empty list 0 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1))] ?? 0;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Three significant digits below 100, whole numbers above. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));

const quartilesOf = (values: readonly number[]): Quartiles => [percentile(values, 0.25), percentile(values, 0.75)];
const roundedPair = ([low, high]: Quartiles): Quartiles => [rounded(low), rounded(high)];

/** The differences of rounds that were measured side by side. */
export function pairedDifference(ours: readonly number[], floor: readonly number[]): Figures['difference'] {
  if (floor.length === 0) return null;
  const differences = ours.slice(0, floor.length).map((value, round) => value - (floor[round] ?? 0));
  return { median: median(differences), quartiles: quartilesOf(differences) };
}

const isNoisy = ({ median: middle, quartiles: [low, high] }: NonNullable<Figures['difference']>): boolean =>
  high - low > Math.abs(middle);

export function figuresOf({ node = '', ours, floor = [], bare = [] }: Rounds): Figures {
  const own = median(ours);
  const [beside, least] = [floor.length ? median(floor) : null, bare.length ? median(bare) : null];
  const difference = pairedDifference(ours, floor);
  const noisy = difference !== null && isNoisy(difference);
  return {
    node,
    rounds: ours.length,
    ours: rounded(own),
    floor: beside === null ? null : rounded(beside),
    bare: least === null ? null : rounded(least),
    ratio: beside && !noisy ? rounded(own / beside) : null,
    bareRatio: least && !noisy ? rounded(own / least) : null,
    difference: difference && {
      median: rounded(difference.median),
      quartiles: roundedPair(difference.quartiles),
    },
    noisy,
    spread: {
      ours: roundedPair(quartilesOf(ours)),
      floor: floor.length ? roundedPair(quartilesOf(floor)) : null,
    },
  };
}

const goalText = ({ limit, of }: Goal, unit: string): string =>
  of === 'ratio' ? `≤ ${limit} × floor` : `≤ ${limit} ${unit.split(/[ ,]/)[0]}`;

/** A ratio of noisy rounds counts as met only where three quarters of the rounds are within the limit. */
function isMet(goal: Goal, { ours, floor = [] }: Rounds, { noisy, ratio }: Figures): boolean | null {
  const { limit, of, byQuartiles } = goal;
  if (of === 'ours' && byQuartiles) {
    const [low, high] = quartilesOf(ours);
    return high <= limit ? true : low > limit ? false : null;
  }
  if (of === 'ours') return median(ours) <= limit;
  if (floor.length === 0) return null;
  if (!noisy) return (ratio ?? 0) <= limit;
  const ratios = ours.slice(0, floor.length).map((value, round) => value / (floor[round] || 1));
  return percentile(ratios, 0.75) <= limit ? true : null;
}

export function makeRow(source: RowSource): Row {
  const { name, unit, goal, others = [], incumbent = '', note = '', capacity, section } = source;
  const figures = figuresOf(source);
  return {
    name,
    unit,
    ...figures,
    goal: goal ? goalText(goal, unit) : '',
    met: goal ? isMet(goal, source, figures) : null,
    others: others.map(figuresOf),
    incumbent,
    note,
    ...(capacity ? { capacity } : {}),
    ...(section ? { section } : {}),
  };
}

/** `met`, by how much it was missed, or `noisy`; '' where nothing is promised and nothing in doubt. */
export function verdict(row: Row): string {
  const ofRatio = row.goal.endsWith('floor');
  if (row.noisy && (ofRatio || row.goal === '')) return row.met ? 'noisy, within the goal' : 'noisy';
  if (row.met === null) return row.goal ? 'noisy' : '';
  if (row.met) return 'met';
  const limit = Number(/[\d.]+/.exec(row.goal)?.[0] ?? 0);
  const judged = ofRatio ? (row.ratio ?? 0) : row.ours;
  return limit > 0 ? `missed by ${Math.max(1, Math.round((judged / limit - 1) * 100))} %` : `missed by ${judged}`;
}

/** One round of each in turn, again and again, so that what disturbs the machine disturbs all alike. */
export async function interleaved<T>(rounds: number, measures: readonly (() => Promise<T>)[]): Promise<T[][]> {
  const results: T[][] = measures.map(() => []);
  for (let round = 0; round < rounds; round++)
    // Another one begins each round, so that none is always the first after a pause.
    for (let nth = 0; nth < measures.length; nth++) {
      const index = (round + nth) % measures.length;
      const measure = measures[index];
      if (measure) results[index]?.push(await measure());
    }
  return results;
}

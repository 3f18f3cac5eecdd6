// The arithmetic of the bench: medians of rounds, percentiles, one row of the table with its goal and whether it is met.

/** The promise of a row. `of`: the limit is on our figure, or on its ratio to the floor. */
export interface Goal {
  limit: number;
  of: 'ours' | 'ratio';
}

export interface Row {
  name: string;
  unit: string;
  /** Medians of the rounds. */
  ours: number;
  floor: number | null;
  ratio: number | null;
  /** As text: `≤ 0.45 ms`. */
  goal: string;
  met: boolean | null;
  /** Smallest and largest of the rounds. */
  spread: { ours: [number, number]; floor: [number, number] | null };
  /** The incumbent's figure, measured elsewhere. */
  incumbent: string;
  note: string;
}

export interface RowSource {
  name: string;
  unit: string;
  /** One figure a round. */
  ours: readonly number[];
  floor?: readonly number[];
  goal?: Goal;
  incumbent?: string;
  note?: string;
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

const spreadOf = (values: readonly number[]): [number, number] => [
  rounded(Math.min(...values)),
  rounded(Math.max(...values)),
];

const goalText = ({ limit, of }: Goal, unit: string): string =>
  of === 'ratio' ? `≤ ${limit} × floor` : `≤ ${limit} ${unit.split(/[ ,]/)[0]}`;

export function makeRow({ name, unit, ours, floor, goal, incumbent = '', note = '' }: RowSource): Row {
  const own = median(ours);
  const bare = floor?.length ? median(floor) : null;
  const ratio = bare ? own / bare : null;
  const judged = goal?.of === 'ratio' ? ratio : own;
  return {
    name,
    unit,
    ours: rounded(own),
    floor: bare === null ? null : rounded(bare),
    ratio: ratio === null ? null : rounded(ratio),
    goal: goal ? goalText(goal, unit) : '',
    met: goal && judged !== null ? judged <= goal.limit : null,
    spread: { ours: spreadOf(ours), floor: floor?.length ? spreadOf(floor) : null },
    incumbent,
    note,
  };
}

/** `met`, or by how much it was missed; '' where nothing is promised. */
export function verdict(row: Row): string {
  if (row.met === null) return '';
  if (row.met) return 'met';
  const limit = Number(/[\d.]+/.exec(row.goal)?.[0] ?? 0);
  const judged = row.goal.endsWith('floor') ? (row.ratio ?? 0) : row.ours;
  return limit > 0 ? `missed by ${Math.max(1, Math.round((judged / limit - 1) * 100))} %` : `missed by ${judged}`;
}

/** One round of each in turn, again and again, so that what disturbs the machine disturbs all alike. */
export async function interleaved<T>(rounds: number, measures: readonly (() => Promise<T>)[]): Promise<T[][]> {
  const results: T[][] = measures.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, measure] of measures.entries()) results[index]?.push(await measure());
  return results;
}

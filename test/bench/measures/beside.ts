// Work that goes on beside sessions at a steady pace, and how much it adds to their p99.
import type { Side, Sides } from '../contest.ts';
import { makeRow, median, percentile, type Row } from '../figures.ts';
import type { LoadReport } from '../load/requests.ts';
import { informedBy, type Setting } from '../measure.ts';

const SECONDS = 3;
const MOST_ROUNDS = 3;
const GOAL_MS = 20;

export interface Pace {
  perSecond: number;
  /** A few seconds of arrivals. */
  arrivals(seed: number): Promise<LoadReport>;
}

/** Arrivals at a pace that is far below the capacity of any machine. */
export function paceOf({ servers, sessions }: Setting, { ours }: Side, { request }: Sides): Pace {
  const perSecond = Math.min(150, Math.max(50, sessions / 3));
  const { settings, devices } = request(ours);
  return {
    perSecond,
    arrivals: seed =>
      informedBy(servers, {
        kind: 'open',
        settings,
        devices,
        sessions: Math.ceil(perSecond * SECONDS),
        perSecond,
        seed,
      }),
  };
}

export const p99Of = ({ times }: LoadReport): number => percentile(times, 0.99);

export interface Added {
  name: string;
  pace: Pace;
  /** p99 of rounds with nothing beside, and with the work; of the same number. */
  quiet: readonly number[];
  busy: readonly number[];
  incumbent?: string;
  note?: string;
}

export function addedRow({ name, pace, quiet, busy, incumbent, note }: Added): Row {
  const told = `${Math.round(pace.perSecond)} sessions/s; p99 ${median(busy).toFixed(1)} ms with, ${median(quiet).toFixed(1)} ms without`;
  return makeRow({
    name,
    unit: 'ms',
    ours: busy.map((p99, round) => Math.max(0, p99 - (quiet[round] ?? 0))),
    goal: { limit: GOAL_MS, of: 'ours', byQuartiles: true },
    ...(incumbent ? { incumbent } : {}),
    note: note ? `${told}; ${note}` : told,
  });
}

/** The work is done again and again while the sessions come; a round without it goes before each. */
export async function repeatedBeside(
  { rounds }: Setting,
  pace: Pace,
  work: () => Promise<unknown>,
): Promise<{ quiet: number[]; busy: number[]; took: number[] }> {
  const [quiet, busy, took]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < Math.min(MOST_ROUNDS, rounds); round++) {
    quiet.push(p99Of(await pace.arrivals(round)));
    let over = false;
    const working = (async () => {
      while (!over) took.push(await elapsed(work));
    })();
    try {
      busy.push(p99Of(await pace.arrivals(round)));
    } finally {
      over = true;
      await working;
    }
  }
  return { quiet, busy, took };
}

/** @returns milliseconds */
export async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

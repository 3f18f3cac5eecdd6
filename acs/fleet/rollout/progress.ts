// The progress of rollouts, counted from indexes; for clients that poll it is cached for a few seconds.
import type { Clock } from '../../../shared/clock.ts';
import { type RolloutState, rolloutStates } from '../../device/rollout-position.ts';
import type { Filter } from '../../query/filter.ts';
import type { RolloutContext } from './context.ts';
import type { RolloutDevices } from './devices.ts';
import { isEnded, type Rollout, type RolloutPhase, type Totals } from './plan.ts';

/** A rollout that has not ended. */
export interface LiveRollout {
  rollout: string;
  phase: RolloutPhase;
  devices: { state: RolloutState; count: number }[];
}

/** Milliseconds for which a count is answered again. */
const KEPT_MS = 5000;

/** A count for clients that poll: one at a time, and answered again for a while. */
export class PolledCount<T> {
  readonly #clock: Clock;
  readonly #count: () => Promise<T>;
  #cached: { found: Promise<T>; until: number } | undefined;

  constructor(clock: Clock, count: () => Promise<T>) {
    this.#clock = clock;
    this.#count = count;
  }

  async read(): Promise<T> {
    const clock = this.#clock;
    if (this.#cached && clock.monotonic() < this.#cached.until) return await this.#cached.found;
    const counting = { found: this.#count(), until: Number.POSITIVE_INFINITY };
    this.#cached = counting;
    try {
      return await counting.found;
    } catch (error) {
      this.#cached = undefined;
      throw error;
    } finally {
      counting.until = clock.monotonic() + KEPT_MS;
    }
  }
}

/** The rollouts that have not ended, with their devices by state. */
export async function countLiveRollouts({ documents, devices }: RolloutContext): Promise<LiveRollout[]> {
  const live: LiveRollout[] = [];
  for (const { body } of await documents.list()) {
    if (isEnded(body)) continue;
    const count = async (state: RolloutState) => ({ state, count: await devices.count(body.id, state) });
    live.push({ rollout: body.id, phase: body.phase, devices: await Promise.all(rolloutStates.map(count)) });
  }
  return live;
}

/** Counts by wave, from 0: devices that were skipped before they had a wave. */
export async function countTotals(
  devices: RolloutDevices,
  id: string,
  waves: number,
  within?: Filter,
): Promise<Totals[]> {
  const ofWave = async (state: RolloutState, wave: number): Promise<number> =>
    wave > 0 || state === 'skipped' ? await devices.count(id, state, wave, within) : 0;
  const totals: Totals[] = [];
  for (let wave = 0; wave <= waves; wave++) {
    const counts = await Promise.all(rolloutStates.map(async state => [state, await ofWave(state, wave)] as const));
    totals.push(Object.fromEntries(counts) as Totals);
  }
  return totals;
}

/**
 * @param within devices beyond it are not counted
 * @returns the totals of a rollout; those at its end where a later rollout has taken devices over since
 */
export async function totalsOf(
  devices: RolloutDevices,
  { id, sizes, totals }: Rollout,
  within?: Filter,
): Promise<Totals[]> {
  const now = await countTotals(devices, id, sizes.length, within);
  return totals && !within && sumOf(now) < sumOf(totals) ? totals : now;
}

const sumOf = (totals: readonly Totals[]): number =>
  totals.flatMap(wave => Object.values(wave)).reduce((sum, count) => sum + count, 0);

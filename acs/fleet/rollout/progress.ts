// How far rollouts are, for who looks again and again: counted by indexes, and not more often than every few seconds.
import type { Clock } from '../../../shared/clock.ts';
import { type RolloutState, rolloutStates } from '../../device/rollout-position.ts';
import type { Store } from '../../store/store.ts';
import type { Rows } from './devices.ts';
import { isEnded, type Rollout, type RolloutPhase } from './plan.ts';

/** One that has not ended. */
export interface LiveRollout {
  rollout: string;
  phase: RolloutPhase;
  devices: { state: RolloutState; count: number }[];
}

/** What was counted is told again for so long. */
const KEPT_MS = 5000;

export function createLive(store: Pick<Store, 'documents'>, clock: Clock, rows: Pick<Rows, 'count'>) {
  const count = async (): Promise<LiveRollout[]> => {
    const found: LiveRollout[] = [];
    for (const { body } of await store.documents<Rollout>('rollout')) {
      if (isEnded(body)) continue;
      const { id: rollout, phase } = body;
      const devices = await Promise.all(
        rolloutStates.map(async state => ({ state, count: await rows.count(rollout, state) })),
      );
      found.push({ rollout, phase, devices });
    }
    return found;
  };
  let known: { found: Promise<LiveRollout[]>; until: number } | undefined;
  /** @throws what the store throws */
  return async (): Promise<LiveRollout[]> => {
    if (known && clock.monotonic() < known.until) return await known.found;
    const counting = { found: count(), until: Number.POSITIVE_INFINITY };
    known = counting;
    try {
      return await counting.found;
    } catch (error) {
      known = undefined;
      throw error;
    } finally {
      counting.until = clock.monotonic() + KEPT_MS;
    }
  };
}

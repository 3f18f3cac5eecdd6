// Waits after refusals: twice as long each time, and spread by chance, so that devices that refused together are not tried again together.
import type { Random } from '../../../shared/clock.ts';
import type { FleetContext } from './context.ts';

export interface Backoff {
  /** Milliseconds after the first refusal. */
  firstMs: number;
  /** Longest wait, before it is spread by chance. */
  lastMs: number;
}

/** @param count earlier refusals @returns when to try again, milliseconds since 1970: the wait is by up to a quarter longer or shorter */
export function retryAt(
  { clock, random }: Pick<FleetContext, 'clock' | 'random'>,
  { firstMs, lastMs }: Backoff,
  count: number,
): number {
  return clock.now() + spread(Math.min(lastMs, firstMs * 2 ** count), random);
}

/** @returns the wait, by up to a quarter longer or shorter, milliseconds */
export const spread = (wait: number, random: Random): number => Math.round(wait * (0.75 + random.next() / 2));

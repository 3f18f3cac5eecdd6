// How long what a device refused is left alone: twice as long each time, and spread by chance, so that a fleet that was refused
// together does not come back to it together.
import type { Random } from '../../../shared/clock.ts';
import type { FleetContext } from './context.ts';

export interface Backoff {
  /** After the first time, milliseconds. */
  firstMs: number;
  /** No wait is longer, but for chance. */
  lastMs: number;
}

/** @param count how often it was refused before @returns when to try again, milliseconds since 1970: the wait is by a quarter longer or shorter */
export function retryAt(
  { clock, random }: Pick<FleetContext, 'clock' | 'random'>,
  { firstMs, lastMs }: Backoff,
  count: number,
): number {
  return clock.now() + spread(Math.min(lastMs, firstMs * 2 ** count), random);
}

/** By a quarter longer or shorter, milliseconds. */
export const spread = (wait: number, random: Random): number => Math.round(wait * (0.75 + random.next() / 2));

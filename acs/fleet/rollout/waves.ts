// Decisions about waves, common to rollouts and jobs: the limits of failures, and the time zones whose window is open. Pure.
import { openUntil } from '../common/time-window.ts';
import { amountOf, type Plan } from './plan.ts';

/** @param failed devices that have failed, in all and of the current wave @returns the reason for which no more may begin */
export function limitPassed(
  { failure, sizes, wave, pardoned }: Pick<Plan, 'failure' | 'sizes' | 'wave' | 'pardoned'>,
  failed: { total: number; ofWave: number },
): string | undefined {
  const passes = (share: Plan['failure']['total'], count: number, pardon: number, whole: number): boolean =>
    share !== undefined && count - pardon > amountOf(share, whole, 'down');
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  if (passes(failure.perWave, failed.ofWave, pardoned.ofWave === wave ? pardoned.wave : 0, sizes[wave - 1] ?? 0))
    return `${failed.ofWave} of wave ${wave} have failed; ${failure.perWave} are allowed`;
  if (passes(failure.total, failed.total, pardoned.total, whole))
    return `${failed.total} have failed; ${failure.total} are allowed`;
  return undefined;
}

/** Time zones where devices may begin now, and until when. */
export const openZones = (
  { zones, window, timezone }: Pick<Plan, 'zones' | 'window' | 'timezone'>,
  now: number,
): { zone: string; until?: number }[] =>
  zones.flatMap(zone => {
    if (!window) return [{ zone }];
    const until = openUntil(window, zone || timezone, now);
    return until === undefined ? [] : [{ zone, until }];
  });

/** The function that tells the wave of a device by its place in the order, from 1. */
export const wavesOf = (sizes: readonly number[]): ((at: number) => number) => {
  const ends: number[] = [];
  for (const size of sizes) ends.push((ends.at(-1) ?? 0) + size);
  return at => ends.findIndex(end => at < end) + 1;
};

// What anybody can bring about, and as often as he likes, is said in the log now and then.
import type { Clock } from '../../shared/clock.ts';

/** It is said no more often than this. */
const SAY_MS = 60_000;

/** @returns says it, or not, if it has said something within the last minute */
export function seldom(clock: Clock): (say: () => void) => void {
  let said = Number.NEGATIVE_INFINITY;
  return say => {
    if (clock.monotonic() - said < SAY_MS) return;
    said = clock.monotonic();
    say();
  };
}

// Work that must be done in a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';

const lateAfter = (ms: number): string => `no answer within ${ms / 1000} s`;

/** The work was not done in time, but did not fail. */
export const isLate = (fault: string | undefined, ms: number): boolean => fault === lateAfter(ms);

/** @returns why the work failed or was not done in time; undefined when it was */
export async function within(ms: number, work: Promise<unknown>): Promise<string | undefined> {
  const late = new AbortController();
  const over = sleep(ms, lateAfter(ms), { signal: late.signal }).catch(() => undefined);
  const done = work.then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  const fault = await Promise.race([done, over]);
  late.abort();
  return fault;
}

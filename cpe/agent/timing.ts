// The arithmetic of the agent's times: the retry table, the phase of periodic Informs, dateTime texts.
import type { Random } from '../../shared/clock.ts';

export interface RetryPolicy {
  /** CWMPRetryMinimumWaitInterval, seconds: the m of the table. */
  minimumWait: number;
  /** CWMPRetryIntervalMultiplier, thousandths: the k of the table. */
  multiplier: number;
}

/**
 * TR-069 3.2.1.1: the wait before the n-th retry after a reboot lies between m·(k/1000)^(n-1) and m·(k/1000)^n seconds; from the tenth on the band stays.
 * @param n counts from 1
 * @returns seconds, both bounds included
 */
export function retryBand(n: number, policy: RetryPolicy): { min: number; max: number } {
  const step = Math.min(Math.max(n, 1), 10);
  const factor = policy.multiplier / 1000;
  return { min: policy.minimumWait * factor ** (step - 1), max: policy.minimumWait * factor ** step };
}

/** @returns milliseconds */
export function retryWait(n: number, policy: RetryPolicy, random: Random): number {
  const { min, max } = retryBand(n, policy);
  return Math.round((min + (max - min) * random.next()) * 1000);
}

/**
 * TR-181 ManagementServer.PeriodicInformTime: an Inform is due at every instant that lies a whole number of intervals from `phase`, which may lie in the future.
 * @param now, phase milliseconds since the epoch
 * @param interval milliseconds
 * @returns milliseconds until the next one, greater than 0 and at most `interval`
 */
export function untilPeriodic(now: number, phase: number, interval: number): number {
  const past = (((now - phase) % interval) + interval) % interval;
  return interval - past;
}

/** The Unknown Time: the dateTime for "no particular time" (TR-106 3.2). */
export const unknownTime = '0001-01-01T00:00:00Z';

/** @returns milliseconds since the epoch; undefined for the Unknown Time, for relative times (TR-106 3.2: year below 1000) and for other text */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text.trim());
  if (!match || Number(match[1]) < 1000) return undefined;
  const time = Date.parse(match[3] ? text.trim() : `${text.trim()}Z`);
  return Number.isNaN(time) ? undefined : time;
}

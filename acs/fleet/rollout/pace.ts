// The pace of a rollout or a job: how many devices have ended within the last hour, from samples that its document keeps.
import { isEnded, type Plan, type Sample } from './plan.ts';

const HOUR_MS = 3_600_000;
const EVERY_MS = 300_000;
/** Samples that reach back an hour. */
const KEPT = HOUR_MS / EVERY_MS + 1;
/** A pace from fewer devices, or from less time, says nothing. */
const LEAST_ENDED = 20;
const LEAST_MS = 60_000;

type Paced = Pick<Plan, 'samples' | 'planned' | 'phase' | 'ended'>;

/** The counts that are known, the oldest first: none had ended when it was planned. */
const samplesOf = ({ planned = 0, samples = [] }: Paced): [Sample, ...Sample[]] => [
  { time: planned, ended: 0 },
  ...samples,
];

/** A sample is to be taken. It costs a write of the document, so there are few. */
export const isSampleDue = (plan: Paced, now: number): boolean =>
  now - (samplesOf(plan).at(-1)?.time ?? now) >= EVERY_MS;

/** @returns the samples with a new one; undefined where it tells nothing new */
export function sampled(plan: Paced, sample: Sample): Sample[] | undefined {
  if (samplesOf(plan).at(-1)?.ended === sample.ended) return undefined;
  return [...(plan.samples ?? []), sample].slice(-KEPT);
}

/** @param ended devices that have ended by now @returns devices an hour; null where too few have ended to tell */
export function paceOf(plan: Paced, ended: number, now: number): number | null {
  if (plan.planned === undefined || isEnded(plan)) return null;
  const samples = samplesOf(plan);
  const from = samples.findLast(({ time }) => time <= now - HOUR_MS) ?? samples[0];
  // No device has ended between two samples of which the second was left out.
  const ms = Math.min(HOUR_MS, now - from.time);
  const count = ended - from.ended;
  return count < LEAST_ENDED || ms < LEAST_MS ? null : Math.round((count * HOUR_MS) / ms);
}

// Rollouts in answers of the API: times as dateTime, durations in seconds as in the request.
import { rolloutStates } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { paceOf } from '../../fleet/rollout/pace.ts';
import { amountOf, type Plan, type Rollout, type Share, type Totals, waitMsOf } from '../../fleet/rollout/plan.ts';
import { limitedReason, type Shown } from './limited.ts';
import { iso, isoOrNull } from './times.ts';

type View = Record<string, unknown>;

export const given = (name: string, value: unknown): View => (value === undefined ? {} : { [name]: value });

/** The view of what rollouts and jobs have in common. */
export function planView(plan: Plan): View {
  const { success, failure } = plan;
  return {
    id: plan.id,
    state: plan.phase,
    ...given('reason', plan.reason),
    created: iso(plan.created),
    planned: isoOrNull(plan.planned),
    ended: isoOrNull(plan.ended),
    ...given('filter', plan.filter),
    waves: plan.waves,
    sizes: plan.sizes,
    wave: plan.wave,
    ...given('window', plan.window),
    timezone: plan.timezone,
    parallelism: plan.parallelism,
    wake: plan.wake,
    timeout: plan.timeoutMs / 1000,
    after: waitMsOf(plan) / 1000,
    waiting: plan.waiting ?? 0,
    success: {
      soak: success.soakMs / 1000,
      online: success.online,
      noFault: success.noFault,
      ...given('filter', success.filter),
    },
    failure,
    ...given('approval', plan.approval && approvalView(plan.approval)),
    log: plan.log.map(entry => ({ ...entry, time: iso(entry.time) })),
  };
}

const approvalView = ({ by, time }: NonNullable<Plan['approval']>): View => ({
  by: by ?? null,
  time: isoOrNull(time),
});

/** The failures that count towards the limits of a plan, and its pace. @param failed devices of a wave, or of all */
export function progressView(plan: Plan, counts: { failed(wave?: number): number; ended: number }, now: number): View {
  const { failure, pardoned, sizes, wave } = plan;
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  const limit = (used: number, share: Share | undefined, of: number): View => ({
    used,
    of: share === undefined ? null : amountOf(share, of, 'down'),
  });
  const pardonedOfWave = pardoned.ofWave === wave ? pardoned.wave : 0;
  return {
    limits: {
      total: limit(counts.failed() - pardoned.total, failure.total, whole),
      wave: limit(counts.failed(wave) - pardonedOfWave, failure.perWave, sizes[wave - 1] ?? 0),
    },
    pace: paceOf(plan, counts.ended, now),
  };
}

export function courseView(rollout: Rollout, totals: readonly Totals[], now: number): View {
  const count = (state: 'done' | 'failed', wave?: number): number =>
    (wave === undefined ? totals : totals.slice(wave, wave + 1)).reduce((sum, of) => sum + of[state], 0);
  const counts = { failed: (wave?: number) => count('failed', wave), ended: count('done') + count('failed') };
  return progressView(rollout, counts, now);
}

export const rolloutView = (rollout: Rollout): View => ({
  ...planView(rollout),
  firmware: rollout.firmware,
  elsewhere: rollout.elsewhere,
});

const summed = (waves: readonly Totals[]): View =>
  Object.fromEntries(rolloutStates.map(state => [state, waves.reduce((sum, totals) => sum + totals[state], 0)]));

export const totalsView = (sizes: readonly number[], totals: readonly Totals[]): View => ({
  totals: summed(totals),
  perWave: sizes.map((size, at) => ({ wave: at + 1, size, totals: totals[at + 1] ?? summed([]) })),
});

export function positionView(row: DeviceRow, caller: Shown['caller']): View[] {
  const position = row.rollout;
  if (!position) return [];
  const { wave, state, reason, previous, back, task, attempts, since, times } = position;
  return [
    {
      device: row.id,
      wave,
      state,
      ...given('reason', reason === undefined ? reason : limitedReason(reason, caller)),
      version: row.softwareVersion,
      ...given('previous', previous),
      ...given('back', back),
      ...given('task', task),
      attempts,
      since: iso(since),
      times: Object.fromEntries(Object.entries(times).map(([name, time]) => [name, iso(time)])),
    },
  ];
}

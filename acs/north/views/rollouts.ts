// Rollouts in answers of the API: times as dateTime, durations in seconds as in the request.
import { rolloutStates } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { type Rollout, type Totals, waitMsOf } from '../../fleet/rollout/plan.ts';

type View = Record<string, unknown>;

const iso = (time: number): string => new Date(time).toISOString();
const isoOrNull = (time: number | undefined): string | null => (time === undefined ? null : iso(time));
const given = (name: string, value: unknown): View => (value === undefined ? {} : { [name]: value });

export function rolloutView(rollout: Rollout): View {
  const { success, failure } = rollout;
  return {
    id: rollout.id,
    state: rollout.phase,
    ...given('reason', rollout.reason),
    created: iso(rollout.created),
    planned: isoOrNull(rollout.planned),
    ended: isoOrNull(rollout.ended),
    firmware: rollout.firmware,
    ...given('filter', rollout.filter),
    waves: rollout.waves,
    sizes: rollout.sizes,
    wave: rollout.wave,
    ...given('window', rollout.window),
    timezone: rollout.timezone,
    parallelism: rollout.parallelism,
    wake: rollout.wake,
    timeout: rollout.timeoutMs / 1000,
    after: waitMsOf(rollout) / 1000,
    waiting: rollout.waiting ?? 0,
    success: {
      soak: success.soakMs / 1000,
      online: success.online,
      noFault: success.noFault,
      ...given('filter', success.filter),
    },
    failure,
    elsewhere: rollout.elsewhere,
    log: rollout.log.map(({ time, text }) => ({ time: iso(time), text })),
  };
}

const summed = (waves: readonly Totals[]): View =>
  Object.fromEntries(rolloutStates.map(state => [state, waves.reduce((sum, totals) => sum + totals[state], 0)]));

export const totalsView = (sizes: readonly number[], totals: readonly Totals[]): View => ({
  totals: summed(totals),
  perWave: sizes.map((size, at) => ({ wave: at + 1, size, totals: totals[at + 1] ?? summed([]) })),
});

export function positionView(row: DeviceRow): View[] {
  const position = row.rollout;
  if (!position) return [];
  const { wave, state, reason, previous, back, task, attempts, since, times } = position;
  return [
    {
      device: row.id,
      wave,
      state,
      ...given('reason', reason),
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

// Rollouts as jobs: a job whose one step is firmware is a rollout, and every rollout is shown among the jobs.
import type { RolloutState } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { type Field, type Filter, fields } from '../../query/filter.ts';
import type { JobCount, JobPosition, JobPositionQuery, JobState } from '../../store/job-positions.ts';
import { eachPage } from '../../store/paging.ts';
import type { Caller } from '../access/caller.ts';
import type { RolloutAction } from '../rollout/control/actions.ts';
import type { Rollout, RolloutInput } from '../rollout/plan.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { RetryInput } from './actions.ts';
import type { Job, JobInput } from './job.ts';
import { ReasonTally, type TextedReason } from './tally.ts';

const states: Readonly<Record<RolloutState, JobState>> = {
  planned: 'planned',
  offered: 'running',
  downloading: 'running',
  installed: 'running',
  soaking: 'soaking',
  done: 'done',
  // Back on the version before, which was asked for.
  reverted: 'done',
  failed: 'failed',
  skipped: 'skipped',
};

/** The devices of a rollout, in one state of a job or in any. */
export function rolloutFilter(id: string, state: string | undefined): Filter {
  const inRollout = {
    op: 'compare',
    field: fields.rollout as Field,
    test: '=',
    value: { as: 'text', text: id },
  } as const;
  if (state === undefined) return inRollout;
  const names = Object.entries(states).flatMap(([name, own]) => (own === state ? [name] : []));
  const values = names.map(text => ({ as: 'text' as const, text }));
  return { op: 'and', of: [inRollout, { op: 'in', field: fields.rolloutState as Field, values }] };
}

/** A rollout in the form of a job. */
export const jobOfRollout = ({
  firmware,
  elsewhere: _elsewhere,
  back: _back,
  totals: _totals,
  ...plan
}: Rollout): Job => ({
  ...plan,
  do: [{ firmware: firmware.file }],
});

/** The rollout that a job is, where firmware is what it does. @throws UserError 400 where that is not all */
export function rolloutInputOf({ devices, do: steps, ...input }: JobInput): RolloutInput | undefined {
  const image = steps.flatMap(step => ('firmware' in step ? [step.firmware] : []));
  const [firmware] = image;
  if (firmware === undefined) return undefined;
  const bad = (text: string): UserError => new UserError(400, 'bad-job', text);
  // Refused by the check of the step.
  if (steps.length > 1) return undefined;
  const { name, dynamic, notBefore, expect: _expect, ...plan } = input;
  const extra = Object.entries({ name, dynamic, notBefore }).find(([, value]) => value !== undefined)?.[0];
  if (extra !== undefined) throw bad(`${extra}: a job that installs firmware has none`);
  const { filter, ids } = devices;
  return { ...plan, firmware, ...(filter === undefined ? {} : { filter }), ...(ids ? { devices: ids } : {}) };
}

export async function rolloutCounts(rollouts: Rollouts, rollout: Rollout, caller: Caller): Promise<JobCount[]> {
  const totals = await rollouts.totals(rollout, caller.within);
  return totals.flatMap((byState, wave) =>
    Object.entries(byState).map(([state, count]) => ({ state: states[state as RolloutState], wave, count })),
  );
}

/** The devices of a rollout by page; a page may hold fewer than asked for. */
export async function rolloutPositions(
  rollouts: Rollouts,
  { job, state, code, ...query }: JobPositionQuery,
  caller: Caller,
): Promise<{ items: JobPosition[]; next?: string }> {
  const { items, next } = await rollouts.devices(job, {
    ...query,
    ...(caller.within ? { within: caller.within } : {}),
  });
  const positions = items
    .flatMap(row => positionOf(row) ?? [])
    .filter(
      position => (state === undefined || position.state === state) && (code === undefined || position.code === code),
    );
  return { items: positions, ...(next === undefined ? {} : { next }) };
}

function positionOf({ id: device, rollout }: DeviceRow): JobPosition | undefined {
  if (!rollout) return undefined;
  const { id: job, state, wave, zone, due = 0, since, attempts: attempt, reason, cause, task, back } = rollout;
  const hasCode = state === 'failed' || state === 'skipped';
  return {
    ...{ job, device, wave, zone, due, state: states[state], version: 1 },
    code: hasCode ? (cause ?? state) : '',
    body: {
      ...{ step: state === 'done' ? 1 : 0, attempt, since },
      ...(reason === undefined ? {} : { reason }),
      ...(task === undefined ? {} : { task }),
      ...(back ? { back } : {}),
    },
  };
}

/** The positions of failed and skipped devices, by walking them. */
async function* endedPositions(rollouts: Rollouts, job: string, caller: Caller): AsyncGenerator<JobPosition[]> {
  const within = caller.within ? { within: caller.within } : {};
  for (const state of ['failed', 'skipped'] as const)
    for await (const rows of eachPage({ state, limit: 200, ...within }, query => rollouts.devices(job, query)))
      yield rows.flatMap(row => positionOf(row) ?? []);
}

export async function rolloutReasons(rollouts: Rollouts, job: string, caller: Caller): Promise<TextedReason[]> {
  const found = new ReasonTally();
  for await (const positions of endedPositions(rollouts, job, caller))
    for (const position of positions) found.add(position);
  return found.list();
}

/** The positions with one reason. */
export async function* rolloutPositionsWith(
  rollouts: Rollouts,
  job: string,
  code: string,
  caller: Caller,
): AsyncGenerator<JobPosition[]> {
  for await (const positions of endedPositions(rollouts, job, caller))
    yield positions.filter(position => position.code === code);
}

interface RolloutAct {
  action: RolloutAction;
  caller: Caller;
  input: RetryInput;
}

/** Acts on a rollout as on a job. */
export async function actOnRollout(
  rollouts: Rollouts,
  id: string,
  { action, caller, input }: RolloutAct,
): Promise<Job> {
  const devices = await namedDevices(rollouts, id, input, caller);
  return jobOfRollout(await rollouts.act(id, action, caller, devices));
}

/** The devices that a retry of a rollout names, by themselves or by their reason; undefined for all. */
async function namedDevices(
  rollouts: Rollouts,
  id: string,
  { devices, code }: RetryInput,
  caller: Caller,
): Promise<string[] | undefined> {
  if (code === undefined) return devices;
  const named = devices && new Set(devices);
  const found: string[] = [];
  for await (const positions of rolloutPositionsWith(rollouts, id, code, caller))
    found.push(...positions.map(({ device }) => device).filter(device => !named || named.has(device)));
  return found;
}

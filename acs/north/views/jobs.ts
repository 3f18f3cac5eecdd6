// Jobs in answers of the API: times as dateTime, durations in seconds, secrets masked, and nothing of parameters out of the rights.
import { shownText } from '../../fleet/common/secrets.ts';
import type { Job } from '../../fleet/jobs/job.ts';
import type { SetValue, Step, Steps } from '../../fleet/jobs/step.ts';
import { changedArguments, changedTexts } from '../../fleet/jobs/steps/task-steps.ts';
import type { Tally, TextedReason } from '../../fleet/jobs/tally.ts';
import type { JobPosition } from '../../store/job-positions.ts';
import { limitedReason, limitedRecord, limitedValues, type Shown } from './limited.ts';
import { given, planView, progressView } from './rollouts.ts';
import { iso } from './times.ts';

type View = Record<string, unknown>;

function stepView(step: Step, { secrets, caller }: Shown): View {
  const shown = (name: string, text: string): string => shownText(secrets, name, text);
  const values = <V extends SetValue | null>(record: Record<string, V>): Record<string, V> =>
    changedTexts(limitedRecord(record, caller), shown);
  const { set, overrides, site, task } = step as Partial<
    Steps['set'] & Steps['overrides'] & Steps['site'] & Steps['task']
  >;
  if (set) return { ...step, set: values(set) };
  if (overrides) return { ...step, overrides: values(overrides) };
  if (site) return { ...step, site: changedTexts(site, shown) };
  if (!task) return { ...step };
  const { content, args, ...rest } = task;
  const isShown = caller.readsAll && args;
  return {
    task: {
      ...rest,
      ...(args
        ? { args: limitedValues(isShown ? changedArguments(args, shown) : shownArguments(args, shown, caller), caller) }
        : {}),
      ...(content === undefined ? {} : { content: '***' }),
    },
  };
}

/** The arguments with those values by path alone that may be read. */
function shownArguments(args: View, shown: (name: string, text: string) => string, caller: Shown['caller']): View {
  const { ParameterList: list } = args;
  const isByPath = typeof list === 'object' && list !== null && !Array.isArray(list);
  return changedArguments(isByPath ? { ...args, ParameterList: limitedRecord(list as View, caller) } : args, shown);
}

export const jobView = (job: Job, totals: View, show: Shown): View => ({
  ...planView(job),
  ...given('name', job.name),
  ...given('handle', job.handle),
  ...given('author', job.author?.name),
  ...(job.notBefore === undefined ? {} : { notBefore: iso(job.notBefore) }),
  ...given('dynamic', job.dynamic),
  do: job.do.map(step => stepView(step, show)),
  totals,
});

export function jobDetailView(job: Job, tally: Tally, now: number, show: Shown): View {
  const counts = { failed: (wave?: number) => tally.of(['failed'], wave), ended: tally.of(['done', 'failed']) };
  return {
    ...jobView(job, tally.byState(), show),
    perWave: job.sizes.map((size, at) => ({ wave: at + 1, size, totals: tally.byState(at + 1) })),
    ...progressView(job, counts, now),
  };
}

const reasonView = (reason: string | undefined, caller: Shown['caller']): View =>
  given('reason', reason === undefined ? reason : limitedReason(reason, caller));

export function jobPositionView({ device, wave, state, code, body }: JobPosition, { caller }: Shown): View {
  const { step, attempt, reason, task, back, since, began } = body;
  return {
    ...{ device, wave, state, step },
    ...(code === '' ? {} : { code }),
    ...reasonView(reason, caller),
    ...given('task', task),
    attempts: attempt,
    ...given('back', back),
    since: iso(since),
    ...(began === undefined ? {} : { began: iso(began) }),
  };
}

export const jobReasonView = (reason: TextedReason, { caller }: Shown): View => ({
  ...reason,
  ...reasonView(reason.reason, caller),
});

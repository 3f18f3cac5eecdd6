// One rollout or job: may it go on?
import type { JSX } from 'preact';
import { getJob, getRollout, type JobDetail, type Rollout } from '../../api/jobs.ts';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { useTrail } from '../../state/trail.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { dateTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { Actions } from './actions.tsx';
import { useProgress } from './follow-jobs.ts';
import { JobDevices } from './job-devices.tsx';
import { imageOf, phaseOf, type Totals, toneOf, whatOf } from './job-view.ts';
import { Limits, Log, WindowPanel } from './limits.tsx';
import { Progress, Waves } from './progress.tsx';
import { Reasons } from './reasons.tsx';

const words = textsOf('rollouts', rollouts);

interface Read {
  job: JobDetail;
  /** With the states that only firmware has. */
  rollout: Rollout | undefined;
}

async function read(id: string, signal: AbortSignal): Promise<Read> {
  const job = await getJob(id, signal);
  return { job, rollout: imageOf(job) === undefined ? undefined : await getRollout(id, signal) };
}

export function RolloutScreen({ params: { id = '' } }: { params: Readonly<Record<string, string>> }): JSX.Element {
  const found = useResource(id, async signal => await read(id, signal));
  useProgress(id, found.reload);
  useTrail([{ text: found.value?.job.name ?? id }]);
  if (!found.value && found.problem?.status === 404)
    return (
      <Empty title={found.problem.message} text={found.problem.hint}>
        <a class="btn" href={hrefOf('/rollouts')}>
          {words().title}
        </a>
      </Empty>
    );
  return (
    <>
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      {found.value ? <Shown of={found.value} found={found} /> : !found.problem && <Skeleton rows={8} />}
    </>
  );
}

function Shown({ of: { job, rollout }, found }: { of: Read; found: Resource<Read> }): JSX.Element {
  const totals: Totals = job.totals;
  return (
    <>
      <div class="head">
        <div class="stack">
          <div class="row">
            <h1 class="wrap-any">{job.name ?? job.id}</h1>
            <span class={`st ${toneOf(job)}`}>{phaseOf(job)}</span>
          </div>
          <Subtitle job={job} rollout={rollout} />
          {job.reason ? <p class="warn wrap-any">{job.reason}</p> : <PausedBy job={job} />}
        </div>
        <Actions job={job} onDone={found.reload} />
      </div>
      <Progress job={job} rollout={rollout} />
      <Waves job={job} />
      <div class="cols">
        <div class="stack loose c8">
          <Reasons job={job} state="failed" onDone={found.reload} />
          {(totals.skipped ?? 0) > 0 && <Reasons job={job} state="skipped" onDone={found.reload} />}
          <JobDevices job={job} />
        </div>
        <div class="stack loose c4">
          <Limits job={job} />
          <WindowPanel job={job} />
          <Log job={job} />
        </div>
      </div>
    </>
  );
}

/** The user who has paused it, where it did not pause by itself. */
function PausedBy({ job: { state, log } }: { job: JobDetail }): JSX.Element | null {
  const entry = state === 'paused' ? log.findLast(({ text }) => text.startsWith('paused')) : undefined;
  return entry?.by ? <p class="warn wrap-any">{words().pausedBy(entry.by, dateTime(entry.time))}</p> : null;
}

function Subtitle({ job, rollout }: { job: JobDetail; rollout: Rollout | undefined }): JSX.Element {
  const time = dateTime(job.created);
  const by = job.log.find(({ text }) => text === 'created')?.by;
  return (
    <p class="ink-2 wrap-any">
      {rollout ? (
        <>
          {words().toVersion(rollout.firmware.productClass || rollout.firmware.file)}{' '}
          <span class="mono">{rollout.firmware.version}</span>
        </>
      ) : (
        whatOf(job)
      )}
      {' · '}
      {by === undefined ? words().createdAt(time) : words().created(time, by)}
      {job.approval?.by && ` · ${words().approvedBy(job.approval.by)}`}
      {job.filter !== undefined && (
        <>
          {' · '}
          <a class="mono" href={hrefOf('/devices', { q: job.filter })}>
            {job.filter}
          </a>
        </>
      )}
    </p>
  );
}

// Why devices have failed or were left out: counted by reason, each with what its devices have in common.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { quotedText } from '../../../query/quote.ts';
import {
  actOnJob,
  compareDevices,
  excludeFromJob,
  type InCommon,
  type JobDetail,
  type JobReason,
  listReasons,
} from '../../api/jobs.ts';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Field } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { filterOf, isWaiting, type Totals } from './job-view.ts';

const words = textsOf('rollouts', rollouts);

/** Reasons that are compared; each costs the server a walk. */
const MAX_COMPARED = 6;
const MAX_SHOWN = 20;

export interface ReasonsProps {
  job: JobDetail;
  state: 'failed' | 'skipped';
  onDone: () => void;
}

export function Reasons({ job, state, onDone }: ReasonsProps): JSX.Element | null {
  const totals: Totals = job.totals;
  const count = totals[state] ?? 0;
  const key = count === 0 ? undefined : `${job.id} ${state} ${count}`;
  const found = useResource(key, async signal => await listReasons(job.id, signal), { keeps: true });
  const [leaves, setLeaves] = useState<string | undefined>(undefined);
  if (count === 0) return null;
  const reasons = (found.value ?? []).filter(reason => reason.state === state).sort((a, b) => b.count - a.count);
  const title = state === 'failed' ? words().why(count) : words().whySkipped(count);
  const done = totals.done ?? 0;
  const { devices, reason, show } = words().reasonColumns;
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span class="push small ink-3">{words().byReason}</span>
      </header>
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      {!found.value && !found.problem && <Skeleton rows={3} />}
      {reasons.length > 0 && (
        <table class="table stacks lead">
          <thead>
            <tr>
              <th scope="col" class="num">
                {devices}
              </th>
              <th scope="col">{reason}</th>
              {state === 'failed' && (
                <th scope="col">{isEnoughDone(job) ? words().inCommonAgainst(done) : words().inCommonOthers}</th>
              )}
              <th scope="col">
                <span class="sr">{show}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {reasons.slice(0, MAX_SHOWN).map((each, at) => (
              <ReasonRow
                key={each.code}
                job={job}
                reason={each}
                isCompared={at < MAX_COMPARED}
                onDone={onDone}
                onLeaveOut={setLeaves}
              />
            ))}
          </tbody>
        </table>
      )}
      <footer>
        <a href={hrefOf('/devices', { q: filterOf(job.id, state) })}>{words().openAsFilter(count)}</a>
      </footer>
      {leaves !== undefined && (
        <LeaveOut job={job} filter={leaves} onDone={onDone} onClose={() => setLeaves(undefined)} />
      )}
    </section>
  );
}

interface ReasonRowProps {
  job: JobDetail;
  reason: JobReason;
  isCompared: boolean;
  onDone: () => void;
  onLeaveOut: (filter: string) => void;
}

function ReasonRow({ job, reason: { state, code, reason, count }, isCompared, onDone, onLeaveOut }: ReasonRowProps) {
  const retry = async (): Promise<void> => {
    try {
      await actOnJob(job.id, 'retry', code);
      tell({ tone: 'ok', text: words().told.retry(job.name ?? job.id) });
      onDone();
    } catch (error) {
      tell({ tone: 'bad', text: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <tr>
      <td class="num">
        <b>{number(count)}</b>
      </td>
      <td class="wrap-any">
        {reason}
        <p class="ink-3 small mono">{code}</p>
      </td>
      {state === 'failed' && (
        <td class="small wrap-any">
          {isCompared && <Common job={job} code={code} count={count} onLeaveOut={onLeaveOut} />}
        </td>
      )}
      <td class="num">
        <div class="row tight">
          <a
            class="btn tiny"
            href={hrefOf(`/rollouts/${encodeURIComponent(job.id)}`, { state, reason: code })}
            aria-label={`${words().show}: ${reason}`}
          >
            {words().show}
          </a>
          {state === 'failed' && may('retryJob') && (
            <button
              class="btn tiny"
              type="button"
              aria-label={`${words().retryThese}: ${reason}`}
              onClick={() => void retry()}
            >
              {words().retryThese}
            </button>
          )}
        </div>
      </td>
    </tr>
  );
}

interface CommonProps {
  job: JobDetail;
  code: string;
  count: number;
  onLeaveOut: (filter: string) => void;
}

/** Devices of a job that one filter may name. */
const MAX_NAMED = 10_000;

/** True where enough are done to compare with them alone. */
const isEnoughDone = ({ totals }: JobDetail): boolean => {
  const { done = 0, failed = 0 }: Totals = totals;
  return done > 0 && done >= failed;
};

/** Those that are done, if they are enough; else the others of the job. */
function againstOf(job: JobDetail): string {
  const { done = 0 }: Totals = job.totals;
  if (!isEnoughDone(job)) return `job = ${quotedText(job.id)}`;
  return done > MAX_NAMED && job.filter !== undefined ? job.filter : filterOf(job.id, 'done');
}

/** The least significance that is shown: once in ten by chance, over all that was tested. */
const LEAST_SCORE = 1;

/** True for what may be no chance: by its significance, or because it parts all of the devices from all others. */
function standsOut({ these, against, score }: InCommon['items'][number]): boolean {
  return score >= LEAST_SCORE || (these.n === these.of && these.n >= 3 && against.n === 0 && against.of >= 3);
}

/** Values that are shown of a reason. */
const MAX_COMMON = 3;

/** Of equal significance, fields and sites say more than parameters by their paths. */
function plainFirst(one: InCommon['items'][number], other: InCommon['items'][number]): number {
  const isPath = ({ field }: typeof one): number => (field.includes('.') && !field.startsWith('site.') ? 1 : 0);
  return other.score - one.score || isPath(one) - isPath(other);
}

function Common({ job, code, count, onLeaveOut }: CommonProps): JSX.Element | null {
  const against = againstOf(job);
  const found = useResource(
    `${job.id} ${code} ${count} ${against}`,
    async signal => await compareDevices(filterOf(job.id, 'failed', code), against, signal),
    { keeps: true },
  );
  if (found.problem) return <span class="ink-3">{found.problem.message}</span>;
  if (!found.value) return null;
  const items = found.value.items.filter(standsOut).sort(plainFirst).slice(0, MAX_COMMON);
  if (items.length === 0) return <span class="ink-3">{words().nothingCommon}</span>;
  const canLeaveOut = may('excludeFromJob') && isWaiting(job);
  return (
    <>
      {items.map(({ field, value, these, against: others, filter }) => (
        <p key={`${field} ${value}`}>
          <b>{words().commonOf(number(these.n), number(these.of))}</b> {words().commonAre(field)}{' '}
          <span class="mono">{value}</span>. {words().commonElse(shareText(others.n, others.of))}
          {canLeaveOut && filter !== undefined && (
            <button class="btn quiet tiny" type="button" onClick={() => onLeaveOut(filter)}>
              {words().leaveOut(value)}
            </button>
          )}
        </p>
      ))}
    </>
  );
}

const shareText = (n: number, of: number): string => number(of === 0 ? 0 : Math.round((n / of) * 1000) / 10);

interface LeaveOutProps {
  job: JobDetail;
  filter: string;
  onDone: () => void;
  onClose: () => void;
}

function LeaveOut({ job, filter: first, onDone, onClose }: LeaveOutProps): JSX.Element {
  const [filter, setFilter] = useState(first);
  return (
    <Confirm
      title={words().leaveOutTitle}
      action={words().leaveOutAction}
      isDangerous
      onClose={onClose}
      onConfirm={async () => {
        await excludeFromJob(job.id, filter);
        onDone();
      }}
    >
      <p>{words().leaveOutText}</p>
      <Field label={words().leaveOutFilter}>
        {control => (
          <input
            class="input mono"
            {...control}
            value={filter}
            onInput={event => setFilter(event.currentTarget.value)}
          />
        )}
      </Field>
    </Confirm>
  );
}

// The rollouts and jobs, the newest first.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Job, listJobs } from '../../api/jobs.ts';
import { problemOf } from '../../api/problem.ts';
import type { Page } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Bar } from '../../components/bars/bar.tsx';
import { Empty } from '../../components/empty.tsx';
import { Icon } from '../../components/icon.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { useProgress } from './follow-jobs.ts';
import { partsOf, phaseOf, shareOfDone, toneOf, whatOf, wholeOf } from './job-view.ts';

const words = textsOf('rollouts', rollouts);

export function RolloutsScreen(): JSX.Element {
  const state = place.value.query.get('state') ?? undefined;
  const find = place.value.query.get('find') ?? undefined;
  const found = useResource(
    `${state} ${find}`,
    async signal => await listJobs({ state, find: find?.slice(0, 200) }, signal),
    { keeps: true },
  );
  useProgress(undefined, found.reload);
  const isAny = state === undefined && find === undefined;
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
        </div>
        {may('createJob') && (
          <div class="row actions">
            <a class="btn primary" href={hrefOf('/rollouts/new')}>
              <Icon name="plus" />
              {words().begin}
            </a>
          </div>
        )}
      </div>
      <Choice state={state} find={find} />
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      {!found.value && !found.problem && <Skeleton rows={6} />}
      {found.value &&
        (found.value.items.length > 0 ? (
          <Jobs found={found} state={state} find={find} />
        ) : (
          <Empty title={isAny ? words().none : words().noneFound} text={isAny ? words().noneText : undefined} />
        ))}
    </>
  );
}

/** The phases by which the list is narrowed, and the search. */
const Choice = ({ state, find }: { state: string | undefined; find: string | undefined }): JSX.Element => (
  <div class="row">
    <nav class="chips" aria-label={words().columns.state}>
      {[undefined, ...Object.keys(words().phases)].map(phase => (
        <a
          class="chip"
          key={phase ?? ''}
          href={hrefOf('/rollouts', { state: phase, find })}
          {...(phase === state ? { 'aria-current': 'true' as const } : {})}
        >
          {phase === undefined ? words().all : words().phases[phase]}
        </a>
      ))}
    </nav>
    <label class="field push">
      <span class="sr">{words().find}</span>
      <input
        class="input"
        type="search"
        placeholder={words().find}
        value={find ?? ''}
        onInput={event => setQuery({ find: event.currentTarget.value })}
      />
    </label>
  </div>
);

function Jobs({
  found,
  state,
  find,
}: {
  found: Resource<Page<Job>>;
  state: string | undefined;
  find: string | undefined;
}): JSX.Element {
  const [more, setMore] = useState<Page<Job> | undefined>(undefined);
  const first = found.value?.items ?? [];
  const shown = new Set(first.map(({ id }) => id));
  const items = [...first, ...(more?.items ?? []).filter(({ id }) => !shown.has(id))];
  const next = more ? more.next : found.value?.next;
  const load = async (cursor: string): Promise<void> => {
    try {
      const page = await listJobs({ state, find, cursor });
      setMore(before => ({ ...page, items: [...(before?.items ?? []), ...page.items] }));
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  return (
    <section class="panel" aria-label={words().title}>
      <table class="table stacks">
        <thead>
          <tr>
            {Object.entries(words().columns).map(([name, text]) => (
              <th scope="col" key={name}>
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map(job => (
            <JobRow key={job.id} job={job} />
          ))}
        </tbody>
      </table>
      {next && (
        <footer>
          <button class="btn tiny" type="button" onClick={() => void load(next)}>
            {words().more}
          </button>
        </footer>
      )}
    </section>
  );
}

function JobRow({ job }: { job: Job }): JSX.Element {
  const { id, name, totals, created, author } = job;
  return (
    <tr>
      <th scope="row" class="wrap-any">
        <a href={hrefOf(`/rollouts/${encodeURIComponent(id)}`)}>{name ?? id}</a>
        {author && <p class="ink-3 small">{author}</p>}
      </th>
      <td>{whatOf(job)}</td>
      <td>
        <span class={`st ${toneOf(job)}`}>{phaseOf(job)}</span>
        {job.reason && <p class="ink-3 small wrap-any">{job.reason}</p>}
      </td>
      <td class="bar-cell">
        <Bar parts={partsOf(totals)} />
        <p class="ink-3 small">
          {number(totals.done ?? 0)} {words().ofDone(number(wholeOf(totals)), number(shareOfDone(totals)))}
        </p>
      </td>
      <td>
        <Age at={created} />
      </td>
    </tr>
  );
}

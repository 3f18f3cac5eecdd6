// The tasks of a device: what is asked of it, what is under way, what came of it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { cancelTask, type Task, tasksOf } from '../../../api/device/work.ts';
import { problemOf } from '../../../api/problem.ts';
import { Empty } from '../../../components/empty.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { useReload } from '../../../state/device-line.ts';
import { place, setQuery } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { tell } from '../../../state/toasts.ts';
import { deviceWork as english } from '../../../words/en/device/work.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';
import { TaskRow } from './task-row.tsx';

const words = textsOf('deviceWork', english);

/** The states behind each choice. */
const choices = { all: undefined, open: 'queued,sent,waiting', failed: 'failed,cancelled' } as const;
type Choice = keyof typeof choices;

const isChoice = (text: string | null): text is Choice => text !== null && Object.hasOwn(choices, text);

export function TasksTab({ device: { id }, line, reload }: TabProps): JSX.Element {
  const wish = place.value.query.get('show');
  const show: Choice = isChoice(wish) ? wish : 'all';
  const first = useResource(`${id} ${show}`, async signal => await tasksOf(id, { state: choices[show] }, signal), {
    keeps: true,
  });
  const [more, setMore] = useState<{ items: Task[]; next: string | null } | undefined>(undefined);
  useReload(line, ['task'], first.reload);
  const next = more ? more.next : first.value?.next;
  const loadMore = async (): Promise<void> => {
    try {
      const page = await tasksOf(id, { state: choices[show], cursor: next ?? undefined });
      setMore({ items: [...(more?.items ?? []), ...page.items], next: page.next });
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  const cancel = async (task: Task): Promise<void> => {
    try {
      await cancelTask(task.id);
      tell({ tone: 'ok', text: words().tasks.cancelled(task.method) });
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
    first.reload();
    reload();
  };
  const shown = [...(first.value?.items ?? []), ...(more?.items ?? [])];
  return (
    <>
      <div class="row">
        <fieldset class="btns">
          <legend class="sr">{words().tasks.which}</legend>
          {(Object.keys(choices) as Choice[]).map(each => (
            <button
              class="btn"
              type="button"
              key={each}
              aria-pressed={each === show}
              onClick={() => {
                setMore(undefined);
                setQuery({ show: each === 'all' ? undefined : each });
              }}
            >
              {words().tasks.choices[each]}
            </button>
          ))}
        </fieldset>
        <span class="ink-3 push">{first.value?.total !== undefined && words().tasks.total(first.value.total)}</span>
      </div>
      {first.problem && <ProblemNote problem={first.problem} at={first.at} onRetry={first.reload} />}
      {!first.value && !first.problem && <Skeleton rows={6} />}
      {first.value && shown.length === 0 && (
        <Empty title={words().tasks.none[show]} text={show === 'all' ? words().tasks.noneHint : undefined} />
      )}
      {shown.length > 0 && <TaskTable tasks={shown} onCancel={task => void cancel(task)} />}
      {next && (
        <p>
          <button class="btn" type="button" onClick={() => void loadMore()}>
            {words().more}
          </button>
        </p>
      )}
    </>
  );
}

const TaskTable = ({ tasks, onCancel }: { tasks: readonly Task[]; onCancel: (task: Task) => void }): JSX.Element => (
  <section class="panel" aria-label={words().tasks.title}>
    <table class="table stacks">
      <thead>
        <tr>
          <th scope="col">{words().tasks.task}</th>
          <th scope="col">{words().tasks.state}</th>
          <th scope="col">{words().tasks.asked}</th>
          <th scope="col">{words().tasks.took}</th>
          <th scope="col">{words().tasks.outcome}</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map(task => (
          <TaskRow key={task.id} task={task} onCancel={() => onCancel(task)} />
        ))}
      </tbody>
    </table>
  </section>
);

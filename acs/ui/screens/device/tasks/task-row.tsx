// A task in one row, with its arguments and its result below when it is opened.
import type { JSX } from 'preact';
import { getTask, type Task } from '../../../api/device/work.ts';
import { Age } from '../../../components/age.tsx';
import { Icon } from '../../../components/icon.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { now } from '../../../state/clock.ts';
import { place, setQuery } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { deviceWork as english } from '../../../words/en/device/work.ts';
import { dateTime, span } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceWork', english);
export const taskTones = {
  queued: 'idle',
  sent: 'busy',
  waiting: 'busy',
  done: 'ok',
  failed: 'fail',
  cancelled: 'idle',
} as const;
/** Characters of an argument or a result that are shown. */
const MAX_SHOWN = 20_000;

export function TaskRow({ task, onCancel }: { task: Task; onCancel: () => void }): JSX.Element {
  const { id, method, state, created, started, ended, file, fault, lastError, origin, attempts } = task;
  const isOpen = place.value.query.get('task') === id;
  return (
    <>
      <tr>
        <td>
          <button
            class="btn quiet tiny"
            type="button"
            aria-expanded={isOpen}
            onClick={() => setQuery({ task: isOpen ? undefined : id })}
          >
            <Icon name={isOpen ? 'down' : 'right'} />
            <span class="mono">{method}</span>
          </button>{' '}
          <span class="ink-3 wrap-any">{file ?? task.diagnostic}</span>
          {origin === 'reconcile' && <span class="tag">{words().tasks.byPresets}</span>}
        </td>
        <td>
          <span class={`st ${taskTones[state]}`}>{stateText(task)}</span>
        </td>
        <td>
          <Age at={created} />
        </td>
        <td>{started && ended ? span(Date.parse(ended) - Date.parse(started)) : ''}</td>
        <td>
          {fault && (
            <span class="wrap-any">
              <b class="mono">{fault.code}</b> {fault.message}
            </span>
          )}{' '}
          {lastError && <span class="ink-2 wrap-any">{words().tasks.attempts(attempts ?? 1, lastError)}</span>}
          {state === 'queued' && may('cancelTask') && (
            <button class="btn tiny" type="button" onClick={onCancel}>
              {words().tasks.cancel}
            </button>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td class="full" colSpan={5}>
            <Detail id={id} state={state} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A task that waits for a time says so before it waits for the device. */
function stateText({ state, notBefore }: Task): string {
  const isLater = state === 'queued' && notBefore !== undefined && Date.parse(notBefore) > now.value;
  return isLater ? words().tasks.waitsUntil(dateTime(notBefore)) : words().tasks.states[state];
}

/** Read when it is opened: a result may be a whole data model. */
function Detail({ id, state }: { id: string; state: Task['state'] }): JSX.Element {
  const found = useResource(`${id} ${state}`, async signal => await getTask(id, signal), { keeps: true });
  const { value: task, problem } = found;
  if (problem) return <ProblemNote problem={problem} at={found.at} onRetry={found.reload} />;
  if (!task) return <Skeleton rows={3} />;
  const parameters = task.fault?.parameters ?? [];
  return (
    <div class="stack">
      <div class="stack tight">
        <h3>{words().tasks.arguments}</h3>
        <pre>{shortened(task.args)}</pre>
      </div>
      {parameters.length > 0 && (
        <ul class="stack tight">
          {parameters.map(({ name, code, message }) => (
            <li key={name}>
              <span class="mono wrap-any">{name}</span> <b class="mono">{code}</b> {message}
            </li>
          ))}
        </ul>
      )}
      {task.result && (
        <div class="stack tight">
          <h3>{words().tasks.result}</h3>
          <pre>{shortened(task.result)}</pre>
        </div>
      )}
    </div>
  );
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}\n…`;
}

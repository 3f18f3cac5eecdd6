// The last step of the wizard: what the plan would do, tried out by the server, and its start.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { curlOf } from '../../api/call.ts';
import { createJob, dryRunJob, type JobDryRun, type JobInput } from '../../api/jobs.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Field } from '../../components/field.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { go, hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { frame } from '../../words/en/frame.ts';
import { wizard } from '../../words/en/wizard.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { inputIn, type Plan } from './plan.ts';

const words = textsOf('wizard', wizard);
const shared = textsOf('frame', frame);

/** Beyond it the number of devices has to be typed. */
const MAX_UNTYPED = 100;

export function LookStep({ plan, onBack }: { plan: Plan; onBack: () => void }): JSX.Element {
  const input = inputIn(plan);
  const found = useResource(input && JSON.stringify(input), async signal =>
    input ? await dryRunJob(input, signal) : undefined,
  );
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);
  return (
    <section class="panel" aria-label={words().steps.look} ref={panel} tabIndex={-1}>
      <div class="body stack loose">
        {!input && <Note tone="warn">{plan.q?.trim() ? words().noWhat : words().noFilter}</Note>}
        {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
        {input && !found.value && !found.problem && (
          <>
            <p class="ink-2">{words().checking}</p>
            <Skeleton rows={4} />
          </>
        )}
        {found.value && <Outcome of={found.value} />}
        <div class="row">
          <button class="btn" type="button" onClick={onBack}>
            {words().back}
          </button>
          {input && (
            <button class="btn" type="button" onClick={found.reload}>
              {words().lookAgain}
            </button>
          )}
          {input && <CopyButton text={() => curlOf('POST', '/jobs', { body: input })}>{shared().copyCurl}</CopyButton>}
        </div>
        {input && found.value && !found.problem && <Start input={input} count={found.value.count} />}
      </div>
    </section>
  );
}

function Outcome({ of: { count, reachable, left, sizes, sample, preflight } }: { of: JobDryRun }): JSX.Element {
  if (count === 0) return <Note tone="warn">{words().nobody}</Note>;
  const broken = Object.values(preflight?.totals ?? {}).reduce((sum, { breaks }) => sum + breaks, 0);
  return (
    <>
      <dl class="kv">
        <dt>{words().counted(count)}</dt>
        <dd>{words().reachable(reachable)}</dd>
        {left.length > 0 && (
          <>
            <dt>{words().leftTitle}</dt>
            <dd>
              {left.map(({ code, count: number_ }) => (
                <p key={code}>
                  <b>{number(number_)}</b> {words().left[code] ?? code}
                </p>
              ))}
            </dd>
          </>
        )}
        <dt>{words().waveTitle}</dt>
        <dd>
          {sizes.map((size, at) => (
            <p key={String(at)}>{words().waveOf(number(at + 1), size)}</p>
          ))}
        </dd>
        <dt>{words().sample}</dt>
        <dd class="mono">
          {sample.map(id => (
            <p key={id}>
              <a href={hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}>{id}</a>
            </p>
          ))}
        </dd>
      </dl>
      {preflight && (
        <Note tone={broken > 0 ? 'bad' : 'ok'}>
          <p>
            <b>{words().preflight}</b> {broken > 0 ? words().breaks(broken) : words().keepsAll}
          </p>
          {preflight.breaks.map(({ device, link, server, message }) => (
            <p class="small" key={`${device} ${link} ${server}`}>
              <span class="mono">{device}</span> {link} <span class="mono">{server}</span> {message}
            </p>
          ))}
        </Note>
      )}
    </>
  );
}

function Start({ input, count }: { input: JobInput; count: number }): JSX.Element | null {
  const [typed, setTyped] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  if (count === 0) return null;
  const isReady = !isBusy && (count <= MAX_UNTYPED || typed.trim() === String(count));
  const start = async (): Promise<void> => {
    if (!isReady) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const { id } = await createJob({ ...input, expect: count });
      const href = hrefOf(`/rollouts/${encodeURIComponent(id)}`);
      tell({ tone: 'ok', text: words().started(id), link: { href, text: words().open } });
      go(href);
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  return (
    <form
      class="stack"
      onSubmit={event => {
        event.preventDefault();
        void start();
      }}
    >
      {problem && <ProblemNote problem={problem} />}
      {count > MAX_UNTYPED && (
        <Field label={words().typeCount(String(count))}>
          {control => (
            <input
              class="input mono"
              {...control}
              autocomplete="off"
              inputMode="numeric"
              value={typed}
              onInput={event => setTyped(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <div class="row">
        <button class="btn primary" type="submit" disabled={!isReady}>
          {words().startOn(count)}
        </button>
      </div>
    </form>
  );
}

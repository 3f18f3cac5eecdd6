// An action on all devices of a filter: how many, the first ones, a dry run, how it goes about it, the count typed; then it is a job.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { curlOf } from '../../api/call.ts';
import { createJob, dryRunJob, type JobDryRun, type JobInput, type JobStep } from '../../api/jobs.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { colouredParts } from '../../state/filter-text.ts';
import { hrefOf } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { bulk } from '../../words/en/bulk.ts';
import { frame } from '../../words/en/frame.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { CopyButton } from '../copy-button.tsx';
import { Dialog } from '../dialogs/dialog.tsx';
import { Coloured } from '../filter/filter-bar.tsx';
import { ProblemNote } from '../problem-note.tsx';
import { ActionForm } from './action-form.tsx';
import { type Plan, PlanForm, planOf, unplanned } from './plan-form.tsx';
import { type BulkAction, isDangerous, stepOf, unfilled } from './steps.ts';

const words = textsOf('bulk', bulk);
const frameWords = textsOf('frame', frame);
/** Above it the number of devices has to be typed. */
const TYPED_ABOVE = 100;

export interface BulkDialogProps {
  action: BulkAction;
  /** As the server reads it; '' for all devices. */
  filter: string;
  /** Devices that matched when the dialog was opened. */
  total: number;
  onClose: () => void;
}

const jobOf = (filter: string, step: JobStep, plan: Plan): JobInput => ({
  devices: { filter: filter || 'id exists' },
  do: [step],
  ...planOf(plan),
});

/** The dry run of the action, repeated after each change of it. */
function useDryRun(job: JobInput | undefined): Resource<JobDryRun> {
  const key = job && JSON.stringify(job);
  return useResource(key, async signal => await dryRunJob(JSON.parse(key ?? '') as JobInput, signal), { keeps: true });
}

/** The state of the dialog, and the way from it to a job. */
function useBulk({ action, filter, total, onClose }: BulkDialogProps) {
  const [filled, setFilled] = useState(unfilled);
  const [plan, setPlan] = useState(() => unplanned(total));
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const step = stepOf(action, filled);
  const job = step && jobOf(filter, step, plan);
  const dryRun = useDryRun(job);
  const count = dryRun.value?.count ?? total;
  const isTyped = count <= TYPED_ABOVE || typed.replace(/\D/g, '') === String(count);
  const isCounted = dryRun.value !== undefined && !dryRun.isLoading && count > 0;
  const isReady = job !== undefined && isCounted && isTyped && !isBusy;
  const title = words().title[action](count);
  const begin = async (): Promise<void> => {
    if (!job || !isReady) return;
    setBusy(true);
    try {
      const { id } = await createJob({ ...job, name: title, expect: count });
      const link = { href: hrefOf(`/rollouts/${encodeURIComponent(id)}`), text: words().toJob };
      tell({ tone: 'ok', text: words().begun(title), link });
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  const recount = (): void => {
    setProblem(undefined);
    setTyped('');
    dryRun.reload();
  };
  const form = { filled, setFilled, plan, setPlan, typed, setTyped };
  return { ...form, job, dryRun, count, isReady, title, begin, recount, problem: problem ?? dryRun.problem };
}

type Bulk = ReturnType<typeof useBulk>;

export function BulkDialog(props: BulkDialogProps): JSX.Element {
  const { action, filter, onClose } = props;
  const bulkState = useBulk(props);
  const { job, dryRun, count, title, problem, filled, setFilled, plan, setPlan } = bulkState;
  return (
    <Dialog title={title} onClose={onClose} footer={<Foot of={bulkState} action={action} onClose={onClose} />}>
      <div class="filter still">
        <div class="q" title={filter}>
          {filter === '' ? words().all : <Coloured parts={colouredParts(filter)} />}
        </div>
      </div>
      <ActionForm action={action} filled={filled} onFilled={setFilled} />
      {job ? <Outcome dryRun={dryRun} filter={filter} /> : <p class="help">{words().fillIn}</p>}
      <PlanForm plan={plan} onPlan={setPlan} />
      {problem && <ProblemNote problem={problem} onRetry={bulkState.recount} />}
      {count > TYPED_ABOVE && <CountField of={bulkState} />}
    </Dialog>
  );
}

const CountField = ({ of: { typed, setTyped, begin } }: { of: Bulk }): JSX.Element => (
  <label class="field">
    <span>{words().typeCount}</span>
    <input
      class="input"
      inputMode="numeric"
      autocomplete="off"
      aria-label={words().count}
      value={typed}
      onInput={event => setTyped(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key === 'Enter') void begin();
      }}
    />
  </label>
);

function Foot({ of, action, onClose }: { of: Bulk; action: BulkAction; onClose: () => void }): JSX.Element {
  const { job, count, isReady, begin } = of;
  return (
    <>
      {job && (
        <CopyButton
          class="btn quiet"
          icon="terminal"
          text={() => curlOf('POST', '/jobs', { body: { ...job, expect: count } })}
        >
          {frameWords().copyCurl}
        </CopyButton>
      )}
      <button class="btn push" type="button" onClick={onClose}>
        {frameWords().cancel}
      </button>
      <button
        class={`btn ${isDangerous(action) ? 'danger' : 'primary'}`}
        type="button"
        disabled={!isReady}
        onClick={() => void begin()}
      >
        {words().verb[action](count)}
      </button>
    </>
  );
}

function Outcome({ dryRun, filter }: { dryRun: Resource<JobDryRun>; filter: string }): JSX.Element {
  const { value } = dryRun;
  if (!value) return <p class="help">{dryRun.problem ? '' : words().counting}</p>;
  const { left } = words();
  const broken = value.preflight?.breaks.length ?? 0;
  return (
    <dl class="kv" aria-busy={dryRun.isLoading}>
      <dt>{words().asked}</dt>
      <dd>
        {number(value.reachable)}{' '}
        {value.left.map(({ code, count }) => (
          <span class="ink-3" key={code}>
            {left[code as keyof typeof left]?.(count) ?? code}{' '}
          </span>
        ))}
      </dd>
      {broken > 0 && (
        <>
          <dt>{words().breaks}</dt>
          <dd class="bad">{words().breaksText(broken)}</dd>
        </>
      )}
      <dt>{words().first}</dt>
      <dd class="mono">
        {value.sample.slice(0, 3).join(', ')}{' '}
        <a href={hrefOf('/devices', { q: filter })} target="_blank" rel="noreferrer">
          {words().allOfThem}
        </a>
      </dd>
    </dl>
  );
}

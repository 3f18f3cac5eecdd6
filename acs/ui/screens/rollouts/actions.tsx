// The actions of an operator on a rollout or a job.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { curlOf } from '../../api/call.ts';
import { actOnJob, approveJob, deleteJob, type JobAction, type JobDetail, jobPath } from '../../api/jobs.ts';
import { problemOf } from '../../api/problem.ts';
import { copyText } from '../../components/copy-button.tsx';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Icon, type IconName } from '../../components/icon.tsx';
import { Menu } from '../../components/menu.tsx';
import { useActions } from '../../state/actions.ts';
import { go, hrefOf } from '../../state/location.ts';
import { may, session } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { frame } from '../../words/en/frame.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import type { Totals } from './job-view.ts';
import { inputOf, planHref } from './plan.ts';

const words = textsOf('rollouts', rollouts);
const shared = textsOf('frame', frame);

type Asked = 'retry' | 'rollback' | 'abort' | 'delete';
/** Beyond it the number of devices has to be typed. */
const MAX_UNTYPED = 100;

const phases: Readonly<Record<JobAction, readonly string[]>> = {
  pause: ['planning', 'running'],
  resume: ['paused'],
  retry: ['running', 'paused', 'rolling-back', 'done', 'aborted', 'rolled-back'],
  rollback: ['running', 'paused', 'done', 'aborted'],
  abort: ['waiting-for-approval', 'planning', 'running', 'paused', 'rolling-back'],
};

const icons: Readonly<Record<JobAction, IconName>> = {
  pause: 'pause',
  resume: 'play',
  retry: 'reload',
  rollback: 'back',
  abort: 'close',
};

/** Devices that an action reaches. */
function reachOf({ totals }: JobDetail, action: Asked): number {
  const { failed = 0, done = 0, soaking = 0, running = 0, planned = 0, away = 0 }: Totals = totals;
  return { retry: failed, rollback: done + soaking + running + failed, abort: planned + away, delete: 0 }[action];
}

export function Actions({ job, onDone }: { job: JobDetail; onDone: () => void }): JSX.Element {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const label = job.name ?? job.id;
  const failed = reachOf(job, 'retry');
  const isOpen = (action: JobAction): boolean =>
    may(`${action}Job`) &&
    phases[action].includes(job.state) &&
    (action === 'retry' || action === 'rollback' ? reachOf(job, action) > 0 : true);
  const act = async (action: JobAction): Promise<void> => {
    await actOnJob(job.id, action);
    tell({ tone: 'ok', text: words().told[action](label) });
    onDone();
  };
  const attempt = (work: Promise<void>): void => {
    work.catch((error: unknown) => tell({ tone: 'bad', text: problemOf(error).message }));
  };
  const approve = async (): Promise<void> => {
    await approveJob(job.id);
    tell({ tone: 'ok', text: words().told.approve(label) });
    onDone();
  };
  useActions(label, [
    ...(['pause', 'resume'] as const)
      .filter(isOpen)
      .map(action => ({ text: words().actions[action], run: () => attempt(act(action)) })),
    ...(['retry', 'rollback', 'abort'] as const)
      .filter(isOpen)
      .map(action => ({ text: words().actions[action], run: () => setAsked(action) })),
  ]);
  const confirm = async (action: Asked): Promise<void> => {
    if (action !== 'delete') return await act(action);
    await deleteJob(job.id);
    tell({ tone: 'ok', text: words().told.delete(label) });
    go(hrefOf('/rollouts'));
  };
  return (
    <div class="row actions">
      {job.state === 'waiting-for-approval' && may('approveJob') && (
        <Approve isOwn={job.author === session.value?.user} onApprove={() => attempt(approve())} />
      )}
      {(['pause', 'resume'] as const).filter(isOpen).map(action => (
        <button class="btn primary" type="button" key={action} onClick={() => attempt(act(action))}>
          <Icon name={icons[action]} />
          {words().actions[action]}
        </button>
      ))}
      {(['retry', 'rollback', 'abort'] as const).filter(isOpen).map(action => (
        <button
          class={action === 'retry' ? 'btn' : 'btn danger'}
          type="button"
          key={action}
          onClick={() => setAsked(action)}
        >
          <Icon name={icons[action]} />
          {action === 'retry' ? words().retryFailed(failed) : words().actions[action]}
        </button>
      ))}
      <More job={job} onDelete={() => setAsked('delete')} />
      {asked !== undefined && (
        <Ask
          action={asked}
          label={label}
          reach={reachOf(job, asked)}
          onConfirm={async () => await confirm(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}

/** Its author sees the reason why another one has to. */
const Approve = ({ isOwn, onApprove }: { isOwn: boolean; onApprove: () => void }): JSX.Element => (
  <button
    class="btn primary"
    type="button"
    {...(isOwn ? { 'aria-disabled': true, title: words().ownPlan } : {})}
    onClick={() => {
      if (!isOwn) onApprove();
    }}
  >
    <Icon name="check" />
    {words().actions.approve}
  </button>
);

interface AskProps {
  action: Asked;
  label: string;
  reach: number;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

function Ask({ action, label, reach, onConfirm, onClose }: AskProps): JSX.Element {
  const { title, text, action: verb } = words().asks[action];
  return (
    <Confirm
      title={title}
      action={verb}
      isDangerous={action !== 'retry'}
      typed={reach > MAX_UNTYPED ? String(reach) : undefined}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p class="wrap-any">
        <b>{label}</b>
      </p>
      <p>{text}</p>
      {action !== 'delete' && (
        <p>
          {number(reach)} {words().devices(reach)}
        </p>
      )}
    </Confirm>
  );
}

function More({ job, onDelete }: { job: JobDetail; onDelete: () => void }): JSX.Element {
  const isEnded = job.ended !== null;
  return (
    <Menu
      label={words().moreActions}
      class="btn square"
      align="end"
      entries={[
        ...(may('createJob') ? [{ text: words().clone, run: () => go(planHref(inputOf(job))) }] : []),
        { text: shared().copyCurl, run: () => copyText(curlOf('POST', '/jobs', { body: inputOf(job) })) },
        { text: words().copyRead, run: () => copyText(curlOf('GET', jobPath(job.id))) },
        ...(may('deleteJob')
          ? [
              {
                text: words().actions.delete,
                run: onDelete,
                isDangerous: true,
                disabled: isEnded ? undefined : words().notEnded,
              },
            ]
          : []),
      ]}
    >
      <Icon name="ellipsis" />
    </Menu>
  );
}

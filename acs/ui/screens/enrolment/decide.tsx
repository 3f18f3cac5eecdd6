// One decision over all devices in quarantine that fit a filter: what it would reach, then a job that does it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { decideAll, type JobTrial, putRule, tryDecision } from '../../api/administration/enrolment.ts';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { textsOf } from '../../words/texts.ts';
import { within } from './narrow.tsx';

const words = textsOf('enrolment', enrolment);
/** The number of devices above which their count has to be typed. */
const MANY = 100;
const REFUSAL_WEIGHT = 1000;

export interface DecideProps {
  decision: 'approve' | 'refuse';
  /** The filter of the reader, without the state. */
  narrowed: string;
  onClose: () => void;
  onDone: () => void;
}

export function DecideDialog({ decision, narrowed, onClose, onDone }: DecideProps): JSX.Element {
  const filter = within('quarantine', narrowed);
  const step = decision === 'approve' ? 'approve' : 'forget';
  const trial = useResource(`${step} ${filter}`, async signal => await tryDecision(filter, step, signal));
  const [rule, setRule] = useState('');
  const count = trial.value?.count ?? 0;
  const title = decision === 'approve' ? words().approveTitle(count) : words().refuseTitle(count);
  const decide = async (): Promise<void> => {
    if (decision === 'refuse' && rule !== '')
      await putRule(rule, { action: 'refuse', filter: narrowed, weight: REFUSAL_WEIGHT });
    const { id } = await decideAll(filter, step, count);
    const href = hrefOf(`/rollouts/${encodeURIComponent(id)}`);
    tell({ tone: 'busy', text: words().jobBegun(count), link: { href, text: words().toJob } });
    onDone();
  };
  return (
    <Confirm
      title={title}
      action={title}
      isDangerous={decision === 'refuse'}
      typed={count > MANY ? String(count) : undefined}
      onConfirm={decide}
      onClose={onClose}
    >
      <p>{decision === 'approve' ? words().approveText : words().refuseText}</p>
      {decision === 'refuse' && <RefusalRule narrowed={narrowed} name={rule} setName={setRule} />}
      {trial.problem && <ProblemNote problem={trial.problem} onRetry={trial.reload} />}
      {trial.value ? <Reach trial={trial.value} /> : !trial.problem && <Skeleton rows={2} />}
    </Confirm>
  );
}

function RefusalRule({
  narrowed,
  name,
  setName,
}: {
  narrowed: string;
  name: string;
  setName: (name: string) => void;
}): JSX.Element {
  if (!may('putEnrolmentRule')) return <p class="ink-2">{words().refuseComesBack}</p>;
  if (narrowed === '') return <p class="ink-2">{words().refuseNeedsFilter}</p>;
  return (
    <TextInput
      label={words().refuseByRule}
      help={words().refuseComesBack}
      value={name}
      set={text => setName(text.trim())}
    />
  );
}

const Reach = ({ trial: { count, reachable, sample } }: { trial: JobTrial }): JSX.Element => (
  <>
    {reachable < count && <p class="warn">{words().leftOut(count - reachable)}</p>}
    <div class="stack tight">
      <h3>{words().firstOnes}</h3>
      <ul class="small mono">
        {sample.map(id => (
          <li key={id} class="cut">
            {id}
          </li>
        ))}
      </ul>
    </div>
  </>
);

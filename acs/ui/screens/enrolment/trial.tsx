// A trial of enrolment: the outcome for a device that would come now. Nothing is sent to a device.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Rule, type Trial, type TrialInput, tryEnrolment } from '../../api/administration/enrolment.ts';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { useResource } from '../../state/resource.ts';
import { useRested } from '../../state/rested.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('enrolment', enrolment);
const REST_MS = 400;
const credentials = ['enrolment', 'certificate', 'own', 'none'] as const;
const tones = { enrolled: 'ok', quarantine: 'warn', held: 'warn', refused: 'bad' } as const;

type TextName = 'id' | 'provisioningCode' | 'softwareVersion' | 'address' | 'subject' | 'issuer';
type Draft = Record<TextName, string> & { credential: (typeof credentials)[number] };

const blank: Draft = {
  ...{ id: '', provisioningCode: '', softwareVersion: '', address: '', subject: '', issuer: '' },
  credential: 'enrolment',
};

export function TrialPanel({ rules }: { rules: readonly Rule[] }): JSX.Element {
  const [draft, setDraft] = useState<Draft>(blank);
  const asked = useRested(JSON.stringify(inputOf(draft)), REST_MS);
  const { id } = JSON.parse(asked) as TrialInput;
  // The rules are part of the question: another rule, another answer.
  const found = useResource(
    id === '' ? undefined : `${asked} ${JSON.stringify(rules)}`,
    async signal => await tryEnrolment(JSON.parse(asked) as TrialInput, signal),
    { keeps: true },
  );
  const text = (name: TextName, label: string, placeholder = ''): JSX.Element => (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={draft[name]}
      set={value => setDraft({ ...draft, [name]: value.trim() })}
    />
  );
  return (
    <section class="panel c4" aria-label={words().trial.title}>
      <header>
        <h2>{words().trial.title}</h2>
        <span class="push small ink-3">{words().trial.about}</span>
      </header>
      <div class="body stack">
        {text('id', words().trial.id, words().trial.idHint)}
        <Choice
          label={words().rules.credential}
          value={draft.credential}
          values={credentials.map(each => [each, words().logins[each]])}
          set={value => setDraft({ ...draft, credential: value as Draft['credential'] })}
        />
        {text('provisioningCode', words().rules.code)}
        <details>
          <summary>{words().trial.more}</summary>
          <div class="stack">
            {text('softwareVersion', words().trial.firmware)}
            {text('address', words().held.address)}
            {text('subject', words().rules.subject)}
            {text('issuer', words().rules.issuer)}
          </div>
        </details>
        {found.problem && id !== '' && <ProblemNote problem={found.problem} />}
        {found.value && id !== '' && !found.problem && <Outcome trial={found.value} rules={rules} />}
      </div>
    </section>
  );
}

function Outcome({ trial, rules }: { trial: Trial; rules: readonly Rule[] }): JSX.Element {
  const weightOf = (name: string): string => number(rules.find(rule => rule.name === name)?.weight ?? 0);
  return (
    <>
      <ol class="stack tight small">
        {trial.rules.map(({ name, fits, why }) => (
          <li class="row" key={name}>
            <span class={`st ${fits ? 'ok' : 'idle'}`}>{name === trial.rule ? <b>{name}</b> : name}</span>
            <span class="push ink-3">
              {fits ? words().trial.fits(weightOf(name)) : words().trial.failsBy(weightOf(name), why.join('; '))}
            </span>
          </li>
        ))}
      </ol>
      <Note tone={tones[trial.outcome]}>
        <b>{words().trial.outcomes[trial.outcome]}</b>
        <p class="ink-2">{trial.reason}</p>
      </Note>
    </>
  );
}

/** The question without what is empty. */
function inputOf({ id, credential, ...texts }: Draft): TrialInput {
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  return { id, credential, ...Object.fromEntries(given) };
}

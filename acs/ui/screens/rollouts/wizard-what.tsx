// The step of the wizard that says what is done.
import type { JSX } from 'preact';
import { listFiles, type StoredFile } from '../../api/jobs.ts';
import { Field } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { useResource } from '../../state/resource.ts';
import { wizard } from '../../words/en/wizard.ts';
import { bytes } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { badLineOf, kindOf, kinds, type StepProps, stepsIn } from './plan.ts';

const words = textsOf('wizard', wizard);

export function WhatStep({ plan, change }: StepProps): JSX.Element {
  const kind = kindOf(plan);
  return (
    <>
      <Field label={words().kind}>
        {control => (
          <select
            class="input"
            {...control}
            value={kind}
            onChange={event => change({ kind: event.currentTarget.value, what: '' })}
          >
            {kinds.map(each => (
              <option key={each} value={each}>
                {words().kinds[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {kind === 'firmware' && <FileChoice types={firmwareTypes} label={words().firmware} plan={plan} change={change} />}
      {kind === 'file' && <FileChoice types={otherTypes} label={words().file} plan={plan} change={change} />}
      {kind === 'set' && <Values plan={plan} change={change} />}
      {kind === 'tags' && <TagFields plan={plan} change={change} />}
      {kind === 'preset' && (
        <Text label={words().preset} value={plan.what} onInput={what => change({ what })} isRequired />
      )}
      {kind === 'steps' && <Lines label={words().json} plan={plan} change={change} problem={words().badJson} />}
    </>
  );
}

const firmwareTypes = ['firmware'] as const;
const otherTypes = ['script', 'certificate', 'web'] as const;

interface FileChoiceProps extends StepProps {
  types: readonly string[];
  label: string;
}

async function filesOf(types: readonly string[], signal: AbortSignal): Promise<StoredFile[]> {
  const pages = await Promise.all(types.map(type => listFiles(type, signal)));
  return pages.flatMap(({ items }) => items);
}

function FileChoice({ types, label, plan, change }: FileChoiceProps): JSX.Element {
  const found = useResource(types.join(), async signal => await filesOf(types, signal));
  const files = found.value ?? [];
  const isUnknown = plan.what !== undefined && plan.what !== '' && !files.some(({ name }) => name === plan.what);
  return (
    <>
      {found.problem && <ProblemNote problem={found.problem} onRetry={found.reload} />}
      <Field label={label} help={found.value?.length === 0 ? words().noFiles : undefined}>
        {control => (
          <select
            class="input"
            {...control}
            required
            value={plan.what ?? ''}
            onChange={event => change({ what: event.currentTarget.value })}
          >
            <option value="">{words().choose}</option>
            {isUnknown && <option value={plan.what}>{plan.what}</option>}
            {files.map(({ name, version, productClass, size }) => (
              <option key={name} value={name}>
                {[name, version, productClass, bytes(size)].filter(Boolean).join(' · ')}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}

function Values({ plan, change }: StepProps): JSX.Element {
  const line = badLineOf(plan.what);
  return (
    <>
      <Lines
        label={words().values}
        plan={plan}
        change={change}
        problem={line === undefined ? undefined : words().badLine(line)}
      />
      <label class="row">
        <input
          type="checkbox"
          checked={plan.keep === 'yes'}
          onChange={event => change({ keep: event.currentTarget.checked ? 'yes' : '' })}
        />
        {words().keep}
      </label>
    </>
  );
}

/** A text of several lines. The problem is shown once there is a text that cannot be read. */
function Lines({
  label,
  plan,
  change,
  problem,
}: StepProps & { label: string; problem: string | undefined }): JSX.Element {
  const isBad = Boolean(plan.what?.trim()) && stepsIn(plan) === undefined;
  return (
    <Field label={label} problem={isBad ? problem : undefined}>
      {control => (
        <textarea
          class="input mono"
          {...control}
          rows={6}
          required
          spellcheck={false}
          value={plan.what ?? ''}
          onInput={event => change({ what: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}

const TagFields = ({ plan, change }: StepProps): JSX.Element => (
  <>
    <Text label={words().addTags} value={plan.add} onInput={add => change({ add })} />
    <Text label={words().removeTags} value={plan.remove} onInput={remove => change({ remove })} />
  </>
);

interface TextProps {
  label: string;
  value: string | undefined;
  onInput: (text: string) => void;
  help?: string;
  isRequired?: boolean;
  /** A time instead of a text. */
  type?: 'time' | 'datetime-local';
}

export const Text = ({ label, value = '', onInput, help, isRequired, type }: TextProps): JSX.Element => (
  <Field label={label} help={help}>
    {control => {
      const attributes = {
        ...control,
        ...{ class: 'input', required: isRequired ?? false, autocomplete: 'off', value },
        onInput: (event: { currentTarget: HTMLInputElement }) => onInput(event.currentTarget.value),
      } as const;
      return type ? <input {...attributes} type={type} /> : <input {...attributes} type="text" />;
    }}
  </Field>
);

// The part of a bulk action that has to be filled in.
import type { JSX } from 'preact';
import { call } from '../../api/call.ts';
import { useResource } from '../../state/resource.ts';
import { bulk } from '../../words/en/bulk.ts';
import { textsOf } from '../../words/texts.ts';
import { Field } from '../field.tsx';
import { Icon } from '../icon.tsx';
import { Note } from '../note.tsx';
import { ProblemNote } from '../problem-note.tsx';
import type { BulkAction, Filled } from './steps.ts';

const words = textsOf('bulk', bulk);

export interface ActionFormProps {
  action: BulkAction;
  filled: Filled;
  onFilled: (filled: Filled) => void;
}

export function ActionForm({ action, filled, onFilled }: ActionFormProps): JSX.Element | null {
  const change = (part: Partial<Filled>): void => onFilled({ ...filled, ...part });
  switch (action) {
    case 'tag':
      return (
        <>
          <TextField
            label={words().addTags}
            help={words().tagsHelp}
            value={filled.add}
            onValue={add => change({ add })}
            isFirst
          />
          <TextField label={words().removeTags} value={filled.remove} onValue={remove => change({ remove })} />
        </>
      );
    case 'set':
      return <ValuesForm filled={filled} change={change} />;
    case 'file':
      return <FileChoice file={filled.file} onFile={file => change({ file })} />;
    case 'reboot':
      return <Note tone="warn">{words().rebootNote}</Note>;
    case 'forget':
      return <Note tone="warn">{words().forgetNote}</Note>;
    default:
      return null;
  }
}

interface TextFieldProps {
  label: string;
  help?: string;
  value: string;
  onValue: (value: string) => void;
  isFirst?: boolean;
}

const TextField = ({ label, help, value, onValue, isFirst = false }: TextFieldProps): JSX.Element => (
  <Field label={label} help={help}>
    {control => (
      <input
        {...control}
        class="input"
        autocomplete="off"
        value={value}
        onInput={event => onValue(event.currentTarget.value)}
        {...(isFirst ? { 'data-focus': true } : {})}
      />
    )}
  </Field>
);

function ValuesForm({ filled, change }: { filled: Filled; change: (part: Partial<Filled>) => void }): JSX.Element {
  const { values, keep } = filled;
  const replace = (at: number, part: Partial<Filled['values'][number]>): void =>
    change({ values: values.map((each, nth) => (nth === at ? { ...each, ...part } : each)) });
  return (
    <>
      {values.map(({ path, value }, nth) => (
        <div class="row nowrap" key={nth}>
          <TextField
            label={words().path}
            value={path}
            onValue={text => replace(nth, { path: text })}
            isFirst={nth === 0}
          />
          <TextField label={words().value} value={value} onValue={text => replace(nth, { value: text })} />
          {values.length > 1 && (
            <button
              class="btn quiet square"
              type="button"
              aria-label={words().removeValue}
              onClick={() => change({ values: values.filter((_, at) => at !== nth) })}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
      ))}
      <div class="row">
        <button class="btn tiny" type="button" onClick={() => change({ values: [...values, { path: '', value: '' }] })}>
          <Icon name="plus" />
          {words().addValue}
        </button>
        <label class="row tight">
          <input type="checkbox" checked={keep} onChange={event => change({ keep: event.currentTarget.checked })} />
          {words().keep}
        </label>
      </div>
    </>
  );
}

function FileChoice({ file, onFile }: { file: string; onFile: (file: string) => void }): JSX.Element {
  const files = useResource('files', async signal => {
    const query = { limit: 1000, fields: 'name,type' };
    return (await call<{ items: { name: string; type: string }[] }>('GET', '/files', { query, signal })).items;
  });
  const offered = (files.value ?? []).filter(({ type }) => type !== 'firmware' && type !== 'web');
  if (files.problem) return <ProblemNote problem={files.problem} onRetry={files.reload} />;
  if (files.value && offered.length === 0) return <Note tone="warn">{words().noFile}</Note>;
  return (
    <Field label={words().file}>
      {control => (
        <select
          {...control}
          class="input"
          value={file}
          data-focus
          onChange={event => onFile(event.currentTarget.value)}
        >
          <option value="" />
          {offered.map(({ name, type }) => (
            <option key={name} value={name}>
              {name} · {type}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

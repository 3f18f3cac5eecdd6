// The values of a preset as rows of a path and a value.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../../../components/icon.tsx';
import { presets } from '../../../words/en/presets.ts';
import { textsOf } from '../../../words/texts.ts';
import { shownValue } from '../document.ts';

const words = textsOf('presets', presets);

export interface SetTableProps {
  values: Readonly<Record<string, unknown>>;
  isReadOnly: boolean;
  onChange: (values: Record<string, unknown>) => void;
}

export function SetTable({ values, isReadOnly, onChange }: SetTableProps): JSX.Element {
  const [path, setPath] = useState('');
  const add = (): void => {
    if (path.trim() === '' || path.trim() in values) return;
    onChange({ ...values, [path.trim()]: '' });
    setPath('');
  };
  return (
    <fieldset class="stack tight">
      <legend>{words().fields.set}</legend>
      {Object.entries(values).map(([name, value]) => (
        <SetRow
          key={name}
          path={name}
          value={value}
          isReadOnly={isReadOnly}
          onChange={next => onChange({ ...values, [name]: next })}
          onRemove={() => {
            const { [name]: _gone, ...rest } = values;
            onChange(rest);
          }}
        />
      ))}
      {!isReadOnly && (
        <div class="row nowrap">
          <input
            class="input mono"
            aria-label={words().newPath}
            placeholder="Device.…"
            value={path}
            onInput={event => setPath(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === 'Enter') add();
            }}
          />
          <button class="btn" type="button" onClick={add}>
            {words().addValue}
          </button>
        </div>
      )}
    </fieldset>
  );
}

interface SetRowProps {
  path: string;
  value: unknown;
  isReadOnly: boolean;
  onChange: (value: unknown) => void;
  onRemove: () => void;
}

const SetRow = ({ path, value, isReadOnly, onChange, onRemove }: SetRowProps): JSX.Element => (
  <div class="stack tight">
    <span class="mono wrap-any small">{path}</span>
    <div class="row nowrap">
      <input
        class="input mono"
        aria-label={words().valueOf(path)}
        readOnly={isReadOnly}
        value={shownValue(value) ?? ''}
        onInput={event => onChange(typedAs(value, event.currentTarget.value))}
      />
      {!isReadOnly && (
        <button class="btn quiet square" type="button" aria-label={words().removeValue(path)} onClick={onRemove}>
          <Icon name="trash" />
        </button>
      )}
    </div>
  </div>
);

/** The text in the shape of the value before: numbers stay numbers, and a type that was given stays. */
function typedAs(before: unknown, text: string): unknown {
  if (typeof before === 'object' && before !== null && 'value' in before) return { ...before, value: text };
  if (typeof before === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (typeof before === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

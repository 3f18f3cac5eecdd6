// The editor of a value, by the type that its data model gives it.
import type { JSX, SelectHTMLAttributes } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ModelItem } from '../../../../api/device/parameters.ts';
import { parameters } from '../../../../words/en/device/parameters.ts';
import { textsOf } from '../../../../words/texts.ts';
import { isNumber, plainType } from '../judge.ts';

const words = textsOf('deviceParameters', parameters);

export interface EditorProps {
  label: string;
  value: string;
  item: Partial<ModelItem>;
  isSecret: boolean;
  isWrong: boolean;
  /** It takes the focus when it appears. */
  isFocused: boolean;
  onInput: (value: string) => void;
  onFocus: () => void;
  onBlur: () => void;
  /** The editing is over, and the value stays. */
  onDone: () => void;
  /** The editing is over, and the value is as it was before. */
  onCancel: () => void;
}

/** A checkbox that is on or off. */
const asSwitch = { role: 'switch' } as const;

const isTrue = (value: string): boolean => value === '1' || value === 'true';
/** The other value of a boolean, spelled alike. */
const turned = (value: string): string => ({ '1': '0', '0': '1', true: 'false', false: 'true' })[value] ?? '1';

export function Editor(props: EditorProps): JSX.Element {
  const { label, value, item, isSecret, isWrong, isFocused, onInput, onFocus, onBlur, onDone, onCancel } = props;
  const element = useRef<HTMLElement | null>(null);
  useEffect(() => {
    if (isFocused) element.current?.focus();
  }, [isFocused]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Enter') onDone();
    else onCancel();
  };
  const common = {
    'aria-label': label,
    onKeyDown,
    onFocus,
    onBlur,
    ...(isWrong ? { 'aria-invalid': true as const } : {}),
  };
  const hold = (made: HTMLElement | null): void => {
    element.current = made;
  };
  if (item.enum) return <Choice {...{ value, of: item.enum, onInput, hold, common }} />;
  const type = plainType(item.type);
  if (type === 'boolean')
    return (
      <label class="row tight">
        <input
          {...common}
          type="checkbox"
          {...asSwitch}
          ref={hold}
          checked={isTrue(value)}
          onInput={() => onInput(turned(value))}
        />
        <span class="small">{isTrue(value) ? words().on : words().off}</span>
      </label>
    );
  return (
    <input
      {...common}
      class={`input mono ${isNumber(type) ? 'short' : ''}`}
      ref={hold}
      {...(isSecret
        ? { type: 'password', autocomplete: 'new-password', placeholder: words().keepSecret }
        : { autocomplete: 'off', ...(isNumber(type) ? { inputMode: 'numeric' as const } : {}) })}
      spellcheck={false}
      value={value}
      onInput={event => onInput(event.currentTarget.value)}
    />
  );
}

interface ChoiceProps {
  value: string;
  of: readonly string[];
  onInput: (value: string) => void;
  hold: (made: HTMLElement | null) => void;
  common: SelectHTMLAttributes<HTMLSelectElement>;
}

/** A value that the model does not know stays one of the choice. */
const Choice = ({ value, of, onInput, hold, common }: ChoiceProps): JSX.Element => (
  <select {...common} class="input mono" ref={hold} value={value} onInput={event => onInput(event.currentTarget.value)}>
    {(of.includes(value) ? of : [value, ...of]).map(each => (
      <option key={each} value={each}>
        {each}
      </option>
    ))}
  </select>
);

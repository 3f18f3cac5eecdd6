// A field of a form that is a line of text.
import type { JSX } from 'preact';
import { Field } from '../field.tsx';

export interface TextInputProps {
  label: string;
  value: string;
  set: (value: string) => void;
  help?: string | undefined;
  problem?: string | undefined;
  placeholder?: string;
  /** Has the focus first, in a dialog. */
  isFirst?: boolean;
  isRequired?: boolean;
  /** Words rather than a name, a filter or a number. */
  isProse?: boolean;
  type?: 'text' | 'password' | 'number' | 'datetime-local' | 'url';
  autocomplete?: 'new-password' | 'current-password' | 'off';
}

export const TextInput = ({
  label,
  value,
  set,
  help,
  problem,
  placeholder,
  isFirst = false,
  isRequired = false,
  isProse = false,
  type = 'text',
  autocomplete = 'off',
}: TextInputProps): JSX.Element => (
  <Field label={label} help={help} problem={problem}>
    {control => (
      <input
        {...control}
        class={isProse ? 'input' : 'input mono'}
        {...typed(type)}
        {...(isFirst ? { 'data-focus': true } : {})}
        required={isRequired}
        placeholder={placeholder ?? ''}
        autocomplete={autocomplete}
        spellcheck={isProse}
        value={value}
        onInput={event => set(event.currentTarget.value)}
      />
    )}
  </Field>
);

/** The types of elements tell each kind of input apart; a line of text is of any of these. */
const typed = (type: string): { type: 'text' } => ({ type }) as { type: 'text' };

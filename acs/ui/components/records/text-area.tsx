// A field of a form that is a text of several lines.
import type { JSX } from 'preact';
import { Field } from '../field.tsx';

export interface TextAreaProps {
  label: string;
  value: string;
  set: (value: string) => void;
  help?: string | undefined;
  problem?: string | undefined;
  rows?: number;
}

export const TextArea = ({ label, value, set, help, problem, rows = 4 }: TextAreaProps): JSX.Element => (
  <Field label={label} help={help} problem={problem}>
    {control => (
      <textarea
        {...control}
        class="input mono"
        rows={rows}
        spellcheck={false}
        value={value}
        onInput={event => set(event.currentTarget.value)}
      />
    )}
  </Field>
);

/** The lines of a text, without empty ones. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');

// A field of a form that is one of some values.
import type { JSX } from 'preact';
import { Field } from '../field.tsx';

export interface ChoiceProps {
  label: string;
  value: string;
  values: readonly (readonly [value: string, text: string])[];
  set: (value: string) => void;
  help?: string | undefined;
}

export const Choice = ({ label, value, values, set, help }: ChoiceProps): JSX.Element => (
  <Field label={label} help={help}>
    {control => (
      <select {...control} class="input" value={value} onChange={event => set(event.currentTarget.value)}>
        {values.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    )}
  </Field>
);

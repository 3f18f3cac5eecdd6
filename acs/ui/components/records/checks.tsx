// A group of boxes that are ticked or not.
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

export interface ChecksProps {
  label: string;
  values: readonly (readonly [value: string, text: string])[];
  chosen: readonly string[];
  set: (chosen: string[]) => void;
  help?: string;
}

export function Checks({ label, values, chosen, set, help }: ChecksProps): JSX.Element {
  const id = useId();
  return (
    <fieldset class="stack tight" {...(help === undefined ? {} : { 'aria-describedby': id })}>
      <legend>{label}</legend>
      <div class="row">
        {values.map(([value, text]) => (
          <label class="row tight" key={value}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={event =>
                set(event.currentTarget.checked ? [...chosen, value] : chosen.filter(each => each !== value))
              }
            />
            {text}
          </label>
        ))}
      </div>
      {help !== undefined && (
        <span class="help" id={id}>
          {help}
        </span>
      )}
    </fieldset>
  );
}

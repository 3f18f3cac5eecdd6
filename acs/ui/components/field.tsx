// A field of a form: its label, its control, its help or the reason why its value is refused.
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

/** Attributes that the control of a field bears. */
export interface ControlProps {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: true;
}

export interface FieldProps {
  label: string;
  /** Makes the control. */
  children: (control: ControlProps) => JSX.Element;
  help?: string | undefined;
  /** The reason why the value is refused. */
  problem?: string | undefined;
}

export function Field({ label, children, help, problem }: FieldProps): JSX.Element {
  const id = useId();
  const told = problem ?? help;
  const described = told === undefined ? {} : { 'aria-describedby': `${id}-help` };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...described, ...(problem === undefined ? {} : { 'aria-invalid': true as const }) })}
      {told !== undefined && (
        <span class={`help ${problem === undefined ? '' : 'bad'}`} id={`${id}-help`}>
          {told}
        </span>
      )}
    </div>
  );
}

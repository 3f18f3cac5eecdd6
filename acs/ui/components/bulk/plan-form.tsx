// The form for the plan of a job: how many devices at once, the hours, and the limit of failures at which it pauses.
import type { JSX } from 'preact';
import type { JobInput } from '../../api/jobs.ts';
import { bulk } from '../../words/en/bulk.ts';
import { textsOf } from '../../words/texts.ts';
import { Field } from '../field.tsx';

const words = textsOf('bulk', bulk);

export interface Plan {
  parallelism: number;
  failures: number;
  /** Hours of the sites: 22:00; '' for any time. */
  from: string;
  to: string;
}

const MAX_FAILURES = 100;

/** A tenth of the devices may fail, of many no more than a bound. */
export const unplanned = (devices: number): Plan => ({
  ...{ parallelism: 50, from: '', to: '' },
  failures: Math.max(1, Math.min(MAX_FAILURES, Math.ceil(devices / 10))),
});

export const planOf = ({
  parallelism,
  failures,
  from,
  to,
}: Plan): Pick<JobInput, 'parallelism' | 'failure' | 'window'> => ({
  parallelism,
  failure: { total: failures },
  ...(from === '' || to === '' ? {} : { window: { from, to } }),
});

export function PlanForm({ plan, onPlan }: { plan: Plan; onPlan: (plan: Plan) => void }): JSX.Element {
  const wholeNumber = (name: 'parallelism' | 'failures'): JSX.Element => (
    <Field label={words()[name]}>
      {control => (
        <input
          {...control}
          class="input"
          type="number"
          min={1}
          max={100_000}
          value={plan[name]}
          onChange={event =>
            onPlan({ ...plan, [name]: Math.max(1, Number.parseInt(event.currentTarget.value, 10) || 1) })
          }
        />
      )}
    </Field>
  );
  const hour = (name: 'from' | 'to'): JSX.Element => (
    <Field label={words()[name]}>
      {control => (
        <input
          {...control}
          class="input"
          type="time"
          value={plan[name]}
          onChange={event => onPlan({ ...plan, [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <fieldset class="stack tight">
      <legend>{words().how}</legend>
      <div class="row nowrap">
        {wholeNumber('parallelism')}
        {wholeNumber('failures')}
        {hour('from')}
        {hour('to')}
      </div>
    </fieldset>
  );
}

// The step of the wizard that says how: in which waves, how many at once, when, and what stops it.
import type { JSX } from 'preact';
import { Field } from '../../components/field.tsx';
import { rollouts } from '../../words/en/rollouts.ts';
import { wizard } from '../../words/en/wizard.ts';
import { textsOf } from '../../words/texts.ts';
import { kindOf, type StepProps, weekdays } from './plan.ts';
import { Text } from './wizard-what.tsx';

const words = textsOf('wizard', wizard);
const shared = textsOf('rollouts', rollouts);

export const HowStep = ({ plan, change }: StepProps): JSX.Element => (
  <div class="cols">
    <div class="stack c6">
      <Text label={words().waves} value={plan.waves} onInput={waves => change({ waves })} help={words().wavesHelp} />
      <Text label={words().parallelism} value={plan.parallelism} onInput={parallelism => change({ parallelism })} />
      <Text label={words().soak} value={plan.soak} onInput={soak => change({ soak })} help={words().soakHelp} />
      <Text label={words().id} value={plan.id} onInput={id => change({ id })} help={words().idHelp} />
    </div>
    <div class="stack c6">
      <LimitFields plan={plan} change={change} />
      <WindowFields plan={plan} change={change} />
      <label class="row">
        <input
          type="checkbox"
          checked={plan.approval === 'yes'}
          onChange={event => change({ approval: event.currentTarget.checked ? 'yes' : '' })}
        />
        {words().approval}
      </label>
      {kindOf(plan) !== 'firmware' && (
        <Text
          label={words().notBefore}
          value={plan.notBefore}
          onInput={notBefore => change({ notBefore })}
          type="datetime-local"
        />
      )}
    </div>
  </div>
);

const LimitFields = ({ plan, change }: StepProps): JSX.Element => (
  <>
    <Text label={words().perWave} value={plan.perWave} onInput={perWave => change({ perWave })} />
    <Text label={words().total} value={plan.total} onInput={total => change({ total })} help={words().limitHelp} />
    <Field label={words().action}>
      {control => (
        <select
          class="input"
          {...control}
          value={plan.action ?? 'pause'}
          onChange={event => change({ action: event.currentTarget.value })}
        >
          {(['pause', 'rollback'] as const).map(name => (
            <option key={name} value={name}>
              {words().onLimit[name]}
            </option>
          ))}
        </select>
      )}
    </Field>
  </>
);

function WindowFields({ plan, change }: StepProps): JSX.Element {
  const days = (plan.days ?? '').split(',').filter(Boolean);
  return (
    <>
      <div class="row">
        <Text label={words().windowFrom} value={plan.from} onInput={from => change({ from })} type="time" />
        <Text label={words().windowTo} value={plan.to} onInput={to => change({ to })} type="time" />
      </div>
      <p class="help">{words().windowHelp}</p>
      {plan.from && plan.to && (
        <>
          <fieldset class="row">
            <legend>{words().days}</legend>
            {weekdays.map(day => (
              <label class="row tight" key={day}>
                <input
                  type="checkbox"
                  checked={days.length === 0 || days.includes(day)}
                  onChange={event => change({ days: daysAfter(days, day, event.currentTarget.checked) })}
                />
                {shared().days[day]}
              </label>
            ))}
          </fieldset>
          <Text label={words().zone} value={plan.zone} onInput={zone => change({ zone })} />
        </>
      )}
    </>
  );
}

/** The days once one was chosen or not; none stands for all. */
function daysAfter(days: readonly string[], day: string, isOn: boolean): string {
  const before = days.length === 0 ? [...weekdays] : days;
  const next = weekdays.filter(each => (each === day ? isOn : before.includes(each)));
  return next.length === weekdays.length ? '' : next.join(',');
}

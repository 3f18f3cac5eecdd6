// The wizard: who, what, how, a look at what would happen, and the start. The whole plan is in the address.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { countDevices } from '../../api/jobs.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { FilterBar } from '../../components/filter/filter-bar.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { after } from '../../state/clock.ts';
import { filterOf } from '../../state/filter-text.ts';
import { go, hrefOf, place } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { useTrail } from '../../state/trail.ts';
import { wizard } from '../../words/en/wizard.ts';
import { textsOf } from '../../words/texts.ts';
import { careful, type Plan, placeOf, planIn, type StepProps } from './plan.ts';
import { HowStep } from './wizard-how.tsx';
import { LookStep } from './wizard-look.tsx';
import { WhatStep } from './wizard-what.tsx';

const words = textsOf('wizard', wizard);
const steps = ['who', 'what', 'how', 'look'] as const;
type Step = (typeof steps)[number];

const WRITE_MS = 250;

export function WizardScreen(): JSX.Element {
  const { query } = place.value;
  const [plan, setPlan] = useState<Plan>(() => ({ ...(query.has('step') ? {} : careful), ...planIn(query) }));
  const step = steps.find(each => each === query.get('step')) ?? 'who';
  const change = (changed: Plan): void => setPlan(before => ({ ...before, ...changed }));
  // The address follows what is written, a moment later.
  useEffect(() => after(WRITE_MS, () => go(placeOf(plan, step), { replaces: true })), [plan, step]);
  const filter = filterOf(plan.q ?? '');
  const counted = useCount(filter);
  const form = useFirstFocus(step);
  useTrail([{ text: words().title }]);
  const at = steps.indexOf(step);
  const show = (next: Step | undefined): void => {
    if (next) go(placeOf(plan, next));
  };
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
          <Count counted={counted} filter={filter} />
        </div>
        <div class="row actions">
          <CopyButton text={() => new URL(placeOf(plan, 'look'), globalThis.location.href).href} icon="link">
            {words().copyPlan}
          </CopyButton>
        </div>
      </div>
      <Tabs
        label={words().stepsLabel}
        current={step}
        tabs={steps.map(name => ({ name, text: words().steps[name], href: placeOf(plan, name) }))}
      />
      {step === 'look' ? (
        <LookStep plan={plan} onBack={() => show('how')} />
      ) : (
        <form
          class="panel"
          ref={form}
          aria-label={words().steps[step]}
          onSubmit={event => {
            event.preventDefault();
            show(steps[at + 1]);
          }}
        >
          <div class="body stack loose">
            {step === 'who' && <WhoStep plan={plan} change={change} counted={counted} />}
            {step === 'what' && <WhatStep plan={plan} change={change} />}
            {step === 'how' && <HowStep plan={plan} change={change} />}
            <div class="row">
              {at > 0 && (
                <button class="btn" type="button" onClick={() => show(steps[at - 1])}>
                  {words().back}
                </button>
              )}
              <button class="btn primary" type="submit">
                {words().next}
              </button>
            </div>
          </div>
        </form>
      )}
    </>
  );
}

/** The number of devices that the filter finds now. */
function useCount(filter: string): Resource<number> {
  return useResource(filter || undefined, async signal => (await countDevices(filter, signal)).total ?? 0, {
    keeps: true,
    everyMs: 10_000,
  });
}

/** The first field of a step has the focus when the step is shown. */
function useFirstFocus(step: Step): { current: HTMLFormElement | null } {
  const form = useRef<HTMLFormElement>(null);
  useEffect(
    () => form.current?.querySelector<HTMLElement>('input, select, textarea, [contenteditable]')?.focus(),
    [step],
  );
  return form;
}

const Count = ({ counted, filter }: { counted: Resource<number>; filter: string }): JSX.Element => (
  <p class="ink-2" aria-live="off">
    {!filter ? (
      words().noFilter
    ) : counted.value === undefined ? (
      words().counting
    ) : (
      <a href={hrefOf('/devices', { q: filter })}>{words().fits(counted.value)}</a>
    )}
  </p>
);

const WhoStep = ({ plan, change, counted }: StepProps & { counted: Resource<number> }): JSX.Element => (
  <>
    <FilterBar text={plan.q ?? ''} onText={q => change({ q })} problem={counted.problem} />
    <p class="help">{words().filterHelp}</p>
    {counted.problem && <ProblemNote problem={counted.problem} at={counted.at} />}
  </>
);

// The kinds of steps by the name of their field.
import { UserError } from '../../../errors.ts';
import type { Step, StepName } from '../step.ts';
import type { StepKind } from '../step-kind.ts';
import { approve, connectionRequest, firmware, forget, hold } from './device-steps.ts';
import { overrides, preset, site, tags } from './row-steps.ts';
import { diagnostic, file, set, task } from './task-steps.ts';

const kinds: { [N in StepName]: StepKind<N> } = {
  ...{ task, set, file, diagnostic },
  ...{ tags, site, overrides, preset },
  ...{ approve, hold, connectionRequest, forget, firmware },
};

export const stepNameOf = (step: Step): StepName => {
  const names = (Object.keys(kinds) as StepName[]).filter(name => Object.hasOwn(step, name));
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new UserError(400, 'bad-job', `do: a step has one of ${Object.keys(kinds).join(', ')}`);
};

/** @throws UserError 400 for a step that is none, or several */
export const kindOf = (step: Step): StepKind => kinds[stepNameOf(step)] as unknown as StepKind;

/** At least one step needs the device in session. */
export const isRemote = (steps: readonly Step[]): boolean => steps.some(step => kindOf(step).isRemote);

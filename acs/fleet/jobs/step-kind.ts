// The abilities that each kind of step must have.
import type { DeviceRow } from '../../device/row.ts';
import type { JobPosition } from '../../store/job-positions.ts';
import type { Caller } from '../access/caller.ts';
import type { JobContext } from './context.ts';
import type { Job } from './job.ts';
import type { Step, StepName, StepOutcome, Steps } from './step.ts';

/** One step of one device. */
export interface StepWork {
  job: Job;
  /** The author, with its rights now. */
  caller: Caller;
  /** As it is stored, in the state `running`. */
  position: JobPosition;
  /** Index of the step among those of the position. */
  step: number;
}

/** A kind of step. Whatever it does is done once, however often it is asked for. */
export interface StepKind<N extends StepName = StepName> {
  /** The operation that does the same to one device: a caller that may not call it may not do it to many. */
  operation: { name: string; isRead: boolean };
  /** The device must come into session for it. */
  isRemote: boolean;
  /** @returns the step as it is stored @throws UserError 400, 403, 404 that names the place */
  check(step: Steps[N], context: JobContext): Promise<Steps[N]>;
  /** @throws UserError 403 for a parameter, a file or a device out of the rights */
  assert?(step: Steps[N], caller: Caller, context: JobContext): Promise<void>;
  /** The steps that lead back, read before the step is taken; absent where there is no way back. */
  wayBack?(step: Steps[N], row: DeviceRow, context: JobContext): Promise<Step[]>;
  /** Begins it, or looks at how it went. */
  carryOut(step: Steps[N], work: StepWork, context: JobContext): Promise<StepOutcome>;
  /** Takes it back where it has not begun at the device. @returns whether it has not */
  withdraw?(work: Omit<StepWork, 'caller'>, context: JobContext): Promise<boolean>;
}

// The steps of a job as data, and how a step goes.
import type { TaskInput } from '../tasks/new-task.ts';

export type SetValue = string | number | boolean;

export interface Steps {
  /** Any RPC, as a task. */
  task: { task: TaskInput };
  /** Sets parameters, by a task; `keep`: also as overrides of the device. */
  set: { set: Record<string, SetValue>; keep?: boolean };
  /** Downloads a stored script, certificate or configuration. */
  file: { file: string };
  tags: { tags: { add?: string[]; remove?: string[] } };
  /** Changes fields of the site; null removes one. */
  site: { site: Record<string, string | null> };
  /** Changes overrides; null removes one. */
  overrides: { overrides: Record<string, SetValue | null> };
  /** Ends quarantine or a hold. */
  approve: { approve: true };
  /** Sends a connection request. */
  connectionRequest: { connectionRequest: true };
  /** Holds the device back until it is approved. */
  hold: { hold: true };
  /** Makes a preset count for the device, whatever its filter says. */
  preset: { preset: string };
  /** Runs a diagnostic with its settings. */
  diagnostic: { diagnostic: { kind: string; settings?: Record<string, string | number> } };
  /** Installs a stored image: such a job is a rollout. */
  firmware: { firmware: string };
  /** Removes the device. */
  forget: { forget: true };
}

export type StepName = keyof Steps;
export type Step = Steps[StepName];

export type StepOutcome =
  | { state: 'done' }
  /** It is to be looked at again then. */
  | { state: 'waiting'; due: number; task?: string }
  | { state: 'failed' | 'skipped'; code: string; reason: string };

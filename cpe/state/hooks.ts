// The interface through which the services of a unit take part in changes of its configuration.
import type { Change, Problem, Source } from './changes.ts';
import type { Draft } from './tree/draft.ts';
import type { RunningValues } from './tree/tree.ts';

export interface Commit {
  changes: Change[];
  /** Tables (`Device.A.`) whose rows changed. */
  tables: string[];
  /** Deleted rows (`Device.A.3.`). */
  removed: string[];
  source: Source;
}

export interface Hooks {
  runningValues: RunningValues;
  /** A service runs now, so changes of its settings wait for its restart. */
  started(service: string): boolean;
  /** Stores a value that a service shows in that service's own way. @returns false when it has none */
  write(draft: Draft, template: string, instances: readonly number[], value: string): boolean;
  /** Services refuse or complete a draft. */
  check(draft: Draft, problem: Problem): void;
  apply(commit: Commit): Promise<void>;
  /** Carries out a row command other than Delete, Up and Down. */
  rowCommand(template: string, path: string): Promise<void>;
  /** Makes the whole state durable. */
  save(): Promise<void>;
}

/** Hooks of a configuration without services. */
export const noHooks: Hooks = {
  runningValues: { value: () => undefined, rows: () => undefined },
  started: () => false,
  write: () => false,
  check: () => undefined,
  apply: async () => undefined,
  rowCommand: async () => undefined,
  save: async () => undefined,
};

// How the services of a unit take part in changes of its configuration.
import type { Change, Problem, Source } from './changes.ts';
import type { Draft } from './tree/draft.ts';
import type { RunningValues } from './tree/tree.ts';

export interface Commit {
  changes: Change[];
  /** Tables (`Device.A.`) whose rows changed. */
  tables: string[];
  /** Rows that went (`Device.A.3.`). */
  removed: string[];
  source: Source;
}

export interface Hooks {
  runningValues: RunningValues;
  /** A service runs now, so its settings wait for its restart. */
  started(service: string): boolean;
  /** A service's own way of storing a value that it shows. @returns false when it has none */
  write(draft: Draft, template: string, value: string): boolean;
  /** Services refuse or complete a draft. */
  check(draft: Draft, problem: Problem): void;
  apply(commit: Commit): Promise<void>;
  /** A row command other than Delete, Up and Down was written. */
  rowCommand(template: string, path: string): Promise<void>;
  /** Makes the whole state safe. */
  save(): Promise<void>;
}

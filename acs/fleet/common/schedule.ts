// The schedule as duties see it: cluster/schedule.ts implements it.

export interface Schedule {
  /**
   * Does `work` every `ms`, the first time soon after the start unless another process did it meanwhile. A failure is logged and tried
   * again.
   */
  every(name: string, ms: number, work: () => Promise<void>): void;
  /**
   * Does a duty that should not be kept waiting: soon after the start, again whenever `soon` is called, at the time that it named when it
   * was last done, and after `ms` at the latest; one process at a time. Nothing is done or written while it is not due.
   */
  promptly(name: string, ms: number, duty: PromptDuty): { soon(): void };
  /** Begins nothing any more; resolves when what was begun has ended. */
  stop(): Promise<void>;
}

export interface PromptDuty {
  isDue(): Promise<boolean>;
  /** @returns when there will be something to do again, milliseconds since 1970; undefined where no time is known */
  work(): Promise<number | undefined>;
}

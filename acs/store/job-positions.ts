// Positions of devices in jobs, as both stores keep them: apart from the rows of devices, so that a device may be in several jobs and no
// Inform becomes more expensive.

/** `away`: its turn had come, and it was not there. `soaking`: it has done all steps, and is watched for a while. */
export const jobStates = ['planned', 'away', 'running', 'soaking', 'done', 'failed', 'skipped'] as const;
export type JobState = (typeof jobStates)[number];

/** The position of one device in one job: plain data, keyed by both ids. */
export interface JobPosition {
  job: string;
  device: string;
  state: JobState;
  /** Its wave, from 1; 0 where it was skipped before it had one. */
  wave: number;
  /** Its own time zone; '' for that of the job. */
  zone: string;
  /** Time at which it is to be looked at again, milliseconds; 0 for never. */
  due: number;
  /** Grows with each change: a change of an older version is refused. */
  version: number;
  /** Stable code of the reason; '' without one. */
  code: string;
  /** All else, which no search looks at. */
  body: JobPositionBody;
}

export interface JobPositionBody {
  /** Index of the current step. */
  step: number;
  /** Grows whenever a step is to be done again, so that its task is another one. */
  attempt: number;
  /** It entered its state then, milliseconds. */
  since: number;
  /** It began then. */
  began?: number;
  reason?: string;
  /** The task of the current step. */
  task?: string;
  /** Steps that lead back to what the device was, the first one last. */
  undo?: unknown[];
  /** It is on its way back: its steps are those of `undo`. */
  back?: true;
}

export interface JobPositionQuery {
  job: string;
  state?: JobState;
  wave?: number;
  code?: string;
  limit: number;
  /** The last device of the page before. */
  cursor?: string;
}

/** Positions that wait for their turn: of one time zone, of waves up to that one, the first wave first. */
export interface JobTurnQuery {
  job: string;
  zone: string;
  wave: number;
  limit: number;
}

export interface JobCount {
  state: JobState;
  wave: number;
  count: number;
}

/** Positions of one state and reason. */
export interface JobReason {
  state: JobState;
  code: string;
  count: number;
  /** The first devices by id. */
  examples: string[];
}

/** Devices that a reason names. */
export const MAX_EXAMPLES = 5;

/** The part of a store that keeps positions in jobs. Each call is atomic for each position, and durable once it resolves. */
export interface JobPositionStore {
  /** Adds positions; those that are there already stay as they are. */
  addJobPositions(positions: readonly JobPosition[]): Promise<void>;
  /**
   * Replaces positions whose stored version is the one before.
   * @param positions as they are to be, each with its version one above the one that was read
   * @returns for each whether it was replaced
   */
  moveJobPositions(positions: readonly JobPosition[]): Promise<boolean[]>;
  jobPosition(job: string, device: string): Promise<JobPosition | undefined>;
  /** @returns those of the devices that have a position in the job */
  jobMembers(job: string, devices: readonly string[]): Promise<string[]>;
  /** By device. */
  jobPositions(query: JobPositionQuery): Promise<{ items: JobPosition[]; next?: string }>;
  /** The positions in the state `planned` whose turn it may be. */
  jobTurns(query: JobTurnQuery): Promise<JobPosition[]>;
  /** Positions of a job that are due, those first that are due longest. */
  jobDue(job: string, now: number, limit: number): Promise<JobPosition[]>;
  /** The first time after this one at which a position of any job is due. */
  nextJobDue(after: number): Promise<number | undefined>;
  /** Positions of a device that is waited for. */
  jobAway(device: string): Promise<JobPosition[]>;
  /** Counts by state and wave, from an index. */
  jobCounts(job: string): Promise<JobCount[]>;
  /** Counts of positions that have a reason. */
  jobReasons(job: string): Promise<JobReason[]>;
  /** Deletes positions of a job, in batches. */
  deleteJobPositions(job: string): Promise<void>;
}

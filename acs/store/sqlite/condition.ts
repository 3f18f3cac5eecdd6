// Conditions of SQL statements, and the searches that they are parts of.

/** A part of a statement, with the values of its placeholders. */
export interface Condition {
  sql: string;
  params: (string | number)[];
}

/** The search that a condition is part of. */
export interface Search {
  /** Milliseconds, for `now` and `online`. */
  now: number;
  /** It is over a few devices by their ids, so that a look at each costs less than a list of all that fit. */
  isNarrow: boolean;
  /** It is over faults, and `f` is the one in question; else any fault of the device `d` counts (fault-filter.ts). */
  isOfFault: boolean;
}

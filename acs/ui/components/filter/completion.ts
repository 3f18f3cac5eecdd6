// One completion of a filter.

export interface Completion {
  group: string;
  /** As it is shown; `begun` is marked in it. */
  text: string;
  note?: string;
  count?: number;
  /** Replaces the text between these places. */
  from: number;
  to: number;
  insert: string;
}

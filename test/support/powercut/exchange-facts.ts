// Facts that the recorded writer of an exchange marks as acknowledged: the number that the rows of a lane have. It only grows.

export interface ExchangeFact {
  lane: number;
  number: number;
}

export const LANES = 6;

/** Rows that are written together: lanes of one row, and of more than are written at once. */
export const rowsOfLane = (lane: number): string[] =>
  Array.from({ length: 1 + lane * lane * 24 }, (_, at) => String(10_000 * (lane + 1) + at));

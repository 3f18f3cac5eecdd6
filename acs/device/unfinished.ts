// Sessions of a device that were lost one after the other, and the RPCs that they were lost over: bounded, so that no RPC is sent first in
// every later session for ever.
import type { DeviceRow } from './row.ts';

/** Sessions in a row that end without an answer, after which an RPC is given up, and a device counts as one that finishes none. */
export const MAX_LOST_SESSIONS = 3;

/** The sessions lost since the last one that ended well. */
export interface Unfinished {
  sessions: number;
  /** Times in milliseconds. */
  since: number;
  last: number;
  /** The end of the last of them. */
  error: string;
  /** Fencing token of the last of them: each is counted once. */
  token: number;
  /** Sessions that were lost over an RPC of that cause, for causes other than tasks. */
  causes?: Record<string, number>;
}

/** Its last sessions were all lost. */
export const isUnfinished = ({ unfinished }: Pick<DeviceRow, 'unfinished'>): boolean =>
  (unfinished?.sessions ?? 0) >= MAX_LOST_SESSIONS;

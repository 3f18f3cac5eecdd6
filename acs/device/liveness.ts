// Liveness of a device by its own Inform interval: pure, and computed from the row alone, so that each Inform updates it.
import type { DeviceRow } from './row.ts';

/** `late`: two Informs in a row are missing. `lost`: twice that long. A device that never informed has none of these. */
export type Liveness = 'online' | 'late' | 'lost';
export const livenessStates: readonly Liveness[] = ['online', 'late', 'lost'];

/** The window of a device whose interval is not known, milliseconds. */
const WINDOW_MS = 3_600_000;
/** The window in intervals: two and a half, in milliseconds for each second of the interval. */
const INTERVALS_MS = 2500;

type Seen = Pick<DeviceRow, 'lastInform' | 'informInterval'>;

/** The window after an Inform in which the device counts as online, milliseconds. */
const windowOf = ({ informInterval }: Seen): number =>
  informInterval ? Math.round(informInterval * INTERVALS_MS) : WINDOW_MS;

/** The time until which a device counts as online; 0 if it never informed. */
export const onlineUntil = (row: Seen): number => (row.lastInform === undefined ? 0 : row.lastInform + windowOf(row));

/** The time until which a device counts as late, after which it is lost; 0 if it never informed. */
export const lateUntil = (row: Seen): number => (row.lastInform === undefined ? 0 : row.lastInform + 2 * windowOf(row));

export function livenessOf(row: Seen, now: number): Liveness | undefined {
  if (row.lastInform === undefined) return undefined;
  if (onlineUntil(row) >= now) return 'online';
  return lateUntil(row) >= now ? 'late' : 'lost';
}

/**
 * The time at which the watch must judge the device next: the first that changes its last verdict. 0 for never: it is known to be lost,
 * or is not managed.
 */
export function dueAt(row: DeviceRow): number {
  if (row.state !== 'enrolled' || row.absence === 'lost') return 0;
  return row.absence === 'late' ? lateUntil(row) : onlineUntil(row);
}

/** Sessions in a row that are lost, after which an RPC is given up, and a device counts as one that finishes none. */
export const MAX_LOST_SESSIONS = 3;

/** Its last sessions were all lost. */
export const isUnfinished = ({ unfinished }: Pick<DeviceRow, 'unfinished'>): boolean =>
  (unfinished?.sessions ?? 0) >= MAX_LOST_SESSIONS;

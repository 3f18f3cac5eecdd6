// Whether a device still informs, judged by its own interval: pure, and worked out from the row alone, so that an Inform says it all.
import type { DeviceRow } from './row.ts';

/** `late`: two Informs in a row did not come. `lost`: twice that long. A device that never informed has none of these. */
export type Liveness = 'online' | 'late' | 'lost';
export const livenessStates: readonly Liveness[] = ['online', 'late', 'lost'];

/** What is assumed of a device whose interval is not known, milliseconds. */
const WINDOW_MS = 3_600_000;
/** How many intervals after its last Inform a device is late, in thousandths of a second for a second. */
const INTERVALS_MS = 2500;

type Seen = Pick<DeviceRow, 'lastInform' | 'informInterval'>;

/** How long after an Inform the device counts as online, milliseconds. */
const windowOf = ({ informInterval }: Seen): number =>
  informInterval ? Math.round(informInterval * INTERVALS_MS) : WINDOW_MS;

/** Until when a device counts as online: two and a half of its periodic intervals after its last Inform, or an hour; 0 if never. */
export const onlineUntil = (row: Seen): number => (row.lastInform === undefined ? 0 : row.lastInform + windowOf(row));

/** Until when a device counts as late, after which it is lost: as long again. 0 if it never informed. */
export const lateUntil = (row: Seen): number => (row.lastInform === undefined ? 0 : row.lastInform + 2 * windowOf(row));

export function livenessOf(row: Seen, now: number): Liveness | undefined {
  if (row.lastInform === undefined) return undefined;
  if (onlineUntil(row) >= now) return 'online';
  return lateUntil(row) >= now ? 'late' : 'lost';
}

/**
 * When the watch has to look at the device next: the first instant that would change what it last said of it. 0 for never: it was
 * said to be lost, or is not managed.
 */
export function dueAt(row: DeviceRow): number {
  if (row.state !== 'enrolled' || row.absence === 'lost') return 0;
  return row.absence === 'late' ? lateUntil(row) : onlineUntil(row);
}

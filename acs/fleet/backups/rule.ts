// Rules of configuration backups: which devices send their configuration, how often, and how many versions are kept of each.
import { UserError } from '../../errors.ts';
import { type Filter, passingPart } from '../../query/filter.ts';
import { durationOf } from '../../query/literals.ts';
import { parseFilter } from '../../query/parser.ts';
import { checkWindow, checkZone, openUntil, type Window } from '../common/time-window.ts';

export interface BackupRule {
  /** Devices that it is for; every enrolled one where absent. */
  filter?: string;
  /** Time between two backups of a device: `1d`. */
  every: string;
  /** Uploads begin only while it is open. */
  window?: Window;
  /** Time zone of the window; UTC by default. */
  timezone?: string;
  /** Versions that are kept of each device. */
  keep: number;
  /** TR-069 A.4.1.5; the configuration by default. */
  fileType?: string;
}

export const CONFIGURATION = '1 Vendor Configuration File';
const HOUR = 3_600_000;
const LONGEST = 365 * 24 * HOUR;

/** @throws UserError 400 that names the place */
export function checkRule({ filter, every, window, timezone }: BackupRule): void {
  const ms = durationOf(every);
  if (ms < HOUR || ms > LONGEST)
    throw new UserError(400, 'bad-backup-rule', `every: '${every}' is not between 1h and 365d`);
  if (window) checkWindow(window);
  if (timezone !== undefined) checkZone('timezone', timezone);
  const passing = filter === undefined ? undefined : passingPart(parseFilter(filter));
  if (passing !== undefined)
    throw new UserError(400, 'passing-rule', `filter: '${passing}' changes by itself; use lasting properties`);
}

export function filterOf({ filter }: BackupRule): Filter {
  const enrolled = parseFilter('state = "enrolled"');
  return filter === undefined ? enrolled : { op: 'and', of: [parseFilter(filter), enrolled] };
}

/** The time in which devices are asked now. */
export interface Turn {
  /** The round: begin of the interval that runs, milliseconds. */
  round: number;
  /** Until then devices may be asked, milliseconds. */
  until: number;
}

/** @returns undefined while the window is closed */
export function turnAt({ every, window, timezone = 'UTC' }: BackupRule, now: number): Turn | undefined {
  const interval = durationOf(every);
  const round = now - (now % interval);
  const closes = window ? openUntil(window, timezone, now) : Number.POSITIVE_INFINITY;
  return closes === undefined ? undefined : { round, until: Math.min(round + interval, closes) };
}

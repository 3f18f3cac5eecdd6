// The times at which a transfer may be tried, and tried again.
import type { Transfer } from '../../state/facts.ts';

/** A span of time in which a ScheduleDownload may run; host clock, milliseconds. */
export interface Window {
  start: number;
  end: number;
  /** -1: the unit decides. */
  maxRetries: number;
}

/** Retries within a window where the ACS leaves them to the unit (MaxRetries -1), and the pause before each: our choice. */
const OWN_RETRIES = 3;
const RETRY_PAUSE = 60_000;

/** DGW Conf.ScriptsTransferRetriesNumber: only a server that cannot be reached is tried again, every 30 s. */
const OWN_PAUSE = 30_000;

/**
 * Pauses before a Download or Upload is tried again whose server went away: a server that restarts is back within the minute, and
 * TransferComplete reports the final outcome only (TR-069 3.4.3 leaves retries to the CPE). The figures are ours.
 */
const GONE_PAUSES = [1_000, 4_000, 10_000, 30_000] as const;

/**
 * The next time at which a transfer may be tried.
 * @param tried attempts that failed so far
 * @param fault of the last one
 * @param gone the last attempt failed because the server could not be reached or went away
 * @returns host clock, milliseconds; undefined when its chances are used up (A.4.1.8: its windows are over)
 */
export function nextAttempt(
  transfer: Transfer,
  now: number,
  tried: number,
  fault?: number,
  gone = false,
): number | undefined {
  const { retries = 0 } = transfer;
  if (tried > 0 && fault === 9015 && (retries < 0 || tried <= retries)) return now + OWN_PAUSE;
  const windows = transfer.args.windows as Window[] | undefined;
  if (!windows) {
    const pause = tried === 0 ? 0 : gone && transfer.kind !== 'Autonomous' ? GONE_PAUSES[tried - 1] : undefined;
    return pause === undefined ? undefined : now + pause;
  }
  let allowed = 0;
  for (const { start, end, maxRetries } of windows) {
    allowed += 1 + (maxRetries < 0 ? OWN_RETRIES : maxRetries);
    const next = tried === 0 ? now : now + RETRY_PAUSE;
    if (next >= end || tried >= allowed) continue;
    return Math.max(start, next);
  }
  return undefined;
}

/** Counts failed attempts by transfer. */
export class FailedAttempts {
  #counts: Map<string, number> | undefined;

  /** @returns the attempts that have failed so far */
  add(id: string): number {
    this.#counts ??= new Map();
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    return count;
  }

  forget(id: string): void {
    this.#counts?.delete(id);
  }
}

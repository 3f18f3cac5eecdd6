// Throttled log lines: a line that a client or a lasting fault can trigger is written once an interval, with the number left out since.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

type Fields = Parameters<Log['info']>[1];

const INTERVAL_MS = 60_000;
/** Keys that are remembered; clients can make up any number of them. */
const MAX_KEYS = 1000;

export class ThrottledLog {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #lines = new Map<string, { at: number; suppressed: number }>();

  /** @param intervalMs the shortest time between two lines of one key: a minute by default */
  constructor(clock: Clock, intervalMs: number = INTERVAL_MS) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /**
   * Calls `write`, unless it was called for the same key within the interval.
   * @param write takes a field for the line, `suppressed`: the lines of this key left out since the last one (absent when there are none)
   */
  write(write: (fields: { suppressed?: number }) => void, key = ''): void {
    const now = this.#clock.monotonic();
    const last = this.#lines.get(key);
    if (last && now - last.at < this.#intervalMs) {
      last.suppressed++;
      return;
    }
    if (!last && this.#lines.size >= MAX_KEYS) this.#lines.clear();
    this.#lines.set(key, { at: now, suppressed: 0 });
    write(last?.suppressed ? { suppressed: last.suppressed } : {});
  }

  /** Lets the next line of every key pass, for instance after the fault has ended. */
  reset(): void {
    this.#lines.clear();
  }
}

/**
 * A log for what peers without proof can cause: a line with an `address` and no `device` is written once a minute for each message and
 * address, with the number left out as `suppressed`.
 */
export function throttledByAddress(target: Log, clock: Clock): Log {
  const throttled = new ThrottledLog(clock);
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (msg: string, fields?: Fields): void => {
      if (typeof fields?.address !== 'string' || fields.device !== undefined) target[level](msg, fields);
      else throttled.write(suppressed => target[level](msg, { ...fields, ...suppressed }), `${msg} ${fields.address}`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: fields => throttledByAddress(target.child(fields), clock),
  };
}

// Times of MIKEY messages (RFC 3830 4.2.8, 5.4): NTP timestamps by a clock that is handed in, and the cache that finds repetitions.
import { createHash } from 'node:crypto';
import { MikeyError } from './error.ts';

/** From 1900, the beginning of NTP's time, to 1970. */
const NTP_OFFSET_SECONDS = 2_208_988_800;
const FRACTIONS = 2 ** 32;
/** NTP seconds begin again after this number, in 2036 for the first time. */
const ERA_SECONDS = 2 ** 32;

/** @param now milliseconds since 1970 */
export function ntpTime(now: number): Buffer {
  const seconds = Math.floor(now / 1000);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE((seconds + NTP_OFFSET_SECONDS) % ERA_SECONDS, 0);
  bytes.writeUInt32BE(Math.floor(((now - seconds * 1000) / 1000) * FRACTIONS), 4);
  return bytes;
}

/** Milliseconds since 1970, in the era that is nearest to `now`. */
export function timeOfNtp(bytes: Buffer, now: number): number {
  const within = (bytes.readUInt32BE(0) - NTP_OFFSET_SECONDS + bytes.readUInt32BE(4) / FRACTIONS) * 1000;
  return within + Math.round((now - within) / (ERA_SECONDS * 1000)) * ERA_SECONDS * 1000;
}

export interface FreshnessOptions {
  /** Milliseconds since 1970; undefined while the clock is not set: then no message is fresh. */
  now: () => number | undefined;
  /** Farthest that a timestamp may be from now, either way. */
  skewMs: number;
  /** Messages that are remembered. */
  places: number;
}

/** Of messages that were taken within the skew; where it is full, what is as old as the one that was dropped is refused (5.4). */
export class Freshness {
  readonly #options: FreshnessOptions;
  /** Times of messages, by their hashes, in the order in which they came. */
  readonly #taken = new Map<string, number>();
  /** Messages that are not newer are refused. */
  #floor = Number.NEGATIVE_INFINITY;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /** @throws MikeyError for a message that is too old, too early, or a repetition */
  check(bytes: Buffer, timestamp: { type: 0 | 1 | 2; value: Buffer }): number {
    const now = this.#options.now();
    if (now === undefined) throw new MikeyError('timestamp', 'the clock is not set');
    if (timestamp.type === 2) throw new MikeyError('timestamp', 'counters are not supported as timestamps');
    const time = timeOfNtp(timestamp.value, now);
    if (Math.abs(time - now) > this.#options.skewMs)
      throw new MikeyError('timestamp', 'the timestamp is not near this time');
    if (time <= this.#floor || this.#taken.has(hashOf(bytes)))
      throw new MikeyError('timestamp', 'the message is a repetition');
    return time;
  }

  /** Remembers a message that has been verified (5.3). @param time as `check` returned it */
  take(bytes: Buffer, time: number): void {
    const now = this.#options.now() ?? time;
    for (const [hash, its] of this.#taken) if (now - its > this.#options.skewMs) this.#taken.delete(hash);
    if (this.#taken.size >= this.#options.places) this.#dropOldest();
    this.#taken.set(hashOf(bytes), time);
  }

  #dropOldest(): void {
    let oldest: [string, number] | undefined;
    for (const entry of this.#taken) if (!oldest || entry[1] < oldest[1]) oldest = entry;
    if (!oldest) return;
    this.#taken.delete(oldest[0]);
    this.#floor = oldest[1];
  }
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

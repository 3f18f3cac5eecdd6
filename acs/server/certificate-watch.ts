// Renewal of certificates while the server runs: from changed files, or issued again in time.
import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { isAbort, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import type { AcsOptions } from '../config.ts';
import { type CertificatePair, givenPairs } from './certificate-files.ts';

/** The interval in which certificate files are checked for a change. */
const WATCH_MS = 5_000;
/** The same reason for a failed renewal is logged once an hour. */
const WARN_MS = 3_600_000;
const DAY = 86_400_000;
/** Own certificates last 825 days and are replaced well before. */
const OWN_LIFE_MS = 400 * DAY;

export interface CertificateWatchOptions {
  clock: Clock;
  log: Log;
  /** The options that name the certificate files. */
  files: Pick<AcsOptions, 'cert' | 'key'>;
  /** Issues new certificates; absent when they come from files. */
  issue?: (() => Promise<CertificatePair[]>) | undefined;
  /** Takes new certificates. */
  renew: (pairs: CertificatePair[]) => void;
}

/** @returns stops the watch */
export function watchCertificates(current: CertificatePair[], options: CertificateWatchOptions): () => void {
  const stop = new AbortController();
  new CertificateWatch(current, options).run(stop.signal).catch(error => {
    if (!isAbort(error)) options.log.error('certificate watch ended', { error });
  });
  return () => stop.abort();
}

const digestOf = (pairs: CertificatePair[]): string => createHash('sha256').update(JSON.stringify(pairs)).digest('hex');

class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #throttled: ThrottledLog;
  #digest: string;
  #since: number;

  constructor(current: CertificatePair[], options: CertificateWatchOptions) {
    this.#options = options;
    this.#throttled = new ThrottledLog(options.clock, WARN_MS);
    this.#digest = digestOf(current);
    this.#since = options.clock.now();
  }

  async run(signal: AbortSignal): Promise<never> {
    const { clock, log, issue } = this.#options;
    for (;;) {
      await clock.sleep(issue ? DAY : WATCH_MS, signal);
      try {
        await this.#check();
      } catch (error) {
        // A file that is half-written or gone: the old certificates stay in use until a later check finds good ones.
        const reason = messageOf(error);
        this.#throttled.write(() => log.warn('certificates not renewed', { reason }), reason);
      }
    }
  }

  async #check(): Promise<void> {
    const { clock, log, files, issue, renew } = this.#options;
    const pairs = await this.#next();
    this.#throttled.reset();
    if (!pairs || digestOf(pairs) === this.#digest) return;
    renew(pairs);
    this.#digest = digestOf(pairs);
    this.#since = clock.now();
    log.info('certificates renewed', issue ? {} : { files: files.cert });
  }

  async #next(): Promise<CertificatePair[] | undefined> {
    const { clock, files, issue } = this.#options;
    if (!issue) return await givenPairs(files);
    return clock.now() - this.#since > OWN_LIFE_MS ? await issue() : undefined;
  }
}

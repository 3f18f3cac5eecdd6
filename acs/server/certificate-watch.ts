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

/**
 * Calls \`renew\` with new pairs whenever there are some.
 * @param own issues new pairs; absent when the certificates come from files
 * @returns stops the watch
 */
export function watchCertificates(
  options: AcsOptions,
  env: { clock: Clock; log: Log; renew: (pairs: CertificatePair[]) => void },
  current: CertificatePair[],
  own: (() => Promise<CertificatePair[]>) | undefined,
): () => void {
  const { clock, log, renew } = env;
  const digest = (pairs: CertificatePair[]): string => createHash('sha256').update(JSON.stringify(pairs)).digest('hex');
  const stop = new AbortController();
  const throttled = new ThrottledLog(clock, WARN_MS);
  let known = digest(current);
  let since = clock.now();
  const next = async (): Promise<CertificatePair[] | undefined> => {
    if (own) return clock.now() - since > OWN_LIFE_MS ? await own() : undefined;
    return await givenPairs(options);
  };
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(own ? DAY : WATCH_MS, stop.signal);
      try {
        const pairs = await next();
        throttled.reset();
        if (!pairs || digest(pairs) === known) continue;
        renew(pairs);
        known = digest(pairs);
        since = clock.now();
        log.info('certificates renewed', own ? {} : { files: options.cert });
      } catch (error) {
        // A file that is half-written or gone: the old certificates stay in use until a later check finds good ones.
        const reason = messageOf(error);
        throttled.write(() => log.warn('certificates not renewed', { reason }), reason);
      }
    }
  };
  watch().catch(error => {
    if (!isAbort(error)) log.error('certificate watch ended', { error });
  });
  return () => stop.abort();
}

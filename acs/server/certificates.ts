// The server's certificates: from files, taken up anew when these change, or issued by its own CA, RSA and EC side by side.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { UsageError } from '../../shared/config.ts';
import { isAbort, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import type { AcsOptions } from '../config.ts';

/** PEM texts, the certificate with its chain. */
export interface CertificatePair {
  cert: string;
  key: string;
}

/** How often certificate files are looked at for a change. */
const WATCH_MS = 5_000;
/** The same reason for a renewal that failed is logged once an hour. */
const WARN_MS = 3_600_000;
const DAY = 86_400_000;
/** Own certificates last 825 days; they are replaced well before. */
const OWN_LIFE_MS = 400 * DAY;

/** @throws UsageError naming the option */
export async function fileText(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: ${path}: ${messageOf(error)}`);
  }
}

/** Asks OpenSSL itself whether it takes them. @throws UsageError naming the option */
export function checkTls(option: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const { reason } = error as { reason?: string };
    throw new UsageError(`${option}: ${reason ?? messageOf(error)}`);
  }
}

/** Pairs of --cert and --key. @throws UsageError for a file that cannot be read, or a key that does not fit */
export async function givenPairs(options: Pick<AcsOptions, 'cert' | 'key'>): Promise<CertificatePair[]> {
  return await Promise.all(
    options.cert.map(async (path, index) => {
      const keyPath = options.key[index] ?? '';
      const pair = { cert: await fileText('--cert', path), key: await fileText('--key', keyPath) };
      checkTls(`--cert ${path}, --key ${keyPath}`, pair);
      return pair;
    }),
  );
}

/** For all names by which this host may be called. */
export async function ownPairs(authority: Authority, hosts: readonly string[]): Promise<CertificatePair[]> {
  const { dns, ips } = namesOf(hosts);
  const commonName = dns[0] ?? ips[0] ?? 'localhost';
  return await Promise.all(
    (['rsa', 'ec'] as const).map(async key => {
      const issued = await authority.issue({ commonName, dns, ips, usage: ['server'], key });
      return { cert: issued.chain, key: issued.key };
    }),
  );
}

function namesOf(hosts: readonly string[]): { dns: string[]; ips: string[] } {
  const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '[::]';
  const names = [...hosts, 'localhost', '127.0.0.1', '::1'];
  if (hosts.some(isAny)) {
    for (const addresses of Object.values(networkInterfaces()))
      names.push(...(addresses ?? []).map(entry => entry.address));
  }
  const bare = [...new Set(names.filter(host => !isAny(host)).map(host => host.replace(/^\[|\]$|%.*$/g, '')))];
  return { dns: bare.filter(host => !isIP(host)), ips: bare.filter(host => isIP(host)) };
}

/**
 * Hands over new pairs whenever there are some, until told to stop.
 * @param own issues anew; absent when the certificates come from files
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
        // A file that is half-written or gone: the old certificates go on serving, and the next look may find whole ones.
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

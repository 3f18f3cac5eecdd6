// Probe of an ACS URL, made as a CPE would connect, without an Inform. The preflight checks what the device makes of the certificate.
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { createHttp, HttpError, type Send } from '../../../shared/net/http.ts';
import { plainPolicy } from '../../../shared/tls/profiles.ts';
import type { ProbeAcs } from '../../fleet/common/ports.ts';

const TIMEOUT_MS = 10_000;
/** An outcome counts this long for all devices that move to the same URL. */
const CACHED_MS = 60_000;
const MAX_CACHED = 1000;
/** Answers of a server that has no ACS at the path, or whose ACS is down. */
const noAcs: ReadonlySet<number> = new Set([404, 410, 502, 503, 504]);

/** The outcome of a probe is undefined when an ACS answers, otherwise the reason. */
export function createProbeAcs(clock: Clock, send: Send = sendOnce(clock)): ProbeAcs {
  const cache = new Map<string, { at: number; outcome: Promise<string | undefined> }>();
  return async url => {
    const cached = cache.get(url);
    const now = clock.monotonic();
    if (cached && now - cached.at < CACHED_MS) return await cached.outcome;
    if (cache.size >= MAX_CACHED) cache.clear();
    const outcome = probe(send, url);
    cache.set(url, { at: now, outcome });
    return await outcome;
  };
}

async function probe(send: Send, url: string): Promise<string | undefined> {
  if (!URL.canParse(url) || !/^https?:/.test(url)) return 'that is no URL of an ACS';
  try {
    const headers = { 'Content-Type': 'text/xml; charset="utf-8"', SOAPAction: '' };
    const { status } = await send({ method: 'POST', url, headers, timeoutMs: TIMEOUT_MS, maxBytes: 1 << 20 });
    return noAcs.has(status) ? `it answers ${status}` : undefined;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return messageOf(error);
  }
}

/** Sends each request on its own connection. */
const sendOnce =
  (clock: Clock): Send =>
  async request => {
    const policy = { ...plainPolicy, validation: 'NoValidation' as const };
    const client = createHttp({ clock, tls: () => ({ policy, roots: [], now: undefined }) });
    try {
      return await client.send(request);
    } finally {
      await client.close();
    }
  };

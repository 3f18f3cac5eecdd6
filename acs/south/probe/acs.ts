// Whether an ACS answers at a URL, seen from here: asked as a CPE would knock, without saying anything. What the device itself makes of
// its certificate the preflight tells.
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { createHttp, HttpError, type Send } from '../../../shared/net/http.ts';
import { plainPolicy } from '../../../shared/tls/profiles.ts';
import type { ProbeAcs } from '../../fleet/common/ports.ts';

const TIMEOUT_MS = 10_000;
/** So long an answer counts for all devices that are to go there. */
const GOOD_MS = 60_000;
const MAX_KNOWN = 1000;
/** Of a server that has no ACS at that path, or whose ACS is down. */
const empty: ReadonlySet<number> = new Set([404, 410, 502, 503, 504]);

export function createProbeAcs(clock: Clock, send: Send = sendOf(clock)): ProbeAcs {
  const known = new Map<string, { at: number; answer: Promise<string | undefined> }>();
  return async url => {
    const before = known.get(url);
    const now = clock.monotonic();
    if (before && now - before.at < GOOD_MS) return await before.answer;
    if (known.size >= MAX_KNOWN) known.clear();
    const answer = ask(send, url);
    known.set(url, { at: now, answer });
    return await answer;
  };
}

async function ask(send: Send, url: string): Promise<string | undefined> {
  if (!URL.canParse(url) || !/^https?:/.test(url)) return 'that is no URL of an ACS';
  try {
    const headers = { 'Content-Type': 'text/xml; charset="utf-8"', SOAPAction: '' };
    const { status } = await send({ method: 'POST', url, headers, timeoutMs: TIMEOUT_MS, maxBytes: 1 << 20 });
    return empty.has(status) ? `it answers ${status}` : undefined;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return messageOf(error);
  }
}

/** Each time on a connection of its own. */
const sendOf =
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

// The stream of server-sent events (GET /events).
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';
import { isSameRights } from '../../fleet/access/rights.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Summary } from '../../fleet/overview/summary.ts';
import type { Called, Identity } from '../authentication.ts';
import { assertNamed, eventStreamFacts } from '../authorization.ts';
import { deviceFilter } from '../lists/devices.ts';
import { summaryView } from '../views/summary.ts';
import type { EventStream } from './event-stream.ts';
import { readStreamQuery } from './stream-query.ts';
import { LiveStreams, type StreamParts } from './streams.ts';

/** The least time between two summaries of one stream. */
const SUMMARY_MS = 1000;
/** Proxies drop idle connections, so comments are sent in this interval. */
const BEAT_MS = 15_000;
/** A stream ends this long after its rights have changed or ended, at the latest. */
const RIGHTS_MS = 500;
/** The time after which a client that has lost its connection comes again. */
const RETRY_MS = 1000;
/** Clients that read events at the same time. */
export const MAX_WATCHERS = 200;

export function registerLive(
  api: FastifyInstance,
  { fleet, ...parts }: Omit<StreamParts, 'secrets'> & { fleet: Fleet },
): void {
  const { clock } = parts;
  let watchers = 0;
  const streams = new LiveStreams({ ...parts, secrets: fleet.secrets });
  api.addHook('onClose', async () => streams.endAll());
  api.get<{ Querystring: Record<string, unknown> }>('/events', { exposeHeadRoute: false }, async (request, reply) => {
    const { caller, identity } = request as Called<typeof request>;
    assertNamed(eventStreamFacts, caller.principal);
    const read = (text: string) => deviceFilter(text, { fleet, store: parts.store, caller });
    const query = await readStreamQuery(request.query, read);
    if (watchers >= MAX_WATCHERS)
      throw new UserError(503, 'too-many-watchers', `${MAX_WATCHERS} clients read the events already`);
    watchers++;
    reply.hijack();
    const out = reply.raw;
    out.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
    out.write(`: connected\nretry: ${RETRY_MS}\n\n`);
    const last = request.headers['last-event-id'];
    const stream = streams.connect(query, caller, out, typeof last === 'string' ? last : undefined);
    const stops = [
      repeated(clock, BEAT_MS, () => stream.note(': still here\n\n')),
      repeated(clock, RIGHTS_MS, () => void endIfChanged(identity, () => streams.end(stream))),
      ...(query.summary ? [sendSummaries(clock, () => fleet.overview.summaries.read(caller), stream)] : []),
    ];
    out.on('close', () => {
      watchers--;
      for (const stop of stops) stop();
      streams.disconnect(stream, out);
    });
  });
}

/** Sends the summary now, and whenever it has changed, at most once in the interval. @returns ends it */
function sendSummaries(clock: Clock, read: () => Promise<Summary>, stream: EventStream): () => void {
  let sent = '';
  const send = async (): Promise<void> => {
    try {
      const { countedAt, ...counts } = await read();
      const text = JSON.stringify(counts);
      if (text === sent) return;
      sent = text;
      stream.note(`event: summary\ndata: ${JSON.stringify(summaryView({ ...counts, countedAt }))}\n\n`);
    } catch {
      // A store that cannot be read is reported elsewhere; the next summary tells of it.
    }
  };
  void send();
  return repeated(clock, SUMMARY_MS, () => void send());
}

/** Runs `work` in this interval. @returns ends it */
function repeated(clock: Clock, ms: number, work: () => void): () => void {
  const run = (): void => {
    work();
    timer = clock.after(ms, run);
  };
  let timer = clock.after(ms, run);
  return () => timer.cancel();
}

/** Ends a stream whose caller has other rights now, or none: its client connects again with those. */
async function endIfChanged({ principal, again }: Identity, end: () => unknown): Promise<void> {
  try {
    const now = await again();
    if (!now || !isSameRights(principal.rights, now.rights)) end();
  } catch {
    // A store that cannot be read tells nothing of rights; the next look does.
  }
}

// The stream of server-sent events (GET /events).
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { UserError } from '../errors.ts';
import { type AcsEvents, deviceOf, type EventBus, type EventName, eventNames } from '../events.ts';
import { isSameRights } from '../fleet/access/rights.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Called, Identity } from './authentication.ts';
import { assertNamed, eventStreamFacts } from './authorization.ts';
import { type EventTexts, LimitedTexts, onceForAll } from './event-view.ts';

/** A client that does not read is disconnected before more than this is held for it. */
const MAX_BEHIND = 1024 * 1024;
/** Proxies drop idle connections, so comments are sent in this interval. */
const BEAT_MS = 15_000;
/** A stream ends this long after its rights have changed or ended, at the latest. */
const RIGHTS_MS = 500;
/** Clients that read events at the same time. */
export const MAX_WATCHERS = 200;

export function registerLive(
  api: FastifyInstance,
  { events, clock, fleet }: { events: EventBus; clock: Clock; fleet: Pick<Fleet, 'secrets'> },
): void {
  let watchers = 0;
  const forAll = onceForAll(fleet.secrets);
  api.get<{ Querystring: Record<string, string> }>('/events', { exposeHeadRoute: false }, (request, reply) => {
    const { caller, identity } = request as Called<typeof request>;
    assertNamed(eventStreamFacts, caller.principal);
    const wanted = wantedOf(request.query);
    const { device } = request.query;
    if (watchers >= MAX_WATCHERS)
      throw new UserError(503, 'too-many-watchers', `${MAX_WATCHERS} clients read the events already`);
    watchers++;
    reply.hijack();
    const out = reply.raw;
    out.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
    const write = (text: string): void => {
      if (out.writableLength > MAX_BEHIND) out.destroy();
      else out.write(text);
    };
    write(': connected\n\n');
    const end = (): unknown => out.destroy();
    const isLimited = caller.isScoped || !caller.readsAll;
    const texts: EventTexts = isLimited
      ? new LimitedTexts({ caller, secrets: fleet.secrets, clock }, end).write
      : forAll;
    const stops = [
      repeated(clock, BEAT_MS, () => write(': still here\n\n')),
      repeated(clock, RIGHTS_MS, () => void endIfChanged(identity, end)),
      events.follow(device, (name, event) => {
        if (wanted(name, event)) texts(name, event, write);
      }),
    ];
    out.on('close', () => {
      watchers--;
      for (const stop of stops) stop();
    });
  });
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

/** @throws UserError 400 */
function wantedOf(query: Record<string, string>): (name: EventName, event: AcsEvents[EventName]) => boolean {
  const stray = Object.keys(query).find(name => name !== 'device' && name !== 'types');
  if (stray !== undefined)
    throw new UserError(400, 'bad-input', `query: unknown field '${stray}' (known: device, types)`);
  const types = query.types === undefined ? eventNames : String(query.types).split(',');
  const unknown = types.find(type => !(eventNames as readonly string[]).includes(type));
  if (unknown !== undefined)
    throw new UserError(400, 'bad-input', `query.types: '${unknown}' is not one of ${eventNames.join(', ')}`);
  const { device } = query;
  return (name, event) => types.includes(name) && (device === undefined || deviceOf(event) === device);
}

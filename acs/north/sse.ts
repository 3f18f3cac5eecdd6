// The stream of server-sent events (GET /events).
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { UserError } from '../errors.ts';
import { type AcsEvents, deviceOf, type EventBus, type EventName, eventNames } from '../events.ts';
import type { Secrets } from '../fleet/common/secrets.ts';
import { faultView, taskView } from './views/core.ts';

/** A client that does not read is disconnected before more than this is held for it. */
const MAX_BEHIND = 1024 * 1024;
/** Proxies drop idle connections, so comments are sent in this interval. */
const BEAT_MS = 15_000;
/** Clients that read events at the same time. */
export const MAX_WATCHERS = 200;

export function registerLive(
  api: FastifyInstance,
  { events, clock, fleet }: { events: EventBus; clock: Clock; fleet: { secrets: Secrets } },
): void {
  let watchers = 0;
  const textOf = onceForAll(fleet.secrets);
  api.get<{ Querystring: Record<string, string> }>('/events', { exposeHeadRoute: false }, (request, reply) => {
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
    const beat = (): void => {
      write(': still here\n\n');
      timer = clock.after(BEAT_MS, beat);
    };
    let timer = clock.after(BEAT_MS, beat);
    const stop = events.follow(device, (name, event) => {
      if (wanted(name, event)) write(textOf(name, event));
    });
    out.on('close', () => {
      watchers--;
      stop();
      timer.cancel();
    });
  });
}

/** The text of an event, made once for all watchers: they are told of one event after the other. */
function onceForAll(secrets: Secrets): (name: EventName, event: AcsEvents[EventName]) => string {
  let last: { name: EventName; event: AcsEvents[EventName]; text: string } | undefined;
  return (name, event) => {
    if (last?.event === event && last.name === name) return last.text;
    const text = `event: ${name}\ndata: ${JSON.stringify(viewOf(name, event, secrets))}\n\n`;
    // The same object may be emitted again, with other content.
    if (!last)
      queueMicrotask(() => {
        last = undefined;
      });
    last = { name, event, text };
    return text;
  };
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

function viewOf(name: EventName, event: AcsEvents[EventName], secrets: Secrets): unknown {
  if (name === 'task') return taskView((event as AcsEvents['task']).task, secrets);
  if (name === 'fault') return faultView((event as AcsEvents['fault']).fault);
  return event;
}

// Server-sent events of everything that happens, for people and scripts that watch.
import type { FastifyInstance } from 'fastify';
import type { AcsEvents, EventBus, EventName } from '../events.ts';
import { taskView } from './operations.ts';

/** A watcher that does not read is cut off rather than kept in memory. */
const MAX_BEHIND = 1024 * 1024;

export function registerLive(api: FastifyInstance, events: EventBus): void {
  api.get('/events', (request, reply) => {
    reply.hijack();
    const out = reply.raw;
    out.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
    out.write(': connected\n\n');
    const stop = events.all((name, event) => {
      if (out.writableLength > MAX_BEHIND) {
        out.destroy();
        return;
      }
      out.write(`event: ${name}\ndata: ${JSON.stringify(shown(name, event))}\n\n`);
    });
    request.raw.on('close', stop);
  });
}

function shown(name: EventName, event: AcsEvents[EventName]): unknown {
  return name === 'task' ? taskView((event as AcsEvents['task']).task) : event;
}

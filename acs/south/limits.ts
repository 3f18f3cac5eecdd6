// What is bounded before anyone has proved anything: connections, and the transfers of files.
import type { Server, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import type { Admission, AdmissionLimits } from './admission.ts';

/** Connections beyond those that sessions and waiting take: 401 rounds, transfers, who keeps a connection for later. */
const SPARE_CONNECTIONS = 4000;
/** Connections that the system takes before we do: with Node's own 511 the others of a storm come again a second later. */
export const BACKLOG = 4096;
/** At once. A download or an upload holds a few chunks, and its connection's buffers. */
const MAX_DOWNLOADS = 1000;
const MAX_UPLOADS = 16;

/** For `Admission.enter`: calls back when the connection closes. */
export const untilClosed =
  (socket: Socket) =>
  (left: () => void): (() => void) => {
    if (socket.destroyed) queueMicrotask(left);
    else socket.once('close', left);
    return () => socket.off('close', left);
  };

/**
 * More connections are closed as soon as they come: a handshake is the dearest thing that a stranger can ask for.
 * @returns whether half of what may be open is: then none is kept that is not needed
 */
export function boundConnections(
  server: Server,
  { running, waiting }: AdmissionLimits,
  { clock, log }: { clock: Clock; log: Log },
): () => boolean {
  server.maxConnections = running + waiting + SPARE_CONNECTIONS;
  let open = 0;
  server.on('connection', (socket: Socket) => {
    open++;
    socket.once('close', () => open--);
  });
  let dropped = 0;
  const throttled = new ThrottledLog(clock);
  server.on('drop', () => {
    dropped++;
    throttled.write(() => log.warn('connections dropped: too many are open', { open, dropped }));
  });
  return () => open > server.maxConnections / 2;
}

export const isTransfer = (path: string): boolean => path.startsWith('/files/');

/** File transfers are no sessions, but too many of them are told to come again too. */
export function boundTransfers(instance: FastifyInstance, { retryAfter }: Pick<Admission, 'retryAfter'>): void {
  const running = { down: 0, up: 0 };
  const most = { down: MAX_DOWNLOADS, up: MAX_UPLOADS };
  // Before the body is read.
  instance.addHook('onRequest', (request, reply, done) => {
    if (!isTransfer(request.url)) return done();
    const way = request.method === 'GET' || request.method === 'HEAD' ? 'down' : 'up';
    if (running[way] >= most[way]) {
      reply.code(503).header('retry-after', retryAfter()).header('connection', 'close').send();
      return;
    }
    running[way]++;
    reply.raw.once('close', () => running[way]--);
    done();
  });
}

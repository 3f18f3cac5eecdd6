// The limit of file transfers that run at once.
import type { FastifyInstance } from 'fastify';
import { rejectBusy } from '../http/answer.ts';
import { isFileUrl } from './link.ts';

/** A download or an upload holds a few chunks and the buffers of its connection. */
const MAX_DOWNLOADS = 1000;
const MAX_UPLOADS = 16;

/** Transfers beyond the limit are answered 503, before their body is read. @param retryAfter seconds for Retry-After */
export function limitTransfers(instance: FastifyInstance, { retryAfter }: { retryAfter: () => number }): void {
  const running = { download: 0, upload: 0 };
  const limit = { download: MAX_DOWNLOADS, upload: MAX_UPLOADS };
  instance.addHook('onRequest', (request, reply, done) => {
    if (!isFileUrl(request.url)) return done();
    const direction = request.method === 'GET' || request.method === 'HEAD' ? 'download' : 'upload';
    if (running[direction] >= limit[direction]) {
      rejectBusy(reply, retryAfter());
      return;
    }
    running[direction]++;
    reply.raw.once('close', () => running[direction]--);
    done();
  });
}

// The routes of file transfers.
import type { FastifyInstance } from 'fastify';
import { download } from './download.ts';
import { LINK_ROUTE, type LinkRoute } from './link.ts';
import type { TransferOptions } from './open-task.ts';
import { upload } from './upload.ts';

export function registerTransfers(instance: FastifyInstance, options: TransferOptions): void {
  instance.route<LinkRoute>({
    method: ['GET', 'HEAD'],
    url: LINK_ROUTE,
    handler: (request, reply) => download(options, request, reply),
  });
  void instance.register(async streamed => {
    // Without a parser the handler reads the bytes itself, and they are stored as they come.
    streamed.removeAllContentTypeParsers();
    streamed.addContentTypeParser('*', (_request, _body, done) => done(null, undefined));
    // TR-069 A.3.2.5: uploads come by PUT; some CPEs use POST.
    streamed.route<LinkRoute>({
      method: ['PUT', 'POST'],
      url: LINK_ROUTE,
      handler: (request, reply) => upload(options, request, reply),
    });
  });
}

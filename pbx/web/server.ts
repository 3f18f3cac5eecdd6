// An HTTP server of GET and HEAD, and of POST where forms are taken; bounded in bodies, connections and time; errors are short texts.
import { isIP, type Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { answerUnreadable, type UnreadableError } from '../../shared/net/unreadable-request.ts';

export interface WebOptions {
  host: string;
  /** 0 = a free one. */
  port: number;
  log: Log;
  /** Names in the Host header that are served besides addresses; absent: all. A foreign name is one that was rebound to our address. */
  names?: readonly string[];
  tls?: { cert: string; key: string };
  /** 100 by default. */
  maxConnections?: number;
  /** Bytes of a form that POST takes, as `URLSearchParams`; absent: the server only reads. */
  maxForm?: number;
}

export interface Web {
  readonly port: number;
  stop(): Promise<void>;
}

const MAX_CONNECTIONS = 100;
const HEADERS_MS = 5000;
const IDLE_MS = 15_000;
const MAX_URL_PARAMETER = 200;

/** Listens, with the routes that `register` adds. Rejects when the port is taken. */
export async function serveWeb(options: WebOptions, register: (app: FastifyInstance) => void): Promise<Web> {
  const { log, names } = options;
  const methods = ['GET', 'HEAD', ...(options.maxForm === undefined ? [] : ['POST'])];
  const app = fastify({
    logger: false,
    bodyLimit: options.maxForm ?? 1,
    forceCloseConnections: true,
    connectionTimeout: IDLE_MS,
    keepAliveTimeout: IDLE_MS,
    requestTimeout: HEADERS_MS,
    routerOptions: { maxParamLength: MAX_URL_PARAMETER },
    clientErrorHandler: (error: UnreadableError, socket: Socket) => void answerUnreadable(error, socket),
    frameworkErrors: (_error: Error, _request: FastifyRequest, reply: FastifyReply) => refuse(reply, 400),
    https: options.tls ?? null,
  });
  app.server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  app.server.headersTimeout = HEADERS_MS;
  app.addHook('onRequest', async (request, reply) => {
    if (!methods.includes(request.method)) return refuse(reply.header('allow', methods.join(', ')), 405);
    if (names && !isServed(request.headers.host, names)) return refuse(reply, 421);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, body: string) => new URLSearchParams(body),
  );
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404));
  app.setErrorHandler((error, request, reply) => {
    const { statusCode = 500 } = error as { statusCode?: number };
    if (statusCode >= 500) log.error('web request failed', { url: request.url, error });
    return refuse(reply, statusCode >= 500 ? 500 : 400);
  });
  register(app);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  app.server.on('tlsClientError', error => log.debug('web TLS handshake failed', { reason: messageOf(error) }));
  const bound = app.server.address();
  return { port: typeof bound === 'object' && bound ? bound.port : options.port, stop: () => app.close() };
}

const texts = {
  400: 'the request cannot be read',
  404: 'nothing is here',
  405: 'nothing here takes that method; see Allow',
  421: 'this server is not called by that name',
  500: 'internal error; see the log',
} as const;

function refuse(reply: FastifyReply, status: keyof typeof texts): FastifyReply {
  return reply
    .code(status)
    .headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    .type('text/plain; charset=utf-8')
    .send(`${texts[status]}\n`);
}

/** A name that a stranger's DNS leads to our address is none of ours; an address cannot be led elsewhere. */
function isServed(header: string | undefined, names: readonly string[]): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:]+)(?::\d+)?$/i.exec(header ?? '')?.[1]?.toLowerCase() ?? '';
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || names.includes(name);
}

// The HTTP server under CWMP: fastify with bodies as bytes, bounded connections, and no answers of its own in JSON.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { networks } from '../../../shared/net/address.ts';
import type { ConnectionPlaces } from '../../../shared/net/connection-places.ts';
import { answerUnreadable } from '../../../shared/net/unreadable-request.ts';
import { charsetIn } from '../../../shared/xml/charset.ts';
import { UserError } from '../../errors.ts';
import { levelOf } from '../session-context.ts';
import type { Tracer } from '../tracer.ts';
import { isFileUrl } from '../transfers/link.ts';
import { MAX_BODY, type OVERLONG, provedLimits, readBytes, strangerLimits } from './bytes.ts';
import { expectProxyHeader } from './proxy-protocol.ts';
import { logFailedHandshakes } from './tls-failures.ts';
import { type ListenTls, tlsOptions } from './tls-options.ts';

export interface HttpServerOptions {
  /** Networks of proxies whose X-Forwarded-* headers are believed. */
  trustedProxies: string[];
  /** Networks of load balancers whose connections begin with a PROXY header. */
  proxyProtocol?: string[] | undefined;
  /** The sender of a request has proved who it is: by a verified login, or by a session of ours. */
  isProved: (request: FastifyRequest) => boolean | Promise<boolean>;
  /** A CPE without credentials is challenged. */
  isChallenging: boolean;
  /** Places of connections. */
  places: ConnectionPlaces;
  tracer: Tracer;
  clock: Clock;
  log: Log;
}

/** The time for a whole request, at whatever rate. Uploads of files are 64 MB at most. */
const REQUEST_MS = 120_000;

/** A server without routes. @param ticketKey secret of TLS session tickets, 48 bytes; default: one of its own */
export function createHttpServer(
  options: HttpServerOptions,
  tls: ListenTls | undefined,
  ticketKey?: Buffer,
): FastifyInstance {
  const { trustedProxies, proxyProtocol, clock, log } = options;
  const instance = fastify({
    logger: false,
    trustProxy: trustedProxies.length ? trustedProxies : false,
    bodyLimit: MAX_BODY,
    keepAliveTimeout: 75_000,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    rewriteUrl,
    clientErrorHandler: (error, socket) => {
      const status = answerUnreadable(error, socket);
      const { remoteAddress: address, remotePort: port } = socket;
      if (status !== undefined) log.warn('HTTP request unreadable', { address, port, status, code: error.code });
    },
    // A name of 128 characters, each of which may be written as three bytes of three (`%E2%82%AC`).
    routerOptions: { maxParamLength: 1_152 },
    https: tls ? tlsOptions(tls, ticketKey) : null,
  });
  options.places.watch(instance.server, tls !== undefined);
  if (proxyProtocol?.length) {
    const endSilent = expectProxyHeader(instance.server, networks(proxyProtocol), { clock, log });
    instance.addHook('preClose', async () => endSilent());
  }
  acceptBytes(instance, options);
  answerPlainly(instance, options);
  if (tls?.keylog) instance.server.on('keylog', tls.keylog);
  if (tls) logFailedHandshakes(instance.server, { clock, log });
  return instance;
}

/** Routes every POST but an upload to one place, whatever its target; some CPEs name the whole URL (RFC 9112 3.2.2). */
function rewriteUrl({ method, url = '/' }: IncomingMessage): string {
  const path = url.replace(/^https?:\/\/[^/]*/i, '');
  return method === 'POST' && !isFileUrl(path) ? '/' : path;
}

/** RFC 9112 6.3: a request with neither of these headers has no body. */
const hasBody = (headers: FastifyRequest['headers']): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

/** The Content-Type of a POST, of which only the charset counts. */
function xmlType(headers: FastifyRequest['headers']): string | undefined {
  if (!hasBody(headers)) return undefined;
  const charset = charsetIn(headers['content-type']);
  return charset === undefined || /^utf-?8$/i.test(charset) ? 'text/xml' : `text/xml; charset=${charset}`;
}

/** Takes bodies as bytes, whatever their Content-Type: the XML names its own encoding, and it may be compressed. */
function acceptBytes(
  instance: FastifyInstance,
  { isProved, isChallenging }: Pick<HttpServerOptions, 'isProved' | 'isChallenging'>,
): void {
  instance.addHook('onRequest', (request, _reply, done) => {
    // Fastify answers a malformed Content-Type with 415 before any handler, so the header is overwritten: uploads are bytes, all else is
    // XML, and without a type fastify looks for no body.
    if (isFileUrl(request.url)) {
      request.headers['content-type'] = 'application/octet-stream';
      return done();
    }
    if (request.method === 'POST') request.headers['content-type'] = xmlType(request.headers);
    done();
  });
  const ofStrangers = strangerLimits(isChallenging);
  const read = async (request: FastifyRequest, payload: Readable): Promise<Buffer | typeof OVERLONG> =>
    await readBytes(request, payload, (await isProved(request)) ? provedLimits : ofStrangers);
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('text/xml', read);
  instance.addContentTypeParser('*', read);
}

/** Answers failures with a status and no body, where fastify would send JSON. */
function answerPlainly(instance: FastifyInstance, { log, tracer }: Pick<HttpServerOptions, 'log' | 'tracer'>): void {
  instance.setNotFoundHandler((_request, reply) => reply.code(404).send());
  instance.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error instanceof UserError ? error.status : (error.statusCode ?? 500);
    if (status >= 500) log[levelOf(error)]('CWMP request failed', { url: request.url, error });
    else log.warn('CWMP request rejected', { address: request.ip, status, reason: messageOf(error) });
    void reply.code(status).send();
    tracer.answered(request, reply);
  });
}

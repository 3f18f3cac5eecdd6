// The REST API, made from the table of operations: bearer token, checked input, problem documents, live events.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { isIn, networks } from '../../shared/net/address.ts';
import { ConnectionPlaces } from '../../shared/net/connection-places.ts';
import { answerUnreadable, type UnreadableError } from '../../shared/net/unreadable-request.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import { pairOptions } from '../../shared/tls/certificate-pairs.ts';
import type { KeyLogger } from '../../shared/tls/keylog.ts';
import { UserError } from '../errors.ts';
import type { EventBus } from '../events.ts';
import { Caller } from '../fleet/access/caller.ts';
import type { Metrics } from '../metrics.ts';
import { Audit } from './audit.ts';
import { type Called, identityOf, originOf, type PrincipalOf } from './authentication.ts';
import { carryOut, knownError, type OperationRequest, statusOf } from './carry-out.ts';
import { withLines } from './error-lines.ts';
import { isStreamed, MAX_JSON, readBody } from './input.ts';
import { jsonOf } from './json.ts';
import { registerLive } from './live/sse.ts';
import { BASE, type Operation, type OperationContext, type OperationOutput } from './operation.ts';
import { operations } from './operations.ts';
import { problemPage } from './pages/html.ts';
import type { PageSource } from './pages/operator-pages.ts';
import { registerPages } from './pages/routes.ts';
import { registerSoap } from './soap/routes.ts';

export interface RestOptions extends OperationContext {
  log: Log;
  random: Random;
  events: EventBus;
  metrics: Metrics;
  principalOf: PrincipalOf;
  /** Networks of proxies whose X-Forwarded-* headers are believed; default: none. */
  trustedProxies?: readonly string[];
  /** The operator's pages; undefined for a server without them. */
  pages?: PageSource | undefined;
  /** Why the ACS takes no work; undefined when it does. */
  unready: () => string | undefined;
  tls?: { certificates: readonly { cert: string; key: string }[]; keylog?: KeyLogger };
}

/** A body that is read before its sender has shown anything. */
const MAX_OPEN_JSON = 8 * 1024;

export async function createRest(options: RestOptions): Promise<FastifyInstance> {
  const { log } = options;
  const audit = new Audit(options);
  const app = fastify({
    logger: false,
    bodyLimit: MAX_JSON,
    forceCloseConnections: true,
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    routerOptions: { maxParamLength: 1024 },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) =>
      problem(reply, knownError(error) ?? new UserError(400, 'bad-request', messageOf(error))),
    https: options.tls ? pairOptions(options.tls.certificates) : null,
  });

  const places = apiPlaces(options);
  places.watch(app.server, options.tls !== undefined);
  if (options.tls?.keylog) app.server.on('keylog', options.tls.keylog);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  // A malformed Content-Type is not refused here: each operation knows what it accepts.
  app.addHook('onRequest', async request => {
    const type = request.headers['content-type'];
    if (type !== undefined && !/^[\w.+-]+\/[\w.+-]+\s*(;|$)/.test(type))
      request.headers['content-type'] = 'application/octet-stream';
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = methodsAt(path);
    if (allowed.length === 0)
      return problem(reply, new UserError(404, 'no-such-call', `no operation ${request.method} ${path}`));
    void reply.header('allow', allowed.join(', '));
    const reason = `${path} takes ${allowed.join(', ')}, not ${request.method}`;
    return problem(reply, new UserError(405, 'method-not-allowed', reason));
  });
  app.setErrorHandler((error, request, reply) => {
    const known = knownError(error, request.routeOptions.bodyLimit);
    if (!known) log.error('request failed', { url: request.url, error });
    const told = known ?? new UserError(500, 'internal', 'internal error; see the log of the ACS');
    if (takesPage(request)) pageOf(reply, told);
    else problem(reply, told);
  });

  registerHealth(app, options);
  registerPages(app, options.pages);
  registerSoap(app, { options, audit, prove: request => places.prove(request.socket) });
  await app.register(
    async api => {
      api.addHook('onRequest', async request => {
        const called = request as Called<typeof request>;
        const isOpen = (request.routeOptions.config as { isOpen?: boolean }).isOpen === true;
        const { principalOf, fleet } = options;
        called.identity = await identityOf(request, { principalOf, access: fleet.access, isOpen });
        called.caller = new Caller(options, called.identity.principal);
        if (!isOpen) places.prove(request.socket);
        const encoding = request.headers['content-encoding'];
        if (encoding && encoding !== 'identity')
          throw new UserError(
            415,
            'encoded-body',
            `Content-Encoding ${encoding} is not supported; send the body uncompressed`,
          );
      });
      for (const operation of operations) if (!isStreamed(operation)) register(api, operation, { options, audit });
      await api.register(async streamed => {
        // The operation reads the bytes itself, as it stores them.
        streamed.removeAllContentTypeParsers();
        streamed.addContentTypeParser('*', (_request, _body, done) => done(null, undefined));
        for (const operation of operations)
          if (isStreamed(operation)) register(streamed, operation, { options, audit });
      });
      registerLive(api, options);
    },
    { prefix: BASE },
  );
  await app.ready();
  return app;
}

/** Connections without a valid token, from one address and in all. */
const UNPROVED = { perAddress: 200, unproved: 1000 };

function apiPlaces({ clock, log, trustedProxies = [] }: RestOptions): ConnectionPlaces {
  const throttled = new ThrottledLog(clock);
  const proxies = networks(trustedProxies);
  return new ConnectionPlaces({
    clock,
    limits: UNPROVED,
    isExempt: address => isIn(proxies, address),
    onClosed: ({ address, reason }) =>
      throttled.write(suppressed => log.info('API connection closed', { address, reason, ...suppressed }), address),
  });
}

/** For load balancers and Prometheus: without a token, and without data of a device. */
function registerHealth(app: FastifyInstance, { unready, metrics }: RestOptions): void {
  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const reason = unready();
    return reply
      .code(reason === undefined ? 200 : 503)
      .type('text/plain')
      .send(reason === undefined ? 'ready\n' : `not ready: ${reason}\n`);
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}

/** Methods of the operations that match a path. */
function methodsAt(url: string): string[] {
  const parts = url.split('/');
  const fits = (path: string): boolean => {
    const pattern = `${BASE}${path}`.split('/');
    return pattern.length === parts.length && pattern.every((part, at) => part.startsWith(':') || part === parts[at]);
  };
  const found = operations.filter(operation => fits(operation.path)).map(operation => operation.method as string);
  return url === `${BASE}/events` ? ['GET'] : [...new Set(found)];
}

const problemText = ({ status, code, message, detail }: UserError): string =>
  JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail: message, code, ...detail });

/** RFC 9457. */
function problem(reply: FastifyReply, error: UserError): void {
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.code(error.status).type('application/problem+json').send(problemText(error));
}

/** A browser that follows a link. */
const takesPage = ({ routeOptions, headers }: FastifyRequest): boolean =>
  (routeOptions.config as { isPage?: boolean } | undefined)?.isPage === true &&
  /\btext\/html\b/.test(headers.accept ?? '');

function pageOf(reply: FastifyReply, error: UserError): void {
  const { html, headers } = problemPage(error, `${BASE}/session/oidc`);
  void reply.code(error.status).headers(headers).send(html);
}

function refuseUnreadable(error: UnreadableError, socket: Socket): void {
  answerUnreadable(error, socket, status => ({
    type: 'application/problem+json',
    body: problemText(new UserError(status, 'bad-http', `the request is not valid HTTP (${error.code})`)),
  }));
}

/** The content, read while it is sent. A failure breaks the answer off; the client notices by its Content-Length. */
function outgoing(request: FastifyRequest, bytes: AsyncIterable<Buffer>, log: Log): Readable {
  // HEAD sends no content.
  if (request.method === 'HEAD') return Readable.from([]);
  const stream = Readable.from(bytes, { objectMode: false, highWaterMark: 1 });
  return stream.once('error', error => log.error('response aborted', { url: request.url, error }));
}

function register(
  api: FastifyInstance,
  operation: Operation,
  { options, audit }: { options: RestOptions; audit: Audit },
): void {
  api.route({
    method: operation.method,
    url: operation.path,
    config: { isOpen: operation.isOpen === true, isPage: operation.isPage === true },
    ...(operation.isOpen ? { bodyLimit: MAX_OPEN_JSON } : {}),
    handler: async (request, reply) => {
      let output: OperationOutput;
      try {
        output = await carryOut(operation, requestOf(operation, request), { options, audit });
      } catch (error) {
        // Discards the rest of a refused body.
        request.raw.resume();
        throw marked(operation, request, error);
      }
      if (output.headers) void reply.headers(output.headers);
      void reply.code(statusOf(output));
      if (output.bytes) return reply.send(outgoing(request, output.bytes, options.log));
      if (output.body === undefined || Buffer.isBuffer(output.body)) return reply.send(output.body);
      return reply.type('application/json').send(await jsonOf(output.body));
    },
  });
}

/** The error with its lines in the body, where the operation promises them. */
function marked({ marksLines }: Operation, { body }: FastifyRequest, error: unknown): unknown {
  if (!marksLines || !(error instanceof UserError) || !Buffer.isBuffer(body)) return error;
  return withLines(error, body.toString('utf8'));
}

function requestOf(operation: Operation, request: FastifyRequest): OperationRequest {
  const { caller, identity } = request as Called<typeof request>;
  const { 'content-type': contentType = '', accept } = request.headers;
  return {
    params: request.params as Record<string, string>,
    query: () => request.query as Record<string, unknown>,
    contentType,
    ...(accept ? { accept } : {}),
    isHead: request.method === 'HEAD',
    body: async () => await readBody(operation, request, contentType),
    caller,
    conditions: { ifMatch: request.headers['if-match'], ifNoneMatch: request.headers['if-none-match'] },
    origin: originOf(request, identity.session),
  };
}

// REST from the table of operations: bearer token, validated input, problem+json errors, live events.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';
import type { Metrics } from '../metrics.ts';
import { registerLive } from './live.ts';
import { type Operation, type OperationContext, operations, type Role } from './operations.ts';

export interface RestOptions extends OperationContext {
  log: Log;
  events: EventBus;
  metrics: Metrics;
  /** The role of a bearer token; undefined for one that is not good. */
  roleOf: (token: string) => Promise<Role | undefined>;
  isReady: () => boolean;
  tls?: { cert: string; key: string }[];
}

const roles: readonly Role[] = ['viewer', 'operator', 'admin'];
const MAX_JSON = 4 * 1024 * 1024;
const MAX_FILE = 256 * 1024 * 1024;

export async function createRest(options: RestOptions): Promise<FastifyInstance> {
  const { log } = options;
  const app = fastify({
    logger: false,
    bodyLimit: MAX_JSON,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
    ...(options.tls
      ? { https: { cert: options.tls.map(pair => pair.cert), key: options.tls.map(pair => pair.key) } }
      : {}),
  } as never) as unknown as FastifyInstance;

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((request, reply) =>
    problem(reply, new UserError(404, 'no-such-call', `no ${request.method} ${request.url.split('?')[0]}`)),
  );
  app.setErrorHandler((error, request, reply) => {
    const known = knownError(error);
    if (!known) log.error('operation failed', { url: request.url, error });
    problem(reply, known ?? new UserError(500, 'internal', 'internal error'));
  });

  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) =>
    reply
      .code(options.isReady() ? 200 : 503)
      .type('text/plain')
      .send(options.isReady() ? 'ready\n' : 'not ready\n'),
  );
  app.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.text()),
  );

  await app.register(
    async api => {
      api.addHook('onRequest', async request => {
        const role = await roleFor(request, options);
        if (!role) throw new UserError(401, 'unauthorized', 'a bearer token is needed: Authorization: Bearer TOKEN');
        (request as FastifyRequest & { role?: Role }).role = role;
      });
      for (const operation of operations) register(api, operation, options);
      registerLive(api, options.events);
    },
    { prefix: '/api/v1' },
  );
  await app.ready();
  return app;
}

async function roleFor(request: FastifyRequest, options: RestOptions): Promise<Role | undefined> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : await options.roleOf(token);
}

/** Errors of ours, of the field and of fastify's own parsing; undefined for a bug. */
function knownError(error: unknown): UserError | undefined {
  if (error instanceof UserError) return error;
  if (error instanceof CwmpFault) return new UserError(400, 'cwmp-fault', `${error.code} ${error.message}`);
  const status = (error as { statusCode?: number }).statusCode;
  return status && status < 500 ? new UserError(status, 'bad-request', messageOf(error)) : undefined;
}

/** RFC 9457. */
function problem(reply: FastifyReply, error: UserError): void {
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer');
  const body = { type: 'about:blank', title: error.message, status: error.status, code: error.code, ...error.detail };
  void reply.code(error.status).type('application/problem+json').send(JSON.stringify(body));
}

function register(api: FastifyInstance, operation: Operation, options: RestOptions): void {
  const query = operation.query ? Compile(operation.query) : undefined;
  const body = typeof operation.body === 'object' ? Compile(operation.body) : undefined;
  api.route({
    method: operation.method,
    url: operation.path,
    ...(operation.body === 'bytes' ? { bodyLimit: MAX_FILE } : {}),
    handler: async (request, reply) => {
      const { role } = request as FastifyRequest & { role?: Role };
      if (roles.indexOf(role ?? 'viewer') < roles.indexOf(operation.role))
        throw new UserError(403, 'forbidden', `${operation.name} needs the role ${operation.role}`);
      const contentType = request.headers['content-type'] ?? '';
      const output = await operation.run(
        {
          params: request.params as Record<string, string>,
          query: checked(query, fromQuery(operation, request.query as Record<string, unknown>), 'query'),
          body: bodyOf(operation, body, request.body, contentType),
          contentType,
        },
        options,
      );
      if (output.headers) void reply.headers(output.headers);
      void reply.code(output.status ?? (output.body === undefined ? 204 : 200));
      if (output.body === undefined || Buffer.isBuffer(output.body)) return reply.send(output.body);
      return reply.type('application/json').send(JSON.stringify(output.body));
    },
  });
}

type Checker = ReturnType<typeof Compile>;

function checked(checker: Checker | undefined, value: unknown, place: string): Record<string, unknown> {
  if (!checker) return {};
  if (checker.Check(value)) return value as Record<string, unknown>;
  const [error] = checker.Errors(value);
  const path = error?.instancePath ? `${place}${error.instancePath.replaceAll('/', '.')}` : place;
  const names = (error?.params as { additionalProperties?: string[] } | undefined)?.additionalProperties;
  throw new UserError(
    400,
    'bad-input',
    `${path}: ${error?.message ?? 'not valid'}${names ? ` (${names.join(', ')})` : ''}`,
  );
}

/** Query values come as text: those that the schema has as numbers become numbers. */
function fromQuery(operation: Operation, query: Record<string, unknown>): Record<string, unknown> {
  const properties = (operation.query?.properties ?? {}) as Record<string, { type?: string }>;
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const type = properties[name]?.type;
      const isNumber =
        (type === 'number' || type === 'integer') &&
        typeof value === 'string' &&
        value.trim() !== '' &&
        Number.isFinite(Number(value));
      return [name, isNumber ? Number(value) : value];
    }),
  );
}

function bodyOf(operation: Operation, checker: Checker | undefined, raw: unknown, contentType: string): unknown {
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.alloc(0);
  if (operation.body === undefined) return undefined;
  if (operation.body === 'bytes') return bytes;
  if (operation.body === 'json-or-csv' && /csv/i.test(contentType)) return bytes.toString('utf8');
  const optional = operation.name === 'dryRunPreset';
  if (optional && bytes.length === 0) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UserError(400, 'bad-json', `the body is not JSON: ${messageOf(error)}`);
  }
  return checker ? checked(checker, value, 'body') : value;
}

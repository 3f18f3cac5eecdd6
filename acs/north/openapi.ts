// The API description (OpenAPI 3.1), made from the table of operations, plus the event stream, which is not in that table.
import type { TSchema } from 'typebox';
import { eventNames } from '../events.ts';
import { answerOf, exampleOf } from './examples/examples.ts';
import { factsOf, type Operation } from './operation.ts';
import { shared } from './schemas/shared.ts';
import { PLAIN_COOKIE, SECURE_COOKIE } from './session-cookie.ts';
import { conditionsOf } from './versions/entity.ts';

type Json = Record<string, unknown>;

/** Removes the marks of the schema library, and replaces shapes that have a name by references. */
function plain(schema: unknown, top = false): unknown {
  if (Array.isArray(schema)) return schema.map(entry => plain(entry));
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = top ? undefined : Object.keys(shared).find(key => shared[key] === schema);
  if (name) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !key.startsWith('~'))
      .map(([key, value]) => [key, plain(value)]),
  );
}

const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const BYTES = { 'application/octet-stream': { schema: {} } };
const bytesOf = ({ mediaType = 'application/octet-stream' }: Operation): Json => ({ [mediaType]: { schema: {} } });
const textOf = ({ mediaType = 'text/plain' }: Operation): Json => ({ [mediaType]: { schema: { type: 'string' } } });

function answerExample({ name }: Operation, status: string): Json {
  const answer = answerOf(name);
  return answer && String(answer.status) === status ? { example: answer.body } : {};
}

function answersOf(operation: Operation): Json {
  const good = Object.entries(operation.answers).map(([status, shape]) => {
    if (shape === 'nothing') return [status, { description: bare[status] ?? 'Success, without content' }];
    const content =
      shape === 'bytes'
        ? bytesOf(operation)
        : shape === 'text'
          ? textOf(operation)
          : { 'application/json': { schema: plain(shape), ...answerExample(operation, status) } };
    const csv = operation.csv ? { 'text/csv': { schema: { type: 'string' } } } : {};
    return [status, { description: words[status] ?? 'Success', content: { ...content, ...csv } }];
  });
  const own = Object.entries(operation.problems ?? {}).map(([status, text]) => [status, problem(text)]);
  return {
    ...conditional(operation),
    ...Object.fromEntries([...good, ...own]),
    default: { $ref: '#/components/responses/Problem' },
  };
}

/** The answers that conditions on the version of an object bring. */
function conditional(operation: Operation): Json {
  if (!operation.entity && !operation.isTagged) return {};
  if (factsOf(operation).isRead) return { 304: { description: 'If-None-Match names the present version' } };
  return { 412: problem('The object is not in the state that If-Match or If-None-Match asks for') };
}

const words: Record<string, string> = {
  200: 'Success',
  201: 'Created',
  202: 'Accepted; the outcome is not known yet',
  207: 'Some entries were refused',
};

const bare: Record<string, string> = { 303: 'Leads a browser on (`Location`), without content' };

function bodyOf(operation: Operation): Json {
  const { body } = operation;
  if (body === undefined) return {};
  if (body === 'bytes') return { requestBody: { required: true, content: BYTES } };
  const csv = body.csv ? { 'text/csv': { schema: { type: 'string', description: body.csv } } } : {};
  const { body: example } = exampleOf(operation);
  const shown = example === undefined ? {} : { example };
  const content = { 'application/json': { schema: plain(body.json), ...shown }, ...csv };
  return { requestBody: { required: body.optional !== true, content } };
}

function parametersOf(operation: Operation): Json[] {
  const { path, query } = exampleOf(operation);
  const inPath = Object.entries(path).map(([name, example]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' }, example },
    ...(name === 'id' && operation.path.startsWith('/devices')
      ? {
          description:
            'OUI-ProductClass-Serial, each part percent-encoded (TR-069 3.4.4); in the URL encoded once more',
        }
      : {}),
  }));
  const { properties = {}, required = [] } = (operation.query ?? {}) as {
    properties?: Record<string, TSchema>;
    required?: readonly string[];
  };
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: plain(schema),
    ...(query[name] === undefined ? {} : { example: query[name] }),
  }));
  const inHeader = conditionsOf(operation).map(({ header, description }) => ({
    ...{ name: header, in: 'header', required: false, description },
    schema: { type: 'string' },
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

function callOf(operation: Operation): Json {
  const parameters = parametersOf(operation);
  return {
    operationId: operation.name,
    summary: operation.summary,
    tags: [operation.path.split('/')[1]],
    ...(operation.isOpen ? { security: [] } : {}),
    'x-role': operation.role,
    'x-scope': operation.scope,
    'x-parameters': operation.parameters,
    ...(parameters.length ? { parameters } : {}),
    ...bodyOf(operation),
    responses: answersOf(operation),
  };
}

const streamParameter = (name: string, description: string): Json => ({
  name,
  in: 'query',
  required: false,
  schema: { type: 'string' },
  description,
});

const eventStream: Json = {
  operationId: 'streamEvents',
  tags: ['events'],
  summary: `Streams events as server-sent events: ${eventNames.join(', ')}`,
  'x-role': 'viewer',
  'x-scope': 'devices',
  'x-parameters': 'checked',
  parameters: [
    streamParameter('device', 'Only events of this device'),
    streamParameter('devices', 'Only events of these devices, at most 200, separated by commas'),
    streamParameter('filter', 'Only events of devices that the filter fits'),
    streamParameter('types', 'Only these event types, separated by commas'),
    streamParameter(
      'rate',
      'Sums up: of events of one type about one device only the last is sent, so many times a second (0.1 to 20)',
    ),
    {
      ...streamParameter(
        'Last-Event-ID',
        'Continues the stream with this event; an event `gap` tells that some are lost',
      ),
      in: 'header',
    },
  ],
  responses: {
    200: { description: 'The event stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    default: { $ref: '#/components/responses/Problem' },
  },
};

const problemShape: Json = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'The error, and its place in the request' },
    code: { type: 'string', description: 'Stable error code; see docs/errors.md' },
    column: { type: 'integer', description: 'Position of the error in a filter, counted from 1' },
    lines: {
      type: 'array',
      description: 'Places of the error in the text of the body, for the marks of an editor (presets)',
      items: {
        type: 'object',
        required: ['line', 'column', 'message'],
        properties: { line: { type: 'integer' }, column: { type: 'integer' }, message: { type: 'string' } },
      },
    },
  },
};

export function describe(operations: readonly Operation[]): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: callOf(operation) };
  }
  paths['/events'] = { get: eventStream };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tandem ACS',
      version: '1',
      description: 'A TR-069 Auto Configuration Server. /metrics, /healthz and /readyz are outside of this base path.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: SECURE_COOKIE,
          description: `By plain HTTP ${PLAIN_COOKIE}. Writes need Sec-Fetch-Site, Origin or X-Tandem: 1`,
        },
      },
      schemas: {
        ...Object.fromEntries(Object.entries(shared).map(([name, schema]) => [name, plain(schema, true)])),
        Problem: problemShape,
      },
      responses: { Problem: problem('Any other error') },
    },
  };
}

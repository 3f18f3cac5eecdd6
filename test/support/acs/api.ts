// The API over the test ACS: every answer is held against the table of operations it comes from.
import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { noSources } from '../../../acs/app/north.ts';
import { adminToken, type Principal } from '../../../acs/fleet/access/principal.ts';
import type { Role } from '../../../acs/fleet/access/rights.ts';
import type { SendConnectionRequest } from '../../../acs/fleet/common/ports.ts';
import { createMetrics } from '../../../acs/metrics.ts';
import type { Operation } from '../../../acs/north/operation.ts';
import { operations } from '../../../acs/north/operations.ts';
import { createRest } from '../../../acs/north/rest.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { type TestAcs, testAcs } from './memory-acs.ts';

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  bytes: Buffer;
  text: string;
  /** Parsed, where it is JSON. */
  json: Json;
}

/** JSON as a test reads it. */
export interface Json {
  [name: string]: unknown;
  items: Json[];
}

export interface TestApi {
  acs: TestAcs;
  rest: FastifyInstance;
  /** Sets the outcome of connection requests in this test. */
  wake: (run: SendConnectionRequest) => void;
  call(method: string, path: string, init?: CallInit): Promise<Answer>;
  /** A call that must be refused: the problem document. */
  refused(status: number, code: string, method: string, path: string, init?: CallInit): Promise<Json>;
  close(): Promise<void>;
}

export interface CallInit {
  /** An object goes as JSON, text and bytes as they are. */
  body?: unknown;
  headers?: Record<string, string>;
  token?: string | undefined;
  /** The address of the connection; default: 127.0.0.1. */
  from?: string;
}

export const TOKEN = 'admin-token-of-this-test';
const BASE = '/api/v1';

const operationAt = (method: string, path: string): Operation | undefined => {
  const parts = (path.split('?')[0] ?? '').split('/');
  return operations.find(operation => {
    const pattern = operation.path.split('/');
    return (
      operation.method === method &&
      pattern.length === parts.length &&
      pattern.every((part, at) => part.startsWith(':') || part === parts[at])
    );
  });
};

/** Entries of a list are whole, unless only some fields of them were asked for. */
function assertWhole(shape: TSchema, { json }: Answer): void {
  const [whole] = (shape as { properties?: { items?: { items?: { anyOf?: TSchema[] } } } }).properties?.items?.items
    ?.anyOf ?? [undefined];
  if (whole) for (const item of json.items) assert.deepEqual(Compile(whole).Errors(item), []);
}

/** The answer is one that the table declares. */
function held(operation: Operation | undefined, path: string, answer: Answer): void {
  if (!operation || answer.status >= 400) return;
  const shape =
    answer.status === 304 && (operation.entity ?? operation.isTagged) ? 'nothing' : operation.answers[answer.status];
  assert.ok(shape !== undefined, `${operation.name} answers ${answer.status}, which its row does not declare`);
  const isCsv = /^text\/csv/.test(String(answer.headers['content-type']));
  if (isCsv && operation.csv) return;
  if (shape === 'nothing') assert.equal(answer.text, '');
  else if (shape !== 'bytes' && shape !== 'text') {
    const check = Compile(shape as TSchema);
    const wrong = check.Check(answer.json) ? [] : check.Errors(answer.json);
    assert.deepEqual(wrong, [], `${operation.name} ${answer.status}: ${answer.text}`);
    if (!/[?&]fields=/.test(path)) assertWhole(shape, answer);
  }
}

const serverFacts = {
  ...{ started: 0, cwmp: ['https://acs.example.net:7547'], certificates: [], hasWorkers: false },
  ...({ cpeAuth: 'required', enrol: 'approve' } as const),
};

export async function testApi({
  trustedProxies = [],
  ...options
}: Parameters<typeof testAcs>[0] & { trustedProxies?: string[] } = {}): Promise<TestApi> {
  const acs = await testAcs(options);
  const { fleet, store, clock, log, events } = acs;
  let run: SendConnectionRequest = async () => ({ accepted: true });
  const levels: Record<string, Role> = { [TOKEN]: 'admin', 'viewer-token': 'viewer', 'operator-token': 'operator' };
  const metrics = createMetrics(events, {
    sessions: () => acs.south.sessions(),
    admission: () => acs.south.admission(),
    ...noSources,
    ...{ rollouts: () => fleet.rollouts.live(), jobs: () => fleet.jobs.reads.progress.read() },
  });
  const sendConnectionRequest: SendConnectionRequest = async (device, signal) => await run(device, signal);
  const principalOf = async (token: string): Promise<Principal | undefined> => {
    const level = levels[token];
    return level ? { ...adminToken, name: level, role: level, rights: { level } } : await fleet.access.byToken(token);
  };
  const rest = await createRest({
    ...{ fleet, store, sendConnectionRequest, clock, log, events, metrics, principalOf, trustedProxies },
    random: seededRandom(3),
    unready: () => undefined,
    server: () => serverFacts,
  });

  const call: TestApi['call'] = async (method, path, { body, headers = {}, ...init } = {}) => {
    const token = 'token' in init ? init.token : TOKEN;
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const reply = await rest.inject({
      method: method as 'GET',
      url: BASE + path,
      ...(init.from === undefined ? {} : { remoteAddress: init.from }),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: raw ? (body as string | Buffer) : JSON.stringify(body) }),
    });
    const isJson = method !== 'HEAD' && /[/+]json\b/.test(String(reply.headers['content-type']));
    const answer = {
      status: reply.statusCode,
      headers: reply.headers,
      bytes: reply.rawPayload,
      text: reply.body,
      json: (isJson ? JSON.parse(reply.body) : {}) as Json,
    };
    held(operationAt(method, path), path, answer);
    return answer;
  };
  return {
    acs,
    rest,
    call,
    wake: next => {
      run = next;
    },
    refused: async (status, code, method, path, init) => {
      const answer = await call(method, path, init);
      assert.equal(answer.status, status, answer.text);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      const { type, title, status: told, detail } = answer.json;
      assert.deepEqual([type, told, typeof title, typeof detail], ['about:blank', status, 'string', 'string']);
      assert.equal(answer.json.code, code, answer.text);
      return answer.json;
    },
    close: async () => {
      await rest.close();
      metrics.stop();
      await acs.close();
    },
  };
}

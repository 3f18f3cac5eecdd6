// The API description: a valid OpenAPI document. Every operation is tried with valid and invalid input.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import type { IdentityProvider, PreflightPorts } from '../../../acs/fleet/common/ports.ts';
import { describe as describeApi } from '../../../acs/north/openapi.ts';
import type { Operation } from '../../../acs/north/operation.ts';
import { operations } from '../../../acs/north/operations.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import { type TestApi, testApi } from '../../support/acs/api.ts';
import { type Shape, spoilt, texts, valid } from '../../support/acs/inputs.ts';
import { inPieces } from '../../support/contents.ts';
import { deviceId as id } from '../../support/devices.ts';

const RUNS = 60;

describe('API description', () => {
  it('is a valid OpenAPI document', async () => {
    const outcome = await new Validator().validate(describeApi(operations));
    assert.deepEqual(outcome.errors ?? [], []);
    assert.equal(outcome.valid, true);
  });

  it('is refused by the validator when it is damaged', async () => {
    const { valid: isValid } = await new Validator().validate({ ...describeApi(operations), info: {} });
    assert.equal(isValid, false);
  });

  it('has each operation name and each path with a method once', () => {
    const names = operations.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const places = operations.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`);
    assert.equal(new Set(places).size, places.length);
  });

  it('is served by the API', async () => {
    const api = await testApi();
    const served = (await api.call('GET', '/openapi.json')).json as unknown;
    await api.close();
    assert.deepEqual(served, JSON.parse(JSON.stringify(describeApi(operations))));
  });

  it('equals the committed schemas/openapi.json (npm run generate)', () => {
    const file = readFileSync(new URL('../../../schemas/openapi.json', import.meta.url), 'utf8');
    assert.deepEqual(JSON.parse(file), JSON.parse(JSON.stringify(describeApi(operations))));
  });

  it('describes each operation, each path parameter and each referenced schema', () => {
    const api = describeApi(operations) as {
      paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
    };
    const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.values(methods).map(call => ({ path, call })),
    );
    const names = calls.map(({ call }) => call.operationId);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.length, operations.length + 1);
    for (const { path, call } of calls) {
      const inPath = (call.parameters ?? [])
        .filter(parameter => parameter.in === 'path')
        .map(parameter => parameter.name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(found => found[1]),
      );
    }
    const text = JSON.stringify(api);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      assert.ok(text.includes(`"${name}":{`), `${name} is described`);
  });
});

interface Tried {
  path: string;
  body?: unknown;
  contentType?: string;
}

const server = 'sip.example:5061';
/** Names of existing objects, by the part of the path before the name. */
const existing: Record<string, string[]> = {
  devices: [id],
  presets: ['first'],
  files: ['fw.bin'],
  servers: [server],
  trust: ['first'],
  alerts: ['first'],
  rollouts: ['first', 'second'],
  jobs: ['first', 'second'],
  roles: ['first', 'second'],
  diagnostics: ['ping'],
  backups: ['first', '1'],
};
/** Operations that wait for an outcome in real time, where `wait` says so. */
const awaiting = new Set(['addTask', 'runDiagnostic', 'backUpDevice', 'restoreBackup']);
const nameAfter = (collection = ''): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.nat().map(at => pick(existing[collection] ?? ['first', id], at)) },
    { weight: 1, arbitrary: texts },
  );
const pick = (all: readonly string[], at: number): string => all[at % all.length] ?? id;

/** Valid bodies that random input rarely produces. */
const good: Record<string, unknown> = {
  addTask: { method: 'GetRPCMethods' },
  runDiagnostic: { host: 'host.example' },
  retryFaults: { filter: 'fault.code = 9007' },
  replaceDevice: { newId: '0090F8-4102S-SPARE' },
  putBackupRule: { every: '1d', keep: 2 },
  createSession: { name: 'first', password: 'correct horse battery' },
  createSessionByLink: { code: 'x' },
  createFirstUser: { code: 'x', name: 'second', password: 'correct horse battery' },
  createUser: { name: 'second', role: 'viewer' },
  putUser: { role: 'viewer' },
  patchUser: { role: 'operator' },
  createToken: { name: 'second', role: 'viewer' },
  putRole: { operations: ['read'] },
  createRollout: { firmware: 'fw.bin', devices: [id] },
  createJob: { devices: { ids: [id] }, do: [{ tags: { add: ['x'] } }] },
  putAlert: { filter: 'not online', above: 0 },
  putHistorySetting: { parameters: ['Device.DeviceInfo.UpTime'] },
  putSecretsSetting: { names: ['wifiCode'] },
  putOidcSetting: { map: [{ value: 'admins', role: 'admin' }] },
  putEnrolmentRule: { action: 'enrol', filter: 'productClass = "4102S"' },
  putModel: Buffer.from(
    '<document><model name="A:1"><object name="Device."><parameter name="B"/></object></model></document>',
  ),
  putWebhook: { url: 'https://198.51.100.7/hook', events: ['fault'] },
};

const encoded = (name: string): string => {
  // A name of dots is a path to most clients; a lone surrogate has no encoding.
  const spelled = encodeURIComponent(name.replace(/[\ud800-\udfff]/g, '?'));
  return spelled === '' || /^\.+$/.test(spelled) ? 'x' : spelled;
};

function calls(operation: Operation): fc.Arbitrary<Tried> {
  const parts = operation.path.split('/');
  const path = fc
    .tuple(
      ...parts.map((part, at) => (part.startsWith(':') ? nameAfter(parts[at - 1]).map(encoded) : fc.constant(part))),
    )
    .map(made => made.join('/'));
  const query = operation.query ? queries(operation.query as Shape) : fc.constant('');
  return fc.tuple(path, query, bodies(operation)).map(([where, asked, body]) => ({ path: where + asked, ...body }));
}

const queries = (shape: Shape): fc.Arbitrary<string> =>
  fc.oneof(fc.constant({}), valid(shape), valid(shape), spoilt(shape)).map(made => {
    const entries = Object.entries((made ?? {}) as Record<string, unknown>);
    const pairs = entries.map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`);
    return pairs.length ? `?${pairs.join('&')}` : '';
  });

function bodies({ name, body }: Operation): fc.Arbitrary<Partial<Tried>> {
  if (body === undefined) return fc.constant({});
  if (body === 'bytes') {
    const random = fc.uint8Array({ maxLength: 200 }).map(bytes => ({ body: Buffer.from(bytes) }));
    return good[name] ? fc.oneof(random, fc.constant({ body: good[name] })) : random;
  }
  const json = body.json as Shape;
  const made = fc.oneof(
    { weight: good[name] ? 4 : 1, arbitrary: fc.constant(good[name] ?? {}) },
    { weight: 4, arbitrary: valid(json) },
    { weight: 2, arbitrary: spoilt(json) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  const asJson = made.map(value => ({ body: JSON.stringify(value) ?? '', contentType: 'application/json' }));
  const asText = texts.map(value => ({ body: value, contentType: body.csv ? 'text/csv' : 'application/json' }));
  return fc.oneof({ weight: 6, arbitrary: asJson }, { weight: 1, arbitrary: asText });
}

/** Each sign-in takes a good part of a second. */
const SLOW_RUNS = 25;

/** Operations that answer only to a cookie (sessions.test.ts, oidc.test.ts). */
const needsCookie = new Set(['deleteSession', 'patchSession', 'endProviderSignIn']);

/** The code of a link that signs in, for a user of its own. */
async function freshCode({ acs, call }: TestApi): Promise<string> {
  await call('POST', '/users', { body: { name: 'linked', role: 'viewer' } });
  return (await acs.fleet.access.signInLinks.offer('linked')).code;
}

/** Answers to wrong passwords wait for a time. */
async function whileTimePasses<T>({ acs }: TestApi, answering: Promise<T>): Promise<T> {
  let isAnswered = false;
  const ended = answering.finally(() => {
    isAnswered = true;
  });
  while (!isAnswered) await acs.clock.advance(20_000);
  return await ended;
}

/** Statuses of unreachable devices and servers, which are no errors of the ACS. */
const mayFail = new Set(['connectionRequest 504', 'addTask 504', 'probeServer 502']);

/** Keeps a session of the device, and its trace. @returns the time of its begin */
async function keepSession({ acs }: TestApi, device: string): Promise<string[]> {
  const { clock, fleet, store } = acs;
  const started = clock.now();
  const record = { started, ended: started, claim: 0, events: [], outcome: 'ok', rpcs: 0, bytesUp: 0, bytesDown: 0 };
  await store.appendHistory([{ device, sessions: [{ ...record, address: '::1' }] }]);
  fleet.traces.set(device, true);
  const traced = fleet.traces.begin(device, '::1');
  fleet.traces.add(device, traced, { time: started, from: 'cpe', what: 'Inform', headers: {}, length: 1 });
  traced.claim = 0;
  return [new Date(started).toISOString()];
}

/** The numbers of the newest versions of all objects that have some. */
async function newestVersions({ acs: { store } }: TestApi): Promise<string[]> {
  const kinds = ['preset', 'alert', 'enrolRule', 'setting', 'webhook'] as const;
  const documents = (await Promise.all(kinds.map(kind => store.documents(kind)))).flat();
  return [...new Set(documents.map(({ generation }) => String(generation)))];
}

describe('operations with random input', () => {
  let api: TestApi;
  before(async () => {
    const { cert } = await createCa({ name: 'CA', key: 'ec', clock: new VirtualClock(), random: seededRandom(1) });
    const offered: ServerFacts = { versions: ['TLSv1_2'], suites: [], chains: [readCertificates(cert)] };
    const preflight: PreflightPorts = {
      probeTls: async host => {
        if (host === 'sip.example') return offered;
        throw new Error('nobody is there');
      },
      mayAsk: () => true,
      own: () => ({ url: `https://${server}` }),
    };
    good.tellServer = { chains: [cert] };
    good.putTrust = { certificates: cert };
    good.preflightServerCertificate = { certificate: cert };
    const identityProvider: IdentityProvider = {
      begin: async () => 'https://id.example/auth',
      finish: async () => ({ issuer: 'https://id.example', subject: 's' }),
      renew: async () => undefined,
    };
    api = await testApi({ enrol: 'auto', cpeAuth: 'none', preflight, identityProvider });
  });
  after(async () => await api.close());
  beforeEach(async () => {
    // The device may exist already: the last operation may not have deleted it.
    await api.call('POST', '/devices', { body: { id } });
    await api.call('PUT', '/files/fw.bin?type=firmware&version=2', { body: Buffer.from('image') });
    const task = await api.call('POST', `/devices/${id}/tasks`, { body: { method: 'GetRPCMethods' } });
    const about = { cause: 'preset:x', code: 9002, message: 'no', retryAt: 0, now: 1 };
    const fault = await api.acs.store.apply(id, 'faultRaised', about);
    const sessions = await keepSession(api, id);
    Object.assign(existing, { tasks: [String(task.json.id)], faults: [fault.id], sessions, messages: ['1'] });
    await api.call('PUT', '/alerts/first', { body: good.putAlert });
    await api.call('PUT', '/backups/first', { body: good.putBackupRule });
    const version = { fileType: '1 Vendor Configuration File', keep: 5, announced: 0 };
    await api.acs.fleet.backups.versions.put(id, inPieces(Buffer.from('a = 1')), version);
    await api.call('PUT', '/models/first', { body: good.putModel });
    await api.call('PUT', '/webhooks/first', { body: good.putWebhook });
    await api.call('PUT', '/settings/history', { body: good.putHistorySetting });
    await api.call('PUT', '/settings/secrets', { body: good.putSecretsSetting });
    await api.call('PUT', '/settings/oidc', { body: good.putOidcSetting });
    await api.call('PUT', '/enrolment/rules/first', { body: good.putEnrolmentRule });
    for (const name of existing.rollouts ?? [])
      await api.call('POST', '/rollouts', { body: { ...(good.createRollout as object), id: name } });
    await api.call('POST', '/rollouts/second/abort');
    for (const name of existing.jobs ?? [])
      await api.call('POST', '/jobs', { body: { ...(good.createJob as object), id: name } });
    await api.call('PUT', '/users/first', { body: good.putUser });
    await api.call('POST', '/tokens', { body: { ...(good.createToken as object), name: 'first' } });
    for (const name of existing.roles ?? []) await api.call('PUT', `/roles/${name}`, { body: good.putRole });
    await api.call('PUT', `/preflight/servers/${server}`, { body: good.tellServer });
    await api.call('PUT', '/trust/first', { body: good.putTrust });
    await api.call('PUT', '/views/first', { body: { q: 'lost' } });
    await api.call('PUT', '/presets/first', {
      body: { set: { 'Device.ManagementServer.PeriodicInformInterval': 60 } },
    });
    existing.versions = await newestVersions(api);
  });

  for (const operation of operations) {
    const { name, method } = operation;
    it(`${name} answers every input as described, without a server error`, async function () {
      this.timeout(60_000);
      // Without `wait`: no outcome is awaited in real time.
      const soon = { ...operation, query: awaiting.has(operation.name) ? undefined : operation.query } as Operation;
      const statuses = new Set<number>();
      if (operation.isOpen) await api.call('PATCH', '/users/first', { body: { password: 'correct horse battery' } });
      if (name === 'createSessionByLink') good[name] = { code: await freshCode(api) };
      await fc.assert(
        fc.asyncProperty(calls(soon), async ({ path, body, contentType }) => {
          const headers = contentType === undefined ? {} : { 'content-type': contentType };
          const answering = api.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
          const answer = await (operation.isOpen ? whileTimePasses(api, answering) : answering);
          statuses.add(answer.status);
          const known = answer.status < 500 || mayFail.has(`${name} ${answer.status}`);
          assert.ok(known, `${method} ${path} ${String(body)}: ${answer.status} ${answer.text}`);
          if (answer.status >= 400) assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
        }),
        { numRuns: operation.isOpen ? Math.min(RUNS, SLOW_RUNS) : RUNS, seed: Number(process.env.TANDEM_SEED ?? 11) },
      );
      // A conflict (409) shows too that the operation found its object.
      const isReached = [...statuses].some(status => status < 400 || status === 409);
      assert.ok(isReached || needsCookie.has(name), `never successful: ${[...statuses].join(', ')}`);
    });
  }
});

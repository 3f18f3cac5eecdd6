// Event streams of running servers end within a second of the moment at which their user loses its rights, whichever process was told.
import assert from 'node:assert/strict';
import { builtFor } from '../crash/server.ts';
import { type Fleet, openProcesses, openWorkers, TOKEN } from '../processes/fleet.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../support/acs/mongo.ts';
import { endPrograms } from '../support/processes/process.ts';
import { missing } from '../support/servers/peers.ts';

const password = 'correct horse battery';
/** The look at rights comes every half second; a machine that has other work may take three seconds. */
const SOON_MS = 1000;

const revocations: Record<string, [string, string, unknown?]> = {
  'is deleted': ['DELETE', '/users/ann'],
  'is disabled': ['PATCH', '/users/ann', { disabled: true }],
  'gets another password': ['PATCH', '/users/ann', { password: 'another password' }],
  'reaches fewer devices': ['PATCH', '/users/ann', { filter: 'tag = "a"' }],
  'gets a smaller role': ['PATCH', '/users/ann', { role: 'viewer' }],
};

describe('event streams of a user who loses rights', function () {
  this.timeout(MONGO_START_MS);
  const built = builtFor();
  let fleet: Fleet | undefined;
  afterEach(async () => {
    await fleet?.close();
    fleet = undefined;
    await endPrograms();
  });

  it('end within a second on a server with workers', async () => {
    fleet = await openWorkers({ main: built('acs/main.ts'), args: [], workers: 2 });
    const api = fleet.nodes[0]?.api ?? '';
    await judge(api, api);
  });

  it('end within a second on one server of a MongoDB after a call to another', async function () {
    const lacking = missing(mongoNeeds);
    if (lacking.length > 0) return this.skip();
    const store = await freshMongo();
    try {
      fleet = await openProcesses({ main: built('acs/main.ts'), store, nodes: 2 });
      await judge(fleet.nodes[0]?.api ?? '', fleet.nodes[1]?.api ?? '');
    } finally {
      await fleet?.close();
      await dropMongo(store);
    }
  });
});

/** @param told the server that changes the user @param asked the one that streams */
async function judge(told: string, asked: string): Promise<void> {
  for (const [title, [method, path, body]] of Object.entries(revocations)) {
    await admin(told, 'PUT', '/users/ann', { role: 'operator', password });
    const stream = await openStream(asked, await signIn(asked));
    await admin(told, method, path, body);
    const begin = performance.now();
    const isOver = await Promise.race([stream.ended, later(5 * SOON_MS)]);
    const ms = performance.now() - begin;
    stream.stop();
    assert.ok(isOver && ms < 3 * SOON_MS, `${title}: ${isOver ? `ended after ${Math.round(ms)} ms` : 'goes on'}`);
    await admin(told, 'DELETE', '/users/ann').catch(() => undefined);
  }
}

async function admin(api: string, method: string, path: string, body?: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const answer = await fetch(`${api}/api/v1${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.text()}`);
}

async function signIn(api: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${api}/api/v1/session`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'ann', password }),
  });
  assert.equal(answer.status, 204, await answer.text());
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function openStream(api: string, cookie: string): Promise<{ ended: Promise<boolean>; stop: () => void }> {
  const stop = new AbortController();
  const answer = await fetch(`${api}/api/v1/events`, { headers: { cookie }, signal: stop.signal });
  assert.equal(answer.status, 200);
  const read = async (): Promise<void> => {
    for await (const _chunk of answer.body ?? []);
  };
  const ended = read().then(
    () => true,
    () => true,
  );
  return { ended, stop: () => stop.abort() };
}

const later = (ms: number): Promise<boolean> => new Promise(resolve => setTimeout(() => resolve(false), ms));

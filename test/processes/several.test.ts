// Two ACS processes on one MongoDB, as an operator and a gateway meet them: which one answers makes no difference.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { builtFor } from '../crash/server.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../support/acs/mongo.ts';
import { eventually } from '../support/eventually.ts';
import { endPrograms, type Program, program } from '../support/processes/process.ts';
import { missing } from '../support/servers/peers.ts';
import { type Fleet, openProcesses, TOKEN } from './fleet.ts';

const serial = '0090F8000001';
const id = `0090F8-4102S-${serial}`;
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

describe('two ACS processes on one MongoDB', function () {
  this.timeout(MONGO_START_MS);
  const lacking = missing(mongoNeeds);
  if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
  const built = builtFor();
  let store: string;
  let fleet: Fleet | undefined;
  beforeEach(async () => {
    store = await freshMongo();
  });
  afterEach(async () => {
    await fleet?.close();
    fleet = undefined;
    await endPrograms();
    await dropMongo(store);
  });
  const open = async (args: string[] = []): Promise<Fleet> => {
    fleet = await openProcesses({ main: built('acs/main.ts'), store, nodes: 2, args });
    return fleet;
  };
  /** A gateway that stays, and comes to `url`. */
  const gateway = (url: string): Program =>
    program('cpe/main.ts', [
      ...['run', '--acs', url, '--serial', serial],
      ...['--set', 'Scm.ServicesConfig[Name=SipEp].StartupType=Manual'],
    ]);
  const known = (api: string): Promise<unknown> =>
    eventually('the device is known', async () => (await fetch(`${api}/api/v1/devices/${id}`, { headers })).ok, 30_000);
  const call = async (api: string, wait: number): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${api}/api/v1/devices/${id}/tasks?wait=${wait}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        method: 'GetParameterValues',
        args: { ParameterNames: ['Device.DeviceInfo.SerialNumber'] },
      }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  it('waits for a task in one process while the device is in session with the other', async () => {
    const { nodes, lives } = await open();
    const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    gateway(one.cwmp);
    await known(two.api);
    const live = await fetch(`${two.api}/api/v1/events?types=session`, { headers });
    const heard: string[] = [];
    const reader = live.body!.pipeThrough(new TextDecoderStream());
    const listening = (async () => {
      for await (const text of reader) heard.push(text);
    })().catch(() => undefined);
    const began = performance.now();
    const task = await call(two.api, 20);
    assert.equal(task.state, 'done');
    assert.ok(performance.now() - began < 5_000, 'told, not found out');
    // The other process learns a moment later what is followed here: a session before that is not heard, a later one is.
    await eventually('what happens at one is seen live at the other', async () => {
      if (!heard.join('').includes('event: session')) await call(two.api, 20);
      return heard.join('').includes('event: session');
    });
    await live.body?.cancel().catch(() => undefined);
    const sessions = lives.map(({ lines }) => lines.filter(({ msg }) => msg === 'device session ended').length);
    assert.ok(sessions[0]! > 0 && sessions[1] === 0, `sessions: ${sessions}`);
    void listening;
  });

  it('knows users at both, and ends their sessions and streams at both by itself', async () => {
    const { nodes, api } = await open();
    const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const password = 'correct horse battery';
    await api('POST', '/users', { name: 'ann', role: 'viewer', password });
    const signedIn = await fetch(`${one.api}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ann', password }),
    });
    assert.equal(signedIn.status, 204);
    const cookie = String(signedIn.headers.get('set-cookie')).split(';')[0] ?? '';
    const asAnn = async (at: string): Promise<number> =>
      (await fetch(`${at}/api/v1/devices`, { headers: { cookie } })).status;
    assert.deepEqual([await asAnn(one.api), await asAnn(two.api)], [200, 200]);
    const live = await fetch(`${two.api}/api/v1/events`, { headers: { cookie } });
    const ended = (async () => {
      for await (const _chunk of live.body as unknown as AsyncIterable<Uint8Array>);
    })().catch(() => undefined);
    const began = performance.now();
    await api('PATCH', '/users/ann', { disabled: true });
    assert.equal(await asAnn(one.api), 401);
    await eventually('the other process refuses too', async () => (await asAnn(two.api)) === 401);
    await ended;
    assert.ok(performance.now() - began < 10_000, `the stream has ended after ${performance.now() - began} ms`);
    for (const { api: at } of [one, two, one, two])
      await fetch(`${at}/api/v1/presets/none`, { method: 'DELETE', headers });
    const report = (await (await fetch(`${two.api}/api/v1/audit/verify`, { headers })).json()) as Record<
      string,
      unknown
    >;
    assert.deepEqual([report.intact, report.entries, report.last], [true, 7, 7]);
  });

  it('keeps one session although every POST reaches the other process', async () => {
    const { nodes, lives, balancer, api } = await open();
    await api('PUT', '/presets/base', { set: { 'Device.ManagementServer.PeriodicInformInterval': '900' } });
    gateway(balancer.url);
    await known(nodes[0]!.api);
    const said = (what: string) => lives.flatMap(({ lines }) => lines).filter(({ msg }) => msg === what);
    await eventually(
      'it is configured',
      () => said('device reconciled').length > 0 && said('device session ended').length > 0,
      30_000,
    );
    const sessions = said('device session ended');
    assert.ok(sessions.length > 0 && sessions.every(({ outcome }) => outcome === 'ok'), JSON.stringify(sessions));
    assert.ok([...balancer.counts.values()].every(count => count >= 2));
  });

  it('refuses a second server on one data directory and follows a killed one at once', async () => {
    const { nodes, folder, lives } = await open();
    const [one] = nodes as [(typeof nodes)[0]];
    const second = program(built('acs/main.ts'), [
      ...['--data', join(folder, one.name), '--server-key', join(folder, 'server-key'), '--store', store],
      ...['--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0'],
    ]);
    const { code, err } = await second.ended;
    assert.equal(code, 1);
    assert.match(err, /another server uses it/);

    const body = (text: string): string =>
      `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-0"><e:Header/><e:Body>${text}</e:Body></e:Envelope>`;
    const inform = body(
      `<c:Inform><DeviceId><Manufacturer>M</Manufacturer><OUI>0090F8</OUI><ProductClass>4102S</ProductClass><SerialNumber>${serial}</SerialNumber></DeviceId><Event/><MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2026-01-01T00:00:00Z</CurrentTime><RetryCount>0</RetryCount><ParameterList/></c:Inform>`,
    );
    const post = async (url: string): Promise<number> => (await fetch(url, { method: 'POST', body: inform })).status;
    assert.equal(await post(one.cwmp), 200);
    await one.kill();
    await one.start();
    const began = performance.now();
    assert.equal(await post(nodes[1]!.cwmp), 200);
    assert.ok(performance.now() - began < 8_000, 'nobody waits for the lease of a process that was followed');
    assert.equal(lives.length, 3);
  });

  it('shows traces and unknown CPEs of either process', async () => {
    const { nodes, api } = await open();
    const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    gateway(one.cwmp);
    await known(two.api);
    const trace = `/devices/${id}/trace`;
    const at = async (node: typeof one, method: string, path: string, body?: unknown): Promise<Response> =>
      await fetch(`${node.api}/api/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    await at(two, 'PUT', trace, { on: true });
    assert.equal((await call(two.api, 20)).state, 'done');
    const told = async (node: typeof one) =>
      (await (await at(node, 'GET', trace)).json()) as { on: boolean; sessions: { messages: { what: string }[] }[] };
    for (const node of [one, two]) {
      const { on, sessions } = await told(node);
      assert.equal(on, true);
      assert.ok(sessions.flatMap(({ messages }) => messages).some(({ what }) => what === 'GetParameterValues'));
    }
    await two.kill();
    await two.start();
    assert.ok((await told(two)).on, 'one that has just begun knows of it');
    await at(one, 'DELETE', trace);
    assert.deepEqual(await told(two), { ...(await told(two)), on: false, sessions: [] });
    assert.deepEqual(await api('GET', '/knocking'), { items: [], next: null, total: 0, ranges: [] });
  });

  it('resumes TLS sessions with either process', async () => {
    const { nodes } = await open(['--cwmp', 'https://127.0.0.1:0']);
    const ports = nodes.map(({ all }) => Number(new URL(all.find(url => url.startsWith('https'))!).port));
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let session: Buffer | undefined;
      for (const [at, port] of [...ports, ...ports].entries()) {
        const socket = connect({
          port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          maxVersion,
          ...(session ? { session } : {}),
        });
        const fresh = new Promise<Buffer>(resolve => socket.once('session', resolve));
        await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
        assert.equal(socket.isSessionReused(), at > 0, `${maxVersion}, connection ${at}`);
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        session ??= await fresh;
        socket.destroy();
      }
    }
  });
});

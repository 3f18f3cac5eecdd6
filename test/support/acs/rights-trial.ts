// A caller with random rights tries random calls on an ACS whose every value has its mark: answers and events are searched for what the
// rights exclude, and rows are compared. The model judges rows by itself, without the store.
import assert from 'node:assert/strict';
import { Caller } from '../../../acs/fleet/access/caller.ts';
import type { Principal } from '../../../acs/fleet/access/principal.ts';
import { LimitedTexts } from '../../../acs/north/live/event-view.ts';
import { parseFilter } from '../../../acs/query/parser.ts';
import { toPredicate } from '../../../acs/query/predicate.ts';
import { inPieces } from '../contents.ts';
import { callAsRest } from '../soap/as-rest.ts';
import { type Answer, type TestApi, testApi } from './api.ts';
import {
  bodyOf,
  covers,
  ids,
  type Model,
  markOf,
  one,
  operationOf,
  paths,
  queryOf,
  type RandomCall,
  type RandomRights,
} from './random-rights.ts';

/** Ids of what is there besides devices. */
interface Objects {
  tasks: string[];
  faults: string[];
  rollouts: string[];
  jobs: string[];
}

/** The way by which the calls come. */
type Protocol = 'REST' | 'SOAP';

/** An ACS with devices whose every value has its mark, and what a caller tries on it. */
export class RightsTrial {
  readonly #api: TestApi;
  readonly #protocol: Protocol;
  #objects: Objects = { tasks: [''], faults: [''], rollouts: ['all'], jobs: ['all'] };
  #made = 0;

  private constructor(api: TestApi, protocol: Protocol) {
    this.#api = api;
    this.#protocol = protocol;
  }

  static async begin(protocol: Protocol = 'REST'): Promise<RightsTrial> {
    const trial = new RightsTrial(await testApi(), protocol);
    await populate(trial.#api);
    trial.#objects = await look(trial.#api);
    return trial;
  }

  async end(): Promise<void> {
    await this.#api.close();
  }

  /** One caller with these rights makes the calls. @throws AssertionError that names what was seen or changed */
  async judge(rights: RandomRights, calls: readonly RandomCall[]): Promise<void> {
    const { acs } = this.#api;
    const name = `c${this.#made++}`;
    const role = rights.level === 'own' ? name : rights.level;
    const { own, roleFilter, filter, read, set } = rights;
    const parameters = { ...(read ? { read } : {}), ...(set ? { set } : {}) };
    if (role === name)
      await need(this.#api, 'PUT', `/roles/${name}`, {
        operations: own,
        ...(roleFilter ? { devices: roleFilter } : {}),
        parameters,
      });
    const made = await need(this.#api, 'POST', '/tokens', { name, role, ...(filter ? { filter } : {}) });
    const token = String(made.json.token);
    const model = await modelOf(this.#api, rights);
    await this.#judgeList(token, model);
    for (const call of calls) await this.#judgeCall(token, model, call);
    const principal = await acs.fleet.access.byToken(token);
    if (principal) await judgeEvents(this.#api, principal, model);
    await this.#api.call('DELETE', `/tokens/${name}`);
    if (role === name) await this.#api.call('DELETE', `/roles/${name}`);
    await this.#restore();
  }

  async #judgeList(token: string, { reached }: Model): Promise<void> {
    const answer = await this.#api.call('GET', '/devices?limit=500', { token });
    if (answer.status === 403) return;
    const shown = answer.json.items.map(({ id }) => String(id)).filter(id => ids.includes(id));
    assert.deepEqual(new Set(shown), reached, 'the list of devices');
  }

  async #judgeCall(token: string, model: Model, call: RandomCall): Promise<void> {
    const { method, url } = urlOf(call, this.#objects);
    const query = queryOf(call);
    const body = bodyOf(call);
    const before = await excluded(this.#api, model);
    const answer = await send(this.#api, this.#protocol, { token, method, url: url + query, body });
    const told = `${method} ${url}${query} ${JSON.stringify(body) ?? ''}: ${answer.status}`;
    assertClean(answer.text, model, told, [url, JSON.stringify(body) ?? '']);
    assert.deepEqual(await excluded(this.#api, model), before, `${told} has changed what the rights exclude`);
    assertSets(answer, call, model, told);
  }

  /** Undoes what the calls have changed. */
  async #restore(): Promise<void> {
    const { items } = (await this.#api.call('GET', '/devices?limit=500')).json;
    for (const { id } of items) await this.#api.call('DELETE', `/devices/${String(id)}`);
    for (const name of this.#objects.rollouts.concat(
      (await this.#api.call('GET', '/rollouts')).json.items.map(({ id }) => String(id)),
    ))
      if (name !== 'all') await this.#api.acs.store.deleteDocument('rollout', name);
    for (const { id } of (await this.#api.call('GET', '/jobs')).json.items)
      if (id !== 'all') await this.#api.acs.store.deleteDocument('job', String(id));
    for (const [at, id] of ids.entries()) await makeDevice(this.#api, at, id);
    this.#objects = await look(this.#api);
  }
}

async function send(
  api: TestApi,
  protocol: Protocol,
  { token, method, url, body }: { token: string; method: string; url: string; body: unknown },
): Promise<Pick<Answer, 'status' | 'text'>> {
  if (protocol === 'SOAP') return await callAsRest(api, { method, url, body, token });
  return await api.call(method, url, { token, ...(body === undefined ? {} : { body }) });
}

async function populate(api: TestApi): Promise<void> {
  await api.call('PUT', '/files/fw.bin?type=firmware&version=2&productClass=4102S', { body: Buffer.from('x') });
  const set = { 'Device.A.One': markOf('preset-P', 'Device.A.One') };
  await api.call('PUT', '/presets/p', { body: { when: 'tag = "none"', set } });
  for (const [at, id] of ids.entries()) await makeDevice(api, at, id);
  await api.call('POST', '/rollouts', { body: { id: 'all', devices: ids, firmware: 'fw.bin' } });
  await makeJob(api);
}

function urlOf({ name, device, pick }: RandomCall, objects: Objects): { method: string; url: string } {
  const { method, path } = operationOf(name);
  const kind = /^\/(tasks|faults|rollouts|jobs)\/:id/.exec(path)?.[1] as keyof Objects | undefined;
  const id = kind ? one(objects[kind], pick) : ids[device];
  const parts = path.replace(':id', String(id)).replace(':name', path.startsWith('/files') ? 'fw.bin' : 'p');
  const places = {
    ':version': String(1 + (pick % 3)),
    ':started': '2026-01-01T00:00:00.000Z',
    ':n': '1',
    ':kind': 'ping',
  };
  return { method, url: Object.entries(places).reduce((url, [place, text]) => url.replace(place, text), parts) };
}

async function need(api: TestApi, method: string, path: string, body: unknown): Promise<Answer> {
  const answer = await api.call(method, path, { body });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer;
}

async function makeDevice(api: TestApi, at: number, id: string): Promise<void> {
  const { store, clock } = api.acs;
  const region = ['north', 'south', 'east'][at % 4];
  const site = { mark: markOf(id), ...(region ? { region } : {}) };
  await need(api, 'POST', '/devices', { id, tags: [`t${at % 3}`], site });
  const held = { fileType: '1 Vendor Configuration File', keep: 1, announced: 0 };
  await api.acs.fleet.backups.versions.put(id, inPieces(Buffer.from(markOf(id))), held);
  const values = paths.map(path => ({ path, value: markOf(id, path), type: 'xsd:string', time: clock.now() }));
  await store.putParameters(id, values);
  const ParameterList = Object.fromEntries(paths.map(path => [path, markOf(id, path)]));
  await need(api, 'POST', `/devices/${id}/tasks`, { method: 'SetParameterValues', args: { ParameterList } });
  const about = { code: 9007, retryAt: 0, now: 1, parameter: paths[at % paths.length] ?? '' };
  await store.apply(id, 'faultRaised', { ...about, cause: 'preset:x', message: markOf(id, about.parameter) });
  const overrides = { [paths[0] ?? '']: markOf(id, paths[0]) };
  await api.call('PATCH', `/devices/${id}?force=true`, { body: { overrides } });
}

/** A job that sets every path, and has failed on every device for a reason that tells a value. */
async function makeJob({ acs, call }: TestApi): Promise<void> {
  const set = Object.fromEntries(paths.map(path => [path, markOf(ids[0] ?? '', path)]));
  const notBefore = '2036-01-01T00:00:00Z';
  await call('POST', '/jobs', { body: { id: 'all', devices: { ids }, do: [{ set }], notBefore } });
  await acs.clock.settle();
  const { items } = await acs.store.jobPositions({ job: 'all', limit: 100 });
  assert.equal(items.length, ids.length);
  const failed = items.map((position, at) => ({
    ...position,
    ...{ state: 'failed' as const, code: 'fault-9007', version: position.version + 1 },
    body: { ...position.body, reason: markOf(position.device, paths[at % paths.length]) },
  }));
  await acs.store.moveJobPositions(failed);
}

async function look(api: TestApi): Promise<Objects> {
  const idsAt = async (path: string): Promise<string[]> =>
    (await api.call('GET', path)).json.items.map(({ id }) => String(id));
  return {
    tasks: await idsAt('/tasks?limit=500'),
    faults: await idsAt('/faults'),
    rollouts: await idsAt('/rollouts'),
    jobs: await idsAt('/jobs'),
  };
}

async function modelOf(api: TestApi, { level, roleFilter, filter, read, set }: RandomRights): Promise<Model> {
  const { store, clock } = api.acs;
  const isOwn = level === 'own';
  const tests = [isOwn ? roleFilter : undefined, filter].flatMap(text =>
    text ? [toPredicate(parseFilter(text))] : [],
  );
  const reached = new Set<string>();
  for (const id of ids) {
    const row = await store.device(id);
    if (row && tests.every(test => test(row, clock.now()))) reached.add(id);
  }
  const may = (list: string[] | undefined, path: string): boolean =>
    !isOwn || !list || list.some(each => covers(each, path));
  return {
    isScoped: tests.length > 0,
    reached,
    mayRead: path => may(read, path),
    maySet: path => may(set, path),
  };
}

/** Devices that the rights do not reach, as they are stored. */
async function excluded(api: TestApi, { reached }: Model): Promise<unknown[]> {
  return await Promise.all(ids.filter(id => !reached.has(id)).map(async id => await api.acs.store.device(id)));
}

/** @param echoed texts of the call itself, which an answer may repeat */
function assertClean(
  text: string,
  { reached, mayRead, isScoped }: Model,
  told: string,
  echoed: readonly string[] = [],
): void {
  for (const id of ids) {
    const isEchoed = echoed.some(each => each.includes(id));
    if (!reached.has(id) && isScoped) {
      assert.ok(isEchoed || !text.includes(id), `${told} names ${id}: ${text}`);
      assert.ok(!text.includes(`mark-${id.split('-').at(-1)}-`), `${told} shows ${id}: ${text}`);
    }
    for (const path of paths)
      if (!mayRead(path)) assert.ok(!text.includes(markOf(id, path)), `${told} shows ${path} of ${id}: ${text}`);
  }
}

function assertSets(answer: Pick<Answer, 'status'>, { name, path }: RandomCall, { maySet }: Model, told: string): void {
  const isSetting = ['addTask', 'patchDevice', 'putPreset', 'createJob'].includes(name) && answer.status < 300;
  if (isSetting) assert.ok(maySet(path), `${told} sets ${path}`);
}

async function judgeEvents(api: TestApi, principal: Principal, model: Model): Promise<void> {
  const { acs } = api;
  const texts: string[] = [];
  const caller = new Caller(acs, principal);
  const limited = new LimitedTexts({ caller, secrets: acs.secrets, clock: acs.clock, store: acs.store }, () =>
    assert.fail('overrun'),
  );
  if (!caller.isScoped && caller.readsAll) return;
  const write = (text: string): unknown => texts.push(text);
  for (const id of ids) {
    const row = await acs.store.device(id);
    for (const task of row?.tasks ?? []) limited.write('task', { task }, write);
    for (const fault of row?.faults ?? []) limited.write('fault', { fault }, write);
    for (const path of paths) {
      const value = markOf(id, path);
      limited.write('drift', { device: id, path, preset: 'p', state: 'fight', wanted: value, found: value }, write);
    }
  }
  await acs.clock.settle();
  assertClean(texts.join(''), model, 'the event stream');
}

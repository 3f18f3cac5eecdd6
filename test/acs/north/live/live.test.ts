// The event stream, and health and metrics beside the API.
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { MAX_WATCHERS } from '../../../../acs/north/live/sse.ts';
import { type Json, type TestApi, TOKEN, testApi } from '../../../support/acs/api.ts';
import { addTask, runSession } from '../../../support/acs/api-calls.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { eventually } from '../../../support/eventually.ts';

const secret = 'Device.X_0090F8_Cwmp.Password';

const isSession = (value: unknown): boolean => typeof value === 'object' && value !== null && 'rpcs' in value;

describe('live events', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  /** Opens the event stream. `until` reads on until the text has come. */
  const stream = async (
    base: string,
    query = '',
  ): Promise<{ until: (text: string) => Promise<string>; end: () => void }> => {
    const stop = new AbortController();
    const answer = await fetch(`${base}/api/v1/events${query}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: stop.signal,
    });
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    const reader = answer.body!.getReader();
    let heard = '';
    const until = async (text: string): Promise<string> => {
      while (!heard.includes(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${text}: ${heard}`);
        heard += Buffer.from(value).toString();
      }
      return heard;
    };
    return { until, end: () => stop.abort() };
  };

  it('B8: answers 503 to a watcher too many, and takes one again when another has gone', async () => {
    const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    const watchers = [];
    for (let count = 0; count < MAX_WATCHERS; count++) watchers.push(await stream(base, '?device=other'));
    const headers = { authorization: `Bearer ${TOKEN}` };
    const tooMany = await fetch(`${base}/api/v1/events`, { headers });
    assert.deepEqual([tooMany.status, ((await tooMany.json()) as Json).code], [503, 'too-many-watchers']);
    watchers.pop()?.end();
    await eventually('a free place', async () => {
      const again = await fetch(`${base}/api/v1/events`, { headers });
      await again.body?.cancel();
      return again.status === 200;
    });
    for (const { end } of watchers) end();
  });

  it('B8: makes the text of an event once for all watchers', async () => {
    const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    const watchers = [];
    for (let count = 0; count < 5; count++) watchers.push(await stream(base, '?types=session'));
    const stringify = mock.method(JSON, 'stringify');
    await runSession(api);
    for (const watcher of watchers) await watcher.until('event: session');
    const made = stringify.mock.calls.filter(({ arguments: [value] }) => isSession(value));
    mock.restoreAll();
    assert.equal(made.length, 1);
    for (const { end } of watchers) end();
  });

  it('streams events as they happen, with masked secrets, filtered on request', async () => {
    const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    const [all, tasks, other] = [
      await stream(base),
      await stream(base, '?types=task'),
      await stream(base, '?device=other'),
    ];
    await Promise.all([all, tasks, other].map(each => each.until(': connected')));
    await addTask(api, { method: 'SetParameterValues', args: { ParameterList: { [secret]: 'hidden' } } });
    await runSession(api);
    const heard = await all.until('event: session');
    for (const name of ['task', 'inform', 'rpc']) assert.match(heard, new RegExp(`event: ${name}\\ndata: \\{`));
    assert.doesNotMatch(heard, /hidden/);
    const only = await tasks.until('"state":"done"');
    assert.doesNotMatch(only, /event: (inform|rpc|session)/);
    await api.acs.clock.advance(16_000);
    assert.doesNotMatch(await other.until(': still here'), /event:/);
    for (const each of [all, tasks, other]) each.end();
    await api.refused(400, 'bad-input', 'GET', '/events?types=task,dance');
    await api.refused(400, 'bad-input', 'GET', '/events?colour=red');
  });

  it('answers health and metrics requests without token and device data', async () => {
    await runSession(api);
    const get = async (url: string) => await api.rest.inject({ url });
    assert.deepEqual([(await get('/healthz')).statusCode, (await get('/healthz')).body], [200, 'ok\n']);
    assert.deepEqual([(await get('/readyz')).statusCode, (await get('/readyz')).body], [200, 'ready\n']);
    const metrics = await get('/metrics');
    assert.match(String(metrics.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(metrics.body, /^acs_sessions_total\{outcome="ok"\} \d+$/m);
    assert.match(metrics.body, /^# HELP acs_rpcs_total /m);
    assert.doesNotMatch(metrics.body, /0090F8/);
  });
});

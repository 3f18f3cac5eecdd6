// The sessions of a device: listed without tracing, read with the messages of a trace.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { addTask, runSession } from '../../../support/acs/api-calls.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId } from '../../../support/devices.ts';

describe('sessions of a device', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
    await api.acs.clock.advance(60_000);
  });
  afterEach(async () => await api.close());

  const sessions = async (query = ''): Promise<Json> =>
    (await api.call('GET', `/devices/${deviceId}/sessions${query}`)).json;

  it('are listed newest first in pages, though no trace is on', async () => {
    for (let count = 0; count < 4; count++) {
      await runSession(api);
      await api.acs.clock.advance(60_000);
    }
    const { items, next } = await sessions('?limit=3');
    const [last] = items as [Json];
    assert.equal(items.length, 3);
    assert.deepEqual([last.events, last.outcome, last.fault, last.tls], [['2 PERIODIC'], 'ok', null, 'proxy']);
    assert.ok(Number(last.bytesUp) > 500 && Number(last.bytesDown) > 300, JSON.stringify(last));
    assert.ok(Date.parse(String(last.ended)) >= Date.parse(String(last.started)));
    const rest = await sessions(`?cursor=${String(next)}`);
    assert.deepEqual([rest.items.length, rest.next], [2, null]);
    assert.deepEqual(rest.items.at(-1)?.events, ['0 BOOTSTRAP', '1 BOOT']);
    await api.refused(400, 'bad-cursor', 'GET', `/devices/${deviceId}/sessions?cursor=x`);
    await api.refused(404, 'no-such-device', 'GET', '/devices/none/sessions');
  });

  it('show the outcome and the last fault of one that died in the middle', async () => {
    await addTask(api, { method: 'GetParameterNames', args: { ParameterPath: 'Device.X.', NextLevel: true } });
    await addTask(api, { method: 'GetParameterNames', args: { ParameterPath: 'Device.Y.', NextLevel: true } });
    let calls = 0;
    const cpe = new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] });
    const dying = cpe.session(() => {
      if (calls++ > 0) throw new Error('the power is gone');
      return new CwmpFault(9005, 'no such parameter');
    });
    await assert.rejects(dying, /power/);
    await api.acs.clock.advance(60_000);
    const [dead] = (await sessions()).items;
    assert.deepEqual([dead?.outcome, dead?.fault, dead?.rpcs], ['lost', 9005, 2]);
    assert.match(String(dead?.error), /30 s|silent|seconds/);
  });

  it('have the messages of a trace without XML, and each message with it', async () => {
    await runSession(api);
    const untraced = String((await sessions()).items[0]?.started);
    await api.acs.clock.advance(60_000);
    await api.call('PUT', `/devices/${deviceId}/trace`, { body: { on: true } });
    await runSession(api);
    const started = String((await sessions()).items[0]?.started);
    const path = `/devices/${deviceId}/sessions/${started}`;
    const { json, text } = await api.call('GET', path);
    const messages = json.messages as Json[];
    assert.deepEqual([messages[0]?.n, messages[0]?.what], [1, 'Inform (2 PERIODIC)']);
    assert.doesNotMatch(text, /Envelope/);
    const message = await api.call('GET', `${path}/messages/1`);
    assert.match(String(message.json.xml), /<[^>]*Inform/);
    await api.refused(404, 'no-such-message', 'GET', `${path}/messages/99`);
    await api.refused(404, 'no-such-message', 'GET', `/devices/${deviceId}/sessions/${untraced}/messages/1`);
    assert.equal((await api.call('GET', `/devices/${deviceId}/sessions/${untraced}`)).json.messages, null);
    await api.refused(404, 'no-such-session', 'GET', `/devices/${deviceId}/sessions/2001-01-01T00:00:00Z`);
    await api.refused(400, 'bad-time', 'GET', `/devices/${deviceId}/sessions/yesterday`);
    await api.refused(403, 'forbidden', 'GET', `${path}/messages/1`, { token: 'viewer-token' });
  });
});

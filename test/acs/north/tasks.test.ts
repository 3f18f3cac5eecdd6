// Operations on tasks.
import assert from 'node:assert/strict';
import { taskView } from '../../../acs/north/views/core.ts';
import { TaskViews } from '../../../acs/north/views/tasks.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { addTask, runSession } from '../../support/acs/api-calls.ts';
import { memoryCpe, ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId, taskOf } from '../../support/devices.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const secret = 'Device.X_0090F8_Cwmp.Password';

describe('task API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
  });
  afterEach(async () => await api.close());

  it('forgets the values of a row once the device has deleted it', async () => {
    const known = async (): Promise<unknown[]> =>
      (await api.call('GET', `/devices/${encodeURIComponent(deviceId)}/parameters?prefix=Device.X.`)).json.items;
    const ParameterList = ['Device.X.1.A', 'Device.X.10.A'].map(Name => ({ Name, Value: '1', Type: 'xsd:string' }));
    await addTask(api, { method: 'GetParameterValues', args: { ParameterNames: ['Device.X.'] } });
    await addTask(api, { method: 'DeleteObject', args: { ObjectName: 'Device.X.1.' } });
    await new ScriptedCpe(api.acs.app).session(method =>
      method === 'GetParameterValues' ? { ParameterList } : { Status: 0 },
    );
    assert.deepEqual(
      (await known()).map(item => (item as { path: string }).path),
      ['Device.X.10.A'],
    );
  });

  it('queues, reads, lists (newest first) and cancels tasks', async () => {
    const first = await addTask(api, { method: 'Reboot', args: { CommandKey: 'x' } });
    assert.deepEqual(
      [first.state, first.device, first.method, first.args],
      ['queued', deviceId, 'Reboot', { CommandKey: 'x' }],
    );
    await api.acs.clock.advance(1000);
    const second = await addTask(api, { method: 'GetRPCMethods', expiresIn: 60 });
    assert.equal(Date.parse(String(second.expires)) - Date.parse(String(second.created)), 60_000);
    const listed = (await api.call('GET', `/tasks?device=${encodeURIComponent(deviceId)}`)).json.items;
    assert.deepEqual(
      listed.map(task => task.id),
      [second.id, first.id],
    );
    assert.deepEqual(
      (await api.call('GET', '/tasks?limit=1')).json.items.map(task => task.id),
      [second.id],
    );
    assert.deepEqual((await api.call('GET', '/tasks?device=other')).json.items, []);
    const { items, next } = (await api.call('GET', '/tasks?limit=1')).json;
    const { items: rest } = (await api.call('GET', `/tasks?cursor=${next}`)).json;
    assert.deepEqual([...items, ...rest], (await api.call('GET', '/tasks')).json.items, 'B3: in pages');
    await api.refused(400, 'bad-cursor', 'GET', '/tasks?cursor=x');
    assert.deepEqual((await api.call('GET', `/tasks/${first.id}`)).json, first);
    assert.equal((await api.call('DELETE', `/tasks/${first.id}`)).json.state, 'cancelled');
    await api.refused(409, 'task-ended', 'DELETE', `/tasks/${first.id}`);
    await api.refused(404, 'no-such-task', 'GET', '/tasks/none');
    await api.refused(404, 'no-such-task', 'DELETE', '/tasks/none');
    const { asked } = await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session(() => ({
      MethodList: ['Inform'],
    }));
    assert.deepEqual(
      asked.map(entry => entry.method),
      ['GetRPCMethods'],
    );
  });

  it('lists tasks by state, method, time and device, with the fields that are asked for', async () => {
    const first = await addTask(api, { method: 'Reboot', args: { CommandKey: 'x' } });
    await api.acs.clock.advance(60_000);
    const second = await addTask(api, { method: 'GetRPCMethods' });
    await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session(method =>
      method === 'Reboot' ? new CwmpFault(9001, '=1+1') : { MethodList: ['Inform'] },
    );
    const listed = async (query: string): Promise<unknown[]> =>
      (await api.call('GET', `/tasks?${query}`)).json.items.map(({ id }) => id);
    assert.deepEqual(await listed('state=done,queued'), [second.id]);
    assert.deepEqual(await listed('state=failed&method=Reboot'), [first.id]);
    assert.deepEqual(await listed(`from=${String(second.created)}`), [second.id]);
    assert.deepEqual(await listed(`to=${String(first.created)}`), [first.id]);
    assert.deepEqual(await listed('sort=created'), [first.id, second.id]);
    assert.deepEqual(await listed(`filter=${encodeURIComponent('productClass = "C711"')}`), []);
    const { json } = await api.call('GET', '/tasks?fields=method,state,fault.code&count=true&limit=1');
    assert.deepEqual([json.items, json.total], [[{ method: 'GetRPCMethods', state: 'done', 'fault.code': null }], 2]);
    assert.deepEqual((await api.call('GET', '/tasks?state=done&fields=result')).json.items, [
      { result: { MethodList: ['Inform'] } },
    ]);
    const csv = await api.call('GET', '/tasks?fields=method,fault.message&separator=;', {
      headers: { accept: 'text/csv' },
    });
    assert.equal(csv.text, "method;fault.message\r\nGetRPCMethods;\r\nReboot;'=1+1\r\n");
    await api.refused(400, 'bad-input', 'GET', '/tasks?state=lost');
    await api.refused(400, 'bad-time', 'GET', '/tasks?from=yesterday');
    await api.refused(400, 'bad-field', 'GET', '/tasks?fields=sentBy');
  });

  it('shows a long result in parts, the same as in one, with breaks between them', async () => {
    const ParameterList = Array.from({ length: 5000 }, (_, at) => ({
      ...{ Name: at % 2 ? `Device.P.${at}` : secret, Value: `hidden-${at}`, Type: 'xsd:string' },
    }));
    const show = {
      secrets: api.acs.secrets,
      caller: { readsAll: false, mayRead: (path: string) => path !== 'Device.P.1' },
    };
    const task = { ...taskOf('t', 'GetParameterValues', 1), result: { ParameterList, Status: 0 } };
    let turns = 0;
    const count = (): void => {
      turns++;
      if (turns < 1000) setImmediate(count);
    };
    setImmediate(count);
    const shown = await new TaskViews(show).of(task);
    const seen = turns;
    turns = 1000;
    assert.ok(seen >= 4, `${seen} turns`);
    assert.deepEqual(shown, taskView(task, show));
    assert.equal((shown.result as { ParameterList: Json[] }).ParameterList.length, 4999);
  });

  it('accepts every RPC of Annex A with the arguments of the standard', async () => {
    const good: [string, object][] = [
      ['GetRPCMethods', {}],
      ['SetParameterValues', { ParameterList: { [interval]: 60 }, ParameterKey: 'k' }],
      ['SetParameterValues', { ParameterList: [{ Name: interval, Value: '60', Type: 'xsd:unsignedInt' }] }],
      ['GetParameterValues', { ParameterNames: ['Device.'] }],
      ['GetParameterNames', { ParameterPath: 'Device.', NextLevel: true }],
      [
        'SetParameterAttributes',
        {
          ParameterList: [
            { Name: interval, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
          ],
        },
      ],
      ['GetParameterAttributes', { ParameterNames: [interval] }],
      ['AddObject', { ObjectName: 'Device.X.' }],
      ['DeleteObject', { ObjectName: 'Device.X.1.' }],
      ['Reboot', {}],
      ['FactoryReset', {}],
      ['Download', { FileType: '1 Firmware Upgrade Image', URL: 'http://127.0.0.1/x', FileSize: 1 }],
      ['Upload', { FileType: '1 Vendor Configuration File', URL: 'http://127.0.0.1/x' }],
      ['ScheduleInform', { DelaySeconds: 5 }],
      ['GetAllQueuedTransfers', {}],
      ['CancelTransfer', { CommandKey: 'z' }],
    ];
    for (const [method, args] of good) assert.equal((await addTask(api, { method, args })).state, 'queued', method);
  });

  const wrong: [string, object, string, RegExp][] = [
    ['a task without method', {}, 'bad-input', /method/],
    [
      'an unknown method',
      { method: 'Dance' },
      'unknown-method',
      /'Dance' is not an RPC that an ACS calls \(known: .*Reboot/,
    ],
    ['a method of the other side', { method: 'Inform' }, 'unknown-method', /Inform/],
    ['a method name of Object.prototype', { method: 'constructor' }, 'unknown-method', /constructor/],
    ['an unknown argument', { method: 'Reboot', args: { Colour: 1 } }, 'invalid-argument', /Colour/],
    ['a missing argument', { method: 'AddObject' }, 'invalid-argument', /ObjectName/],
    [
      'a wrong type',
      { method: 'GetParameterNames', args: { ParameterPath: 'Device.', NextLevel: 'maybe' } },
      'invalid-argument',
      /NextLevel/,
    ],
    [
      'a number for a list',
      { method: 'GetParameterValues', args: { ParameterNames: 5 } },
      'invalid-argument',
      /ParameterNames/,
    ],
    [
      'a CommandKey that is too long',
      { method: 'Reboot', args: { CommandKey: 'x'.repeat(33) } },
      'invalid-argument',
      /CommandKey/,
    ],
    ['an unknown field', { method: 'Reboot', arguments: {} }, 'bad-input', /unknown field arguments/],
    [
      'a file for a method without transfer',
      { method: 'Reboot', file: 'x' },
      'file-not-allowed',
      /Reboot takes no file/,
    ],
    [
      'a Download without source',
      { method: 'Download', args: { FileType: '1 Firmware Upgrade Image' } },
      'no-source',
      /file or args\.URL/,
    ],
  ];
  for (const [name, body, code, detail] of wrong) {
    it(`refuses ${name} and names it`, async () => {
      const problem = await api.refused(400, code, 'POST', `/devices/${deviceId}/tasks`, { body });
      assert.match(String(problem.detail), detail);
    });
  }

  it('refuses an unknown device or file, an open CommandKey, and more than 100 tasks', async () => {
    await api.refused(404, 'no-such-device', 'POST', '/devices/0090F8-X-1/tasks', { body: { method: 'Reboot' } });
    await api.refused(404, 'no-such-file', 'POST', `/devices/${deviceId}/tasks`, {
      body: { method: 'Download', file: 'none' },
    });
    await addTask(api, { method: 'Reboot', args: { CommandKey: 'x' } });
    const twice = { body: { method: 'Reboot', args: { CommandKey: 'x' } } };
    assert.match(
      String((await api.refused(409, 'command-key-open', 'POST', `/devices/${deviceId}/tasks`, twice)).detail),
      /"x" is open/,
    );
    for (let n = 1; n < 100; n++) await addTask(api, { method: 'GetRPCMethods' });
    await api.refused(429, 'too-many-tasks', 'POST', `/devices/${deviceId}/tasks`, {
      body: { method: 'GetRPCMethods' },
    });
  });

  it('sends a connection request and answers with the outcome when `wait` is given', async () => {
    const cpe = memoryCpe({ [interval]: '3600' });
    api.wake(async () => {
      void runSession(api, cpe, ['6 CONNECTION REQUEST']);
      return { accepted: true };
    });
    const read = await api.call('POST', `/devices/${deviceId}/tasks?wait=30`, {
      body: { method: 'GetParameterValues', args: { ParameterNames: [interval] } },
    });
    assert.equal(read.status, 200, read.text);
    assert.equal(read.json.state, 'done');
    assert.deepEqual(
      (read.json.result as { ParameterList: Json[] }).ParameterList.map(entry => entry.Value),
      ['3600'],
    );
    api.wake(async () => {
      void new ScriptedCpe(api.acs.app, { events: ['6 CONNECTION REQUEST'] }).session(
        () => new CwmpFault(9003, 'no', [{ name: interval, code: 9007, message: 'not so' }]),
      );
      return { accepted: true };
    });
    const failed = await api.call('POST', `/devices/${deviceId}/tasks?wait=30`, {
      body: { method: 'SetParameterValues', args: { ParameterList: { [interval]: 'x' } } },
    });
    assert.deepEqual([failed.status, failed.json.state], [200, 'failed']);
    assert.deepEqual(failed.json.fault, {
      code: 9003,
      message: 'no',
      parameters: [{ name: interval, code: 9007, message: 'not so' }],
    });
  });

  it('answers 202 with the connection error when the time of `wait` is over', async () => {
    api.wake(async () => ({ accepted: false, reason: 'nobody there' }));
    const waiting = api.call('POST', `/devices/${deviceId}/tasks?wait=30`, { body: { method: 'GetRPCMethods' } });
    await api.acs.clock.advance(31_000);
    const answer = await waiting;
    assert.deepEqual(
      [answer.status, answer.json.state, answer.json.connectionRequest],
      [202, 'queued', 'nobody there'],
    );
    await api.refused(400, 'bad-input', 'POST', `/devices/${deviceId}/tasks?wait=soon`, {
      body: { method: 'GetRPCMethods' },
    });
    await api.refused(400, 'bad-input', 'POST', `/devices/${deviceId}/tasks?wait=601`, {
      body: { method: 'GetRPCMethods' },
    });
  });

  it('masks secrets in arguments and results', async () => {
    const task = await addTask(api, {
      method: 'SetParameterValues',
      args: { ParameterList: { [secret]: 'hidden-1', [interval]: '60' } },
    });
    const list = (task.args as { ParameterList: Json[] }).ParameterList;
    assert.deepEqual(
      list.map(entry => entry.Value),
      ['***', '60'],
    );
    await addTask(api, { method: 'GetParameterValues', args: { ParameterNames: ['Device.'] } });
    await addTask(api, {
      method: 'Download',
      args: { FileType: '1 Firmware Upgrade Image', URL: 'http://127.0.0.1/x', Username: 'u', Password: 'hidden-2' },
    });
    const cpe = memoryCpe({ [secret]: 'hidden-3', [interval]: '1' });
    const { asked } = await runSession(api, cpe);
    assert.equal(cpe.values.get(secret), 'hidden-1', 'it reached the device as it was given');
    assert.equal(asked[2]?.args.Password, 'hidden-2');
    for (const path of ['/tasks', `/devices/${deviceId}/parameters`, `/devices/${deviceId}`])
      assert.doesNotMatch((await api.call('GET', path)).text, /hidden/, path);
  });
});

// Tasks in a session: sent, settled by evidence, cancelled.
import assert from 'node:assert/strict';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe, transferComplete } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

describe('tasks in a session', () => {
  let acs: TestAcs;
  const open = async (options: Parameters<typeof testAcs>[0] = {}): Promise<TestAcs> => {
    acs = await testAcs(options);
    return acs;
  };
  afterEach(async () => await acs.close());

  beforeEach(async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(acs.app).session();
  });

  it('does not send a task that is cancelled during the session', async () => {
    const add = (method: string, args: object) => acs.fleet.tasks.add(id, { method, args: { ...args } });
    const first = await add('GetParameterValues', { ParameterNames: ['Device.DeviceInfo.'] });
    const others = [
      await add('SetParameterValues', { ParameterList: { 'Device.X_0090F8_Cwmp.Username': 'x' } }),
      await add('AddObject', { ObjectName: 'Device.A.' }),
    ];
    const cancelled: Promise<unknown>[] = [];
    const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(() => {
      cancelled.push(...others.splice(0).map(task => acs.fleet.tasks.cancel(task.id)));
      return { ParameterList: [] };
    });
    assert.deepEqual(
      asked.map(entry => entry.method),
      ['GetParameterValues'],
    );
    assert.equal((await acs.fleet.tasks.get(first.id)).state, 'done');
    assert.deepEqual(
      (await Promise.all(cancelled)).map(task => (task as { state: string }).state),
      ['cancelled', 'cancelled'],
    );
  });

  it('keeps a task cancelled that is cancelled while the device works on it', async () => {
    const task = await acs.fleet.tasks.add(id, {
      method: 'GetParameterValues',
      args: { ParameterNames: ['Device.'] },
    });
    const reported: string[] = [];
    acs.events.on('task', event => reported.push(event.task.state));
    let cancelled: Promise<unknown> | undefined;
    await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(() => {
      cancelled = acs.fleet.tasks.cancel(task.id);
      return { ParameterList: [] };
    });
    await cancelled;
    assert.equal((await acs.fleet.tasks.get(task.id)).state, 'cancelled');
    assert.deepEqual(reported, ['cancelled']);
  });

  it('settles a Download by its TransferComplete, which may come twice', async () => {
    await acs.fleet.files.put('fw.bin', Buffer.from('image'), { type: 'firmware', version: '49.2.2941' });
    const task = await acs.fleet.tasks.add(id, { method: 'Download', file: 'fw.bin' });
    const cpe = memoryCpe({});
    const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(cpe.answer);
    const { URL: url, FileType, FileSize } = asked[0]?.args ?? {};
    assert.equal(FileType, '1 Firmware Upgrade Image');
    assert.equal(FileSize, 5);
    const path = String(url).replace('https://acs.test', '');
    const bytes = await acs.app.inject({ url: path });
    assert.equal(bytes.body, 'image');
    const part = await acs.app.inject({ url: path, headers: { range: 'bytes=1-2' } });
    assert.deepEqual([part.statusCode, part.body, part.headers['content-range']], [206, 'ma', 'bytes 1-2/5']);
    assert.equal((await acs.app.inject({ url: path.replace(/.(?=\/fw)/, 'A') })).statusCode, 404, 'another tag');

    const done = transferComplete(task.id);
    const events = ['1 BOOT', '7 TRANSFER COMPLETE', `M Download|${task.id}`];
    const { own } = await new ScriptedCpe(acs.app, { events }).session(cpe.answer, [done, done]);
    assert.deepEqual(
      own.map(answer => answer.envelope?.body.kind),
      ['response', 'response'],
    );
    assert.equal((await acs.fleet.tasks.get(task.id)).state, 'done');
    assert.equal((await acs.app.inject({ url: path })).statusCode, 404, 'the link ends with the transfer');
  });
});

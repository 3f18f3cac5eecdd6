// Tasks in a session: sent, settled by evidence, cancelled.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { memoryCpe, ScriptedCpe, type TestAcs, testAcs, transferComplete } from '../../support/acs/memory-acs.ts';
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

  it('sends tasks in order, settles them by their answers and stores the values read', async () => {
    const first = await acs.fleet.tasks.add(id, {
      method: 'GetParameterValues',
      args: { ParameterNames: ['Device.DeviceInfo.'] },
    });
    const second = await acs.fleet.tasks.add(id, {
      method: 'SetParameterValues',
      args: { ParameterList: { 'Device.X_0090F8_Cwmp.Username': 'x' } },
    });
    const cpe = memoryCpe({ 'Device.DeviceInfo.Manufacturer': 'Media5' });
    const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(cpe.answer);
    assert.deepEqual(
      asked.map(entry => entry.method),
      ['GetParameterValues', 'SetParameterValues'],
    );
    assert.equal((await acs.fleet.tasks.get(first.id)).state, 'done');
    assert.equal((await acs.fleet.tasks.get(second.id)).state, 'done');
    const known = await acs.fleet.devices.parameters(id, 'Device.DeviceInfo.');
    assert.deepEqual(
      known.map(value => [value.path, value.value]),
      [['Device.DeviceInfo.Manufacturer', 'Media5']],
    );
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

  it('stores a fault with each wrong parameter', async () => {
    const task = await acs.fleet.tasks.add(id, {
      method: 'SetParameterValues',
      args: { ParameterList: { 'Device.X.A': '1' } },
    });
    await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(
      () =>
        new CwmpFault(9003, 'Invalid arguments', [
          { name: 'Device.X.A', code: 9005, message: 'Invalid parameter name' },
        ]),
    );
    const settled = await acs.fleet.tasks.get(task.id);
    assert.equal(settled.state, 'failed');
    assert.deepEqual(settled.fault?.parameters, [
      { name: 'Device.X.A', code: 9005, message: 'Invalid parameter name' },
    ]);
  });

  it('settles a Reboot by M Reboot with its CommandKey and sends nothing after it', async () => {
    const reboot = await acs.fleet.tasks.add(id, { method: 'Reboot', args: { CommandKey: 'night' } });
    const later = await acs.fleet.tasks.add(id, { method: 'GetRPCMethods' });
    const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session();
    assert.deepEqual(
      asked.map(entry => entry.method),
      ['Reboot'],
    );
    assert.equal((await acs.fleet.tasks.get(reboot.id)).state, 'waiting');
    const after = await new ScriptedCpe(acs.app, { events: ['1 BOOT', 'M Reboot|night'] }).session(() => ({
      MethodList: ['Inform'],
    }));
    assert.equal((await acs.fleet.tasks.get(reboot.id)).state, 'done');
    assert.deepEqual(
      after.asked.map(entry => entry.method),
      ['GetRPCMethods'],
    );
    assert.equal((await acs.fleet.tasks.get(later.id)).state, 'done');
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

  it('does not repeat a non-repeatable RPC whose answer never came', async () => {
    const task = await acs.fleet.tasks.add(id, { method: 'Reboot' });
    const lost = new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] });
    await lost.post(lost.inform());
    const request = await lost.post(undefined);
    assert.ok(request.envelope?.body.kind === 'request' && request.envelope.body.method === 'Reboot');
    await acs.clock.advance(120_000);
    assert.equal((await acs.fleet.tasks.get(task.id)).state, 'sent');
    for (let round = 0; round < 4; round++) {
      const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session();
      assert.deepEqual(asked, []);
    }
    const settled = await acs.fleet.tasks.get(task.id);
    assert.equal(settled.state, 'failed');
    assert.match(String(settled.fault?.message), /outcome unknown/);
  });
});

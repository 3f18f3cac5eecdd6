// File transfers that the ACS orders: from the request to the delivery of TransferComplete.
import assert from 'node:assert/strict';
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  fault,
  friendly,
  informResponse,
  resultOf,
} from '../../support/cpe/scripted-acs.ts';
import { download, file, firmware, IMAGE, TransferWorld } from '../../support/cpe/transfer-world.ts';
import { eventually } from '../../support/eventually.ts';

describe('file transfers (TR-069 A.3.2.8, 3.4.3)', () => {
  let on: TransferWorld;
  beforeEach(async () => {
    on = await TransferWorld.open();
  });
  afterEach(() => on.close());

  it('retries when the server went away, and reports the outcome once', async () => {
    on.files.play({ cut: true }, { cut: true }, file('Cwmp.PeriodicInformInterval=1234\n'));
    await on.start([download({ URL: on.files.url })]);
    for (const pause of [1_000, 4_000]) {
      await on.unit.until(() => on.unit.device.state.facts.transfers.some(({ state }) => state === 'queued'));
      await on.unit.clock.advance(pause);
      await on.unit.until(() => !on.unit.device.state.facts.transfers.some(({ state }) => state === 'running'));
    }
    assert.equal((await on.done())?.FaultStruct.FaultCode, 0);
    assert.equal(on.completes().length, 1);
    assert.equal(on.unit.device.config.variable('Cwmp.PeriodicInformInterval'), '1234');
  });

  it('answers Status 1 with Unknown Times, transfers after the session, and reports once', async () => {
    on.files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
    let early = 0;
    await on.start([
      download({ URL: on.files.url }),
      () => {
        early = on.files.heard.length;
        return {};
      },
    ]);
    const unknown = '0001-01-01T00:00:00Z';
    assert.deepEqual(resultOf(on.acs.heard[2], 'Download'), { Status: 1, StartTime: unknown, CompleteTime: unknown });
    const complete = await on.done();
    assert.equal(early, 0);
    assert.deepEqual(on.events(2), ['7 TRANSFER COMPLETE', 'M Download key']);
    assert.equal(complete?.CommandKey, 'key');
    assert.deepEqual(complete?.FaultStruct, { FaultCode: 0, FaultString: '' });
    assert.match(complete?.StartTime ?? '', /^2026-01-01T.*Z$/);
    assert.match(complete?.CompleteTime ?? '', /^2026-01-01T.*Z$/);
    assert.equal(on.unit.device.config.variable('Cwmp.PeriodicInformInterval'), '1234');
    assert.deepEqual(on.acs.names().slice(3), ['Inform', 'TransferComplete', '(empty)']);
    assert.equal(on.files.heard[0]?.method, 'GET');
    await on.unit.clock.advance(3_600_000);
    assert.equal(on.completes().length, 1);
    assert.equal(on.files.heard.length, 1);
  });

  it('reboots into new firmware, informs with [1 BOOT, 7, M Download, 4], sends TransferComplete', async () => {
    on.files.play(file(firmware()));
    await on.start([download({ URL: on.files.url, FileType: IMAGE, FileSize: firmware().length })]);
    const complete = await on.done();
    assert.deepEqual(on.events(2), ['1 BOOT', '7 TRANSFER COMPLETE', 'M Download key', '4 VALUE CHANGE']);
    const inform = argumentsOf(on.acs.heard[3], 'Inform');
    assert.equal(
      inform.ParameterList.find(({ Name }) => Name === 'Device.DeviceInfo.SoftwareVersion')?.Value,
      '49.0.2809',
    );
    assert.equal(complete?.FaultStruct.FaultCode, 0);
    assert.equal(on.unit.device.softwareVersion, '49.0.2809');
    assert.equal(on.unit.sessions.length, 2);
  });

  it('waits DelaySeconds', async () => {
    on.files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
    await on.start([download({ URL: on.files.url, DelaySeconds: 100 })]);
    await on.unit.clock.advance(99_000);
    assert.equal(on.files.heard.length, 0);
    await on.unit.clock.advance(1500);
    await on.done();
  });

  it('uploads the configuration by PUT, and reports M Upload', async () => {
    const upload: Arguments<'Upload'> = {
      CommandKey: 'up',
      FileType: '1 Vendor Configuration File',
      URL: on.files.url,
      Username: '',
      Password: '',
      DelaySeconds: 0,
    };
    on.files.play({ status: 201 }, { status: 500 });
    await on.start([
      ask('Upload', upload),
      ask('Upload', { ...upload, FileType: '2 Vendor Log File', CommandKey: 'log' }),
      ask('Upload', { ...upload, FileType: IMAGE }),
    ]);
    assert.equal(on.acs.names()[4], 'Fault 9003');
    await on.done(2);
    assert.equal(on.files.heard[0]?.method, 'PUT');
    assert.match(on.files.heard[0]?.text ?? '', /Cwmp Service/);
    assert.deepEqual(
      on.completes().map(({ CommandKey, FaultStruct }) => [CommandKey, FaultStruct.FaultCode]),
      [
        ['up', 0],
        ['log', 9011],
      ],
    );
    assert.ok(on.unit.sessions.flatMap(({ events }) => events).some(({ EventCode }) => EventCode === 'M Upload'));
  });

  describe('delivery of TransferComplete (A.3.3.2)', () => {
    it('repeats it identically at 8005, and in a later session after a fault', async () => {
      on.files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
      await on.start([download({ URL: on.files.url }), {}, informResponse(), fault(8005), fault(8002)]);
      await on.unit.ended(2);
      assert.equal(on.unit.sessions[1]?.ok, true);
      await on.unit.clock.advance(10_000);
      await on.done(3);
      const texts = on.acs.heard.filter((_, at) => on.acs.names()[at] === 'TransferComplete').map(({ text }) => text);
      assert.equal(texts[0], texts[1]);
      assert.deepEqual(on.acs.names().slice(3, 7), ['Inform', 'TransferComplete', 'TransferComplete', '(empty)']);
    });

    it('waits until HoldRequests is off', async () => {
      on.files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
      const hold = { holdRequests: true };
      await on.start([
        download({ URL: on.files.url }),
        {},
        informResponse(hold),
        ask('GetRPCMethods', {}, hold),
        ask('GetRPCMethods', {}, { holdRequests: false }),
        {},
        friendly,
        ask('GetRPCMethods', {}),
        {},
      ]);
      await on.done();
      await on.unit.ended(2);
      assert.deepEqual(on.acs.names().slice(3), [
        'Inform',
        '(empty)',
        'GetRPCMethodsResponse',
        'GetRPCMethodsResponse',
        'TransferComplete',
        '(empty)',
        'GetRPCMethodsResponse',
      ]);
      assert.equal(on.unit.sessions[1]?.ok, true);
    });

    it('repeats it after a lost response and after a reboot', async () => {
      on.files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
      await on.start([download({ URL: on.files.url }), {}, informResponse(), { cut: true }]);
      await on.unit.ended(2);
      assert.equal(on.unit.sessions[1]?.ok, false);
      await on.unit.gateway.powerOff();
      await on.unit.boot();
      await on.done(2);
      assert.deepEqual(on.events(3), ['1 BOOT', '7 TRANSFER COMPLETE', 'M Download key']);
      assert.equal(on.files.heard.length, 1);
    });
  });

  it('schedules, lists and cancels transfers (plain device)', async () => {
    const window = { WindowMode: '1 At Any Time', UserMessage: '', MaxRetries: 1 };
    const scheduled = (CommandKey: string, spans: [number, number][]): Answer =>
      ask('ScheduleDownload', {
        CommandKey,
        FileType: IMAGE,
        URL: on.files.url,
        Username: '',
        Password: '',
        FileSize: 0,
        TargetFileName: '',
        TimeWindowList: spans.map(([WindowStart, WindowEnd]) => ({ ...window, WindowStart, WindowEnd })),
      });
    on.files.always({ status: 404 });
    await on.start(
      [
        scheduled('bad', [[100, 100]]),
        scheduled('overlap', [
          [0, 100],
          [50, 150],
        ]),
        scheduled('good', [
          [100, 200],
          [1000, 2000],
        ]),
        scheduled('gone', [[100, 200]]),
        ask('CancelTransfer', { CommandKey: 'gone' }),
        ask('CancelTransfer', { CommandKey: 'unknown' }),
        ask('GetAllQueuedTransfers', {}),
        ask('GetQueuedTransfers', {}),
      ],
      { model: 'device' },
    );
    assert.deepEqual(on.acs.names().slice(2), [
      'Fault 9003',
      'Fault 9003',
      'ScheduleDownloadResponse',
      'ScheduleDownloadResponse',
      'CancelTransferResponse',
      'CancelTransferResponse',
      'GetAllQueuedTransfersResponse',
      'GetQueuedTransfersResponse',
    ]);
    assert.deepEqual(resultOf(on.acs.heard[8], 'GetAllQueuedTransfers').TransferList, [
      { CommandKey: 'good', State: 1, IsDownload: true, FileType: IMAGE, FileSize: 0, TargetFileName: '' },
    ]);
    assert.deepEqual(resultOf(on.acs.heard[9], 'GetQueuedTransfers').TransferList, [{ CommandKey: 'good', State: 1 }]);
    // Two tries in the first window, two in the second.
    for (const [seconds, tries] of [
      [101, 1],
      [61, 2],
      [837, 2],
      [5, 3],
      [62, 4],
    ] as const) {
      await on.unit.clock.advance(seconds * 1000);
      await on.files.until(tries);
      assert.equal(on.files.heard.length, tries);
      await eventually('the transfer has ended', () => on.unit.device.state.facts.transfers[0]?.state !== 'running');
    }
    const complete = await on.done();
    assert.equal(complete?.FaultStruct.FaultCode, 9016);
    assert.deepEqual(on.events(2), ['7 TRANSFER COMPLETE', 'M ScheduleDownload good']);
  });

  it('reports 9020 for a window that passed while the unit was off', async () => {
    await on.start(
      [
        ask('ScheduleDownload', {
          CommandKey: 'late',
          FileType: IMAGE,
          URL: on.files.url,
          Username: '',
          Password: '',
          FileSize: 0,
          TargetFileName: '',
          TimeWindowList: [
            { WindowStart: 10, WindowEnd: 20, WindowMode: '3 When Idle', UserMessage: '', MaxRetries: -1 },
          ],
        }),
      ],
      { model: 'device' },
    );
    await on.unit.gateway.powerOff();
    await on.unit.clock.advance(60_000);
    await on.unit.boot();
    assert.equal((await on.done())?.FaultStruct.FaultCode, 9020);
    assert.equal(on.files.heard.length, 0);
  });
});

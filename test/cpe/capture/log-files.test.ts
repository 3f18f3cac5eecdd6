// The action Log to File of a notification, and the listeners that SNMP traps are made by.
import assert from 'node:assert/strict';
import { LogFiles } from '../../../cpe/services/common/log-files.ts';
import { onNotification, type ReportedNotification } from '../../../cpe/services/nlm.ts';
import { Gateways, SCRIPT } from '../../support/cpe/gateways.ts';

const toFile = (...more: string[]): Buffer =>
  Buffer.from(
    [
      'Conf.MinSeverity = Info',
      'Nlm.InsertEvent',
      'Nlm.Events[Index=1].Criteria = "All"',
      'Nlm.Events[Index=1].Action = LogToFile',
      ...more,
    ].join('\n'),
  );

describe('notifications that are logged to files', () => {
  let on: Gateways;
  before(async () => {
    on = await Gateways.open();
  });
  after(() => on.close());

  it('are fetched by an Upload, in files by the settings of Nlm', async () => {
    const identity = {
      manufacturer: 'M',
      oui: '0090F8',
      productClass: '4404',
      serialNumber: 'L1',
      mac: '0090f8000002',
    };
    const { device } = await on.up({ identity });
    await device.install(SCRIPT, toFile('Nlm.LogFileMaxSize = 1', 'Nlm.LogFileMaxNb = 2'), '');
    assert.equal(device.config.variable('Nlm.Events[Index=1].ConfigStatus'), 'Valid');
    for (let n = 0; n < 30; n++) device.notify('scriptUnchanged', { origin: `file ${n}` });
    const [newest, older] = await Promise.all([2, 3].map(n => device.export(`4 Vendor Log File ${n}`)));
    assert.match(String(newest), /file 29 not executed/);
    assert.match(String(older), /Conf: \d+-9003 Configuration script of file \d+ not executed/);
    assert.ok((newest?.length ?? 0) <= 1024 && (older?.length ?? 0) <= 1024);
    assert.equal(device.config.names('Device.X_0090F8_Nlm.LocalLogMessages.', true).length, 0);
  });

  it('are not supported on a unit without room for files', async () => {
    const { device } = await on.up();
    await device.install(SCRIPT, toFile(), '');
    assert.equal(device.config.variable('Nlm.Events[Index=1].ConfigStatus'), 'NotSupported');
  });

  it('give way, the oldest first', () => {
    const files = new LogFiles();
    for (let n = 0; n < 10; n++) files.add(`line ${n}`, { baseName: 'Log', maxSize: 14, maxFiles: 3 });
    assert.deepEqual(
      files.list().map(({ name, text }) => [name, text]),
      [
        ['Log5.log', 'line 8\nline 9\n'],
        ['Log4.log', 'line 6\nline 7\n'],
        ['Log3.log', 'line 4\nline 5\n'],
      ],
    );
  });

  it('reach a listener when they pass the floor of their service', async () => {
    const { device } = await on.up();
    const heard: ReportedNotification[] = [];
    const end = onNotification(device, notification => heard.push(notification));
    device.notify('scriptUnchanged', { origin: 'silent' });
    device.notify('scriptFailed', { reason: 'loud' });
    end();
    device.notify('scriptFailed', { reason: 'late' });
    assert.deepEqual(
      heard.map(({ service, id, severity }) => [service, id, severity]),
      [['Conf', 9002, 'Error']],
    );
  });
});

// The settings of Nlm by which a capture ends and is allowed, and those of its log files.
import assert from 'node:assert/strict';
import { captureFile, isCapturing } from '../../../cpe/services/capture/packet-capture.ts';
import type { PacketListener } from '../../../shared/capture/packet.ts';
import type { Traffic } from '../../../shared/capture/socket-watch.ts';
import { Gateways, SCRIPT, set } from '../../support/cpe/gateways.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { openAsAdmin } from '../../support/cpe/web/client.ts';

describe('settings of the packet capture', () => {
  let unit: TestUnit;
  let listeners: PacketListener[];
  beforeEach(async () => {
    listeners = [];
    const traffic: Traffic = {
      listen(listener) {
        listeners.push(listener);
        return () => {
          listeners = listeners.filter(other => other !== listener);
        };
      },
      dial: () => undefined,
    };
    unit = await testUnit({ traffic });
    await unit.boot();
  });
  afterEach(() => unit.close());
  const assign = (name: string, value: string): Promise<unknown> =>
    unit.device.config.set([{ name: unit.device.config.pathOf(name) ?? '', value }], 'unit');
  const start = (): Promise<boolean> => unit.gateway.device.services.runCommand('nlm.pcapturestart');
  const state = (): string | undefined => unit.device.config.variable('Nlm.PCaptureState');

  it('end it after PCaptureNbSecs seconds, and never where they are 0', async () => {
    await assign('Nlm.PCaptureNbSecs', '5');
    await start();
    await unit.clock.advance(4_999);
    assert.deepEqual([state(), isCapturing(unit.gateway.device), listeners.length], ['Requested', true, 1]);
    await unit.clock.advance(1);
    await unit.until(() => state() === 'Completed');
    assert.equal(listeners.length, 0);
    assert.ok(captureFile(unit.gateway.device).length >= 24);
    await assign('Nlm.PCaptureNbSecs', '0');
    await start();
    await unit.clock.advance(100_000_000);
    assert.equal(state(), 'Requested');
  });

  it('take the links that Bni.NetworkInterfaces names by LinkName', async () => {
    const [row] = unit.device.config.tree.rows('Device.X_0090F8_Bni.NetworkInterfaces.');
    await assign('Nlm.PCaptureLinkName', 'eth9');
    await start();
    assert.equal(state(), 'LinkFailure');
    const link = `Device.X_0090F8_Bni.NetworkInterfaces.${row}.LinkName`;
    await unit.device.config.set([{ name: link, value: 'eth9' }], 'unit');
    await start();
    assert.equal(state(), 'Requested');
  });
});

describe('names of log files', () => {
  it('begin with LogFileBaseName, as the page of the event log shows them', async () => {
    const on = await Gateways.open();
    const gateway = await on.up({
      identity: { manufacturer: 'M', oui: '0090F8', productClass: '4404', serialNumber: 'L1', mac: '0090f8000002' },
    });
    const { device } = gateway;
    const rule = 'Nlm.InsertEvent\nNlm.Events[Index=1].Criteria="All"\nNlm.Events[Index=1].Action=LogToFile\n';
    await device.install(
      SCRIPT,
      Buffer.from(`${rule}Conf.MinSeverity=Info\nNlm.LogFileMaxSize=1\nNlm.LogFileMaxNb=9`),
      '',
    );
    const write = (): void => {
      for (let n = 0; n < 20; n++) device.notify('scriptUnchanged', { origin: `file ${n}` });
    };
    write();
    await set(gateway, { 'Nlm.LogFileBaseName': 'Night' });
    write();
    const client = await openAsAdmin(device);
    const page = await client.page('system/event-log');
    await client.close();
    await on.close();
    assert.match(page, /Night\d+\.log/);
    assert.match(page, /Notifications\d+\.log/);
  });
});

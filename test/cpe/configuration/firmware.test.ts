// The two firmware banks of a unit: install, rollback, rescue, restart, and power that fails.
import assert from 'node:assert/strict';
import type { Gateway } from '../../../cpe/gateway.ts';
import type { Device } from '../../../cpe/state/device.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import { FIRMWARE, Gateways } from '../../support/cpe/gateways.ts';
import { scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';

const pack = (version: string, payload = Buffer.alloc(100, 7)): Buffer =>
  packFirmware({ product: '4102S', version, payload });
const faulty = (version: string): Buffer => pack(version, Buffer.from('TANDEM-DOES-NOT-START'));

const banksOf = ({ device }: Gateway): (string | undefined)[][] =>
  [1, 2].map(row =>
    ['MfpBank', 'MfpVersion'].map(column => device.config.variable(`Fpu.MfpInstalledInfo[Index=${row}].${column}`)),
  );

/** Notifications of Fpu from now on. */
function heardOf(device: Device): string[] {
  const heard: string[] = [];
  const notify = device.notify.bind(device) as (name: string, facts: object) => void;
  Object.assign(device, {
    notify: (name: string, facts: object) => {
      if (name.startsWith('firmware')) heard.push(name);
      notify(name, facts);
    },
  });
  return heard;
}

describe('firmware banks', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  it('change places with each pack, and one that does not start leaves the unit with the other', async () => {
    const gateway = await on.up({ stateDir: on.directory });
    const { device } = gateway;
    const heard = heardOf(device);
    await device.install(FIRMWARE, pack('49.1.1'), '');
    await device.power.reboot({ reason: 'test' });
    assert.deepEqual(banksOf(gateway), [
      ['MainInUse', '49.1.1'],
      ['Recovery', '48.5.2718'],
    ]);
    await device.install(FIRMWARE, faulty('49.2.2'), '');
    await device.power.reboot({ reason: 'test' });
    assert.equal(device.softwareVersion, '49.1.1');
    const rescued = [
      ['Main', '49.2.2'],
      ['RecoveryInUse', '49.1.1'],
    ];
    assert.deepEqual(banksOf(gateway), rescued);
    assert.equal(device.config.variable('Fpu.MfpLastInstallationResult'), 'Fail');
    assert.equal(device.config.variable('Fpu.MfpRollbackAvailable'), 'No');
    assert.deepEqual(heard, ['firmwareReceived', 'firmwareStarted', 'firmwareReceived', 'firmwareRescued']);
    await gateway.powerOff();
    const again = await on.up({ stateDir: on.directory });
    assert.deepEqual(banksOf(again), rescued, 'the rescue outlasts a power cut');
    await again.device.power.factoryReset();
    assert.deepEqual(banksOf(again), rescued, 'and a factory reset');
    await again.device.install(FIRMWARE, pack('49.3.3'), '');
    await again.device.power.reboot({ reason: 'test' });
    assert.deepEqual(banksOf(again), [
      ['MainInUse', '49.3.3'],
      ['Recovery', '49.1.1'],
    ]);
  });

  it('are as they were after a pack that is refused', async () => {
    const gateway = await on.up();
    await gateway.device.install(FIRMWARE, pack('49.1.1'), '');
    await gateway.device.power.reboot({ reason: 'test' });
    const before = banksOf(gateway);
    for (const bad of [pack('50.1').subarray(0, 60), Buffer.from('MZ')]) {
      await assert.rejects(gateway.device.install(FIRMWARE, bad, ''));
    }
    await gateway.device.power.reboot({ reason: 'test' });
    assert.deepEqual(banksOf(gateway), before);
  });
});

describe('firmware that a unit fetches by itself', () => {
  let unit: TestUnit;
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const boot = async (image: Buffer, parameters: Record<string, string> = {}): Promise<string[]> => {
    const acs = await scriptedAcs();
    const files = await scriptedAcs({ path: '/' });
    files.always({ text: image, headers: { 'Content-Type': 'application/octet-stream' } });
    const url = `http://u:p@127.0.0.1:${files.port}/%product%.bin`;
    unit = await testUnit({
      url: acs.url,
      parameters: { 'Fpu.MfpUrl': url, 'Fpu.MinSeverity': 'Info', ...parameters },
    });
    closing.push(
      () => unit.close(),
      () => acs.close(),
      () => files.close(),
    );
    await unit.boot();
    return files.heard.map(heard => heard.url);
  };
  const value = (name: string): string | undefined => unit.device.config.variable(`Fpu.${name}`);
  const command = (name: string): Promise<boolean> => unit.gateway.device.services.runCommand(name);

  it('waits for a restart by hand, and returns to the old pack by a rollback', async () => {
    await boot(pack('49.1.1'));
    const work = command('fpu.install');
    await unit.until(() => value('Status') === 'Updating');
    await work;
    await unit.until(() => value('Status') === 'WaitingManualRestart');
    assert.equal(unit.device.softwareVersion, '48.5.2718');
    await unit.device.power.reboot({ reason: 'test' });
    assert.equal(unit.device.softwareVersion, '49.1.1');
    assert.equal(value('MfpRollbackAvailable'), 'Yes');
    await command('fpu.rollback');
    assert.equal(value('Status'), 'Rollbacking');
    await unit.clock.advance(2000);
    await unit.until(() => unit.device.softwareVersion === '48.5.2718');
    assert.equal(unit.device.config.variable('Fpu.MfpInstalledInfo[Index=2].MfpVersion'), '49.1.1');
  });

  it('restarts at once with AutomaticRestartEnable while no call is up', async () => {
    await boot(pack('49.1.1'), { 'Fpu.AutomaticRestartEnable': 'Enable', 'Fpu.AutomaticRestartGraceDelay': '10' });
    await command('fpu.install');
    await unit.until(() => unit.device.softwareVersion === '49.1.1');
  });

  it('shows and reports a failure, and refuses a rollback without a second pack', async () => {
    await boot(Buffer.from('no image'));
    const heard = heardOf(unit.device);
    await command('fpu.install');
    await unit.until(() => value('MfpLastInstallationResult') === 'Fail' && value('Status') === 'Idle');
    assert.equal(unit.device.softwareVersion, '48.5.2718');
    await assert.rejects(command('fpu.rollback'), /no firmware to return to/);
    const { config } = unit.device;
    await config.set([{ name: config.pathOf('Fpu.MfpUrl') ?? '', value: 'http://127.0.0.1:1/x' }], 'acs');
    await command('fpu.install');
    await unit.until(() => heard.includes('firmwareTransferFailed'));
    assert.deepEqual(heard, ['firmwareRefused', 'firmwareTransferFailed']);
  });
});

// Faults of a unit as the ACS meets them, in virtual time: one unit, one fault that is sure to strike, one firmware image.
import assert from 'node:assert/strict';
import type { UnitReport } from '../../cpe/fleet/report.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { deviceId as id } from '../support/devices.ts';
import { informingEvery, openVirtualWorld, type VirtualWorld } from '../support/worlds/virtual-world.ts';

const HOUR = 3_600_000;
const image = packFirmware({ product: '4102S', version: '50.1', payload: Buffer.alloc(2000, 7) });

interface TaskItem {
  method: string;
  state: string;
  fault?: { code: number | string };
}

describe('faults of simulated units', () => {
  let world: VirtualWorld;
  afterEach(async () => await world.close());

  const enrolled = async (): Promise<void> => {
    world = await openVirtualWorld({
      ramp: 0,
      settings: {
        'Device.ManagementServer.PeriodicInformEnable': '1',
        'Device.ManagementServer.PeriodicInformInterval': '600',
      },
    });
    world.start();
    const own = (): boolean => world.group.units[0]?.gateway.device.config.variable('Cwmp.Username') === id;
    await world.until('enrolled', own, HOUR);
  };
  const unit = (): UnitReport => {
    const [only] = world.report().units ?? [];
    assert.ok(only);
    return only;
  };
  const task = async (method: string, more: object = {}): Promise<void> => {
    await world.api('POST', `/devices/${id}/tasks`, { method, ...more });
  };
  const newest = async (): Promise<TaskItem> => {
    const { items } = (await world.api('GET', `/tasks?device=${id}`)) as { items: TaskItem[] };
    assert.ok(items[0]);
    return items[0];
  };
  const flash = async (faults: string): Promise<{ task: TaskItem; unit: UnitReport }> => {
    await enrolled();
    await world.api('PUT', '/files/image?type=firmware&version=50.1', image);
    world.setFaults(faults);
    await task('Download', { file: 'image' });
    await world.pass(3 * HOUR);
    return { task: await newest(), unit: unit() };
  };

  it('none: the unit installs the image once and reports it', async () => {
    const { task: ended, unit: own } = await flash('none');
    assert.deepEqual([ended.state, own.firmware, own.flashed], ['done', '50.1', ['50.1']]);
    assert.deepEqual([own.transfers[0]?.outcome, own.transfers[0]?.told, own.faults], ['done', 0, {}]);
  });

  it('alter: the unit finds the change by the SHA-256 of the container (9018)', async () => {
    const { task: ended, unit: own } = await flash('alter=1');
    assert.deepEqual([ended.state, ended.fault?.code, own.firmware, own.flashed], ['failed', 9018, '49.1.2884', []]);
    assert.equal(own.transfers[0]?.told, 9018);
  });

  it('truncate: the unit finds the file too short (9017)', async () => {
    const { task: ended, unit: own } = await flash('truncate=1');
    assert.deepEqual([ended.state, ended.fault?.code, own.firmware], ['failed', 9017, '49.1.2884']);
  });

  it('old-version: the unit reports success and runs the old version', async () => {
    const { task: ended, unit: own } = await flash('old-version=1');
    assert.deepEqual([ended.state, own.firmware, own.flashed], ['done', '49.1.2884', []]);
    assert.deepEqual([own.transfers[0]?.outcome, own.transfers[0]?.told, own.boots], ['pretended', 0, 2]);
  });

  it('false-success: the unit reports success and has installed nothing', async () => {
    const { task: ended, unit: own } = await flash('false-success=1');
    assert.deepEqual(
      [ended.state, own.firmware, own.transfers[0]?.outcome, own.boots],
      ['done', '49.1.2884', 'pretended', 1],
    );
  });

  it('false-fault: the unit reports a fault and comes back with the new version', async () => {
    const { task: ended, unit: own } = await flash('false-fault=1');
    assert.deepEqual([ended.state, ended.fault?.code, own.firmware], ['failed', 9010, '50.1']);
    assert.deepEqual([own.transfers[0]?.outcome, own.transfers[0]?.told], ['done', 9010]);
    const device = (await world.api('GET', `/devices/${id}`)) as { softwareVersion: string };
    assert.equal(device.softwareVersion, '50.1', 'the ACS sees what runs, whatever it was told');
  });

  it('power-commit: the unit installs and reports the image once after any power cut', async () => {
    const { task: ended, unit: own } = await flash('power-commit=0.7');
    assert.ok((own.faults['power-commit'] ?? 0) > 0, 'power failed');
    assert.deepEqual([ended.state, own.firmware, own.flashed], ['done', '50.1', ['50.1']]);
  });

  it('transfer-reboot: the unit begins the transfer again after the boot', async () => {
    const { task: ended, unit: own } = await flash('transfer-reboot=0.9');
    assert.ok((own.faults['transfer-reboot'] ?? 0) > 0, 'it rebooted');
    assert.deepEqual([ended.state, own.firmware, own.flashed], ['done', '50.1', ['50.1']]);
  });

  it('power-session: no delivered event is lost and nothing is done twice', async () => {
    const { task: ended, unit: own } = await flash('power-session=0.2');
    assert.ok((own.faults['power-session'] ?? 0) > 0, 'power failed');
    assert.deepEqual([ended.state, own.firmware, own.flashed], ['done', '50.1', ['50.1']]);
  });

  it('wrong-fault: the unit refuses an RPC without reason and does not carry it out', async () => {
    await enrolled();
    world.setFaults('wrong-fault=1');
    await task('Reboot');
    await world.pass(HOUR);
    const ended = await newest();
    assert.deepEqual([ended.state, unit().reboots, unit().boots], ['failed', [], 1]);
    assert.ok([9001, 9002, 9800].includes(Number(ended.fault?.code)));
  });

  it('deaf: the unit answers connection requests with 503, or with 200 and forgets them', async () => {
    await enrolled();
    const knock = async (): Promise<string> => {
      const { good } = unit().sessions;
      const answer = await world.api('POST', `/devices/${id}/connection-request`).then(
        () => 'accepted',
        (error: Error) => (/503/.test(error.message) ? 'busy' : error.message),
      );
      await world.clock.settle();
      return unit().sessions.good > good ? `${answer}, came` : answer;
    };
    assert.equal(await knock(), 'accepted, came');
    world.setFaults('deaf=1');
    const heard = new Set<string>();
    for (let count = 0; count < 12; count++) heard.add(await knock());
    assert.deepEqual([...heard].sort(), ['accepted', 'busy']);
  });

  it('no-clock: the unit boots without the time and has it some minutes later', async () => {
    await enrolled();
    world.setFaults('no-clock=1');
    await task('Reboot');
    const unit = world.group.units[0];
    await world.until('a boot', () => (unit?.report().boots ?? 0) > 1, HOUR, 1000);
    assert.equal(unit?.gateway.device.now(), undefined);
    await world.pass(600_000);
    assert.notEqual(unit?.gateway.device.now(), undefined);
  });

  it('slow: the session takes long and ends well', async () => {
    world = await openVirtualWorld({ ramp: 0, faults: 'slow=1' });
    world.start();
    await world.pass(900);
    assert.equal(unit().sessions.good, 0);
    const took = await world.until('a good session', () => unit().sessions.good > 0, HOUR, 1000);
    assert.ok(took >= 3000, `three requests took ${took} ms`);
    assert.equal(unit().sessions.failed, 0);
  });

  it('C4: old-login: the ACS offers a login three times, and then leaves the unit alone', async () => {
    world = await openVirtualWorld({ ramp: 0, faults: 'old-login=1', ...informingEvery(600) });
    world.start();
    const device = async () =>
      (await world.api('GET', `/devices/${id}`)) as { login: string; unusedLogins: number; faults: { code: string }[] };
    await world.pass(2 * HOUR);
    const { login, unusedLogins, faults } = await device();
    assert.deepEqual([login, unusedLogins, faults.map(({ code }) => code)], ['enrolment', 3, ['credentials-kept-old']]);
    await world.pass(HOUR);
    assert.equal((await device()).unusedLogins, 3);
  });

  it('B3: bloat: the ACS keeps what it asked for, and nothing else', async () => {
    await enrolled();
    world.setFaults('bloat=1');
    await task('GetParameterValues', { args: { ParameterNames: ['Device.ManagementServer.PeriodicInformInterval'] } });
    await world.pass(HOUR);
    assert.equal((await newest()).state, 'done');
    const { items } = (await world.api('GET', `/devices/${id}/parameters`)) as { items: { path: string }[] };
    assert.deepEqual(
      items.filter(({ path }) => path.includes('Unasked')),
      [],
    );
  });
});

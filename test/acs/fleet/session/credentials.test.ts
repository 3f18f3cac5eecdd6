// Credentials that a device refuses: when the ACS offers them again.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { ScriptedCpe, valuesIn } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';

const parameters = {
  'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7547/cr',
  // It tells its interval, so that the ACS need not read it.
  'Device.ManagementServer.PeriodicInformInterval': '3600',
};

describe('credentials that a device refuses', () => {
  let acs: TestAcs;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await acs.close());

  /** @returns the methods that the ACS called in one session of a device that refuses all settings */
  const session = async (...events: string[]): Promise<string[]> => {
    const { asked } = await new ScriptedCpe(acs.app, { events, parameters }).session(() => new CwmpFault(9001));
    return asked.map(({ method }) => method);
  };

  it('are offered again when the device was removed and comes back without a boot', async () => {
    assert.deepEqual(await session('0 BOOTSTRAP', '1 BOOT'), ['SetParameterValues']);
    await acs.fleet.devices.remove(id);
    assert.deepEqual(await session('2 PERIODIC'), ['SetParameterValues']);
    assert.deepEqual(await session('2 PERIODIC'), []);
  });
});

describe('C4: a device that accepts a login and keeps the old one', () => {
  let acs: TestAcs;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto' });
  });
  afterEach(async () => await acs.close());

  const factory = { username: 'enrol', password: 'factory' };
  let offered: { username: string; password: string };
  /** @returns the methods that the ACS called in one session of a device that says Status 0 to everything */
  const session = async (login: typeof factory, ...events: string[]): Promise<string[]> => {
    const cpe = new ScriptedCpe(acs.app, { events, parameters, ...login });
    const { asked } = await cpe.session((_method, args) => {
      const { Username = '', Password = '' } = valuesIn(args);
      offered = { username: Username, password: Password };
      return { Status: 0 };
    });
    return asked.map(({ method }) => method);
  };
  const shown = async () => {
    const { login, unusedLogins, faults } = await acs.fleet.devices.view(id);
    return [login, unusedLogins, ...faults.map(({ code }) => code)];
  };

  it('C4: has a fault after three accepted logins, and shows the login that it uses', async () => {
    for (const [at, event] of ['0 BOOTSTRAP', '2 PERIODIC', '1 BOOT'].entries()) {
      assert.deepEqual(await session(factory, event), ['SetParameterValues'], event);
      assert.deepEqual(await shown(), ['enrolment', at + 1]);
    }
    for (const event of ['2 PERIODIC', '1 BOOT', '2 PERIODIC']) {
      assert.deepEqual(await session(factory, event), [], event);
      assert.deepEqual(await shown(), ['enrolment', 3, 'credentials-kept-old']);
    }
    const { items } = await acs.fleet.devices.list({});
    assert.deepEqual(
      items.map(({ login }) => login),
      ['enrolment'],
    );
    await acs.clock.advance(30 * 24 * 3_600_000);
    assert.deepEqual(await session(factory, '2 PERIODIC'), [], 'a month later');
  });

  it('C4: loses the fault as soon as it comes with the login that it was offered last', async () => {
    for (let n = 0; n < 4; n++) await session(factory, '2 PERIODIC');
    const { username, password } = offered;
    assert.deepEqual(await session({ username, password }, '2 PERIODIC'), []);
    assert.deepEqual(await shown(), ['own', 0]);
  });

  it('C4: is offered another login when its fault is deleted, or when it is in its factory state', async () => {
    for (let n = 0; n < 4; n++) await session(factory, '2 PERIODIC');
    const [fault] = (await acs.store.device(id))?.faults ?? [];
    await acs.store.apply(id, 'faultCleared', { id: fault?.id ?? '' });
    assert.deepEqual(await shown(), ['enrolment', 0]);
    for (let n = 0; n < 3; n++) assert.deepEqual(await session(factory, '2 PERIODIC'), ['SetParameterValues']);
    assert.deepEqual(await session(factory, '2 PERIODIC'), []);
    assert.deepEqual(await session(factory, '0 BOOTSTRAP'), ['SetParameterValues']);
    assert.deepEqual(await shown(), ['enrolment', 1]);
  });
});

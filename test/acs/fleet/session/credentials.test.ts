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

describe('a device that refuses its credentials for connection requests', () => {
  let acs: TestAcs;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await acs.close());

  /** @returns the parameters that the ACS set in one session */
  const session = async (event: string, answer: () => object = () => ({ Status: 0 })): Promise<string[]> => {
    const { asked } = await new ScriptedCpe(acs.app, { events: [event], parameters }).session((_method, args) => {
      given = { ...given, ...valuesIn(args) };
      return answer() as { Status: 0 };
    });
    return asked
      .filter(({ method }) => method === 'SetParameterValues')
      .flatMap(({ args }) => Object.keys(valuesIn(args)));
  };
  let given: Record<string, string> = {};
  const pair = ['ConnectionRequestUsername', 'ConnectionRequestPassword'];
  const access = async () => (await acs.store.device(id))?.connectionRequest ?? assert.fail();
  const refuse = async (): Promise<void> =>
    await acs.store.apply(id, 'pairRefused', { password: (await access()).password });

  it('gets new ones in its next session, once', async () => {
    assert.deepEqual(await session('1 BOOT'), pair);
    const before = given.ConnectionRequestPassword;
    assert.deepEqual(await session('2 PERIODIC'), []);
    await refuse();
    assert.deepEqual(await session('2 PERIODIC'), pair);
    assert.notEqual(given.ConnectionRequestPassword, before);
    assert.equal(acs.secrets.open((await access()).password), given.ConnectionRequestPassword);
    assert.deepEqual(await session('2 PERIODIC'), []);
  });

  it('keeps them where it takes no others, and is asked again after a boot and a refusal', async () => {
    await session('1 BOOT');
    const { password } = await access();
    await refuse();
    const fault = () => new CwmpFault(9001);
    assert.deepEqual(await session('2 PERIODIC', fault), pair);
    await refuse();
    assert.deepEqual(await session('2 PERIODIC', fault), []);
    assert.equal((await access()).password, password);
    assert.deepEqual(await session('1 BOOT', fault), pair);
  });

  it('gets none where it has others by now, or an operator manages them', async () => {
    await session('1 BOOT');
    const { password } = await access();
    const patch = { connectionRequest: { username: 'noc', password: acs.secrets.seal('of the operator') } };
    await acs.store.apply(id, 'patched', { patch });
    await acs.store.apply(id, 'pairRefused', { password });
    assert.deepEqual(await session('2 PERIODIC'), []);
    await refuse();
    const overrides = { 'Device.ManagementServer.ConnectionRequestUsername': { value: 'noc' } };
    await acs.store.apply(id, 'patched', { patch: { overrides } });
    assert.ok(!(await session('2 PERIODIC')).includes('ConnectionRequestPassword'));
    assert.equal((await access()).refused, true);
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
      items.map(({ view }) => view.login),
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

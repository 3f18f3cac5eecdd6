// The accounts of a unit: their rights, and the end of guessing at their passwords.
import assert from 'node:assert/strict';
import { accountOf, signIn } from '../../../cpe/services/aaa.ts';
import { Gateways, set, clock as system } from '../../support/cpe/gateways.ts';

describe('accounts of a unit', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  it('are those of the factory until others are made, with their rights', async () => {
    const gateway = await on.up();
    const { device } = gateway;
    assert.deepEqual(signIn(device, 'admin', 'administrator'), {
      ok: true,
      account: { name: 'admin', rights: 'Admin' },
    });
    assert.deepEqual(signIn(device, 'public', ''), { ok: true, account: { name: 'public', rights: 'Observer' } });
    for (const [name, password] of [
      ['admin', ''],
      ['Admin', 'administrator'],
      ['', ''],
      ['nobody', ''],
    ] as const)
      assert.deepEqual(signIn(device, name, password), { ok: false, reason: 'wrong' }, name);
    const row = { UserName: 'ada', Password: 'é secret', AccessRights: 'User' };
    const { instance } = await device.config.insert('Device.X_0090F8_Aaa.Users.', row, 'acs');
    assert.deepEqual(signIn(device, 'ada', 'é secret'), { ok: true, account: { name: 'ada', rights: 'User' } });
    await device.config.remove(`Device.X_0090F8_Aaa.Users.${instance}.`, 'acs');
    assert.equal(accountOf(device, 'ada'), undefined);
    assert.equal(signIn(device, 'ada', 'é secret').ok, false);
  });

  it('are locked after wrong passwords, for as long as the settings say', async () => {
    let ahead = 0;
    const clock = { ...system, now: () => system.now() + ahead, monotonic: () => system.monotonic() + ahead };
    const later = { ...clock, after: system.after.bind(system), sleep: system.sleep.bind(system) };
    const gateway = await on.up({ clock: later });
    const { device } = gateway;
    const locked = (): string | undefined => device.config.variable('Aaa.UsersStatus[UserName=admin].Locked');
    await set(gateway, { 'Aaa.LoginLockedMaxRetry': '3', 'Aaa.LoginLockedTimeoutS': '60' });
    const guess = (): unknown => signIn(device, 'admin', 'x');
    guess();
    guess();
    assert.equal(signIn(device, 'admin', 'administrator').ok, true);
    for (let at = 0; at < 3; at++) assert.deepEqual(guess(), { ok: false, reason: 'wrong' });
    assert.equal(locked(), 'Locked');
    assert.deepEqual(signIn(device, 'admin', 'administrator'), { ok: false, reason: 'locked' });
    assert.equal(signIn(device, 'public', '').ok, true);
    ahead = 61_000;
    assert.equal(locked(), 'Unlocked');
    assert.equal(signIn(device, 'admin', 'administrator').ok, true);
    await set(gateway, { 'Aaa.Users[UserName=admin].LockProtectionEnable': 'Disable' });
    for (let at = 0; at < 9; at++) guess();
    assert.equal(locked(), 'Unlocked');
  });
});

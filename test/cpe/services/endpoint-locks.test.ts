// Endpoints that are locked: by a command, by force, from the start; and what EpAdm shows of it.
import assert from 'node:assert/strict';
import { ledsOf } from '../../../cpe/services/hardware/leds.ts';
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import type { SipUserAgent } from '../../../cpe/voice/user-agent.ts';
import { eventually } from '../../support/eventually.ts';
import { Telephones } from '../../support/voice/telephones.ts';

const ENDPOINT = 'EpAdm.Endpoint[EpId=Phone-Fax1]';

describe('locked endpoints', function () {
  this.timeout(30_000);
  const telephones = Telephones.inSuite(44);
  let caller: SipUserAgent;
  let called: SipUserAgent;

  const value = (name: string): string | undefined => telephones.deviceOf('101').config.variable(name);
  const states = (): (string | undefined)[] => ['AdminState', 'UsageState'].map(name => value(`${ENDPOINT}.${name}`));
  const registration = (): string | undefined => userAgentOf(telephones.deviceOf('101'))?.registrations()[0]?.state;
  const isRegistered = (): Promise<unknown> => eventually('registration', () => registration() === 'Registered');
  const isGone = (): Promise<unknown> => eventually('unregistration', () => registration() === 'Unregistered');
  const command = async (name: string, endpoint = ENDPOINT): Promise<void> => {
    const { config } = telephones.deviceOf('101');
    await config.set([{ name: config.pathOf(`${endpoint}.${name}`) ?? name, value: name }], 'acs');
  };
  const placesNone = async (): Promise<void> => {
    await assert.rejects(called.call('101', '100'), { code: 'no-calls', message: "endpoint 'Phone-Fax1' is locked" });
  };
  const begin = async (settings: Record<string, string> = {}): Promise<void> => {
    caller = await telephones.boot('100', {});
    called = await telephones.boot('101', settings);
  };

  it('keep their call after Lock, take no other, and are unregistered once it has ended', async () => {
    await begin();
    const [call] = await Telephones.connect(caller, called);
    assert.deepEqual(states(), ['Unlocked', 'Busy']);
    await command('Lock');
    assert.deepEqual(states(), ['ShuttingDown', 'Busy']);
    assert.equal(registration(), 'Registered');
    await assert.rejects(caller.call('100', '101'), /^CallFailed: 480 /);
    await placesNone();
    await call.hangup();
    await isGone();
    assert.deepEqual(states(), ['Locked', 'IdleUnusable']);
    await assert.rejects(caller.call('100', '101'), /^CallFailed: 4(?:04|80) /);
    const ready = ledsOf(telephones.deviceOf('101')).find(({ led }) => led === 'Ready');
    assert.equal(ready?.state, 'steady green', 'nothing is missing');
  });

  it('lose their call by ForceLock, and have calls again after Unlock', async () => {
    await begin();
    const [call, answered] = await Telephones.connect(caller, called);
    await command('ForceLock');
    assert.equal(states()[0], 'Locked');
    await Promise.all([call.ended, answered.ended]);
    await isGone();
    assert.deepEqual(states(), ['Locked', 'IdleUnusable']);
    await placesNone();
    await command('Unlock');
    await isRegistered();
    const [next] = await Telephones.connect(caller, called);
    await next.hangup();
    await eventually('the end of the call', () => states().join() === 'Unlocked,Idle');
  });

  it('stay locked over a restart of SipEp, and go back to InitialAdminStateConfig with EpAdm', async () => {
    await begin();
    const { services, config } = telephones.deviceOf('101');
    await command('Lock');
    await isGone();
    await services.command('SipEp', 'Restart');
    assert.equal(registration(), 'Unregistered');
    await services.command('EpAdm', 'Restart');
    await isRegistered();
    assert.equal(states()[0], 'Unlocked');
    const initial = config.pathOf(`${ENDPOINT}.InitialAdminStateConfig`) ?? '';
    await config.set([{ name: initial, value: 'Locked' }], 'acs');
    assert.equal(states()[0], 'Unlocked');
    await telephones.deviceOf('101').power.reboot({ reason: 'test' });
    await eventually('the user agent', () => registration() !== undefined);
    assert.deepEqual([registration(), ...states()], ['Unregistered', 'Locked', 'IdleUnusable']);
    await command('Unlock');
    await isRegistered();
  });

  it('lock the unit when all of them are, and settle after hasty commands', async () => {
    await begin();
    assert.equal(value('EpAdm.UnitAdminState'), 'Unlocked');
    await command('ForceLock');
    assert.equal(value('EpAdm.UnitAdminState'), 'Unlocked');
    await command('ForceLock', 'EpAdm.Endpoint[EpId=Phone-Fax2]');
    assert.deepEqual([value('EpAdm.UnitAdminState'), value('EpAdm.UnitUsageState')], ['Locked', 'IdleUnusable']);
    for (const name of ['Unlock', 'Lock', 'Unlock', 'ForceLock', 'Lock', 'Unlock']) await command(name);
    await isRegistered();
    assert.deepEqual(states(), ['Unlocked', 'Idle']);
    const [call] = await Telephones.connect(caller, called);
    await call.hangup();
  });
});

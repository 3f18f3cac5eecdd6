// The agent’s sessions: retries, periodic and scheduled Informs, notifications.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AgentWorld, P, set } from '../support/cpe/agent-world.ts';
import { ask, fault, informResponse, type Step } from '../support/cpe/scripted-acs.ts';
import { eventually } from '../support/eventually.ts';

describe('CWMP agent (TR-069 3.2.1, 3.7.1.5)', () => {
  let on: AgentWorld;
  beforeEach(async () => {
    on = await AgentWorld.open();
  });
  afterEach(() => on.close());

  describe('retry (3.2.1.1)', () => {
    it('doubles the band with each failed session, counts them in RetryCount, and ends on success', async () => {
      on.acs.play(fault(8002), fault(8002), fault(8002), fault(8002));
      await on.start();
      for (const [min, max] of [
        [5, 10],
        [10, 20],
        [20, 40],
        [40, 80],
      ] as const) {
        const waited = await on.next(max * 1000 + 500);
        assert.ok(waited >= min * 1000 - 250, `waited ${waited} ms instead of ${min} s or more`);
      }
      assert.equal(on.unit.sessions.at(-1)?.ok, true);
      assert.deepEqual(
        on.informs().map(({ RetryCount }) => RetryCount),
        [0, 1, 2, 3, 4],
      );
      on.unit.gateway.agent?.inform();
      await on.unit.ended(6);
      assert.equal(on.informs()[5]?.RetryCount, 0);
      await on.quiet(3_600_000, 6);
    });

    it('uses m and k as they are set', async () => {
      const policies = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1000, max: 4000 }));
      await fc.assert(
        fc.asyncProperty(policies, async ([m, k]) => {
          on.acs.always(fault(8002));
          const parameters = {
            [`${P}CWMPRetryMinimumWaitInterval`]: String(m),
            [`${P}CWMPRetryIntervalMultiplier`]: String(k),
          };
          await on.start({ parameters });
          for (let n = 1; n <= 3; n++) {
            const step = Math.max(20, m * 10);
            const waited = await on.next(m * 1000 * (k / 1000) ** n + 2 * step, step);
            assert.ok(waited >= m * 1000 * (k / 1000) ** (n - 1) - step);
          }
          await on.unit.close();
        }),
        { numRuns: 4 },
      );
    });

    it('ends the wait at a new event', async () => {
      on.acs.play(fault(8002));
      await on.start();
      on.unit.gateway.agent?.inform('2 PERIODIC');
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['0 BOOTSTRAP', '1 BOOT', '2 PERIODIC']);
    });

    it('restarts the curve at a reboot and keeps RetryCount', async () => {
      on.acs.play(fault(8002), fault(8002), fault(8002));
      await on.start();
      await on.next(10_500);
      await on.next(20_500);
      await on.unit.gateway.powerOff();
      on.acs.play(fault(8002));
      await on.unit.boot();
      await on.unit.ended(4);
      assert.equal(on.informs()[3]?.RetryCount, 3);
      const waited = await on.next(10_500);
      assert.ok(waited >= 4750);
      assert.equal(on.informs()[4]?.RetryCount, 4);
    });

    it('retries a session that failed after InformResponse without the delivered events', async () => {
      on.acs.play(informResponse(), { status: 500 });
      await on.start();
      assert.equal(on.unit.sessions[0]?.informed, true);
      await on.next(10_500);
      assert.deepEqual(on.events(2), []);
      assert.equal(on.informs()[1]?.RetryCount, 1);
    });

    it('continues such a retry until a session succeeds, though it has no event to report', async () => {
      on.acs.play(informResponse(), { status: 500 }, { status: 500 }, { status: 500 });
      await on.start();
      await on.next(10_500);
      await on.next(20_500);
      await on.next(40_500);
      assert.deepEqual(
        on.unit.sessions.map(({ ok }) => ok),
        [false, false, false, true],
      );
    });

    it('shows success and kind of failure in AcsStatus', async () => {
      await on.acs.close();
      await on.start();
      assert.equal(on.unit.device.config.variable('Cwmp.AcsStatus'), 'ErrorNotResponding');
      assert.equal(on.unit.sessions[0]?.error?.kind, 'unreachable');
    });
  });

  describe('periodic Inform', () => {
    const periodic = (more: Record<string, string> = {}): Record<string, string> => ({
      'Cwmp.PeriodicInformEnable': 'Enable',
      'Cwmp.PeriodicInformInterval': '600',
      ...more,
    });

    it('informs every interval, at a phase of its own where none is set', async () => {
      await on.start({ parameters: periodic() });
      await on.next(600_500);
      assert.deepEqual(on.events(2), ['2 PERIODIC']);
      for (let n = 0; n < 3; n++) {
        const waited = await on.next(600_500);
        assert.ok(Math.abs(waited - 600_000) <= 500, `${waited}`);
      }
    });

    it('keeps the phase of PeriodicInformTime', async () => {
      await on.start({ parameters: periodic({ 'Cwmp.PeriodicInformTime': '2030-05-05T00:03:20Z' }) });
      await on.next(600_500);
      assert.equal(Math.floor(on.unit.clock.now() / 1000) % 600, 200);
      await on.next(600_500);
      assert.equal(Math.floor(on.unit.clock.now() / 1000) % 600, 200);
    });

    it('applies a new interval from its setting on, and ends when disabled', async () => {
      await on.start();
      await on.quiet(3_600_000, 1);
      on.acs.play(informResponse(), set([`${P}PeriodicInformEnable`, '1'], [`${P}PeriodicInformInterval`, '5']));
      on.unit.gateway.agent?.inform();
      await on.unit.ended(2);
      for (let n = 0; n < 3; n++) await on.next(5500);
      assert.deepEqual(on.events(5), ['2 PERIODIC']);
      on.acs.play(informResponse(), set([`${P}PeriodicInformEnable`, '0']));
      on.unit.gateway.agent?.inform();
      await on.unit.ended(6);
      await on.quiet(60_000, 6);
    });

    it('keeps an undelivered periodic event over a power cut', async () => {
      await on.start({ parameters: periodic() });
      on.acs.always(fault(8002));
      await on.next(600_500);
      await on.unit.gateway.powerOff();
      on.acs.always(undefined);
      await on.unit.boot();
      await on.unit.ended(3);
      assert.deepEqual(on.events(3), ['1 BOOT', '2 PERIODIC']);
    });
  });

  it('informs at the time of a ScheduleInform with its key, also over a reboot', async () => {
    on.acs.play(
      informResponse(),
      ask('ScheduleInform', { DelaySeconds: 0, CommandKey: 'never' }),
      ask('ScheduleInform', { DelaySeconds: 100, CommandKey: 'a' }),
      ask('ScheduleInform', { DelaySeconds: 50, CommandKey: 'b' }),
      ask('ScheduleInform', { DelaySeconds: 500, CommandKey: 'c' }),
    );
    await on.start();
    assert.deepEqual(on.acs.names().slice(2), [
      'Fault 9003',
      'ScheduleInformResponse',
      'ScheduleInformResponse',
      'ScheduleInformResponse',
    ]);
    const first = await on.next(60_000);
    assert.ok(first >= 50_000 && first <= 50_500);
    assert.deepEqual(on.events(2), ['3 SCHEDULED', 'M ScheduleInform b']);
    await on.next(60_000);
    assert.deepEqual(on.events(3), ['3 SCHEDULED', 'M ScheduleInform a']);
    await on.unit.gateway.powerOff();
    await on.unit.clock.advance(1_000_000);
    await on.unit.boot();
    await on.unit.ended(4);
    await on.unit.clock.advance(100);
    await eventually('the events are delivered', () => on.unit.device.state.facts.events.length === 0);
    assert.deepEqual([...on.events(4), ...on.events(5)], ['1 BOOT', '3 SCHEDULED', 'M ScheduleInform c']);
  });

  describe('notifications (A.3.2.4)', () => {
    const path = 'Device.DeviceInfo.ProvisioningCode';
    const notify = (Name: string, Notification: number): Step =>
      ask('SetParameterAttributes', {
        ParameterList: [{ Name, NotificationChange: true, Notification, AccessListChange: false, AccessList: [] }],
      });
    const change = (value: string, source: 'web' | 'acs' = 'web') =>
      on.unit.device.config.set([{ name: username, value }], source);
    const username = 'Device.ManagementServer.Username';

    it('opens a session at once for an active change, with the value', async () => {
      on.acs.play(informResponse(), notify(username, 2));
      await on.start();
      await change('bob');
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['4 VALUE CHANGE']);
      assert.equal(on.informs()[1]?.ParameterList.find(({ Name }) => Name === username)?.Value, 'bob');
      await on.quiet(60_000, 2);
    });

    it('reports a passive change with the next Inform', async () => {
      on.acs.play(informResponse(), notify(username, 1));
      await on.start();
      await change('bob');
      await change('eve');
      await on.quiet(60_000, 1);
      on.unit.gateway.agent?.inform('2 PERIODIC');
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['2 PERIODIC', '4 VALUE CHANGE']);
      const values = on.informs()[1]?.ParameterList.filter(({ Name }) => Name === username);
      assert.deepEqual(
        values?.map(({ Value }) => Value),
        ['eve'],
      );
    });

    it('reports neither changes by the ACS itself nor changes with notification off', async () => {
      on.acs.play(informResponse(), notify(username, 2), set([username, 'x']));
      await on.start();
      await on.quiet(60_000, 1);
      on.acs.play(informResponse(), notify(username, 0));
      on.unit.gateway.agent?.inform();
      await on.unit.ended(2);
      await change('bob');
      await on.quiet(60_000, 2);
    });

    it('reports an undelivered change with the next Inform, and drops it at a reboot', async () => {
      on.acs.play(informResponse(), notify(username, 2));
      await on.start();
      on.acs.play(fault(8002));
      await change('bob');
      await on.unit.ended(2);
      on.acs.play(fault(8002));
      await on.next(10_500);
      assert.deepEqual(on.events(3), ['4 VALUE CHANGE']);
      await on.unit.gateway.powerOff();
      await on.unit.boot();
      await on.unit.ended(4);
      assert.deepEqual(on.events(4), ['1 BOOT']);
    });

    it('delays a session for a change alone by DefaultActiveNotificationThrottle', async () => {
      on.acs.play(informResponse(), notify(username, 2), set([`${P}DefaultActiveNotificationThrottle`, '120']));
      await on.start();
      await on.unit.clock.advance(30_000);
      await change('bob');
      const waited = await on.next(120_000);
      assert.ok(waited >= 89_000 && waited <= 90_500, `${waited}`);
      await change('eve');
      on.unit.gateway.agent?.inform('2 PERIODIC');
      await on.unit.ended(3);
      assert.deepEqual(on.events(3), ['2 PERIODIC', '4 VALUE CHANGE']);
      await on.quiet(600_000, 3);
    });

    it('always notifies of ProvisioningCode and SoftwareVersion (plain device)', async () => {
      on.acs.play(informResponse(), notify(path, 0));
      await on.start({ model: 'device' });
      await on.unit.device.config.set([{ name: path, value: 'B' }], 'web');
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['4 VALUE CHANGE']);
    });
  });

  it('sends nothing and counts no failure when power is cut in the middle of a session', async () => {
    on.acs.play({ silent: true });
    await on.make();
    await on.unit.boot();
    await on.acs.until(1);
    await on.unit.gateway.powerOff();
    assert.equal(on.unit.device.state.facts.retries, 0);
    assert.equal(on.unit.sessions.length, 0);
    await on.unit.boot();
    await on.unit.ended(1);
    assert.deepEqual(on.events(1), ['0 BOOTSTRAP', '1 BOOT']);
  });

  it('holds one session and no more with the option once', async () => {
    await on.make({ once: true });
    await on.unit.boot();
    assert.equal((await on.unit.gateway.agent?.sessions.first)?.ok, true);
    await on.unit.clock.advance(3_600_000);
    assert.equal(on.acs.heard.length, 2);
  });

  it('reports an active change during a session in a session of its own', async () => {
    let late: Promise<unknown> | undefined;
    on.acs.play(
      informResponse(),
      ask('SetParameterAttributes', {
        ParameterList: [
          { Name: `${P}Username`, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
        ],
      }),
      async () => {
        late = on.unit.device.config.set([{ name: `${P}Username`, value: 'late' }], 'web');
        await late;
        return {};
      },
    );
    await on.start();
    await on.unit.ended(2);
    assert.deepEqual(on.events(2), ['4 VALUE CHANGE']);
    await eventually('the changes are reported', () => on.unit.device.state.facts.changed.length === 0);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  argumentsOf,
  ask,
  fault,
  informResponse,
  type ScriptedAcs,
  type Step,
  scriptedAcs,
} from '../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../support/cpe/unit.ts';
import { eventually } from '../support/eventually.ts';
import { type DhcpServer, startDhcpServer } from '../support/servers/dhcp.ts';

const set = (...items: [string, string][]): Step =>
  ask('SetParameterValues', {
    ParameterList: items.map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })) as never,
    ParameterKey: 'k',
  });
const P = 'Device.ManagementServer.';

describe('CWMP agent (TR-069 3.2.1, 3.7.1.5)', () => {
  let acs: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
  });
  afterEach(async () => {
    await unit?.close();
    await acs.close();
  });

  const start = async (options: UnitOptions = {}) => {
    unit = await testUnit({ url: acs.url, ...options });
    await unit.boot();
    return unit.ended(1);
  };
  const events = (session: number): string[] =>
    (unit.sessions[session - 1]?.events ?? []).map(({ EventCode, CommandKey }) =>
      CommandKey ? `${EventCode} ${CommandKey}` : EventCode,
    );
  const informs = () =>
    acs.heard.filter((_, at) => acs.names()[at] === 'Inform').map(heard => argumentsOf(heard, 'Inform'));
  const quiet = async (ms: number, sessions: number): Promise<void> => {
    await unit.clock.advance(ms);
    assert.equal(unit.sessions.length, sessions);
  };
  /** Advances until another session has ended; returns how long it took, milliseconds. */
  const next = async (limit: number, step = 250): Promise<number> => {
    const want = unit.sessions.length + 1;
    const from = unit.clock.now();
    while (unit.sessions.length < want) {
      assert.ok(unit.clock.now() - from <= limit, `no session within ${limit} ms`);
      const heard = acs.heard.length;
      await unit.clock.advance(step);
      if (acs.heard.length > heard) await unit.ended(want);
    }
    return unit.clock.now() - from;
  };

  describe('retry (3.2.1.1)', () => {
    it('doubles the band with each failed session, counts them in RetryCount, and ends on success', async () => {
      acs.play(fault(8002), fault(8002), fault(8002), fault(8002));
      await start();
      for (const [min, max] of [
        [5, 10],
        [10, 20],
        [20, 40],
        [40, 80],
      ] as const) {
        const waited = await next(max * 1000 + 500);
        assert.ok(waited >= min * 1000 - 250, `waited ${waited} ms instead of ${min} s or more`);
      }
      assert.equal(unit.sessions.at(-1)?.ok, true);
      assert.deepEqual(
        informs().map(({ RetryCount }) => RetryCount),
        [0, 1, 2, 3, 4],
      );
      unit.gateway.agent?.inform();
      await unit.ended(6);
      assert.equal(informs()[5]?.RetryCount, 0);
      await quiet(3_600_000, 6);
    });

    it('uses m and k as they are set', async () => {
      const policies = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1000, max: 4000 }));
      await fc.assert(
        fc.asyncProperty(policies, async ([m, k]) => {
          acs.always(fault(8002));
          const parameters = {
            [`${P}CWMPRetryMinimumWaitInterval`]: String(m),
            [`${P}CWMPRetryIntervalMultiplier`]: String(k),
          };
          await start({ parameters });
          for (let n = 1; n <= 3; n++) {
            const step = Math.max(20, m * 10);
            const waited = await next(m * 1000 * (k / 1000) ** n + 2 * step, step);
            assert.ok(waited >= m * 1000 * (k / 1000) ** (n - 1) - step);
          }
          await unit.close();
        }),
        { numRuns: 4 },
      );
    });

    it('ends the wait at a new event', async () => {
      acs.play(fault(8002));
      await start();
      unit.gateway.agent?.inform('2 PERIODIC');
      await unit.ended(2);
      assert.deepEqual(events(2), ['0 BOOTSTRAP', '1 BOOT', '2 PERIODIC']);
    });

    it('restarts the curve at a reboot and keeps RetryCount', async () => {
      acs.play(fault(8002), fault(8002), fault(8002));
      await start();
      await next(10_500);
      await next(20_500);
      await unit.gateway.powerOff();
      acs.play(fault(8002));
      await unit.boot();
      await unit.ended(4);
      assert.equal(informs()[3]?.RetryCount, 3);
      const waited = await next(10_500);
      assert.ok(waited >= 4750);
      assert.equal(informs()[4]?.RetryCount, 4);
    });

    it('retries a session that failed after InformResponse without the delivered events', async () => {
      acs.play(informResponse(), { status: 500 });
      await start();
      assert.equal(unit.sessions[0]?.informed, true);
      await next(10_500);
      assert.deepEqual(events(2), []);
      assert.equal(informs()[1]?.RetryCount, 1);
    });

    it('continues such a retry until a session succeeds, though it has no event to report', async () => {
      acs.play(informResponse(), { status: 500 }, { status: 500 }, { status: 500 });
      await start();
      await next(10_500);
      await next(20_500);
      await next(40_500);
      assert.deepEqual(
        unit.sessions.map(({ ok }) => ok),
        [false, false, false, true],
      );
    });

    it('shows success and kind of failure in AcsStatus', async () => {
      await acs.close();
      await start();
      assert.equal(unit.device.config.variable('Cwmp.AcsStatus'), 'ErrorNotResponding');
      assert.equal(unit.sessions[0]?.error?.kind, 'unreachable');
    });
  });

  describe('periodic Inform', () => {
    const periodic = (more: Record<string, string> = {}): Record<string, string> => ({
      'Cwmp.PeriodicInformEnable': 'Enable',
      'Cwmp.PeriodicInformInterval': '600',
      ...more,
    });

    it('informs every interval, at a phase of its own where none is set', async () => {
      await start({ parameters: periodic() });
      await next(600_500);
      assert.deepEqual(events(2), ['2 PERIODIC']);
      for (let n = 0; n < 3; n++) {
        const waited = await next(600_500);
        assert.ok(Math.abs(waited - 600_000) <= 500, `${waited}`);
      }
    });

    it('keeps the phase of PeriodicInformTime', async () => {
      await start({ parameters: periodic({ 'Cwmp.PeriodicInformTime': '2030-05-05T00:03:20Z' }) });
      await next(600_500);
      assert.equal(Math.floor(unit.clock.now() / 1000) % 600, 200);
      await next(600_500);
      assert.equal(Math.floor(unit.clock.now() / 1000) % 600, 200);
    });

    it('applies a new interval from its setting on, and ends when disabled', async () => {
      await start();
      await quiet(3_600_000, 1);
      acs.play(informResponse(), set([`${P}PeriodicInformEnable`, '1'], [`${P}PeriodicInformInterval`, '5']));
      unit.gateway.agent?.inform();
      await unit.ended(2);
      for (let n = 0; n < 3; n++) await next(5500);
      assert.deepEqual(events(5), ['2 PERIODIC']);
      acs.play(informResponse(), set([`${P}PeriodicInformEnable`, '0']));
      unit.gateway.agent?.inform();
      await unit.ended(6);
      await quiet(60_000, 6);
    });

    it('keeps an undelivered periodic event over a power cut', async () => {
      await start({ parameters: periodic() });
      acs.always(fault(8002));
      await next(600_500);
      await unit.gateway.powerOff();
      acs.always(undefined);
      await unit.boot();
      await unit.ended(3);
      assert.deepEqual(events(3), ['1 BOOT', '2 PERIODIC']);
    });
  });

  it('informs at the time of a ScheduleInform with its key, also over a reboot', async () => {
    acs.play(
      informResponse(),
      ask('ScheduleInform', { DelaySeconds: 0, CommandKey: 'never' }),
      ask('ScheduleInform', { DelaySeconds: 100, CommandKey: 'a' }),
      ask('ScheduleInform', { DelaySeconds: 50, CommandKey: 'b' }),
      ask('ScheduleInform', { DelaySeconds: 500, CommandKey: 'c' }),
    );
    await start();
    assert.deepEqual(acs.names().slice(2), [
      'Fault 9003',
      'ScheduleInformResponse',
      'ScheduleInformResponse',
      'ScheduleInformResponse',
    ]);
    const first = await next(60_000);
    assert.ok(first >= 50_000 && first <= 50_500);
    assert.deepEqual(events(2), ['3 SCHEDULED', 'M ScheduleInform b']);
    await next(60_000);
    assert.deepEqual(events(3), ['3 SCHEDULED', 'M ScheduleInform a']);
    await unit.gateway.powerOff();
    await unit.clock.advance(1_000_000);
    await unit.boot();
    await unit.ended(4);
    await unit.clock.advance(100);
    await eventually('the events are delivered', () => unit.device.state.facts.events.length === 0);
    assert.deepEqual([...events(4), ...events(5)], ['1 BOOT', '3 SCHEDULED', 'M ScheduleInform c']);
  });

  describe('notifications (A.3.2.4)', () => {
    const path = 'Device.DeviceInfo.ProvisioningCode';
    const notify = (Name: string, Notification: number): Step =>
      ask('SetParameterAttributes', {
        ParameterList: [{ Name, NotificationChange: true, Notification, AccessListChange: false, AccessList: [] }],
      });
    const change = (value: string, source: 'web' | 'acs' = 'web') =>
      unit.device.config.set([{ name: username, value }], source);
    const username = 'Device.ManagementServer.Username';

    it('opens a session at once for an active change, with the value', async () => {
      acs.play(informResponse(), notify(username, 2));
      await start();
      await change('bob');
      await unit.ended(2);
      assert.deepEqual(events(2), ['4 VALUE CHANGE']);
      assert.equal(informs()[1]?.ParameterList.find(({ Name }) => Name === username)?.Value, 'bob');
      await quiet(60_000, 2);
    });

    it('reports a passive change with the next Inform', async () => {
      acs.play(informResponse(), notify(username, 1));
      await start();
      await change('bob');
      await change('eve');
      await quiet(60_000, 1);
      unit.gateway.agent?.inform('2 PERIODIC');
      await unit.ended(2);
      assert.deepEqual(events(2), ['2 PERIODIC', '4 VALUE CHANGE']);
      const values = informs()[1]?.ParameterList.filter(({ Name }) => Name === username);
      assert.deepEqual(
        values?.map(({ Value }) => Value),
        ['eve'],
      );
    });

    it('reports neither changes by the ACS itself nor changes with notification off', async () => {
      acs.play(informResponse(), notify(username, 2), set([username, 'x']));
      await start();
      await quiet(60_000, 1);
      acs.play(informResponse(), notify(username, 0));
      unit.gateway.agent?.inform();
      await unit.ended(2);
      await change('bob');
      await quiet(60_000, 2);
    });

    it('reports an undelivered change with the next Inform, and drops it at a reboot', async () => {
      acs.play(informResponse(), notify(username, 2));
      await start();
      acs.play(fault(8002));
      await change('bob');
      await unit.ended(2);
      acs.play(fault(8002));
      await next(10_500);
      assert.deepEqual(events(3), ['4 VALUE CHANGE']);
      await unit.gateway.powerOff();
      await unit.boot();
      await unit.ended(4);
      assert.deepEqual(events(4), ['1 BOOT']);
    });

    it('delays a session for a change alone by DefaultActiveNotificationThrottle', async () => {
      acs.play(informResponse(), notify(username, 2), set([`${P}DefaultActiveNotificationThrottle`, '120']));
      await start();
      await unit.clock.advance(30_000);
      await change('bob');
      const waited = await next(120_000);
      assert.ok(waited >= 89_000 && waited <= 90_500, `${waited}`);
      await change('eve');
      unit.gateway.agent?.inform('2 PERIODIC');
      await unit.ended(3);
      assert.deepEqual(events(3), ['2 PERIODIC', '4 VALUE CHANGE']);
      await quiet(600_000, 3);
    });

    it('always notifies of ProvisioningCode and SoftwareVersion (plain device)', async () => {
      acs.play(informResponse(), notify(path, 0));
      await start({ model: 'device' });
      await unit.device.config.set([{ name: path, value: 'B' }], 'web');
      await unit.ended(2);
      assert.deepEqual(events(2), ['4 VALUE CHANGE']);
    });
  });

  describe('choice of the ACS (3.1)', () => {
    it('sends 0 BOOTSTRAP to a new URL after the session', async () => {
      const other = await scriptedAcs();
      acs.play(informResponse(), set([`${P}URL`, other.url]));
      await start();
      await unit.ended(2);
      assert.deepEqual(acs.names(), ['Inform', '(empty)', 'SetParameterValuesResponse']);
      assert.deepEqual(other.names(), ['Inform', '(empty)']);
      assert.deepEqual(events(2), ['0 BOOTSTRAP']);
      assert.equal(unit.device.state.facts.bootstrapped, other.url);
      await unit.gateway.powerOff();
      await unit.boot();
      await unit.ended(3);
      assert.deepEqual(events(3), ['1 BOOT']);
      await other.close();
    });

    it('applies a URL changed by the unit at once and drops events for the old ACS', async () => {
      const other = await scriptedAcs();
      acs.play(fault(8002));
      await start();
      unit.gateway.agent?.inform('2 PERIODIC');
      await unit.ended(2);
      acs.play(fault(8002));
      unit.gateway.agent?.inform('2 PERIODIC');
      await unit.ended(3);
      await unit.device.config.set([{ name: `${P}URL`, value: other.url }], 'web');
      await unit.ended(4);
      assert.deepEqual(events(4), ['0 BOOTSTRAP']);
      await other.close();
    });

    describe('by DHCP', () => {
      let dhcp: DhcpServer;
      const boot = async (source: string, staticUrl: string, learned?: string): Promise<void> => {
        dhcp = await startDhcpServer(learned === undefined ? {} : { acsUrl: learned });
        const parameters = { 'Cwmp.AcsUrlConfigSource': source, 'Cwmp.AcsStaticUrl': staticUrl };
        const server = { host: '127.0.0.1', port: dhcp.port };
        unit = await testUnit({ parameters, dhcp: { server } });
        const booting = unit.boot();
        let up = false;
        void booting.finally(() => {
          up = true;
        });
        // An offer without an ACS is waited upon for a while.
        while (!up) await unit.clock.advance(100);
        await booting;
        while (unit.sessions.length === 0) await unit.clock.advance(100);
      };
      afterEach(() => dhcp.close());

      it('uses only the URL from DHCP with Dhcp', async () => {
        await boot('Dhcp', 'http://127.0.0.1:1/', acs.url);
        assert.equal(unit.gateway.agent?.acs.url, acs.url);
        assert.deepEqual(events(1), ['0 BOOTSTRAP', '1 BOOT']);
        await unit.close();
        await dhcp.close();
        await boot('Dhcp', acs.url);
        assert.equal(unit.sessions[0]?.error?.kind, 'no-url');
      });

      it('falls back to the static URL with DhcpWithFailover', async () => {
        await boot('DhcpWithFailover', acs.url);
        assert.equal(unit.sessions[0]?.ok, true);
      });

      it('asks DHCP again when its ACS cannot be reached, and uses a new URL', async () => {
        await boot('Dhcp', '', 'http://127.0.0.1:1/');
        assert.equal(unit.sessions[0]?.error?.kind, 'unreachable');
        dhcp.change({ acsUrl: acs.url });
        await next(10_500);
        assert.equal(unit.sessions[1]?.ok, true);
        assert.deepEqual(events(2), ['0 BOOTSTRAP', '1 BOOT']);
        assert.equal(unit.device.state.facts.bootstrapped, acs.url);
      });

      it('applies the retry policy from DHCP', async () => {
        dhcp = await startDhcpServer({ acsUrl: acs.url, retryMinimumWait: 100, retryMultiplier: 1000 });
        acs.play(fault(8002));
        unit = await testUnit({
          parameters: { 'Cwmp.AcsUrlConfigSource': 'Dhcp' },
          dhcp: { server: { host: '127.0.0.1', port: dhcp.port } },
        });
        await unit.boot();
        await unit.ended(1);
        const waited = await next(100_500);
        assert.ok(waited >= 99_500, `${waited}`);
      });
    });

    it('sends nothing and shows NoUrl without a URL', async () => {
      unit = await testUnit();
      await unit.boot();
      await unit.ended(1);
      assert.equal(unit.device.config.variable('Cwmp.AcsStatus'), 'NoUrl');
      assert.equal(unit.device.state.facts.retries, 0);
      await unit.device.config.set([{ name: `${P}URL`, value: acs.url }], 'web');
      await unit.ended(2);
      assert.deepEqual(events(2), ['0 BOOTSTRAP', '1 BOOT']);
    });
  });

  describe('Reboot and FactoryReset (A.3.2.9, A.3.2.10)', () => {
    it('answers Reboot, ends the session, then informs with [1 BOOT, M Reboot]', async () => {
      acs.play(informResponse(), ask('Reboot', { CommandKey: 'r1' }), ask('Reboot', { CommandKey: 'r2' }));
      await start();
      assert.deepEqual(acs.names(), ['Inform', '(empty)', 'RebootResponse', 'RebootResponse']);
      await unit.ended(2);
      assert.deepEqual(events(2), ['1 BOOT', 'M Reboot r1', 'M Reboot r2']);
      await quiet(60_000, 2);
    });

    it('loses no event when power is cut between answer and reboot', async () => {
      acs.play(informResponse(), ask('Reboot', { CommandKey: 'r1' }), { silent: true });
      unit = await testUnit({ url: acs.url });
      await unit.boot();
      await acs.until(3);
      await unit.gateway.powerOff();
      await unit.boot();
      await unit.ended(1);
      assert.deepEqual(events(1), ['1 BOOT', 'M Reboot r1']);
    });

    it('resets at the next boot when power is cut between answer and factory reset', async () => {
      acs.play(
        informResponse(),
        set([`${P}PeriodicInformInterval`, '77']),
        ask('FactoryReset', {}),
        ask('Reboot', { CommandKey: 'forgotten with all else' }),
        { silent: true },
      );
      unit = await testUnit({ url: acs.url });
      await unit.boot();
      await acs.until(5);
      await unit.gateway.powerOff();
      await unit.boot();
      await unit.ended(1);
      assert.deepEqual(events(1), ['0 BOOTSTRAP', '1 BOOT']);
      assert.equal(unit.device.config.get(`${P}PeriodicInformInterval`), '3600');
      await unit.gateway.powerOff();
      await unit.boot();
      await unit.ended(2);
      assert.deepEqual(events(2), ['1 BOOT'], 'it is done once');
    });

    /** The Inform that a reboot brings may come while the clock moves. */
    const booted = async (count: number): Promise<void> => {
      await eventually('the next Inform', () => informs().length >= count);
      assert.deepEqual(informs()[count - 1]?.Event, [{ EventCode: '1 BOOT', CommandKey: '' }]);
      await eventually('the events are delivered', () => unit.device.state.facts.events.length === 0);
    };

    it('reboots once, DelayReboot seconds after the session', async () => {
      acs.play(informResponse(), set([`${P}DelayReboot`, '100']), set([`${P}Username`, 'x']));
      await start({ model: 'device' });
      await quiet(99_000, 1);
      assert.equal(unit.device.config.get(`${P}DelayReboot`), '100');
      await unit.clock.advance(1500);
      await booted(2);
      assert.equal(unit.device.config.get(`${P}DelayReboot`), '-1');
      await unit.clock.advance(300_000);
      assert.equal(informs().length, 2);
    });

    it('reboots at ScheduleReboot despite sessions in between, and ignores a time that has passed', async () => {
      const at = (seconds: number): string =>
        `${new Date(unit.clock.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
      await start({ model: 'device' });
      await unit.device.config.set([{ name: `${P}ScheduleReboot`, value: at(200) }], 'acs');
      await unit.clock.advance(150_000);
      unit.gateway.agent?.inform();
      await unit.ended(2);
      await quiet(45_000, 2);
      await unit.clock.advance(6000);
      await booted(3);
      await unit.device.config.set([{ name: `${P}ScheduleReboot`, value: at(-5) }], 'acs');
      await unit.clock.advance(300_000);
      await unit.device.config.set([{ name: `${P}DelayReboot`, value: '50' }], 'web');
      await unit.device.config.set([{ name: `${P}DelayReboot`, value: '-1' }], 'web');
      await unit.clock.advance(300_000);
      assert.equal(informs().length, 3);
    });

    it('returns to the profile at FactoryReset, then informs with [0 BOOTSTRAP, 1 BOOT]', async () => {
      acs.play(informResponse(), set([`${P}PeriodicInformInterval`, '77']), ask('FactoryReset', {}));
      await start();
      await unit.ended(2);
      assert.deepEqual(events(2), ['0 BOOTSTRAP', '1 BOOT']);
      assert.equal(unit.device.config.get(`${P}PeriodicInformInterval`), '3600');
      assert.equal(informs()[1]?.ParameterList.find(({ Name }) => Name === `${P}ParameterKey`)?.Value, '');
    });
  });

  it('sends nothing and counts no failure when power is cut in the middle of a session', async () => {
    acs.play({ silent: true });
    unit = await testUnit({ url: acs.url });
    await unit.boot();
    await acs.until(1);
    await unit.gateway.powerOff();
    assert.equal(unit.device.state.facts.retries, 0);
    assert.equal(unit.sessions.length, 0);
    await unit.boot();
    await unit.ended(1);
    assert.deepEqual(events(1), ['0 BOOTSTRAP', '1 BOOT']);
  });

  it('holds one session and no more with the option once', async () => {
    unit = await testUnit({ url: acs.url, once: true });
    await unit.boot();
    assert.equal((await unit.gateway.agent?.sessions.first)?.ok, true);
    await unit.clock.advance(3_600_000);
    assert.equal(acs.heard.length, 2);
  });

  it('reports an active change during a session in a session of its own', async () => {
    let late: Promise<unknown> | undefined;
    acs.play(
      informResponse(),
      ask('SetParameterAttributes', {
        ParameterList: [
          { Name: `${P}Username`, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
        ],
      }),
      async () => {
        late = unit.device.config.set([{ name: `${P}Username`, value: 'late' }], 'web');
        await late;
        return {};
      },
    );
    await start();
    await unit.ended(2);
    assert.deepEqual(events(2), ['4 VALUE CHANGE']);
    await eventually('the changes are reported', () => unit.device.state.facts.changed.length === 0);
  });
});

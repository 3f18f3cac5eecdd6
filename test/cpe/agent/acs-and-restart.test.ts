// The agent’s choice of the ACS, and the restarts that an ACS orders.
import assert from 'node:assert/strict';
import { AgentWorld, P, set } from '../../support/cpe/agent-world.ts';
import { ask, fault, informResponse, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { eventually } from '../../support/eventually.ts';
import { type DhcpServer, startDhcpServer } from '../../support/servers/dhcp.ts';

describe('CWMP agent (TR-069 3.2.1, 3.7.1.5)', () => {
  let on: AgentWorld;
  beforeEach(async () => {
    on = await AgentWorld.open();
  });
  afterEach(() => on.close());

  describe('choice of the ACS (3.1)', () => {
    it('sends 0 BOOTSTRAP to a new URL after the session', async () => {
      const other = await scriptedAcs();
      on.acs.play(informResponse(), set([`${P}URL`, other.url]));
      await on.start();
      await on.unit.ended(2);
      assert.deepEqual(on.acs.names(), ['Inform', '(empty)', 'SetParameterValuesResponse']);
      assert.deepEqual(other.names(), ['Inform', '(empty)']);
      assert.deepEqual(on.events(2), ['0 BOOTSTRAP']);
      assert.equal(on.unit.device.state.facts.bootstrapped, other.url);
      await on.unit.gateway.powerOff();
      await on.unit.boot();
      await on.unit.ended(3);
      assert.deepEqual(on.events(3), ['1 BOOT']);
      await other.close();
    });

    it('applies a URL changed by the unit at once and drops events for the old ACS', async () => {
      const other = await scriptedAcs();
      on.acs.play(fault(8002));
      await on.start();
      on.unit.gateway.agent?.inform('2 PERIODIC');
      await on.unit.ended(2);
      on.acs.play(fault(8002));
      on.unit.gateway.agent?.inform('2 PERIODIC');
      await on.unit.ended(3);
      await on.unit.device.config.set([{ name: `${P}URL`, value: other.url }], 'web');
      await on.unit.ended(4);
      assert.deepEqual(on.events(4), ['0 BOOTSTRAP']);
      await other.close();
    });

    describe('by DHCP', () => {
      let dhcp: DhcpServer;
      const boot = async (source: string, staticUrl: string, learned?: string): Promise<void> => {
        dhcp = await startDhcpServer(learned === undefined ? {} : { acsUrl: learned });
        const parameters = { 'Cwmp.AcsUrlConfigSource': source, 'Cwmp.AcsStaticUrl': staticUrl };
        const server = { host: '127.0.0.1', port: dhcp.port };
        await on.make({ url: '', parameters, dhcp: { server } });
        const booting = on.unit.boot();
        let up = false;
        void booting.finally(() => {
          up = true;
        });
        // After an offer without an ACS the unit waits for a better one.
        while (!up) await on.unit.clock.advance(100);
        await booting;
        while (on.unit.sessions.length === 0) await on.unit.clock.advance(100);
      };
      afterEach(() => dhcp.close());

      it('uses only the URL from DHCP with Dhcp', async () => {
        await boot('Dhcp', 'http://127.0.0.1:1/', on.acs.url);
        assert.equal(on.unit.gateway.agent?.acs.url, on.acs.url);
        assert.deepEqual(on.events(1), ['0 BOOTSTRAP', '1 BOOT']);
        await on.unit.close();
        await dhcp.close();
        await boot('Dhcp', on.acs.url);
        assert.equal(on.unit.sessions[0]?.error?.kind, 'no-url');
      });

      it('falls back to the static URL with DhcpWithFailover', async () => {
        await boot('DhcpWithFailover', on.acs.url);
        assert.equal(on.unit.sessions[0]?.ok, true);
      });

      it('asks DHCP again when its ACS cannot be reached, and uses a new URL', async () => {
        await boot('Dhcp', '', 'http://127.0.0.1:1/');
        assert.equal(on.unit.sessions[0]?.error?.kind, 'unreachable');
        dhcp.change({ acsUrl: on.acs.url });
        await on.next(10_500);
        assert.equal(on.unit.sessions[1]?.ok, true);
        assert.deepEqual(on.events(2), ['0 BOOTSTRAP', '1 BOOT']);
        assert.equal(on.unit.device.state.facts.bootstrapped, on.acs.url);
      });

      it('applies the retry policy from DHCP', async () => {
        dhcp = await startDhcpServer({ acsUrl: on.acs.url, retryMinimumWait: 100, retryMultiplier: 1000 });
        on.acs.play(fault(8002));
        await on.make({
          url: '',
          parameters: { 'Cwmp.AcsUrlConfigSource': 'Dhcp' },
          dhcp: { server: { host: '127.0.0.1', port: dhcp.port } },
        });
        await on.unit.boot();
        await on.unit.ended(1);
        const waited = await on.next(100_500);
        assert.ok(waited >= 99_500, `${waited}`);
      });
    });

    it('sends nothing and shows NoUrl without a URL', async () => {
      await on.make({ url: '' });
      await on.unit.boot();
      await on.unit.ended(1);
      assert.equal(on.unit.device.config.variable('Cwmp.AcsStatus'), 'NoUrl');
      assert.equal(on.unit.device.state.facts.retries, 0);
      await on.unit.device.config.set([{ name: `${P}URL`, value: on.acs.url }], 'web');
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['0 BOOTSTRAP', '1 BOOT']);
    });
  });

  describe('Reboot and FactoryReset (A.3.2.9, A.3.2.10)', () => {
    it('answers Reboot, ends the session, then informs with [1 BOOT, M Reboot]', async () => {
      on.acs.play(informResponse(), ask('Reboot', { CommandKey: 'r1' }), ask('Reboot', { CommandKey: 'r2' }));
      await on.start();
      assert.deepEqual(on.acs.names(), ['Inform', '(empty)', 'RebootResponse', 'RebootResponse']);
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['1 BOOT', 'M Reboot r1', 'M Reboot r2']);
      await on.quiet(60_000, 2);
    });

    it('loses no event when power is cut between answer and reboot', async () => {
      on.acs.play(informResponse(), ask('Reboot', { CommandKey: 'r1' }), { silent: true });
      await on.make();
      await on.unit.boot();
      await on.acs.until(3);
      await on.unit.gateway.powerOff();
      await on.unit.boot();
      await on.unit.ended(1);
      assert.deepEqual(on.events(1), ['1 BOOT', 'M Reboot r1']);
    });

    it('resets at the next boot when power is cut between answer and factory reset', async () => {
      on.acs.play(
        informResponse(),
        set([`${P}PeriodicInformInterval`, '77']),
        ask('FactoryReset', {}),
        ask('Reboot', { CommandKey: 'forgotten with all else' }),
        { silent: true },
      );
      await on.make();
      await on.unit.boot();
      await on.acs.until(5);
      await on.unit.gateway.powerOff();
      await on.unit.boot();
      await on.unit.ended(1);
      assert.deepEqual(on.events(1), ['0 BOOTSTRAP', '1 BOOT']);
      assert.equal(on.unit.device.config.get(`${P}PeriodicInformInterval`), '3600');
      await on.unit.gateway.powerOff();
      await on.unit.boot();
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['1 BOOT'], 'it is done once');
    });

    /** The Inform after a reboot may come while the clock moves. */
    const booted = async (count: number): Promise<void> => {
      await eventually('the next Inform', () => on.informs().length >= count);
      assert.deepEqual(on.informs()[count - 1]?.Event, [{ EventCode: '1 BOOT', CommandKey: '' }]);
      await eventually('the events are delivered', () => on.unit.device.state.facts.events.length === 0);
    };

    it('reboots once, DelayReboot seconds after the session', async () => {
      on.acs.play(informResponse(), set([`${P}DelayReboot`, '100']), set([`${P}Username`, 'x']));
      await on.start({ model: 'device' });
      await on.quiet(99_000, 1);
      assert.equal(on.unit.device.config.get(`${P}DelayReboot`), '100');
      await on.unit.clock.advance(1500);
      await booted(2);
      assert.equal(on.unit.device.config.get(`${P}DelayReboot`), '-1');
      await on.unit.clock.advance(300_000);
      assert.equal(on.informs().length, 2);
    });

    it('reboots at ScheduleReboot despite sessions in between, and ignores a time that has passed', async () => {
      const at = (seconds: number): string =>
        `${new Date(on.unit.clock.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
      await on.start({ model: 'device' });
      await on.unit.device.config.set([{ name: `${P}ScheduleReboot`, value: at(200) }], 'acs');
      await on.unit.clock.advance(150_000);
      on.unit.gateway.agent?.inform();
      await on.unit.ended(2);
      await on.quiet(45_000, 2);
      await on.unit.clock.advance(6000);
      await booted(3);
      await on.unit.device.config.set([{ name: `${P}ScheduleReboot`, value: at(-5) }], 'acs');
      await on.unit.clock.advance(300_000);
      await on.unit.device.config.set([{ name: `${P}DelayReboot`, value: '50' }], 'web');
      await on.unit.device.config.set([{ name: `${P}DelayReboot`, value: '-1' }], 'web');
      await on.unit.clock.advance(300_000);
      assert.equal(on.informs().length, 3);
    });

    it('returns to the profile at FactoryReset, then informs with [0 BOOTSTRAP, 1 BOOT]', async () => {
      on.acs.play(informResponse(), set([`${P}PeriodicInformInterval`, '77']), ask('FactoryReset', {}));
      await on.start();
      await on.unit.ended(2);
      assert.deepEqual(on.events(2), ['0 BOOTSTRAP', '1 BOOT']);
      assert.equal(on.unit.device.config.get(`${P}PeriodicInformInterval`), '3600');
      assert.equal(on.informs()[1]?.ParameterList.find(({ Name }) => Name === `${P}ParameterKey`)?.Value, '');
    });
  });
});

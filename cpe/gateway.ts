// One simulated gateway: a unit and its power, with boots, reboots, power cuts and factory resets.
import { withEntry } from '../shared/lists.ts';
import { type Agent, startAgent } from './agent/agent.ts';
import type { AgentOptions } from './agent/options.ts';
import { type CustomerProfile, factoryOf, noProfile } from './profile.ts';
import { fetchOwn, scriptsAtStart } from './services/autonomous-scripts.ts';
import { restoreDue } from './services/configuration/image.ts';
import { reportRestore } from './services/configuration/reports.ts';
import { reportBoot, swapBanks } from './services/fpu.ts';
import type { UnitPower } from './services/service.ts';
import { memoryPersist, openPersist } from './state/persist.ts';
import type { SnapshotStore } from './state/snapshot.ts';
import { SimulatedUnit, type UnitOptions } from './unit.ts';

export type ClockSource = 'sntp' | 'host';

export interface GatewayOptions extends UnitOptions, Omit<AgentOptions, 'cwmp'> {
  /** Directory of the state; absent: the state lives as long as this object. */
  stateDir?: string | undefined;
  profile?: CustomerProfile | undefined;
  /** `sntp` (default): the clock is not set until SNTP sets it. `host`: the host's clock. A function is called at each boot. */
  clockSource?: ClockSource | (() => ClockSource) | undefined;
}

export interface Gateway extends UnitPower {
  readonly device: SimulatedUnit;
  /** Calls the listener with the agent of each boot, before that agent has done anything. */
  onAgent(listener: (agent: Agent) => void): void;
  /** Powers up. Resolves when the services run and the agent has started. */
  boot(): Promise<void>;
  /** Like a power cut: no peer is told. Acknowledged state is kept; boot() starts again. */
  powerOff(): Promise<void>;
  /** Ends in good order. */
  stop(): Promise<void>;
}

/** Milliseconds that a boot waits for DHCP; the agent asks again later. */
const DHCP_AT_BOOT = 8000;

/** @throws UserError when the state directory or the profile cannot be used */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const factory = await factoryOf(options.model, options.profile ?? noProfile);
  const persist = options.stateDir === undefined ? memoryPersist() : await openPersist(options.stateDir, options.log);
  return new RunningGateway(options, power => new SimulatedUnit(options, factory, persist, power));
}

class RunningGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly device: SimulatedUnit;
  agent: Agent | undefined;
  bootedAt = 0;
  #agentListeners: ((agent: Agent) => void)[] | undefined;
  #booting: Promise<void> | undefined;
  /** Power is off or being switched off. */
  #off = true;

  constructor(options: GatewayOptions, makeUnit: (power: UnitPower) => SimulatedUnit) {
    this.#options = options;
    this.device = makeUnit(this);
  }

  onAgent(listener: (agent: Agent) => void): void {
    this.#agentListeners = withEntry(this.#agentListeners, listener);
  }

  async boot(): Promise<void> {
    this.#off = false;
    if (this.device.services.up) return;
    this.#booting ??= this.#powerUp().finally(() => {
      this.#booting = undefined;
    });
    await this.#booting;
  }

  async #powerUp(): Promise<void> {
    this.bootedAt = this.device.clock.monotonic();
    await startServices(this.device, this.#options.clockSource);
    this.agent = startAgent(this.device, this.#options);
    for (const listener of this.#agentListeners ?? []) listener(this.agent);
    await this.agent.ready;
  }

  async #down(silent: boolean): Promise<void> {
    const { dhcp, services } = this.device;
    dhcp.abort();
    // A boot on its way comes to its end first; its caller learns how it ended.
    await this.#booting?.catch(() => undefined);
    if (!services.up) return;
    services.markDown();
    await this.agent?.stop();
    await services.stop(silent);
  }

  reboot(cause: { commandKey?: string; reason: string }): Promise<void> {
    this.device.log.info('reboot ordered', cause);
    return this.#restart();
  }

  async factoryReset(): Promise<void> {
    this.device.log.info('factory reset ordered');
    await noteReset(this.device.state);
    await this.#restart();
  }

  async #restart(): Promise<void> {
    if (!this.device.services.up) return;
    const work = this.#down(false).then(() => (this.#off ? undefined : this.boot()));
    this.device.services.track(work);
    await work;
  }

  powerOff(): Promise<void> {
    return this.#end(true);
  }
  stop(): Promise<void> {
    return this.#end(false);
  }

  async #end(silent: boolean): Promise<void> {
    // A restart under way does not boot again.
    this.#off = true;
    await this.#down(silent);
    await this.device.services.settled();
    await this.device.state.persist.close();
  }
}

const noteReset = (state: SnapshotStore): Promise<void> =>
  state.record(facts => {
    facts.resetDue = true;
  });

/** Takes a unit from power on to running services. */
async function startServices(unit: SimulatedUnit, clockSource: GatewayOptions['clockSource']): Promise<void> {
  const source = typeof clockSource === 'function' ? clockSource() : clockSource;
  unit.setClock(source === 'host' ? 0 : undefined);
  unit.dhcp.forget();
  unit.slots = undefined;
  const changed = await finishLastRun(unit);
  await unit.dhcp.renew(DHCP_AT_BOOT);
  await unit.services.start();
  if (changed) reportBoot(unit);
  await reportRestore(unit);
  if (unit.services.started('Conf')) await fetchOwn(unit, scriptsAtStart(unit));
}

/**
 * Carries out what the last run left to be done before anything else starts: a firmware change, a factory reset, a restore.
 * @returns whether the firmware changed
 */
async function finishLastRun(unit: SimulatedUnit): Promise<boolean> {
  const { identity, softwareVersion, state, config, log } = unit;
  const before = { product: identity.productClass, version: softwareVersion };
  // Saved together with the swap, so that no power cut can part them.
  if (state.unitFacts.pendingFirmware && config.variable('Fpu.DefaultSettingsOnInstall') === 'Enable') {
    state.facts.resetDue = true;
  }
  const changed = await swapBanks(unit, before);
  if (changed) {
    log.info('firmware changed', { from: before.version, to: unit.softwareVersion });
  }
  if (state.facts.resetDue) {
    // Back to the customer profile.
    config.restore();
    await state.forget();
  }
  await restoreDue(unit);
  return changed;
}

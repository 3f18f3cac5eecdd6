// One gateway: model, state, services and agent put together; its boots, reboots and factory resets.

import type { Clock, Random } from '../shared/clock.ts';
import { CwmpFault } from '../shared/cwmp/faults.ts';
import type { ParameterAttribute, ParameterInfo, ParameterValue } from '../shared/cwmp/methods.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { Model } from '../shared/model/definitions.ts';
import type { createHttp } from '../shared/net/http.ts';
import { plainPolicy, policyFor, type TlsService } from '../shared/tls/profiles.ts';
import type { WireTap } from './agent/acs-connection.ts';
import { acsAddress } from './agent/acs-url.ts';
import { type Agent, startAgent } from './agent/agent.ts';
import type { OpenListener } from './agent/connection-request/listener.ts';
import { type StunView, stunOff } from './agent/connection-request/udp-door.ts';
import { discover } from './agent/discovery.ts';
import { currentTime } from './agent/inform.ts';
import { queueOwn } from './agent/transfer/queue.ts';
import { type CustomerProfile, type Factory, factoryOf, noProfile } from './profile.ts';
import type { ScriptTarget } from './script/run.ts';
import { dhcpScripts, scriptsAtStart } from './services/autonomous-scripts.ts';
import { hostOf, installCertificate, rootsOf } from './services/cert.ts';
import { exportConfiguration, installScript } from './services/conf.ts';
import { ServiceControl } from './services/control.ts';
import { installFirmware, swapBanks } from './services/fpu.ts';
import { restartTime } from './services/hoc.ts';
import { exportLog, notify } from './services/nlm.ts';
import { allServices, registryOf } from './services/registry.ts';
import type { Unit } from './services/service.ts';
import { userAgentOf } from './services/sipep.ts';
import { type Commit, Configuration, type Hooks } from './state/configuration.ts';
import type {
  AgentFacts,
  Change,
  InstallOutcome,
  Lease,
  OwnTransfer,
  SetItem,
  Source,
  TlsSettings,
  UnitIdentity,
} from './state/device.ts';
import type { Conduct } from './state/fault-hook.ts';
import { memoryPersist, openPersist, type Persist } from './state/persist.ts';
import { Keeping, type UnitFacts } from './state/snapshot.ts';
import type { Draft, Live, Tree } from './state/tree.ts';
import type { UserAgent } from './voice/user-agent.ts';

export type ClockSource = 'sntp' | 'host';

export interface GatewayOptions {
  model: Model;
  identity: UnitIdentity;
  /** Directory of the state; absent: the state lives as long as this object. */
  stateDir?: string | undefined;
  profile?: CustomerProfile | undefined;
  /** Address that the unit's sockets bind and connect from. */
  address: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** Where DHCP is asked; absent: not at all. */
  dhcp?: { server: { host: string; port: number } } | { interface: string } | undefined;
  /** Where connection requests are taken; absent: nowhere. */
  listen?: { host: string; port: number } | undefined;
  wire?: WireTap | undefined;
  once?: boolean | undefined;
  /** Asks the ACS by GetRPCMethods in each session what it answers. */
  askMethods?: boolean | undefined;
  /** Firmware that the unit was made with. */
  softwareVersion?: string | undefined;
  /** `sntp` (default): the clock is not set until SNTP sets it. `host`: it is the host's. A function is asked at each boot. */
  clockSource?: ClockSource | (() => ClockSource) | undefined;
  /** Takes any bytes as a firmware image. */
  anyFirmware?: boolean | undefined;
  /** Hz that the unit plays into its calls; 425 unless told. */
  tone?: number | undefined;
  /** Another HTTP client than the one on sockets. */
  http?: typeof createHttp | undefined;
  /** Another listener for connection requests than the one on sockets. */
  openListener?: OpenListener | undefined;
  /** Stands between what the ACS orders and how it is done. */
  conduct?: Conduct | undefined;
}

export interface Gateway {
  readonly device: Unit;
  /** The agent of this run; another one after a reboot. */
  readonly agent: Agent | undefined;
  /** Hears of the agent of each boot, before it has done anything. */
  onAgent(listener: (agent: Agent) => void): void;
  /** Powers up. Resolves when the services run and the agent has started. */
  boot(): Promise<void>;
  /** Like a power cut: nothing is said to anyone. What was acknowledged is kept; boot() starts again. */
  powerOff(): Promise<void>;
  /** Ends in good order. */
  stop(): Promise<void>;
  /** The SIP side of a gateway, by its name; without one, the first that runs. */
  userAgent(gateway?: string): UserAgent | undefined;
  /** Resolves when no reboot and no restart of a service is under way. */
  settled(): Promise<void>;
}

export const defaultVersion = '48.5.2718';
/** How long a boot waits for DHCP; the agent asks again later. */
const DHCP_AT_BOOT = 8000;
const DHCP_TIMEOUT = 15_000;

/** @throws UserError when the state directory or the profile cannot be used */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const factory = await factoryOf(options.model, options.profile ?? noProfile);
  const persist = options.stateDir === undefined ? memoryPersist() : await openPersist(options.stateDir);
  return new RunningGateway(options, factory, persist);
}

class RunningGateway implements Gateway, Unit, Hooks, Live, ScriptTarget {
  readonly #options: GatewayOptions;
  readonly #factory: Factory;
  readonly #keeping: Keeping;
  readonly #configuration: Configuration;
  readonly #services: ServiceControl;
  #agent: Agent | undefined;
  #lease: Lease | undefined;
  /** Unit's clock minus host's, milliseconds. */
  #clockOffset: number | undefined;
  #bootedAt = 0;
  #slots: Map<object, unknown> | undefined;
  /** Ends a question to a DHCP server. */
  #asking: AbortController | undefined;
  #hearers: ((agent: Agent) => void)[] | undefined;
  #booting: Promise<void> | undefined;
  /** Power is off, or going. */
  #off = true;

  constructor(options: GatewayOptions, factory: Factory, persist: Persist) {
    this.#options = options;
    this.#factory = factory;
    this.#keeping = new Keeping(persist, () => this.#configuration.stored());
    this.#configuration = new Configuration(options.model, factory.layer, this, this.#keeping.found);
    this.#services = new ServiceControl(this, this.#configuration);
  }

  // ---- what it is ----

  get device(): Unit {
    return this;
  }
  get model(): Model {
    return this.#options.model;
  }
  get identity(): UnitIdentity {
    return this.#options.identity;
  }
  get clock(): Clock {
    return this.#options.clock;
  }
  get random(): Random {
    return this.#options.random;
  }
  get log(): Log {
    return this.#options.log;
  }
  get address(): string {
    return this.#options.address;
  }
  get softwareVersion(): string {
    return this.#keeping.unit.firmware?.version ?? this.#options.softwareVersion ?? defaultVersion;
  }
  get productName(): string {
    return this.identity.productClass;
  }
  get anyFirmware(): boolean {
    return this.#options.anyFirmware === true;
  }
  get tone(): number {
    return this.#options.tone ?? 425;
  }
  get factoryFiles(): ReadonlyMap<string, Buffer> {
    return this.#factory.files;
  }
  get facts(): Readonly<AgentFacts> {
    return this.#keeping.facts;
  }
  get unitFacts(): Readonly<UnitFacts> {
    return this.#keeping.unit;
  }
  get blobs(): Persist {
    return this.#keeping.persist;
  }
  get lease(): Lease | undefined {
    return this.#lease;
  }
  get agent(): Agent | undefined {
    return this.#agent;
  }
  get tree(): Tree {
    return this.#configuration.tree;
  }
  get uptimeSeconds(): number {
    return this.#services.up ? Math.floor((this.clock.monotonic() - this.#bootedAt) / 1000) : 0;
  }
  get localTime(): string {
    return currentTime(this);
  }
  get connectionRequestUrl(): string {
    return this.#agent?.connectionRequestUrl ?? '';
  }
  get stun(): StunView {
    return this.#agent?.stun ?? stunOff;
  }
  get acsUrl(): string {
    return acsAddress(this)?.url ?? '';
  }
  get acsStatus(): string {
    return this.#agent?.status ?? 'Starting';
  }
  now(): number | undefined {
    return this.#clockOffset === undefined ? undefined : this.clock.now() + this.#clockOffset;
  }

  // ---- configuration ----

  get(path: string): string {
    return this.#configuration.get(path);
  }
  variable(name: string): string | undefined {
    return this.#configuration.variable(name);
  }
  running(name: string): string | undefined {
    return this.#configuration.running(name);
  }
  pathOf(name: string): string | undefined {
    return this.#configuration.pathOf(name);
  }
  read(path: string): ParameterValue[] {
    return this.#configuration.read(path);
  }
  shown(path: string): string {
    return this.#configuration.shown(path);
  }
  names(path: string, nextLevel: boolean): ParameterInfo[] {
    return this.#configuration.names(path, nextLevel);
  }
  attributes(path: string): ParameterAttribute[] {
    return this.#configuration.attributes(path);
  }
  setAttributes(items: { path: string; notification?: number; accessList?: string[] }[]): Promise<void> {
    return this.#configuration.setAttributes(items);
  }
  watch(listener: (changes: Change[], source: Source) => void): () => void {
    return this.#configuration.watch(listener);
  }
  announce(changes: Change[]): void {
    this.#configuration.announce(changes, 'unit');
  }
  set(items: SetItem[], source: Source, parameterKey?: string): Promise<0 | 1> {
    return this.#configuration.set(items, source, this.#keeping.keyNote(parameterKey));
  }
  add(path: string, source: Source, parameterKey?: string): Promise<{ instance: number; status: 0 | 1 }> {
    return this.#configuration.insert(path, {}, source, this.#keeping.keyNote(parameterKey));
  }
  remove(path: string, source: Source, parameterKey?: string): Promise<0 | 1> {
    return this.#configuration.remove(path, source, this.#keeping.keyNote(parameterKey));
  }
  async edit(change: (draft: Draft) => void): Promise<void> {
    await this.#configuration.edit(change, 'unit');
  }

  // ---- what the configuration asks of the services ----

  get live(): Live {
    return this;
  }
  value(template: string, instances: readonly number[]): string | undefined {
    return registryOf(this.model).values.get(template)?.(this, instances);
  }
  rows(template: string): readonly number[] | undefined {
    return registryOf(this.model).rows.get(template)?.(this);
  }

  started(service: string): boolean {
    return this.#services.started(service);
  }
  waiting(service: string): boolean {
    return this.#configuration.waiting().has(service);
  }
  write(draft: Draft, template: string, value: string): boolean {
    const write = registryOf(this.model).writes.get(template);
    write?.(draft, value);
    return write !== undefined;
  }
  check(draft: Draft, problem: (path: string, code: number, message: string) => void): void {
    for (const service of allServices) service.check?.(this, draft, problem);
  }
  async apply(commit: Commit): Promise<void> {
    if (!this.#services.up) return;
    for (const service of allServices) await service.apply?.(this, commit);
  }
  async rowCommand(template: string, path: string): Promise<void> {
    const run = registryOf(this.model).rowCommands.get(template);
    if (!run) {
      this.log.debug('row command without effect', { path });
      return;
    }
    const instance = Number(/\.(\d+)\.\w+$/.exec(path)?.[1]);
    // Whoever wrote the value need not wait: goodbyes to a server that is gone take their time.
    this.#services.track(run(this, instance));
  }

  // ---- keeping state ----

  save(): Promise<void> {
    return this.#keeping.save();
  }
  together<T>(work: () => Promise<T>): Promise<T> {
    return this.#keeping.together(work);
  }
  async record(change: (facts: AgentFacts) => void): Promise<void> {
    change(this.#keeping.facts);
    await this.save();
  }
  async remember(change: (facts: UnitFacts) => void): Promise<void> {
    change(this.#keeping.unit);
    await this.save();
  }
  storeFile(id: string, bytes: Buffer): Promise<void> {
    return this.blobs.put(`file/${id}`, bytes);
  }
  storedFile(id: string): Promise<Buffer | undefined> {
    return this.blobs.get(`file/${id}`);
  }
  dropFile(id: string): Promise<void> {
    return this.blobs.drop(`file/${id}`);
  }
  slot<T>(owner: object, make: () => T): T {
    this.#slots ??= new Map();
    if (!this.#slots.has(owner)) this.#slots.set(owner, make());
    return this.#slots.get(owner) as T;
  }

  peek<T>(owner: object): T | undefined {
    return this.#slots?.get(owner) as T | undefined;
  }

  // ---- network and clock ----

  tls(service: TlsService): TlsSettings {
    const isDgw = this.model.services.length > 0;
    const policy = isDgw ? policyFor(service, name => this.running(name)) : plainPolicy;
    const host = hostOf(this, service);
    return {
      policy,
      roots: rootsOf(this),
      now: this.now(),
      ...(host && { host: { cert: host.cert, key: host.key } }),
    };
  }

  notify(
    service: string,
    id: number,
    severity: 'Debug' | 'Info' | 'Warning' | 'Error' | 'Critical',
    message: string,
  ): void {
    notify(this, service, id, severity, message);
  }

  setClock(offset: number | undefined): void {
    const first = this.#clockOffset === undefined && offset !== undefined;
    this.#clockOffset = offset;
    if (first) this.#services.clockSet();
  }

  renewLease(): Promise<Lease | undefined> {
    return this.#askDhcp(DHCP_TIMEOUT);
  }

  async #askDhcp(timeoutMs: number): Promise<Lease | undefined> {
    const { dhcp, clock, random } = this.#options;
    if (!dhcp) return this.#lease;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { signal } = asking;
      const before = JSON.stringify(this.#lease?.scripts);
      this.#lease = await discover({ ...dhcp, mac: this.identity.mac, clock, random, signal, timeoutMs });
      this.log.info('lease', { ...this.#lease });
      if (this.#services.started('Hoc')) restartTime(this);
      const named = JSON.stringify(this.#lease.scripts) !== before;
      if (named && this.#services.started('Conf')) await this.fetchOwn(dhcpScripts(this));
    } catch (error) {
      if (asking.signal.aborted) throw error;
      this.log.warn('no DHCP answer', { reason: messageOf(error) });
    }
    return this.#lease;
  }

  // ---- files ----

  /** TR-069 A.3.2.8; the vendor type for certificates is our choice. */
  async install(fileType: string, bytes: Buffer, target: string, origin?: string): Promise<InstallOutcome> {
    if (/^1 Firmware Upgrade Image$/.test(fileType)) {
      await installFirmware(this, bytes);
      return { status: 'reboot' };
    }
    const isDgw = this.model.services.length > 0;
    if (isDgw && fileType === '3 Vendor Configuration File') return installScript(this, this, bytes, origin);
    if (isDgw && fileType === 'X 0090F8 Certificate') await installCertificate(this, bytes, target);
    else throw new CwmpFault(9003, `there is no use for a file of type '${fileType}'`);
    return { status: 'applied' };
  }

  /** TR-069 A.4.1.5. */
  export(fileType: string): Promise<Buffer> {
    if (/^(1 Vendor Configuration File|3 Vendor Configuration File \d+)$/.test(fileType)) {
      const { values, tables } = this.#configuration.overrides;
      return exportConfiguration(this, values, path => values.has(path) || tables.has(path));
    }
    if (/^(2 Vendor Log File|4 Vendor Log File \d+)$/.test(fileType)) return Promise.resolve(exportLog(this));
    return Promise.reject(new CwmpFault(9003, `there is no file of type '${fileType}'`));
  }

  async fetchOwn(transfers: readonly OwnTransfer[]): Promise<void> {
    for (const transfer of transfers) await queueOwn(this, transfer);
    if (transfers.length > 0) this.#agent?.wakeTransfers();
  }

  // ---- scripts ----

  insertRow(table: string, columns: Record<string, string>): Promise<unknown> {
    return this.#configuration.insert(table, columns, 'script');
  }
  async deleteAllRows(table: string): Promise<void> {
    await this.#configuration.edit(draft => {
      for (const row of draft.rows(table)) draft.removeRow(`${table}${row}.`);
    }, 'script');
  }
  async command(name: string): Promise<boolean> {
    const run = registryOf(this.model).commands.get(name);
    if (run) await run(this);
    // Two-phase services apply at once here.
    return (
      run !== undefined ||
      (name.endsWith('.applyconfig') && this.#services.named(name.split('.')[0] ?? '') !== undefined)
    );
  }

  // ---- services ----

  commandService(name: string, action: 'Start' | 'Stop' | 'Restart'): Promise<void> {
    return this.#services.command(name, action);
  }
  restartRequired(): Promise<void> {
    return this.#services.restartRequired();
  }
  settled(): Promise<void> {
    return this.#services.settled();
  }

  // ---- life ----

  boot(): Promise<void> {
    this.#off = false;
    return this.#boot();
  }

  async #boot(): Promise<void> {
    if (this.#services.up || this.#off) return;
    this.#booting ??= this.#powerUp().finally(() => {
      this.#booting = undefined;
    });
    await this.#booting;
  }

  async #powerUp(): Promise<void> {
    this.#bootedAt = this.clock.monotonic();
    const { clockSource } = this.#options;
    const source = typeof clockSource === 'function' ? clockSource() : clockSource;
    this.#clockOffset = source === 'host' ? 0 : undefined;
    this.#lease = undefined;
    this.#slots = undefined;
    await this.#startSystem();
    await this.#askDhcp(DHCP_AT_BOOT);
    await this.#services.start();
    if (this.#services.started('Conf')) await this.fetchOwn(scriptsAtStart(this));
    const { listen, wire, once, http, askMethods, openListener, conduct } = this.#options;
    this.#agent = startAgent(this, { listen, wire, once, http, askMethods, openListener, conduct });
    for (const hear of this.#hearers ?? []) hear(this.#agent);
    await this.#agent.ready;
  }

  /** What the last run left to be done before anything else starts: a new firmware, a factory reset. */
  async #startSystem(): Promise<void> {
    const before = { product: this.identity.productClass, version: this.softwareVersion };
    const { facts, unit } = this.#keeping;
    // Saved together with the swap, so that no power cut can part them.
    if (unit.pendingFirmware && this.variable('Fpu.DefaultSettingsOnInstall') === 'Enable') facts.resetDue = true;
    if (await swapBanks(this, before)) {
      this.log.info('firmware changed', { from: before.version, to: this.softwareVersion });
    }
    if (facts.resetDue) await this.#forget();
  }

  async #down(silent: boolean): Promise<void> {
    this.#asking?.abort(new DOMException('the unit stops', 'AbortError'));
    // A boot on its way comes to its end first; whoever asked for it hears how it ended.
    await this.#booting?.catch(() => undefined);
    if (!this.#services.up) return;
    this.#services.markDown();
    await this.#agent?.stop();
    await this.#services.stop(silent);
  }

  async reboot(cause: { commandKey?: string; reason: string }): Promise<void> {
    this.log.info('reboot', cause);
    await this.#restart();
  }

  async factoryReset(): Promise<void> {
    this.log.info('factory reset');
    await this.record(facts => {
      facts.resetDue = true;
    });
    await this.#restart();
  }

  async #restart(): Promise<void> {
    if (!this.#services.up) return;
    const work = this.#down(false).then(() => this.#boot());
    this.#services.track(work);
    await work;
  }

  /** Back to the customer profile. */
  async #forget(): Promise<void> {
    this.#configuration.clear();
    await this.#keeping.forget();
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
    await this.settled();
    await this.blobs.close();
  }

  onAgent(listener: (agent: Agent) => void): void {
    this.#hearers = [...(this.#hearers ?? []), listener];
  }

  userAgent(gateway?: string): UserAgent | undefined {
    return userAgentOf(this, gateway);
  }
}

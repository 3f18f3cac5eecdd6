// One gateway: model, state, services and agent put together; its boots, reboots and factory resets.

import type { Clock, Random } from '../shared/clock.ts';
import { CwmpFault } from '../shared/cwmp/faults.ts';
import type { ParameterAttribute, ParameterInfo, ParameterValue } from '../shared/cwmp/methods.ts';
import { messageOf, UserError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { Model } from '../shared/model/datamodel.ts';
import type { createHttp } from '../shared/net/http.ts';
import { plainPolicy, policyFor, type TlsService } from '../shared/tls/profiles.ts';
import { acsAddress } from './agent/acsurl.ts';
import { type Agent, startAgent } from './agent/agent.ts';
import { discover } from './agent/discovery.ts';
import { currentTime } from './agent/inform.ts';
import type { WireTap } from './agent/line.ts';
import { type CustomerProfile, type Factory, factoryOf, noProfile } from './profile.ts';
import type { ScriptTarget } from './script/run.ts';
import { hostOf, installCertificate, rootsOf } from './services/cert.ts';
import { exportConfiguration, installScript } from './services/conf.ts';
import { installFirmware, swapBanks } from './services/fpu.ts';
import { restartTime } from './services/hoc.ts';
import { exportLog, notify } from './services/nlm.ts';
import { allServices, registryOf } from './services/registry.ts';
import type { Service, Unit, UnitFacts } from './services/service.ts';
import { userAgentOf } from './services/sipep.ts';
import { type Commit, Configuration, type Hooks, type Note, type StoredConfiguration } from './state/configuration.ts';
import type {
  AgentFacts,
  Change,
  InstallOutcome,
  Lease,
  SetItem,
  Source,
  TlsSettings,
  UnitIdentity,
} from './state/device.ts';
import { memoryPersist, openPersist, type Persist } from './state/persist.ts';
import type { Draft, Live, Tree } from './state/tree.ts';
import type { UserAgent } from './voice/useragent.ts';

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
  /** Firmware that the unit was made with. */
  softwareVersion?: string | undefined;
  /** `sntp` (default): the clock is not set until SNTP sets it. `host`: it is the host's. */
  clockSource?: 'sntp' | 'host' | undefined;
  /** Takes any bytes as a firmware image. */
  anyFirmware?: boolean | undefined;
  /** Another HTTP client than the one on sockets. */
  http?: typeof createHttp | undefined;
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

interface StoredState {
  configuration: StoredConfiguration;
  facts: AgentFacts;
  unit: UnitFacts;
}

const newFacts = (): AgentFacts => ({
  bootstrapped: '',
  events: [],
  changed: [],
  retries: 0,
  transfers: [],
  scheduled: [],
  parameterKey: '',
  reportedVersion: '',
});

/** @throws UserError when the state directory or the profile cannot be used */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const factory = await factoryOf(options.model, options.profile ?? noProfile);
  const persist = options.stateDir === undefined ? memoryPersist() : await openPersist(options.stateDir);
  return new RunningGateway(options, factory, persist);
}

const idle: Promise<unknown> = Promise.resolve();

class RunningGateway implements Gateway, Unit, Hooks, Live, ScriptTarget {
  readonly #options: GatewayOptions;
  readonly #factory: Factory;
  readonly blobs: Persist;
  readonly #configuration: Configuration;
  #facts: AgentFacts;
  #unitFacts: UnitFacts;
  #agent: Agent | undefined;
  #lease: Lease | undefined;
  /** Unit's clock minus host's, milliseconds. */
  #clockOffset: number | undefined;
  #bootedAt = 0;
  #up = false;
  /** Services stopped by hand or by their start-up type. */
  #stopped: Set<string> | undefined;
  #slots: Map<object, unknown> | undefined;
  /** Ends a question to a DHCP server. */
  #asking: AbortController | undefined;
  #hearers: ((agent: Agent) => void)[] | undefined;
  /** Restarts under way. */
  #work: Promise<unknown> = idle;
  /** Saves wait while several changes are made together. */
  #together = 0;
  #dirty = false;

  constructor(options: GatewayOptions, factory: Factory, persist: Persist) {
    this.#options = options;
    this.#factory = factory;
    this.blobs = persist;
    const found = persist.found as StoredState | undefined;
    this.#facts = found?.facts ?? newFacts();
    this.#unitFacts = found?.unit ?? {};
    this.#configuration = new Configuration(options.model, factory.layer, this, found?.configuration);
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
    return this.#unitFacts.firmware?.version ?? this.#options.softwareVersion ?? defaultVersion;
  }
  get productName(): string {
    return this.identity.productClass;
  }
  get anyFirmware(): boolean {
    return this.#options.anyFirmware === true;
  }
  get factoryFiles(): ReadonlyMap<string, Buffer> {
    return this.#factory.files;
  }
  get facts(): Readonly<AgentFacts> {
    return this.#facts;
  }
  get unitFacts(): Readonly<UnitFacts> {
    return this.#unitFacts;
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
    return this.#up ? Math.floor((this.clock.monotonic() - this.#bootedAt) / 1000) : 0;
  }
  get localTime(): string {
    return currentTime(this);
  }
  get connectionRequestUrl(): string {
    return this.#agent?.connectionRequestUrl ?? '';
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
    return this.#configuration.set(items, source, this.#keyNote(parameterKey));
  }
  add(path: string, source: Source, parameterKey?: string): Promise<{ instance: number; status: 0 | 1 }> {
    return this.#configuration.insert(path, {}, source, this.#keyNote(parameterKey));
  }
  remove(path: string, source: Source, parameterKey?: string): Promise<0 | 1> {
    return this.#configuration.remove(path, source, this.#keyNote(parameterKey));
  }
  async edit(change: (draft: Draft) => void): Promise<void> {
    await this.#configuration.edit(change, 'unit');
  }

  /** TR-069 A.3.2.1: ParameterKey is set by success, and only by that. */
  #keyNote(parameterKey: string | undefined): Note | undefined {
    if (parameterKey === undefined) return undefined;
    const before = this.#facts.parameterKey;
    return {
      make: () => {
        this.#facts.parameterKey = parameterKey;
      },
      undo: () => {
        this.#facts.parameterKey = before;
      },
    };
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
    return this.#up && this.#stopped?.has(service) !== true;
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
    if (!this.#up) return;
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
    this.#track(run(this, instance));
  }

  // ---- keeping state ----

  async save(): Promise<void> {
    if (this.#together > 0) {
      this.#dirty = true;
      return;
    }
    await this.blobs.save(() => this.#state());
  }
  #state(): StoredState {
    return { configuration: this.#configuration.stored(), facts: this.#facts, unit: this.#unitFacts };
  }
  async together<T>(work: () => Promise<T>): Promise<T> {
    this.#together++;
    try {
      return await work();
    } finally {
      this.#together--;
      if (this.#together === 0 && this.#dirty) {
        this.#dirty = false;
        await this.save();
      }
    }
  }
  async record(change: (facts: AgentFacts) => void): Promise<void> {
    change(this.#facts);
    await this.save();
  }
  async remember(change: (facts: UnitFacts) => void): Promise<void> {
    change(this.#unitFacts);
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
      // The unit opens no TLS port for SIP before its clock is set, whatever the validation level.
      policy: service === 'SipEp' ? { ...policy, refuseWithoutClock: true } : policy,
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
    if (!first || !this.#up) return;
    for (const service of allServices) {
      if (service.clockSet && this.started(service.name)) this.#track(Promise.resolve(service.clockSet(this)));
    }
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
      this.#lease = await discover({ ...dhcp, mac: this.identity.mac, clock, random, signal, timeoutMs });
      this.log.info('lease', { ...this.#lease });
      if (this.#up) restartTime(this);
    } catch (error) {
      if (asking.signal.aborted) throw error;
      this.log.warn('no DHCP answer', { reason: messageOf(error) });
    }
    return this.#lease;
  }

  // ---- files ----

  /** TR-069 A.3.2.8; the vendor type for certificates is our choice. */
  async install(fileType: string, bytes: Buffer, target: string): Promise<InstallOutcome> {
    if (/^1 Firmware Upgrade Image$/.test(fileType)) {
      await installFirmware(this, bytes);
      return { status: 'reboot' };
    }
    const isDgw = this.model.services.length > 0;
    if (isDgw && fileType === '3 Vendor Configuration File') await installScript(this, this, bytes);
    else if (isDgw && fileType === 'X 0090F8 Certificate') await installCertificate(this, bytes, target);
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
      run !== undefined || (name.endsWith('.applyconfig') && this.#serviceNamed(name.split('.')[0] ?? '') !== undefined)
    );
  }
  #serviceNamed(name: string): string | undefined {
    return this.model.services.find(entry => entry.name.toLowerCase() === name.toLowerCase())?.name;
  }

  // ---- services ----

  async commandService(name: string, action: 'Start' | 'Stop' | 'Restart'): Promise<void> {
    const known = this.#serviceNamed(name);
    if (known === undefined) throw new UserError(404, 'no-service', `there is no service ${name}`);
    const running = this.started(known);
    if (action !== 'Start' && running) {
      this.#stopped = new Set(this.#stopped).add(known);
      await this.#behaviour(known)?.stop?.(this);
    }
    if (action !== 'Stop' && this.#up && (action === 'Restart' || !running)) {
      this.#stopped?.delete(known);
      this.#configuration.release(known);
      await this.#behaviour(known)?.start?.(this);
      // Ports and keys of media are taken over by the user agents as they start.
      if (known === 'Mipt' && this.started('SipEp')) await this.#behaviour('SipEp')?.start?.(this);
    }
    this.log.info('service', { service: known, action });
  }
  #behaviour(name: string): Service | undefined {
    return allServices.find(service => service.name === name);
  }
  async restartRequired(): Promise<void> {
    for (const service of this.#configuration.waiting()) await this.commandService(service, 'Restart');
  }

  #track(work: Promise<unknown>): void {
    const logged = work.catch((error: unknown) => this.log.error('service command failed', { error }));
    this.#work = Promise.all([this.#work, logged]);
  }
  async settled(): Promise<void> {
    let seen: Promise<unknown> | undefined;
    while (seen !== this.#work) {
      seen = this.#work;
      await seen;
    }
  }

  // ---- life ----

  async boot(): Promise<void> {
    if (this.#up) return;
    this.#bootedAt = this.clock.monotonic();
    this.#clockOffset = this.#options.clockSource === 'host' ? 0 : undefined;
    this.#lease = undefined;
    this.#slots = undefined;
    this.#configuration.release();
    await this.#startFirmware();
    await this.#askDhcp(DHCP_AT_BOOT);
    this.#stopped = this.#manualServices();
    this.#up = true;
    for (const service of allServices) if (this.started(service.name)) await service.start?.(this);
    const { listen, wire, once, http } = this.#options;
    this.#agent = startAgent(this, { listen, wire, once, http });
    for (const hear of this.#hearers ?? []) hear(this.#agent);
    await this.#agent.ready;
  }

  async #startFirmware(): Promise<void> {
    const before = { product: this.identity.productClass, version: this.softwareVersion };
    if (!(await swapBanks(this, before))) return;
    this.log.info('firmware changed', { from: before.version, to: this.softwareVersion });
    if (this.variable('Fpu.DefaultSettingsOnInstall') === 'Enable') await this.#forget();
  }

  #manualServices(): Set<string> | undefined {
    const manual = this.model.services
      .map(({ name }) => name)
      .filter(name => this.variable(`Scm.ServicesConfig[Name=${name}].StartupType`) === 'Manual');
    return manual.length > 0 ? new Set(manual) : undefined;
  }

  async #down(silent: boolean): Promise<void> {
    if (!this.#up) return;
    this.#up = false;
    this.#asking?.abort(new DOMException('the unit stops', 'AbortError'));
    await this.#agent?.stop();
    for (const service of [...allServices].reverse()) {
      await (silent ? (service.powerOff ?? service.stop) : service.stop)?.(this);
    }
  }

  async reboot(cause: { commandKey?: string; reason: string }): Promise<void> {
    this.log.info('reboot', cause);
    const restart = this.#restart(async () => undefined);
    this.#track(restart);
    await restart;
  }

  async factoryReset(): Promise<void> {
    this.log.info('factory reset');
    const restart = this.#restart(() => this.#forget());
    this.#track(restart);
    await restart;
  }

  async #restart(between: () => Promise<void>): Promise<void> {
    if (!this.#up) return;
    await this.#down(false);
    await between();
    await this.boot();
  }

  /** Back to the customer profile; only the firmware stays. TR-069 A.4.1.6. */
  async #forget(): Promise<void> {
    const { firmware, recovery, firstUse } = this.#unitFacts;
    this.#configuration.clear();
    this.#facts = newFacts();
    this.#unitFacts = { ...(firmware && { firmware }), ...(recovery && { recovery }), ...(firstUse && { firstUse }) };
    await this.save();
    for (const name of await this.blobs.list()) await this.blobs.drop(name);
  }

  async powerOff(): Promise<void> {
    await this.#down(true);
    await this.settled();
    await this.blobs.close();
  }

  async stop(): Promise<void> {
    await this.#down(false);
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

// One simulated unit as its agent, services, scripts and web page see it: model, configuration, state, services and clock.
import type { Clock, Random } from '../shared/clock.ts';
import type { CwmpFault } from '../shared/cwmp/faults.ts';
import type { Log } from '../shared/log.ts';
import type { Model } from '../shared/model/definitions.ts';
import type { TlsService } from '../shared/tls/profiles.ts';
import { DhcpClient, type DhcpServer } from './agent/dhcp/dhcp-client.ts';
import type { FactsOf, NotificationName } from './notifications.ts';
import type { Factory } from './profile.ts';
import { dhcpScripts, fetchOwn } from './services/autonomous-scripts.ts';
import { ServiceControl } from './services/common/control.ts';
import { exportFile, installFile } from './services/common/file-types.ts';
import { ServiceHooks } from './services/common/hooks.ts';
import { tlsSettings } from './services/common/tls-settings.ts';
import { transferEnded } from './services/configuration/reports.ts';
import { announceGateway } from './services/cwmp.ts';
import { runningBank } from './services/fpu.ts';
import { restartTime } from './services/hoc.ts';
import { report } from './services/nlm.ts';
import type { LabOptions, Unit, UnitPower } from './services/service.ts';
import { Configuration } from './state/configuration.ts';
import type { InstallOutcome, Lease, TlsSettings, UnitIdentity } from './state/device.ts';
import type { Transfer } from './state/facts.ts';
import type { Persist } from './state/persist.ts';
import { SnapshotStore } from './state/snapshot.ts';

export interface UnitOptions extends LabOptions {
  model: Model;
  identity: UnitIdentity;
  /** Address that the unit's sockets bind and connect from. */
  address: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** The DHCP server to ask; absent: none. */
  dhcp?: DhcpServer | undefined;
  /** Firmware that the unit was made with. */
  softwareVersion?: string | undefined;
  /** Takes any bytes as a firmware image. */
  anyFirmware?: boolean | undefined;
  /** Name of the customer profile; by default that of the product. */
  profileName?: string | undefined;
}

export const defaultVersion = '48.5.2718';

/** The facts of a unit that its options give. */
class UnitFrame {
  protected readonly options: UnitOptions;

  constructor(options: UnitOptions) {
    this.options = options;
  }

  get model(): Model {
    return this.options.model;
  }
  get identity(): UnitIdentity {
    return this.options.identity;
  }
  get clock(): Clock {
    return this.options.clock;
  }
  get random(): Random {
    return this.options.random;
  }
  get log(): Log {
    return this.options.log;
  }
  get address(): string {
    return this.options.address;
  }
  get anyFirmware(): boolean {
    return this.options.anyFirmware === true;
  }
  get profileName(): string | undefined {
    return this.options.profileName;
  }
  get lab(): LabOptions {
    return this.options;
  }
}

/** A process holds thousands of these: methods instead of closures save memory. */
export class SimulatedUnit extends UnitFrame implements Unit {
  readonly #factory: Factory;
  readonly power: UnitPower;
  readonly services: ServiceControl;
  readonly config: Configuration;
  readonly state: SnapshotStore;
  readonly dhcp: DhcpClient;
  /** The unit's clock minus the host's, milliseconds; undefined while the unit's clock is not set. */
  #clockOffset: number | undefined;
  slots: Unit['slots'];

  constructor(options: UnitOptions, factory: Factory, persist: Persist, power: UnitPower) {
    super(options);
    this.#factory = factory;
    this.power = power;
    this.services = new ServiceControl(this);
    this.state = new SnapshotStore(persist, this);
    const hooks = new ServiceHooks(this, this.services);
    this.config = new Configuration(options.model, factory.layer, hooks, this.state.found);
    this.dhcp = new DhcpClient(this, options.dhcp);
  }

  get factoryFiles(): ReadonlyMap<string, Buffer> {
    return this.#factory.files;
  }
  get softwareVersion(): string {
    return runningBank(this.state.unitFacts)?.version ?? this.options.softwareVersion ?? defaultVersion;
  }
  now(): number | undefined {
    return this.#clockOffset === undefined ? undefined : this.clock.now() + this.#clockOffset;
  }
  setClock(offset: number | undefined): void {
    const first = this.#clockOffset === undefined && offset !== undefined;
    this.#clockOffset = offset;
    if (first) this.services.clockSet();
  }
  isStopped(service: string): boolean {
    return this.services.isStopped(service);
  }
  notify<Name extends NotificationName>(name: Name, facts: FactsOf<Name>): void {
    report(this, name, facts);
  }
  tls(service: TlsService, role?: 'client' | 'server'): TlsSettings {
    return tlsSettings(this, service, role);
  }
  install(fileType: string, bytes: Buffer, target: string, origin?: string): Promise<InstallOutcome> {
    return installFile(this, fileType, bytes, target, origin);
  }
  export(fileType: string): Promise<Buffer> {
    return exportFile(this, fileType);
  }
  transferEnded(transfer: Transfer, fault: CwmpFault | undefined): Promise<void> {
    return transferEnded(this, transfer, fault);
  }
  leased(before: Lease | undefined): Promise<void> {
    return takeLease(this, before);
  }
}

async function takeLease(unit: SimulatedUnit, before: Lease | undefined): Promise<void> {
  announceGateway(unit, before);
  if (unit.services.started('Hoc')) restartTime(unit);
  const hasOtherScripts = JSON.stringify(unit.dhcp.lease?.scripts) !== JSON.stringify(before?.scripts);
  if (hasOtherScripts && unit.services.started('Conf')) await fetchOwn(unit, dhcpScripts(unit));
}

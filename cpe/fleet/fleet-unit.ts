// One unit of a fleet: a gateway with its own randomness and faults. It is observed while it runs, for the report at the end.
import type { Clock } from '../../shared/clock.ts';
import type { createHttp } from '../../shared/net/http.ts';
import type { OpenListener } from '../agent/connection-request/listener.ts';
import type { SessionReport } from '../agent/session/session.ts';
import { faultyHttp } from '../faults/network.ts';
import { clocklessMs, FaultyHook, withDeafness } from '../faults/protocol-faults.ts';
import { type FaultProbabilities, randomOf, UnitFaults } from '../faults/unit-faults.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts';
import { type PoweredUnit, PowerFaults } from './power-faults.ts';
import { RecordingHook } from './recording-hook.ts';
import type { UnitReport } from './report.ts';
import { UnitRecord } from './unit-record.ts';

/** Receives the events of the units. */
export interface UnitWatcher {
  sessionEnded(unit: FleetUnit, report: SessionReport): void;
  powerFailed(): void;
}

/** The gateway options of one unit that its fleet chooses. */
export type UnitGatewayOptions = Pick<
  GatewayOptions,
  | 'model'
  | 'identity'
  | 'profile'
  | 'address'
  | 'clock'
  | 'log'
  | 'listen'
  | 'wire'
  | 'wireHead'
  | 'softwareVersion'
  | 'anyFirmware'
  | 'profileName'
  | 'lan'
  | 'network'
>;

/** Shared by all units of a group. */
export interface UnitSurroundings {
  seed: number;
  probabilities: FaultProbabilities;
  http: typeof createHttp;
  openListener: OpenListener;
  watcher: UnitWatcher;
  /** Ends waits for power to return. */
  stop: AbortSignal;
  /** Parameters to report, by script name or path. */
  parameters: readonly string[];
}

type OwnOptions = Pick<GatewayOptions, 'random' | 'clockSource' | 'http' | 'openListener' | 'faultHook'>;

/** Field by field: a spread would give the options of each unit a hidden class of their own, of some 500 bytes. */
const joined = (gateway: UnitGatewayOptions, own: OwnOptions): GatewayOptions => ({
  model: gateway.model,
  identity: gateway.identity,
  profile: gateway.profile,
  address: gateway.address,
  clock: gateway.clock,
  log: gateway.log,
  listen: gateway.listen,
  wire: gateway.wire,
  wireHead: gateway.wireHead,
  softwareVersion: gateway.softwareVersion,
  anyFirmware: gateway.anyFirmware,
  profileName: gateway.profileName,
  lan: gateway.lan,
  network: gateway.network,
  random: own.random,
  clockSource: own.clockSource,
  http: own.http,
  openListener: own.openListener,
  faultHook: own.faultHook,
});

/** A process holds thousands of these: methods instead of closures save memory. */
export class FleetUnit implements PoweredUnit {
  readonly #shared: UnitSurroundings;
  readonly #faults: UnitFaults;
  readonly #record = new UnitRecord();
  readonly #power: PowerFaults;
  #made: Gateway | undefined;

  private constructor(number: number, shared: UnitSurroundings) {
    this.#shared = shared;
    this.#faults = new UnitFaults(shared.seed, number, shared.probabilities);
    this.#power = new PowerFaults(this.#faults, this);
  }

  /** @param number of the unit in the whole fleet, from 0 */
  static async make(number: number, gateway: UnitGatewayOptions, shared: UnitSurroundings): Promise<FleetUnit> {
    const unit = new FleetUnit(number, shared);
    const faults = unit.#faults;
    const power = unit.#power;
    const { clock } = gateway;
    const { seed, http, openListener } = shared;
    const own: OwnOptions = {
      random: randomOf(seed, number),
      clockSource: () => clockSource(unit, faults, clock),
      http: faultyHttp(faults, power, clock, http),
      openListener: listener => openListener({ ...listener, ...withDeafness(faults, listener) }),
      faultHook: new RecordingHook({
        record: unit.#record,
        power,
        unit,
        faulty: orders => new FaultyHook(faults, orders),
      }),
    };
    unit.#made = await createGateway(joined(gateway, own));
    return unit;
  }

  get gateway(): Gateway {
    // The unit and its faults need each other; nothing is called before both exist.
    if (!this.#made) throw new Error('the unit does not exist yet');
    return this.#made;
  }

  get stop(): AbortSignal {
    return this.#shared.stop;
  }

  powerFailed(): void {
    this.#shared.watcher.powerFailed();
  }

  /** Powers up for the first time. */
  async start(): Promise<void> {
    const ended = (report: SessionReport): void => this.#sessionEnded(report);
    this.gateway.onAgent(agent => {
      this.#record.boots++;
      agent.sessions.onEnd(ended);
    });
    await this.gateway.boot();
  }

  /** Ends like a power cut that lasts; for the time after `stop` has aborted. */
  async end(): Promise<void> {
    await this.#power.settled();
    await this.gateway.powerOff();
  }

  get goodSessions(): number {
    return this.#record.sessions.good;
  }

  report(): UnitReport {
    return this.#record.report(this.gateway.device, this.#shared.parameters, this.#faults.tally);
  }

  #sessionEnded(report: SessionReport): void {
    this.#record.sessionEnded(report);
    this.#shared.watcher.sessionEnded(this, report);
    if (this.#faults.strikes('power-idle')) this.#power.cut();
  }
}

/** The clock of a boot; a unit with the fault `no-clock` gets the time later. */
function clockSource(unit: FleetUnit, faults: UnitFaults, clock: Clock): 'host' | 'sntp' {
  const ms = clocklessMs(faults);
  if (ms === 0) return 'host';
  clock.after(ms, () => unit.gateway.device.setClock(0));
  return 'sntp';
}

// The units of one process: powers them up, observes them, reports them. The clock and the network are handed in, so a group
// runs in real time over sockets as well as in virtual time without any.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { createHttp } from '../../shared/net/http.ts';
import type { OpenListener } from '../agent/connection-request/listener.ts';
import type { FaultProbabilities } from '../faults/unit-faults.ts';
import { FleetUnit, type UnitGatewayOptions, type UnitSurroundings } from './fleet-unit.ts';
import { GroupStatistics } from './group-statistics.ts';
import type { GroupReport } from './report.ts';

interface UnitGroupOptions {
  /** Number of units of the whole fleet, and the numbers of those in this group. */
  count: number;
  numbers: readonly number[];
  seed: number;
  /** Seconds over which the whole fleet powers up. */
  ramp: number;
  probabilities: FaultProbabilities;
  clock: Clock;
  http: typeof createHttp;
  openListener: OpenListener;
  /** The gateway options of unit number `at` of the whole fleet, from 0. */
  gatewayOptions: (at: number) => UnitGatewayOptions;
  /** Parameters to report. */
  parameters: readonly string[];
  memory: () => number;
}

export interface Progress {
  started: number;
  informed: number;
  sessions: number;
  failed: number;
}

/** Number of units that power up at the same time. */
const AT_ONCE = 50;

export class UnitGroup {
  readonly #options: UnitGroupOptions;
  readonly #stop = new AbortController();
  readonly #units: FleetUnit[] = [];
  readonly #began: number;
  readonly #statistics: GroupStatistics;
  readonly #shared: UnitSurroundings;
  #starting: Promise<void> = Promise.resolve();

  constructor(options: UnitGroupOptions) {
    this.#options = options;
    this.#began = options.clock.monotonic();
    this.#statistics = new GroupStatistics(options.clock, this.#began, options.numbers.length);
    const { seed, probabilities, http, openListener, parameters } = options;
    const { signal: stop } = this.#stop;
    this.#shared = { seed, probabilities, http, openListener, watcher: this.#statistics, stop, parameters };
    // Every unit that is powering up listens to it.
    setMaxListeners(0, this.#stop.signal);
  }

  get units(): readonly FleetUnit[] {
    return this.#units;
  }

  /** Resolves when each unit has had a good session. */
  get everyoneInformed(): Promise<void> {
    return this.#statistics.everyoneInformed;
  }

  get progress(): Progress {
    const { informed, sessions, failed } = this.#statistics;
    return { started: this.#units.length, informed, sessions, failed };
  }

  /** Powers all up, in their order and spread over the ramp. Rejects when a unit cannot be made; not by end(). */
  start(): Promise<void> {
    this.#starting = this.#powerUp();
    return this.#starting;
  }

  /** Ends all units without a message to anything, as a power cut would. */
  async end(): Promise<void> {
    this.#stop.abort();
    // The caller of start() receives its error.
    await this.#starting.catch(() => undefined);
    await Promise.all(this.#units.map(unit => unit.end()));
  }

  report(): GroupReport {
    return {
      units: this.#units.map(unit => unit.report()),
      ...this.#statistics.report(),
      memory: this.#options.memory(),
    };
  }

  async #powerUp(): Promise<void> {
    const { numbers } = this.#options;
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let number = numbers[next++]; number !== undefined; number = numbers[next++]) await this.#startUnit(number);
    };
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, numbers.length) }, worker));
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #startUnit(number: number): Promise<void> {
    const { clock, ramp, count, gatewayOptions } = this.#options;
    const due = this.#began + (ramp * 1000 * number) / count;
    await clock.sleep(Math.max(0, due - clock.monotonic()), this.#stop.signal);
    const unit = await FleetUnit.make(number, gatewayOptions(number), this.#shared);
    this.#stop.signal.throwIfAborted();
    this.#units.push(unit);
    await unit.start();
  }
}

// The units of one process: powers them up, watches them, reports them. The clock and the network are handed in, so the same crew
// runs in real time over sockets and in virtual time without any.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { createHttp } from '../../shared/net/http.ts';
import type { OpenListener } from '../agent/connection-request/listener.ts';
import type { SessionReport } from '../agent/session/session.ts';
import type { Weather } from '../faults/dice.ts';
import type { GatewayOptions } from '../gateway.ts';
import { Member, type MemberWatcher } from './member.ts';
import type { CrewReport } from './report.ts';

export interface CrewOptions {
  /** Units of the whole fleet, and which of them are here. */
  count: number;
  numbers: readonly number[];
  seed: number;
  /** Seconds over which the whole fleet powers up. */
  ramp: number;
  weather: Weather;
  clock: Clock;
  http: typeof createHttp;
  openListener: OpenListener;
  /** How to make unit number `at` of the whole fleet, from 0. */
  unit: (at: number) => Omit<GatewayOptions, 'random' | 'faultHook'>;
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

/** How many units power up at the same time. */
const AT_ONCE = 50;

export class Crew implements MemberWatcher {
  readonly #options: CrewOptions;
  readonly #stop = new AbortController();
  readonly #members: Member[] = [];
  readonly #first: number[] = [];
  readonly #failures: Record<string, number> = {};
  readonly #began: number;
  #sessions = 0;
  #failed = 0;
  #powerCuts = 0;
  #powering: Promise<void> = Promise.resolve();
  #everyone: () => void = () => undefined;
  /** Resolves when each unit has had a good session. */
  readonly everyoneInformed: Promise<void>;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#began = options.clock.monotonic();
    this.everyoneInformed = new Promise<void>(resolve => {
      this.#everyone = resolve;
    });
    // Every unit on its way up waits on it.
    setMaxListeners(0, this.#stop.signal);
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  get progress(): Progress {
    return {
      started: this.#members.length,
      informed: this.#first.length,
      sessions: this.#sessions,
      failed: this.#failed,
    };
  }

  /** Powers all up, in their order and spread over the ramp. Rejects when a unit cannot be made; not by end(). */
  start(): Promise<void> {
    this.#powering = this.#powerUp();
    return this.#powering;
  }

  /** Ends all, saying nothing to anyone, as a power cut would. */
  async end(): Promise<void> {
    this.#stop.abort();
    // Whoever called start() hears how it went.
    await this.#powering.catch(() => undefined);
    await Promise.all(this.#members.map(member => member.end()));
  }

  report(): CrewReport {
    return {
      units: this.#members.map(member => member.report()),
      first: [...this.#first],
      failures: { ...this.#failures },
      powerCuts: this.#powerCuts,
      memory: this.#options.memory(),
    };
  }

  async #powerUp(): Promise<void> {
    const { numbers } = this.#options;
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let number = numbers[next++]; number !== undefined; number = numbers[next++]) await this.#bringUp(number);
    };
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, numbers.length) }, worker));
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #bringUp(number: number): Promise<void> {
    const { clock, ramp, count, unit, parameters, seed, weather, http, openListener } = this.#options;
    const due = this.#began + (ramp * 1000 * number) / count;
    await clock.sleep(Math.max(0, due - clock.monotonic()), this.#stop.signal);
    const member = await Member.make({
      number,
      seed,
      weather,
      http,
      openListener,
      parameters,
      gateway: unit(number),
      stop: this.#stop.signal,
      watcher: this,
    });
    this.#stop.signal.throwIfAborted();
    this.#members.push(member);
    await member.start();
  }

  powerFailed(): void {
    this.#powerCuts++;
  }

  sessionEnded(member: Member, report: SessionReport): void {
    this.#sessions++;
    if (!report.ok) {
      this.#failed++;
      const kind = report.error?.kind ?? 'unknown';
      this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
    } else if (member.goodSessions === 1) {
      this.#first.push(this.#options.clock.monotonic() - this.#began);
      if (this.#first.length === this.#options.numbers.length) this.#everyone();
    }
  }
}

// `fleet`: many gateways in one process, each with its own identity, chance and in-memory state; a progress line and a report.
import { setMaxListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type Clock, seededRandom, systemClock } from '../shared/clock.ts';
import type { OptionValues } from '../shared/config.ts';
import { isAbort, messageOf, UserError } from '../shared/errors.ts';
import { createLog, type Log } from '../shared/log.ts';
import { type FaultProfile, faultProfiles, faultyHttp } from './faults.ts';
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
import { type fleetOptions, splitAssignment } from './options.ts';
import type { Terminal } from './run.ts';
import { addressFor, chooseModel, chooseProfile, identityOf } from './setup.ts';

export type FleetOptions = OptionValues<typeof fleetOptions>;

export interface FleetReport {
  ok: boolean;
  count: number;
  seed: number;
  /** Units with at least one good session. */
  informed: number;
  sessions: number;
  failedSessions: number;
  powerCuts: number;
  /** Serial numbers of units without a good session, at most 20. */
  silent: string[];
  /** Milliseconds from the start to each unit's first good session. */
  firstSession: { median: number; p95: number; max: number };
  /** Failures of sessions by kind. */
  failures: Record<string, number>;
  seconds: number;
  /** Resident memory at the end, bytes. */
  memory: number;
}

/** Unit addresses on loopback start here: 127.64.0.1, so that each unit has all ports to itself. */
const LOOPBACK_BASE = 0x7f400001;
/** How many units power up at the same time. */
const AT_ONCE = 50;

export async function fleet(options: FleetOptions, terminal: Terminal): Promise<number> {
  if (options.acs === undefined && options.profile === undefined)
    throw new UserError(400, 'no-acs', '--acs or --profile is needed');
  const clock = systemClock();
  const write = (line: string): void => terminal.write(`${line}\n`);
  const log = createLog({ clock, level: options.logLevel, pretty: terminal.pretty, write });
  const run = new FleetRun(options, clock, log, terminal.signal, terminal.memory);
  const report = await run.live(await prepare(options, clock, log));
  if (options.json !== undefined) await writeReport(options.json, report);
  // What the command is run for is told at any level but silence.
  const told = options.logLevel === 'silent' ? 'silent' : 'info';
  createLog({ clock, level: told, pretty: terminal.pretty, write }).info('report', { ...report });
  return report.ok ? 0 : 1;
}

async function writeReport(file: string, report: FleetReport): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    throw new UserError(400, 'no-report', `--json: ${messageOf(error)}`);
  }
}

/** How to make unit number `at`, counted from 0. */
async function prepare(options: FleetOptions, clock: Clock, log: Log): Promise<(at: number) => GatewayOptions> {
  const model = await chooseModel(options.model);
  const base = await chooseProfile(model, { ...options, dhcp: false });
  const settings = options.set.map(splitAssignment).map(({ name, value }) => [name, value] as const);
  // One profile object for all: what it means is worked out once and shared.
  const profile = { ...base, parameters: { ...base.parameters, ...Object.fromEntries(settings) } };
  const host = options.acs === undefined ? '' : new URL(options.acs).hostname;
  const shared = options.address ?? addressFor(host);
  const quiet = log.child({});
  return at => {
    const mac = `${options.oui}${(at + 1).toString(16).padStart(6, '0')}`;
    const random = seededRandom(options.seed * 1_000_003 + at);
    const faulty = options.faults === 'none' ? undefined : faultyHttp(faultProfiles[options.faults], random, clock);
    const address = shared === '127.0.0.1' ? dotted(LOOPBACK_BASE + at) : shared;
    return {
      model,
      identity: identityOf({ ...options, mac, serial: mac.toUpperCase() }),
      profile,
      address,
      clock,
      random,
      log: quiet,
      // An ACS may send its connection requests to no other address than the one that informed.
      listen: options.listen === 'none' ? undefined : { host: options.listen ?? address, port: 0 },
      softwareVersion: options.softwareVersion,
      clockSource: 'host',
      anyFirmware: options.anyFirmware,
      ...(faulty && { http: faulty }),
    };
  };
}

const dotted = (address: number): string => [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff).join('.');

class FleetRun {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop: AbortController = new AbortController();
  readonly #profile: FaultProfile;
  readonly #units: Gateway[] = [];
  readonly #first: number[] = [];
  readonly #informed = new Set<number>();
  readonly #failures: Record<string, number> = {};
  #sessions = 0;
  #failed = 0;
  #powerCuts = 0;
  #all: () => void = () => undefined;

  readonly #memory: () => number;

  constructor(options: FleetOptions, clock: Clock, log: Log, signal: AbortSignal, memory: () => number) {
    this.#memory = memory;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#profile = faultProfiles[options.faults];
    // Every unit on its way up waits on it.
    setMaxListeners(0, this.#stop.signal);
    if (signal.aborted) this.#stop.abort();
    signal.addEventListener('abort', () => this.#stop.abort(), { once: true });
  }

  async live(unit: (at: number) => GatewayOptions): Promise<FleetReport> {
    const started = this.#clock.monotonic();
    const everyone = new Promise<void>(resolve => {
      this.#all = resolve;
    });
    const progress = this.#progress();
    const powering = this.#powerUp(unit, started);
    try {
      const { duration, timeout } = this.#options;
      const end = this.#clock.sleep((duration || timeout) * 1000, this.#stop.signal);
      await Promise.race([
        duration > 0 ? end : Promise.race([everyone, end]),
        powering.then(() => new Promise(() => undefined)),
      ]);
    } catch (error) {
      // A signal ends the run early; the report says how far it came.
      if (!isAbort(error)) throw error;
    } finally {
      this.#stop.abort();
      await powering.catch(() => undefined);
      await progress;
      await Promise.all(this.#units.map(gateway => gateway.powerOff()));
    }
    return this.#report(started);
  }

  async #powerUp(unit: (at: number) => GatewayOptions, started: number): Promise<void> {
    const { count, ramp } = this.#options;
    const { signal } = this.#stop;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count && !signal.aborted) {
        const at = next++;
        const due = started + (ramp * 1000 * at) / count;
        await this.#clock.sleep(Math.max(0, due - this.#clock.monotonic()), signal);
        await this.#start(at, unit(at), started);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #start(at: number, options: GatewayOptions, started: number): Promise<void> {
    const gateway = await createGateway(options);
    this.#units[at] = gateway;
    await this.#boot(at, gateway, options, started);
  }

  async #boot(at: number, gateway: Gateway, options: GatewayOptions, started: number): Promise<void> {
    gateway.onAgent(agent => {
      agent.onSession(report => {
        this.#sessions++;
        if (!report.ok) {
          this.#failed++;
          const kind = report.error?.kind ?? 'unknown';
          this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
        } else if (!this.#informed.has(at)) {
          this.#informed.add(at);
          this.#first.push(this.#clock.monotonic() - started);
          if (this.#informed.size === this.#options.count) this.#all();
        }
        if (this.#profile.powerCut > 0 && options.random.next() < this.#profile.powerCut) this.#cutPower(gateway);
      });
    });
    await gateway.boot();
  }

  #cutPower(gateway: Gateway): void {
    this.#powerCuts++;
    const back = async (): Promise<void> => {
      await gateway.powerOff();
      if (!this.#stop.signal.aborted) await gateway.boot();
    };
    back().catch((error: unknown) => this.#log.error('power cut failed', { error }));
  }

  async #progress(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (;;) {
        await this.#clock.sleep(1000, signal);
        const { count } = this.#options;
        this.#log.info('progress', {
          count,
          started: this.#units.length,
          informed: this.#informed.size,
          sessions: this.#sessions,
          failed: this.#failed,
        });
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  #report(started: number): FleetReport {
    const { count, seed } = this.#options;
    const first = this.#first.sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(first[Math.min(first.length - 1, Math.floor(first.length * share))] ?? 0);
    const silent = this.#units.flatMap((gateway, number) =>
      this.#informed.has(number) ? [] : [gateway.device.identity.serialNumber],
    );
    return {
      ok: this.#informed.size === count,
      count,
      seed,
      informed: this.#informed.size,
      sessions: this.#sessions,
      failedSessions: this.#failed,
      powerCuts: this.#powerCuts,
      silent: silent.slice(0, 20),
      firstSession: { median: at(0.5), p95: at(0.95), max: at(1) },
      failures: this.#failures,
      seconds: Math.round((this.#clock.monotonic() - started) / 100) / 10,
      memory: this.#memory(),
    };
  }
}

// One unit of a fleet: a gateway with its own chance and faults, watched as it goes, so that afterwards it can be told what it did.
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { createHttp } from '../../shared/net/http.ts';
import type { OpenListener } from '../agent/connection-request/listener.ts';
import type { SessionReport } from '../agent/session/session.ts';
import type { FaultName } from '../faults/catalogue.ts';
import { Dice, randomOf, type Weather } from '../faults/dice.ts';
import { clocklessMs, deafEars, FaultyHook, type Liar } from '../faults/lies.ts';
import { faultyHttp, type Power } from '../faults/network.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts';
import type { InstallOutcome } from '../state/device.ts';
import type { Transfer } from '../state/facts.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import type { TransferReport, UnitReport } from './report.ts';

/** Who looks after the units. */
export interface MemberWatcher {
  sessionEnded(member: Member, report: SessionReport): void;
  powerFailed(): void;
}

export interface MemberOptions {
  /** Number of the unit in the whole fleet, from 0. */
  number: number;
  seed: number;
  weather: Weather;
  gateway: Omit<GatewayOptions, 'random' | 'faultHook'>;
  http: typeof createHttp;
  openListener: OpenListener;
  watcher: MemberWatcher;
  /** Ends waits for power to return. */
  stop: AbortSignal;
  /** Parameters to report, by script name or path. */
  parameters: readonly string[];
}

/** Time without power, milliseconds. */
const DARK = { min: 2000, max: 120_000 };
/** From a false fault to the restart into the image that was installed all the same, milliseconds. */
const UNBIDDEN = 30_000;

/** One a unit, and there are thousands: what can be a method is no closure. */
export class Member implements FaultHook, Power, Liar {
  readonly dice: Dice;
  readonly #options: MemberOptions;
  readonly #lies: FaultyHook;
  #made: Gateway | undefined;
  #transfers: TransferReport[] | undefined;
  #flashed: string[] | undefined;
  #reboots: string[] | undefined;
  #boots = 0;
  #good = 0;
  #failed = 0;
  /** Power is off or going, or a restart that a fault ordered is under way. */
  #upset: Promise<void> | undefined;

  private constructor(options: MemberOptions) {
    this.#options = options;
    this.dice = new Dice(options.seed, options.number, options.weather);
    this.#lies = new FaultyHook(this.dice, this);
  }

  static async make(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    const { gateway, number, seed, http, openListener } = options;
    const { dice } = member;
    member.#made = await createGateway({
      ...gateway,
      random: randomOf(seed, number),
      clockSource: () => member.#clockSource(),
      http: faultyHttp(dice, member, gateway.clock, http),
      openListener: listener => openListener({ ...listener, ...deafEars(dice, listener) }),
      faultHook: member,
    });
    return member;
  }

  get gateway(): Gateway {
    // The unit and its faults need each other; nothing is asked before both stand.
    if (!this.#made) throw new Error('the unit does not stand yet');
    return this.#made;
  }

  get #clock(): Clock {
    return this.#options.gateway.clock;
  }

  /** Powers up for the first time. */
  async start(): Promise<void> {
    const ended = (report: SessionReport): void => this.#sessionEnded(report);
    this.gateway.onAgent(agent => {
      this.#boots++;
      agent.sessions.onEnd(ended);
    });
    await this.gateway.boot();
  }

  #sessionEnded(report: SessionReport): void {
    if (report.ok) this.#good++;
    else this.#failed++;
    this.#options.watcher.sessionEnded(this, report);
    if (this.dice.strikes('power-idle')) this.cut();
  }

  /** Like a power cut that lasts; to be called when `stop` has aborted. */
  async end(): Promise<void> {
    await this.#upset;
    await this.gateway.powerOff();
  }

  get goodSessions(): number {
    return this.#good;
  }

  /** Nothing of a power cut or an unbidden restart is under way. */
  get isCalm(): boolean {
    return this.#upset === undefined;
  }

  report(): UnitReport {
    const { device } = this.gateway;
    const { oui, productClass, serialNumber } = device.identity;
    const values = this.#options.parameters.flatMap(name => {
      const path = device.config.pathOf(name) ?? name;
      const value = device.model.resolve(path) ? device.config.get(path) : undefined;
      return value === undefined ? [] : [[path, value] as const];
    });
    return {
      oui,
      productClass,
      serial: serialNumber,
      informed: this.#good > 0,
      firmware: device.softwareVersion,
      parameterKey: device.state.facts.parameterKey,
      ...(values.length > 0 && { parameters: Object.fromEntries(values) }),
      transfers: (this.#transfers ?? []).map(transfer => ({ ...transfer })),
      flashed: [...(this.#flashed ?? [])],
      boots: this.#boots,
      reboots: [...(this.#reboots ?? [])],
      sessions: { good: this.#good, failed: this.#failed },
      faults: { ...this.dice.tally },
    };
  }

  // ---- what its faults do to it ----

  cut(): boolean {
    return this.#disturb('power-idle', async () => {
      this.#options.watcher.powerFailed();
      await this.gateway.powerOff();
      await this.#clock.sleep(this.dice.int('power-idle', DARK.min, DARK.max), this.#options.stop);
      await this.gateway.boot();
    });
  }

  reboot(): boolean {
    return this.#disturb('transfer-reboot', () => this.gateway.device.power.reboot({ reason: 'by itself' }));
  }

  /** One at a time: who has no power cannot lose it. */
  #disturb(fault: FaultName, act: () => Promise<void>): boolean {
    if (this.#upset || this.#options.stop.aborted) return false;
    this.#upset = act()
      .catch((error: unknown) => {
        // Whoever ends the fleet ends the wait for power too.
        if (!this.#options.stop.aborted)
          this.#options.gateway.log.error('fault failed', { fault, reason: messageOf(error) });
      })
      .then(() => {
        this.#upset = undefined;
      });
    return true;
  }

  rebootSoon(): void {
    this.#clock.after(UNBIDDEN, () => this.reboot());
  }

  #clockSource(): 'host' | 'sntp' {
    const ms = clocklessMs(this.dice);
    if (ms === 0) return 'host';
    this.#clock.after(ms, () => this.gateway.device.setClock(0));
    return 'sntp';
  }

  dropFirmware(transfer: Readonly<Transfer>): Promise<void> {
    this.#note(transfer, { outcome: 'pretended' });
    this.#flashed?.pop();
    return this.gateway.device.state.remember(facts => {
      delete facts.pendingFirmware;
    });
  }

  // ---- what it is ordered, done as its faults have it, and noted ----

  carryOut<T>(method: string, args: Readonly<Record<string, unknown>>, honest: () => Promise<T>): Promise<T> {
    return this.#lies.carryOut(method, args, async () => {
      const result = await honest();
      this.#noteOrder(method, args);
      return result;
    });
  }

  install(
    transfer: Readonly<Transfer>,
    signal: AbortSignal,
    honest: () => Promise<InstallOutcome>,
  ): Promise<InstallOutcome> {
    return this.#lies.install(transfer, signal, async () => {
      const outcome = await honest();
      const version = this.gateway.device.state.unitFacts.pendingFirmware?.version;
      if (outcome.status === 'reboot' && version !== undefined) this.#flashed = [...(this.#flashed ?? []), version];
      this.#note(transfer, { outcome: 'done' });
      return outcome;
    });
  }

  settled(transfer: Readonly<Transfer>, signal: AbortSignal, fault: number): Promise<void> {
    this.#noteTold(transfer, fault);
    return this.#lies.settled(transfer, signal);
  }

  #noteOrder(method: string, { CommandKey, FileType }: Readonly<Record<string, unknown>>): void {
    const commandKey = String(CommandKey ?? '');
    if (method === 'Reboot') this.#reboots = [...(this.#reboots ?? []), commandKey];
    if (method !== 'Download' && method !== 'Upload') return;
    this.#transfers = [...(this.#transfers ?? []), { commandKey, fileType: String(FileType), outcome: 'open' }];
  }

  #noteTold(transfer: Readonly<Transfer>, fault: number): void {
    const known = this.#find(transfer);
    if (!known) return;
    known.told = fault;
    if (known.outcome !== 'open') return;
    if (fault !== 0) known.outcome = 'failed';
    else known.outcome = transfer.kind === 'Upload' ? 'done' : 'pretended';
  }

  #find({ commandKey, kind }: Readonly<Transfer>): TransferReport | undefined {
    if (kind === 'Autonomous') return undefined;
    return this.#transfers?.findLast(transfer => transfer.commandKey === commandKey && transfer.told === undefined);
  }

  #note(transfer: Readonly<Transfer>, change: Partial<TransferReport>): void {
    Object.assign(this.#find(transfer) ?? {}, change);
  }
}

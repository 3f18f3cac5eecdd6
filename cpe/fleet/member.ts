// One unit of a fleet: a gateway with its own chance and faults, watched as it goes, so that afterwards it can be told what it did.
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { createHttp } from '../../shared/net/http.ts';
import type { OpenListener } from '../agent/listener.ts';
import type { SessionReport } from '../agent/session.ts';
import type { FaultName } from '../faults/catalogue.ts';
import { Dice, randomOf, type Weather } from '../faults/dice.ts';
import { clocklessMs, deafEars, type Liar, lyingConduct } from '../faults/lies.ts';
import { faultyHttp } from '../faults/network.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts';
import type { Conduct } from '../state/conduct.ts';
import type { InstallOutcome, Transfer } from '../state/device.ts';
import type { TransferReport, UnitReport } from './report.ts';

export interface MemberOptions {
  /** Number of the unit in the whole fleet, from 0. */
  number: number;
  seed: number;
  weather: Weather;
  gateway: Omit<GatewayOptions, 'random' | 'conduct'>;
  http: typeof createHttp;
  openListener: OpenListener;
  ended: (report: SessionReport) => void;
  powerCut: () => void;
  /** Ends waits for power to return. */
  stop: AbortSignal;
  /** Parameters to report, by script name or path. */
  parameters: readonly string[];
}

/** Time without power, milliseconds. */
const DARK = { min: 2000, max: 120_000 };
/** From a false fault to the restart into the image that was installed all the same, milliseconds. */
const UNBIDDEN = 30_000;

export class Member {
  readonly gateway: Gateway;
  readonly dice: Dice;
  readonly #options: MemberOptions;
  readonly #clock: Clock;
  #transfers: TransferReport[] | undefined;
  #flashed: string[] | undefined;
  #reboots: string[] | undefined;
  #boots = 0;
  #good = 0;
  #failed = 0;
  /** Power is off or going, or a restart that a fault ordered is under way. */
  #upset: Promise<void> | undefined;

  private constructor(gateway: Gateway, dice: Dice, options: MemberOptions) {
    this.gateway = gateway;
    this.dice = dice;
    this.#options = options;
    this.#clock = options.gateway.clock;
  }

  static async make(options: MemberOptions): Promise<Member> {
    const { number, seed, weather, gateway: given } = options;
    const { clock } = given;
    const dice = new Dice(seed, number, weather);
    // The unit and its faults need each other; nothing is asked before both stand.
    const self: { member?: Member } = {};
    const member = (): Member => {
      if (!self.member) throw new Error('the unit does not stand yet');
      return self.member;
    };
    const power = { cut: () => member().cutPower(), reboot: () => member().rebootNow() };
    const liar: Liar = {
      cut: power.cut,
      rebootSoon: () => void clock.after(UNBIDDEN, power.reboot),
      dropFirmware: transfer => member().dropFirmware(transfer),
    };
    const lying = lyingConduct(dice, liar);
    const conduct: Conduct = {
      carryOut: (method, args, honest) => lying.carryOut(method, args, () => member().watch(method, args, honest)),
      install: (transfer, signal, honest) =>
        lying.install(transfer, signal, () => member().installing(transfer, honest)),
      settled: (transfer, signal, fault) => {
        member().told(transfer, fault);
        return lying.settled(transfer, signal, fault);
      },
    };
    const gateway = await createGateway({
      ...given,
      random: randomOf(seed, number),
      clockSource: () => member().clockSource(),
      http: faultyHttp(dice, power, clock, options.http),
      openListener: listener => options.openListener({ ...listener, ...deafEars(dice, listener) }),
      conduct,
    });
    self.member = new Member(gateway, dice, options);
    return self.member;
  }

  /** Powers up for the first time. */
  async start(): Promise<void> {
    this.gateway.onAgent(agent => {
      this.#boots++;
      agent.onSession(report => {
        if (report.ok) this.#good++;
        else this.#failed++;
        this.#options.ended(report);
        if (this.dice.strikes('power-idle')) this.cutPower();
      });
    });
    await this.gateway.boot();
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
      const path = device.pathOf(name) ?? name;
      const value = device.model.resolve(path) ? device.get(path) : undefined;
      return value === undefined ? [] : [[path, value] as const];
    });
    return {
      oui,
      productClass,
      serial: serialNumber,
      informed: this.#good > 0,
      firmware: device.softwareVersion,
      parameterKey: device.facts.parameterKey,
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

  cutPower(): boolean {
    return this.#disturb('power-idle', async () => {
      this.#options.powerCut();
      await this.gateway.powerOff();
      await this.#clock.sleep(this.dice.int('power-idle', DARK.min, DARK.max), this.#options.stop);
      await this.gateway.boot();
    });
  }

  rebootNow(): boolean {
    return this.#disturb('transfer-reboot', () => this.gateway.device.reboot({ reason: 'by itself' }));
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

  clockSource(): 'host' | 'sntp' {
    const ms = clocklessMs(this.dice);
    if (ms === 0) return 'host';
    this.#clock.after(ms, () => this.gateway.device.setClock(0));
    return 'sntp';
  }

  dropFirmware(transfer: Readonly<Transfer>): Promise<void> {
    this.#note(transfer, { outcome: 'pretended' });
    this.#flashed?.pop();
    return this.gateway.device.remember(facts => {
      delete facts.pendingFirmware;
    });
  }

  // ---- what is noted ----

  async watch<T>(method: string, args: Readonly<Record<string, unknown>>, honest: () => Promise<T>): Promise<T> {
    const result = await honest();
    if (method === 'Reboot') this.#reboots = [...(this.#reboots ?? []), String(args.CommandKey ?? '')];
    if (method === 'Download' || method === 'Upload') {
      const { CommandKey, FileType } = args;
      this.#transfers ??= [];
      this.#transfers.push({ commandKey: String(CommandKey), fileType: String(FileType), outcome: 'open' });
    }
    return result;
  }

  /** A real installation, whatever is told of it. */
  async installing(transfer: Readonly<Transfer>, honest: () => Promise<InstallOutcome>): Promise<InstallOutcome> {
    const outcome = await honest();
    const version = this.gateway.device.unitFacts.pendingFirmware?.version;
    if (outcome.status === 'reboot' && version !== undefined) this.#flashed = [...(this.#flashed ?? []), version];
    this.#note(transfer, { outcome: 'done' });
    return outcome;
  }

  told(transfer: Readonly<Transfer>, fault: number): void {
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

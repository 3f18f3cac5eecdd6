// The services of one unit that run: all start at boot, and each can be stopped and started alone.
import { allServices } from './registry.ts';
import { rowsOf, type Service, type Unit } from './service.ts';

export class RunningServices {
  readonly #unit: Unit;
  #up = false;
  /** Services stopped by hand or by their start-up type. */
  #stopped: readonly string[] = [];

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  get up(): boolean {
    return this.#up;
  }

  has(service: string): boolean {
    return this.#up && !this.#stopped.includes(service);
  }

  /** All services start with the configured values; those with a manual start-up type stay down. */
  async startAll(): Promise<void> {
    this.#unit.config.pending.clear();
    this.#stopped = manualServices(this.#unit);
    this.#up = true;
    for (const service of allServices) if (this.has(service.name)) await service.start?.(this.#unit);
  }

  /** From now on no service counts as running; stopAll() ends them. */
  markDown(): void {
    this.#up = false;
  }

  /** @param silent as when power fails: nothing is sent */
  async stopAll(silent: boolean): Promise<void> {
    this.#up = false;
    for (const service of [...allServices].reverse()) {
      await (silent ? (service.powerOff ?? service.stop) : service.stop)?.(this.#unit);
    }
  }

  async stop(service: string): Promise<void> {
    this.#stopped = [...this.#stopped.filter(name => name !== service), service];
    await behaviour(service)?.stop?.(this.#unit);
    this.#unit.notify('serviceStopped', { service });
  }

  /** Starts with the settings that waited for it. */
  async start(service: string): Promise<void> {
    this.#stopped = this.#stopped.filter(name => name !== service);
    this.#unit.config.pending.release(service);
    await behaviour(service)?.start?.(this.#unit);
    // The user agents read the ports and keys of media when they start.
    if (service === 'Mipt' && this.has('SipEp')) await behaviour('SipEp')?.start?.(this.#unit);
    this.#unit.notify('serviceStarted', { service });
  }
}

const behaviour = (name: string): Service | undefined => allServices.find(service => service.name === name);

/** The services with a manual start-up type. Each row is read once: a boot that looks each service up by its name takes far longer. */
const manualServices = (unit: Unit): string[] =>
  rowsOf(unit, 'Scm.ServicesConfig', ['Name', 'StartupType'])
    .filter(({ StartupType }) => StartupType === 'Manual')
    .map(({ Name }) => Name);

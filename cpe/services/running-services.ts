// The services of one unit that run: all start at boot, and each can be stopped and started alone.
import { withEntry } from '../../shared/lists.ts';
import { Moves } from './common/moves.ts';
import { dependentsOf } from './common/service-rules.ts';
import { allServices } from './registry.ts';
import { rowsOf, type Service, type ServiceState, type Unit } from './service.ts';

export class RunningServices {
  readonly #unit: Unit;
  #up = false;
  /** Services stopped by hand or by their start-up type. */
  #stopped: readonly string[] = [];
  readonly #moves = new Moves();

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  get up(): boolean {
    return this.#up;
  }

  has(service: string): boolean {
    return this.#up && !this.#stopped.includes(service);
  }

  /** Stopped while the unit is up or on its way down. */
  isStopped(service: string): boolean {
    return this.#stopped.includes(service);
  }

  stateOf(service: string): ServiceState {
    return this.#moves.stateOf(service) ?? (this.has(service) ? 'Started' : 'Stopped');
  }

  /** All services start with the configured values; those with a manual start-up type stay down. */
  async startAll(): Promise<void> {
    this.#unit.config.pending.clear();
    this.#stopped = servicesAtRest(this.#unit);
    this.#up = true;
    const due = allServices.filter(({ name, start }) => start && this.has(name));
    await this.#moves.startAll(due, async service => service.start?.(this.#unit));
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
    // The service that sends notifications sends the one of its own stop before it stops.
    if (service === 'Nlm') this.#unit.notify('serviceStopped', { service });
    this.#stopped = withEntry(
      this.#stopped.filter(name => name !== service),
      service,
    );
    await this.#moves.during(service, 'Stopping', async () => {
      for (const part of behaviours(service).reverse()) await part.stop?.(this.#unit);
    });
    if (service !== 'Nlm') this.#unit.notify('serviceStopped', { service });
  }

  /** Starts with the settings that waited for it. */
  async start(service: string): Promise<void> {
    this.#stopped = this.#stopped.filter(name => name !== service);
    this.#unit.config.pending.release(service);
    await this.#startParts(service);
    // A dependent service reads what this one runs with; its own waiting settings go on waiting.
    for (const dependent of dependentsOf(service)) if (this.has(dependent)) await this.#startParts(dependent);
    this.#unit.notify('serviceStarted', { service });
  }

  #startParts(service: string): Promise<void> {
    return this.#moves.during(service, 'Starting', async () => {
      for (const part of behaviours(service)) await part.start?.(this.#unit);
    });
  }
}

const behaviours = (name: string): Service[] => allServices.filter(service => service.name === name);

/** The services that stay down at a start. Each row is read once: a boot that looks each service up by its name takes far longer. */
const servicesAtRest = (unit: Unit): string[] =>
  rowsOf(unit, 'Scm.ServicesConfig', ['Name', 'StartupType'])
    .filter(({ StartupType }) => StartupType === 'Manual')
    .map(({ Name }) => Name);

// Starts, stops and restarts the services of one unit, and knows which run.
import { UserError } from '../../shared/errors.ts';
import { allServices, registryOf } from './registry.ts';
import type { Service, Services, Unit } from './service.ts';

const idle: Promise<unknown> = Promise.resolve();

export class ServiceControl implements Services {
  readonly #unit: Unit;
  #up = false;
  /** Services stopped by hand or by their start-up type. */
  #stopped: Set<string> | undefined;
  /** Restarts under way. */
  #work: Promise<unknown> = idle;

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  get up(): boolean {
    return this.#up;
  }

  started(service: string): boolean {
    return this.#up && this.#stopped?.has(service) !== true;
  }

  /** All services start with the configured values; those with a manual start-up type stay down. */
  async start(): Promise<void> {
    this.#unit.config.pending.clear();
    const manual = this.#unit.model.services
      .map(({ name }) => name)
      .filter(name => this.#unit.config.variable(`Scm.ServicesConfig[Name=${name}].StartupType`) === 'Manual');
    this.#stopped = manual.length > 0 ? new Set(manual) : undefined;
    this.#up = true;
    for (const service of allServices) if (this.started(service.name)) await service.start?.(this.#unit);
  }

  /** From now on nothing counts as running; stop() ends it. */
  markDown(): void {
    this.#up = false;
  }

  /** @param silent as when power fails: nothing is said to anyone */
  async stop(silent: boolean): Promise<void> {
    this.#up = false;
    for (const service of [...allServices].reverse()) {
      await (silent ? (service.powerOff ?? service.stop) : service.stop)?.(this.#unit);
    }
  }

  /** @throws UserError for a service that does not exist */
  async command(name: string, action: 'Start' | 'Stop' | 'Restart'): Promise<void> {
    const known = this.named(name);
    if (known === undefined) throw new UserError(404, 'no-service', `there is no service ${name}`);
    const running = this.started(known);
    if (action !== 'Start' && running) {
      this.#stopped = new Set(this.#stopped).add(known);
      await behaviour(known)?.stop?.(this.#unit);
    }
    if (action !== 'Stop' && this.#up && (action === 'Restart' || !running)) {
      this.#stopped?.delete(known);
      this.#unit.config.pending.release(known);
      await behaviour(known)?.start?.(this.#unit);
      // Ports and keys of media are taken over by the user agents as they start.
      if (known === 'Mipt' && this.started('SipEp')) await behaviour('SipEp')?.start?.(this.#unit);
    }
    this.#unit.log.info('service', { service: known, action });
  }

  /** Restarts every service with settings that wait for it. */
  async restartRequired(): Promise<void> {
    for (const service of this.#unit.config.pending.services()) await this.command(service, 'Restart');
  }

  async runCommand(name: string): Promise<boolean> {
    const run = registryOf(this.#unit.model).commands.get(name);
    if (run) await run(this.#unit);
    // Two-phase services apply at once here.
    return run !== undefined || (name.endsWith('.applyconfig') && this.named(name.split('.')[0] ?? '') !== undefined);
  }

  /** The clock was set for the first time since boot. */
  clockSet(): void {
    for (const service of allServices) {
      if (service.clockSet && this.started(service.name)) this.track(Promise.resolve(service.clockSet(this.#unit)));
    }
  }

  /** A service by its script name in any case. */
  named(name: string): string | undefined {
    return this.#unit.model.services.find(entry => entry.name.toLowerCase() === name.toLowerCase())?.name;
  }

  /** Lets work go on that nobody waits for; settled() does. */
  track(work: Promise<unknown>): void {
    const logged = work.catch((error: unknown) => this.#unit.log.error('service command failed', { error }));
    this.#work = Promise.all([this.#work, logged]);
  }

  async settled(): Promise<void> {
    let seen: Promise<unknown> | undefined;
    while (seen !== this.#work) {
      seen = this.#work;
      await seen;
    }
  }
}

const behaviour = (name: string): Service | undefined => allServices.find(service => service.name === name);

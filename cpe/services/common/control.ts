// Controls the services of one unit: starts, stops and restarts them, and runs their commands.
import { UserError } from '../../../shared/errors.ts';
import { allServices, registryOf } from '../registry.ts';
import { RunningServices } from '../running-services.ts';
import type { ServiceState, Services, Unit } from '../service.ts';
import { Orders } from './orders.ts';
import { isSystemService } from './service-rules.ts';
import { UnawaitedWork } from './unawaited-work.ts';

export class ServiceControl implements Services {
  readonly #unit: Unit;
  readonly #running: RunningServices;
  readonly #work: UnawaitedWork;
  /** Made at the first command: an idle unit holds none. */
  #orders: Orders | undefined;

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#running = new RunningServices(unit);
    this.#work = new UnawaitedWork(unit.log);
  }

  get up(): boolean {
    return this.#running.up;
  }
  started(service: string): boolean {
    return this.#running.has(service);
  }
  isStopped(service: string): boolean {
    return this.#running.isStopped(service);
  }
  stateOf(service: string): ServiceState {
    return this.#running.stateOf(service);
  }

  /** All services start with the configured values; those with a manual start-up type stay down. */
  start(): Promise<void> {
    return this.#running.startAll();
  }
  /** From now on no service counts as running; stop() ends them. */
  markDown(): void {
    this.#running.markDown();
  }
  /** @param silent as when power fails: nothing is sent */
  stop(silent: boolean): Promise<void> {
    return this.#running.stopAll(silent);
  }

  /** @throws UserError for a service that does not exist, or is the system's and is to be stopped */
  async command(name: string, action: ServiceAction): Promise<void> {
    const known = orderable(this.#unit, this.named(name) ?? name, action);
    this.#orders ??= new Orders();
    await this.#orders.run(known, action, async () => {
      await carryOut(this.#running, known, action);
      this.#unit.log.info('service command done', { service: known, action });
    });
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

  /** Starts work that the caller does not wait for; `settled` does. */
  track(work: Promise<unknown>): void {
    this.#work.track(work);
  }
  settled(): Promise<void> {
    return this.#work.settled();
  }
  /** A service by its script name in any case. */
  named(name: string): string | undefined {
    return this.#unit.model.services.find(entry => entry.name.toLowerCase() === name.toLowerCase())?.name;
  }
}

type ServiceAction = 'Start' | 'Stop' | 'Restart';

/** @throws UserError where the command cannot be given */
function orderable(unit: Unit, service: string, action: ServiceAction): string {
  if (!unit.model.services.some(({ name }) => name === service))
    throw new UserError(404, 'no-service', `there is no service ${service}`);
  if (action === 'Stop' && isSystemService(unit, service))
    throw new UserError(409, 'system-service', `${service} is a system service, which cannot be stopped`);
  return service;
}

async function carryOut(services: RunningServices, service: string, action: ServiceAction): Promise<void> {
  const running = services.has(service);
  if (action !== 'Start' && running) await services.stop(service);
  if (action !== 'Stop' && services.up && (action === 'Restart' || !running)) await services.start(service);
}

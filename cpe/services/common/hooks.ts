// The hooks of the services in the configuration of one unit: they compute values, check drafts and act on commits.
import { templateOf } from '../../../shared/model/path.ts';
import type { Problem } from '../../state/changes.ts';
import type { Commit, Hooks } from '../../state/hooks.ts';
import type { Draft } from '../../state/tree/draft.ts';
import type { RunningValues } from '../../state/tree/tree.ts';
import { allServices, registryOf } from '../registry.ts';
import type { Unit } from '../service.ts';
import type { ServiceControl } from './control.ts';

export class ServiceHooks implements Hooks, RunningValues {
  readonly #unit: Unit;
  readonly #control: ServiceControl;

  constructor(unit: Unit, control: ServiceControl) {
    this.#unit = unit;
    this.#control = control;
  }

  get runningValues(): RunningValues {
    return this;
  }

  value(template: string, instances: readonly number[]): string | undefined {
    return registryOf(this.#unit.model).values.get(template)?.(this.#unit, instances);
  }

  rows(template: string, instances: readonly number[]): readonly number[] | undefined {
    return registryOf(this.#unit.model).rows.get(template)?.(this.#unit, instances);
  }

  started(service: string): boolean {
    return this.#control.started(service);
  }

  write(draft: Draft, template: string, instances: readonly number[], value: string): boolean {
    const write = registryOf(this.#unit.model).writes.get(template);
    write?.(draft, value, instances);
    return write !== undefined;
  }

  check(draft: Draft, problem: Problem): void {
    for (const service of allServices) service.check?.(this.#unit, draft, problem);
  }

  async apply(commit: Commit): Promise<void> {
    if (!this.#control.up) return;
    for (const service of allServices) await service.apply?.(this.#unit, commit);
  }

  async rowCommand(template: string, path: string): Promise<void> {
    const run = registryOf(this.#unit.model).rowCommands.get(template);
    if (!run) {
      this.#unit.log.debug('row command ignored', { path });
      return;
    }
    const instance = templateOf(path).instances.at(-1) ?? 0;
    // The writer of the value does not wait: a SIP deregistration at an unreachable server takes long.
    this.#control.track(run(this.#unit, instance));
  }

  save(): Promise<void> {
    return this.#unit.state.save();
  }
}

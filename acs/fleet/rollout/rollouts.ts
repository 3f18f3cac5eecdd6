// Rollouts of firmware as an operator sees them: planned, watched, stopped and rolled back. They only change which firmware devices
// want, in waves; the Download itself is made by the reconciliation.

import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import { retryConflicts } from '../common/documents.ts';
import type { Schedule } from '../common/schedule.ts';
import type { Files } from '../files/files.ts';
import { actions, type RolloutAction } from './actions.ts';
import type { RolloutContext } from './context.ts';
import { type DevicesQuery, RolloutDevices } from './devices.ts';
import { RolloutDocuments } from './documents.ts';
import { RolloutEngine } from './engine.ts';
import { isEnded, planOf, type Rollout, type RolloutInput, type Totals } from './plan.ts';
import { countTotals, type LiveRollout, RolloutProgress } from './progress.ts';

export interface Rollouts {
  /** @throws UserError 400 that names the place, 404 for the file, 409 where the id is taken */
  create(input: RolloutInput): Promise<Rollout>;
  list(): Promise<Rollout[]>;
  /** @throws UserError 404 */
  get(id: string): Promise<Rollout>;
  /** Counts its devices by wave, from 0: devices that were skipped before they had a wave. */
  totals(rollout: Rollout): Promise<Totals[]>;
  /** The rollouts that have not ended, with their devices by state, as it was up to a few seconds ago. */
  live(): Promise<LiveRollout[]>;
  devices(id: string, query: DevicesQuery): Promise<{ items: DeviceRow[]; next?: string }>;
  /** @param devices of `retry`: these alone @throws UserError 404, 409 in a phase that does not allow it */
  act(id: string, action: RolloutAction, devices?: string[]): Promise<Rollout>;
  /** Removes it: what it wanted of devices no longer counts. @throws UserError 404, 409 before it has ended */
  remove(id: string): Promise<void>;
  /** @returns rollouts that want a stored file, by id */
  usersOf(file: string): Promise<string[]>;
  /** @returns whether a device that has an offer may act on it: not when its rollout is paused */
  isOffering(row: DeviceRow): Promise<boolean>;
  /** Announces what a session has changed of a device's position. @param before when the position at its Inform was entered */
  noticed(row: DeviceRow, before?: number): void;
  /** There may be something to do: a step follows soon, here or in the process whose duty that is. */
  soon(): void;
  /** Begins to move rollouts on, as a duty of the schedule. */
  run(schedule: Schedule): void;
  stop(): Promise<void>;
}

/** Milliseconds between steps without an occasion or a known time: the opening of a window has neither. */
const TICK_MS = 60_000;

class FleetRollouts implements Rollouts {
  readonly #context: RolloutContext;
  readonly #engine: RolloutEngine;
  readonly #progress: RolloutProgress;
  /** Reports to the process that has the duty: another one, until `run` begins it here. */
  #moved: () => void;

  constructor(fleet: FleetContext, files: Files) {
    this.#context = { ...fleet, files, devices: new RolloutDevices(fleet), documents: new RolloutDocuments(fleet) };
    this.#engine = new RolloutEngine(this.#context);
    this.#progress = new RolloutProgress(this.#context);
    this.#moved = fleet.ports.rolloutMoved ?? (() => undefined);
  }

  readonly list: Rollouts['list'] = async () => (await this.#context.documents.shown()).sort(byCreation);
  readonly get: Rollouts['get'] = async id => (await this.#context.documents.get(id)).body;
  readonly live: Rollouts['live'] = () => this.#progress.read();
  readonly devices: Rollouts['devices'] = (id, query) => this.#context.devices.page(id, query);
  readonly usersOf: Rollouts['usersOf'] = file => this.#context.documents.usersOf(file);
  readonly isOffering: Rollouts['isOffering'] = row => this.#context.documents.isOffering(row.rollout);
  readonly soon: Rollouts['soon'] = () => this.#moved();
  readonly stop: Rollouts['stop'] = () => this.#engine.stop();

  async create(input: RolloutInput): Promise<Rollout> {
    const { random, files, clock, documents } = this.#context;
    const id = input.id ?? random.bytes(6).toString('hex');
    const rollout = planOf(input, await files.about(input.firmware), id, clock.now());
    await documents.create(rollout);
    this.soon();
    return rollout;
  }

  async totals({ id, sizes, totals }: Rollout): Promise<Totals[]> {
    const now = await countTotals(this.#context.devices, id, sizes.length);
    // A later rollout may have taken devices over.
    return totals && sumOf(now) < sumOf(totals) ? totals : now;
  }

  async act(id: string, action: RolloutAction, devices?: string[]): Promise<Rollout> {
    const { documents } = this.#context;
    const act = async () => await actions[action](this.#context, await documents.get(id), devices);
    const { body } = await retryConflicts(act);
    this.soon();
    return body;
  }

  async remove(id: string): Promise<void> {
    const { documents } = this.#context;
    await retryConflicts(async () => {
      const stored = await documents.get(id);
      assertEnded(stored.body);
      await documents.change(stored, { phase: 'deleting' });
    });
    this.soon();
  }

  noticed({ id, rollout: position }: DeviceRow, before?: number): void {
    if (!position || position.since === before) return;
    this.#context.devices.announce(id, position);
    this.soon();
  }

  run(schedule: Schedule): void {
    const { store, documents } = this.#context;
    const duty = schedule.promptly('rollout', TICK_MS, {
      isDue: async () => store.generation('rollout') > 0 && (await documents.list()).length > 0,
      work: () => this.#engine.step(),
    });
    this.#moved = duty.soon;
  }
}

export const createRollouts = (fleet: FleetContext, files: Files): Rollouts => new FleetRollouts(fleet, files);

/** The newest first. */
const byCreation = (a: Rollout, b: Rollout): number => b.created - a.created || (a.id < b.id ? -1 : 1);

const sumOf = (totals: readonly Totals[]): number =>
  totals.flatMap(wave => Object.values(wave)).reduce((sum, count) => sum + count, 0);

/** @throws UserError 409 */
function assertEnded(rollout: Rollout): void {
  if (isEnded(rollout)) return;
  const { id, phase } = rollout;
  const hint = phase === 'aborted' ? 'devices that are under way are awaited' : 'abort it first';
  throw new UserError(409, 'rollout-live', `rollout '${id}' is ${phase} and has not ended: ${hint}`);
}

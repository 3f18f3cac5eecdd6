// Rollouts of firmware as an operator sees them: planned, watched, stopped and rolled back. They only change which firmware devices
// want, in waves; the Download itself is made by the reconciliation.

import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { Filter } from '../../query/filter.ts';
import type { Access } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { retryConflicts } from '../common/documents.ts';
import type { Schedule } from '../common/schedule.ts';
import type { Files } from '../files/files.ts';
import { actions, type RolloutAction } from './actions.ts';
import type { RolloutContext } from './context.ts';
import { isShown, rolloutOf, withAuthor } from './creation.ts';
import { type DevicesQuery, RolloutDevices } from './devices.ts';
import { RolloutDocuments, shownRollout } from './documents.ts';
import { RolloutEngine } from './engine.ts';
import { isEnded, type Rollout, type RolloutInput, type Totals } from './plan.ts';
import { countLiveRollouts, type LiveRollout, PolledCount, totalsOf } from './progress.ts';

/** Milliseconds between steps without an occasion or a known time: the opening of a window has neither. */
const TICK_MS = 60_000;

export class Rollouts {
  readonly #context: RolloutContext;
  readonly #engine: RolloutEngine;
  readonly #progress: PolledCount<LiveRollout[]>;
  /** Reports to the process that has the duty: another one, until `run` begins it here. */
  #moved: () => void;

  constructor(fleet: FleetContext, parts: { files: Files; access: Access }) {
    const own = { devices: new RolloutDevices(fleet), documents: new RolloutDocuments(fleet) };
    this.#context = { ...fleet, ...parts, ...own };
    this.#engine = new RolloutEngine(this.#context);
    this.#progress = new PolledCount(fleet.clock, () => countLiveRollouts(this.#context));
    this.#moved = fleet.ports.rolloutMoved ?? (() => undefined);
  }

  /** The rollouts that are shown to the caller. */
  readonly list = async (caller: Caller): Promise<Rollout[]> =>
    (await this.#context.documents.shown()).filter(rollout => isShown(rollout, caller)).sort(byCreation);
  /** @throws UserError 404 */
  readonly get = async (id: string): Promise<Rollout> => (await this.#context.documents.get(id)).body;
  readonly find = (id: string): Promise<Rollout | undefined> => shownRollout(this.#context.documents, id);
  /** The rollouts that have not ended, with their devices by state, as it was up to a few seconds ago. */
  readonly live = (): Promise<LiveRollout[]> => this.#progress.read();
  readonly devices = (id: string, query: DevicesQuery) => this.#context.devices.page(id, query);
  /** @returns rollouts that want a stored file, by id */
  readonly usersOf = (file: string): Promise<string[]> => this.#context.documents.usersOf(file);
  /** @returns whether a device that has an offer may act on it: not when its rollout is paused */
  readonly isOffering = (row: DeviceRow): Promise<boolean> => this.#context.documents.isOffering(row.rollout);
  /** There may be something to do: a step follows soon, here or in the process whose duty that is. */
  readonly soon = (): void => this.#moved();
  readonly stop = (): Promise<void> => this.#engine.stop();

  /** @throws UserError 400 that names the place, 403 for a filter on parameters out of the rights, 404 for the file or a device, 409 where the id is taken */
  async create(input: RolloutInput, caller: Caller): Promise<Rollout> {
    const rollout = await rolloutOf(this.#context, input, caller);
    await this.#context.documents.create(rollout);
    this.soon();
    return rollout;
  }

  /** Counts its devices by wave, from 0: devices that were skipped before they had a wave. */
  readonly totals = (rollout: Rollout, within?: Filter): Promise<Totals[]> =>
    totalsOf(this.#context.devices, rollout, within);

  /**
   * Acts on a rollout, which is carried out with the caller's rights from now on.
   * @param devices for `retry`: these alone
   * @throws UserError 404, 409 in a phase that does not allow it
   */
  async act(id: string, action: RolloutAction, caller: Caller, devices?: string[]): Promise<Rollout> {
    const act = async () =>
      await actions[action](this.#context, withAuthor(await this.#context.documents.get(id), caller), devices);
    const { body } = await retryConflicts(act);
    this.soon();
    return body;
  }

  /** Removes it: what it wanted of devices no longer counts. @throws UserError 404, 409 before it has ended */
  async remove(id: string): Promise<void> {
    await retryConflicts(() => markDeleted(this.#context.documents, id));
    this.soon();
  }

  /** Announces what a session has changed of a device's position. @param before when the position at its Inform was entered */
  noticed({ id, rollout: position }: DeviceRow, before?: number): void {
    if (!position || position.since === before) return;
    this.#context.devices.announce(id, position);
    this.soon();
  }

  /** Begins to move rollouts on, as a duty of the schedule. */
  run(schedule: Schedule): void {
    const { store, documents } = this.#context;
    const duty = schedule.promptly('rollout', TICK_MS, {
      isDue: async () => store.generation('rollout') > 0 && (await documents.list()).length > 0,
      work: () => this.#engine.step(),
    });
    this.#moved = duty.soon;
  }
}

async function markDeleted(documents: RolloutDocuments, id: string): Promise<void> {
  const stored = await documents.get(id);
  assertEnded(stored.body);
  await documents.change(stored, { phase: 'deleting' });
}

/** The newest first. */
const byCreation = (a: Rollout, b: Rollout): number => b.created - a.created || (a.id < b.id ? -1 : 1);

/** @throws UserError 409 */
function assertEnded(rollout: Rollout): void {
  if (isEnded(rollout)) return;
  const { id, phase } = rollout;
  const hint = phase === 'aborted' ? 'devices that are under way are awaited' : 'abort it first';
  throw new UserError(409, 'rollout-live', `rollout '${id}' is ${phase} and has not ended: ${hint}`);
}

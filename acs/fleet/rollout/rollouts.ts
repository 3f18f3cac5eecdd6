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
import type { RolloutContext } from './context.ts';
import { actions, type RolloutAction } from './control/actions.ts';
import { approveRollout } from './control/approval.ts';
import { excludeFrom } from './control/exclusion.ts';
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
  readonly create = (input: RolloutInput, caller: Caller): Promise<Rollout> =>
    this.#changed(createRollout(this.#context, input, caller));

  /** Counts its devices by wave, from 0: devices that were skipped before they had a wave. */
  readonly totals = (rollout: Rollout, within?: Filter): Promise<Totals[]> =>
    totalsOf(this.#context.devices, rollout, within);

  /** Acts on a rollout, which is carried out with the caller's rights from now on. @throws UserError 404, 409 in a phase that does not allow it */
  readonly act = (id: string, action: RolloutAction, caller: Caller, devices?: string[]): Promise<Rollout> =>
    this.#changed(actOn(this.#context, id, { action, caller, devices }));
  /** Lets a rollout begin that waits for a second person. @throws UserError 403 for its author, 404, 409 where it does not wait */
  readonly approve = (id: string, caller: Caller): Promise<Rollout> =>
    this.#changed(approveRollout(this.#context, id, caller));
  /** Leaves out devices of a filter that have not begun. @throws UserError 400, 403, 404, 409 where none of them waits */
  readonly exclude = (id: string, filter: string, caller: Caller): Promise<Rollout> =>
    this.#changed(excludeFrom(this.#context, id, filter, caller));

  /** The rollout after a change, which moves on soon. */
  async #changed(changing: Promise<Rollout>): Promise<Rollout> {
    const rollout = await changing;
    this.soon();
    return rollout;
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

/** @param devices for `retry`: these alone */
async function actOn(
  context: RolloutContext,
  id: string,
  { action, caller, devices }: { action: RolloutAction; caller: Caller; devices?: string[] | undefined },
): Promise<Rollout> {
  const act = async () => await actions[action](context, withAuthor(await context.documents.get(id), caller), devices);
  return (await retryConflicts(act)).body;
}

async function createRollout(context: RolloutContext, input: RolloutInput, caller: Caller): Promise<Rollout> {
  const rollout = await rolloutOf(context, input, caller);
  await context.documents.create(rollout);
  return rollout;
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

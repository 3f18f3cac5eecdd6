// The swap of a device: a new one takes its place, with what operators have written of it. Both rows are changed in a write each, the old
// one first, so that from then on its account is good for nothing; the same call again carries out what a broken end has left.
import { newRow } from '../../device/operations/new-row.ts';
import { assertMayReplace, assertReplaceable } from '../../device/operations/replacements.ts';
import type { DeviceRow, Moved } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { identityIn, parseDeviceId } from './device-id.ts';
import { unknownDevice } from './devices.ts';

export interface Replacement {
  old: DeviceRow;
  now: DeviceRow;
}

export type MovedGuard = (id: string, moved: Moved) => Promise<void>;

export class Replacements {
  readonly #context: FleetContext;

  constructor(context: FleetContext) {
    this.#context = context;
  }

  /**
   * @param caller whose rights must reach both devices, the new one as it will be
   * @param guard called before anything changes, where the new device is there already
   * @throws UserError 400 for the id, 403, 404, 409 where one of them is part of another replacement; what `guard` throws
   */
  async begin(id: string, by: string, caller: Caller, guard?: MovedGuard): Promise<Replacement> {
    const { store, clock, events, log } = this.#context;
    const identity = identityIn(by);
    if (by === id) throw new UserError(400, 'bad-device-id', `newId: '${by}' is the device itself`);
    const row = await this.#row(id);
    const target = await store.device(by);
    const moved: Moved = { tags: row.tags, site: row.site, overrides: row.overrides };
    const now = clock.now();
    // Rights are checked first: the reason of a refusal is in no answer to a caller that may not see the device.
    await this.#assertRights(caller, target, moved, by);
    assertFree(row, target, by);
    if (target && target.replaces?.id !== id) await guard?.(by, moved);
    const old = await store.apply(id, 'replaced', { by, now });
    for (const { id: task } of row.tasks) await this.#announceTask(task);
    const taken = { of: id, identity, moved, now };
    const next = await store.apply(by, 'replacementTaken', taken);
    if (row.state !== 'replaced') log.info('device replaced', { device: id, by });
    if (target?.state !== next.state) events.emit('enrolled', { device: by, state: next.state });
    return { old, now: next };
  }

  /** Gives the old device its state and account back, and takes from the new one what was moved. @throws UserError 404, 409 */
  async undo(id: string, caller: Caller): Promise<DeviceRow> {
    const { store, log } = this.#context;
    const { replacedBy } = await this.#row(id);
    if (!replacedBy) throw new UserError(409, 'not-replaced', `device ${id} is not replaced by another one`);
    const by = replacedBy.id;
    const target = await store.device(by);
    if (target && !(await caller.sees(by))) throw unknownDevice(by);
    if (target) await store.apply(by, 'replacementReturned', { of: id });
    const row = await store.apply(id, 'replacementUndone', { of: by });
    log.info('replacement of a device undone', { device: id, by });
    return row;
  }

  async #row(id: string): Promise<DeviceRow> {
    const row = await this.#context.store.device(id);
    if (!row) throw unknownDevice(id);
    return row;
  }

  async #assertRights(caller: Caller, target: DeviceRow | undefined, moved: Moved, by: string): Promise<void> {
    if (target && !(await caller.sees(by))) throw unknownDevice(by);
    caller.assertSets(Object.keys(moved.overrides));
    if (!caller.isScoped) return;
    const row = target ?? newRow(by, parseDeviceId(by), 'known', this.#context.clock.now());
    const { tags, site, overrides } = moved;
    const after = {
      tags: [...row.tags, ...tags],
      site: { ...row.site, ...site },
      overrides: { ...row.overrides, ...overrides },
    };
    await caller.assertKeeps({ ...row, ...after });
  }

  async #announceTask(id: string): Promise<void> {
    const task = await this.#context.store.task(id);
    if (task) this.#context.events.emit('task', { task });
  }
}

/** Refuses before anything changes what the rows would refuse in the middle. @throws UserError 409 */
function assertFree(row: DeviceRow, target: DeviceRow | undefined, by: string): void {
  const { id, state } = row;
  assertReplaceable(row, by);
  if (state === 'quarantine')
    throw new UserError(409, 'not-replaceable', `device ${id} is in quarantine: nothing is to be moved`);
  if (target) assertMayReplace(target, id);
  if (target?.state === 'held') throw new UserError(409, 'not-replaceable', `device ${by} is held: approve it first`);
}

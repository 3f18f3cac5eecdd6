// Operations by which an operator announces, changes, approves and removes a device.
import { UserError } from '../../errors.ts';
import { editVersion } from '../edit-version.ts';
import type { DevicePatch } from '../operation-types.ts';
import { changedOverrides } from '../override.ts';
import { type DeviceRow, withPair } from '../row.ts';
import type { Task, TaskFault } from '../task.ts';
import { newRow } from './new-row.ts';
import { changed, existing, type Operation, unchanged } from './operation.ts';

export const announced: Operation<'announced'> = (row, { identity, now, patch }, id) => {
  if (row) throw new UserError(409, 'device-exists', `device ${id} is already known`);
  const next = withPatch(newRow(id, identity, 'known', now), patch, now);
  return changed(next, next);
};

export const patched: Operation<'patched'> = (row, { patch, expected, now = Number.POSITIVE_INFINITY }, id) => {
  assertVersion(row, expected, id);
  const next = withPatch(existing(row, id), patch, now);
  return changed(next, next);
};

/** @throws UserError 409 */
function assertVersion(row: DeviceRow | undefined, expected: string | undefined, id: string): void {
  if (expected !== undefined && row && editVersion(row) !== expected)
    throw new UserError(409, 'changed-meanwhile', `device ${id} was changed by another request meanwhile`);
}

/** The tags after a change: a list replaces them all. */
export function tagsAfter(tags: readonly string[], change: NonNullable<DevicePatch['tags']>): string[] {
  if (Array.isArray(change)) return [...new Set(change)];
  const { add = [], remove = [] } = change;
  const removed = new Set(remove);
  return [...new Set([...tags.filter(tag => !removed.has(tag)), ...add])];
}

/** `null` removes a field. */
export const mergedSite = (site: DeviceRow['site'], changes: NonNullable<DevicePatch['site']>): DeviceRow['site'] =>
  Object.fromEntries(
    Object.entries({ ...site, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );

function withPatch(row: DeviceRow, patch: DevicePatch, now: number): DeviceRow {
  const next: DeviceRow = patch.connectionRequest ? withPair(row, patch.connectionRequest) : { ...row };
  if (patch.tags) next.tags = tagsAfter(row.tags, patch.tags);
  if (patch.site) next.site = mergedSite(row.site, patch.site);
  if (patch.overrides) next.overrides = changedOverrides(row.overrides, patch.overrides, now);
  if (patch.credentials) next.credentials = patch.credentials;
  return next;
}

export const heldBack: Operation<'heldBack'> = (row, { detail, now }, id) => {
  const known = existing(row, id);
  if (known.state !== 'enrolled') return unchanged(row, false);
  return changed({ ...known, state: 'held', hold: { reason: 'operator', since: now, detail } }, true);
};

export const approved: Operation<'approved'> = (row, { identity, openUntil, now }, id) => {
  const known = row ?? (identity ? newRow(id, identity, 'known', now) : existing(row, id));
  if (known.state === 'replaced')
    throw new UserError(
      409,
      'device-replaced',
      `device ${id} is replaced by ${known.replacedBy?.id}: undo that, or delete it`,
    );
  const { hold, clashes: _clashes, ...rest } = known;
  const next: DeviceRow = { ...rest, state: known.state === 'known' ? 'known' : 'enrolled' };
  if (hold?.certificate !== undefined) next.certificate = hold.certificate;
  if (known.faults.length > 0) next.faults = known.faults.filter(({ cause }) => cause !== 'enrolment');
  if (openUntil !== undefined) next.openUntil = openUntil;
  if (known.informInterval === undefined) next.isIntervalDue = true;
  return changed(next, next);
};

export const removed: Operation<'removed'> = (row, { now, expected }, id) => {
  if (!row) return unchanged(row, false);
  assertVersion(row, expected, id);
  const fault: TaskFault = { code: 'device-removed', message: 'the device was removed' };
  const ended = row.tasks.map(
    (task): Task => ({ ...task, state: 'cancelled', fault, ended: now ?? task.started ?? task.created }),
  );
  return { row: undefined, result: true, ended };
};

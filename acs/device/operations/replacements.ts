// Operations by which one device takes the place of another: the old one is barred and loses its account, the new one takes what operators
// have written of it. Each is one write of one row, and may be repeated.
import { UserError } from '../../errors.ts';
import type { Override } from '../override.ts';
import type { DeviceRow, Moved } from '../row.ts';
import type { Task, TaskFault } from '../task.ts';
import { newRow } from './new-row.ts';
import { changed, existing, type Operation, unchanged } from './operation.ts';

const noLogin = { username: '', password: '' };

/** @throws UserError 409 for a device that another one than `by` has replaced */
export function assertReplaceable({ id, replacedBy }: DeviceRow, by: string): void {
  if (replacedBy && replacedBy.id !== by)
    throw new UserError(409, 'device-replaced', `device ${id} is replaced by ${replacedBy.id} already`, {
      by: replacedBy.id,
    });
}

/** @throws UserError 409 for a device that has the place of another one than `of`, or is replaced itself */
export function assertMayReplace({ id, replaces, replacedBy }: DeviceRow, of: string): void {
  if (replacedBy) throw new UserError(409, 'device-replaced', `device ${id} is replaced itself, by ${replacedBy.id}`);
  if (replaces && replaces.id !== of)
    throw new UserError(409, 'device-replaced', `device ${id} has taken the place of ${replaces.id} already`);
}

export const replaced: Operation<'replaced'> = (row, { by, now }, id) => {
  const known = existing(row, id);
  const { replacedBy } = known;
  if (replacedBy?.id === by) return unchanged(row, known);
  assertReplaceable(known, by);
  // Without a last Inform it counts as neither late nor lost.
  const { credentials, hold, lastInform, absence, ...rest } = unmanaged(known);
  const was = {
    state: known.state,
    connectionRequest: known.connectionRequest,
    ...(credentials ? { credentials } : {}),
    ...(hold ? { hold } : {}),
    ...(lastInform === undefined ? {} : { lastInform }),
    ...(absence ? { absence } : {}),
  };
  const next: DeviceRow = {
    ...rest,
    state: 'replaced',
    connectionRequest: { ...known.connectionRequest, ...noLogin },
    tasks: [],
    faults: [],
    replacedBy: { id: by, since: now, was },
  };
  const fault: TaskFault = { code: 'device-replaced', message: `the device was replaced by ${by}` };
  const ended = known.tasks.map((task): Task => ({ ...task, state: 'cancelled', fault, ended: now }));
  return changed(next, next, ended);
};

/** The row without what a managed device alone has. */
function unmanaged({
  openUntil: _open,
  rollout: _rollout,
  restart: _restart,
  move: _move,
  drift: _drift,
  unfinished: _unfinished,
  claim: _claim,
  ...rest
}: DeviceRow): DeviceRow {
  return rest;
}

export const replacementTaken: Operation<'replacementTaken'> = (row, { of, identity, moved, now }, id) => {
  if (row?.replaces?.id === of) return unchanged(row, row);
  if (row) assertMayReplace(row, of);
  const known = row ?? newRow(id, identity, 'known', now);
  const before: Moved = { tags: known.tags, site: known.site, overrides: known.overrides };
  const next: DeviceRow = {
    ...known,
    ...merged(before, moved),
    state: known.state === 'quarantine' ? 'enrolled' : known.state,
    replaces: { id: of, since: now, moved, before, ...(row ? {} : { isNew: true as const }) },
  };
  if (known.informInterval === undefined) next.isIntervalDue = true;
  return changed(next, next);
};

export const replacementReturned: Operation<'replacementReturned'> = (row, { of }) => {
  if (row?.replaces?.id !== of) return unchanged(row, undefined);
  const { replaces, ...rest } = row;
  // It was made by the replacement, and has never come.
  if (replaces.isNew && row.lastInform === undefined && row.tasks.length === 0)
    return { row: undefined, result: undefined, ended: [] };
  return changed({ ...rest, ...returned(row, replaces) }, undefined);
};

export const replacementUndone: Operation<'replacementUndone'> = (row, { of }, id) => {
  const known = existing(row, id);
  if (known.replacedBy?.id !== of) return unchanged(row, known);
  const { replacedBy, ...rest } = known;
  const next: DeviceRow = { ...rest, ...replacedBy.was };
  return changed(next, next);
};

const merged = (before: Moved, moved: Moved): Moved => ({
  tags: [...new Set([...before.tags, ...moved.tags])],
  site: { ...before.site, ...moved.site },
  overrides: { ...before.overrides, ...moved.overrides },
});

/** The fields without what was moved, as far as it is still there; later changes stay. */
function returned(row: DeviceRow, { moved, before }: NonNullable<DeviceRow['replaces']>): Moved {
  const wasMoved = (tag: string): boolean => moved.tags.includes(tag) && !before.tags.includes(tag);
  return {
    tags: row.tags.filter(tag => !wasMoved(tag)),
    site: withoutMoved<string>(row.site, moved.site, before.site),
    overrides: withoutMoved<Override>(row.overrides, moved.overrides, before.overrides),
  };
}

function withoutMoved<T>(
  now: Record<string, T>,
  moved: Record<string, T>,
  before: Record<string, T>,
): Record<string, T> {
  const isMoved = (name: string): boolean =>
    Object.hasOwn(moved, name) && JSON.stringify(now[name]) === JSON.stringify(moved[name]);
  const kept = Object.entries(now).filter(([name]) => !isMoved(name));
  const back = Object.entries(before).filter(([name]) => isMoved(name));
  return Object.fromEntries([...kept, ...back]);
}

// Operations on the position of a device in a rollout.
import { assigned, judged, type Move } from '../many.ts';
import type { DeviceOperations } from '../operation-types.ts';
import type { RolloutPosition } from '../rollout-position.ts';
import { offer, precheck, release, rollBack } from '../rollout-transitions.ts';
import type { DeviceRow } from '../row.ts';
import { type Change, changed, type Operation, unchanged } from './operation.ts';

const after = <R>(
  row: DeviceRow | undefined,
  { position, result }: Pick<Move, 'position'> & { result: R },
): Change<R> => (row && position ? changed({ ...row, rollout: position }, result) : unchanged(row, result));

export const rolloutAssigned: Operation<'rolloutAssigned'> = (row, args) => after(row, assigned(row, args));
export const rolloutJudged: Operation<'rolloutJudged'> = (row, args) => after(row, judged(row, args));

/** An operation on the row's position in a rollout; `stale` when the row has none there, or nothing changes. */
const positioned =
  <N extends 'rolloutOffered' | 'rolloutRolledBack'>(
    change: (position: RolloutPosition, args: DeviceOperations[N]['args'], row: DeviceRow) => RolloutPosition,
  ): ((row: DeviceRow | undefined, args: DeviceOperations[N]['args']) => Change<RolloutPosition | 'stale'>) =>
  (row, args) => {
    if (row?.rollout?.id !== args.id) return unchanged(row, 'stale');
    const position = change(row.rollout, args, row);
    return position === row.rollout ? unchanged(row, 'stale') : changed({ ...row, rollout: position }, position);
  };

export const rolloutOffered = positioned<'rolloutOffered'>((position, args, row) =>
  offer(position, precheck(row, position), row, args),
);
export const rolloutRolledBack = positioned<'rolloutRolledBack'>((position, args, row) =>
  rollBack(position, args, row),
);

export const rolloutReleased: Operation<'rolloutReleased'> = (row, { id, forget = false }) => {
  if (row?.rollout?.id !== id) return unchanged(row, false);
  const { rollout, ...rest } = row;
  const left = release(rollout, forget);
  if (left === rollout) return unchanged(row, false);
  return changed(left ? { ...rest, rollout: left } : rest, true);
};

// Operations by which reconcile notes what it found and did.
import { restarted } from '../inform.ts';
import type { DeviceRow } from '../row.ts';
import { isLasting } from './faults.ts';
import { changed, existing, isStale, type Operation, unchanged } from './operation.ts';

const MAX_DRIFT = 50;

export const reconciled: Operation<'reconciled'> = (row, args, id) => {
  const { token, parameterKey, cleared = [], now, ...held } = args;
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const next: DeviceRow = {
    ...known,
    reconciled: held,
    // A suspended preset is not part of the desired state until its retry, so its fault stays.
    faults: known.faults.filter(
      ({ cause, retryAt }) =>
        cause.startsWith('task:') || ((retryAt > now || isLasting(cause)) && !cleared.includes(cause)),
    ),
  };
  if (parameterKey !== undefined) next.parameterKey = parameterKey;
  return changed(next, 'ok');
};

export const restartNoted: Operation<'restartNoted'> = (row, { token, restart }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  return changed(restart ? { ...known, restart } : restarted(known), 'ok');
};

export const addingNoted: Operation<'addingNoted'> = (row, { token, adding }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  if (adding) return changed({ ...known, adding }, 'ok');
  const { adding: _done, ...rest } = known;
  return changed(rest, 'ok');
};

export const moveNoted: Operation<'moveNoted'> = (row, { token, move }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  if (move) return changed({ ...known, move }, 'ok');
  const { move: _gone, ...rest } = known;
  return changed({ ...rest, faults: rest.faults.filter(({ cause }) => cause !== 'move') }, 'ok');
};

export const moveConfirmed: Operation<'moveConfirmed'> = (row, _args, id) => {
  const known = existing(row, id);
  if (known.move?.state === 'confirmed') return unchanged(row, 'ok');
  if (known.move?.state !== 'moving') return unchanged(row, 'none');
  return changed({ ...known, move: { ...known.move, state: 'confirmed' } }, 'ok');
};

export const drifted: Operation<'drifted'> = (row, { token, drift }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  return changed({ ...known, drift: drift.slice(-MAX_DRIFT) }, 'ok');
};

// Operations that raise and clear faults of a device.
import { createHash } from 'node:crypto';
import { KEPT_OLD } from '../credentials.ts';
import type { Drift } from '../desired-state.ts';
import type { DeviceFault } from '../fault.ts';
import type { DeviceRow } from '../row.ts';
import { changed, existing, type Operation, unchanged } from './operation.ts';

const MAX_FAULTS = 50;

/** Faults of these causes last until the cause is gone: drift and moves are not retried by time. */
export const isLasting = (cause: string): boolean => /^(drift:|fight:|move$)/.test(cause);

/** The same id for the same device and cause, so that a link to a fault stays valid. */
const faultId = (device: string, cause: string): string =>
  createHash('sha256').update(`${device}\0${cause}`).digest('hex').slice(0, 20);

export const faultRaised: Operation<'faultRaised'> = (row, args, id) => {
  const known = existing(row, id);
  const before = known.faults.find(fault => fault.cause === args.cause);
  const fault: DeviceFault = {
    id: faultId(id, args.cause),
    device: id,
    cause: args.cause,
    code: args.code,
    message: args.message,
    first: before?.first ?? args.now,
    last: args.now,
    count: (before?.count ?? 0) + 1,
    retryAt: args.retryAt,
  };
  if (args.parameter !== undefined) fault.parameter = args.parameter;
  if (args.basis !== undefined) fault.basis = args.basis;
  if (args.file !== undefined) fault.file = args.file;
  const others = known.faults.filter(other => other.cause !== args.cause);
  return changed({ ...known, faults: [...others, fault].slice(-MAX_FAULTS) }, fault);
};

export const faultCleared: Operation<'faultCleared'> = (row, { cause, id: fault }, id) => {
  const known = existing(row, id);
  const isMeant = (open: DeviceFault): boolean => open.cause === cause || open.id === fault;
  const cleared = known.faults.filter(isMeant);
  if (cleared.length === 0) return unchanged(row, false);
  const untaken = new Set(cleared.flatMap(({ file }) => (file === undefined ? [] : [file])));
  const next: DeviceRow = {
    ...known,
    faults: known.faults.filter(open => !isMeant(open)),
    applied: Object.fromEntries(Object.entries(known.applied).filter(([name]) => !untaken.has(name))),
  };
  // Logins that it accepted and did not use are offered again.
  if (next.unusedLogins && cleared.some(({ code }) => code === KEPT_OLD)) delete next.unusedLogins;
  const causes = new Set(cleared.map(open => open.cause).filter(isLasting));
  if (causes.size === 0) return changed(next, true);
  // A drift that was left is checked again in the next session.
  const gone = ({ state, preset, path }: Drift): boolean =>
    causes.has(state === 'fight' ? `fight:${path}` : `drift:${preset}`);
  if (known.drift) next.drift = known.drift.filter(entry => !gone(entry));
  if (causes.has('move')) delete next.move;
  if (known.reconciled) next.reconciled = { ...known.reconciled, suspect: 'standing' };
  return changed(next, true);
};

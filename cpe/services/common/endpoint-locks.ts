// The administrative states of endpoints: a locked one takes and places no calls, and is not registered. A unit without locks keeps nothing.
import { peekSlot, rowsOf, slotOf, type Unit } from '../service.ts';

/** As EpAdm shows it; `ShuttingDown` is locked but for the calls that are up. */
type AdminState = 'Unlocked' | 'ShuttingDown' | 'Locked';

const owner = {};
type Locks = Map<string, 'ShuttingDown' | 'Locked'>;

/** @param endpoint `Phone-Fax1`; undefined, for a user of the unit itself: it has no lock */
export const adminStateOf = (unit: Unit, endpoint: string | undefined): AdminState =>
  peekSlot<Locks>(unit, owner)?.get(endpoint ?? '') ?? 'Unlocked';

export function setAdminState(unit: Unit, endpoint: string, state: AdminState): void {
  if (state !== 'Unlocked') slotOf<Locks>(unit, owner, () => new Map()).set(endpoint, state);
  else peekSlot<Locks>(unit, owner)?.delete(endpoint);
}

/** The state of the unit is that of its endpoints: it is locked when all of them are. */
export function unitAdminState(unit: Unit): AdminState {
  const states = rowsOf(unit, 'EpAdm.Endpoint', ['EpId']).map(({ EpId }) => adminStateOf(unit, EpId));
  if (states.length === 0 || states.includes('Unlocked')) return 'Unlocked';
  return states.includes('ShuttingDown') ? 'ShuttingDown' : 'Locked';
}

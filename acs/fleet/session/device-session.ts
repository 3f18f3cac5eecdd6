// One session of one device, as its steps see it.
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { SessionState } from '../common/session-state.ts';
import type { Proof } from '../enrolment/candidate.ts';
import type { Arrival } from './arrival.ts';

export interface DeviceSession extends SessionState {
  id: string;
  proof: Proof;
  /** Event codes of the Inform. */
  events: string[];
  touched: string[];
  /** The device entered then the position in a rollout that it had at its Inform, milliseconds. */
  rolloutSince?: number;
}

export function sessionOf(
  arrival: Arrival,
  id: string,
  row: DeviceRow,
  token: number,
  events: string[],
): DeviceSession {
  const session: DeviceSession = { id, row, token, proof: arrival.proof, events, touched: [] };
  if (events.includes('4 VALUE CHANGE'))
    session.changed = new Map(arrival.parameters.map(({ Name, Value }) => [Name, Value]));
  if (arrival.base) session.base = arrival.base;
  if (row.rollout) session.rolloutSince = row.rollout.since;
  return session;
}

/** Operators' tasks that may be sent now. */
export const dueTasks = ({ tasks }: DeviceRow, now: number): Task[] =>
  tasks.filter(
    ({ origin, state, notBefore = 0, expires = Number.POSITIVE_INFINITY }) =>
      origin === 'operator' && state === 'queued' && notBefore <= now && expires > now,
  );

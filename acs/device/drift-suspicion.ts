// What may have touched a device's managed values though its ParameterKey stays: kept with the fact itself, so that a session that is
// lost right after it loses nothing.

import type { Reconciled } from './desired-state.ts';
import type { InformFacts } from './operation-types.ts';
import type { DeviceRow } from './row.ts';
import type { Task } from './task.ts';

const touching: ReadonlySet<string> = new Set(['SetParameterValues', 'AddObject', 'DeleteObject', 'Download']);

/** The row after an operator's task was done: reconcile looks whether it touched what is wanted. */
export function suspected(row: DeviceRow, task: Task): DeviceRow {
  if (task.state !== 'done' || task.origin !== 'operator' || !touching.has(task.method)) return row;
  if (!row.reconciled?.managed || row.reconciled.suspect) return row;
  return { ...row, reconciled: { ...row.reconciled, suspect: 'fresh' } };
}

/** After an Inform: `4 VALUE CHANGE` is told once (TR-069 3.7.1.5), and what an earlier session left is past telling apart. */
export function suspectedBy(reconciled: Reconciled | undefined, events: InformFacts['events']): Reconciled | undefined {
  if (!reconciled?.managed) return reconciled;
  if (reconciled.suspect)
    return reconciled.suspect === 'standing' ? reconciled : { ...reconciled, suspect: 'standing' };
  return events.some(({ EventCode }) => EventCode === '4 VALUE CHANGE')
    ? { ...reconciled, suspect: 'fresh' }
    : reconciled;
}

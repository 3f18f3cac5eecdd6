// Marks a device for a drift check after events that can change managed values without changing its ParameterKey. The mark is written
// with the event, so a lost session cannot lose it.

import type { Reconciled } from './desired-state.ts';
import type { InformFacts } from './operation-types.ts';
import type { DeviceRow } from './row.ts';
import type { Task } from './task.ts';

const touching: ReadonlySet<string> = new Set(['SetParameterValues', 'AddObject', 'DeleteObject', 'Download']);

/** The row after a task of an operator that may have changed managed values. */
export function suspected(row: DeviceRow, task: Task): DeviceRow {
  if (task.state !== 'done' || task.origin !== 'operator' || !touching.has(task.method) || task.diagnostic) return row;
  if (!row.reconciled?.managed || row.reconciled.suspect) return row;
  return { ...row, reconciled: { ...row.reconciled, suspect: 'fresh' } };
}

/** The mark after an Inform: a device reports `4 VALUE CHANGE` once (TR-069 3.7.1.5), so a mark of an earlier session stays. */
export function suspectedBy(reconciled: Reconciled | undefined, events: InformFacts['events']): Reconciled | undefined {
  if (!reconciled?.managed) return reconciled;
  if (reconciled.suspect)
    return reconciled.suspect === 'standing' ? reconciled : { ...reconciled, suspect: 'standing' };
  return events.some(({ EventCode }) => EventCode === '4 VALUE CHANGE')
    ? { ...reconciled, suspect: 'fresh' }
    : reconciled;
}

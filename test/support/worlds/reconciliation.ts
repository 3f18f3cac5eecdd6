// Both sides of a simulated fleet held against each other: what the units did, and what the ACS believes by its REST API.

import type { FaultName } from '../../../cpe/faults/catalogue.ts';
import { type Ask, acsViewOf } from '../../../cpe/fleet/acs-view.ts';
import { compareFleet, type Difference, type DifferenceKind } from '../../../cpe/fleet/compare.ts';
import type { UnitReport } from '../../../cpe/fleet/report.ts';

export interface Reconciliation {
  /** Where the two sides differ, and nothing explains it. */
  differences: Difference[];
  /** False beliefs of the ACS that a lying unit caused, and their consequences. */
  lies: Difference[];
  /** Where the ACS itself says that it does not know, and what came of that. */
  unknown: Difference[];
}

/** Histories that a lie may have written: never a state of now. */
const byLies: Partial<Record<DifferenceKind, readonly FaultName[]>> = {
  'done-in-vain': ['false-success', 'old-version'],
  'failed-but-done': ['false-fault'],
  'flashed-again': ['false-fault'],
};

/** Asks the ACS and compares. The ACS must have no other devices than these units. */
export async function reconcileFleet(ask: Ask, units: readonly UnitReport[]): Promise<Reconciliation> {
  return explained(compareFleet(units, await acsViewOf(ask, units), { strangers: true }), units);
}

/** Parts what is explained: by a lie that struck the unit, or by an outcome that the ACS says it does not know. */
export function explained(all: readonly Difference[], units: readonly UnitReport[]): Reconciliation {
  const faults = new Map(units.map(unit => [unit.serial, unit.faults]));
  const unsure = new Set(all.filter(({ kind }) => kind === 'outcome-unknown').map(({ serial }) => serial));
  const found: Reconciliation = { differences: [], lies: [], unknown: [] };
  for (const difference of all) {
    const { kind, serial } = difference;
    const isLie = (byLies[kind] ?? []).some(name => (faults.get(serial)?.[name] ?? 0) > 0);
    const isUnknown = kind === 'outcome-unknown' || (kind === 'flashed-again' && unsure.has(serial));
    found[isLie ? 'lies' : isUnknown ? 'unknown' : 'differences'].push(difference);
  }
  return found;
}

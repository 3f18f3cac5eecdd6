// Positions of devices that end at a given time, of all rollouts.
import type { RolloutState } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { parseFilter } from '../../query/parser.ts';
import type { FleetContext } from '../common/context.ts';
import { pagesOf } from '../common/device-pages.ts';
import { inBatches } from './devices.ts';

const timedStates = ['offered', 'downloading', 'installed', 'soaking'] as const satisfies RolloutState[];
const PAGE = 500;

/** Does `work` on every position that is due, in each state those first that are overdue longest. */
export async function forEachDue(
  { store, clock }: FleetContext,
  work: (row: DeviceRow) => Promise<unknown>,
): Promise<void> {
  for (const state of timedStates) {
    const filter = parseFilter(`rolloutState = "${state}" and rolloutDue <= now`);
    const query = { sort: 'rolloutDue', filter, limit: PAGE, now: clock.now() };
    for await (const rows of pagesOf(store, query, false)) await inBatches(rows, work);
  }
}

/** @returns the first time after this one at which a position is due; undefined where none has a time */
export async function nextDue({ store }: FleetContext, after: number): Promise<number | undefined> {
  const firstOf = async (state: RolloutState): Promise<number[]> => {
    const filter = parseFilter(`rolloutState = "${state}" and rolloutDue > now`);
    const query = { filter, sort: 'rolloutDue', limit: 1, now: after, only: ['rollout'] as const };
    return (await store.devices(query)).items.flatMap(({ rollout }) => rollout?.due ?? []);
  };
  const dues = (await Promise.all(timedStates.map(firstOf))).flat();
  return dues.length === 0 ? undefined : Math.min(...dues);
}

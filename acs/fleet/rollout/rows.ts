// The devices of a rollout, as the store finds them: by indexed fields, so that a step costs what it does and not what there is.
import type { Clock } from '../../../shared/clock.ts';
import type { DeviceOperations } from '../../store/changes.ts';
import { parseFilter } from '../../store/filter.ts';
import { type DeviceRow, type RolloutPosition, type RolloutState, rolloutStates } from '../../store/row.ts';
import type { Store } from '../../store/store.ts';
import type { Totals } from './plan.ts';

export interface Rows {
  count(rollout: string, state: RolloutState, wave?: number): Promise<number>;
  /** By wave, from 0: skipped at once. */
  totals(rollout: string, waves: number): Promise<Totals[]>;
  /** Devices that are there and wait, of a time zone and of waves up to this one. */
  waiting(rollout: string, zone: string, wave: number, limit: number): Promise<DeviceRow[]>;
  /** The first time after this one at which some position is due, of whatever rollout; undefined where none has a time. */
  nextDue(after: number): Promise<number | undefined>;
  /** `work` on every device that fits, until none is left that it moves out of the filter. */
  drain(filter: string, sort: string, work: (row: DeviceRow) => Promise<boolean>): Promise<void>;
  /** `work` on every device that fits, once. */
  sweep(filter: string, work: (row: DeviceRow) => Promise<unknown>): Promise<void>;
  judge(
    device: string,
    args: Omit<DeviceOperations['rolloutJudged']['args'], 'now'>,
  ): Promise<RolloutPosition | undefined>;
}

/** States that a time puts an end to. */
export const timedStates = ['offered', 'downloading', 'installed', 'soaking'] as const satisfies RolloutState[];

const PAGE = 500;
/** Changes of different devices that are asked for at once: they go in one commit. */
const AT_ONCE = 250;

export async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}

export function createRows(store: Store, clock: Clock): Rows {
  const count: Rows['count'] = (rollout, state, wave) =>
    store.countDevices(
      parseFilter(
        `rollout = "${rollout}" and rolloutState = "${state}"${wave === undefined ? '' : ` and rolloutWave = ${wave}`}`,
      ),
      clock.now(),
    );
  return {
    count,
    totals: async (rollout, waves) => {
      const totals: Totals[] = [];
      for (let wave = 0; wave <= waves; wave++) {
        const counts = await Promise.all(rolloutStates.map(async state => [state, await ofWave(state, wave)] as const));
        totals.push(Object.fromEntries(counts) as Totals);
      }
      return totals;

      // 0 counts as unknown in a filter: what has no wave is what is in none of the others.
      async function ofWave(state: RolloutState, wave: number): Promise<number> {
        if (wave > 0) return await count(rollout, state, wave);
        if (state !== 'skipped') return 0;
        const text = `rollout = "${rollout}" and rolloutState = "skipped" and not rolloutWave exists`;
        return await store.countDevices(parseFilter(text), clock.now());
      }
    },
    waiting: async (rollout, zone, wave, limit) => {
      const text = `rollout = "${rollout}" and rolloutState = "planned" and rolloutZone = "${zone}" and rolloutWave <= ${wave} and online`;
      const query = { filter: parseFilter(text), sort: 'rolloutWave', limit: Math.min(limit, PAGE), now: clock.now() };
      return (await store.devices(query)).items;
    },
    nextDue: async after => {
      const firstOf = async (state: RolloutState): Promise<number[]> => {
        const filter = parseFilter(`rolloutState = "${state}" and rolloutDue > now`);
        const query = { filter, sort: 'rolloutDue', limit: 1, now: after, only: ['rollout'] as const };
        return (await store.devices(query)).items.flatMap(({ rollout }) => rollout?.due ?? []);
      };
      const dues = (await Promise.all(timedStates.map(firstOf))).flat();
      return dues.length === 0 ? undefined : Math.min(...dues);
    },
    drain: async (filter, sort, work) => {
      for (;;) {
        const { items } = await store.devices({ filter: parseFilter(filter), sort, limit: PAGE, now: clock.now() });
        const moved = await each(items, work);
        if (items.length < PAGE || !moved.includes(true)) return;
      }
    },
    sweep: async (filter, work) => {
      let cursor: string | undefined;
      do {
        const query = { filter: parseFilter(filter), limit: PAGE, now: clock.now() };
        const page = await store.devices({ ...query, ...(cursor === undefined ? {} : { cursor }) });
        await each(page.items, work);
        cursor = page.next;
      } while (cursor !== undefined);
    },
    judge: async (device, args) => {
      const position = await store.apply(device, 'rolloutJudged', { ...args, now: clock.now() });
      return position === 'stale' ? undefined : position;
    },
  };
}

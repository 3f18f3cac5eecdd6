// The devices of a rollout, as the store finds them: by indexed fields, so that a step costs what it does and not what there is.
import type { Clock } from '../../../shared/clock.ts';
import type { DeviceOperations } from '../../device/operation-types.ts';
import { type RolloutPosition, type RolloutState, rolloutStates } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { parseFilter } from '../../query/parser.ts';
import type { DeviceQuery, Store } from '../../store/store.ts';
import { pagesOf } from '../common/device-pages.ts';
import type { Totals } from './plan.ts';

export interface Rows {
  count(rollout: string, state: RolloutState, wave?: number): Promise<number>;
  /** By wave, from 0: skipped at once. */
  totals(rollout: string, waves: number): Promise<Totals[]>;
  /** Devices that are there and wait, of a time zone and of waves up to this one. */
  waiting(rollout: string, zone: string, wave: number, limit: number): Promise<DeviceRow[]>;
  /** The first time after this one at which some position is due, of whatever rollout; undefined where none has a time. */
  nextDue(after: number): Promise<number | undefined>;
  /** `work` on every position in this state whose time has come, those first that are due longest. */
  due(state: RolloutState, work: (row: DeviceRow) => Promise<unknown>): Promise<void>;
  /** `work` on every device that fits, once. */
  sweep(filter: string, work: (row: SweptRow) => Promise<unknown>): Promise<void>;
  /** Whether the test holds for any device that fits: it is not looked further than that one's page. */
  some(filter: string, test: (row: SweptRow) => boolean): Promise<boolean>;
  judge(
    device: string,
    args: Omit<DeviceOperations['rolloutJudged']['args'], 'now'>,
  ): Promise<RolloutPosition | undefined>;
}

/** States that a time puts an end to. */
export const timedStates = ['offered', 'downloading', 'installed', 'soaking'] as const satisfies RolloutState[];

const sweptFields = ['id', 'productClass', 'softwareVersion', 'rollout'] as const satisfies (keyof DeviceRow)[];
export type SweptRow = Pick<DeviceRow, (typeof sweptFields)[number]>;

const PAGE = 500;
/** Changes of different devices that are asked for at once: they go in one commit, and a session that changes its own waits for it. */
const AT_ONCE = 50;

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
  const pages = (text: string, how: Pick<DeviceQuery, 'sort' | 'only'>): ReturnType<typeof pagesOf> =>
    pagesOf(store, { ...how, filter: parseFilter(text), limit: PAGE, now: clock.now() }, false);
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
    due: async (state, work) => {
      const text = `rolloutState = "${state}" and rolloutDue <= now`;
      for await (const rows of pages(text, { sort: 'rolloutDue' })) await each(rows, work);
    },
    sweep: async (filter, work) => {
      for await (const rows of pages(filter, { only: sweptFields })) await each(rows, work);
    },
    some: async (filter, test) => {
      for await (const rows of pages(filter, { only: sweptFields })) if (rows.some(test)) return true;
      return false;
    },
    judge: async (device, args) => {
      const position = await store.apply(device, 'rolloutJudged', { ...args, now: clock.now() });
      return position === 'stale' ? undefined : position;
    },
  };
}

// The devices of a rollout, found by indexed fields: a step costs as much as it changes, however many devices there are.
import type { DeviceOperations } from '../../device/operation-types.ts';
import type { RolloutPosition, RolloutState } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { FleetContext } from '../common/context.ts';
import { pagesOf } from '../common/device-pages.ts';

const sweptFields = [
  'id',
  'productClass',
  'softwareVersion',
  'lastInform',
  'rollout',
] as const satisfies (keyof DeviceRow)[];
export type SweptRow = Pick<DeviceRow, (typeof sweptFields)[number]>;

export type Judgement = Omit<DeviceOperations['rolloutJudged']['args'], 'now'>;

export interface DevicesQuery {
  state?: RolloutState;
  wave?: number;
  limit: number;
  cursor?: string;
  /** Devices beyond it are left out. */
  within?: Filter;
}

type Announced = Pick<RolloutPosition, 'id' | 'state' | 'wave' | 'reason'>;

const PAGE = 500;
/** Changes of different devices that are asked for at once; a session that changes its own device waits for their commit. */
const BATCH = 50;

/** Does `work` on all items, a batch at a time. */
export async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += BATCH)
    results.push(...(await Promise.all(items.slice(at, at + BATCH).map(work))));
  return results;
}

/** The filter for the devices of a rollout in a state. */
export const inState = (rollout: string, state: RolloutState): string =>
  `rollout = "${rollout}" and rolloutState = "${state}"`;

/** The filter for devices of a wave, from 1. A filter takes 0 for unknown, so wave 0 is asked for as none. */
const inWave = (wave: number): string => (wave === 0 ? 'not rolloutWave exists' : `rolloutWave = ${wave}`);

export class RolloutDevices {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'events'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events'>) {
    this.#context = context;
  }

  /** @param wave from 1; 0 for devices that were skipped before they had a wave @param within devices beyond it are not counted */
  async count(rollout: string, state: RolloutState, wave?: number, within?: Filter): Promise<number> {
    const { store, clock } = this.#context;
    const text = inState(rollout, state);
    const filter = parseFilter(wave === undefined ? text : `${text} and ${inWave(wave)}`);
    return await store.countDevices(bothFilters(filter, within), clock.now());
  }

  /** Counts devices that are in any of these states. */
  async countIn(rollout: string, states: readonly RolloutState[], wave?: number): Promise<number> {
    const counts = await Promise.all(states.map(state => this.count(rollout, state, wave)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Reads one page of the devices of a rollout. */
  async page(
    rollout: string,
    { state, wave, within, ...page }: DevicesQuery,
  ): Promise<{ items: DeviceRow[]; next?: string }> {
    const { store, clock } = this.#context;
    const inAny = state === undefined ? `rollout = "${rollout}"` : inState(rollout, state);
    const parsed = parseFilter(wave === undefined ? inAny : `${inAny} and ${inWave(wave)}`);
    const filter = bothFilters(parsed, within) ?? parsed;
    return await store.devices({ filter, now: clock.now(), ...page });
  }

  /** Reads devices that are online and wait for an offer, of a time zone and of waves up to this one. */
  async waiting(rollout: string, zone: string, wave: number, limit: number): Promise<DeviceRow[]> {
    const { store, clock } = this.#context;
    const text = `${inState(rollout, 'planned')} and rolloutZone = "${zone}" and rolloutWave <= ${wave} and online`;
    const query = { filter: parseFilter(text), sort: 'rolloutWave', limit: Math.min(limit, PAGE), now: clock.now() };
    return (await store.devices(query)).items;
  }

  /** Does `work` on every device that fits, once. */
  async sweep(filter: string, work: (row: SweptRow) => Promise<unknown>): Promise<void> {
    for await (const rows of this.pages(filter, sweptFields)) await inBatches(rows, work);
  }

  /** @returns whether the test holds for a device that fits; pages after the first such device are not read */
  async some(filter: string, test: (row: SweptRow) => boolean): Promise<boolean> {
    for await (const rows of this.pages(filter, sweptFields)) if (rows.some(test)) return true;
    return false;
  }

  /** Reads some fields of all devices that fit, page by page; a page is read only after the one before it is done. */
  pages<F extends (typeof sweptFields)[number]>(
    text: string,
    only: readonly F[],
  ): AsyncIterable<readonly Pick<SweptRow, F>[]> {
    const { store, clock } = this.#context;
    return pagesOf(store, { only, filter: parseFilter(text), limit: PAGE, now: clock.now() }, false);
  }

  /** @returns the position after it; undefined where it is in none of the states `from` any more */
  async judge(device: string, judgement: Judgement): Promise<RolloutPosition | undefined> {
    const { store, clock } = this.#context;
    const position = await store.apply(device, 'rolloutJudged', { ...judgement, now: clock.now() });
    return position === 'stale' ? undefined : position;
  }

  async judgeAndAnnounce(device: string, judgement: Judgement): Promise<void> {
    const position = await this.judge(device, judgement);
    if (position) this.announce(device, position);
  }

  /** Emits the new position of a device. */
  announce(device: string, { id, state, wave, reason }: Announced): void {
    const position = { rollout: id, device, state, wave, ...(reason === undefined ? {} : { reason }) };
    this.#context.events.emit('rollout', position);
  }
}

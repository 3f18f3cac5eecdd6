// The planning of a job: each of its devices gets a position, once, however often this is begun.
import type { DeviceRow } from '../../../device/row.ts';
import { parseFilter } from '../../../query/parser.ts';
import type { JobPosition } from '../../../store/job-positions.ts';
import { pagesOf } from '../../common/device-pages.ts';
import { isZone } from '../../common/time-window.ts';
import { inBatches } from '../../rollout/devices.ts';
import { chanceOf, sizesOf } from '../../rollout/plan.ts';
import { wavesOf } from '../../rollout/waves.ts';
import type { JobContext } from '../context.ts';
import type { StoredJob } from '../documents.ts';
import type { Job } from '../job.ts';
import { MOVES } from '../positions.ts';

const PAGE = 1000;
/** Devices that are sorted without a break. */
const CHUNK = 5_000;

interface Survey {
  /** In the order in which waves are filled. */
  devices: string[];
  /** Time zones of devices that are not in that of the job. */
  zones: Map<string, string>;
}

/** @param hasChanged the job has changed since it was read @returns the job as it is planned; undefined where it has changed */
export async function planAll(
  context: JobContext,
  stored: StoredJob,
  hasChanged: () => Promise<boolean>,
): Promise<StoredJob | undefined> {
  const { store, clock, documents } = context;
  const { devices, zones } = await survey(context, stored.body);
  const sizes = sizesOf(stored.body.waves, devices.length);
  const waveOf = wavesOf(sizes);
  const place = positionOf(stored.body.id, clock.now());
  const placed = devices.map((device, at) => [device, waveOf(at)] as const);
  for (let at = 0; at < placed.length; at += MOVES) {
    if (await hasChanged()) return undefined;
    const some = placed.slice(at, at + MOVES);
    await store.addJobPositions(some.map(([device, wave]) => place(device, wave, zones.get(device) ?? '')));
  }
  const { devices: _planned, ...body } = stored.body;
  const to = {
    planned: clock.now(),
    swept: clock.now(),
    phase: 'running' as const,
    sizes,
    zones: [...new Set(['', ...zones.values()])].sort(),
  };
  return await documents.change({ ...stored, body }, to, `planned: ${devices.length} devices in ${sizes.length} waves`);
}

export const positionOf =
  (job: string, now: number) =>
  (device: string, wave: number, zone: string): JobPosition => ({
    ...{ job, device, wave, zone },
    ...{ state: 'planned', due: 0, version: 1, code: '' },
    body: { step: 0, attempt: 0, since: now },
  });

const surveyed = ['id', 'site'] as const;
type Surveyed = Pick<DeviceRow, (typeof surveyed)[number]>;

/** The time zone of a device where it counts and is not that of the job. */
export function zoneOf({ window, timezone }: Job, { site }: Surveyed): string {
  const zone = site?.timezone;
  return window && zone !== undefined && zone !== timezone && isZone(zone) ? zone : '';
}

async function survey({ store, clock }: JobContext, job: Job): Promise<Survey> {
  const zones = new Map<string, string>();
  const note = (row: Surveyed): void => {
    const zone = zoneOf(job, row);
    if (zone) zones.set(row.id, zone);
  };
  if (job.devices) {
    const rows = await inBatches(job.devices, device => store.device(device));
    for (const row of rows) if (row) note(row);
    return { devices: job.devices, zones };
  }
  const found: { id: string; chance: number }[] = [];
  const only = job.window ? surveyed : (['id'] as const);
  const hasWaves = job.waves.length > 0;
  for await (const rows of pagesOf(store, {
    filter: parseFilter(job.filter ?? ''),
    limit: PAGE,
    now: clock.now(),
    only,
  }))
    for (const row of rows) {
      note(row);
      // Without waves their order does not matter.
      found.push({ id: row.id, chance: hasWaves ? chanceOf(job.id, row.id) : 0 });
    }
  return { devices: hasWaves ? (await inOrder(found)).map(({ id }) => id) : found.map(({ id }) => id), zones };
}

/** Sorts in chunks by their chance, which is spread evenly, with breaks in between. */
async function inOrder<T extends { id: string; chance: number }>(items: readonly T[]): Promise<T[]> {
  const count = Math.max(1, Math.ceil(items.length / CHUNK));
  const chunks = Array.from({ length: count }, (): T[] => []);
  for (const item of items) chunks[Math.min(count - 1, Math.floor((item.chance / 2 ** 48) * count))]!.push(item);
  const sorted: T[] = [];
  for (const chunk of chunks) {
    sorted.push(...chunk.sort((a, b) => a.chance - b.chance || (a.id < b.id ? -1 : 1)));
    await new Promise(resolve => setImmediate(resolve));
  }
  return sorted;
}

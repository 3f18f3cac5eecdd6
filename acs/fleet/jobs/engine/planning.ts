// The planning of a job: each of its devices gets a position, once, however often this is begun.

import { Turns } from '../../../../shared/turns.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { JobPosition } from '../../../store/job-positions.ts';
import { pagesOf } from '../../common/device-pages.ts';
import { isZone } from '../../common/time-window.ts';
import { inBatches } from '../../rollout/devices.ts';
import { chanceOf, filterOf, sizesOf } from '../../rollout/plan.ts';
import { wavesOf } from '../../rollout/waves.ts';
import type { JobContext } from '../context.ts';
import type { StoredJob } from '../documents.ts';
import type { Job } from '../job.ts';

const PAGE = 1000;
/** Devices that are put in order without a break: some milliseconds. */
const CHUNK = 1_000;
/** Positions that one commit adds. */
const ADDED = 500;

interface Survey {
  /** In the order of the store, or of the list. */
  devices: string[];
  /** The wave of a device by its place in that order, from 1. */
  waveOf(at: number): number;
  sizes: number[];
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
  const { devices, zones, waveOf, sizes } = await survey(context, stored.body);
  const place = positionOf(stored.body.id, clock.now());
  // In the store's order and not by waves: positions that lie together are written together.
  for (let at = 0; at < devices.length; at += ADDED) {
    if (await hasChanged()) return undefined;
    const some = devices.slice(at, at + ADDED);
    await store.addJobPositions(
      some.map((device, index) => place(device, waveOf(at + index), zones.get(device) ?? '')),
    );
  }
  const { devices: _planned, where, ...rest } = stored.body;
  // Devices that come later are looked for by it again.
  const body = { ...rest, ...(where && rest.dynamic ? { where } : {}) };
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
    const sizes = sizesOf(job.waves, job.devices.length);
    return { devices: job.devices, zones, sizes, waveOf: wavesOf(sizes) };
  }
  const devices: string[] = [];
  const only = job.window ? surveyed : (['id'] as const);
  const filter = filterOf(job);
  for await (const rows of pagesOf(store, { filter, limit: PAGE, now: clock.now(), only }))
    for (const row of rows) {
      note(row);
      devices.push(row.id);
    }
  const sizes = sizesOf(job.waves, devices.length);
  const waves = sizes.length > 1 ? await wavesByChance(job.id, devices, sizes) : undefined;
  return { devices, zones, sizes, waveOf: at => waves?.[at] ?? 1 };
}

/** The wave of each device, by its place; which devices are in which wave is left to chance. Takes breaks. */
async function wavesByChance(job: string, devices: readonly string[], sizes: readonly number[]): Promise<Uint8Array> {
  const turns = new Turns(CHUNK);
  const count = Math.max(1, Math.ceil(devices.length / CHUNK));
  // Chances are spread evenly, so chunks of them are about equally long.
  const chunks = Array.from({ length: count }, (): [chance: number, at: number][] => []);
  for (const [at, device] of devices.entries()) {
    const chance = chanceOf(job, device);
    chunks[Math.min(count - 1, Math.floor((chance / 2 ** 48) * count))]?.push([chance, at]);
    await turns.spent(1);
  }
  const waves = new Uint8Array(devices.length);
  const waveOf = wavesOf(sizes);
  let place = 0;
  for (const chunk of chunks)
    for (const [, at] of chunk.sort(([a], [b]) => a - b)) {
      waves[at] = waveOf(place++);
      await turns.spent(1);
    }
  return waves;
}

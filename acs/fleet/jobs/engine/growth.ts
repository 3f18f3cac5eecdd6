// Devices that come to fit the filter of a job after it was planned: found by a slow walk over those that fit now.
import { pagesOf } from '../../common/device-pages.ts';
import { filterOf } from '../../rollout/plan.ts';
import type { JobContext } from '../context.ts';
import type { StoredJob } from '../documents.ts';
import { MOVES } from '../positions.ts';
import { positionOf, zoneOf } from './planning.ts';

/** Milliseconds between two walks. */
export const SWEEP_MS = 5 * 60_000;

/** Adds devices that fit now and have no position to the last wave. @returns whether the job was changed by it */
export async function grow(
  context: JobContext,
  stored: StoredJob,
  hasChanged: () => Promise<boolean>,
): Promise<boolean> {
  const { store, clock, documents } = context;
  const { body: job } = stored;
  const now = clock.now();
  if (!job.dynamic || now < (job.swept ?? 0) + SWEEP_MS) return false;
  const place = positionOf(job.id, now);
  const wave = Math.max(1, job.sizes.length);
  const zones = new Set(job.zones);
  let count = 0;
  const query = { filter: filterOf(job), limit: MOVES, now, only: ['id', 'site'] as const };
  for await (const rows of pagesOf(store, query)) {
    if (await hasChanged()) return true;
    const known = new Set(
      await store.jobMembers(
        job.id,
        rows.map(({ id }) => id),
      ),
    );
    const fresh = rows.filter(({ id }) => !known.has(id));
    for (const row of fresh) zones.add(zoneOf(job, row));
    await store.addJobPositions(fresh.map(row => place(row.id, wave, zoneOf(job, row))));
    count += fresh.length;
  }
  const sizes = job.sizes.length === 0 ? [0] : [...job.sizes];
  sizes[wave - 1] = (sizes[wave - 1] ?? 0) + count;
  const to = count === 0 ? { swept: now } : { swept: now, sizes, zones: [...zones].sort() };
  await documents.change(stored, to, count === 0 ? undefined : `grown: ${count} devices`);
  return true;
}

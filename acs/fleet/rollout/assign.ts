// Making the plan true: each device of the rollout gets its place in the row, once, however often this is begun.
import { parseFilter } from '../../store/filter.ts';
import { isLive, precheck } from '../../store/position.ts';
import type { DeviceRow } from '../../store/row.ts';
import { pagesOf } from '../pages.ts';
import type { EngineContext, Standing } from './context.ts';
import { chanceOf, type Rollout, sizesOf } from './plan.ts';
import { each } from './rows.ts';
import { isZone } from './window.ts';

const PAGE = 500;
const surveyed = ['id', 'state', 'softwareVersion', 'productClass', 'site', 'rollout'] as const;
type Surveyed = Pick<DeviceRow, (typeof surveyed)[number]>;
/** Devices under way elsewhere that are named. */
const MAX_NAMED = 100;

interface Survey {
  /** Devices for which the image is, in the order in which waves are filled. */
  fit: string[];
  others: string[];
  zones: Map<string, string>;
}

/** @returns true: there is more to do */
export async function assignAll(context: EngineContext, standing: Standing): Promise<boolean> {
  const { store, clock, change, tell } = context;
  const { id, firmware, success, timeoutMs, waves } = standing.body;
  const { fit, others, zones } = await survey(context, standing.body);
  const sizes = sizesOf(waves, fit.length);
  const { file, sha256: fileHash, version, productClass } = firmware;
  const elsewhere: string[] = [];
  const place = async (device: string, wave: number): Promise<void> => {
    const position = await store.apply(device, 'rolloutAssigned', {
      id,
      wave,
      file,
      fileHash,
      version,
      productClass,
      zone: zones.get(device) ?? '',
      soakMs: success.soakMs,
      timeoutMs,
      now: clock.now(),
    });
    if (position === 'elsewhere') elsewhere.push(device);
    else if (position !== 'gone') tell(device, position);
  };
  const waveOf = wavesOf(sizes);
  await each([...fit.entries()], ([at, device]) => place(device, waveOf(at)));
  await each(others, device => place(device, 0));
  const { devices: _done, ...body } = standing.body;
  const skipped = others.length - elsewhere.length;
  await change(
    { ...standing, body },
    {
      planned: clock.now(),
      phase: 'running',
      sizes,
      zones: [...new Set(['', ...zones.values()])].sort(),
      elsewhere: { count: elsewhere.length, devices: elsewhere.sort().slice(0, MAX_NAMED) },
    },
    `planned: ${fit.length} devices in ${sizes.length} waves, ${skipped} skipped, ${elsewhere.length} in another rollout`,
  );
  return true;
}

const wavesOf = (sizes: readonly number[]): ((at: number) => number) => {
  const ends: number[] = [];
  for (const size of sizes) ends.push((ends.at(-1) ?? 0) + size);
  return at => ends.findIndex(end => at < end) + 1;
};

async function survey({ store, clock }: EngineContext, rollout: Rollout): Promise<Survey> {
  const found: Survey = { fit: [], others: [], zones: new Map() };
  const meet = (row: Surveyed): void => {
    const own = row.rollout?.id === rollout.id;
    const isFit = own ? row.rollout?.wave !== 0 : precheck(row, rollout.firmware) === undefined && !isElsewhere(row);
    (isFit ? found.fit : found.others).push(row.id);
    const zone = row.site.timezone;
    if (rollout.window && zone !== undefined && zone !== rollout.timezone && isZone(zone))
      found.zones.set(row.id, zone);
  };
  if (rollout.devices) {
    const rows = await each(rollout.devices, device => store.device(device));
    for (const row of rows) if (row) meet(row);
    return found;
  }
  // Page by page, so that sessions are not kept waiting for it.
  const chances = new Map<string, number>();
  const filter = parseFilter(rollout.filter ?? '');
  for await (const rows of pagesOf(store, { filter, limit: PAGE, now: clock.now(), only: surveyed }))
    for (const row of rows) {
      meet(row);
      chances.set(row.id, chanceOf(rollout.id, row.id));
    }
  found.fit.sort((a, b) => (chances.get(a) ?? 0) - (chances.get(b) ?? 0) || (a < b ? -1 : 1));
  return found;
}

const isElsewhere = (row: Surveyed): boolean => row.rollout !== undefined && isLive(row.rollout);

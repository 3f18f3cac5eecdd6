// The assignment of devices: each device of the rollout gets its position in its row, once, however often this is begun.
import { isUnderWay, precheck } from '../../device/rollout-transitions.ts';
import type { DeviceRow } from '../../device/row.ts';
import { pagesOf } from '../common/device-pages.ts';
import { isZone } from '../common/time-window.ts';
import { changeSince } from './change-since.ts';
import type { RolloutContext } from './context.ts';
import { inBatches } from './devices.ts';
import type { StoredRollout } from './documents.ts';
import { MOVES, moveAll } from './many-positions.ts';
import { chanceOf, filterOf, type Rollout, sizesOf } from './plan.ts';
import { wavesOf } from './waves.ts';

const PAGE = 500;
const surveyed = ['id', 'state', 'softwareVersion', 'productClass', 'rollout'] as const;
type Surveyed = Pick<DeviceRow, (typeof surveyed)[number]> & Partial<Pick<DeviceRow, 'site'>>;
/** Devices under way in another rollout that are named. */
const MAX_NAMED = 100;

interface Survey {
  /** All devices, in the order of the store. */
  all: string[];
  /** Devices that the image is for, in the order in which waves are filled. */
  fit: string[];
  /** Time zones of devices that are not in the rollout's own. */
  zones: Map<string, string>;
}

/** @returns true: there is more to do */
export async function assignAll(context: RolloutContext, stored: StoredRollout): Promise<boolean> {
  const { clock, documents } = context;
  const { id, firmware, success, timeoutMs } = stored.body;
  const { all, fit, zones } = await survey(context, stored.body);
  const sizes = sizesOf(stored.body.waves, fit.length);
  const { file, sha256: fileHash, version, productClass } = firmware;
  const common = { id, file, fileHash, version, productClass, soakMs: success.soakMs, timeoutMs };
  const waveOf = wavesOf(sizes);
  const waves = new Map(fit.map((device, at) => [device, waveOf(at)]));
  const elsewhere: string[] = [];
  const hasChanged = changeSince(context, stored);
  // In the store's order and not by waves: rows that lie together are written together.
  for (let at = 0; at < all.length; at += MOVES) {
    if (await hasChanged()) return true;
    const placed = all
      .slice(at, at + MOVES)
      .map((device): [string, number, string] => [device, waves.get(device) ?? 0, zones.get(device) ?? '']);
    const many = { name: 'rolloutAssigned', common: { ...common, now: clock.now() }, devices: placed } as const;
    elsewhere.push(...(await moveAll(context, many)).elsewhere);
  }
  const { devices: _done, where: _where, ...body } = stored.body;
  const skipped = all.length - fit.length - elsewhere.length;
  await documents.change(
    { ...stored, body },
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

async function survey({ store, clock }: RolloutContext, rollout: Rollout): Promise<Survey> {
  const found: Survey = { all: [], fit: [], zones: new Map() };
  /** @returns whether the image is for the device */
  const add = (row: Surveyed): boolean => {
    const own = row.rollout?.id === rollout.id;
    const isFit = own ? row.rollout?.wave !== 0 : precheck(row, rollout.firmware) === undefined && !isElsewhere(row);
    found.all.push(row.id);
    const zone = row.site?.timezone;
    if (rollout.window && zone !== undefined && zone !== rollout.timezone && isZone(zone))
      found.zones.set(row.id, zone);
    return isFit;
  };
  if (rollout.devices) {
    const rows = await inBatches(rollout.devices, device => store.device(device));
    found.fit = rows.flatMap(row => (row && add(row) ? row.id : []));
    return found;
  }
  // Page by page, so that sessions need not wait for it.
  const fit: { id: string; chance: number }[] = [];
  const filter = filterOf(rollout);
  // Time zones matter to a window alone.
  const only = rollout.window ? ([...surveyed, 'site'] as const) : surveyed;
  for await (const rows of pagesOf(store, { filter, limit: PAGE, now: clock.now(), only }))
    for (const row of rows) if (add(row)) fit.push({ id: row.id, chance: chanceOf(rollout.id, row.id) });
  fit.sort((a, b) => a.chance - b.chance || (a.id < b.id ? -1 : 1));
  return { ...found, fit: fit.map(({ id }) => id) };
}

const isElsewhere = (row: Surveyed): boolean => row.rollout !== undefined && isUnderWay(row.rollout);

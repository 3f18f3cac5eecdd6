// Nothing that would take the ACS away from a device is saved unasked; and who would lose it by another certificate of the ACS.
import { UserError } from '../../../shared/errors.ts';
import { mergedSite } from '../../device/operations.ts';
import type { FleetContext } from '../common/context.ts';
import { pagesOf } from '../common/device-pages.ts';
import type { DeviceInput, Devices } from '../devices/devices.ts';
import type { StoredFile } from '../files/stored-file.ts';
import { mergedFields } from '../presets/desired.ts';
import { type Preset, wantedOf } from '../presets/preset.ts';
import type { Presets } from '../presets/presets.ts';
import { strandingPath } from '../reconcile/acs-move.ts';
import type { DryRuns } from './dry-run.ts';
import { type FlightReport, type Preflight, preflightFields, unchanged } from './preflight.ts';
import { factsOf } from './servers.ts';
import { matters } from './tls-settings.ts';

export interface Guard {
  /** @throws UserError 409 `would-lose-acs` with who and why; 400 as the preset's own checks */
  preset(name: string, preset: Preset): Promise<void>;
  /** A preset that is deleted: what lighter ones say counts again. @throws UserError 409 `would-lose-acs` with who and why */
  withoutPreset(name: string): Promise<void>;
  /** A certificate or script that presets want is replaced. @throws UserError 409 `would-lose-acs` with who and why */
  file(before: StoredFile, after: StoredFile): Promise<void>;
  /** A device whose overrides, tags or site fields change. @throws UserError 409 `would-lose-acs` with why */
  device(id: string, input: DeviceInput): Promise<void>;
  /**
   * What another certificate of the ACS would come to. @param chains PEM, one for each kind of key
   * @throws UserError 400; 409 where the ACS has no TLS to change
   */
  certificate(chains: string[], limit: number): Promise<FlightReport & { devices: number }>;
}

/** So many devices are named in a refusal. */
const NAMED = 20;
const PAGE = 500;

export function createGuard(
  { store, clock, cpeAuth }: FleetContext,
  {
    preflight,
    presets,
    dryRuns,
    devices,
  }: { preflight: Preflight; presets: Presets; dryRuns: DryRuns; devices: Devices },
): Guard {
  const mayStrand = (place: string, values: object = {}, before: object = {}): void => {
    const path = strandingPath(Object.keys(values));
    if (cpeAuth === 'required' && path !== strandingPath(Object.keys(before))) refuseStranding(place, path);
  };
  return {
    preset: async (name, preset) => {
      mayStrand('set', preset.set);
      const stored = await presets.find(name);
      if (!touches(preset) && !(stored && touches(stored))) return;
      refuseLoss(await dryRuns.losses(name, preset, NAMED));
    },
    withoutPreset: async name => {
      const stored = await presets.find(name);
      if (stored && touches(stored)) refuseLoss(await dryRuns.lossesWithout(name, NAMED));
    },
    file: async (before, after) => {
      if (!['certificate', 'script', 'upload'].includes(after.type) || before.sha256 === after.sha256) return;
      if ((await presets.usersOf(after.name)).length === 0) return;
      refuseLoss(await dryRuns.lossesByFile(after, NAMED));
    },
    device: async (id, { overrides = {}, tags, site }) => {
      const changed = Object.keys(overrides);
      if (!tags && !site && changed.length === 0) return;
      const row = await devices.row(id);
      const patched = { ...row, overrides: { ...row.overrides }, tags: tags ?? row.tags };
      patched.site = mergedSite(row.site, site ?? {});
      for (const [path, value] of Object.entries(overrides)) {
        if (value === null) delete patched.overrides[path];
        else patched.overrides[path] = wantedOf(value);
      }
      if (row.state !== 'enrolled') return;
      mayStrand('overrides', patched.overrides, row.overrides);
      if (!(tags || site || changed.some(matters))) return;
      const [before, after] = [await presets.wanted(row), await presets.wanted(patched)];
      if (before.revision === after.revision) return;
      const flight = await preflight.begin(NAMED, { only: 'acs' });
      await flight.look([{ row, holds: row.parameterKey === before.revision, before, after }]);
      refuseLoss(flight.report());
    },
    certificate: async (chains, limit) => {
      const now = (await preflight.own()).facts;
      if ('missing' in now) throw new UserError(409, 'acs-not-known', now.missing);
      const ownAfter = { ...now.facts, chains: factsOf({ chains }).chains };
      const flight = await preflight.begin(limit, { ownAfter });
      const only = [...mergedFields, ...preflightFields];
      let count = 0;
      for await (const page of pagesOf(store, { limit: PAGE, now: clock.now(), only })) {
        const rows = page.filter(row => row.state === 'enrolled');
        const wanted = await Promise.all(rows.map(row => presets.wanted(row)));
        await flight.look(rows.map((row, at) => unchanged(row, wanted[at]!)));
        count += rows.length;
      }
      return { devices: count, ...flight.report() };
    },
  };
}

const touches = ({ set = {}, objects = {}, certificates = [], script }: Preset): boolean =>
  certificates.length > 0 || script !== undefined || [...Object.keys(set), ...Object.keys(objects)].some(matters);

/** Each device has a login of its own, which it was given. @throws UserError 409 */
function refuseStranding(place: string, path: string | undefined): void {
  if (path === undefined) return;
  throw new UserError(
    409,
    'would-lose-acs',
    `${place}: ${path}: each device has a login of its own for this ACS, and would lose it; name the ACS too that the new login is for; ` +
      'with force=true it is done all the same',
  );
}

/** @param report of the link to the ACS alone. @throws UserError 409 */
function refuseLoss({ totals, breaks }: FlightReport): void {
  const count = totals.acs?.breaks ?? 0;
  if (count === 0) return;
  const [first] = breaks;
  const who = count === 1 ? `${first?.device ?? '1 device'} would` : `${count} devices would`;
  const whence = first ? `${count === 1 ? '' : `, ${first.device} for one`}: ${first.message} (${first.reason})` : '';
  throw new UserError(409, 'would-lose-acs', `${who} lose the ACS${whence}; with force=true it is done all the same`, {
    count,
    devices: breaks.map(({ device, reason, message }) => ({ device, reason, message })),
  });
}

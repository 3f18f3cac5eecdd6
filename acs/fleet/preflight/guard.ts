// The guard refuses changes by which devices would lose the ACS. Operators can force such changes.
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import { pagesOf } from '../common/device-pages.ts';
import { atOnce, type DeviceInput, withInput } from '../devices/device-input.ts';
import type { Devices } from '../devices/devices.ts';
import type { StoredFile } from '../files/stored-file.ts';
import { strandingPath } from '../presets/acs-paths.ts';
import { mergedFields } from '../presets/desired.ts';
import type { Preset } from '../presets/preset.ts';
import type { Presets } from '../presets/presets.ts';
import type { WantedStates } from '../presets/wanted-states.ts';
import type { DryRuns } from './dry-run.ts';
import type { Preflight } from './preflight.ts';
import { type PreflightReport, preflightFields, unchangedDevice } from './run.ts';
import { serverFacts } from './servers.ts';
import { affectsTls } from './tls-settings.ts';

/** The number of devices that a refusal names. */
const NAMED = 20;
const PAGE = 500;

export interface GuardParts {
  preflight: Preflight;
  presets: Presets;
  wantedStates: WantedStates;
  dryRuns: DryRuns;
  devices: Devices;
}

export class Guard {
  readonly #context: FleetContext;
  readonly #parts: GuardParts;

  constructor(context: FleetContext, parts: GuardParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Checks a preset that is written. @throws UserError 409 `would-lose-acs` with devices and reasons; 400 as the preset's own checks */
  async preset(name: string, preset: Preset): Promise<void> {
    const { presets, dryRuns } = this.#parts;
    refuseStranding(this.#context, 'set', preset.set);
    const stored = await presets.find(name);
    if (!touchesTls(preset) && !(stored && touchesTls(stored))) return;
    refuseLoss(await dryRuns.losses(name, preset, NAMED));
  }

  /** Checks a preset that is deleted, by which lighter presets apply again. @throws UserError 409 `would-lose-acs` */
  async withoutPreset(name: string): Promise<void> {
    const { presets, dryRuns } = this.#parts;
    const stored = await presets.find(name);
    if (stored && touchesTls(stored)) refuseLoss(await dryRuns.lossesWithout(name, NAMED));
  }

  /** Checks a certificate or script that is replaced while presets want it. @throws UserError 409 `would-lose-acs` */
  async file(before: StoredFile, after: StoredFile): Promise<void> {
    const { presets, dryRuns } = this.#parts;
    if (!['certificate', 'script', 'upload'].includes(after.type) || before.sha256 === after.sha256) return;
    if ((await presets.usersOf(after.name)).length === 0) return;
    refuseLoss(await dryRuns.lossesByFile(after, NAMED));
  }

  /** Checks a device whose overrides, tags or site fields change. @throws UserError 409 `would-lose-acs` */
  async device(id: string, input: DeviceInput): Promise<void> {
    const { wantedStates, devices, preflight } = this.#parts;
    const { overrides = {}, tags, site } = input;
    const changed = Object.keys(overrides);
    if (!tags && !site && changed.length === 0) return;
    const row = await devices.row(id);
    const patched = withInput(row, atOnce(input));
    if (row.state !== 'enrolled') return;
    refuseStranding(this.#context, 'overrides', patched.overrides, row.overrides);
    if (!(tags || site || changed.some(affectsTls))) return;
    const [before, after] = [await wantedStates.of(row), await wantedStates.of(patched)];
    if (before.revision === after.revision) return;
    const run = await preflight.begin(NAMED, { only: 'acs' });
    await run.check([{ row, holds: row.parameterKey === before.revision, before, after }]);
    refuseLoss(run.report);
  }

  /**
   * Foresees the effect of another certificate of the ACS.
   * @param chains PEM, one for each kind of key
   * @throws UserError 400; 409 where the ACS has no TLS listener
   */
  async certificate(chains: string[], limit: number): Promise<PreflightReport & { devices: number }> {
    const { wantedStates, preflight } = this.#parts;
    const { store, clock } = this.#context;
    const now = (await preflight.own()).facts;
    if ('missing' in now) throw new UserError(409, 'acs-not-known', now.missing);
    const run = await preflight.begin(limit, { ownAfter: { ...now.facts, chains: serverFacts({ chains }).chains } });
    const only = [...mergedFields, ...preflightFields];
    let devices = 0;
    for await (const page of pagesOf(store, { limit: PAGE, now: clock.now(), only })) {
      const rows = page.filter(row => row.state === 'enrolled');
      const wanted = await Promise.all(rows.map(row => wantedStates.of(row)));
      await run.check(rows.map((row, index) => unchangedDevice(row, wanted[index]!)));
      devices += rows.length;
    }
    return { devices, ...run.report };
  }
}

const touchesTls = ({ set = {}, objects = {}, certificates = [], script }: Preset): boolean =>
  certificates.length > 0 || script !== undefined || [...Object.keys(set), ...Object.keys(objects)].some(affectsTls);

/** Each device has a login of its own, so one login for all of them would strand them. @throws UserError 409 */
function refuseStranding({ cpeAuth }: FleetContext, place: string, values: object = {}, before: object = {}): void {
  const path = strandingPath(Object.keys(values));
  if (cpeAuth !== 'required' || path === undefined || path === strandingPath(Object.keys(before))) return;
  throw new UserError(
    409,
    'would-lose-acs',
    `${place}: ${path}: each device has its own login for this ACS and would lose it; set the URL of the ACS that the new login ` +
      'is for as well, or use force=true',
  );
}

/** @param report of the link to the ACS alone @throws UserError 409 */
function refuseLoss({ totals, breaks }: PreflightReport): void {
  const count = totals.acs?.breaks ?? 0;
  if (count === 0) return;
  const [first] = breaks;
  const which = count === 1 ? `${first?.device ?? '1 device'} would` : `${count} devices would`;
  const why = first ? `${count === 1 ? '' : `, ${first.device} for one`}: ${first.message} (${first.reason})` : '';
  throw new UserError(409, 'would-lose-acs', `${which} lose the ACS${why}; use force=true to do it anyway`, {
    count,
    devices: breaks.map(({ device, reason, message }) => ({ device, reason, message })),
  });
}

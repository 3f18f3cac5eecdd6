// Dry runs: the devices that would change by other presets or files, and how. A dry run changes nothing and does not slow sessions down:
// devices come in pages from the store's reading thread, and devices with equal inputs are merged once.
import type { FleetContext } from '../common/context.ts';
import { pagesOf, portionsOf } from '../common/device-pages.ts';
import { openedIfOwn } from '../common/secrets.ts';
import type { StoredFile } from '../files/stored-file.ts';
import { byWeight } from '../presets/compiled-preset.ts';
import { applicablePresets, isApplied, mergePresets } from '../presets/merge.ts';
import type { Preset } from '../presets/preset.ts';
import type { Presets } from '../presets/presets.ts';
import type { WantedStates } from '../presets/wanted-states.ts';
import type { ChangeKind, PresetConflict } from './change-kinds.ts';
import { ChangeSurvey } from './change-survey.ts';
import {
  type Comparison,
  changes,
  comparisonOf,
  holdsAlready,
  holdsOutcome,
  type MergeOutcomes,
  type PresetChange,
  type SurveyedRow,
  surveyedFields,
} from './dry-run-comparison.ts';
import type { DeviceLink } from './links.ts';
import type { Preflight } from './preflight.ts';
import type { DeviceChange, PreflightReport, PreflightRun } from './run.ts';

export interface DryRun {
  /** Enrolled devices that would change. */
  matched: number;
  /** Enrolled devices that the preset fits, whether they change or not. */
  fits: number;
  /** Devices of these for which the preset cannot be resolved. */
  refused: number;
  /** The first devices that would change. */
  devices: {
    device: string;
    revision: { before: string; after: string };
    set: { path: string; known: string | null; wanted: string; secret: boolean }[];
    files: string[];
    /** Its TLS connections before and after. */
    links: DeviceLink[];
  }[];
  /** The TLS connections of all devices that would change. */
  preflight: PreflightReport;
  /** The refusals of the first devices for which the preset cannot be resolved. */
  faults: { device: string; code: number | string; message: string; parameter?: string }[];
  /** Names that no device is known to have, and values that were refused before. */
  warnings?: string[];
  /** All devices that would change, by the way in which they would; only on request. */
  kinds?: ChangeKind[];
  /** Number of devices beyond the kinds that are listed. */
  others?: number;
  /** Other presets that want other values; only on request. */
  conflicts?: PresetConflict[];
}

export interface DryRunOptions {
  /** The number of devices of which it is reported how they change. */
  limit: number;
  /** Groups all changes, and looks for conflicts. */
  kinds?: boolean;
}

/** Devices that were looked at. */
export interface DryRunProgress {
  done: number;
  total: number;
}

/** Devices in one read; fewer where the values of their Informs come with them. */
const PAGE = 250;
const PAGE_WITH_INFORM_VALUES = 125;

export interface DryRunParts {
  presets: Presets;
  wantedStates: WantedStates;
  preflight: Preflight;
}

export class DryRuns {
  readonly #context: FleetContext;
  readonly #parts: DryRunParts;

  constructor(context: FleetContext, parts: DryRunParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /**
   * Finds the devices that would change if `preset` were stored under `name`.
   * @param preset the stored one, against none, where undefined
   * @throws UserError as `presets.put`
   */
  async run(name: string, preset: Preset | undefined, options: DryRunOptions): Promise<DryRun> {
    const steps = this.steps(name, preset, options);
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
    }
  }

  /** The same step by step: nothing is worked out before the next one is asked for, so that it can be left. */
  readonly steps = (name: string, preset: Preset | undefined, options: DryRunOptions) =>
    dryRunSteps(this.#context, this.#parts, { name, preset, options });

  /** Finds the devices that would lose the ACS by that preset, and works out nothing else. @throws UserError as `presets.put` */
  async losses(name: string, preset: Preset, limit: number): Promise<PreflightReport> {
    return await this.#lossesBy((await changeOf(this.#parts, name, preset)).change, limit);
  }

  /** Finds the devices that would lose the ACS if the preset were deleted. */
  async lossesWithout(name: string, limit: number): Promise<PreflightReport> {
    const { presets: before, input } = await this.#parts.wantedStates.inputs();
    const after = before.filter(preset => preset.name !== name);
    return await this.#lossesBy({ name, before, after, input }, limit);
  }

  /** Finds the devices that would lose the ACS by another content of a file, which is stored already. */
  async lossesByFile(file: StoredFile, limit: number): Promise<PreflightReport> {
    const { presets, input } = await this.#parts.wantedStates.inputs();
    const inputAfter = { ...input, files: new Map([...input.files, [file.name, file]]) };
    return await this.#lossesBy({ name: '', before: presets, after: presets, input, inputAfter }, limit);
  }

  /** Judges only the link to the ACS, and only devices for which what TLS depends on changes. */
  async #lossesBy(change: PresetChange, limit: number): Promise<PreflightReport> {
    const run = await this.#parts.preflight.begin(limit, { only: 'acs' });
    const compare = comparisonOf(change);
    for await (const { rows } of enrolledDevices(this.#context, change, run)) {
      const changed = await changedOf(rows, row => {
        const { outcomes } = compare(row);
        const isOther = outcomes && outcomes.before.tls !== outcomes.after.tls && !holdsAlready(row, outcomes);
        return isOther ? outcomes : undefined;
      });
      await run.check(changed);
    }
    return run.report;
  }
}

/** @throws UserError as `presets.put` */
async function* dryRunSteps(
  context: FleetContext,
  parts: DryRunParts,
  {
    name,
    preset,
    options: { limit, kinds = false },
  }: { name: string; preset: Preset | undefined; options: DryRunOptions },
): AsyncGenerator<DryRunProgress, DryRun> {
  const { change, warnings } = await changeOf(parts, name, preset);
  const flight = await parts.preflight.begin(limit);
  const run: DryRun = {
    ...{ matched: 0, fits: 0, refused: 0 },
    ...{ devices: [], preflight: flight.report, faults: [] },
    ...(warnings.length > 0 ? { warnings } : {}),
  };
  const survey = kinds ? new ChangeSurvey(context, name) : undefined;
  const compare = comparisonOf(change);
  const progress = { done: 0, total: await context.store.countDevices(undefined, context.clock.now()) };
  yield progress;
  for await (const { rows, read } of enrolledDevices(context, change, flight)) {
    const first: [SurveyedRow, MergeOutcomes][] = [];
    const changed = await changedOf(rows, row => {
      const compared = compare(row);
      const outcomes = count(run, row, compared, { name, limit });
      survey?.look(row, compared, outcomes);
      if (outcomes && run.devices.length + first.length < limit) first.push([row, outcomes]);
      return outcomes;
    });
    const links = await flight.check(changed);
    for (const [index, [row, outcomes]] of first.entries())
      run.devices.push({
        ...(await detailOf(context, row, outcomes, change)),
        links: links[index] ?? [],
      });
    await survey?.page(links);
    progress.done += read;
    yield { ...progress };
  }
  return { ...run, ...survey?.found() };
}

/** The change that storing `preset` under `name` would be. @throws UserError as `presets.put` */
async function changeOf(
  { presets, wantedStates }: DryRunParts,
  name: string,
  preset: Preset | undefined,
): Promise<{ change: PresetChange; warnings: string[] }> {
  const { compiled: changed, warnings = [] } = preset ? await presets.compile(name, preset) : {};
  const { presets: stored, input } = await wantedStates.inputs();
  const others = stored.filter(entry => entry.name !== name);
  const after = changed ? [...others, changed].sort(byWeight) : stored;
  return { change: { name, before: changed ? stored : others, after, input }, warnings };
}

/** Pages of enrolled devices, with the fields that the change is compared by, and the number of devices that were read for them. */
async function* enrolledDevices(
  { store, clock }: FleetContext,
  { before, after }: PresetChange,
  run: PreflightRun,
): AsyncGenerator<{ rows: SurveyedRow[]; read: number }> {
  const needsInformValues = run.needsInformValues || [...before, ...after].some(preset => preset.paths.length > 0);
  const only = surveyedFields.filter(field => needsInformValues || field !== 'told');
  const limit = needsInformValues ? PAGE_WITH_INFORM_VALUES : PAGE;
  for await (const rows of pagesOf(store, { limit, now: clock.now(), only }))
    yield { rows: rows.filter(({ state }) => state === 'enrolled'), read: rows.length };
}

type DeviceDetail = DryRun['devices'][number];

async function detailOf(
  { store, secrets }: Pick<FleetContext, 'store' | 'secrets'>,
  row: SurveyedRow,
  { before, after }: MergeOutcomes,
  { after: presets, input, inputAfter = input }: PresetChange,
): Promise<Omit<DeviceDetail, 'links'>> {
  const wanted = mergePresets(applicablePresets(presets, row, inputAfter), row, inputAfter);
  const known = new Map<string, string>();
  for (const path of wanted.set.keys())
    for (const value of await store.parameters(row.id, path)) known.set(value.path, openedIfOwn(secrets, value.value));
  return {
    device: row.id,
    revision: { before: before.revision(), after: after.revision() },
    set: [...wanted.set]
      .filter(([path, { value }]) => known.get(path) !== value)
      .map(([path, { value, secret }]) => ({ path, known: known.get(path) ?? null, wanted: value, secret })),
    files: wanted.files.filter(file => !isApplied(file, row)).map(({ file }) => file.name),
  };
}

/** @param outcomesOf the outcomes for a device that counts as changed, undefined for all others */
async function changedOf(
  rows: readonly SurveyedRow[],
  outcomesOf: (row: SurveyedRow) => MergeOutcomes | undefined,
): Promise<DeviceChange[]> {
  const changed: DeviceChange[] = [];
  for await (const portion of portionsOf(rows))
    for (const row of portion) {
      const outcomes = outcomesOf(row);
      if (!outcomes) continue;
      const { before, after } = outcomes;
      changed.push({ row, holds: holdsOutcome(row, before), before: before.tls, after: after.tls });
    }
  return changed;
}

/** Counts a device. @returns its outcomes, if it would change */
function count(
  run: DryRun,
  row: SurveyedRow,
  { fits, outcomes }: Comparison,
  { name, limit }: { name: string; limit: number },
): MergeOutcomes | undefined {
  if (fits) run.fits++;
  const refusal = outcomes?.after.wanted.refused.find(({ preset }) => preset === name);
  if (refusal) {
    run.refused++;
    const { code, message, parameter } = refusal;
    if (run.faults.length < limit)
      run.faults.push({ device: row.id, code, message, ...(parameter ? { parameter } : {}) });
  }
  if (!outcomes || !changes(row, outcomes)) return undefined;
  run.matched++;
  return outcomes;
}

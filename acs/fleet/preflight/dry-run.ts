// A dry run: who would change if the presets stood otherwise, and how. Changes nothing, and walks the whole fleet without being in the
// way of sessions: devices come by pages from the store's reading thread, and those with equal facts are merged once.
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from '../common/context.ts';
import { pagesOf, portionsOf } from '../common/device-pages.ts';
import type { StoredFile } from '../files/stored-file.ts';
import { byWeight, type CompiledPreset } from '../presets/compiled-preset.ts';
import { type MergeInput, mergedFields } from '../presets/desired.ts';
import {
  applicable,
  type Gathered,
  gathered,
  isApplied,
  isNothing,
  isSame,
  merged,
  type ResolvedPreset,
  resolvePreset,
  revisionOf,
} from '../presets/merge.ts';
import type { Preset } from '../presets/preset.ts';
import type { Presets } from '../presets/presets.ts';
import { rolloutFacts } from '../presets/rollout-firmware.ts';
import { variableOf } from '../presets/variables.ts';
import type { Link } from './links.ts';
import { type Changed, type Flight, type FlightReport, type Preflight, preflightFields } from './preflight.ts';
import { narrowing, type Target } from './tls-settings.ts';

export interface DryRun {
  /** Enrolled devices that would change. */
  matched: number;
  /** Enrolled devices that the preset fits, whether they change or not. */
  fits: number;
  /** Of these: for which it cannot be made out. */
  refused: number;
  /** How the first of those that would change would. */
  devices: {
    device: string;
    revision: { before: string; after: string };
    set: { path: string; known: string | null; wanted: string; secret: boolean }[];
    files: string[];
    /** What its TLS connections would come to. */
    links: Link[];
  }[];
  /** The same of all who would change. */
  preflight: FlightReport;
  /** What keeps the first of the refused. */
  faults: { device: string; code: number | string; message: string; parameter?: string }[];
}

interface DryRunRequest {
  name: string;
  /** The presets as they stand, or stood before the one that is asked about; and as they would stand. */
  before: readonly CompiledPreset[];
  after: readonly CompiledPreset[];
  input: MergeInput;
  /** The input of `after`, where that is another. */
  inputAfter?: MergeInput;
  /** Of so many devices it is told how. */
  limit: number;
}

const fields = [...mergedFields, ...preflightFields] as const;
type Surveyed = Pick<DeviceRow, (typeof fields)[number]>;

/** Rows that come at a time; fewer where all that they told comes along. */
const PAGE = 250;
const PAGE_WITH_TOLD = 125;
const MAX_KNOWN = 5000;

/** What a device comes to by the presets as they stand, or by those as they would. */
interface Side {
  wanted: Gathered;
  /** Made when it is looked at: that is dear, and seldom needed. */
  revision(): string;
  /** What its TLS hangs on: one object for what is equal. */
  tls: Target;
}

interface Sides {
  before: Side;
  after: Side;
}

interface Verdict {
  fits: boolean;
  /** Undefined where no preset applies that is not the same before and after: then all stays. */
  sides?: Sides;
}

export interface DryRuns {
  /** Which devices would change if `preset` were stored under `name`, and how; absent: the stored one. @throws UserError as `presets.put` */
  run(name: string, preset: Preset | undefined, limit: number): Promise<DryRun>;
  /** Which devices would lose the ACS by that preset. Nothing else is worked out. @throws UserError as `presets.put` */
  losses(name: string, preset: Preset, limit: number): Promise<FlightReport>;
  /** Which devices would lose the ACS if the preset were deleted. */
  lossesWithout(name: string, limit: number): Promise<FlightReport>;
  /** Which devices would lose the ACS if this file replaced the one of its name; its content is stored already. */
  lossesByFile(file: StoredFile, limit: number): Promise<FlightReport>;
}

export function createDryRuns({ store, clock }: FleetContext, presets: Presets, preflight: Preflight): DryRuns {
  const requestFor = async (name: string, preset: Preset | undefined, limit: number): Promise<DryRunRequest> => {
    const changed = preset && (await presets.compile(name, preset));
    const { presets: stored, input } = await presets.compiled();
    const others = stored.filter(entry => entry.name !== name);
    const after = changed ? [...others, changed].sort(byWeight) : stored;
    return { name, before: changed ? stored : others, after, input, limit };
  };

  const run = async (request: DryRunRequest): Promise<DryRun> => {
    const flight = await preflight.begin(request.limit);
    const run: DryRun = { matched: 0, fits: 0, refused: 0, devices: [], preflight: flight.report(), faults: [] };
    const verdictOf = judge(request);
    for await (const rows of enrolled(request, flight)) {
      const first: [Surveyed, Sides][] = [];
      const changed = await changedOf(rows, row => {
        const sides = count(run, row, verdictOf(row), request);
        if (sides && run.devices.length + first.length < request.limit) first.push([row, sides]);
        return sides;
      });
      const links = await flight.look(changed);
      for (const [at, [row, sides]] of first.entries())
        run.devices.push(await changeOf(row, sides, request, links[at] ?? []));
    }
    return run;
  };

  /** Looks at that link alone, and at those devices alone that change in what TLS depends on. */
  const losses = async (request: DryRunRequest): Promise<FlightReport> => {
    const flight = await preflight.begin(request.limit, { only: 'acs' });
    const verdictOf = judge(request);
    for await (const rows of enrolled(request, flight)) {
      const changed = await changedOf(rows, row => {
        const { sides } = verdictOf(row);
        const isOther = sides && sides.before.tls !== sides.after.tls && !isThere(row, sides);
        return isOther ? sides : undefined;
      });
      await flight.look(changed);
    }
    return flight.report();
  };

  return {
    run: async (name, preset, limit) => await run(await requestFor(name, preset, limit)),
    losses: async (name, preset, limit) => await losses(await requestFor(name, preset, limit)),
    lossesWithout: async (name, limit) => {
      const { presets: before, input } = await presets.compiled();
      const after = before.filter(preset => preset.name !== name);
      return await losses({ name, before, after, input, limit });
    },
    lossesByFile: async (file, limit) => {
      const { presets: stored, input } = await presets.compiled();
      const inputAfter = { ...input, files: new Map([...input.files, [file.name, file]]) };
      return await losses({ name: '', before: stored, after: stored, input, inputAfter, limit });
    },
  };

  async function* enrolled({ before, after }: DryRunRequest, flight: Flight): AsyncGenerator<Surveyed[]> {
    const looksInside = flight.looksInside || [...before, ...after].some(rule => rule.paths.length > 0);
    const only = fields.filter(field => looksInside || field !== 'told');
    const limit = looksInside ? PAGE_WITH_TOLD : PAGE;
    for await (const rows of pagesOf(store, { limit, now: clock.now(), only }))
      yield rows.filter(({ state }) => state === 'enrolled');
  }

  async function changeOf(
    row: Surveyed,
    { before, after }: Sides,
    { after: rules, input: now, inputAfter: input = now }: DryRunRequest,
    links: Link[],
  ): Promise<DryRun['devices'][number]> {
    const wanted = merged(applicable(rules, row, input), row, input);
    const known = new Map<string, string>();
    for (const path of wanted.set.keys())
      for (const value of await store.parameters(row.id, path)) known.set(value.path, value.value);
    return {
      device: row.id,
      revision: { before: before.revision(), after: after.revision() },
      set: [...wanted.set]
        .filter(([path, { value }]) => known.get(path) !== value)
        .map(([path, { value, secret }]) => ({ path, known: known.get(path) ?? null, wanted: value, secret })),
      files: wanted.files.filter(file => !isApplied(file, row)).map(({ file }) => file.name),
      links,
    };
  }
}

/** @param sidesOf what a device comes to, if it is one of them */
async function changedOf(rows: readonly Surveyed[], sidesOf: (row: Surveyed) => Sides | undefined): Promise<Changed[]> {
  const changed: Changed[] = [];
  for await (const portion of portionsOf(rows))
    for (const row of portion) {
      const sides = sidesOf(row);
      if (sides)
        changed.push({ row, holds: isAt(row, sides.before), before: sides.before.tls, after: sides.after.tls });
    }
  return changed;
}

/** @returns what the device comes to, if it would change */
function count(
  run: DryRun,
  row: Surveyed,
  { fits, sides }: Verdict,
  { name, limit }: DryRunRequest,
): Sides | undefined {
  if (fits) run.fits++;
  const refusal = sides?.after.wanted.refused.find(({ preset }) => preset === name);
  if (refusal) {
    run.refused++;
    const { code, message, parameter } = refusal;
    if (run.faults.length < limit)
      run.faults.push({ device: row.id, code, message, ...(parameter ? { parameter } : {}) });
  }
  if (!sides || !changes(row, sides)) return undefined;
  run.matched++;
  return sides;
}

const changes = (row: Surveyed, sides: Sides): boolean =>
  !isSame(sides.before.wanted, sides.after.wanted) && !isThere(row, sides);

/** Where the rule as stored is asked about, a device that holds it already changes no more. */
const isThere = (row: Surveyed, { before, after }: Sides): boolean => !isAt(row, before) && isAt(row, after);

/** Whether the device has taken all of it. */
const isAt = ({ parameterKey }: Surveyed, { wanted, revision }: Side): boolean =>
  (parameterKey === '') === isNothing(wanted) && parameterKey === revision();

function judge({ name, before, after, input, inputAfter = input }: DryRunRequest): (row: Surveyed) => Verdict {
  const differing = [...before, ...after].filter(rule => before.includes(rule) !== after.includes(rule));
  const common = before.filter(rule => after.includes(rule));
  const asked = [...after, ...before].find(rule => rule.name === name);
  const narrow = narrowing();
  const was = sidesOf(before, input, narrow);
  const is = sidesOf(after, inputAfter, narrow);
  return row => {
    const apply = applicable(differing, row, input);
    const isAsked = asked !== undefined && apply.includes(asked);
    const fits = isAsked || (row.faults.length > 0 && (asked?.fits(row, input.now) ?? false));
    if (apply.length === 0 && inputAfter === input) return { fits };
    const chosen = [...apply, ...applicable(common, row, input)];
    const chosenAfter = inputAfter === input ? chosen : applicable(after, row, inputAfter);
    return { fits, sides: { before: was(new Set(chosen), row), after: is(new Set(chosenAfter), row) } };
  };
}

/** Merges each set of facts once: which presets apply, what their variables are, and what is the device's own. */
function sidesOf(
  rules: readonly CompiledPreset[],
  input: MergeInput,
  narrow: (target: Target) => Target,
): (chosen: ReadonlySet<CompiledPreset>, row: Surveyed) => Side {
  const plain = new Map<CompiledPreset, ResolvedPreset>();
  const make: typeof resolvePreset = (rule, row, its) => {
    const found = plain.get(rule) ?? resolvePreset(rule, row, its);
    if (rule.variables.length === 0) plain.set(rule, found);
    return found;
  };
  const places = new Map(rules.map((rule, at) => [rule, at]));
  const known = new Map<string, Side>();
  return (chosen, row) => {
    const some = rules.filter(rule => chosen.has(rule));
    const key = keyOf(some, places, row, input);
    const found = key === undefined ? undefined : known.get(key);
    if (found) return found;
    const wanted = gathered(some, row, input, { make });
    let signed: string | undefined;
    const revision = (): string => {
      signed ??= revisionOf(wanted, input.key);
      return signed;
    };
    const side = { wanted, revision, tls: narrow(wanted) };
    if (known.size >= MAX_KNOWN) known.clear();
    if (key !== undefined) known.set(key, side);
    return side;
  };
}

/** No two devices have one in common: what is made out of it is of no use for another. */
const unique: ReadonlySet<string> = new Set(['id', 'serialNumber']);

/** Undefined where there is no other device like it, and for one with faults, which may set aside a value of its own. */
function keyOf(
  some: readonly CompiledPreset[],
  places: ReadonlyMap<CompiledPreset, number>,
  row: Surveyed,
  input: MergeInput,
): string | undefined {
  if (row.faults.length > 0) return undefined;
  if (some.some(({ variables }) => variables.some(variable => unique.has(variable)))) return undefined;
  return JSON.stringify([
    some.map(rule => places.get(rule)),
    some.flatMap(rule => rule.variables.map(variable => variableOf(row, variable, input.open) ?? null)),
    row.overrides,
    ...rolloutFacts(row, input.now),
  ]);
}

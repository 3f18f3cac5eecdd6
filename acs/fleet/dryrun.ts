// A dry run: who would change if the presets stood otherwise, and how. Changes nothing, and walks the whole fleet without being in the
// way of sessions: devices come by pages from the store's reading thread, and those with equal facts are merged once.
import type { DeviceRow } from '../store/row.ts';
import type { FleetContext } from './context.ts';
import { pagesOf } from './pages.ts';
import type { Link } from './preflight/links.ts';
import {
  type Changed,
  type Flight,
  type FlightReport,
  type Preflight,
  preflightFields,
} from './preflight/preflight.ts';
import { narrowed, type Target } from './preflight/settings.ts';
import { rolloutFacts } from './rollout/wish.ts';
import type { Rule } from './rules.ts';
import { variableOf } from './variables.ts';
import { applicable, type Culprit, type Ground, isApplied, merged, mergedFields } from './wanted.ts';

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

export interface DryRunRequest {
  name: string;
  /** The presets as they stand, or stood before the one that is asked about; and as they would stand. */
  before: readonly Rule[];
  after: readonly Rule[];
  ground: Ground;
  /** The ground of `after`, where that is another. */
  groundAfter?: Ground;
  /** Of so many devices it is told how. */
  limit: number;
}

const fields = [...mergedFields, ...preflightFields] as const;
type Surveyed = Pick<DeviceRow, (typeof fields)[number]>;

/** As much as is worked through without a break: a few milliseconds. */
const PAGE = 125;
const MAX_KNOWN = 20_000;

/** What the merges of a device come to. */
interface Verdict {
  fits: boolean;
  before: string;
  after: string;
  refused: Culprit[];
  /** What its TLS hangs on. */
  tls: { before: Target; after: Target };
}

export function createDryRun(
  { store, clock }: FleetContext,
  preflight: Preflight,
): (request: DryRunRequest) => Promise<DryRun> {
  return async request => {
    const flight = await preflight.begin(request.limit);
    const report = flight.report();
    const run: DryRun = { matched: 0, fits: 0, refused: 0, devices: [], preflight: report, faults: [] };
    const verdictOf = judge(request);
    const looksInside = flight.looksInside || [...request.before, ...request.after].some(rule => rule.paths.length > 0);
    const only = fields.filter(field => looksInside || field !== 'told');
    for await (const rows of pagesOf(store, { limit: PAGE, now: clock.now(), only }))
      await look(run, rows, verdictOf, flight, request);
    return run;
  };

  async function look(
    run: DryRun,
    rows: readonly Surveyed[],
    verdictOf: (row: Surveyed) => Verdict,
    flight: Flight,
    request: DryRunRequest,
  ): Promise<void> {
    const changed: Changed[] = [];
    const first = run.devices.length;
    for (const row of rows) {
      if (row.state !== 'enrolled') continue;
      const verdict = verdictOf(row);
      if (await count(run, row, verdict, request))
        changed.push({ row, holds: row.parameterKey === verdict.before, ...verdict.tls });
    }
    const links = await flight.look(changed);
    for (const [at, device] of run.devices.slice(first).entries()) device.links = links[at] ?? [];
  }

  /** @returns whether the device would change */
  async function count(run: DryRun, row: Surveyed, verdict: Verdict, request: DryRunRequest): Promise<boolean> {
    const { name, limit } = request;
    if (verdict.fits) run.fits++;
    const refusal = verdict.refused.find(({ preset }) => preset === name);
    if (refusal) {
      run.refused++;
      const { code, message, parameter } = refusal;
      if (run.faults.length < limit)
        run.faults.push({ device: row.id, code, message, ...(parameter ? { parameter } : {}) });
    }
    // Where the rule as stored is asked about, a device that holds it already changes no more.
    if (verdict.before === verdict.after || row.parameterKey === verdict.after) return false;
    run.matched++;
    if (run.devices.length < limit) run.devices.push(await changeOf(row, verdict, request));
    return true;
  }

  async function changeOf(
    row: Surveyed,
    { before, after }: Verdict,
    { after: rules, ground: now, groundAfter: ground = now }: DryRunRequest,
  ): Promise<DryRun['devices'][number]> {
    const wanted = merged(applicable(rules, row, ground), row, ground);
    const known = new Map<string, string>();
    for (const path of wanted.set.keys())
      for (const value of await store.parameters(row.id, path)) known.set(value.path, value.value);
    return {
      device: row.id,
      revision: { before, after },
      set: [...wanted.set]
        .filter(([path, { value }]) => known.get(path) !== value)
        .map(([path, { value, secret }]) => ({ path, known: known.get(path) ?? null, wanted: value, secret })),
      files: wanted.files.filter(file => !isApplied(file, row)).map(({ file }) => file.name),
      links: [],
    };
  }
}

/** Merges each set of facts once: which presets apply, what their variables are, and what is the device's own. */
function judge({ name, before, after, ground, groundAfter = ground }: DryRunRequest): (row: Surveyed) => Verdict {
  const rules = [...new Set([...before, ...after])];
  const asked = [...after, ...before].find(rule => rule.name === name);
  const known = new Map<string, Verdict>();
  return row => {
    const chosen = new Set(applicable(rules, row, ground));
    const key = keyOf(rules, chosen, row, ground);
    const found = key === undefined ? undefined : known.get(key);
    if (found) return found;
    const chosenAfter = groundAfter === ground ? chosen : new Set(applicable(rules, row, groundAfter));
    const of = (some: readonly Rule[], those: ReadonlySet<Rule>, by: Ground) =>
      merged(
        some.filter(rule => those.has(rule)),
        row,
        by,
      );
    const [was, will] = [of(before, chosen, ground), of(after, chosenAfter, groundAfter)];
    const fits = asked?.fits(row, ground.now) ?? false;
    const tls = { before: narrowed(was), after: narrowed(will) };
    const verdict = { fits, before: was.revision, after: will.revision, refused: will.refused, tls };
    if (known.size >= MAX_KNOWN) known.clear();
    if (key !== undefined) known.set(key, verdict);
    return verdict;
  };
}

/** Undefined for a device with faults, which may set aside a value of its own. */
function keyOf(rules: readonly Rule[], chosen: ReadonlySet<Rule>, row: Surveyed, ground: Ground): string | undefined {
  if (row.faults.length > 0) return undefined;
  const variables = new Set([...chosen].flatMap(rule => rule.variables));
  return JSON.stringify([
    rules.map(rule => Number(chosen.has(rule))).join(''),
    [...variables].map(variable => variableOf(row, variable, ground.open) ?? null),
    row.overrides,
    ...rolloutFacts(row, ground.now),
  ]);
}

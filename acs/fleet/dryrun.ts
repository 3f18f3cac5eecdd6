// A dry run: who would change if the presets stood otherwise, and how. Changes nothing.
import type { DeviceRow } from '../store/store.ts';
import type { FleetContext } from './context.ts';
import type { Link } from './preflight/links.ts';
import type { FlightReport, Preflight } from './preflight/preflight.ts';
import type { Rule } from './rules.ts';
import { type Ground, isApplied, type Wanted, wantedOf } from './wanted.ts';

export interface DryRun {
  matched: number;
  devices: {
    device: string;
    revision: { before: string; after: string };
    set: { path: string; known: string | null; wanted: string }[];
    files: string[];
    /** What its TLS connections would come to. */
    links: Link[];
  }[];
  /** The same of all who would change. */
  preflight: FlightReport;
}

interface Changed {
  row: DeviceRow;
  before: Wanted;
  after: Wanted;
}

export interface DryRunRequest {
  /** The presets as they stand, or stood before the one that is asked about; and as they would stand. */
  before: readonly Rule[];
  after: readonly Rule[];
  ground: Ground;
  /** Of so many devices it is told how. */
  limit: number;
}

const PAGE = 500;

export function createDryRun(
  { store, clock }: FleetContext,
  preflight: Preflight,
): (request: DryRunRequest) => Promise<DryRun> {
  return async request => {
    const { limit } = request;
    const flight = await preflight.begin(limit);
    const run: DryRun = { matched: 0, devices: [], preflight: flight.report() };
    let cursor: string | undefined;
    do {
      const page = await store.devices({ limit: PAGE, now: clock.now(), ...(cursor ? { cursor } : {}) });
      const changed = page.items.filter(item => item.state === 'enrolled').flatMap(row => changedBy(row, request));
      run.matched += changed.length;
      const links = await flight.look(changed);
      for (const [at, entry] of changed.slice(0, limit - run.devices.length).entries())
        run.devices.push(await told(entry, links[at] ?? []));
      cursor = page.next;
    } while (cursor);
    return run;
  };

  function changedBy(row: DeviceRow, { before, after, ground }: DryRunRequest): Changed[] {
    const [old, fresh] = [wantedOf(before, row, ground), wantedOf(after, row, ground)];
    // Where the rule as stored is asked about, a device that holds it already changes no more.
    if (old.revision === fresh.revision || row.parameterKey === fresh.revision) return [];
    return [{ row, before: old, after: fresh }];
  }

  async function told({ row, before, after }: Changed, links: Link[]): Promise<DryRun['devices'][number]> {
    const known = new Map<string, string>();
    for (const path of after.set.keys())
      for (const value of await store.parameters(row.id, path)) known.set(value.path, value.value);
    return {
      device: row.id,
      revision: { before: before.revision, after: after.revision },
      set: [...after.set]
        .filter(([path, value]) => known.get(path) !== value.value)
        .map(([path, value]) => ({ path, known: known.get(path) ?? null, wanted: value.value })),
      files: after.files.filter(file => !isApplied(file, row)).map(file => file.file.name),
      links,
    };
  }
}

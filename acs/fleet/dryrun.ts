// A dry run: who would change if the presets stood otherwise, and how. Changes nothing.
import type { DeviceRow } from '../store/store.ts';
import type { FleetContext } from './context.ts';
import type { Rule } from './rules.ts';
import { type Ground, isApplied, wantedOf } from './wanted.ts';

export interface DryRun {
  matched: number;
  devices: {
    device: string;
    revision: { before: string; after: string };
    set: { path: string; known: string | null; wanted: string }[];
    files: string[];
  }[];
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

export function createDryRun({ store, clock }: FleetContext): (request: DryRunRequest) => Promise<DryRun> {
  return async request => {
    const run: DryRun = { matched: 0, devices: [] };
    let cursor: string | undefined;
    do {
      const page = await store.devices({ limit: PAGE, now: clock.now(), ...(cursor ? { cursor } : {}) });
      for (const row of page.items.filter(item => item.state === 'enrolled')) await one(run, row, request);
      cursor = page.next;
    } while (cursor);
    return run;
  };

  async function one(run: DryRun, row: DeviceRow, { before, after, ground, limit }: DryRunRequest): Promise<void> {
    const [old, fresh] = [wantedOf(before, row, ground), wantedOf(after, row, ground)];
    // Where the rule as stored is asked about, a device that holds it already changes no more.
    if (old.revision === fresh.revision || row.parameterKey === fresh.revision) return;
    run.matched++;
    if (run.devices.length >= limit) return;
    const known = new Map<string, string>();
    for (const path of fresh.set.keys())
      for (const value of await store.parameters(row.id, path)) known.set(value.path, value.value);
    run.devices.push({
      device: row.id,
      revision: { before: old.revision, after: fresh.revision },
      set: [...fresh.set]
        .filter(([path, value]) => known.get(path) !== value.value)
        .map(([path, value]) => ({ path, known: known.get(path) ?? null, wanted: value.value })),
      files: fresh.files.filter(file => !isApplied(file, row)).map(file => file.file.name),
    });
  }
}

// The dry run of a job: the devices it would reach, why others would be left out, and the TLS connections that it would break.

import { livenessOf } from '../../device/liveness.ts';
import { UserError } from '../../errors.ts';
import { bothFilters } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { quotedText } from '../../query/quote.ts';
import type { Caller } from '../access/caller.ts';
import type { PreflightReport } from '../preflight/run.ts';
import type { Preset } from '../presets/preset.ts';
import { filterOf, sizesOf } from '../rollout/plan.ts';
import type { JobContext } from './context.ts';
import { rowsOf } from './engine/batches.ts';
import type { Job } from './job.ts';
import type { SetValue, Steps } from './step.ts';
import { isRemote } from './steps/kinds.ts';

export interface JobDryRun {
  /** Devices of the job. */
  count: number;
  /** Of these, those that would begin as soon as it is their turn. */
  reachable: number;
  /** The others by reason. */
  left: { code: 'not-enrolled' | 'away' | 'no-such-device'; count: number }[];
  sizes: number[];
  /** The first devices by id. */
  sample: string[];
  /** Absent where no step can break a connection, or it cannot be foreseen. */
  preflight?: PreflightReport;
}

const SAMPLE = 10;
/** Breaks that are reported one by one. */
const BREAKS = 20;
/** Devices of a list whose connections are foreseen. */
const MAX_NAMED = 100;
/** Not a name that an operator is likely to give. */
const TRIAL = '.job-dry-run';
/** Wins over every preset, as a value that is set by hand does until the next reconciliation. */
const WEIGHT = 1_000_000;

/** @param job checked, and not stored @throws UserError as the filter */
export async function dryRunOf(context: JobContext, job: Job, caller: Caller): Promise<JobDryRun> {
  const counted = job.devices ? await ofList(context, job, job.devices) : await ofFilter(context, job);
  const preflight = caller.readsAll ? await foreseen(context, job) : undefined;
  return { ...counted, sizes: sizesOf(job.waves, counted.count), ...(preflight ? { preflight } : {}) };
}

type Counted = Omit<JobDryRun, 'sizes' | 'preflight'>;

const countedOf = (
  { count, reachable, sample }: Omit<Counted, 'left'>,
  left: Record<Counted['left'][number]['code'], number>,
): Counted => ({
  ...{ count, reachable, sample },
  left: Object.entries(left)
    .filter(([, number]) => number > 0)
    .map(([code, number]) => ({ code: code as Counted['left'][number]['code'], count: number })),
});

async function ofFilter({ store, clock }: JobContext, job: Job): Promise<Counted> {
  const filter = filterOf(job);
  const count = async (text?: string): Promise<number> => {
    const both = text === undefined ? filter : bothFilters(filter, parseFilter(text));
    return await store.countDevices(both, clock.now());
  };
  const query = { filter, limit: SAMPLE, now: clock.now(), only: ['id'] as const };
  const sample = (await store.devices(query)).items.map(({ id }) => id);
  const all = await count();
  if (!isRemote(job.do)) return countedOf({ count: all, reachable: all, sample }, nothingLeft);
  const [stranger, online] = [await count('not state = "enrolled"'), await count('state = "enrolled" and online')];
  const left = { ...nothingLeft, 'not-enrolled': stranger, away: Math.max(0, all - stranger - online) };
  return countedOf({ count: all, reachable: online, sample }, left);
}

const nothingLeft = { 'not-enrolled': 0, away: 0, 'no-such-device': 0 };

async function ofList(context: JobContext, job: Job, ids: readonly string[]): Promise<Counted> {
  const now = context.clock.now();
  const rows = await rowsOf(context, ids);
  const left = { ...nothingLeft, 'no-such-device': ids.length - rows.size };
  if (isRemote(job.do))
    for (const row of rows.values()) {
      if (row.state !== 'enrolled') left['not-enrolled']++;
      else if (livenessOf(row, now) !== 'online') left.away++;
    }
  const reachable = rows.size - left['not-enrolled'] - left.away;
  return countedOf({ count: ids.length, reachable, sample: [...ids].sort().slice(0, SAMPLE) }, left);
}

/** The TLS connections after the job, as if a preset made its settings. */
async function foreseen(context: JobContext, job: Job): Promise<PreflightReport | undefined> {
  const preset = await presetOf(context, job);
  if (!preset) return undefined;
  try {
    return (await context.dryRuns.run(TRIAL, preset, { limit: BREAKS })).preflight;
  } catch (error) {
    // A filter over passing properties, or a value that no preset may have.
    if (!(error instanceof UserError) || error.status !== 400) throw error;
    return undefined;
  }
}

/** The filter of a preset for the same devices; undefined where there is none, as it cannot name presets and jobs. */
function whenOf({ devices, where, filter }: Job): string | undefined {
  if (devices) return namesOf(devices);
  return where ? undefined : filter;
}

async function presetOf({ presets, files }: JobContext, job: Job): Promise<Preset | undefined> {
  const when = whenOf(job);
  if (when === undefined) return undefined;
  const merged: Preset = {};
  for (const step of job.do) {
    const { set, overrides, preset, file } = step as Partial<
      Steps['set'] & Steps['overrides'] & Steps['preset'] & Steps['file']
    >;
    if (preset !== undefined) Object.assign(merged, await presets.get(preset));
    for (const values of [set, overrides]) if (values) merged.set = { ...merged.set, ...withoutNull(values) };
    if (file !== undefined) {
      const { type } = await files.about(file);
      if (type === 'script') merged.script = file;
      if (type === 'certificate') merged.certificates = [...(merged.certificates ?? []), file];
    }
  }
  return Object.keys(merged).length === 0 ? undefined : { ...merged, when, weight: WEIGHT };
}

const withoutNull = (values: Record<string, SetValue | null>): Record<string, SetValue> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, SetValue] => entry[1] !== null));

const namesOf = (ids: readonly string[]): string | undefined =>
  ids.length > MAX_NAMED ? undefined : `id in (${ids.map(quotedText).join(', ')})`;

// Calls about presets: reading, writing under a condition, versions, dry runs.
import type { Static } from 'typebox';
import type * as schemas from '../../north/schemas/presets.ts';
import type * as versionSchemas from '../../north/schemas/versions.ts';
import { type Answer, call, callTagged } from './call.ts';
import { linesOf } from './line-stream.ts';
import { Problem } from './problem.ts';

export type PresetEntry = Static<typeof schemas.presets>['items'][number] & Static<typeof schemas.preset> & ListFacts;
export type DryRun = Static<typeof schemas.dryRun>;
export type ChangeKind = NonNullable<DryRun['kinds']>[number];
export type Conflict = NonNullable<DryRun['conflicts']>[number];
export type VersionChange = Static<typeof versionSchemas.comparison>['changes'][number];
export type Comparison = Static<typeof versionSchemas.comparison>;
/** A preset as its text has it: what was written by hand may have any shape. */
export type Document = Readonly<Record<string, unknown>>;

interface ListFacts {
  version: number;
  time: string;
  author: string | null;
  comment?: string;
  fits?: number | null;
  faults?: number;
  broken?: string;
}

export interface VersionEntry {
  version: number;
  time: string;
  author: string | null;
  comment?: string;
  deleted?: boolean;
  current?: boolean;
}

export interface Progress {
  done: number;
  total: number;
}

const pathOf = (name: string, rest = ''): string => `/presets/${encodeURIComponent(name)}${rest}`;
const json = { 'content-type': 'application/json' };
/** Changes that a dry run tells device by device. */
export const MOST_LISTED = 200;

export const listPresets = async (signal?: AbortSignal): Promise<PresetEntry[]> =>
  (await call<{ items: PresetEntry[] }>('GET', '/presets', { query: { counts: true }, signal })).items;

export const listDeletedPresets = async (signal?: AbortSignal): Promise<(VersionEntry & { name: string })[]> =>
  (await call<{ items: (VersionEntry & { name: string })[] }>('GET', '/deleted/presets', { signal })).items;

export const getPreset = async (name: string, signal?: AbortSignal): Promise<Answer<Document>> =>
  await callTagged('GET', pathOf(name), { signal });

export interface Writing {
  /** The version that is replaced; undefined where there is none yet. */
  etag: string | undefined;
  /** Although devices would lose the ACS. */
  force?: boolean;
  comment?: string;
}

const conditionOf = ({ etag }: Writing): Record<string, string> =>
  etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag };
const queryOf = ({ force, comment }: Writing) => ({ force: force || undefined, comment: comment || undefined });

/** @param text the preset as it was written, so that errors name its lines */
export const putPreset = async (name: string, text: string, writing: Writing): Promise<{ warnings?: string[] }> =>
  await call('PUT', pathOf(name), {
    query: queryOf(writing),
    body: text,
    headers: { ...json, ...conditionOf(writing) },
  });

export const deletePreset = async (name: string, writing: Writing): Promise<void> =>
  await call('DELETE', pathOf(name), { query: queryOf(writing), headers: conditionOf(writing) });

export const listVersions = async (name: string, signal?: AbortSignal): Promise<VersionEntry[]> =>
  (await call<{ items: VersionEntry[] }>('GET', pathOf(name, '/versions'), { signal })).items;

export const getVersion = async (
  name: string,
  version: number,
  signal?: AbortSignal,
): Promise<VersionEntry & { content?: Document }> =>
  await call('GET', pathOf(name, `/versions/${version}`), { signal });

export const compareVersions = async (
  name: string,
  query: { from?: number; to?: number },
  signal?: AbortSignal,
): Promise<Comparison> => await call('GET', pathOf(name, '/versions/compare'), { query, signal });

export const restoreVersion = async (name: string, version: number, writing: Writing): Promise<void> =>
  await call('POST', pathOf(name, `/versions/${version}/restore`), {
    query: queryOf(writing),
    headers: writing.etag === undefined ? {} : { 'if-match': writing.etag },
  });

export interface DryRunRequest {
  name: string;
  /** Undefined: the stored preset. */
  text: string | undefined;
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
}

type Line = { progress?: Progress; result?: DryRun; problem?: Record<string, unknown> & { status: number } };

/** Runs a preset without storing it, by kinds and with conflicts. It ends on the server when `signal` aborts. @throws Problem */
export async function dryRunPreset({ name, text, onProgress, signal }: DryRunRequest): Promise<DryRun> {
  const lines = linesOf<Line>('POST', pathOf(name, '/dry-run/progress'), {
    query: { kinds: true, limit: MOST_LISTED },
    ...(text === undefined ? {} : { body: text, headers: json }),
    signal,
  });
  for await (const { progress, result, problem } of lines) {
    if (progress) onProgress(progress);
    if (problem) throw new Problem(problem.status, problem);
    if (result) return result;
  }
  throw new Problem(0, { detail: 'the dry run ended without a result' });
}

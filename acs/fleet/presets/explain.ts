// The merge explained: of each parameter, table and file which preset won and which lost and why, and which presets are set aside.

import type { Drift, RestartDue } from '../../device/desired-state.ts';
import type { DeviceFault } from '../../device/fault.ts';
import type { DeviceRow } from '../../device/row.ts';
import { type CompiledPreset, fileKey } from './compiled-preset.ts';
import type { MergeInput, OnLost, Wanted, WantedFile, WantedParameter, WantedTable } from './desired.ts';
import { isApplied, wantedState } from './merge.ts';
import { OVERRIDE } from './preset.ts';
import { ROLLOUT } from './rollout-firmware.ts';
import { suspendingPresetFault } from './suspension.ts';

/** Something that another wish has outdone. */
export interface Lost {
  preset: string;
  why: string;
  /** Of a parameter: what it would have been, and whether it is never to be shown. */
  value?: string;
  secret?: boolean;
}

export interface ExplainedWanted {
  device: string;
  /** What the ParameterKey would be; '' when nothing is wanted. */
  revision: string;
  /** The ParameterKey that the device reported last. */
  reported: string;
  set: (WantedParameter & { path: string; known: string | null; lost: Lost[] })[];
  objects: (WantedTable & { lost: Lost[] })[];
  files: {
    kind: WantedFile['kind'];
    name: string;
    version?: string;
    sha256: string;
    preset: string;
    applied: boolean;
    lost: Lost[];
  }[];
  restart: Wanted['restart'] & { lost: Lost[]; pending: RestartDue | null };
  /** What was found otherwise lately. */
  drift: Drift[];
  /** When it is looked after next, milliseconds; null: when there is reason to. */
  auditAt: number | null;
  presets: {
    name: string;
    weight: number;
    fits: boolean;
    /** Set aside until the fault's time, or until what it rests on changes. */
    blockedBy?: DeviceFault;
    /** Why it cannot be made out for this device; a fault says so after its next session. */
    refused?: string;
  }[];
}

/** @param known the value that the device is known to have at a path */
export function explain(
  rules: readonly CompiledPreset[],
  row: DeviceRow,
  ground: MergeInput,
  known: (path: string) => string | undefined,
): ExplainedWanted {
  const losers: Parameters<OnLost>[0][] = [];
  const wanted = wantedState(rules, row, ground, loser => losers.push(loser));
  const weights = new Map(rules.map(({ name, weight }) => [name, weight]));
  /** The one that came nearest first. */
  const lost = (kind: string, name: string, winner = ''): Lost[] =>
    losers
      .filter(loser => loser.kind === kind && loser.name === name)
      .map(({ kind: _kind, name: _name, ...loser }) => ({ ...loser, why: why(winner, loser.preset, weights) }))
      .reverse();
  return {
    device: row.id,
    revision: wanted.revision,
    reported: row.parameterKey,
    set: [...wanted.set].map(([path, entry]) => ({
      path,
      ...entry,
      known: known(path) ?? null,
      lost: lost('set', path, entry.preset),
    })),
    objects: wanted.objects.map(entry => ({ ...entry, lost: lost('objects', entry.table, entry.preset) })),
    files: wanted.files.map(entry => ({
      kind: entry.kind,
      name: entry.file.name,
      ...(entry.file.version ? { version: entry.file.version } : {}),
      sha256: entry.file.sha256,
      preset: entry.preset,
      applied: isApplied(entry, row),
      lost: lost('files', fileKey(entry.kind, entry.file.name), entry.preset),
    })),
    restart: { ...wanted.restart, lost: lost('restart', '', wanted.restart.preset), pending: row.restart ?? null },
    drift: row.drift ?? [],
    auditAt: row.reconciled?.auditAt ?? null,
    presets: rules.map(rule => standing(rule, row, ground, wanted)),
  };
}

function why(winner: string, loser: string, weights: ReadonlyMap<string, number>): string {
  if (winner.startsWith(ROLLOUT)) return 'a rollout has the say over firmware until a preset names the same version';
  if (winner === OVERRIDE) return "the device's own value wins over every preset";
  const [more = 0, less = 0] = [weights.get(winner), weights.get(loser)];
  return more === less
    ? `of equal weights (${more}) the later name wins: ${winner} over ${loser}`
    : `weight ${more} of ${winner} wins over ${less}`;
}

function standing(
  rule: CompiledPreset,
  row: DeviceRow,
  ground: MergeInput,
  { refused }: Wanted,
): ExplainedWanted['presets'][number] {
  const { name, weight } = rule;
  const fits = rule.fits(row, ground.now);
  const blockedBy = fits ? suspendingPresetFault(rule, row, ground) : undefined;
  const refusal = refused.find(refusal => refusal.preset === name);
  return { name, weight, fits, ...(blockedBy ? { blockedBy } : {}), ...(refusal ? { refused: refusal.message } : {}) };
}

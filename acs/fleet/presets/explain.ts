// The merge explained: the winning and the losing presets of each parameter, table and file, and the suspended presets.

import type { Drift, RestartDue } from '../../device/desired-state.ts';
import type { DeviceFault } from '../../device/fault.ts';
import type { DeviceRow } from '../../device/row.ts';
import { type CompiledPreset, wantedFileKey } from './compiled-preset.ts';
import type { MergeInput, OnLost, Wanted, WantedFile, WantedParameter, WantedTable } from './desired.ts';
import { isApplied, wantedState } from './merge.ts';
import { OVERRIDE } from './preset.ts';
import { ROLLOUT } from './rollout-firmware.ts';
import { suspendingPresetFault } from './suspension.ts';

/** A wanted thing that another preset overrides. */
export interface Lost {
  preset: string;
  why: string;
  /** The value of a parameter, and whether it is never shown. */
  value?: string;
  secret?: boolean;
}

export interface ExplainedWanted {
  device: string;
  /** The ParameterKey once all of it is applied; '' when nothing is wanted. */
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
  /** Values that differed from the wanted ones at the last check. */
  drift: Drift[];
  /** The time of the next drift check, milliseconds; null: after the next event that can change values. */
  auditAt: number | null;
  presets: {
    name: string;
    weight: number;
    fits: boolean;
    /** The fault that suspends it, until its retry time or until an input changes. */
    blockedBy?: DeviceFault;
    /** The reason why it cannot be resolved for this device; a fault says so after the next session. */
    refused?: string;
  }[];
}

/** Explains the wanted state of a device. @param known the known value at a path */
export function explain(
  presets: readonly CompiledPreset[],
  row: DeviceRow,
  input: MergeInput,
  known: (path: string) => string | undefined,
): ExplainedWanted {
  const losers: Parameters<OnLost>[0][] = [];
  const wanted = wantedState(presets, row, input, loser => losers.push(loser));
  const weights = new Map(presets.map(({ name, weight }) => [name, weight]));
  /** The losers, the heaviest first. */
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
      lost: lost('files', wantedFileKey(entry.kind, entry.file.name), entry.preset),
    })),
    restart: { ...wanted.restart, lost: lost('restart', '', wanted.restart.preset), pending: row.restart ?? null },
    drift: row.drift ?? [],
    auditAt: row.reconciled?.auditAt ?? null,
    presets: presets.map(preset => statusOf(preset, row, input, wanted)),
  };
}

function why(winner: string, loser: string, weights: ReadonlyMap<string, number>): string {
  if (winner.startsWith(ROLLOUT)) return 'a rollout decides the firmware until a preset names the same version';
  if (winner === OVERRIDE) return "the device's own value wins over every preset";
  const [more = 0, less = 0] = [weights.get(winner), weights.get(loser)];
  return more === less
    ? `of equal weights (${more}) the later name wins: ${winner} over ${loser}`
    : `weight ${more} of ${winner} wins over ${less}`;
}

function statusOf(
  compiled: CompiledPreset,
  row: DeviceRow,
  input: MergeInput,
  { refused }: Wanted,
): ExplainedWanted['presets'][number] {
  const { name, weight } = compiled;
  const fits = compiled.fits(row, input.now);
  const blockedBy = fits ? suspendingPresetFault(compiled, row, input) : undefined;
  const refusal = refused.find(refusal => refusal.preset === name);
  return { name, weight, fits, ...(blockedBy ? { blockedBy } : {}), ...(refusal ? { refused: refusal.message } : {}) };
}

// Which faults set what aside, and until what: a fault holds until its time, or until what it rests on changes.

import type { WantedValue } from '../../device/desired-state.ts';
import type { DeviceFault } from '../../device/fault.ts';
import { informValues } from '../../device/inform.ts';
import { isWild, wildPattern } from '../../query/filter.ts';
import { digestOf } from '../common/fingerprint.ts';
import { type CompiledPreset, filesOf } from './compiled-preset.ts';
import type { MergedRow, MergeInput, Refusal } from './desired.ts';
import { OVERRIDE } from './preset.ts';
import { rolloutFacts } from './rollout-firmware.ts';
import { variableOf } from './variables.ts';

/** The fault for which a preset is set aside now. It holds until its time, or until what it rests on changes. */
export function suspendingPresetFault(
  rule: CompiledPreset,
  row: MergedRow,
  ground: MergeInput,
): DeviceFault | undefined {
  if (row.faults.length === 0) return undefined;
  return suspendingFault(row, `preset:${rule.name}`, ground.now, () => fingerprintOf(rule, row, ground));
}

/** @param basis what it would rest on now */
export function suspendingFault(
  row: MergedRow,
  cause: string,
  now: number,
  basis: () => string,
): DeviceFault | undefined {
  const fault = row.faults.find(open => open.cause === cause && open.retryAt > now);
  return fault && (fault.basis === undefined || fault.basis === basis()) ? fault : undefined;
}

/** What a fault of the preset rests on: another text, value, file or firmware, and it is worth another try. */
export function fingerprintOf(rule: CompiledPreset, row: MergedRow, { files, open }: MergeInput): string {
  const { firmware } = rule.preset;
  const names = filesOf(rule).map(({ name }) => name);
  return digestOf([
    rule.tag,
    rule.variables.map(variable => variableOf(row, variable, open)),
    names.map(name => files.get(name)?.sha256),
    firmware ? row.softwareVersion : '',
  ]);
}

export const overrideFingerprint = ({ value, type }: WantedValue): string => digestOf([value, type]);

/** What is a fault's cause and what it rests on, by who is to blame. */
export function causeOf(
  refusal: Refusal,
  rules: readonly CompiledPreset[],
  row: MergedRow,
  ground: MergeInput,
  revision: string,
): { cause: string; basis?: string } {
  if (refusal.preset !== OVERRIDE) {
    const rule = rules.find(({ name }) => name === refusal.preset);
    return { cause: `preset:${refusal.preset}`, ...(rule ? { basis: fingerprintOf(rule, row, ground) } : {}) };
  }
  const override = refusal.parameter === undefined ? undefined : row.overrides[refusal.parameter];
  return override
    ? { cause: `override:${refusal.parameter}`, basis: overrideFingerprint(override) }
    : { cause: 'reconcile', basis: revision };
}

/** Causes of faults that keep nothing away any more, their time come or not. */
export const staleCauses = (rules: readonly CompiledPreset[], row: MergedRow, ground: MergeInput): string[] =>
  row.faults
    .filter(({ cause }) => /^(preset|override):/.test(cause) && !isSuspended(cause, rules, row, ground))
    .map(({ cause }) => cause);

function isSuspended(cause: string, rules: readonly CompiledPreset[], row: MergedRow, ground: MergeInput): boolean {
  const name = cause.slice(cause.indexOf(':') + 1);
  if (cause.startsWith('override:')) {
    const override = row.overrides[name];
    return (
      override !== undefined &&
      suspendingFault(row, cause, ground.now, () => overrideFingerprint(override)) !== undefined
    );
  }
  const rule = rules.find(entry => entry.name === name);
  if (!rule?.fits(row, ground.now)) return false;
  return suspendingPresetFault(rule, row, ground) !== undefined;
}

/** Short hash of all that the choice and merge of presets depend on and that can change on a device. */
export function factsOf(rules: readonly CompiledPreset[], row: MergedRow, ground: MergeInput): string {
  const paths = [...new Set(rules.flatMap(rule => rule.paths))].sort();
  const told = paths.length > 0 ? informValues(row) : {};
  return digestOf([
    row.manufacturer,
    row.softwareVersion,
    row.hardwareVersion,
    row.provisioningCode,
    rules.some(rule => rule.address) ? row.address : '',
    row.tags,
    row.site,
    row.overrides,
    paths.map(path => (isWild(path) ? toldBelow(told, path) : told[path])),
    row.faults.filter(({ cause }) => isSuspended(cause, rules, row, ground)).map(({ cause }) => cause),
    ...rolloutFacts(row, ground.now),
  ]);
}

/** What was told of the parameters that a path with `*` fits. */
function toldBelow(told: Record<string, string>, path: string): [string, string][] {
  const pattern = wildPattern(path);
  return Object.entries(told).filter(([name]) => pattern.test(name));
}
